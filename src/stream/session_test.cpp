#include "stream/session.hpp"

#include <gtest/gtest.h>

#include "stream/test_relay.hpp"

namespace jetway::stream {
namespace {

std::string text(std::size_t size, char first = 'a') {
    std::string result(size, ' ');
    for (std::size_t i = 0; i < size; ++i) result[i] = static_cast<char>(first + i % 23);
    return result;
}

/// Two sessions; the right one offers "echo", whose streams are accepted by `server`.
struct Sessions : testing::Test {
    Sessions() {
        service.take = [this](StreamPtr stream) {
            server.stream = std::move(stream);
            server.stream->set_events(&server);
            if (accepts) server.stream->accept("text/plain");
        };
        offer = relay.right->offer("echo", {}, service, [this](const Result<>& result) {
            offered = static_cast<bool>(result);
        });
    }
    void open(bool messages = false, wire::Policy policy = wire::Policy::lossless) {
        auto request = open_to("echo@machine-b", messages);
        request.set_policy(static_cast<std::uint32_t>(policy));
        client.stream = relay.left->open(std::move(request), client);
    }
    void write(Witness& end, const std::string& bytes, bool end_of_message = true) {
        end.stream->write(Buffer::copy_of(bytes), end_of_message);
    }
    bool traced(const std::string& line) const {
        return std::find(relay.frames.begin(), relay.frames.end(), line) != relay.frames.end();
    }

