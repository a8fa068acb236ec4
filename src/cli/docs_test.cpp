// The pages that list codes and settings are held against the code.
#include <gtest/gtest.h>

#include "base/result.hpp"
#include "cli/kinds.hpp"
#include "deployment/deployment.hpp"

namespace jetway::cli {
namespace {

std::string page(const std::string& name) {
    const std::string here = __FILE__;
    return deployment::read_file(here.substr(0, here.rfind("/src/")) + "/docs/" + name).value();
}

std::string type_name(SettingType type) {
    switch (type) {
        case SettingType::text:
            return "text";
        case SettingType::number:
            return "number";
        case SettingType::real:
            return "number with a fraction";
        case SettingType::flag:
            return "true or false";
        case SettingType::duration:
            return "time";
        case SettingType::command:
            return "command";
    }
    return "?";
}

/// The section of a kind as it must stand in docs/services.md.
std::string section(const Kind& kind) {
    std::string result = "## " + kind.name + "\n\n";
    for (const std::string& other : kind.other_names)
        result += (other == kind.other_names.front() ? "Also `" : ", `") + other + "`";
    if (!kind.other_names.empty()) result += ". ";
    std::string help = kind.help;
    help.front() = static_cast<char>(std::toupper(static_cast<unsigned char>(help.front())));
    result += help + ".\n";
    if (!kind.executable.empty()) result += "A process of its own: `" + kind.executable + "`.\n";
    if (kind.settings.empty()) return result + "\nNo settings.\n";
    result += "\n| setting | type | default | meaning |\n|---|---|---|---|\n";
    for (const SettingSpec& setting : kind.settings) {
        result += "| `" + setting.key + "` | " + type_name(setting.type) + " | " +
                  (setting.fallback.empty() ? "" : "`" + setting.fallback + "` ") + "| " +
                  setting.help + " |\n";
    }
    return result;
}

TEST(Docs, EveryCodeStandsInErrorsWithItsNumberAndExitStatus) {
    const std::string text = page("errors.md");
    for (int number = 1; code_name(static_cast<Code>(number)) != "E-UNKNOWN"; ++number) {
        const Code code = static_cast<Code>(number);
        const std::string row = "| `" + std::string(code_name(code)) + "` | " +
                                std::to_string(number) + " | " + std::to_string(exit_status(code)) +
                                " | ";
        EXPECT_NE(text.find(row), std::string::npos) << "docs/errors.md lacks: " << row;
    }
}

TEST(Docs, ErrorsNamesNoCodeThatDoesNotExist) {
    const std::string text = page("errors.md");
    const auto last = "| `" + std::string(code_name(Code::replaced)) + "`";
    EXPECT_EQ(text.find("| `E-", text.find(last) + 1), std::string::npos);
    EXPECT_EQ(code_name(static_cast<Code>(static_cast<int>(Code::replaced) + 1)), "E-UNKNOWN");
}

TEST(Docs, EveryKindStandsInServicesWithItsSettings) {
    const std::string text = page("services.md");
    for (const ServiceMaker& maker : service_makers()) {
        EXPECT_NE(text.find(section(*maker.kind)), std::string::npos) << "docs/services.md lacks:\n"
                                                                      << section(*maker.kind);
    }
}

}  // namespace
}  // namespace jetway::cli
