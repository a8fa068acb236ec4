// jetway: one binary for everything a machine of the mesh and a person at it do.
#include "cli/command_line.hpp"

int main(int argc, char** argv) {
    return jetway::cli::run_command_line(argc, argv);
}
