// jetway: one binary for everything a machine of the mesh and a person at it do.
#include <cerrno>
#include <cstring>
#include <iostream>

#include "cli/command_line.hpp"
#include "cli/output.hpp"
#include "io/byte_stream.hpp"

int main(int argc, char** argv) {
    jetway::io::open_missing_standard_descriptors();
    const int status = jetway::cli::run_command_line(argc, argv);
    errno = 0;
    if (std::cout.flush()) return status;
    const int shown =
        jetway::cli::show_error(jetway::Error(jetway::Code::io, "cannot write standard output")
                                    .because(std::strerror(errno)));
    return status != 0 ? status : shown;
}
