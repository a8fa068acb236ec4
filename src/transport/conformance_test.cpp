// What every transport must do.
#include "transport/conformance.hpp"

#include <algorithm>

namespace jetway::transport {
namespace {

INSTANTIATE_TEST_SUITE_P(Transports, Conformance,
                         testing::Values(tcp, local, tcp_two, tcp_three, local_three, loopback),
                         name_of);

TEST_P(Conformance, TheEndThatDialledKnowsIt) {
    open();
    EXPECT_TRUE(left->connection->dialled());
    EXPECT_FALSE(right->connection->dialled());
    EXPECT_EQ(left->connection->peer(), address);
    EXPECT_FALSE(right->connection->peer().empty());
}

TEST_P(Conformance, WhereNobodyListensADialIsRefused) {
    listening.reset();
    const auto connection = dial(address);
    ASSERT_FALSE(connection);
    EXPECT_NE(connection.error().code, Code::ok);
    EXPECT_NE(connection.error().detail.find(address), std::string::npos)
        << connection.error().line();
}

TEST_P(Conformance, AnAddressInUseIsRefusedAtOnce) {
    const auto second = transport->listen(address, [](ConnectionPtr) {});
    ASSERT_FALSE(second);
    EXPECT_EQ(second.error().code, Code::address_in_use);
    EXPECT_NE(second.error().detail.find(address), std::string::npos);
}

TEST_P(Conformance, AnAddressIsFreeAgainWhenItsHandleGoes) {
    open();
    listening.reset();
    start_listening(address);
    open();
    left->send_text("again");
    EXPECT_TRUE(until([&] { return right->count == 1; }));
}

TEST_P(Conformance, ABadAddressIsAnError) {
    EXPECT_FALSE(transport->listen("no address at all", [](ConnectionPtr) {}));
    EXPECT_FALSE(dial("no address at all"));
}

TEST_P(Conformance, ADialWhoseHandleWentNeverAnswers) {
    bool answered = false;
    Handle handle = transport->dial(address, [&](auto) { answered = true; });
    handle.reset();
    until_still([&] { return accepted.size(); });
    EXPECT_FALSE(answered);
}

TEST_P(Conformance, FramesArriveAsTheyWereSentInBothDirections) {
    open();
    left->send(wire::Frame(wire::FrameType::open, 1, Buffer::copy_of("to the right"), 0));
    right->send(wire::Frame(wire::FrameType::heartbeat, 0, {}, 0));
    right->send(
        wire::Frame(static_cast<wire::FrameType>(0xff), 0xffffffff, Buffer::copy_of("any"), 0xff));
    ASSERT_TRUE(until([&] { return right->count == 1 && left->count == 2; }));
    EXPECT_EQ(right->frames[0].header, (wire::FrameHeader{12, 1, 0, 1}));
    EXPECT_EQ(right->frames[0].body.text(), "to the right");
    EXPECT_EQ(left->frames[0].header, (wire::FrameHeader{0, 17, 0, 0}));
    EXPECT_EQ(left->frames[1].header, (wire::FrameHeader{3, 0xff, 0xff, 0xffffffff}));
}

TEST_P(Conformance, AFrameOfEveryInterestingSizeArrives) {
    open();
    const std::vector<std::size_t> sizes{0,   1,    7,    8,      9,      255,   256,
                                         257, 4088, 4089, 32'768, 65'534, 65'535};
    for (const std::size_t size : sizes)
        left->send_text(std::string(size, static_cast<char>('a' + size % 26)));
    ASSERT_TRUE(until([&] { return right->count == sizes.size(); }));
    for (std::size_t i = 0; i < sizes.size(); ++i) {
        EXPECT_EQ(right->frames[i].header.length, sizes[i]);
        EXPECT_TRUE(right->frames[i].body.text() ==
                    std::string(sizes[i], static_cast<char>('a' + sizes[i] % 26)));
    }
}

TEST_P(Conformance, TenThousandShortMessagesArriveInOrder) {
    open();
    for (int i = 0; i < 10'000; ++i) left->send_text(std::to_string(i), 1, wire::flag::fin);
    ASSERT_TRUE(until([&] { return right->count == 10'000; }));
    for (int i = 0; i < 10'000; ++i) {
        ASSERT_EQ(right->frames[static_cast<std::size_t>(i)].body.text(), std::to_string(i));
    }
}

TEST_P(Conformance, AMessageOf8MbArrivesWhole) {
    open();
    std::string message(8 << 20, '\0');
    for (std::size_t i = 0; i < message.size(); ++i)
        message[i] = static_cast<char>(i ^ (i >> 8U) ^ (i >> 16U));
    for (std::size_t at = 0; at < message.size(); at += wire::max_payload) {
        const std::string_view piece = std::string_view(message).substr(at, wire::max_payload);
        left->send_text(piece, 5, at + piece.size() == message.size() ? wire::flag::fin : 0);
    }
    ASSERT_TRUE(until([&] { return right->bytes == message.size(); }));
    std::string arrived;
    for (const wire::Frame& frame : right->frames) arrived += frame.body.text();
    EXPECT_TRUE(arrived == message);
    EXPECT_EQ(right->frames.back().header.flags, wire::flag::fin);
}

TEST_P(Conformance, BigMessagesInBothDirectionsDoNotLockEachOtherOut) {
    open();
    left->keep = right->keep = false;
    const std::string piece(60'000, 'x');
    for (int i = 0; i < 200; ++i) {
        left->send_text(piece);
        right->send_text(piece);
    }
    EXPECT_TRUE(until([&] { return left->count == 200 && right->count == 200; }));
}

TEST_P(Conformance, OneDirectionOfAStreamEndsWhileTheOtherGoesOn) {
    open();
    left->send_text("last words", 3, wire::flag::fin);
    ASSERT_TRUE(until([&] { return right->count == 1; }));
    EXPECT_EQ(right->frames[0].header.flags, wire::flag::fin);
    right->send_text("still here", 3);
    right->send_text("done", 3, wire::flag::fin);
    ASSERT_TRUE(until([&] { return left->count == 2; }));
    EXPECT_FALSE(left->closed);
    EXPECT_FALSE(right->closed);
}

TEST_P(Conformance, AStopOvertakesNothingAndReachesASenderThatIsHeldBack) {
    open();
    right->keep = false;
    right->refuse();
    for (int i = 0; i < 500; ++i) left->send_text(std::string(60'000, 'x'), 3);
    until_still([&] { return left->unsent(); });
    right->send(wire::Frame(wire::FrameType::stop, 3, Buffer::copy_of("enough")));
    ASSERT_TRUE(until([&] { return left->count == 1; }));
    EXPECT_TRUE(left->frames[0].header.is(wire::FrameType::stop));
    right->accept();
    EXPECT_TRUE(until([&] { return right->count == 500; }));
}

TEST_P(Conformance, AReaderThatRefusesStopsTheWriterAndLosesNothing) {
    open();
    constexpr std::size_t total = 1000;
    right->refuse();
    for (std::size_t i = 0; i < total; ++i)
        left->send_text(std::string(60'000, static_cast<char>('a' + i % 26)));
    const std::size_t unsent = until_still([&] { return left->unsent(); });
    // The two ends and the system hold something, but far from 60 MB.
    EXPECT_LT((total - unsent) * 60'000, 16U << 20) << "taken before the writer was told to wait";
    EXPECT_EQ(right->count, 0U);
    right->accept();
    ASSERT_TRUE(until([&] { return right->count == total; }));
    for (std::size_t i = 0; i < total; ++i) {
        ASSERT_EQ(right->frames[i].body.text().back(), static_cast<char>('a' + i % 26));
    }
}

TEST_P(Conformance, AReaderThatRefusesNowAndThenGetsEverythingInOrder) {
    open();
    right->on_frame = [&](const wire::Frame&) {
        if (right->count % 7 != 0) return;
        right->refuse();
        loop.post([&] { right->accept(); });
    };
    for (int i = 0; i < 2000; ++i) left->send_text(std::to_string(i));
    ASSERT_TRUE(until([&] { return right->count == 2000; }));
    for (int i = 0; i < 2000; ++i) {
        ASSERT_EQ(right->frames[static_cast<std::size_t>(i)].body.text(), std::to_string(i));
    }
}

TEST_P(Conformance, WhatArrivesBeforeThereIsAReaderWaitsForIt) {
    const std::size_t before = accepted.size();
    auto connection = dial(address);
    ASSERT_TRUE(connection);
    ASSERT_TRUE(until([&] { return accepted.size() == before + 1; }));
    for (int i = 0; i < 100; ++i) accepted.back()->send_text(std::to_string(i));
    io::settle(loop);
    const TestEnd late(std::move(*connection));
    ASSERT_TRUE(until([&] { return late.count == 100; }));
    EXPECT_EQ(late.frames[99].body.text(), "99");
}

TEST_P(Conformance, ALastWordArrivesBeforeTheClose) {
    open();
    left->send_text("a word");
    left->send(wire::Frame(wire::FrameType::goaway, 0, Buffer::copy_of("the last one")));
    left->connection->close({Code::draining, "going down"});
    EXPECT_FALSE(left->closed) << "not from inside close()";
    ASSERT_TRUE(until([&] { return left->closed && right->closed; }));
    EXPECT_EQ(left->closed->code, Code::draining);
    EXPECT_EQ(left->closed->detail, "going down");
    EXPECT_EQ(right->closed->code, Code::closed);
    ASSERT_EQ(right->count, 2U);
    EXPECT_TRUE(right->frames[1].header.is(wire::FrameType::goaway));
}

TEST_P(Conformance, ALastWordArrivesAlthoughTheOtherSideWasTalking) {
    open();
    left->refuse();
    for (int i = 0; i < 50; ++i) right->send_text(std::string(1000, 'x'));
    io::settle(loop);
    left->send(wire::Frame(wire::FrameType::goaway, 0, Buffer::copy_of("enough")));
    left->connection->close({Code::protocol, "too talkative"});
    ASSERT_TRUE(until([&] { return right->closed.has_value(); }));
    ASSERT_EQ(right->count, 1U);
    EXPECT_TRUE(right->frames[0].header.is(wire::FrameType::goaway));
}

TEST_P(Conformance, DestroyingOneEndClosesTheOther) {
    open();
    left.reset();
    ASSERT_TRUE(until([&] { return right->closed.has_value(); }));
    EXPECT_EQ(right->closed->code, Code::closed);
    right->send_text("anyone?");
    io::settle(loop);
    EXPECT_EQ(right->times_closed, 1);
}

TEST_P(Conformance, ClosingTwiceIsToldOnce) {
    open();
    left->connection->close({Code::cancelled, "first"});
    left->connection->close({Code::cancelled, "second"});
    ASSERT_TRUE(until([&] { return left->closed && right->closed; }));
    io::settle(loop);
    EXPECT_EQ(left->times_closed, 1);
    EXPECT_EQ(left->closed->detail, "first");
}

TEST_P(Conformance, AConnectionMayBeDestroyedByItsOwnReader) {
    open();
    right->on_frame = [&](const wire::Frame&) { right->connection.reset(); };
    for (int i = 0; i < 100; ++i) left->send_text("frame");
    ASSERT_TRUE(until([&] { return left->closed.has_value(); }));
    EXPECT_EQ(right->count, 1U);
}

TEST_P(Conformance, AConnectionMayBeClosedByItsOwnReader) {
    open();
    right->on_frame = [&](const wire::Frame&) {
        if (right->connection) right->connection->close({Code::protocol, "a bad frame"});
    };
    left->send_text("bad");
    ASSERT_TRUE(until([&] { return left->closed && right->closed; }));
    EXPECT_EQ(right->closed->code, Code::protocol);
}

TEST_P(Conformance, AConnectionMayBeDestroyedWhenItIsToldOfItsEnd) {
    open();
    right->connection->set_on_closed([&](const Error&) { right->connection.reset(); });
    left.reset();
    EXPECT_TRUE(until([&] { return right->connection == nullptr; }));
}

TEST_P(Conformance, ManyConnectionsLiveSideBySide) {
    std::vector<std::unique_ptr<TestEnd>> dialled;
    std::vector<Handle> handles;
    handles.reserve(300);
    for (int i = 0; i < 300; ++i) {
        handles.push_back(transport->dial(address, [&](Result<ConnectionPtr> result) {
            ASSERT_TRUE(result) << result.error().line();
            dialled.push_back(std::make_unique<TestEnd>(std::move(*result)));
        }));
    }
    ASSERT_TRUE(until([&] { return dialled.size() == 300 && accepted.size() == 300; }));
    for (std::size_t i = 0; i < 300; ++i) {
        accepted[i]->on_frame = [end = accepted[i].get()](const wire::Frame& frame) {
            end->send_text(std::string(frame.body.text()) + "!");
        };
        dialled[i]->send_text(std::to_string(i));
    }
    ASSERT_TRUE(until([&] {
        return std::all_of(dialled.begin(), dialled.end(),
                           [](const auto& end) { return end->count == 1; });
    }));
    for (std::size_t i = 0; i < 300; ++i)
        EXPECT_EQ(dialled[i]->frames[0].body.text(), std::to_string(i) + "!");
}

TEST_P(Conformance, ConnectionsOutliveTheListener) {
    open();
    listening.reset();
    left->send_text("still");
    EXPECT_TRUE(until([&] { return right->count == 1; }));
}

}  // namespace
}  // namespace jetway::transport
