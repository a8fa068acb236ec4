#include "wire/envelope.hpp"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include "wire/samples.hpp"

namespace jetway::wire {
namespace {

bool same(const Envelope& a, const Envelope& b) {
    return a.source == b.source && a.destination == b.destination && a.reply_to == b.reply_to &&
           a.content_type == b.content_type && a.deadline == b.deadline &&
           a.data.text() == b.data.text() && a.correlation == b.correlation &&
           a.cancelled == b.cancelled &&
           std::equal(a.itinerary.begin(), a.itinerary.end(), b.itinerary.begin(),
                      b.itinerary.end(), [](const Stage& x, const Stage& y) {
                          return x.SerializeAsString() == y.SerializeAsString();
                      });
}

Envelope to_cat() {
    Envelope envelope;
    envelope.destination = "cat";
    return envelope;
}

Code after(const Envelope& envelope) {
    const auto result = decode_envelope(encode(envelope).bytes());
    return result ? Code::ok : result.error().code;
}

RC_GTEST_PROP(Envelope, ComesBackAsItWent, (std::uint64_t seed)) {
    SeededRandom random(seed);
    const auto envelope = sample<Envelope>(random);
    const Buffer bytes = encode(envelope);
    const auto again = decode_envelope(bytes.bytes());
    RC_ASSERT(again.has_value());
    RC_ASSERT(same(*again, envelope));
    RC_ASSERT(encode(*again).text() == bytes.text());
}

RC_GTEST_PROP(Envelope, IsWrittenAsProtobufWouldWriteIt, (std::uint64_t seed)) {
    SeededRandom random(seed);
    const auto envelope = sample<Envelope>(random);
    pb::Envelope whole;
    const Buffer bytes = encode(envelope);
    RC_ASSERT(whole.ParseFromArray(bytes.data(), static_cast<int>(bytes.size())));
    RC_ASSERT(whole.data() == envelope.data.text());
    RC_ASSERT(whole.SerializeAsString() == bytes.text());
}

TEST(Envelope, DamagedIsAnEnvelopeOrAnError) {
    SeededRandom random(1);
    for (int round = 0; round < 10; ++round) {
        std::string bytes(encode(sample<Envelope>(random)).text());
        for (std::size_t i = 0; i < std::min<std::size_t>(bytes.size(), 500); ++i) {
            const char before = bytes[i];
            bytes[i] = static_cast<char>(random.next());
            (void)decode_envelope(Buffer::copy_of(bytes).bytes());
            bytes[i] = before;
            (void)decode_envelope(Buffer::copy_of(bytes.substr(0, i)).bytes());
        }
    }
}

TEST(Envelope, TheDataIsACopy) {
    Envelope envelope = to_cat();
    envelope.data = Buffer::copy_of("hello");
    std::optional<Result<Envelope>> read;
    {
        const Buffer bytes = encode(envelope);
        read = decode_envelope(bytes.bytes());
    }
    EXPECT_EQ((*read)->data.text(), "hello");
}

TEST(Envelope, ADeadlineThatHasPassedIsStillADeadline) {
    Envelope envelope = to_cat();
    envelope.deadline = Duration(-5);
    EXPECT_EQ(decode_envelope(encode(envelope).bytes())->deadline, Duration(1000));
    envelope.deadline = Duration::max();
    EXPECT_EQ(decode_envelope(encode(envelope).bytes())->deadline, std::chrono::hours(366 * 24));
    envelope.deadline.reset();
    EXPECT_EQ(decode_envelope(encode(envelope).bytes())->deadline, std::nullopt);
}

TEST(Envelope, NeedsADestinationAndProperNames) {
    EXPECT_EQ(after(Envelope()), Code::protocol);
    EXPECT_EQ(after(to_cat()), Code::ok);
    Envelope envelope = to_cat();
    envelope.reply_to = "a b";
    EXPECT_EQ(after(envelope), Code::protocol);
    envelope = to_cat();
    envelope.source = "a@b@c";
    EXPECT_EQ(after(envelope), Code::protocol);
    envelope = to_cat();
    envelope.content_type = "\n";
    EXPECT_EQ(after(envelope), Code::protocol);
    envelope.content_type = std::string(256, 'x');
    EXPECT_EQ(after(envelope), Code::too_large);
    envelope = to_cat();
    envelope.itinerary.resize(64, parse_itinerary("cat").value());
    EXPECT_EQ(after(envelope), Code::too_large);
    envelope.itinerary.resize(63);
    EXPECT_EQ(after(envelope), Code::ok);
}

TEST(Envelope, IsBoundedInSize) {
    const Buffer bytes = Buffer::allocate(max_envelope + 1);  // never touched
    EXPECT_EQ(decode_envelope(bytes.bytes()).error().code, Code::too_large);
}

TEST(Envelope, HasItsDataOnce) {
    const std::string twice = std::string(encode(to_cat()).text()) +
                              "\x3A\x01"
                              "a\x3A\x01"
                              "b";
    const auto read = decode_envelope(Buffer::copy_of(twice).bytes());
    ASSERT_FALSE(read);
    EXPECT_EQ(read.error().detail, "Envelope: data twice");
}

}  // namespace
}  // namespace jetway::wire
