#include "base/settings.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

namespace jetway {
namespace {

using namespace std::chrono_literals;

Settings sample() {
    Settings settings;
    settings.set("fps", "30");
    settings.set("scale", "1.5");
    settings.set("live", "yes");
    settings.set("after", "400ms");
    settings.set("word", "abc");
    settings.set("run", Settings::Values{"cat", "-n"});
    settings.set("none", Settings::Values{});
    return settings;
}

template <typename T>
Error bad_file(const Result<T>& result) {
    EXPECT_FALSE(result);
    const Error error = result ? Error() : result.error();
    EXPECT_EQ(error.code, Code::bad_file);
    return error;
}

TEST(Settings, GiveWhatIsThere) {
    const Settings settings = sample();
    EXPECT_EQ(settings.text("word", "x").value(), "abc");
    EXPECT_EQ(settings.number("fps", 25, 1, 60).value(), 30);
    EXPECT_EQ(settings.real("scale", 1).value(), 1.5);
    EXPECT_TRUE(settings.flag("live", false).value());
    EXPECT_EQ(settings.duration("after", 1s).value(), 400ms);
    EXPECT_EQ(*settings.find("run"), (Settings::Values{"cat", "-n"}));
    EXPECT_TRUE(settings.has("run"));
}

TEST(Settings, FallBackWhenAbsent) {
    const Settings settings;
    EXPECT_EQ(settings.text("word", "x").value(), "x");
    EXPECT_EQ(settings.number("fps", 25, 30, 60).value(),
              25);  // a fallback is not held against the range
    EXPECT_EQ(settings.real("scale", 2).value(), 2);
    EXPECT_TRUE(settings.flag("live", true).value());
    EXPECT_EQ(settings.duration("after", 1s).value(), 1s);
    EXPECT_FALSE(settings.has("run"));
}

TEST(Settings, NameTheKeyAndTheValueInTheirErrors) {
    const Settings settings = sample();
    EXPECT_EQ(bad_file(settings.number("word", 0, 1, 60)).detail,
              "word: \"abc\" is not a whole number from 1 to 60");
    EXPECT_EQ(bad_file(settings.flag("word", true)).detail, "word: \"abc\" is not true or false");
    EXPECT_EQ(bad_file(settings.real("word", 0)).detail, "word: \"abc\" is not a number");
    EXPECT_EQ(bad_file(settings.duration("fps", 0s)).detail,
              "fps: \"30\" is not a duration: write 400ms, 5s, 2m, 1h or 10us");
}

std::string problem_of(const SettingSpec& spec, const Settings::Values& values) {
    const Result<> checked = check_setting(spec, values);
    if (checked) return "";
    EXPECT_EQ(checked.error().code, Code::bad_file);
    return checked.error().detail + "; " + checked.error().next;
}

TEST(SettingLimits, OfANumberAreARangeAndWords) {
    const SettingSpec spec{"fps",
                           SettingType::number,
                           "",
                           "a second",
                           {.least = 1, .most = 100'000, .choices = {"max"}}};
    for (const std::string good : {"1", "30", "100000", "max"})
        EXPECT_EQ(problem_of(spec, {good}), "");
    for (const std::string bad : {"0", "100001", "", "1.5", "-3", "1e3"}) {
        EXPECT_EQ(problem_of(spec, {bad}),
                  "\"fps\" is a whole number from 1 to 100000 or max, not \"" + bad +
                      "\"; fps: a second");
    }
    EXPECT_THAT(problem_of(spec, {"mxa"}), testing::EndsWith("did you mean \"max\"?"));
    EXPECT_EQ(problem_of(spec, {"1", "2"}),
              "\"fps\" takes one value, not a list; write fps: VALUE");
}

TEST(SettingLimits, OfATextAreItsChoicesOrACheck) {
    const SettingSpec device{"device", SettingType::text, "", "", {.choices = {"any", "opencl"}}};
    EXPECT_EQ(problem_of(device, {"any"}), "");
    EXPECT_EQ(problem_of(device, {"opncl"}),
              "\"device\" is any or opencl, not \"opncl\"; did you mean \"opencl\"?");
    const auto refuse = [](const std::string& value) -> Result<> {
        return Error(Code::io, value + " is wrong").then("write right");
    };
    EXPECT_EQ(problem_of({"a", SettingType::text, "", "", {.check = refuse}}, {"this"}),
              "\"a\": this is wrong; write right");
}

TEST(SettingLimits, NeedAValueWhereOneIsRequired) {
    const SettingSpec input{"input", SettingType::text, "", "the file", {.required = true}};
    EXPECT_EQ(problem_of(input, {"a.cast"}), "");
    EXPECT_EQ(problem_of(input, {""}), "\"input\" needs a value; input: the file");
    EXPECT_EQ(problem_of(input, {}), "\"input\" needs a value; input: the file");
}

TEST(SettingLimits, OfAKindAreThoseOfItsSettingsThatAreThere) {
    const Kind kind{
        "k", {}, "", {{"fps", SettingType::number, "", "", {.least = 1, .most = 9}}}, ""};
    Settings settings;
    settings.set("session", "not of the kind");
    EXPECT_TRUE(check_settings(kind, settings));
    settings.set("fps", "10");
    EXPECT_EQ(check_settings(kind, settings).error().code, Code::bad_file);
}

TEST(Settings, ASingleValueIsNotAList) {
    const Settings settings = sample();
    EXPECT_EQ(bad_file(settings.text("run", "")).detail, "run: takes one value, not a list");
    EXPECT_EQ(bad_file(settings.text("none", "")).detail, "none: has no value");
    bad_file(settings.number("run", 0, 0, 1));
    bad_file(settings.real("run", 0));
    bad_file(settings.flag("run", false));
    bad_file(settings.duration("run", 0s));
}

TEST(Settings, ANumberKeepsToItsRangeAndIsNothingElse) {
    for (const std::string text :
         {"0", "61", "-1", "3x", "", " 3", "3.0", "0x3", "99999999999999999999"}) {
        Settings settings;
        settings.set("n", text);
        bad_file(settings.number("n", 5, 1, 60));
    }
    Settings settings;
    settings.set("n", "-9223372036854775808");
    EXPECT_EQ(settings.number("n", 0, INT64_MIN, INT64_MAX).value(), INT64_MIN);
}

TEST(Settings, ARealIsFinite) {
    for (const std::string text : {"inf", "nan", "1e999", "", "1.5s"}) {
        Settings settings;
        settings.set("r", text);
        bad_file(settings.real("r", 0));
    }
}

TEST(Duration, IsANumberWithAUnit) {
    EXPECT_EQ(parse_duration("5s").value(), 5s);
    EXPECT_EQ(parse_duration("400ms").value(), 400ms);
    EXPECT_EQ(parse_duration("10us").value(), 10us);
    EXPECT_EQ(parse_duration("2m").value(), 2min);
    EXPECT_EQ(parse_duration("1h").value(), 1h);
    EXPECT_EQ(parse_duration("1.5s").value(), 1500ms);
    EXPECT_EQ(parse_duration("0s").value(), 0s);
}

TEST(Duration, IsNothingElse) {
    for (const std::string_view text :
         {"", "5", "s", "-5s", "+5s", " 5s", "5 s", "5sec", "1e3s", "inf", "nans", "5s ", "0x5s",
          "99999999999h", "1h30m", "."}) {
        const auto duration = parse_duration(text);
        ASSERT_FALSE(duration) << text;
        EXPECT_EQ(duration.error().code, Code::usage);
    }
}

RC_GTEST_PROP(Duration, AnyTextIsADurationOrAnError, (const std::string& text)) {
    const auto duration = parse_duration(text);
    if (duration) RC_ASSERT(duration->count() >= 0);
}

TEST(Size, HasAUnit) {
    EXPECT_EQ(parse_size("64 MiB").value(), 64UL * 1024 * 1024);
    EXPECT_EQ(parse_size("512KiB").value(), 512UL * 1024);
    EXPECT_EQ(parse_size("1 GiB").value(), 1024UL * 1024 * 1024);
    for (const std::string_view text :
         {"", "64", "MiB", "-1 MiB", "64  MiB", "64 MB", "1.5 GiB", "64 MiB ", "99999999999 GiB"}) {
        EXPECT_FALSE(parse_size(text)) << text;
    }
    for (const std::string_view text : {"64 MiB", "512 KiB", "1 GiB", "1536 KiB", "2048 GiB"})
        EXPECT_EQ(size_text(parse_size(text).value()), text);
    EXPECT_EQ(size_text(1000), "1000 bytes");
}

TEST(Nearest, FindsAMistypedName) {
    const std::vector<std::string> names{"parser-server", "gpu-server", "mp4-encoder", "cat"};
    EXPECT_EQ(nearest("gpu-servr", names), "gpu-server");
    EXPECT_EQ(nearest("gpu-sevrer", names), "gpu-server");  // a swap is one edit
    EXPECT_EQ(nearest("GPU-Server", names), "gpu-server");
    EXPECT_EQ(nearest("cta", names), "cat");
    EXPECT_EQ(nearest("gpu-server", names), "gpu-server");
}

TEST(Nearest, FindsNothingBeyondAThirdOfTheLength) {
    EXPECT_EQ(nearest("display", {"parser-server", "cat"}), "");
    EXPECT_EQ(nearest("abcdef", {"abxxef"}), "abxxef");
    EXPECT_EQ(nearest("abcdef", {"axxxef"}), "");
    EXPECT_EQ(nearest("ab", {"ac"}), "");
    EXPECT_EQ(nearest("", {"", "a"}), "");
    EXPECT_EQ(nearest("abc", {}), "");
    EXPECT_EQ(nearest(std::string(1000, 'a'), {std::string(1000, 'a')}), "");
}

TEST(Nearest, TheClosestWinsAndTheFirstOfEquals) {
    EXPECT_EQ(nearest("abcdef", {"abcxxf", "abcdex"}), "abcdex");
    EXPECT_EQ(nearest("abcdef", {"abcdey", "abcdex"}), "abcdey");
}

}  // namespace
}  // namespace jetway
