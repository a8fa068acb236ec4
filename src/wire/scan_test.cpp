#include "wire/scan.hpp"

#include <gtest/gtest.h>
#include <string>

namespace jetway::wire {
namespace {

const Layout inner{"Inner", {}, 2};
const Field outer_fields[] = {
    {1, Field::Kind::text, 2, 4},
    {2, Field::Kind::bytes, 1, 4},
    {3, Field::Kind::body, 100, 0, &inner},
    {4, Field::Kind::numbers, 1, 80},
};
const Layout outer{"Outer", outer_fields};

Error scanned(const std::string& bytes) {
    const auto result =
        scan(Bytes(reinterpret_cast<const std::uint8_t*>(bytes.data()), bytes.size()), outer);
    return result ? Error() : result.error();
}

TEST(Scan, PassesWhatTheLayoutAllows) {
    EXPECT_EQ(scanned("").code, Code::ok);
    EXPECT_EQ(scanned("\x0A\x04text\x0A\x02zz\x12\x01\xFF").code, Code::ok);
}

TEST(Scan, SkipsFieldsItDoesNotKnow) {
    EXPECT_EQ(scanned("\x28\xAC\x02").code, Code::ok);  // 5: a number
    EXPECT_EQ(scanned(std::string("\x29", 1) + std::string(8, '\0')).code,
              Code::ok);  // 5: eight bytes
    EXPECT_EQ(scanned(std::string("\x2D", 1) + std::string(4, '\0')).code,
              Code::ok);                                        // 5: four bytes
    EXPECT_EQ(scanned("\x2A\x03\xFF\xFF\xFF").code, Code::ok);  // 5: bytes, text or not
}

TEST(Scan, NamesTheFieldThatIsTooLongOrTooFrequent) {
    EXPECT_EQ(scanned("\x0A\x05textx"),
              Error(Code::too_large, "Outer: field 1 has 5 bytes, at most 4"));
    EXPECT_EQ(scanned("\x0A\x01x\x0A\x01x\x0A\x01x"),
              Error(Code::too_large, "Outer: field 1 occurs more than 2 times"));
    EXPECT_EQ(scanned("\x0A\x02\xC3(").detail, "Outer: field 1 is not UTF-8");
}

TEST(Scan, RefusesABodyThatIsTooShortToBeValid) {
    EXPECT_EQ(scanned(std::string("\x1A\x02\x08\x01", 4)).code, Code::ok);
    EXPECT_EQ(scanned(std::string("\x1A\x01\x08", 3)), Error(Code::protocol, "Inner is too short"));
}

TEST(Scan, RefusesAKnownFieldWithoutALength) {
    EXPECT_EQ(scanned("\x08\x01"), Error(Code::protocol, "Outer: field 1 has no length"));
    EXPECT_EQ(scanned("\x21" + std::string(8, '\x01')).code, Code::protocol);  // numbers, unpacked
}

TEST(Scan, RefusesWhatIsNoMessage) {
    for (const std::string& bytes : {
             std::string("\x0A"),           // no length
             std::string("\x0A\x05text"),   // cut short
             std::string("\x80"),           // half a tag
             std::string("\0\0", 2),        // field 0
             std::string("\x0B\x0C"),       // a group
             std::string("\x0E\x01"),       // no such kind
             std::string("\x21\0\0\0", 4),  // eight bytes cut short
             std::string(
                 "\x08\x80\x80\x80\x80\x80\x80\x80\x80\x80\x80\x01"),  // a number of 11 bytes
             std::string("\x8A\x80\x80\x80\x80\x01\x01x"),             // a tag of 6 bytes
             std::string("\x8A\x80\x80\x80\x7F\x01x"),                 // a tag beyond 32 bits
             std::string("\x0A\xFF\xFF\xFF\xFF\xFF\x01"),              // an enormous length
         }) {
        EXPECT_EQ(scanned(bytes), Error(Code::protocol, "Outer is malformed"))
            << testing::PrintToString(bytes);
    }
}

}  // namespace
}  // namespace jetway::wire
