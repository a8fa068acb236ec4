// Any bytes are a deployment or problems; rendering the problems and moving the deployment to
// loopback never fail.
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "deployment/loopback_map.hpp"

using namespace jetway;
using namespace jetway::deployment;

namespace {

Result<> check_name(std::string_view name) {
    if (!name.empty() && name.find_first_of("@|{};,/ \n\t") == std::string_view::npos)
        return success();
    return Error(Code::usage, "bad name");
}

Rules fuzz_rules() {
    Rules rules;
    rules.kinds = {
        {"echo", {}, "", {}, ""},
        {"exec", {}, "", {{"run", SettingType::command, "", "", {.required = true}}}, ""},
        {"mp4-encoder",
         {"mp4-server"},
         "",
         {{"fps", SettingType::number, "30", "", {.least = 1, .most = 120}},
          {"fast", SettingType::flag, "", ""},
          {"wait", SettingType::duration, "", ""},
          {"crf", SettingType::real, "", ""},
          {"output", SettingType::text, "", "", {.choices = {"one", "two"}}}},
         "jetway-mp4",
         "picture",
         std::string(Kind::nothing)}};
    rules.check_service_name = check_name;
    rules.check_machine_name = check_name;
    rules.check_pipeline = [](std::string_view text) {
        return text.empty() ? Result<>(Error(Code::usage, "empty")) : success();
    };
    return rules;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    static const Rules rules = fuzz_rules();
    const std::string_view text(reinterpret_cast<const char*>(data), size);
    const Loaded loaded = load(text, rules);
    if (loaded.deployment.has_value() == (loaded.errors > 0)) std::abort();
    std::size_t shown = 0;
    for (const Problem& problem : loaded.problems)
        shown += render(problem, "fuzz.yml", text).size();
    if (shown < loaded.problems.size()) std::abort();
    if (!loaded.deployment) return 0;
    const LoopbackMap map = map_to_loopback(*loaded.deployment);
    for (const Machine& machine : map.deployment.machines) {
        if (!unprotected(map.deployment, machine).empty()) std::abort();
    }
    return 0;
}
