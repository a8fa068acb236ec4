// Payloads through shared memory, over real Unix sockets: what both ends may rely on, and what a
// hostile peer gets.
#include "transport/sharing.hpp"

#include <algorithm>
#include <fcntl.h>
#include <filesystem>
#include <fstream>
#include <sys/mman.h>

#include "io/testing.hpp"
#include "transport/lender.hpp"
#include "transport/shared_memory.hpp"
#include "transport/socket_connection.hpp"
#include "transport/testing.hpp"

namespace jetway::transport {
namespace {

using wire::Frame;
using wire::FrameType;

constexpr std::size_t large = 60'000;
constexpr std::size_t most = wire::max_payload;

std::string text_of(std::size_t size, char seed) {
    std::string text(size, '\0');
    for (std::size_t i = 0; i < size; ++i) text[i] = static_cast<char>(seed + i * 31 + i / 4096);
    return text;
}

std::size_t open_descriptors() {
    namespace fs = std::filesystem;
    const fs::directory_iterator all("/proc/self/fd");
    return static_cast<std::size_t>(std::distance(begin(all), end(all)));
}

/// Arenas that this process maps.
std::size_t mapped() {
    std::ifstream maps("/proc/self/maps");
    std::size_t count = 0;
    for (std::string line; std::getline(maps, line);)
        count += line.find("memfd:jetway") == std::string::npos ? 0 : 1;
    return count;
}

ConnectionPtr connection(io::EventLoop& loop, io::ByteStreamPtr stream, bool dialled) {
    return std::make_unique<SocketConnection>(loop, std::move(stream), dialled, "peer",
                                              std::nullopt);
}

/// Two ends that have agreed: the dialled one is on the left.
struct Joined {
    explicit Joined(io::EventLoop& loop) {
        io::StreamPair pair(loop);
        left = std::make_unique<TestEnd>(connection(loop, std::move(pair.left), true));
        right = std::make_unique<TestEnd>(connection(loop, std::move(pair.right), false));
        right->send_text("hello");
        left->send_text("hello");
        EXPECT_TRUE(io::run_until(loop, [&] { return left->count == 1 && right->count == 1; }));
        io::settle(loop);
    }
    std::unique_ptr<TestEnd> left;
    std::unique_ptr<TestEnd> right;
};

struct SharingTest : testing::Test {
    bool until(const std::function<bool()>& done) { return io::run_until(loop, done); }

    /// Sends a large frame, and its arena when there is none yet.
    static void send(TestEnd& end, std::size_t size = large, char seed = 'a') {
        end.send_text(text_of(size, seed), 3);
    }
    /// Both ends have an arena that the other one has taken.
    void warm_up(Joined& joined) {
        for (TestEnd* end : {joined.left.get(), joined.right.get()}) send(*end);
        ASSERT_TRUE(until([&] { return joined.left->count == 2 && joined.right->count == 2; }));
        io::settle(loop);
        joined.left->frames.clear();
        joined.right->frames.clear();
    }

