// What the tests of this folder know: kinds like the real ones. The real kinds meet the loader in
// src/cli.
#pragma once

#include <string>
#include <string_view>

#include "deployment/deployment.hpp"

namespace jetway::deployment {

inline Result<> check_test_name(std::string_view name) {
    if (name.empty()) return Error(Code::usage, "a name is empty");
    if (name.find_first_of("@|{};,/ \t\n") == std::string_view::npos) return success();
    return Error(Code::usage, quoted(name) + " is not a name");
}

/// The text of a file under examples/.
inline std::string example(const std::string& name) {
    const std::string here = __FILE__;
    return read_file(here.substr(0, here.rfind("/src/")) + "/examples/" + name).value();
}

inline Rules rules_for_tests() {
    Rules rules;
    rules.kinds = {
        {"echo", {}, "", {}, ""},
        {"exec", {}, "", {{"run", SettingType::command, "", "the command"}}, ""},
        {"pty-server",
         {},
         "",
         {{"run", SettingType::command, "", "the program"},
          {"columns", SettingType::number, "80", "width in cells"}},
         ""},
        {"parser-server", {}, "", {}, ""},
        {"gpu-server", {}, "", {{"scalar", SettingType::flag, "false", "no device"}}, "jetway-gpu"},
        {"mp4-encoder",
         {"mp4-server", "encoder-server"},
         "",
         {{"output", SettingType::text, "", "the file"},
          {"fps", SettingType::number, "30", "pictures a second"},
          {"crf", SettingType::real, "20", "quality"},
          {"idle", SettingType::duration, "2s", "longest pause"}},
         "jetway-mp4"},
        {"display-server", {}, "", {}, ""},
        {"recorder", {}, "", {{"output", SettingType::text, "", "the file"}}, ""},
        {"replayer", {}, "", {{"input", SettingType::text, "", "the file"}}, ""},
    };
    rules.check_service_name = check_test_name;
    rules.check_machine_name = check_test_name;
    rules.check_pipeline = [](std::string_view text) -> Result<> {
        if (text.ends_with("|"))
            return Error(Code::usage,
                         "column " + std::to_string(text.size()) + ": a name is missing");
        return success();
    };
    return rules;
}

}  // namespace jetway::deployment
