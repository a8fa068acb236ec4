#include "services/parser/intake.hpp"

#include <gtest/gtest.h>

namespace jetway::parser {
namespace {

struct Heard final : IntakeEvents {
    void on_text(std::string_view bytes) override {
        text += bytes;
        calls.emplace_back(bytes);
    }
    void on_control_string(char introducer, std::string_view content) override {
        strings.push_back(introducer + std::string(content));
    }
    void write(std::string_view bytes) {
        intake.write(Bytes(reinterpret_cast<const std::uint8_t*>(bytes.data()), bytes.size()));
    }

    std::string text;
    std::vector<std::string> calls;
    std::vector<std::string> strings;
    Intake intake{*this};
};

TEST(Intake, KeepsControlStringsForItself) {
    Heard heard;
    heard.write("a\033]0;title\007b\033]2;other\033\\c\033Pdata\033\\d\033_app\033\\");
    heard.intake.flush();
    EXPECT_EQ(heard.text, "abcd");
    EXPECT_EQ(heard.strings, (std::vector<std::string>{"]0;title", "]2;other", "Pdata", "_app"}));
}

TEST(Intake, AControlStringThatIsCancelledIsForgotten) {
    Heard heard;
    heard.write("\033]0;bad\030\033]0;worse\033[1mx");
    heard.intake.flush();
    EXPECT_TRUE(heard.strings.empty());
    EXPECT_EQ(heard.text, "\033[1mx");
}

TEST(Intake, AnEndlessControlStringTakesNoMemory) {
    Heard heard;
    heard.write("\033]0;");
    for (int i = 0; i < 1000; ++i) heard.write(std::string(1000, 'x'));
    heard.write("\007");
    ASSERT_EQ(heard.strings.size(), 1U);
    EXPECT_EQ(heard.strings[0].size(), Intake::max_control_string + 1);
}

TEST(Intake, ACharacterAndItsMarksAreOneCall) {
    Heard heard;
    for (const char byte : std::string("xe\u0301y")) heard.write({&byte, 1});
    heard.intake.flush();
    EXPECT_EQ(heard.calls, (std::vector<std::string>{"x", "e\u0301", "y"}));
}

TEST(Intake, KeepsAFewMarksAndDropsAFlood) {
    Heard heard;
    std::string flood = "e";
    for (int i = 0; i < 10'000; ++i) flood += "\u0301";
    heard.write(flood + "f");
    heard.intake.flush();
    EXPECT_EQ(heard.text.size(), 1 + 2 * Intake::max_marks + 1);
}

TEST(Intake, BytesThatAreNotUtf8BecomeReplacementCharacters) {
    Heard heard;
    heard.write(
        "\xff\xc3"
        "a\x80\xe2\x82");
    heard.intake.flush();
    EXPECT_EQ(heard.text, "\ufffd\ufffda\ufffd");
    heard.write("\xac!");
    heard.intake.flush();
    EXPECT_EQ(heard.text, "\ufffd\ufffda\ufffd\u20ac!");
}

TEST(Intake, TextThatIsNotAsciiEndsItsCallBeforeAsciiFollows) {
    Heard heard;
    heard.write("ab\u20ac\u20acc");
    heard.intake.flush();
    EXPECT_EQ(heard.calls, (std::vector<std::string>{"ab\u20ac\u20ac", "c"}));
}

TEST(Intake, DropsSingleShifts) {
    Heard heard;
    heard.write("a\033Nb\033Oc\033Dd");
    heard.intake.flush();
    EXPECT_EQ(heard.text, "abc\033Dd");
}

}  // namespace
}  // namespace jetway::parser
