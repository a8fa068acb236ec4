// OpenCL drivers in tests. The loader looks for them once a process, so a test that cares runs in a
// process of its own: a death test of style "threadsafe", which starts the program anew.
#pragma once

#include <cstdlib>
#include <fstream>
#include <string>

#include "io/testing.hpp"

namespace jetway::gpu {

/// From here on this process is on a machine without a driver. To be made before OpenCL is first
/// used.
class NoDriver {
public:
    NoDriver() { ::setenv("OCL_ICD_VENDORS", empty_.path().c_str(), 1); }

private:
    io::TemporaryDirectory empty_;
};

/// Whether this process has loaded PoCL, the driver that is there for the tests.
inline bool driver_is_loaded() {
    std::ifstream maps("/proc/self/maps");
    for (std::string line; std::getline(maps, line);) {
        if (line.find("libpocl") != std::string::npos) return true;
    }
    return false;
}

}  // namespace jetway::gpu
