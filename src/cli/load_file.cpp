#include "cli/load_file.hpp"

#include <iostream>

#include "base/text.hpp"
#include "cli/kinds.hpp"
#include "simulate/failure.hpp"
#include "wire/control.hpp"

namespace jetway::cli {
namespace {

std::string counted(std::size_t number, const std::string& noun) {
    return std::to_string(number) + " " + noun + (number == 1 ? "" : "s");
}

/// Expectations name links and machines, which only the plan of the whole file knows.
void check_expectations(deployment::Loaded& loaded) {
    if (!loaded.deployment) return;
    const auto plan = simulate::plan_of(*loaded.deployment);
    for (const deployment::Expectation& expectation : loaded.deployment->expectations) {
        const auto failures = simulate::parse_failures(plan, expectation.fail);
        if (failures) continue;
        ++loaded.errors;
        loaded.problems.push_back({deployment::Severity::error, expectation.place,
                                   failures.error().detail, failures.error().next});
    }
    if (loaded.errors > 0) loaded.deployment.reset();
}

}  // namespace

deployment::Rules deployment_rules() {
    deployment::Rules rules;
    for (const ServiceMaker& maker : service_makers()) rules.kinds.push_back(*maker.kind);
    rules.check_service_name = wire::check_service_name;
    rules.check_machine_name = wire::check_machine_name;
    rules.check_pipeline = [](std::string_view text) -> Result<> {
        JETWAY_TRY(wire::parse_itinerary(text));
        return success();
    };
    return rules;
}

Result<LoadedFile> load_file(const std::string& path) {
    LoadedFile file;
    file.path = path;
    JETWAY_ASSIGN(file.text, deployment::read_file(path));
    file.loaded = deployment::load(file.text, deployment_rules());
    check_expectations(file.loaded);
    return file;
}

std::string shown_problems(const LoadedFile& file) {
    std::string result;
    for (const deployment::Problem& problem : file.loaded.problems) {
        result += deployment::render(problem, file.path, file.text);
    }
    const std::size_t hidden =
        file.loaded.errors + file.loaded.warnings - file.loaded.problems.size();
    if (hidden > 0) result += "and " + std::to_string(hidden) + " more\n";
    if (file.loaded.errors + file.loaded.warnings > 0) {
        result += file.path + ": " + counted(file.loaded.errors, "error") + ", " +
                  counted(file.loaded.warnings, "warning") + "\n";
    }
    return result;
}

Result<deployment::Deployment> load_to_run(const std::string& path, bool quiet) {
    JETWAY_ASSIGN(LoadedFile file, load_file(path));
    if (!quiet || file.loaded.errors > 0) std::cerr << shown_problems(file) << std::flush;
    if (file.loaded.deployment) return std::move(*file.loaded.deployment);
    return Error(Code::bad_file,
                 path + " has " + counted(file.loaded.errors, "error") + ", so nothing was started")
        .then("correct the file; jetway check " + path + " shows what is wrong");
}

Result<const deployment::Machine*> find_machine(const deployment::Deployment& deployment,
                                                const std::string& name) {
    const std::vector<std::string> names = deployment.machine_names();
    if (name.empty() && names.size() == 1) return &deployment.machines.front();
    if (name.empty()) {
        return Error(Code::usage, "which machine of the file is this one?")
            .then("--machine, one of: " + joined(names));
    }
    if (const deployment::Machine* machine = deployment.find(name)) return machine;
    const std::string near = nearest(name, names);
    return Error(Code::usage, "there is no machine " + deployment::quoted(name) + " in the file")
        .then(near.empty() ? "machines: " + joined(names) : "did you mean --machine " + near + "?");
}

}  // namespace jetway::cli
