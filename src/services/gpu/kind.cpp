// What a file may say about the service. In a file of its own: the daemon reads it without linking
// the rest.
#include "services/gpu/font.hpp"
#include "services/gpu/gpu.hpp"

namespace jetway::gpu {

const Kind kind{
    "gpu-server",
    {},
    "draws screens as pictures, on an OpenCL device or without one",
    {{"font", SettingType::text, std::string(default_font), "the TrueType file, monospaced"},
     {"font_size", SettingType::number, "18", "pixels"},
     {"format", SettingType::text, "i420", "of the pictures: i420 or rgba"},
     {"device", SettingType::text, "any", "any (OpenCL where there is one), opencl or scalar"}},
    "jetway-gpu"};

}  // namespace jetway::gpu
