#include "cli/executable_kinds.hpp"

namespace jetway::cli {

const Kind gpu_kind{
    "gpu-server",
    {},
    "draws screens as pictures, on an OpenCL device or without one",
    {{"font", SettingType::text, "/usr/share/fonts/truetype/dejavu/DejaVuSansMono.ttf",
      "the TrueType file, monospaced"},
     {"font_size", SettingType::number, "18", "pixels"},
     {"format", SettingType::text, "i420", "of the pictures: i420 or rgba"},
     {"device", SettingType::text, "any", "any (OpenCL where there is one), opencl or scalar"}},
    "jetway-gpu"};

const Kind mp4_kind{"mp4-encoder",
                    {"mp4-server", "encoder-server"},
                    "writes pictures into an H.264 MP4 file",
                    {{"output", SettingType::text, "SERVICE-MACHINE-TIME.mp4", "the file"},
                     {"fps", SettingType::number, "30", "pictures a second"},
                     {"crf", SettingType::number, "20", "quality: 0 (lossless) to 51"},
                     {"preset", SettingType::text, "veryfast", "of x264"}},
                    "jetway-mp4"};

}  // namespace jetway::cli
