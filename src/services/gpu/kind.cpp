// What a file may say about the service. In a file of its own: the daemon reads it without linking
// the rest.
#include "screen/diff.hpp"
#include "screen/picture.hpp"
#include "services/gpu/font.hpp"
#include "services/gpu/gpu.hpp"

namespace jetway::gpu {

const Kind kind{
    "gpu-server",
    {},
    "draws screens as pictures, on an OpenCL device or without one",
    {{"font", SettingType::text, std::string(default_font), "the TrueType file, monospaced"},
     {"font_size", SettingType::number, "18", "pixels, 6 to 96", {.least = 6, .most = 96}},
     {"format",
      SettingType::text,
      "i420",
      "of the pictures: i420 or rgba",
      {.choices = {"i420", "rgba"}}},
     {"device",
      SettingType::text,
      "any",
      "any (OpenCL where there is one), opencl or scalar",
      {.choices = {"any", "opencl", "scalar"}}}},
    "jetway-gpu",
    std::string(screen::screen_content_type),
    std::string(screen::picture_content_type),
    {"font", "font_size", "format", "device"}};

}  // namespace jetway::gpu
