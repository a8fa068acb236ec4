// What a file may say about the service. In a file of its own: the daemon reads it without linking
// the rest.
#include "screen/picture.hpp"
#include "services/mp4/mp4.hpp"

namespace jetway::mp4 {

const Kind kind{
    "mp4-encoder",
    {"mp4-server", "encoder-server"},
    "writes pictures into an H.264 MP4 file",
    {{"output", SettingType::text, "SERVICE-MACHINE-TIME.mp4", "the file; an old one is replaced"},
     {"fps", SettingType::number, "30", "pictures a second, 1 to 120", {.least = 1, .most = 120}},
     {"crf", SettingType::number, "20", "quality: 0 (lossless) to 51", {.least = 0, .most = 51}},
     {"preset",
      SettingType::text,
      "veryfast",
      "of x264, ultrafast to placebo",
      {.choices = {"ultrafast", "superfast", "veryfast", "faster", "fast", "medium", "slow",
                   "slower", "veryslow", "placebo"}}}},
    "jetway-mp4",
    std::string(screen::picture_content_type),
    std::string(Kind::nothing),
    {"output", "fps", "crf", "preset"}};

}  // namespace jetway::mp4
