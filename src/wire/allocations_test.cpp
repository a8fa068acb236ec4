// What decoding costs in memory, at worst.
#include <gtest/gtest.h>

#include "base/counting/counting.hpp"
#include "wire/control.hpp"
#include "wire/envelope.hpp"

namespace jetway::wire {
namespace {

/// Bytes allocated while `action` runs, freed ones included.
template <typename F>
std::size_t cost_of(F action) {
    const std::size_t before = allocations().bytes;
    action();
    return allocations().bytes - before;
}

/// `body` as often as fits into a body of the largest size.
std::string repeated(std::string_view element, std::size_t most = max_record) {
    std::string result;
    while (result.size() + element.size() <= most) result += element;
    return result;
}

Bytes view(std::string_view text) {
    return {reinterpret_cast<const std::uint8_t*>(text.data()), text.size()};
}

template <typename T>
class Memory : public testing::Test {};
using Bodies = testing::Types<Setting, Stage, Open, Opened, Nack, NodeRecord, ServiceRecord,
                              DirectoryOp, DirectoryDelta, DirectorySnapshot, Offer>;
TYPED_TEST_SUITE(Memory, Bodies);

/// The tag and length of a delimited field below 2048.
std::string head(int field, char size) {
    if (field < 16) return {static_cast<char>(field << 3 | 2), size};
    return {static_cast<char>((field << 3 | 2) | 0x80), static_cast<char>(field >> 4), size};
}

/// Bytes allocated for a byte of input, at most. The costliest are changes with a nameless record.
constexpr std::size_t most_per_byte = 40;

TYPED_TEST(Memory, ManySmallElementsCostASmallMultipleOfTheirBytes) {
    for (int field = 1; field < 32; ++field) {
        for (const std::size_t size : {0U, 3U, 5U, 9U, 18U}) {
            for (int inner = 0; inner < 4; ++inner) {  // numbers, or empty elements of field 1 to 3
                std::string element = head(field, static_cast<char>(size));
                element +=
                    std::string(size, inner == 0 ? '\x08' : static_cast<char>(inner << 3 | 2));
                const std::string bytes = repeated(element);
                EXPECT_LT(cost_of([&] { (void)decode<TypeParam>(view(bytes)); }),
                          most_per_byte * max_record)
                    << field;
            }
        }
    }
}

TEST(Memory, ChangesOfACatalogueCostASmallMultipleOfTheirBytes) {
    const std::string start("\x09\1\0\0\0\0\0\0\0\x11\1\0\0\0\0\0\0\0", 18);
    const auto cost = [&start](std::string_view change, bool passes) {
        const std::string bytes = start + repeated(change, max_record - start.size());
        return cost_of([&] { EXPECT_EQ(decode<DirectoryDelta>(view(bytes)).has_value(), passes); });
    };
    EXPECT_LT(cost("\x2A\x05\x12\x03\x12\x01s", true), most_per_byte * max_record);
    EXPECT_LT(cost("\x2A\x08\x12\x06\x12\x01s\x32\x01"
                   "f",
                   true),
              most_per_byte * max_record);
    EXPECT_LT(cost(std::string_view("\x2A\0", 2), false), 1024U);
    EXPECT_LT(cost(std::string_view("\x2A\x02\x12\0", 4), false), 1024U);
}

TEST(Memory, NestingIsCutBeforeItIsBuilt) {
    std::string bytes;
    while (bytes.size() < max_open - 10) {  // each level wraps the last one
        std::string head = "\x1A";
        std::size_t size = bytes.size();
        for (; size >= 0x80; size >>= 7U) head.push_back(static_cast<char>(size | 0x80U));
        head.push_back(static_cast<char>(size));
        bytes.insert(0, head);
    }
    EXPECT_LT(cost_of([&] { EXPECT_FALSE(decode<Stage>(view(bytes))); }), 1024U);
}

TEST(Memory, ALargeEnvelopeIsCopiedOnce) {
    Envelope envelope;
    envelope.destination = "cat";
    envelope.data = Buffer::allocate(4UL * 1024 * 1024);
    std::fill_n(envelope.data.mutable_data(), envelope.data.size(), std::uint8_t{1});
    Buffer bytes;
    EXPECT_LT(cost_of([&] { bytes = encode(envelope); }), envelope.data.size() + 4096);
    EXPECT_LT(cost_of([&] { EXPECT_TRUE(decode_envelope(bytes.bytes())); }),
              envelope.data.size() + 4096);
}

TEST(Memory, AnEnvelopesHeadIsBoundedWhateverItsSize) {
    const std::string bytes = repeated(std::string("\x22\0", 2), 8UL * 1024 * 1024);
    EXPECT_LT(cost_of([&] { EXPECT_FALSE(decode_envelope(view(bytes))); }), 4 * max_open);
}

}  // namespace
}  // namespace jetway::wire
