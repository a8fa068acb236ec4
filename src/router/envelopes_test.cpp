// Envelopes over two hops: spread over instances, with deadlines, and as requests with answers.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "router/test_machine.hpp"
#include "stream/session.hpp"

namespace jetway::router {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using testing::ElementsAre;
using testing::IsEmpty;
using testing::SizeIs;
using testing::UnorderedElementsAre;

/// A kernel service that keeps what it gets, and answers when told to.
class Worker final : public PipeReader {
public:
    Worker(Machine& machine, const std::string& name, std::size_t capacity = 64)
        : machine_(machine), pipe_(machine.kernel.create_pipe({.capacity = capacity})) {
        pipe_->set_reader(this);
        registration_ = machine.kernel.register_service(name, {}, pipe_);
    }
    ~Worker() { pipe_->set_reader(nullptr); }

    bool on_message(Message& message) override {
        if (busy) return false;
        auto envelope = wire::decode_envelope(message.body.bytes());
        EXPECT_TRUE(envelope);
        if (!envelope) return true;
        got.push_back(std::move(*envelope));
        if (answers) answer(got.back());
        return true;
    }
    void answer(const wire::Envelope& request) {
        if (request.reply_to.empty()) return;
        machine_.server.route(
            wire::answer_to(request, Buffer::copy_of("re: " + std::string(request.data.text()))));
    }
    void resume() {
        busy = false;
        pipe_->resume();
    }

    std::vector<wire::Envelope> got;
    bool busy = false;
    bool answers = true;

private:
    Machine& machine_;
    PipePtr pipe_;
    Handle registration_;
};

/// a in the middle of b and c, both of which offer "work".
struct EnvelopesTest : testing::Test {
    EnvelopesTest() {
        a.dial("b");
        a.dial("c");
        timer.advance(seconds(1));
    }
    wire::Envelope work(const std::string& text, const std::string& to = "work") {
        wire::Envelope envelope;
        envelope.source = "test";
        envelope.destination = to;
        envelope.data = Buffer::copy_of(text);
        return envelope;
    }
    void send(int count, const RouteOptions& options) {
        for (int i = 0; i < count; ++i) {
            a.server.route(work(std::to_string(i)), options);
            timer.advance(milliseconds(10));
        }
    }
    std::vector<std::string> texts(const Worker& worker) {
        std::vector<std::string> result;
        for (const auto& envelope : worker.got) result.emplace_back(envelope.data.text());
        return result;
    }

