#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include "wire/control.hpp"

namespace jetway::wire {
namespace {

std::string refusal(const Result<>& result) {
    EXPECT_FALSE(result);
    if (result) return {};
    EXPECT_EQ(result.error().code, Code::usage);
    return result.error().detail;
}

TEST(Name, MayHaveAnyLetters) {
    for (const std::string name :
         {"cat", "gpu-server", "mp4_encoder.2", "größe", "監視", "a#b", "x:y", "😀", "...", "-"}) {
        EXPECT_TRUE(check_service_name(name)) << name;
        EXPECT_TRUE(check_machine_name(name)) << name;
    }
}

TEST(Name, TheErrorNamesTheCharacter) {
    for (const char c : std::string("@|{};,/")) {
        const std::string name = std::string("a") + c + "b";
        EXPECT_EQ(refusal(check_service_name(name)),
                  "\"" + name + "\": the name of a service may not contain '" + c + "'");
    }
    EXPECT_EQ(refusal(check_machine_name("a b")),
              "\"a b\": the name of a machine may not contain a space");
    EXPECT_EQ(refusal(check_service_name("a\tb")),
              "\"a?b\": the name of a service may not contain U+0009");
    EXPECT_EQ(refusal(check_service_name("a\u00A0b")),
              "\"a\u00A0b\": the name of a service may not contain U+00A0");
    EXPECT_EQ(refusal(check_service_name("a\u200Db")),
              "\"a?b\": the name of a service may not contain U+200D");
    EXPECT_EQ(refusal(check_service_name("#a")),
              "\"#a\": the name of a service may not begin with '#'");
    EXPECT_EQ(refusal(check_service_name("")), "\"\": the name of a service may not be empty");
    EXPECT_EQ(refusal(check_machine_name("..")), "\"..\": the name of a machine may not be that");
    EXPECT_EQ(refusal(check_machine_name("\xFF")), "\"?\": the name of a machine must be UTF-8");
}

TEST(Name, IsBoundedInBytes) {
    EXPECT_TRUE(check_service_name(std::string(255, 'x')));
    refusal(check_service_name(std::string(256, 'x')));
    EXPECT_TRUE(check_machine_name(std::string(64, 'x')));
    refusal(check_machine_name(std::string(65, 'x')));
}

TEST(Address, IsAServiceAndPerhapsAMachine) {
    EXPECT_EQ(parse_address("gpu-server").value(), (Address{"gpu-server", ""}));
    EXPECT_EQ(parse_address("gpu-server@machine-c").value(), (Address{"gpu-server", "machine-c"}));
    EXPECT_EQ(parse_address("gpu-server@machine-c")->text(), "gpu-server@machine-c");
    EXPECT_EQ(parse_address("gpu-server")->text(), "gpu-server");
}

TEST(Address, IsNothingElse) {
    for (const std::string_view text :
         {"", "@", "a@", "@b", "a@b@c", "a b", "a@b c", " a", "a ", "a@b/c", "a\n"}) {
        const auto address = parse_address(text);
        ASSERT_FALSE(address) << text;
        EXPECT_EQ(address.error().code, Code::usage);
    }
    EXPECT_TRUE(parse_address(std::string(255, 'x') + "@" + std::string(64, 'y')));
    EXPECT_FALSE(parse_address(std::string(256, 'x')));
}

RC_GTEST_PROP(Address, OfAnyTextIsItselfAgainOrAnError, ()) {
    const auto text = *rc::gen::container<std::string>(
        rc::gen::oneOf(rc::gen::arbitrary<char>(), rc::gen::element('a', 'b', '@', '-', '.')));
    const auto address = parse_address(text);
    RC_CLASSIFY(address.has_value());
    if (address) {
        RC_ASSERT(address->text() == text);
        RC_ASSERT(text.size() <= max_address);
    }
}

}  // namespace
}  // namespace jetway::wire
