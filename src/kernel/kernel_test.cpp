#include "kernel/kernel.hpp"

#include <functional>
#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

namespace jetway {
namespace {

using Numbers = std::vector<std::uint64_t>;

Message message(std::uint64_t number) {
    return {number, {}};
}

struct Collector final : PipeReader {
    bool on_message(Message& taken) override {
        if (refuse) return false;
        numbers.push_back(taken.header);
        if (after) after(taken.header);
        return true;
    }
    std::function<void(std::uint64_t)> after;
    bool refuse = false;
    Numbers numbers;
};

Numbers drain(Pipe& pipe) {
    Numbers numbers;
    while (const auto taken = pipe.read()) numbers.push_back(taken->header);
    return numbers;
}

struct Joints : testing::Test {
    PipePtr pipe(std::size_t capacity = 64, WhenFull when_full = WhenFull::block) {
        return kernel.create_pipe({.capacity = capacity, .when_full = when_full});
    }
    Kernel kernel;
};

TEST_F(Joints, ConnectCarriesWhatIsQueuedAndWhatFollows) {
    const auto from = pipe();
    const auto to = pipe();
    from->write(message(1));
    const Handle joint = kernel.connect(from, to);
    from->write(message(2));
    EXPECT_EQ(drain(*to), (Numbers{1, 2}));
}

TEST_F(Joints, AFullPipeHoldsItsSourceBackAndNothingIsLost) {
    const auto from = pipe(2);
    const auto to = pipe(2);
    const Handle joint = kernel.connect(from, to);
    std::uint64_t written = 0;
    while (from->write(message(written))) ++written;
    EXPECT_EQ(written, 4U);
    EXPECT_EQ(to->read()->header, 0U);
    EXPECT_TRUE(from->write(message(4)));
    EXPECT_EQ(drain(*to), (Numbers{1, 2, 3, 4}));
}

TEST_F(Joints, ADroppedHandleUndoesTheConnection) {
    const auto from = pipe();
    const auto to = pipe();
    Handle joint = kernel.connect(from, to);
    from->write(message(1));
    joint.reset();
    from->write(message(2));
    EXPECT_EQ(drain(*to), (Numbers{1}));
    EXPECT_EQ(drain(*from), (Numbers{2}));
}

TEST_F(Joints, AReleasedHandleLeavesTheConnectionToTheKernel) {
    const auto from = pipe();
    const auto to = pipe();
    kernel.connect(from, to).release();
    from->write(message(1));
    EXPECT_EQ(to->size(), 1U);
}

TEST_F(Joints, AHandleMayOutliveItsKernel) {
    const auto from = pipe();
    const auto to = pipe();
    auto other = std::make_unique<Kernel>();
    Handle joint = other->connect(from, to);
    other.reset();
    from->write(message(1));
    EXPECT_EQ(from->size(), 1U);
    joint.reset();
}

TEST_F(Joints, AHandleDroppedDuringADeliveryStopsItAfterThatMessage) {
    const auto from = pipe();
    const auto to = pipe();
    Collector reader;
    to->set_reader(&reader);
    Handle joint = kernel.connect(from, to);
    reader.after = [&](std::uint64_t number) {
        if (number == 2) joint.reset();
    };
    for (std::uint64_t i = 1; i <= 4; ++i) from->write(message(i));
    EXPECT_EQ(reader.numbers, (Numbers{1, 2}));
    EXPECT_EQ(drain(*from), (Numbers{3, 4}));
}

TEST_F(Joints, TheLastOwnerOfBothPipesMayLetGoInsideADelivery) {
    auto from = pipe();
    auto to = pipe();
    Collector reader;
    Handle joint = kernel.connect(from, to);
    Pipe& written = *from;
    reader.after = [&](std::uint64_t) {
        from.reset();
        to.reset();
        joint.reset();
    };
    to->set_reader(&reader);
    EXPECT_TRUE(written.write(message(1)));
    EXPECT_EQ(reader.numbers, (Numbers{1}));
}

TEST_F(Joints, SplitGivesEveryBranchEveryMessageWithSharedBytes) {
    const auto from = pipe();
    const auto left = pipe();
    const auto right = pipe();
    const Handle joint = kernel.split(from, {left, right, left});
    from->write({7, Buffer::copy_of("shared")});
    const auto first = left->read();
    const auto second = right->read();
    EXPECT_EQ(first->header, 7U);
    EXPECT_EQ(first->body.data(), second->body.data());
    EXPECT_EQ(left->size(), 0U);
}

TEST_F(Joints, ABlockingBranchHoldsASplitBackAndTheOthersDoNot) {
    const auto from = pipe(1);
    const auto slow = pipe(2);
    const auto live = pipe(1, WhenFull::latest);
    const auto lossy = pipe(1, WhenFull::drop);
    const Handle joint = kernel.split(from, {live, slow, lossy});
    std::uint64_t written = 0;
    while (from->write(message(written))) ++written;
    EXPECT_EQ(written, 3U);
    EXPECT_EQ(drain(*live), (Numbers{1}));
    EXPECT_EQ(slow->read()->header, 0U);
    EXPECT_TRUE(from->write(message(3)));
    EXPECT_EQ(drain(*live), (Numbers{2}));
    EXPECT_EQ(drain(*slow), (Numbers{1, 2, 3}));
    EXPECT_EQ(drain(*live), (Numbers{3}));
    EXPECT_EQ(drain(*lossy), (Numbers{0}));
    EXPECT_EQ(lossy->counts().dropped, 3U);
    EXPECT_EQ(live->counts().replaced, 1U);
}

TEST_F(Joints, AHandleDroppedInTheMiddleOfASplitStillCompletesThatMessage) {
    const auto from = pipe();
    const auto left = pipe();
    const auto right = pipe();
    Handle joint = kernel.split(from, {left, right});
    Collector reader;
    reader.after = [&](std::uint64_t) { joint.reset(); };
    left->set_reader(&reader);
    from->write(message(1));
    from->write(message(2));
    EXPECT_EQ(reader.numbers, (Numbers{1}));
    EXPECT_EQ(drain(*right), (Numbers{1}));
    EXPECT_EQ(drain(*from), (Numbers{2}));
}

TEST_F(Joints, MergeKeepsTheOrderOfWriting) {
    const auto a = pipe();
    const auto b = pipe();
    const auto to = pipe();
    const Handle joint = kernel.merge({a, b}, to);
    a->write(message(1));
    b->write(message(2));
    b->write(message(3));
    a->write(message(4));
    EXPECT_EQ(drain(*to), (Numbers{1, 2, 3, 4}));
}

TEST_F(Joints, SourcesThatWereHeldBackTakeTurns) {
    const auto a = pipe();
    const auto b = pipe();
    const auto to = pipe(1);
    const Handle joint = kernel.merge({a, b}, to);
    for (const std::uint64_t number : {10, 11, 12}) a->write(message(number));
    for (const std::uint64_t number : {20, 21, 22}) b->write(message(number));
    EXPECT_EQ(drain(*to), (Numbers{10, 11, 20, 12, 21, 22}));
}

TEST_F(Joints, AMergeUndoneWhileSourcesStandInLineLeavesTheirMessages) {
    const auto a = pipe();
    const auto b = pipe();
    const auto to = pipe(1);
    Handle joint = kernel.merge({a, b}, to);
    for (const std::uint64_t number : {10, 11, 12}) a->write(message(number));
    for (const std::uint64_t number : {20, 21}) b->write(message(number));
    Collector reader;
    reader.after = [&](std::uint64_t number) {
        if (number == 20) joint.reset();
    };
    to->set_reader(&reader);
    EXPECT_EQ(reader.numbers, (Numbers{10, 11, 20}));
    EXPECT_EQ(a->size() + b->size(), 2U);
}

// A net of joints loses nothing and keeps each source's order, whatever the pipes' sizes and the
// reader's moods.
RC_GTEST_PROP(JointNet, LosesNothingAndKeepsTheOrderOfEachSource, ()) {
    Kernel kernel;
    const auto sized = [&] {
        return kernel.create_pipe({.capacity = *rc::gen::inRange<std::size_t>(1, 4)});
    };
    const std::vector<PipePtr> sources{sized(), sized(), sized()};
    const auto middle = sized();
    const std::vector<PipePtr> branches{sized(), sized()};
    const auto end = sized();
    std::vector<Handle> joints;
    joints.push_back(kernel.merge(sources, middle));
    joints.push_back(kernel.split(middle, branches));
    joints.push_back(kernel.connect(branches[0], end));
    Numbers written[3];
    Numbers seen[2];
    std::uint64_t number = 0;
    const auto pull = [&](int branch) {
        const auto taken = (branch == 0 ? end : branches[1])->read();
        if (taken) seen[branch].push_back(taken->header);
        return taken.has_value();
    };
    for (const int step : *rc::gen::container<std::vector<int>>(rc::gen::inRange(0, 5))) {
        if (step >= 3) {
            pull(step - 3);
        } else if (sources[step]->write(message(++number * 3 + step))) {
            written[step].push_back(number * 3 + step);
        }
    }
    while (pull(0) || pull(1)) {
    }
    for (const Numbers& branch : seen) {
        for (std::uint64_t source = 0; source < 3; ++source) {
            Numbers own;
            std::copy_if(branch.begin(), branch.end(), std::back_inserter(own),
                         [&](std::uint64_t n) { return n % 3 == source; });
            RC_ASSERT(own == written[source]);
        }
    }
}

struct Table : testing::Test {
    std::vector<std::string> names(const Query& query = {}) const {
        std::vector<std::string> found;
        for (const ServiceEntry& entry : kernel.lookup(query)) found.push_back(entry.name);
        return found;
    }
    Handle add(const std::string& name, Capabilities capabilities = {}) {
        return kernel.register_service(name, std::move(capabilities), kernel.create_pipe());
    }
    Kernel kernel;
};

TEST_F(Table, AServiceIsFoundUntilItsHandleGoes) {
    Handle first = add("gpu");
    const Handle second = add("gpu");
    EXPECT_EQ(names(), (std::vector<std::string>{"gpu", "gpu"}));
    first.reset();
    EXPECT_EQ(names(), (std::vector<std::string>{"gpu"}));
}

TEST_F(Table, WhatIsWrittenToAnEntryReachesTheService) {
    const auto pipe = kernel.create_pipe();
    const Handle handle = kernel.register_service("sink", {}, pipe);
    kernel.lookup()[0].pipe->write(message(5));
    EXPECT_EQ(pipe->read()->header, 5U);
}

TEST_F(Table, AQueryMatchesAServiceThatHasEverythingItNames) {
    const Handle gpu =
        add("gpu", {ServiceType::transform, {"screen", "text"}, {"picture"}, {"opencl"}});
    const Handle pty = add("pty", {ServiceType::source, {}, {"bytes"}, {}});
    const Handle silent = add("silent");
    EXPECT_EQ(names({.type = ServiceType::source}), (std::vector<std::string>{"pty"}));
    EXPECT_EQ(names({.accepts = {"screen"}}), (std::vector<std::string>{"gpu"}));
    EXPECT_EQ(
        names({.accepts = {"text", "screen"}, .produces = {"picture"}, .features = {"opencl"}}),
        (std::vector<std::string>{"gpu"}));
    EXPECT_TRUE(names({.accepts = {"screen"}, .features = {"cuda"}}).empty());
    EXPECT_EQ(names().size(), 3U);
}

TEST_F(Table, WatchersHearOfEveryChangeUntilTheirHandleGoes) {
    int calls = 0;
    Handle watch = kernel.watch([&] { ++calls; });
    Handle service = add("a");
    EXPECT_EQ(calls, 1);
    service.reset();
    EXPECT_EQ(calls, 2);
    watch.reset();
    service = add("b");
    EXPECT_EQ(calls, 2);
}

TEST_F(Table, AWatcherMayGoOrRegisterWhileItIsCalled) {
    Handle self;
    Handle added;
    int other_calls = 0;
    self = kernel.watch([&] {
        self.reset();
        added = add("from-a-watcher");
    });
    const Handle other = kernel.watch([&] { ++other_calls; });
    const Handle service = add("a");
    EXPECT_EQ(names().size(), 2U);
    EXPECT_EQ(other_calls, 2);
}

TEST_F(Table, AHandleMayOutliveTheKernel) {
    auto gone = std::make_unique<Kernel>();
    Handle handle = gone->register_service("a", {}, gone->create_pipe());
    Handle watch = gone->watch([] {});
    gone.reset();
    handle.reset();
    watch.reset();
}

TEST(ServiceTypes, AreReadAndWrittenByName) {
    for (const auto type : {ServiceType::input, ServiceType::source, ServiceType::transform,
                            ServiceType::output, ServiceType::routing}) {
        EXPECT_EQ(parse_service_type(to_string(type)).value(), type);
    }
    const auto wrong = parse_service_type("sink");
    ASSERT_FALSE(wrong);
    EXPECT_EQ(wrong.error().code, Code::usage);
}

}  // namespace
}  // namespace jetway
