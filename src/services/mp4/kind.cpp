// What a file may say about the service. In a file of its own: the daemon reads it without linking
// the rest.
#include "services/mp4/mp4.hpp"

namespace jetway::mp4 {

const Kind kind{"mp4-encoder",
                {"mp4-server", "encoder-server"},
                "writes pictures into an H.264 MP4 file",
                {{"output", SettingType::text, "SERVICE-MACHINE-TIME.mp4", "the file"},
                 {"fps", SettingType::number, "30", "pictures a second"},
                 {"crf", SettingType::number, "20", "quality: 0 (lossless) to 51"},
                 {"preset", SettingType::text, "veryfast", "of x264"}},
                "jetway-mp4"};

}  // namespace jetway::mp4
