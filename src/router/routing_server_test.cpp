#include "router/routing_server.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "router/test_machine.hpp"
#include "stream/session.hpp"

namespace jetway::router {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using testing::Contains;
using testing::ElementsAre;
using testing::IsEmpty;
using testing::UnorderedElementsAre;

/// A kernel service of envelopes that keeps what it gets, or answers it.
class Mailbox final : public PipeReader {
public:
    Mailbox(Machine& machine, const std::string& name, ServiceType type = ServiceType::output)
        : machine_(machine), name_(name), pipe_(machine.kernel.create_pipe()) {
        pipe_->set_reader(this);
        Capabilities capabilities;
        capabilities.type = type;
        registration_ = machine.kernel.register_service(name, capabilities, pipe_);
    }
    ~Mailbox() { pipe_->set_reader(nullptr); }

    bool on_message(Message& message) override {
        auto envelope = wire::decode_envelope(message.body.bytes());
        EXPECT_TRUE(envelope);
        if (!envelope) return true;
        received.emplace_back(envelope->data.text());
        if (!envelope->reply_to.empty()) {
            wire::Envelope reply;
            reply.source = name_;
            reply.destination = envelope->reply_to;
            reply.data = Buffer::copy_of("processed " + received.back());
            machine_.server.route(std::move(reply));
        }
        return true;
    }

    std::vector<std::string> received;

private:
    Machine& machine_;
    std::string name_;
    PipePtr pipe_;
    Handle registration_;
};

/// Gives back what it gets.
class Echo final : public stream::Service {
public:
    void on_open(stream::StreamPtr stream) override {
        echoes_.push_back(std::make_unique<One>(std::move(stream)));
    }

private:
    struct One final : stream::StreamEvents {
        explicit One(stream::StreamPtr taken) : stream(std::move(taken)) {
            stream->set_events(this);
            stream->accept();
        }
        void on_data(Buffer bytes, bool end) override {
            stream->consume(bytes.size());
            stream->write(std::move(bytes), end);
        }
        void on_finish(const wire::Outcome&) override { stream->finish(); }
        void on_end(const Error&) override {}
        stream::StreamPtr stream;
    };
    std::vector<std::unique_ptr<One>> echoes_;
};

/// The calling end of a stream: keeps what comes back.
struct Caller final : stream::StreamEvents {
    void on_data(Buffer bytes, bool) override {
        text.append(bytes.text());
        stream->consume(bytes.size());
    }
    void on_end(const Error& reason) override { ended = reason; }
    void on_done() override { done = true; }

    stream::StreamPtr stream;
    std::string text;
    std::optional<Error> ended;
    bool done = false;
};

struct RoutingServerTest : testing::Test {
    Machine& machine(const std::string& name) {
        machines.push_back(std::make_unique<Machine>(timer, board, name, machines.size() + 1));
        return *machines.back();
    }
    wire::Envelope envelope(const std::string& to, const std::string& text,
                            const std::string& reply_to = {}) {
        wire::Envelope result;
        result.source = "pty-server";
        result.destination = to;
        result.reply_to = reply_to;
        result.data = Buffer::copy_of(text);
        return result;
    }
    std::unique_ptr<stream::Session> session(Machine& machine, const std::string& name) {
        return std::make_unique<stream::Session>(machine.server.connect_local(name), timer,
                                                 stream::SessionOptions{name, 1});
    }
    Caller& call(stream::Session& session, const std::string& to, const std::string& text) {
        callers.push_back(std::make_unique<Caller>());
        Caller& caller = *callers.back();
        wire::Open open;
        open.set_destination(to);
        caller.stream = session.open(std::move(open), caller);
        caller.stream->write(Buffer::copy_of(text));
        caller.stream->finish();
        return caller;
    }

