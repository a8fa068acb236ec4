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

inline Result<> check_test_address(const std::string& address) {
    if (address.starts_with("127.")) return success();
    return Error(Code::bad_file, quoted(std::string_view(address)) + " is not on loopback");
}

/// The text of a file under examples/.
inline std::string example(const std::string& name) {
    const std::string here = __FILE__;
    return read_file(here.substr(0, here.rfind("/src/")) + "/examples/" + name).value();
}

inline Rules rules_for_tests() {
    Rules rules;
    const std::string nothing(Kind::nothing);
    rules.kinds = {
        {"echo", {}, "", {}, ""},
        {"exec",
         {},
         "",
         {{"run", SettingType::command, "", "the command", {.required = true}}},
         ""},
        {"pty-server",
         {},
         "",
         {{"run", SettingType::command, "", "the program"},
          {"columns", SettingType::number, "80", "width in cells", {.least = 1, .most = 1000}}},
         "",
         nothing,
         "bytes"},
        {"parser-server", {}, "", {}, "", "bytes", "screen"},
        {"gpu-server",
         {},
         "",
         {{"scalar", SettingType::flag, "false", "no device"},
          {"device", SettingType::text, "any", "", {.choices = {"any", "opencl", "scalar"}}}},
         "jetway-gpu",
         "screen",
         "picture"},
        {"mp4-encoder",
         {"mp4-server", "encoder-server"},
         "",
         {{"output", SettingType::text, "", "the file"},
          {"fps", SettingType::number, "30", "pictures a second"},
          {"crf", SettingType::real, "20", "quality"},
          {"idle", SettingType::duration, "2s", "longest pause"}},
         "jetway-mp4",
         "picture",
         nothing},
        {"display-server",
         {},
         "",
         {{"listen", SettingType::text, "", "the address", {.check = check_test_address}}},
         "",
         "screen",
         nothing},
        {"recorder", {}, "", {{"output", SettingType::text, "", "the file"}}, "", "bytes", "bytes"},
        {"replayer",
         {},
         "",
         {{"input", SettingType::text, "", "the file", {.required = true}},
          {"speed",
           SettingType::real,
           "1",
           "seconds a second",
           {.least = 0.001, .most = 1000, .choices = {"max"}}}},
         "",
         nothing,
         "bytes"},
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
