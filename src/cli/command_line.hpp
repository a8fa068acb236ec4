// The command line: which verb, with which options. The one file that sees CLI11 is
// command_line.cpp.
#pragma once

namespace jetway::cli {

/// Runs the verb that the arguments name and returns the exit status of the process. Errors are
/// shown.
int run_command_line(int argc, char** argv);

}  // namespace jetway::cli
