#include "base/result.hpp"

#include <cerrno>
#include <gtest/gtest.h>
#include <set>
#include <stdexcept>

namespace jetway {
namespace {

constexpr int last_code = static_cast<int>(Code::replaced);

Result<int> half(int value) {
    if (value % 2 != 0) return Error(Code::usage, "odd");
    return value / 2;
}

Result<int> quarter(int value) {
    JETWAY_ASSIGN(const int first, half(value));
    JETWAY_ASSIGN(const int second, half(first));
    return second;
}

Result<> only_even(int value) {
    JETWAY_TRY(half(value));
    return success();
}

TEST(Result, TheMacrosHandAnErrorOn) {
    EXPECT_EQ(quarter(12).value(), 3);
    EXPECT_EQ(quarter(6).error(), Error(Code::usage, "odd"));
    EXPECT_EQ(quarter(5).error().code, Code::usage);
    EXPECT_TRUE(only_even(2));
    EXPECT_FALSE(only_even(1));
}

TEST(Result, AskingAnErrorForItsValueIsOurMistake) {
    EXPECT_THROW((void)half(1).value(), std::logic_error);
}

TEST(Result, EveryCodeHasANameOfItsOwnAndAStatus) {
    std::set<std::string_view> names;
    for (int i = 0; i <= last_code; ++i) {
        const auto code = static_cast<Code>(i);
        EXPECT_TRUE(names.insert(code_name(code)).second) << code_name(code);
        EXPECT_NE(code_name(code), "E-UNKNOWN");
        EXPECT_EQ(exit_status(code) == 0, code == Code::ok) << code_name(code);
    }
}

TEST(Result, TheNumbersThatTravelNeverChange) {
    EXPECT_EQ(code_name(static_cast<Code>(1)), "E-NO-SERVICE");
    EXPECT_EQ(code_name(static_cast<Code>(3)), "E-NO-ROUTE");
    EXPECT_EQ(code_name(static_cast<Code>(17)), "E-CANCELLED");
    EXPECT_EQ(code_name(static_cast<Code>(18)), "E-PROTOCOL");
    EXPECT_EQ(code_name(static_cast<Code>(27)), "E-REPLACED");
}

TEST(Result, ACodeOfALaterVersionIsUnknownAndStillFails) {
    for (const int number : {last_code + 1, 1000, 65535}) {
        EXPECT_EQ(code_name(static_cast<Code>(number)), "E-UNKNOWN");
        EXPECT_NE(exit_status(static_cast<Code>(number)), 0);
    }
}

TEST(Error, IsOneLineOrFour) {
    const Error plain(Code::no_route, "cannot reach machine-c");
    EXPECT_EQ(plain.line(), "E-NO-ROUTE cannot reach machine-c");
    EXPECT_EQ(plain.text(), "E-NO-ROUTE  cannot reach machine-c");
    const Error full = Error(Code::no_route, "cannot reach machine-c")
                           .at("machine-b")
                           .because("silent")
                           .then("wait");
    EXPECT_EQ(full.text(),
              "E-NO-ROUTE  cannot reach machine-c\n  where     machine-b\n  evidence  silent\n  "
              "next      wait");
    EXPECT_EQ(Error(Code::timeout, "").line(), "E-TIMEOUT");
}

TEST(Error, OfASystemCallSaysWhatTheSystemSaid) {
    EXPECT_EQ(system_error("open /x", ENOENT),
              Error(Code::io, "open /x: No such file or directory"));
    EXPECT_EQ(system_error("bind", EADDRINUSE).code, Code::address_in_use);
}

}  // namespace
}  // namespace jetway