    io::EventLoop loop;
};

TEST_F(SharingTest, ALargePayloadIsReadWhereItsSenderPutIt) {
    Joined joined(loop);
    warm_up(joined);
    const std::uint64_t before = joined.left->connection->shared_bytes();
    send(*joined.left, most, 'b');
    send(*joined.right, large, 'c');
    ASSERT_TRUE(until([&] { return joined.left->count == 3 && joined.right->count == 3; }));
    EXPECT_EQ(joined.right->frames[0].body.text(), text_of(most, 'b'));
    EXPECT_EQ(joined.left->frames[0].body.text(), text_of(large, 'c'));
    EXPECT_NE(joined.right->frames[0].body.foreign(), nullptr);
    EXPECT_TRUE(joined.right->frames[0].header.is(FrameType::data));
    EXPECT_EQ(joined.right->frames[0].header.label, 3U);
    EXPECT_EQ(joined.left->connection->shared_bytes() - before, most + large);
    EXPECT_EQ(joined.right->connection->shared_bytes() - before, most + large);
}

TEST_F(SharingTest, SmallPayloadsAndOutcomesGoThroughTheSocket) {
    Joined joined(loop);
    warm_up(joined);
    joined.left->send_text(text_of(Sharing::least_shared - 1, 'a'));
    joined.left->send_text(text_of(large, 'b'), 3, wire::flag::fin | wire::flag::outcome);
    joined.left->send(Frame(FrameType::nack, 3, Buffer::copy_of(text_of(large, 'c'))));
    ASSERT_TRUE(until([&] { return joined.right->count == 5; }));
    for (const Frame& frame : joined.right->frames) EXPECT_EQ(frame.body.foreign(), nullptr);
    EXPECT_EQ(joined.right->frames[2].body.text(), text_of(large, 'c'));
}

TEST_F(SharingTest, TheEndOfAStreamMayComeWithSharedBytes) {
    Joined joined(loop);
    warm_up(joined);
    joined.left->send_text(text_of(large, 'a'), 3, wire::flag::fin);
    ASSERT_TRUE(until([&] { return joined.right->count == 3; }));
    EXPECT_NE(joined.right->frames[0].body.foreign(), nullptr);
    EXPECT_EQ(joined.right->frames[0].header.flags, wire::flag::fin);
}

TEST_F(SharingTest, WhatIsReturnedIsLentAgain) {
    Joined joined(loop);
    joined.right->keep = false;
    for (std::size_t sent = 0; sent < 1000; sent += 5) {
        for (int i = 0; i < 5; ++i) send(*joined.left);
        ASSERT_TRUE(until([&] { return joined.right->count == sent + 6; }));
    }
    EXPECT_EQ(mapped(), 2U) << "sixteen slots are enough";
    EXPECT_GT(joined.left->connection->shared_bytes(), 950 * large);
}

TEST_F(SharingTest, WhatAReaderKeepsBeyondTheArenasComesThroughTheSocket) {
    Joined joined(loop);
    constexpr std::size_t total = 500;
    for (std::size_t i = 0; i < total; ++i) {
        send(*joined.left, large, static_cast<char>(i));
        ASSERT_TRUE(until([&] { return joined.right->count == i + 2; }));
        io::settle(loop);
    }
    std::size_t shared = 0;
    for (std::size_t i = 0; i < total; ++i) {
        const Buffer& body = joined.right->frames[i + 1].body;
        ASSERT_EQ(body.text(), text_of(large, static_cast<char>(i)));
        shared += body.foreign() != nullptr ? 1 : 0;
    }
    EXPECT_EQ(shared, Lender::most_slots);
}

TEST_F(SharingTest, WhatCameInSharedMemoryGoesOnWithoutACopy) {
    Joined first(loop);
    Joined second(loop);
    warm_up(first);
    first.right->on_frame = [&](const Frame& frame) { second.left->send(frame); };
    first.right->keep = false;
    for (int i = 0; i < 3; ++i) {
        send(*first.left, large, static_cast<char>('x' + i));
        ASSERT_TRUE(until([&] { return second.right->count == static_cast<std::size_t>(i) + 2; }));
        io::settle(loop);
    }
    const Buffer& last = second.right->frames.back().body;
    ASSERT_NE(last.foreign(), nullptr);
    EXPECT_EQ(last.text(), text_of(large, 'z'));
    // Both ends of the first pair have an arena, mapped twice, and the second pair maps one of them
    // once more.
    EXPECT_EQ(mapped(), 5U);
}

TEST_F(SharingTest, AnArenaThatIsGoneIsForgottenByWhomItWasPassedOnTo) {
    Joined second(loop);
    second.right->keep = false;
    {
        Joined first(loop);
        warm_up(first);
        first.right->on_frame = [&](const Frame& frame) { second.left->send(frame); };
        first.right->keep = false;
        for (int i = 0; i < 3; ++i) send(*first.left);
        ASSERT_TRUE(until([&] { return second.right->count == 4; }));
        io::settle(loop);
    }
    EXPECT_EQ(mapped(), 1U);
    second.left->send_text("the next frame tells");
    ASSERT_TRUE(until([&] { return second.right->count == 5; }));
    EXPECT_EQ(mapped(), 0U);
}

TEST_F(SharingTest, BuffersOutliveBothEndsOfTheirConnection) {
    Frame kept;
    {
        Joined joined(loop);
        warm_up(joined);
        send(*joined.left, large, 'k');
        ASSERT_TRUE(until([&] { return joined.right->count == 3; }));
        kept = joined.right->frames[0];
    }
    io::settle(loop);
    EXPECT_NE(kept.body.foreign(), nullptr);
    EXPECT_EQ(kept.body.text(), text_of(large, 'k'));
    EXPECT_EQ(mapped(), 1U);
    kept = {};
    EXPECT_EQ(mapped(), 0U);
}

TEST_F(SharingTest, NoDescriptorIsLeftBehind) {
    const std::size_t before = open_descriptors();
    for (int round = 0; round < 3; ++round) {
        Joined joined(loop);
        warm_up(joined);
        send(*joined.left);
        ASSERT_TRUE(until([&] { return joined.right->count == 3; }));
    }
    io::settle(loop);
    EXPECT_EQ(open_descriptors(), before);
}

// ---- Peers that speak bytes.

constexpr int seals = F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_SEAL | 0x0010;

io::Descriptor memory_of(std::size_t size, int with_seals = seals) {
    io::Descriptor memory(memfd_create("test", MFD_CLOEXEC | MFD_ALLOW_SEALING));
    EXPECT_EQ(fallocate(memory.get(), 0, 0, static_cast<off_t>(size)), 0);
    EXPECT_EQ(fcntl(memory.get(), F_ADD_SEALS, with_seals), 0);
    return memory;
}

Buffer bytes_of(FrameType type, std::uint32_t label, const auto& payload, std::uint8_t flags = 0) {
    Buffer bytes = Buffer::allocate(wire::header_size + payload.size());
    wire::FrameHeader{static_cast<std::uint16_t>(payload.size()), static_cast<std::uint8_t>(type),
                      flags, label}
        .write(bytes.mutable_data());
    std::copy(payload.begin(), payload.end(), bytes.mutable_data() + wire::header_size);
    return bytes;
}

struct PeerTest : testing::Test {
    PeerTest() {
        io::StreamPair pair(loop);
        peer = std::move(pair.left);
        record.watch(peer.get());
        end = std::make_unique<TestEnd>(connection(loop, std::move(pair.right), false));
    }
    bool until(const std::function<bool()>& done) { return io::run_until(loop, done); }

