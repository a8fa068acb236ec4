// What a file may say about the services that are executables of their own. The daemon does not
// link them (OpenCL and FFmpeg stay out of it), so their settings are written here too; a test asks
// the executables whether it is the same.
#pragma once

#include "base/settings.hpp"

namespace jetway::cli {

extern const Kind gpu_kind;
extern const Kind mp4_kind;

}  // namespace jetway::cli
