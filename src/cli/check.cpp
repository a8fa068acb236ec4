// jetway check: everything that is wrong with a file, all at once.
#include <boost/json.hpp>
#include <iostream>
#include <optional>

#include "cli/load_file.hpp"
#include "cli/verbs.hpp"

namespace jetway::cli {
namespace {

namespace json = boost::json;

/// `run` would refuse the file as it stands: one warning, at the first address, that names the
/// machines.
void add_unprotected(LoadedFile& file) {
    if (!file.loaded.deployment) return;
    std::string machines;
    std::optional<deployment::Problem> warning;
    for (const deployment::Machine& machine : file.loaded.deployment->machines) {
        const auto problems = deployment::unprotected(*file.loaded.deployment, machine);
        if (problems.empty()) continue;
        if (!warning) warning = problems.front();
        machines += (machines.empty() ? "" : ", ") + machine.name;
    }
    if (!warning) return;
    warning->message =
        "jetway run refuses " + machines + ": what leaves this host would not be encrypted";
    warning->meaning =
        "this version has no TLS: write insecure: true to allow it; jetway dev needs nothing";
    ++file.loaded.warnings;
    file.loaded.problems.push_back(std::move(*warning));
}

std::string as_json(const LoadedFile& file) {
    json::array problems;
    for (const deployment::Problem& problem : file.loaded.problems) {
        problems.push_back(json::object{
            {"severity", problem.severity == deployment::Severity::error ? "error" : "warning"},
            {"line", problem.place.line},
            {"column", problem.place.column},
            {"message", problem.message},
            {"meaning", problem.meaning}});
    }
    return json::serialize(json::object{{"file", file.path},
                                        {"errors", file.loaded.errors},
                                        {"warnings", file.loaded.warnings},
                                        {"problems", std::move(problems)}});
}

std::string summary(const LoadedFile& file) {
    std::size_t services = 0;
    for (const deployment::Machine& machine : file.loaded.deployment->machines)
        services += machine.services.size();
    return file.path + ": mesh " + file.loaded.deployment->mesh + ", " +
           counted(file.loaded.deployment->machines.size(), "machine") + ", " +
           counted(services, "service") + ", " +
           counted(file.loaded.deployment->pipelines.size(), "pipeline") + ": good to run\n";
}

}  // namespace

Result<int> check(const CheckOptions& options) {
    JETWAY_ASSIGN(LoadedFile file, load_file(options.file));
    add_unprotected(file);
    if (options.format == Format::json) {
        std::cout << as_json(file) << "\n";
    } else {
        std::cout << shown_problems(file);
        if (file.loaded.deployment) std::cout << summary(file);
    }
    return file.loaded.errors == 0 ? 0 : exit_status(Code::bad_file);
}

}  // namespace jetway::cli
