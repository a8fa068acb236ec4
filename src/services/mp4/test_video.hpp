// Pictures to film, and a look at the video that became of them, for tests.
#pragma once

#include <array>
#include <cstdio>
#include <cstdlib>
#include <string>

#include "screen/picture.hpp"

namespace jetway::mp4 {

/// A bright bar on grey that moves with `step`.
inline screen::Picture bar(std::uint32_t width, std::uint32_t height, std::uint32_t step) {
    screen::Picture picture(screen::Format::i420, width, height);
    for (std::uint32_t y = 0; y < height; ++y) {
        for (std::uint32_t x = 0; x < width; ++x) {
            picture.pixels[y * width + x] = (x / 8) % 16 == step % 16 ? 230 : 60;
        }
    }
    return picture;
}

/// What a command of FFmpeg prints.
inline std::string output_of(const std::string& command) {
    std::string text;
    std::FILE* pipe = ::popen(command.c_str(), "r");
    if (pipe == nullptr) return text;
    std::array<char, 4096> bytes{};
    while (const std::size_t count = std::fread(bytes.data(), 1, bytes.size(), pipe))
        text.append(bytes.data(), count);
    ::pclose(pipe);
    return text;
}

inline double duration_of(const std::string& path) {
    return std::strtod(
        output_of("ffprobe -v error -show_entries format=duration -of csv=p=0 " + path).c_str(),
        nullptr);
}

inline int decoded_pictures(const std::string& path) {
    return static_cast<int>(
        std::strtol(output_of("ffprobe -v quiet -count_frames -select_streams v -show_entries "
                              "stream=nb_read_frames -of csv=p=0 " +
                              path)
                        .c_str(),
                    nullptr, 10));
}

inline std::string stream_of(const std::string& path) {
    return output_of(
        "ffprobe -v error -select_streams v -show_entries stream=codec_name,width,height,pix_fmt "
        "-of csv=p=0 " +
        path);
}

}  // namespace jetway::mp4
