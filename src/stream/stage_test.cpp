#include "stream/stage.hpp"

#include <gtest/gtest.h>

#include "stream/test_relay.hpp"

namespace jetway::stream {
namespace {

/// The service under test: a Stage whose events are written down, and whose Stage may go in any of
/// them.
struct Worker final : StageEvents {
    void on_input(Buffer bytes, bool end_of_message) override {
        input += bytes.text();
        if (copies) copied = stage->write(bytes, end_of_message) && copied;
        if (consumes) stage->consume(bytes.size());
        happened("input");
    }
    void on_input_finish(const wire::Outcome& outcome) override {
        input_outcome = outcome;
        happened("finish");
        if (finishes && stage) stage->finish();
    }
    void on_space() override { happened("space"); }
    void on_stop(const Error& reason) override {
        stop = reason;
        happened("stop");
    }
    void on_end(const std::optional<Error>& reason) override {
        failure = reason;
        ++ends;
        happened("end");
    }
    void happened(const std::string& event) {
        if (event != "input") events.push_back(event);
        if (event == leaves_at) stage.reset();
    }
    bool has(const std::string& event) const {
        return std::find(events.begin(), events.end(), event) != events.end();
    }

    std::unique_ptr<Stage> stage;
    bool copies = true;
    bool consumes = true;
    bool finishes = true;
    bool copied = true;
    std::string leaves_at;
    std::string input;
    std::vector<std::string> events;
    wire::Outcome input_outcome;
    Error stop;
    std::optional<Error> failure;
    int ends = 0;
};

/// left: the caller, and the next stops b and c. right: the stage a.
struct Stages : testing::Test {
    Stages() {
        service.take = [this](StreamPtr stream) {
            worker.stage = std::make_unique<Stage>(*relay.right, std::move(stream), worker, "a");
            if (starts) worker.stage->start("text/plain", wire::Shape::messages);
        };
        join(takes_b, b);
        join(takes_c, c);
        handles.push_back(relay.right->offer("a", {}, service));
        handles.push_back(relay.left->offer("b", {}, takes_b));
        handles.push_back(relay.left->offer("c", {}, takes_c));
        timer.run();
    }
    ~Stages() override { worker.stage.reset(); }

    static void join(Taker& taker, Witness& witness) {
        taker.take = [&witness](StreamPtr stream) {
            witness.stream = std::move(stream);
            witness.stream->set_events(&witness);
            witness.stream->accept();
        };
    }
    void open(const std::string& itinerary) {
        const auto stage = wire::parse_itinerary(itinerary).value();
        wire::Open open = open_to(stage.address(), true);
        *open.mutable_next() = stage.next();
        open.set_originator("someone@machine-a");
        caller.stream = relay.left->open(open, caller);
        timer.run();
    }
    void write(const std::string& bytes) {
        caller.stream->write(Buffer::copy_of(bytes));
        timer.run();
    }
    void finish(Witness& end, std::optional<int> status = {}, Code code = Code::ok) {
        wire::Outcome outcome;
        if (status) outcome.set_has_status(true), outcome.set_status(*status);
        outcome.set_code(static_cast<std::uint32_t>(code));
        if (code != Code::ok) outcome.set_detail("said so");
        end.stream->finish(outcome);
        timer.run();
    }
    static Code code(const wire::Outcome& outcome) { return static_cast<Code>(outcome.code()); }