    /// The connection offers after its first frame; the peer accepts.
    void agree() {
        end->send_text("first");
        ASSERT_TRUE(until([&] { return record.text.size() == 2 * wire::header_size + 5; }));
        EXPECT_EQ(static_cast<std::uint8_t>(record.text[wire::header_size + 5 + 2]),
                  static_cast<std::uint8_t>(FrameType::share));
        say(FrameType::share, 0, std::string());
    }
    void say(FrameType type, std::uint32_t label, const auto& payload, std::uint8_t flags = 0) {
        peer->write(bytes_of(type, label, payload, flags));
    }
    void give_arena(io::Descriptor memory, std::uint8_t number = 0) {
        peer->write_with(bytes_of(FrameType::arena, 0, wire::encode(wire::Arena{number})),
                         std::move(memory));
    }
    void lend(wire::SharedData shared, std::uint32_t label = 3, std::uint8_t flags = 0) {
        say(FrameType::shared_data, label, wire::encode(shared), flags);
    }
    std::string offence() {
        EXPECT_TRUE(until([&] { return end->closed.has_value(); }));
        EXPECT_EQ(end->closed->code, Code::protocol) << end->closed->text();
        return end->closed->detail;
    }

    io::EventLoop loop;
    io::ByteStreamPtr peer;
    io::StreamRecord record;
    std::unique_ptr<TestEnd> end;
};

TEST_F(PeerTest, WhoDoesNotKnowOfItGetsBytes) {
    end->send_text("first");
    for (int i = 0; i < 3; ++i) end->send_text(text_of(large, 'a'), 3);
    const std::size_t all = 2 * wire::header_size + 5 + 3 * (wire::header_size + large);
    ASSERT_TRUE(until([&] { return record.text.size() == all; }));
    EXPECT_EQ(record.text.substr(all - large), text_of(large, 'a'));
}

TEST_F(PeerTest, WhoHasNoRoomForAnArenaGetsBytesAndIsNotAskedAgain) {
    agree();
    ASSERT_TRUE(until([&] { return end->connection != nullptr; }));
    io::settle(loop);
    record.text.clear();
    end->send_text(text_of(large, 'a'), 3);
    const std::size_t arena = wire::header_size + 2;
    ASSERT_TRUE(until([&] { return record.text.size() == arena + wire::header_size + large; }));
    say(FrameType::arena_answer, 0, wire::encode(wire::Arena{0, false}));
    io::settle(loop);
    record.text.clear();
    for (int i = 0; i < 2; ++i) end->send_text(text_of(large, 'b'), 3);
    ASSERT_TRUE(until([&] { return record.text.size() == 2 * (wire::header_size + large); }));
    EXPECT_FALSE(end->closed);
}

TEST_F(PeerTest, AnArenaWhoseDescriptorWasLostOnTheWayIsRefused) {
    agree();
    io::settle(loop);
    record.text.clear();
    say(FrameType::arena, 0, wire::encode(wire::Arena{5}));
    ASSERT_TRUE(until([&] { return record.text.size() == wire::header_size + 2; }));
    EXPECT_EQ(record.text.substr(wire::header_size), std::string("\x05\x00", 2));
    give_arena(memory_of(large), 5);
    ASSERT_TRUE(until([&] { return record.text.size() == 2 * (wire::header_size + 2); }));
    EXPECT_EQ(record.text.substr(2 * wire::header_size + 2), std::string("\x05\x01", 2));
    EXPECT_FALSE(end->closed);
}

TEST_F(PeerTest, APeerThatDiesLeavesWhatItHasLent) {
    agree();
    io::Descriptor memory = memory_of(large);
    ASSERT_EQ(pwrite(memory.get(), "x", 1, 0), -1) << "sealed";
    give_arena(std::move(memory));
    lend({0, 0, 1000, 0});
    peer->flush();
    peer.reset();
    ASSERT_TRUE(until([&] { return end->closed.has_value(); }));
    ASSERT_EQ(end->count, 1U);
    EXPECT_EQ(end->frames[0].body.text(), std::string(1000, '\0'));
}

TEST_F(PeerTest, DescriptorsThatNobodyAskedForAreClosed) {
    const std::size_t before = open_descriptors();
    agree();
    for (int i = 0; i < 50; ++i)
        peer->write_with(bytes_of(FrameType::data, 3, std::string("x")), memory_of(4096));
    ASSERT_TRUE(until([&] { return end->count == 50; }));
    EXPECT_LE(open_descriptors(), before + 4);
    end.reset();
    EXPECT_LE(open_descriptors(), before);
    EXPECT_EQ(mapped(), 0U);
}

TEST_F(PeerTest, BeforeItIsAgreedDescriptorsAreClosed) {
    const std::size_t before = open_descriptors();
    for (int i = 0; i < 50; ++i)
        peer->write_with(bytes_of(FrameType::data, 3, std::string("x")), memory_of(4096));
    ASSERT_TRUE(until([&] { return end->count == 50; }));
    EXPECT_EQ(open_descriptors(), before);
}

TEST_F(PeerTest, WithoutShareNothingIsShared) {
    lend({0, 0, 1, 0});
    EXPECT_EQ(offence(), "shared memory without SHARE");
}

TEST_F(PeerTest, WhoAsksWithoutReadingIsLeft) {
    agree();
    peer->pause_reading();
    for (int i = 0; i < 200'000 && !end->closed; ++i) {
        say(FrameType::arena, 0, wire::encode(wire::Arena{1}));
        if (i % 1000 == 0) io::settle(loop);
    }
    ASSERT_TRUE(until([&] { return end->closed.has_value(); }));
    EXPECT_EQ(end->closed->code, Code::pressure);
}

/// What a peer may not do, once there is an arena of `large` bytes with the number 0 and the first
/// reference is lent.
struct Offence {
    std::string name;
    std::function<void(PeerTest&)> commit;
};
struct OffenceTest : PeerTest, testing::WithParamInterface<Offence> {};

const std::vector<Offence> offences{
    {"BytesBeyondTheArena", [](PeerTest& t) { t.lend({1, 0, 1, large}); }},
    {"BytesThatEndBeyondTheArena", [](PeerTest& t) { t.lend({1, 0, 60'000, 1}); }},
    {"AnOffsetThatWrapsAround", [](PeerTest& t) { t.lend({1, 0, 2, 0xffffffff}); }},
    {"NoBytes", [](PeerTest& t) { t.lend({1, 0, 0, 0}); }},
    {"AnArenaThatIsNot", [](PeerTest& t) { t.lend({1, 1, 1, 0}); }},
    {"AnArenaThatCannotBe", [](PeerTest& t) { t.lend({1, 64, 1, 0}); }},
    {"AReferenceThatCannotBe", [](PeerTest& t) { t.lend({128, 0, 1, 0}); }},
    {"AReferenceThatWasNotReturned", [](PeerTest& t) { t.lend({0, 0, 1, 0}); }},
    {"AnOutcome", [](PeerTest& t) { t.lend({1, 0, 1, 0}, 3, 5); }},
    {"UnknownFlags", [](PeerTest& t) { t.lend({1, 0, 1, 0}, 3, 0x80); }},
    {"BytesOnLabel0", [](PeerTest& t) { t.lend({1, 0, 1, 0}, 0); }},
    {"AShortReference",
     [](PeerTest& t) { t.say(FrameType::shared_data, 3, std::string(7, '\1')); }},
    {"ShareTwice", [](PeerTest& t) { t.say(FrameType::share, 0, std::string()); }},
    {"AnArenaTwice", [](PeerTest& t) { t.give_arena(memory_of(large)); }},
    {"AnArenaOnAStream",
     [](PeerTest& t) { t.say(FrameType::arena, 3, wire::encode(wire::Arena{1})); }},
    {"ALongArena", [](PeerTest& t) { t.say(FrameType::arena, 0, std::string(3, '\0')); }},
    {"MemoryWithoutSeals", [](PeerTest& t) { t.give_arena(memory_of(large, 0), 1); }},
    {"MemoryThatMayShrink",
     [](PeerTest& t) { t.give_arena(memory_of(large, seals & ~F_SEAL_SHRINK), 1); }},
    {"MemoryThatIsTooLarge",
     [](PeerTest& t) { t.give_arena(memory_of(wire::max_arena + 4096), 1); }},
    {"AFile",
     [](PeerTest& t) {
         t.give_arena(io::Descriptor(::open("/etc/passwd", O_RDONLY | O_CLOEXEC)), 1);
     }},
    {"AnArenaGoesThatIsNot",
     [](PeerTest& t) { t.say(FrameType::arena_gone, 0, wire::encode(wire::Arena{1})); }},
    {"AnAnswerWithoutAQuestion",
     [](PeerTest& t) { t.say(FrameType::arena_answer, 0, wire::encode(wire::Arena{0, true})); }},
    {"AReturnOfWhatWasNotLent",
     [](PeerTest& t) { t.say(FrameType::returned, 0, wire::encode(wire::References{1, 0})); }},
    {"AShortReturn", [](PeerTest& t) { t.say(FrameType::returned, 0, std::string(15, '\0')); }},
};

TEST_P(OffenceTest, EndsTheConnection) {
    const std::size_t before = open_descriptors();
    agree();
    give_arena(memory_of(large));
    lend({0, 0, 1000, 0});
    ASSERT_TRUE(until([&] { return end->count == 1; }));
    GetParam().commit(*this);
    EXPECT_NE(offence(), "");
    EXPECT_EQ(end->frames[0].body.text(), std::string(1000, '\0')) << "what was lent stays";
    end.reset();
    peer.reset();
    EXPECT_LT(open_descriptors(), before);
}

INSTANTIATE_TEST_SUITE_P(Peers, OffenceTest, testing::ValuesIn(offences),
                         [](const auto& info) { return info.param.name; });

TEST_F(PeerTest, AReturnOfWhatWasReturnedEndsTheConnection) {
    agree();
    io::settle(loop);
    end->send_text(text_of(large, 'a'), 3);
    say(FrameType::arena_answer, 0, wire::encode(wire::Arena{0, true}));
    io::settle(loop);
    end->send_text(text_of(large, 'a'), 3);
    io::settle(loop);
    say(FrameType::returned, 0, wire::encode(wire::References{1, 0}));
    io::settle(loop);
    EXPECT_FALSE(end->closed);
    say(FrameType::returned, 0, wire::encode(wire::References{1, 0}));
    EXPECT_EQ(offence(), "shared memory is returned that was not lent");
}

}  // namespace
}  // namespace jetway::transport