    Caller& ask(stream::Session& session, const std::string& text) {
        callers.push_back(std::make_unique<Caller>());
        Caller& caller = *callers.back();
        wire::Open open;
        open.set_destination("router@" + session.machine());
        open.set_content_type("application/json");
        open.set_shape(static_cast<std::uint32_t>(wire::Shape::messages));
        caller.stream = session.open(std::move(open), caller);
        caller.stream->write(Buffer::copy_of(text));
        return caller;
    }
    /// The router's answer.
    std::string question(stream::Session& session, const std::string& text) {
        timer.advance(milliseconds(10));  // attached
        Caller& caller = ask(session, text);
        caller.stream->finish();
        timer.advance(milliseconds(100));
        return caller.text;
    }
    Caller& watch(stream::Session& session) {
        timer.advance(milliseconds(10));
        return ask(session, R"({"query":"changes"})");
    }

    ManualTimer timer;
    Switchboard board{timer};
    std::vector<std::unique_ptr<Machine>> machines;
    std::vector<std::unique_ptr<Caller>> callers;
};

TEST_F(RoutingServerTest, AnEnvelopeReachesAServiceOfTheSameMachine) {
    Machine& a = machine("a");
    Mailbox display(a, "display");
    timer.advance(milliseconds(50));
    a.server.route(envelope("display", "one"));
    a.server.route(envelope("display@a", "two"));
    timer.advance(milliseconds(50));
    EXPECT_THAT(display.received, ElementsAre("one", "two"));
}

TEST_F(RoutingServerTest, TheHairpinGoesToTheOtherMachineAndItsAnswerComesBackToAThirdName) {
    Machine& a = machine("machine-a");
    Machine& c = machine("machine-c");
    Mailbox encoder(a, "mp4-encoder");
    Mailbox gpu(c, "gpu-server", ServiceType::transform);
    a.dial("machine-c");
    timer.advance(seconds(1));
    for (int i = 0; i < 100; ++i)
        a.server.route(envelope("gpu-server", std::to_string(i), "mp4-encoder@machine-a"));
    timer.advance(seconds(1));
    ASSERT_EQ(gpu.received.size(), 100U);
    ASSERT_EQ(encoder.received.size(), 100U);
    for (std::size_t i = 0; i < 100; ++i)
        EXPECT_EQ(encoder.received[i], "processed " + std::to_string(i));
}

TEST_F(RoutingServerTest, OfTwoServicesWithOneNameTheOtherTakesOver) {
    Machine& a = machine("a");
    auto first = std::make_unique<Mailbox>(a, "display");
    Mailbox second(a, "display");
    timer.advance(milliseconds(50));
    a.server.route(envelope("display", "one"));
    timer.advance(milliseconds(50));
    EXPECT_THAT(first->received, ElementsAre("one"));
    first.reset();
    timer.advance(milliseconds(50));
    a.server.route(envelope("display", "two"));
    timer.advance(milliseconds(50));
    EXPECT_THAT(second.received, ElementsAre("two"));
}

TEST_F(RoutingServerTest, AnEnvelopeThatCannotBeSentIsReported) {
    Machine& a = machine("a");
    Mailbox display(a, "display");
    std::vector<Code> reported;
    const auto failed = [&](const Error& error) { reported.push_back(error.code); };
    a.server.route(envelope("not a name", "x"), {.failed = failed});
    wire::Envelope late = envelope("display", "x");
    late.deadline = Duration::zero();
    a.server.route(std::move(late), {.failed = failed});
    timer.advance(milliseconds(50));
    EXPECT_THAT(reported, ElementsAre(Code::usage, Code::timeout));
    EXPECT_THAT(display.received, IsEmpty());
}

TEST_F(RoutingServerTest, AnEnvelopeLargerThanAWindowArrivesWhole) {
    Machine& a = machine("a");
    Machine& b = machine("b");
    Mailbox sink(b, "sink");
    a.dial("b");
    timer.advance(seconds(1));
    const std::string picture(3'000'000, 'x');
    a.server.route(envelope("sink", picture));
    a.server.route(envelope("sink", "after"));
    timer.advance(seconds(1));
    ASSERT_EQ(sink.received.size(), 2U);
    EXPECT_EQ(sink.received[0], picture);
    EXPECT_EQ(sink.received[1], "after");
}

TEST_F(RoutingServerTest, KnownRoutesNameTerminalMachineAndHopsOverTwoHops) {
    Machine& a = machine("a");
    Machine& b = machine("b");
    Machine& c = machine("c");
    Mailbox gpu(c, "gpu");
    a.dial("b");
    b.dial("c");
    timer.advance(seconds(2));
    EXPECT_THAT(a.route_texts(), ElementsAre("gpu@c via to-b 2"));
    EXPECT_THAT(b.route_texts(), ElementsAre("gpu@c via to-c 1"));
    EXPECT_THAT(c.route_texts(), ElementsAre("gpu@c via local 0"));
    EXPECT_THAT(a.server.local_services(), IsEmpty());
    EXPECT_THAT(c.server.local_services(), ElementsAre("gpu"));
}

TEST_F(RoutingServerTest, BothSidesDialAndOneLinkIsKept) {
    Machine& a = machine("a");
    Machine& b = machine("b");
    Mailbox service(b, "svc");
    a.dial("b");
    b.dial("a");
    timer.advance(seconds(5));
    for (Machine* each : {&a, &b}) {
        std::size_t up = 0;
        for (const auto& row : each->server.core().links())
            up += row.kind == routing::LinkKind::network ? 1 : 0;
        EXPECT_EQ(up, 1U);
        EXPECT_EQ(each->server.terminals().at(0).state, "up");
        EXPECT_LT(each->server.terminals().at(0).attempts, 5U);
    }
    EXPECT_THAT(a.route_texts(), ElementsAre("svc@b via to-b 1"));
}

TEST_F(RoutingServerTest, LinksWithNamesRunSideBySide) {
    Machine& a = machine("a");
    Machine& b = machine("b");
    for (const char* link : {"one", "two"}) {
        const std::string name = std::string("to-b-") + link;
        ASSERT_TRUE(a.server.create_terminal(name, TerminalType::network, "b:1", {"b", link}));
    }
    timer.advance(seconds(5));
    std::vector<std::string> up;
    for (const auto& row : b.server.core().links()) {
        if (row.kind == routing::LinkKind::network) up.push_back(row.terminal + " " + row.state);
    }
    EXPECT_THAT(up, UnorderedElementsAre("from-a-one up", "from-a-two up"));
}

TEST_F(RoutingServerTest, ALinkFromAMachineThatNoTerminalNamesIsCalledFromIt) {
    Machine& a = machine("a");
    Machine& b = machine("b");
    Mailbox service(b, "svc");
    b.dial("a");
    timer.advance(seconds(2));
    EXPECT_THAT(a.route_texts(), ElementsAre("svc@b via from-b 1"));
}

TEST_F(RoutingServerTest, AnUnknownServiceIsRefusedWithTheNearestName) {
    Machine& a = machine("a");
    Mailbox gpu(a, "gpu-server");
    timer.advance(milliseconds(50));
    std::optional<Error> failure;
    a.server.route(envelope("gpu-sever", "x"),
                   {.failed = [&](const Error& error) { failure = error; }});
    timer.advance(seconds(1));
    ASSERT_TRUE(failure);
    EXPECT_EQ(failure->code, Code::no_service);
    EXPECT_NE(failure->text().find("gpu-server"), std::string::npos) << failure->text();
}

TEST_F(RoutingServerTest, AMachineThatIsGoneIsNamedInTheRefusal) {
    Machine& a = machine("a");
    Machine& b = machine("b");
    Mailbox gpu(b, "gpu");
    a.dial("b");
    timer.advance(seconds(1));
    machines.pop_back();
    timer.advance(seconds(1));
    std::optional<Error> failure;
    a.server.route(envelope("gpu", "x"), {.failed = [&](const Error& error) { failure = error; }});
    timer.advance(seconds(1));
    ASSERT_TRUE(failure);
    EXPECT_EQ(failure->code, Code::no_route);
    EXPECT_NE(failure->text().find('b'), std::string::npos);
}

TEST_F(RoutingServerTest, AStreamServiceAnswersFromAnotherMachine) {
    Machine& a = machine("a");
    Machine& b = machine("b");
    auto far = session(b, "echo");
    Echo echo;
    const Handle offer = far->offer("echo", {}, echo);
    a.dial("b");
    timer.advance(seconds(1));
    auto near = session(a, "call");
    const std::string text(700'000, 'e');
    Caller& caller = call(*near, "echo", text);
    timer.advance(seconds(2));
    EXPECT_EQ(caller.text, text);
    EXPECT_TRUE(caller.done);
}

TEST_F(RoutingServerTest, WhatAProcessOfferedIsGoneWithIt) {
    Machine& a = machine("a");
    auto process = session(a, "p");
    Echo echo;
    Handle offer = process->offer("echo", {}, echo);
    timer.advance(milliseconds(50));
    EXPECT_THAT(a.server.local_services(), ElementsAre("echo"));
    offer.reset();
    process.reset();
    timer.advance(milliseconds(50));
    EXPECT_THAT(a.server.local_services(), IsEmpty());
    EXPECT_THAT(a.route_texts(), IsEmpty());
}

TEST_F(RoutingServerTest, AServiceNameIsOfferedOnceByAProcess) {
    Machine& a = machine("a");
    auto process = session(a, "p");
    Echo echo;
    std::vector<Code> answers;
    const auto note = [&](const Result<>& answer) {
        answers.push_back(answer ? Code::ok : answer.error().code);
    };
    const Handle first = process->offer("echo", {}, echo, note);
    timer.advance(milliseconds(50));
    EXPECT_THAT(answers, ElementsAre(Code::ok));
}

TEST_F(RoutingServerTest, AStaticRouteLeadsThroughALoopbackTerminalAndBack) {
    Machine& a = machine("a");
    auto process = session(a, "p");
    Echo echo;
    const Handle offer = process->offer("echo", {}, echo);
    ASSERT_TRUE(a.server.create_terminal("loop", TerminalType::loopback));
    a.server.add_route("echo", "loop");
    timer.advance(milliseconds(50));
    Caller& caller = call(*process, "echo", std::string(100'000, 'x'));
    timer.advance(seconds(1));
    EXPECT_EQ(caller.text.size(), 100'000U) << (caller.ended ? caller.ended->text() : "");
    EXPECT_TRUE(caller.done);
    bool shown = false;
    for (const auto& row : a.server.known_routes())
        shown = shown || (row.is_static && row.terminal == "loop");
    EXPECT_TRUE(shown);
}

TEST_F(RoutingServerTest, ATerminalNameIsTakenOnce) {
    Machine& a = machine("a");
    EXPECT_TRUE(a.server.create_terminal("t", TerminalType::network));
    const auto again = a.server.create_terminal("t", TerminalType::loopback);
    ASSERT_FALSE(again);
    EXPECT_EQ(again.error().code, Code::usage);
}

TEST_F(RoutingServerTest, TheRouterAnswersQueriesOfAnotherMachine) {
    Machine& a = machine("a");
    Machine& b = machine("b");
    b.server.set_note("display", "http://127.0.0.1:1/");
    a.dial("b");
    timer.advance(seconds(1));
    auto near = session(a, "status");
    auto ask = [&](const std::string& text) {
        callers.push_back(std::make_unique<Caller>());
        Caller& caller = *callers.back();
        wire::Open open;
        open.set_destination("router@b");
        open.set_content_type("application/json");
        open.set_shape(static_cast<std::uint32_t>(wire::Shape::messages));
        caller.stream = near->open(std::move(open), caller);
        caller.stream->write(Buffer::copy_of(text));
        caller.stream->finish();
        timer.advance(seconds(1));
        EXPECT_TRUE(caller.done);
        return caller.text;
    };
    const std::string status = ask(R"({"query":"status"})");
    EXPECT_NE(status.find(R"("machine":"b")"), std::string::npos) << status;
    EXPECT_NE(status.find("http://127.0.0.1:1/"), std::string::npos);
    EXPECT_NE(ask(R"({"query":"machines"})").find(R"("reachable":true)"), std::string::npos);
    EXPECT_NE(ask(R"({"query":"trace","name":"nothing"})").find("E-NO-SERVICE"), std::string::npos);
    EXPECT_NE(ask("rubbish").find("E-PROTOCOL"), std::string::npos);
    EXPECT_NE(ask(R"({"query":"rubbish"})").find("E-USAGE"), std::string::npos);
}

TEST_F(RoutingServerTest, TheTimelineTellsWhatHappenedAndGoesOnAfterANumber) {
    Machine& a = machine("a");
    a.dial("b");
    {
        Machine& b = machine("b");
        timer.advance(seconds(1));
        ASSERT_FALSE(b.server.core().machines(timer.now()).empty());
    }
    machines.pop_back();  // b is killed
    timer.advance(seconds(1));
    const auto near = session(a, "timeline");
    const std::string all = question(*near, R"({"query":"timeline"})");
    for (const char* text :
         {R"("event":"epoch_taken")", R"("event":"link_up")", R"("text":"reaches b: a > b, cost )",
          R"("event":"link_down")", R"x((link a>b is dead)")x", R"("first":1)"})
        EXPECT_NE(all.find(text), std::string::npos) << text << " in " << all;
    const std::string later = question(*near, R"({"query":"timeline","after":1})");
    EXPECT_EQ(later.find(R"("number":1,)"), std::string::npos);
    EXPECT_NE(later.find(R"("number":2,)"), std::string::npos);
    EXPECT_NE(question(*near, R"({"query":"timeline","after":1000})").find(R"("events":[])"),
              std::string::npos);
}

TEST_F(RoutingServerTest, WhoWaitsForChangesIsToldOfEachOnceAndNotOfSilence) {
    Machine& a = machine("a");
    timer.advance(seconds(1));
    const auto near = session(a, "watch");
    Caller& watcher = watch(*near);
    timer.advance(seconds(1));
    EXPECT_EQ(watcher.text, "{}") << "it listens";
    timer.advance(seconds(60));
    EXPECT_EQ(watcher.text, "{}");
    Echo echo;
    const auto server = session(a, "server");
    std::vector<Handle> offers;
    for (const char* name : {"one", "two", "three"})
        offers.push_back(server->offer(name, {}, echo));
    timer.advance(seconds(1));
    EXPECT_EQ(watcher.text, "{}{}") << "what comes together is told together";
    offers.clear();
    timer.advance(seconds(1));
    EXPECT_EQ(watcher.text, "{}{}{}");
    watcher.stream->finish();
    timer.advance(seconds(1));
    EXPECT_TRUE(watcher.done);
}

TEST_F(RoutingServerTest, TooManyWhoWaitForChangesAreRefused) {
    Machine& a = machine("a");
    const auto near = session(a, "watch");
    for (int i = 0; i < 64; ++i) watch(*near);
    timer.advance(seconds(1));
    Caller& first = *callers.front();
    Caller& surplus = watch(*near);
    timer.advance(seconds(1));
    EXPECT_NE(surplus.text.find("E-PRESSURE"), std::string::npos) << surplus.text;
    first.stream->finish();
    timer.advance(seconds(1));
    Caller& next = watch(*near);
    timer.advance(seconds(1));
    EXPECT_EQ(next.text, "{}");
}

TEST_F(RoutingServerTest, NamesThatFlapLeaveRoomInTheTimeline) {
    Machine& a = machine("a");
    const auto server = session(a, "server");
    Echo echo;
    for (int i = 0; i < 200; ++i) {
        const Handle offer = server->offer("flapping", {}, echo);
        timer.advance(milliseconds(5));
    }
    const auto near = session(a, "timeline");
    const auto names = [&] {
        const std::string text = question(*near, R"({"query":"timeline"})");
        std::size_t count = 0;
        for (auto at = text.find("flapping: a"); at != std::string::npos;
             at = text.find("flapping: a", at + 1))
            ++count;
        return count;
    };
    EXPECT_EQ(names(), 100U);
    timer.advance(seconds(20));
    const Handle offer = server->offer("flapping", {}, echo);
    EXPECT_EQ(names(), 101U);
    EXPECT_NE(question(*near, R"({"query":"timeline"})").find("names came or went before that"),
              std::string::npos);
}

TEST_F(RoutingServerTest, WhyShowsTheInstancesAndTheCostOfEachLink) {
    Machine& a = machine("a");
    Machine& b = machine("b");
    Machine& c = machine("c");
    a.dial("b");
    b.dial("c");
    Echo echo;
    const auto server = session(c, "server");
    const Handle offer = server->offer("gpu-server", {}, echo);
    timer.advance(seconds(1));
    const auto near = session(a, "why");
    const std::string well = question(*near, R"({"query":"why","name":"gpu-server"})");
    EXPECT_NE(well.find(R"("path":["a","b","c"])"), std::string::npos) << well;
    EXPECT_NE(well.find(R"({"from":"b","to":"c","cost":)"), std::string::npos) << well;
    const std::string from_b = question(*near, R"({"query":"why","name":"gpu-server","from":"b"})");
    EXPECT_NE(from_b.find(R"("path":["b","c"])"), std::string::npos) << from_b;
    const std::string nobody = question(*near, R"({"query":"why","name":"x","from":"d"})");
    EXPECT_NE(nobody.find(R"(no machine is called \"d\")"), std::string::npos) << nobody;
}

TEST_F(RoutingServerTest, WhyNamesWhereTheMeshEndsOnTheWayToALostMachine) {
    Machine& a = machine("a");
    Machine& b = machine("b");
    Machine& c = machine("c");
    machine("d");
    a.dial("b");
    b.dial("c");
    c.dial("d");
    Echo echo;
    auto server = session(*machines[3], "server");
    Handle offer = server->offer("gpu-server", {}, echo);
    timer.advance(seconds(1));
    const auto near = session(a, "why");
    offer.release();
    server.reset();
    machines.pop_back();  // d and c are killed
    machines.pop_back();
    timer.advance(seconds(1));
    const std::string lost = question(*near, R"({"query":"why","name":"gpu-server@d"})");
    EXPECT_NE(lost.find(R"("edges":[{"from":"b","to":"c"}])"), std::string::npos) << lost;
    EXPECT_NE(lost.find("E-NO-ROUTE"), std::string::npos) << lost;
}

TEST_F(RoutingServerTest, ALocalTerminalMustBeginWithAttach) {
    Machine& a = machine("a");
    ConnectionPtr rude = a.server.connect_local("rude");
    std::optional<Error> reason;
    rude->set_on_closed([&](const Error& error) { reason = error; });
    const wire::Frame frame(wire::FrameType::data, 1, Buffer::copy_of("hello"));
    EXPECT_TRUE(rude->out().write(Message{frame.header.pack(), frame.body}));
    timer.advance(milliseconds(50));
    EXPECT_TRUE(reason);
}

TEST_F(RoutingServerTest, StoppingSaysGoodbyeAndTheOtherSideKnowsAtOnce) {
    Machine& a = machine("a");
    Machine& b = machine("b");
    Mailbox gpu(b, "gpu");
    a.dial("b");
    timer.advance(seconds(1));
    EXPECT_THAT(a.route_texts(), Contains("gpu@b via to-b 1"));
    bool stopped = false;
    b.server.stop([&] { stopped = true; });
    timer.advance(milliseconds(250));
    EXPECT_TRUE(stopped);
    std::size_t reachable = 0;
    for (const auto& row : a.server.core().machines(timer.now()))
        reachable += row.reachable && row.machine == "b";
    EXPECT_EQ(reachable, 0U);
}

}  // namespace
}  // namespace jetway::router