    ManualTimer timer;
    Witness caller, b, c;
    Worker worker;
    Taker service, takes_b, takes_c;
    Relay relay{timer};
    std::vector<Handle> handles;
    bool starts = true;
};

TEST_F(Stages, WithoutANextStopTheOutputGoesBackToTheCaller) {
    open("a");
    write("one");
    write("two");
    finish(caller);
    EXPECT_EQ(caller.messages, (std::vector<std::string>{"one", "two"}));
    EXPECT_EQ(caller.events, (std::vector<std::string>{"opened", "finish", "done"}));
    EXPECT_EQ(caller.opened.content_type(), "text/plain");
    EXPECT_EQ(worker.events, (std::vector<std::string>{"finish", "end"}));
    EXPECT_FALSE(worker.failure);
}

TEST_F(Stages, ALegGetsTheRestOfTheItineraryAndWhoStartedIt) {
    open("a | b@machine-a | d");
    EXPECT_EQ(worker.stage->legs(), 1U);
    const wire::Open& opening = b.stream->opening();
    EXPECT_EQ(opening.destination(), "b@machine-a");
    EXPECT_EQ(opening.originator(), "someone@machine-a");
    EXPECT_EQ(opening.source(), "a");
    EXPECT_EQ(opening.content_type(), "text/plain");
    EXPECT_TRUE(carries_messages(opening));
    ASSERT_EQ(opening.next_size(), 1);
    EXPECT_EQ(opening.next(0).address(), "d");
}

TEST_F(Stages, SettingsOfAStopReachIt) {
    wire::Open open = open_to("a", true);
    wire::Stage* next = open.add_next();
    next->set_address("b");
    wire::Setting* setting = next->add_settings();
    setting->set_key("fps");
    setting->add_values("30");
    caller.stream = relay.left->open(open, caller);
    timer.run();
    EXPECT_EQ(wire::to_settings(b.stream->opening().settings()).text("fps", "").value(), "30");
}

TEST_F(Stages, OutputFansOutToEveryLegAndOutcomesComeBack) {
    open("a | { b ; c }");
    write("picture");
    EXPECT_EQ(b.messages, (std::vector<std::string>{"picture"}));
    EXPECT_EQ(c.messages, (std::vector<std::string>{"picture"}));
    finish(caller);
    EXPECT_TRUE(b.has("finish"));
    EXPECT_TRUE(c.has("finish"));
    finish(b);
    EXPECT_FALSE(caller.has("finish")) << "a stage finishes upstream only after downstream has";
    finish(c);
    EXPECT_TRUE(caller.has("done"));
    EXPECT_EQ(worker.events.back(), "end");
    EXPECT_FALSE(worker.failure);
}

TEST_F(Stages, TheSlowestLegHoldsTheOutputBack) {
    b.consumes = false;
    open("a | { b ; c }");
    std::size_t written = 0;
    const auto fill = [&] {
        bool room = true;
        while (room) {
            room = worker.stage->write(Buffer::allocate(100'000));
            written += 100'000;
        }
        timer.run();
    };
    fill();
    EXPECT_EQ(worker.events, (std::vector<std::string>{"space"})) << "the window took some";
    fill();
    EXPECT_EQ(worker.events.size(), 1U);
    const std::size_t had = b.data.size();
    EXPECT_EQ(had / 100, window / 100) << "headers take some of the window";
    EXPECT_EQ(c.data.size(), written) << "a fast leg is ahead by what waits for the slow one";
    EXPECT_EQ(worker.stage->unsent(), written - had);
    b.consumes = true;
    b.stream->consume(had);
    timer.run();
    EXPECT_EQ(b.data.size(), written);
    EXPECT_EQ(worker.events, (std::vector<std::string>{"space", "space"}));
}

TEST_F(Stages, AProgramsStatusGoesBothWays) {
    open("a | b");
    wire::Outcome outcome;
    outcome.set_has_status(true);
    outcome.set_status(7);
    worker.stage->finish(outcome);
    timer.run();
    EXPECT_EQ(b.outcome.status(), 7);
    EXPECT_EQ(b.outcome.stage(), "a@machine-a");
    finish(b, 3);
    EXPECT_EQ(caller.outcome.status(), 7) << "the first stage's status is the pipeline's";
    EXPECT_TRUE(caller.has("stop")) << "who has finished wants no more input";
    finish(caller);
    EXPECT_FALSE(worker.failure);
}

TEST_F(Stages, AProgramThatWasHungUpIsNotTheCause) {
    open("a | b");
    b.stream->stop({Code::closed, "enough"});
    timer.run();
    ASSERT_TRUE(worker.has("stop"));
    wire::Outcome outcome;
    outcome.set_has_status(true);
    outcome.set_status(129);
    worker.stage->finish(outcome);
    timer.run();
    EXPECT_FALSE(caller.has("finish")) << "downstream has not said how it went";
    finish(b, 3);
    EXPECT_EQ(caller.outcome.status(), 3);
}

TEST_F(Stages, AStageWithoutAProgramPassesStatusesThrough) {
    open("a | b");
    finish(caller, 5);
    EXPECT_EQ(worker.input_outcome.status(), 5);
    EXPECT_EQ(b.outcome.status(), 5);
    finish(b, 9);
    EXPECT_EQ(caller.outcome.status(), 9);
    EXPECT_EQ(code(caller.outcome), Code::ok);
}

TEST_F(Stages, AFailureDownstreamReachesTheCallerAndEndsTheOtherLegs) {
    open("a | { b ; c }");
    finish(b, {}, Code::service_failed);
    EXPECT_EQ(code(caller.outcome), Code::service_failed);
    EXPECT_EQ(caller.outcome.stage(), "b");
    EXPECT_EQ(caller.outcome.detail(), "said so");
    EXPECT_TRUE(caller.has("stop"));
    EXPECT_EQ(c.end.code, Code::service_failed);
    EXPECT_EQ(b.end.code, Code::service_failed);
    EXPECT_EQ(worker.events, (std::vector<std::string>{"stop"}));
    finish(caller);
    EXPECT_EQ(worker.events, (std::vector<std::string>{"stop", "end"}));
    EXPECT_EQ(worker.failure->code, Code::service_failed);
    EXPECT_EQ(worker.failure->where, "b");
}

TEST_F(Stages, TheFirstCauseWins) {
    open("a | { b ; c }");
    b.stream->reset({Code::io, "disk full"});
    c.stream->reset({Code::protocol, "later"});
    timer.run();
    EXPECT_EQ(code(caller.outcome), Code::io);
    EXPECT_EQ(caller.outcome.detail(), "disk full");
    EXPECT_EQ(caller.outcome.stage(), "b");
}

TEST_F(Stages, AFailureDownstreamKeepsTheProgramsStatus) {
    open("a | b");
    wire::Outcome outcome;
    outcome.set_has_status(true);
    outcome.set_status(4);
    worker.stage->finish(outcome);
    timer.run();
    finish(b, {}, Code::io);
    EXPECT_EQ(code(caller.outcome), Code::io);
    EXPECT_EQ(caller.outcome.status(), 4);
}

TEST_F(Stages, ALegThatIsRefusedFailsTheWholePipelineWithThatCause) {
    open("a | { b ; missing }");
    EXPECT_EQ(code(caller.outcome), Code::no_instance);
    EXPECT_EQ(caller.outcome.stage(), "missing");
    EXPECT_EQ(b.end.code, Code::no_instance);
    EXPECT_TRUE(worker.has("stop"));
    finish(caller);
    EXPECT_EQ(worker.failure->code, Code::no_instance);
    EXPECT_EQ(worker.ends, 1);
}

TEST_F(Stages, ACallerThatLeavesResetsTheLegs) {
    open("a | { b ; c }");
    caller.stream->reset({Code::cancelled, "Ctrl-C"});
    timer.run();
    EXPECT_EQ(b.end.line(), "E-CANCELLED Ctrl-C");
    EXPECT_EQ(c.end.line(), "E-CANCELLED Ctrl-C");
    EXPECT_EQ(worker.events, (std::vector<std::string>{"end"}));
    EXPECT_EQ(worker.failure->code, Code::cancelled);
}

TEST_F(Stages, ACallerThatLeavesAfterTheOutcomeHasNotFailed) {
    open("a");
    worker.stage->finish();
    timer.run();
    EXPECT_TRUE(caller.has("finish"));
    caller.stream.reset();
    timer.run();
    EXPECT_EQ(worker.ends, 1);
    EXPECT_FALSE(worker.failure);
}

TEST_F(Stages, AReaderThatHasEnoughLeavesAndTheOthersGoOn) {
    open("a | { b ; c }");
    write("1");
    b.stream->stop({Code::closed, "enough"});
    b.stream->finish();
    timer.run();
    EXPECT_TRUE(b.has("done"));
    EXPECT_FALSE(worker.has("stop"));
    EXPECT_FALSE(caller.has("stop"));
    write("2");
    EXPECT_EQ(c.messages, (std::vector<std::string>{"1", "2"}));
    EXPECT_EQ(b.messages, (std::vector<std::string>{"1"}));
    finish(caller);
    finish(c);
    EXPECT_TRUE(caller.has("done"));
    EXPECT_EQ(code(caller.outcome), Code::ok);
}

TEST_F(Stages, WhenEveryReaderHasEnoughUpstreamIsStopped) {
    open("a | { b ; c }");
    b.stream->stop({Code::closed, "enough"});
    timer.run();
    EXPECT_FALSE(caller.has("stop"));
    c.stream->stop({Code::closed, "ten bytes"});
    timer.run();
    EXPECT_EQ(caller.stop.line(), "E-CLOSED ten bytes");
    EXPECT_EQ(worker.stop.line(), "E-CLOSED ten bytes");
    finish(caller);
    EXPECT_TRUE(worker.has("finish"));
    finish(b);
    finish(c);
    EXPECT_TRUE(caller.has("done"));
    EXPECT_EQ(worker.events, (std::vector<std::string>{"stop", "finish", "end"}));
    EXPECT_FALSE(worker.failure);
}

TEST_F(Stages, AStoppedLegNoLongerHoldsTheOthersBack) {
    b.consumes = false;
    open("a | { b ; c }");
    while (worker.stage->write(Buffer::allocate(100'000))) timer.run();
    timer.run();
    EXPECT_FALSE(worker.has("space"));
    b.stream->stop({Code::closed, "enough"});
    timer.run();
    EXPECT_EQ(worker.events, (std::vector<std::string>{"space"}));
}

TEST_F(Stages, ACallerThatReadsNoMoreIsToldToTheService) {
    open("a");
    caller.consumes = false;
    while (worker.stage->write(Buffer::allocate(100'000))) timer.run();
    caller.stream->stop({Code::closed, "enough"});
    timer.run();
    EXPECT_EQ(worker.events, (std::vector<std::string>{"stop", "space"}));
    write("more input");
    EXPECT_EQ(worker.input, "more input") << "it may still have a use for its input";
    finish(caller);
    EXPECT_EQ(worker.events.back(), "end");
}

TEST_F(Stages, AStageThatFailsTellsUpstreamAndResetsDownstream) {
    open("a | b");
    worker.stage->fail({Code::service_failed, "no font"});
    EXPECT_TRUE(worker.events.empty());
    timer.run();
    EXPECT_EQ(code(caller.outcome), Code::service_failed);
    EXPECT_EQ(caller.outcome.stage(), "a@machine-a");
    EXPECT_EQ(b.end.line(), "E-SERVICE-FAILED no font");
    EXPECT_TRUE(caller.has("stop"));
    EXPECT_EQ(worker.ends, 0);
    finish(caller);
    EXPECT_EQ(worker.events, (std::vector<std::string>{"end"}));
    EXPECT_EQ(worker.failure->detail, "no font");
}

TEST_F(Stages, AStageThatFailsBeforeItStartsRefusesTheStream) {
    starts = false;
    open("a | b");
    worker.stage->fail({Code::type, "not mine"});
    EXPECT_TRUE(worker.events.empty());
    timer.run();
    EXPECT_EQ(caller.events, (std::vector<std::string>{"end"}));
    EXPECT_EQ(caller.end.line(), "E-TYPE not mine");
    EXPECT_EQ(worker.failure->code, Code::type);
    EXPECT_EQ(worker.ends, 1);
}

TEST_F(Stages, ADroppedStageResetsBothSides) {
    open("a | b");
    worker.stage.reset();
    timer.run();
    EXPECT_EQ(caller.end.code, Code::cancelled);
    EXPECT_EQ(b.end.code, Code::cancelled);
}

TEST_F(Stages, AStageMayBeDestroyedInAnyOfItsCallbacks) {
    for (const std::string& when : {"input", "finish", "stop", "space", "end"}) {
        worker.leaves_at = when;
        b.consumes = when != "space";
        open("a | { b ; c }");
        caller.stream->write(Buffer::allocate(400'000));
        timer.run();
        if (worker.stage && when == "space") {
            while (worker.stage->write(Buffer::allocate(100'000))) {
            }
            timer.run();
            b.stream->stop({Code::closed, "enough"});
        }
        if (when == "stop") b.stream->reset({Code::io, "broken"});
        if (when == "finish") caller.stream->finish();
        if (when == "end") caller.stream->reset({Code::cancelled, "left"});
        timer.run();
        EXPECT_EQ(worker.stage, nullptr) << when;
        for (Witness* end : {&caller, &b, &c}) end->stream.reset();
        timer.run();
    }
}

TEST_F(Stages, TheEndOfTheSessionEndsAStage) {
    open("a | b");
    relay.right.reset();
    timer.run();
    EXPECT_EQ(worker.ends, 1);
    EXPECT_EQ(worker.failure->code, Code::closed);
    worker.stage->finish();
    worker.stage->fail({Code::io, "late"});
    worker.stage->consume(1);
    EXPECT_TRUE(worker.stage->write(Buffer::copy_of("late")));
}

}  // namespace
}  // namespace jetway::stream