    ManualTimer timer;
    Witness client;  // both outlive the sessions
    Witness server;
    Taker service;
    Relay relay{timer};
    Handle offer;
    bool accepts = true;
    bool offered = false;
};

TEST_F(Sessions, AttachTellsWhereItIs) {
    bool attached = false;
    relay.left->set_on_attached([&] { attached = true; });
    EXPECT_FALSE(attached);
    timer.run();
    EXPECT_TRUE(attached);
    EXPECT_TRUE(offered);
    EXPECT_EQ(relay.left->machine(), "machine-a");
    EXPECT_EQ(relay.left->mesh(), "home");
    EXPECT_EQ(relay.left->daemon_pid(), 99U);
}

TEST_F(Sessions, AStreamCarriesBytesBothWaysAndEndsInOrder) {
    relay.tracing = true;
    open();
    write(client, "question");
    timer.run();
    EXPECT_EQ(server.data, "question");
    EXPECT_EQ(server.stream->opening().destination(), "echo@machine-b");
    EXPECT_EQ(client.opened.content_type(), "text/plain");
    EXPECT_EQ(client.opened.service(), "echo");
    write(server, "answer");
    wire::Outcome outcome;
    outcome.set_has_status(true);
    outcome.set_status(3);
    server.stream->finish(outcome);
    timer.run();
    EXPECT_EQ(client.data, "answer");
    EXPECT_EQ(client.outcome.status(), 3);
    EXPECT_FALSE(client.has("done"));
    client.stream->finish();
    timer.run();
    EXPECT_EQ(client.events, (std::vector<std::string>{"opened", "finish", "done"}));
    EXPECT_EQ(server.events, (std::vector<std::string>{"finish", "done"}));
    EXPECT_EQ(relay.frames, (std::vector<std::string>{"0>OPEN 1", "0>DATA 1 8", "1>OPENED 1",
                                                      "1>WINDOW 1", "0>WINDOW 1", "1>DATA 1 6",
                                                      "1>DATA 1 4 FIN OUTCOME", "0>DATA 1 0 FIN"}));
}

TEST_F(Sessions, NoCallbackComesFromInsideACall) {
    open();
    write(client, "x");
    client.stream->finish();
    EXPECT_TRUE(client.events.empty());
    timer.run();
    const auto before = server.events;
    server.stream->finish();
    server.stream->consume(1);
    EXPECT_EQ(server.events, before);
}

TEST_F(Sessions, FramesWaitForAttached) {
    ManualTimer clock;
    Witness end;
    Relay silent(clock);
    silent.answers = false;
    silent.tracing = true;
    end.stream = silent.left->open(open_to("echo"), end);
    end.stream->write(Buffer::copy_of("early"));
    clock.run();
    EXPECT_TRUE(silent.frames.empty());
    end.stream.reset();
}

TEST_F(Sessions, AnUnknownServiceIsRefusedWithItsName) {
    client.stream = relay.left->open(open_to("missing"), client);
    timer.run();
    EXPECT_EQ(client.events, (std::vector<std::string>{"end"}));
    EXPECT_EQ(client.end.code, Code::no_instance);
    EXPECT_EQ(client.end.where, "machine-a");
}

TEST_F(Sessions, AWithdrawnServiceTakesNoMoreStreams) {
    timer.run();
    offer.reset();
    open();
    timer.run();
    EXPECT_EQ(client.end.code, Code::no_instance);
}

TEST_F(Sessions, AContentTypeThatTheServiceDoesNotTakeIsRefused) {
    const Handle picky = relay.right->offer("picky", {.accepts = {"text/plain"}}, service);
    auto request = open_to("picky");
    request.set_content_type("image/png");
    client.stream = relay.left->open(request, client);
    timer.run();
    EXPECT_EQ(client.end.code, Code::type);
    request.clear_content_type();
    client.stream = relay.left->open(request, client);
    timer.run();
    EXPECT_EQ(client.end.line(), "E-TYPE \"picky\" does not take plain bytes");
    request.set_content_type("text/plain");
    client.events.clear();
    client.stream = relay.left->open(request, client);
    timer.run();
    EXPECT_TRUE(client.has("opened"));
}

TEST_F(Sessions, ANameThatIsNoNameFailsHereAndHurtsNobodyElse) {
    Witness wrong;
    wrong.stream = relay.left->open(open_to("no such name"), wrong);
    EXPECT_TRUE(wrong.events.empty());
    open();
    timer.run();
    EXPECT_EQ(wrong.end.code, Code::usage);
    EXPECT_TRUE(client.has("opened"));
}

TEST_F(Sessions, TheSameNameIsOfferedOnce) {
    Result<> result = success();
    const Handle second =
        relay.right->offer("echo", {}, service, [&](const Result<>& r) { result = r; });
    timer.run();
    EXPECT_EQ(result.error().code, Code::usage);
    EXPECT_FALSE(second);
}

TEST_F(Sessions, ARefusedOfferIsToldAndWithdrawsNothing) {
    ManualTimer clock;
    Relay other(clock);
    std::vector<std::uint8_t> types;
    other.filter = [&](int side, const wire::FrameHeader& header, const Buffer& body) {
        if (side != 1) return true;
        types.push_back(header.type);
        if (!header.is(wire::FrameType::offer)) return true;
        wire::Offered no;
        no.set_request(wire::decode<wire::Offer>(body.bytes())->request());
        no.set_code(static_cast<std::uint32_t>(Code::pressure));
        no.set_detail("full");
        other.inject(1, wire::FrameType::offered, 0, wire::encode(no));
        return false;
    };
    Result<> result = success();
    Handle handle = other.right->offer("echo", {}, service, [&](const Result<>& r) { result = r; });
    clock.run();
    EXPECT_EQ(result.error().line(), "E-PRESSURE full");
    types.clear();
    handle.reset();
    clock.run();
    EXPECT_TRUE(types.empty());
}

TEST_F(Sessions, RefuseReachesTheOpenerWithItsReason) {
    service.take = [](StreamPtr stream) { stream->refuse({Code::denied, "not today"}); };
    open();
    write(client, "never seen");
    timer.run();
    EXPECT_EQ(client.events, (std::vector<std::string>{"end"}));
    EXPECT_EQ(client.end.line(), "E-DENIED not today");
}

TEST_F(Sessions, AStreamDroppedBeforeItWasAcceptedIsRefused) {
    service.take = [](StreamPtr) {};
    open();
    timer.run();
    EXPECT_EQ(client.end.code, Code::cancelled);
}

TEST_F(Sessions, DataThatComesBeforeTheAcceptWaitsForIt) {
    accepts = false;
    open();
    write(client, text(40'000));
    client.stream->finish();
    timer.run();
    EXPECT_EQ(server.data, "");
    EXPECT_EQ(client.stream->sent(), wire::first_window);
    server.stream->accept();
    EXPECT_EQ(server.data, "");
    timer.run();
    EXPECT_EQ(server.data, text(40'000));
    EXPECT_TRUE(server.has("finish"));
}

TEST_F(Sessions, TheFirstWindowComesFromThePoolOfTheRouter) {
    ManualTimer clock;
    Relay small(clock);
    small.pool = 20'000;
    Taker silent;
    std::vector<StreamPtr> held;
    silent.take = [&](StreamPtr stream) { held.push_back(std::move(stream)); };
    const Handle handle = small.right->offer("s", {}, silent);
    Witness ends[3];
    for (Witness& end : ends) {
        end.stream = small.left->open(open_to("s"), end);
        end.stream->write(Buffer::allocate(30'000));
    }
    clock.run();
    EXPECT_EQ(ends[0].stream->sent(), 16'384U);
    EXPECT_EQ(ends[1].stream->sent(), 20'000U - 16'384U);
    EXPECT_EQ(ends[2].stream->sent(), 0U);
    // A grant of its own gives the first stream's share to the next one that is opened.
    held[0]->accept();
    clock.run();
    Witness next;
    next.stream = small.left->open(open_to("s"), next);
    next.stream->write(Buffer::allocate(30'000));
    clock.run();
    EXPECT_EQ(ends[0].stream->sent(), 30'000U);
    EXPECT_EQ(next.stream->sent(), 16'384U);
    held.clear();
    next.stream.reset();
    for (Witness& end : ends) end.stream.reset();
}

TEST_F(Sessions, ASlowReaderStopsItsSenderAtTheWindow) {
    server.consumes = false;
    open();
    timer.run();
    EXPECT_FALSE(client.stream->write(Buffer::copy_of(text(1'000'000))));
    timer.run();
    EXPECT_EQ(server.data.size(), window);
    EXPECT_EQ(client.stream->unsent(), 1'000'000 - window);
    EXPECT_FALSE(client.has("writable"));
    server.stream->consume(100'000);
    timer.run();
    EXPECT_EQ(server.data.size(), window);
    server.stream->consume(window - 100'000);
    timer.run();
    EXPECT_EQ(server.data.size(), 2 * window);
    server.consumes = true;
    server.stream->consume(window);
    timer.run();
    EXPECT_EQ(server.data, text(1'000'000));
    EXPECT_EQ(client.events.back(), "writable");
}

TEST_F(Sessions, WhatWasConsumedIsConfirmedSoonAfter) {
    open();
    write(client, "some bytes");
    timer.run();
    EXPECT_EQ(client.stream->confirmed(), 0U);
    timer.advance(std::chrono::milliseconds(60));
    EXPECT_EQ(client.stream->confirmed(), 10U);
    timer.advance(std::chrono::seconds(1));  // the account
    const auto frames = relay.right->counts().frames_out;
    timer.advance(std::chrono::seconds(10));
    EXPECT_EQ(relay.right->counts().frames_out, frames);
}

TEST_F(Sessions, BigMessagesAreSplitAndSmallOnesKeepTheirEnds) {
    open(true);
    const std::vector<std::string> sent{"one", "", text(200'000, 'b'), "four"};
    for (const std::string& message : sent) write(client, message);
    timer.run();
    EXPECT_EQ(server.messages, sent);
    write(client, "in ", false);
    write(client, "two ", false);
    write(client, "pieces");
    timer.run();
    EXPECT_EQ(server.messages.back(), "in two pieces");
}

TEST_F(Sessions, OneBigMessageDoesNotStarveAnother) {
    Witness other_server;
    Witness other;
    open(true);
    timer.run();
    Taker second;
    second.take = [&](StreamPtr stream) {
        other_server.stream = std::move(stream);
        other_server.stream->set_events(&other_server);
        other_server.stream->accept();
    };
    const Handle handle = relay.right->offer("second", {}, second);
    other.stream = relay.left->open(open_to("second", true), other);
    timer.run();
    std::size_t before_key = 0;
    write(client, text(200'000));
    write(other, "a key");
    other_server.on_bytes = [&] { before_key = server.data.size(); };
    timer.run();
    EXPECT_EQ(other_server.messages, (std::vector<std::string>{"a key"}));
    EXPECT_LE(before_key, 2 * wire::max_payload);
    EXPECT_EQ(server.messages.size(), 1U);
    other.stream.reset();
    other_server.stream.reset();
}

TEST_F(Sessions, LatestReplacesWholeMessagesOfWhichNothingWasSent) {
    server.consumes = false;
    open(true, wire::Policy::latest);
    timer.run();
    write(client, text(window + 10'000));
    timer.run();
    for (const char* message : {"old", "older", "newest"}) write(client, message);
    EXPECT_EQ(client.stream->ledger().replaced, (wire::Tally{8, 2}));
    server.stream->consume(window);
    timer.run();
    ASSERT_EQ(server.messages.size(), 2U);
    EXPECT_EQ(server.messages[0].size(), window + 10'000);
    EXPECT_EQ(server.messages[1], "newest");
}

TEST_F(Sessions, AMessageWaitsNoLongerThanItsDeadline) {
    server.consumes = false;
    auto request = open_to("echo@machine-b", true);
    request.set_policy(static_cast<std::uint32_t>(wire::Policy::deadline));
    request.set_remaining_us(200'000);
    client.stream = relay.left->open(std::move(request), client);
    timer.run();
    write(client, text(window));
    EXPECT_FALSE(client.stream->write(Buffer::copy_of(text(2 * window)))) << "nobody reads";
    timer.advance(std::chrono::milliseconds(199));
    EXPECT_EQ(client.stream->ledger().late, wire::Tally{});
    EXPECT_FALSE(client.has("writable"));
    timer.advance(std::chrono::milliseconds(1));
    EXPECT_EQ(client.stream->ledger().late, (wire::Tally{2 * window, 1}));
    EXPECT_TRUE(client.has("writable")) << "a reader that stands still does not stop the writer";
    write(client, "in time");
    server.stream->consume(window);
    timer.run();
    ASSERT_EQ(server.messages.size(), 2U);
    EXPECT_EQ(server.messages[1], "in time");
    EXPECT_TRUE(client.stream->ledger().balances());
}

TEST_F(Sessions, TheLedgerSaysWhereEachByteAndMessageIs) {
    server.consumes = false;
    open(true);
    write(client, "one");
    write(client, "four");
    write(client, "half", false);
    timer.run();
    wire::Ledger ledger = client.stream->ledger();
    EXPECT_EQ(ledger.sent, (wire::Tally{11, 2}));
    EXPECT_EQ(ledger.in_flight, (wire::Tally{11, 2}));
    EXPECT_EQ(server.stream->ledger().received, (wire::Tally{11, 2}));
    server.stream->consume(5);
    timer.advance(std::chrono::milliseconds(50));
    ledger = client.stream->ledger();
    EXPECT_EQ(ledger.delivered, (wire::Tally{5, 1})) << "a message counts where its end is";
    EXPECT_EQ(ledger.in_flight, (wire::Tally{6, 1}));
    server.stream->reset({Code::cancelled, "no more"});
    timer.run();
    client.stream->write(Buffer::copy_of("in vain"));
    ledger = client.stream->ledger();
    EXPECT_EQ(ledger.delivered, (wire::Tally{5, 1}));
    EXPECT_EQ(ledger.unconfirmed, (wire::Tally{6, 1}));
    EXPECT_EQ(ledger.ended, (wire::Tally{7, 1}));
    EXPECT_TRUE(ledger.balances());
}

TEST_F(Sessions, AfterAnEndInOrderEverythingIsDelivered) {
    open();
    write(client, "question");
    client.stream->finish();
    timer.run();
    server.stream->finish();
    timer.run();
    ASSERT_TRUE(client.has("done"));
    EXPECT_EQ(client.stream->ledger().delivered, (wire::Tally{8, 0}));
    EXPECT_EQ(relay.left->ledger(), client.stream->ledger());
    client.stream.reset();
    EXPECT_EQ(relay.left->ledger().delivered, (wire::Tally{8, 0})) << "the stream is gone";
    EXPECT_EQ(relay.right->ledger().received, (wire::Tally{8, 0}));
}

TEST_F(Sessions, TheRouterIsToldWhatBecameOfEverythingAndThenThereIsSilence) {
    std::vector<wire::Ledger> accounts;
    relay.filter = [&](int side, const wire::FrameHeader& header, const Buffer& body) {
        if (side == 0 && header.is(wire::FrameType::account))
            accounts.push_back(wire::to_ledger(*wire::decode<wire::Account>(body.bytes())));
        return true;
    };
    open();
    write(client, "question");
    timer.advance(std::chrono::milliseconds(499));
    EXPECT_TRUE(accounts.empty());
    timer.advance(std::chrono::milliseconds(1));
    ASSERT_EQ(accounts.size(), 1U);
    EXPECT_EQ(accounts[0].delivered, (wire::Tally{8, 0}));
    timer.advance(std::chrono::milliseconds(10'000));
    EXPECT_EQ(accounts.size(), 1U);
    write(client, "?");
    client.stream->finish();
    server.stream->finish();
    timer.run();
    client.stream.reset();
    relay.left.reset();
    timer.run();
    ASSERT_EQ(accounts.size(), 2U) << "once more before it leaves";
    EXPECT_EQ(accounts[1].sent, (wire::Tally{9, 0}));
    EXPECT_TRUE(accounts[1].balances());
}

TEST_F(Sessions, StopLetsTheOtherSideFinish) {
    open();
    timer.run();
    server.stream->stop({Code::closed, "ten bytes are enough"});
    timer.run();
    EXPECT_EQ(client.stop.line(), "E-CLOSED ten bytes are enough");
    EXPECT_TRUE(client.stream->write(Buffer::allocate(1'000'000)));
    EXPECT_EQ(client.stream->ledger().unwanted, (wire::Tally{1'000'000, 0}));
    client.stream->finish();
    server.stream->finish();
    timer.run();
    EXPECT_EQ(server.data, "");
    EXPECT_EQ(server.events, (std::vector<std::string>{"finish", "done"}));
    EXPECT_EQ(client.events, (std::vector<std::string>{"opened", "stop", "finish", "done"}));
}

TEST_F(Sessions, StopDropsWhatWaitsForCredit) {
    server.consumes = false;
    open();
    timer.run();
    client.stream->write(Buffer::allocate(1'000'000));
    client.stream->finish();
    timer.run();
    server.stream->stop({Code::closed, "enough"});
    timer.run();
    EXPECT_TRUE(server.has("finish"));
    const wire::Ledger ledger = client.stream->ledger();
    EXPECT_EQ(ledger.unwanted, (wire::Tally{1'000'000 - window, 0}));
    EXPECT_EQ(ledger.in_flight, (wire::Tally{window, 0}));
    EXPECT_TRUE(ledger.balances());
    EXPECT_TRUE(client.has("writable"));
    server.stream->finish();
    timer.run();
    ASSERT_TRUE(client.has("done"));
    EXPECT_EQ(client.stream->ledger().unconfirmed, (wire::Tally{window, 0}))
        << "it stopped before it dealt with it";
}

TEST_F(Sessions, ResetEndsBothDirectionsAtOnce) {
    relay.tracing = true;
    open();
    timer.run();
    write(client, "queued and dropped");
    client.stream->reset({Code::service_failed, "gave up"});
    timer.run();
    EXPECT_EQ(server.events, (std::vector<std::string>{"end"}));
    EXPECT_EQ(server.end.line(), "E-SERVICE-FAILED gave up");
    EXPECT_EQ(server.data, "");
    EXPECT_EQ(client.events, (std::vector<std::string>{"opened"}));
    EXPECT_TRUE(traced("0>RESET 1"));
    EXPECT_TRUE(traced("1>RESET_ACK 1"));
}

TEST_F(Sessions, AResetStreamsLabelIsUsedAgainOnlyAfterResetAck) {
    relay.tracing = true;
    open();
    timer.run();
    client.stream.reset();
    Witness second;
    second.stream = relay.left->open(open_to("echo"), second);
    timer.run();
    EXPECT_TRUE(traced("0>OPEN 3"));
    second.stream.reset();
    timer.run();
    relay.frames.clear();
    second.stream = relay.left->open(open_to("echo"), second);
    timer.run();
    EXPECT_EQ(relay.frames.front().substr(0, 6), "0>OPEN");
    EXPECT_TRUE(traced("0>OPEN 1") || traced("0>OPEN 3"));
    second.stream.reset();
}

TEST_F(Sessions, AFinishedStreamsLabelRestsUntilALaterOpenWasAnswered) {
    relay.tracing = true;
    const auto run_one = [&](Witness& end) {
        end.stream = relay.left->open(open_to("echo"), end);
        timer.run();
        end.stream->finish();
        server.stream->finish();
        timer.run();
        EXPECT_TRUE(end.has("done"));
    };
    Witness ends[3];
    for (Witness& end : ends) run_one(end);
    EXPECT_TRUE(traced("0>OPEN 1"));
    EXPECT_TRUE(traced("0>OPEN 3"));
    EXPECT_FALSE(traced("0>OPEN 5"));
    for (Witness& end : ends) end.stream.reset();
}

TEST_F(Sessions, ResetsThatCrossFreeTheLabelOnBothSides) {
    relay.tracing = true;
    open();
    timer.run();
    client.stream->reset({Code::cancelled, "from the left"});
    server.stream->reset({Code::cancelled, "from the right"});
    timer.run();
    EXPECT_TRUE(traced("0>RESET_ACK 1"));
    EXPECT_TRUE(traced("1>RESET_ACK 1"));
    relay.frames.clear();
    Witness again;
    again.stream = relay.left->open(open_to("echo"), again);
    timer.run();
    EXPECT_TRUE(traced("0>OPEN 1"));
    EXPECT_TRUE(again.has("opened"));
    again.stream.reset();
}

TEST_F(Sessions, AnOpenerMayGoBeforeItsOpenLeft) {
    relay.tracing = true;
    open();
    client.stream.reset();
    timer.run();
    EXPECT_TRUE(relay.frames.empty());
}

TEST_F(Sessions, ADeadConnectionEndsEveryStreamAndThenTheSession) {
    open();
    timer.run();
    std::vector<std::string> order;
    client.after = [&](const std::string& event) { order.push_back(event); };
    relay.left->set_on_closed([&](const Error& reason) { order.push_back(reason.line()); });
    relay.connection(0).close({Code::draining, "bye"});
    timer.run();
    EXPECT_EQ(order,
              (std::vector<std::string>{"end", "E-CLOSED the other end closed: E-DRAINING bye"}));
    EXPECT_EQ(client.end.code, Code::closed);
    Witness late;
    late.stream = relay.left->open(open_to("echo"), late);
    EXPECT_TRUE(late.events.empty());
    timer.run();
    EXPECT_EQ(late.end.code, Code::closed);
}

TEST_F(Sessions, ADestroyedSessionEndsItsStreamsFromTheLoop) {
    open();
    timer.run();
    relay.left.reset();
    EXPECT_FALSE(client.has("end"));
    timer.run();
    EXPECT_EQ(client.end.code, Code::closed);
    write(client, "into the void");
    client.stream->finish();
    client.stream->consume(5);
    timer.run();
    EXPECT_EQ(client.events, (std::vector<std::string>{"opened", "end"}));
}

TEST_F(Sessions, AStreamMayBeDestroyedInAnyOfItsCallbacks) {
    for (const std::string& when : {"finish", "stop", "end", "done", "writable", "data"}) {
        Witness end;
        end.after = [&](const std::string& event) {
            if (event == when) end.stream.reset();
        };
        if (when == "data") end.on_bytes = [&] { end.stream.reset(); };
        end.stream = relay.left->open(open_to("echo"), end);
        timer.run();
        end.stream->write(Buffer::allocate(400'000));
        if (when != "stop") write(server, "data");
        if (when == "stop") server.stream->stop({Code::closed, "enough"});
        if (when == "end") server.stream->reset({Code::closed, "over"});
        timer.run();
        if (end.stream && server.stream) {
            server.stream->finish();
            end.stream->finish();
        }
        timer.run();
        EXPECT_EQ(end.stream, nullptr) << when;
        server.stream.reset();
        timer.run();
    }
    EXPECT_EQ(relay.left->counts().late_frames, 0U);
}

TEST_F(Sessions, TheSessionMayBeDestroyedInAnyCallback) {
    for (const std::string& when : {"attached", "closed", "data", "finish", "end", "open"}) {
        ManualTimer clock;
        Witness near;
        Witness far;
        Taker taker;
        Relay own(clock);
        taker.take = [&](StreamPtr stream) {
            far.stream = std::move(stream);
            far.stream->set_events(&far);
            far.stream->accept();
            if (when == "open") own.right.reset();
        };
        Handle handle = own.right->offer("echo", {}, taker);
        if (when == "attached") own.left->set_on_attached([&] { own.left.reset(); });
        own.left->set_on_closed([&](const Error&) { own.left.reset(); });
        near.on_bytes = [&] {
            if (when == "data") own.left.reset();
        };
        near.after = [&](const std::string& event) {
            if (event == when) own.left.reset();
        };
        near.stream = own.left->open(open_to("echo"), near);
        near.stream->write(Buffer::copy_of("x"));
        clock.run();
        if (far.stream) {
            far.stream->write(Buffer::copy_of("y"));
            if (when == "end") far.stream->reset({Code::closed, "over"});
            far.stream->finish();
        }
        if (when == "closed") own.connection(0).close({Code::closed, "bye"});
        clock.run();
        EXPECT_EQ(when == "open" ? own.right : own.left, nullptr) << when;
        far.stream.reset();
        near.stream.reset();
        clock.run();
    }
}

TEST_F(Sessions, StreamsOpenInBothDirectionsWithTheirOwnLabels) {
    relay.tracing = true;
    Witness back;
    Witness back_server;
    Taker left_service;
    left_service.take = [&](StreamPtr stream) {
        back_server.stream = std::move(stream);
        back_server.stream->set_events(&back_server);
        back_server.stream->accept();
    };
    const Handle handle = relay.left->offer("left-service", {}, left_service);
    back.stream = relay.right->open(open_to("left-service"), back);
    open();
    write(back, "from right");
    write(client, "from left");
    timer.run();
    EXPECT_EQ(back_server.data, "from right");
    EXPECT_EQ(server.data, "from left");
    EXPECT_TRUE(traced("1>OPEN 2"));
    EXPECT_TRUE(traced("0>OPEN 1"));
    back.stream.reset();
    back_server.stream.reset();
}

TEST_F(Sessions, EventsThatComeBeforeTheHandlerIsSetWaitForIt) {
    service.take = [this](StreamPtr stream) {
        server.stream = std::move(stream);
        server.stream->accept();
    };
    open();
    write(client, "early");
    client.stream->finish();
    timer.run();
    EXPECT_EQ(server.data, "");
    server.stream->set_events(&server);
    timer.run();
    EXPECT_EQ(server.data, "early");
    EXPECT_TRUE(server.has("finish"));
}

TEST_F(Sessions, AnOutcomeThatNoPeerWouldTakeKeepsItsNumbers) {
    open();
    timer.run();
    wire::Outcome outcome;
    outcome.set_has_status(true);
    outcome.set_status(7);
    outcome.set_stage("not an address at all");
    outcome.set_detail(std::string(5000, 'x'));
    server.stream->finish(outcome);
    timer.run();
    EXPECT_EQ(client.outcome.status(), 7);
}

}  // namespace
}  // namespace jetway::stream
