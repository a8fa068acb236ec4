// From a path to a checked Deployment, with the rules of this program, and its problems shown to a
// person.
#pragma once

#include <string>
#include <vector>

#include "deployment/deployment.hpp"

namespace jetway::cli {

/// The kinds of kinds.hpp, and the grammar of names and pipelines.
deployment::Rules deployment_rules();

struct LoadedFile {
    std::string path;
    std::string text;
    deployment::Loaded loaded;
};

/// Reads and checks. E-IO when the file cannot be read; what is wrong inside is in
/// `loaded.problems`.
Result<LoadedFile> load_file(const std::string& path);

/// All problems as text, then a line that counts them; empty when there are none.
std::string shown_problems(const LoadedFile& file);

/// The deployment of a file that is to be run: problems go to standard error (warnings not, when
/// `quiet`); E-BAD-FILE when one is an error.
Result<deployment::Deployment> load_to_run(const std::string& path, bool quiet = false);

/// The machine of that name. E-USAGE that lists the machines; with one machine in the file the name
/// may be empty.
Result<const deployment::Machine*> find_machine(const deployment::Deployment& deployment,
                                                const std::string& name);

}  // namespace jetway::cli