    ManualTimer timer;
    Switchboard board{timer};
    Machine a{timer, board, "a", 1};
    Machine b{timer, board, "b", 2};
    Machine c{timer, board, "c", 3};
    std::unique_ptr<Worker> on_b = std::make_unique<Worker>(b, "work");
    std::unique_ptr<Worker> on_c = std::make_unique<Worker>(c, "work");
};

TEST_F(EnvelopesTest, GoToOneInstanceUnlessTheyAreSpread) {
    send(10, {});
    EXPECT_EQ(on_b->got.size() + on_c->got.size(), 10U);
    EXPECT_TRUE(on_b->got.empty() || on_c->got.empty());
}

TEST_F(EnvelopesTest, InTurnEachInstanceGetsAsMany) {
    send(10, {.balance = Balance::round_robin});
    EXPECT_EQ(on_b->got.size(), 5U);
    EXPECT_EQ(on_c->got.size(), 5U);
}

TEST_F(EnvelopesTest, TwoInstancesOfOneMachineTakeTurnsToo) {
    on_c.reset();
    auto session = std::make_unique<stream::Session>(b.server.connect_local("more"), timer,
                                                     stream::SessionOptions{"more", 1});
    struct Taker final : stream::Service, stream::StreamEvents {
        void on_open(stream::StreamPtr taken) override {
            stream = std::move(taken);
            stream->set_events(this);
            stream->accept(wire::envelope_content_type);
        }
        void on_data(Buffer bytes, bool end) override {
            stream->consume(bytes.size());
            count += end ? 1 : 0;
        }
        void on_end(const Error&) override {}
        stream::StreamPtr stream;
        int count = 0;
    } second;
    const Handle offer = session->offer("work", {}, second);
    timer.advance(seconds(1));
    send(10, {.balance = Balance::round_robin});
    EXPECT_EQ(on_b->got.size(), 5U);
    EXPECT_EQ(second.count, 5);
    second.stream.reset();
}

TEST_F(EnvelopesTest, OneKeyGoesToOneInstanceAndKeysAreSpread) {
    std::map<std::string, std::size_t> by_b;
    for (int key = 0; key < 32; ++key) {
        const std::size_t before = on_b->got.size();
        send(3, {.balance = Balance::hash, .key = std::to_string(key)});
        const std::size_t more = on_b->got.size() - before;
        EXPECT_TRUE(more == 0 || more == 3) << key;
        by_b[std::to_string(key)] = more;
    }
    EXPECT_GT(on_b->got.size(), 3 * 6U);
    EXPECT_GT(on_c->got.size(), 3 * 6U);
    // Without c its keys move, b's stay.
    on_c.reset();
    timer.advance(seconds(1));
    const std::size_t before = on_b->got.size();
    send(32, {.balance = Balance::hash, .key = "7"});
    EXPECT_EQ(on_b->got.size() - before, 32U);
}

TEST_F(EnvelopesTest, WhoHasLessToDoGetsMore) {
    on_b.reset();
    Worker slow(b, "work", 1);
    slow.busy = true;
    timer.advance(seconds(1));
    for (int i = 0; i < 40; ++i) {
        a.server.route(work(std::string(1000, 'x')), {.balance = Balance::least_loaded});
        timer.advance(milliseconds(200));  // what was dealt with is confirmed
    }
    EXPECT_GT(on_c->got.size(), 35U);
    slow.resume();
    timer.advance(seconds(1));
    EXPECT_EQ(slow.got.size() + on_c->got.size(), 40U);
}

TEST_F(EnvelopesTest, WhatAnInstanceDidNotGetGoesToAnother) {
    std::vector<Error> failed;
    const RouteOptions options{.balance = Balance::round_robin,
                               .failed = [&](const Error& error) { failed.push_back(error); }};
    on_c.reset();
    // a has not heard yet that c offers nothing any more.
    for (int i = 0; i < 4; ++i) a.server.route(work("new " + std::to_string(i)), options);
    timer.advance(seconds(2));
    EXPECT_THAT(failed, IsEmpty());
    EXPECT_THAT(texts(*on_b), UnorderedElementsAre("new 0", "new 1", "new 2", "new 3"));
}

TEST_F(EnvelopesTest, TimeSpentWaitingIsNotLeftAnyMore) {
    on_c.reset();
    on_b.reset();
    Worker busy(b, "work", 1);
    busy.busy = true;
    busy.answers = false;
    timer.advance(seconds(1));
    wire::Envelope first = work("in the pipe");
    wire::Envelope second = work("waits");
    wire::Envelope third = work("too long");
    second.deadline = milliseconds(500);
    third.deadline = milliseconds(200);
    for (auto* envelope : {&first, &second, &third}) a.server.route(std::move(*envelope));
    timer.advance(milliseconds(300));
    busy.resume();
    timer.advance(milliseconds(100));
    ASSERT_THAT(texts(busy), ElementsAre("in the pipe", "waits"));
    EXPECT_LE(*busy.got[1].deadline, milliseconds(200));
    EXPECT_GE(*busy.got[1].deadline, milliseconds(190));
}

TEST_F(EnvelopesTest, ADeadlineThatPassesBeforeTheEnvelopeLeavesIsReported) {
    on_c.reset();
    on_b.reset();
    Worker busy(b, "work", 1);
    busy.busy = true;
    timer.advance(seconds(1));
    for (int i = 0; i < 20; ++i) a.server.route(work(std::string(100'000, 'x')));
    std::vector<Error> failed;
    wire::Envelope late = work("late");
    late.deadline = milliseconds(100);
    a.server.route(std::move(late),
                   {.failed = [&](const Error& error) { failed.push_back(error); }});
    timer.advance(milliseconds(200));
    busy.resume();
    timer.advance(seconds(1));
    ASSERT_THAT(failed, SizeIs(1));
    EXPECT_EQ(failed[0].code, Code::timeout);
    EXPECT_THAT(busy.got, SizeIs(20));
}

TEST_F(EnvelopesTest, OneBeyondTheReceiversLimitIsRefusedAndItsSenderToldTheLimit) {
    on_c.reset();
    b.server.set_largest_message(256UL * 1024);
    timer.advance(seconds(1));
    a.server.route(work(std::string(250'000, 'x')));
    timer.advance(seconds(1));
    EXPECT_THAT(on_b->got, SizeIs(1));
    std::vector<Error> failed;
    a.server.route(work(std::string(300'000, 'x')),
                   {.failed = [&](const Error& error) { failed.push_back(error); }});
    timer.advance(seconds(1));
    ASSERT_THAT(failed, SizeIs(1));
    EXPECT_EQ(failed[0].line(),
              "E-TOO-LARGE a message of more than 256 KiB, the limit of b (streams.message)");
    a.server.route(work("small"));
    timer.advance(seconds(1));
    EXPECT_THAT(on_b->got, SizeIs(2));
}

TEST_F(EnvelopesTest, ARequestGetsItsAnswer) {
    std::vector<std::string> answers;
    std::vector<Handle> asked;
    for (int i = 0; i < 10; ++i) {
        asked.push_back(a.server.request(work(std::to_string(i)),
                                         [&](const Result<wire::Envelope>& answer) {
                                             ASSERT_TRUE(answer) << answer.error().line();
                                             answers.emplace_back(answer->data.text());
                                         },
                                         {.balance = Balance::round_robin}));
    }
    timer.advance(seconds(1));
    EXPECT_THAT(answers, SizeIs(10));
    EXPECT_THAT(answers, testing::Contains("re: 7"));
    EXPECT_THAT(on_b->got, SizeIs(5));
    asked.clear();
    timer.advance(seconds(1));
    EXPECT_THAT(on_b->got, SizeIs(5)) << "an answered request is not cancelled";
}

TEST_F(EnvelopesTest, ARequestThatIsNotAnsweredInTimeSaysSoAndTheServiceIsTold) {
    on_b->answers = on_c->answers = false;
    wire::Envelope slow = work("slow");
    slow.deadline = milliseconds(300);
    std::optional<Error> error;
    const Handle asked = a.server.request(std::move(slow), [&](const auto& answer) {
        ASSERT_FALSE(answer);
        error = answer.error();
    });
    timer.advance(milliseconds(299));
    EXPECT_FALSE(error);
    timer.advance(milliseconds(50));
    ASSERT_TRUE(error);
    EXPECT_EQ(error->line(), "E-TIMEOUT no answer from work before the deadline");
    Worker& worker = on_b->got.empty() ? *on_c : *on_b;
    ASSERT_THAT(worker.got, SizeIs(2));
    EXPECT_TRUE(worker.got[1].cancelled);
    EXPECT_EQ(worker.got[1].correlation, worker.got[0].correlation);
    worker.answer(worker.got[0]);
    timer.advance(seconds(1));  // a late answer is nobody's
}

TEST_F(EnvelopesTest, WhoNoLongerWantsAnAnswerCancelsTheRequest) {
    on_b->answers = on_c->answers = false;
    for (int i = 0; i < 4; ++i) {
        Handle asked =
            a.server.request(work("do it"), [](const auto&) { FAIL() << "it was taken back"; },
                             {.balance = Balance::round_robin});
        timer.advance(milliseconds(50));
        asked.reset();
        timer.advance(milliseconds(50));
    }
    for (const Worker* worker : {on_b.get(), on_c.get()}) {
        ASSERT_THAT(worker->got, SizeIs(4)) << "each hears of its own";
        for (std::size_t i = 0; i < 4; i += 2) {
            EXPECT_FALSE(worker->got[i].cancelled);
            EXPECT_TRUE(worker->got[i + 1].cancelled);
            EXPECT_EQ(worker->got[i].correlation, worker->got[i + 1].correlation);
        }
    }
}

TEST_F(EnvelopesTest, ARequestThatCannotBeSentHasItsReason) {
    std::vector<std::string> reasons;
    const auto answered = [&](const Result<wire::Envelope>& answer) {
        reasons.push_back(answer ? "answered" : std::string(code_name(answer.error().code)));
    };
    const Handle nobody = a.server.request(work("x", "wrok"), answered);
    const Handle malformed = a.server.request(work("x", "no name"), answered);
    timer.advance(seconds(1));
    EXPECT_THAT(reasons, UnorderedElementsAre("E-USAGE", "E-NO-SERVICE"));
}

}  // namespace
}  // namespace jetway::router
