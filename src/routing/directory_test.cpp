#include "routing/directory.hpp"

#include <algorithm>
#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

namespace jetway::routing {
namespace {

constexpr NodeIndex self = 0;

wire::ServiceRecord service(std::uint64_t instance, const std::string& name,
                            std::uint32_t flags = 0) {
    wire::ServiceRecord record;
    record.set_instance(instance);
    record.set_service(name);
    record.set_flags(flags);
    return record;
}

std::vector<Holder> holders(const Directory& directory, const std::string& name) {
    std::vector<Holder> result;
    for (const Offering& offering : directory.offerings(name)) {
        for (const std::uint64_t instance : offering.takers.all())
            result.push_back({offering.node, instance});
    }
    return result;
}

/// Node `from` of one directory becomes node `to` of another.
void tell(const Directory& source, NodeIndex from, Directory& target, NodeIndex to) {
    if (source[from].sequence() == 0) return;  // nothing was ever offered
    const auto delta = source[from].after(9, target[to].sequence());
    if (delta) {
        ASSERT_TRUE(target.apply(to, *delta));
        return;
    }
    SnapshotAssembly assembly;
    const auto snapshot = source[from].snapshot(9);
    for (const Buffer& chunk : snapshot->chunks) {
        auto whole = assembly.add(*wire::decode<wire::DirectorySnapshot>(chunk.bytes()));
        ASSERT_TRUE(whole);
        if (*whole) ASSERT_TRUE(target.replace(to, **whole));
    }
}

TEST(Directory, KeepsEveryInstanceOfAName) {
    Directory directory;
    directory.offer(self, 1, service(1, "echo"));
    directory.offer(self, 1, service(2, "echo"));
    Directory other;
    other.offer(self, 1, service(1, "echo"));
    tell(other, self, directory, 5);
    EXPECT_EQ(holders(directory, "echo"), (std::vector<Holder>{{0, 1}, {0, 2}, {5, 1}}));
    EXPECT_EQ(directory.instances(), 3U);
    EXPECT_TRUE(holders(directory, "gpu").empty());
}

TEST(Directory, AWithdrawnInstanceLeavesTheOthers) {
    Directory directory;
    directory.offer(self, 1, service(1, "echo"));
    directory.offer(self, 1, service(2, "echo"));
    directory.withdraw(self, 1, 1);
    directory.withdraw(self, 1, 77);
    EXPECT_EQ(holders(directory, "echo"), (std::vector<Holder>{{0, 2}}));
    EXPECT_EQ(directory.find({0, 1}), nullptr);
    EXPECT_EQ(directory.find({0, 2})->name->text(), "echo");
}

TEST(Directory, AClearedMachineHasNothingLeftInTheIndex) {
    Directory author;
    author.offer(self, 1, service(1, "echo"));
    author.offer(self, 1, service(2, "gpu"));
    Directory directory;
    tell(author, self, directory, 3);
    directory.clear(3);
    EXPECT_TRUE(holders(directory, "echo").empty());
    EXPECT_TRUE(holders(directory, "gpu").empty());
    EXPECT_EQ(directory.instances(), 0U);
    EXPECT_EQ(directory[3].sequence(), 0U);
}

TEST(Directory, NamesAreWhatPeopleMaySee) {
    Directory directory;
    directory.offer(self, 1, service(1, "zebra"));
    directory.offer(self, 1, service(2, "echo"));
    directory.offer(self, 1, service(3, "answer-7", service_hidden));
    const auto shown = directory.shown();
    ASSERT_EQ(shown.size(), 2U);
    EXPECT_EQ(shown.at("echo"), (std::vector<Holder>{{0, 2}}));
    EXPECT_EQ(shown.at("zebra"), (std::vector<Holder>{{0, 1}}));
    EXPECT_EQ(directory.shown(1).size(), 1U);
    EXPECT_EQ(holders(directory, "answer-7").size(), 1U);
}

TEST(Directory, ReportsNamesThatCameAndWentOnce) {
    Directory directory;
    directory.offer(self, 1, service(1, "echo"));
    directory.offer(self, 1, service(2, "answer-7", service_hidden));
    auto changes = directory.take_changes();
    ASSERT_EQ(changes.size(), 1U);
    EXPECT_TRUE(changes[0].added);
    EXPECT_EQ(changes[0].service, "echo");
    directory.withdraw(self, 1, 1);
    changes = directory.take_changes();
    ASSERT_EQ(changes.size(), 1U);
    EXPECT_FALSE(changes[0].added);
    EXPECT_TRUE(directory.take_changes().empty());
}

TEST(Directory, ASnapshotReportsOnlyWhatIsDifferent) {
    Directory author;
    author.offer(self, 1, service(1, "echo"));
    author.offer(self, 1, service(2, "gpu"));
    Directory directory;
    tell(author, self, directory, 3);
    directory.take_changes();
    for (int i = 0; i < 100; ++i) author.offer(self, 1, service(1, "echo"));
    author.withdraw(self, 1, 2);
    author.offer(self, 1, service(3, "cat"));
    tell(author, self, directory, 3);
    const auto changes = directory.take_changes();
    ASSERT_EQ(changes.size(), 2U);
    EXPECT_EQ(changes[0].service, "gpu");
    EXPECT_FALSE(changes[0].added);
    EXPECT_EQ(changes[1].service, "cat");
    EXPECT_TRUE(changes[1].added);
}

TEST(Directory, AMachineThatSaidNothingHasAnEmptyCatalogue) {
    Directory directory;
    directory.clear(5);
    EXPECT_EQ(directory[5].sequence(), 0U);
    EXPECT_TRUE(directory[5].entries().empty());
    EXPECT_EQ(directory.find({5, 1}), nullptr);
}

TEST(Directory, InstancesOfOneNameGoOneByOneFromAmongThoseOfManyMachines) {
    Directory author;
    for (std::uint64_t i = 1; i <= 200; ++i) author.offer(self, 1, service(i, "echo"));
    Directory directory;
    for (NodeIndex node = 0; node < 50; ++node) tell(author, self, directory, node);
    for (std::uint64_t i = 200; i > 0; --i) author.withdraw(self, 1, i);
    tell(author, self, directory, 7);
    EXPECT_EQ(directory.instances(), 49U * 200);
    EXPECT_EQ(directory.offerings("echo").size(), 49U);
    EXPECT_EQ(directory.offerings("echo")[7].node, 8U);
}

RC_GTEST_PROP(Directory, TheIndexIsTheUnionOfTheCatalogues, ()) {
    Directory authors[3];
    Directory directory;
    std::uint64_t next[3] = {1, 1, 1};
    const auto steps = *rc::gen::inRange(1, 80);
    for (int i = 0; i < steps; ++i) {
        const auto who = *rc::gen::inRange<NodeIndex>(0, 3);
        switch (*rc::gen::inRange(0, 5)) {
            case 0:
                authors[who].withdraw(self, 1, *rc::gen::inRange<std::uint64_t>(1, 20));
                break;
            case 1:
                tell(authors[who], self, directory, who);
                break;
            case 2:
                directory.clear(who);
                break;
            default:
                authors[who].offer(
                    self, 1, service(next[who]++, "s" + std::to_string(*rc::gen::inRange(0, 4))));
        }
        std::size_t instances = 0;
        for (NodeIndex node = 0; node < 3; ++node) {
            for (const Entry& entry : directory[node].entries()) {
                ++instances;
                const auto found = holders(directory, std::string(entry.name->text()));
                RC_ASSERT(std::ranges::count(found, Holder{node, entry.instance}) == 1);
            }
        }
        RC_ASSERT(directory.instances() == instances);
    }
}

}  // namespace
}  // namespace jetway::routing
