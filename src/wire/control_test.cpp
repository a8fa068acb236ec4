// Every control body there and back, then damaged: one byte at a time, cut short, with fields of a
// later version.
#include "wire/control.hpp"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include "wire/samples.hpp"

namespace jetway::wire {
namespace {

template <typename T>
std::string bytes_of(const T& body) {
    return body.SerializeAsString();
}

Bytes view(std::string_view text) {
    return {reinterpret_cast<const std::uint8_t*>(text.data()), text.size()};
}

/// Total: a value that survives another round, or an error of the two kinds.
template <typename T>
void expect_total(std::string_view bytes) {
    const auto body = decode<T>(view(bytes));
    if (!body) {
        const Code code = body.error().code;
        EXPECT_TRUE(code == Code::protocol || code == Code::too_large) << body.error().line();
        EXPECT_FALSE(body.error().detail.empty());
        return;
    }
    const auto again = decode<T>(encode(*body).bytes());
    ASSERT_TRUE(again) << again.error().line();
    EXPECT_EQ(bytes_of(*again), bytes_of(decode<T>(encode(*again).bytes()).value()));
}

template <typename T>
class Body : public testing::Test {};

using Bodies = testing::Types<Setting, Stage, StreamId, Edge, Open, Opened, Nack, Reset, Outcome,
                              Hello, Heartbeat, Adjacency, NodeRecord, ServiceRecord, DirectoryOp,
                              DirectoryDelta, DirectoryPull, DirectorySnapshot, Digests, Summary,
                              Verdict, Goaway, Attach, Attached, Offer, Offered, Withdraw, Account>;
TYPED_TEST_SUITE(Body, Bodies);

TYPED_TEST(Body, ComesBackAsItWent) {
    EXPECT_TRUE(rc::check([](std::uint64_t seed) {
        SeededRandom random(seed);
        const auto body = sample<TypeParam>(random);
        const auto again = decode<TypeParam>(encode(body).bytes());
        RC_LOG() << (again ? std::string("decoded") : again.error().line());
        RC_ASSERT(again.has_value());
        RC_ASSERT(bytes_of(*again) == bytes_of(body));
    }));
}

TYPED_TEST(Body, WithOneByteChangedIsABodyOrAnError) {
    SeededRandom random(1);
    for (int round = 0; round < 4; ++round) {
        std::string bytes(encode(sample<TypeParam>(random)).text());
        for (std::size_t i = 0; i < std::min<std::size_t>(bytes.size(), 600); ++i) {
            const char before = bytes[i];
            for (const int value :
                 {0, 0xFF, before ^ 1, before ^ 0x80, static_cast<int>(random.below(256))}) {
                bytes[i] = static_cast<char>(value);
                expect_total<TypeParam>(bytes);
            }
            bytes[i] = before;
        }
    }
}

TYPED_TEST(Body, CutShortIsABodyOrAnError) {
    SeededRandom random(2);
    const std::string bytes(encode(sample<TypeParam>(random)).text());
    for (std::size_t length = 0; length < std::min<std::size_t>(bytes.size(), 2000); ++length) {
        expect_total<TypeParam>(std::string_view(bytes).substr(0, length));
    }
}

TYPED_TEST(Body, OfRandomBytesIsABodyOrAnError) {
    SeededRandom random(3);
    Sampler sampler(random);
    for (int round = 0; round < 2000; ++round) expect_total<TypeParam>(sampler.bytes(64));
}

TYPED_TEST(Body, KeepsTheFieldsOfALaterVersion) {
    SeededRandom random(4);
    const std::string later = "\xA2\x1F\x05newer";  // field 500
    const auto body =
        decode<TypeParam>(view(std::string(encode(sample<TypeParam>(random)).text()) + later));
    ASSERT_TRUE(body) << body.error().line();
    const Buffer again = encode(*body);
    EXPECT_NE(again.text().find(later), std::string_view::npos);
}

TYPED_TEST(Body, LargerThanTheLimitIsRefusedBeforeItIsRead) {
    const std::string bytes(max_record + 1, '\xFF');
    const auto body = decode<TypeParam>(view(bytes));
    ASSERT_FALSE(body);
    EXPECT_EQ(body.error().code, Code::too_large);
}

TEST(Digest, IsTheSameOnEveryMachine) {
    EXPECT_EQ(digest(""), 0xF52A15E9A9B5E89BU);
    EXPECT_EQ(digest("a"), digest(view("a")));
    EXPECT_NE(digest("a"), digest("b"));
    EXPECT_NE(digest(std::string_view("\0", 1)), digest(""));
}

}  // namespace
}  // namespace jetway::wire
