#include "routing/names.hpp"

#include <algorithm>
#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>
#include <set>

namespace jetway::routing {
namespace {

using Numbers = std::vector<std::uint64_t>;

Numbers takers(const Names& names, const std::string& text, NodeIndex node) {
    const Name* name = names.find(text);
    if (name == nullptr) return {};
    for (const Offering& offering : name->offerings()) {
        const auto all = offering.takers.all();
        if (offering.node == node) return {all.begin(), all.end()};
    }
    return {};
}

TEST(Names, AreKeptOnceWithTheMachinesInOrder) {
    Names names;
    const Name& echo = names.add("echo", {7, 1}, 0);
    EXPECT_EQ(&names.add("echo", {2, 5}, 0), &echo);
    EXPECT_EQ(&names.add("echo", {2, 3}, 0), &echo);
    ASSERT_EQ(echo.offerings().size(), 2U);
    EXPECT_EQ(echo.offerings()[0].node, 2U);
    EXPECT_EQ(takers(names, "echo", 2), (Numbers{3, 5}));
    EXPECT_EQ(takers(names, "echo", 7), Numbers{1});
    EXPECT_EQ(names.size(), 1U);
    EXPECT_EQ(names.instances(), 3U);
}

TEST(Names, GoWithTheirLastInstance) {
    Names names;
    const Name& echo = names.add("echo", {2, 3}, 0);
    names.add("echo", {7, 1}, service_draining);
    names.remove(echo, {2, 3}, 0);
    EXPECT_EQ(names.find("echo"), &echo);
    names.remove(echo, {7, 1}, service_draining);
    EXPECT_EQ(names.find("echo"), nullptr);
    EXPECT_EQ(names.instances(), 0U);
}

TEST(Names, AnInstanceThatDrainsIsNotTakenAndStillThere) {
    Names names;
    const Name& echo = names.add("echo", {2, 3}, 0);
    names.set_draining(echo, {2, 3}, true);
    EXPECT_TRUE(takers(names, "echo", 2).empty());
    EXPECT_EQ(echo.offerings()[0].draining, 1U);
    names.set_draining(echo, {2, 3}, false);
    EXPECT_EQ(takers(names, "echo", 2), Numbers{3});
    EXPECT_EQ(echo.offerings()[0].draining, 0U);
}

RC_GTEST_PROP(Names, HoldWhatASimpleTableHolds, ()) {
    Names names;
    std::set<std::tuple<std::string, NodeIndex, std::uint64_t>> model;
    const auto steps = *rc::gen::inRange(1, 200);
    for (int i = 0; i < steps; ++i) {
        const std::string text = "s" + std::to_string(*rc::gen::inRange(0, 3));
        const Holder holder{*rc::gen::inRange<NodeIndex>(0, 4),
                            *rc::gen::inRange<std::uint64_t>(0, 6)};
        if (model.emplace(text, holder.node, holder.instance).second) {
            names.add(text, holder, 0);
        } else {
            names.remove(*names.find(text), holder, 0);
            model.erase({text, holder.node, holder.instance});
        }
        RC_ASSERT(names.instances() == model.size());
        std::size_t found = 0;
        for (const Name& name : names) {
            RC_ASSERT(!name.offerings().empty());
            RC_ASSERT(std::ranges::is_sorted(name.offerings(), {}, &Offering::node));
            for (const Offering& offering : name.offerings()) {
                RC_ASSERT(std::ranges::is_sorted(offering.takers.all()));
                for (const std::uint64_t instance : offering.takers.all()) {
                    ++found;
                    RC_ASSERT(model.contains({std::string(name.text()), offering.node, instance}));
                }
            }
        }
        RC_ASSERT(found == model.size());
    }
}

}  // namespace
}  // namespace jetway::routing
