// A VideoFile: pictures at times in, an H.264 MP4 file out (libavcodec with x264, libavformat). The
// file is fragmented while it grows, a fragment a second, so that it plays after a kill -9 or on a
// full disk; close() makes it seekable. The only file that sees FFmpeg is video_file.cpp.
#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "base/result.hpp"
#include "screen/picture.hpp"

namespace jetway::mp4 {

struct VideoOptions {
    std::uint32_t fps = 30;  // constant: gaps between pictures are filled with the one before
    std::uint32_t crf = 20;  // quality: 0 (lossless) to 51
    std::string preset = "veryfast";  // of x264
};

/// What is in the file.
struct VideoSummary {
    std::string path;
    std::uint64_t pictures = 0;
    double seconds = 0;
};

class VideoFile {
public:
    /// Makes (or replaces) `path` for pictures of that size; odd sides are padded to even ones.
    /// E-IO, E-USAGE for a preset or size that the encoder refuses.
    static Result<std::unique_ptr<VideoFile>> create(const std::string& path, std::uint32_t width,
                                                     std::uint32_t height,
                                                     const VideoOptions& options);
    /// Without close(): what was written stays, fragmented and playable up to the last whole
    /// fragment.
    ~VideoFile();
    VideoFile(const VideoFile&) = delete;
    VideoFile& operator=(const VideoFile&) = delete;

    /// The picture is shown from `us` (since the session's start) on. A time before the last one's
    /// replaces that picture. Of another size it is cut, or centred on black. After an error (E-IO:
    /// the disk is full) the file is cut back to its last whole fragment, and only the destructor
    /// may follow.
    Result<> add(const screen::Picture& picture, std::uint64_t us);
    /// Shows the last picture until `us` at least, then finishes the file and moves its index to
    /// the front.
    Result<VideoSummary> close(std::uint64_t us);

private:
    struct State;
    explicit VideoFile(std::unique_ptr<State> state);
    std::unique_ptr<State> state_;
};

}  // namespace jetway::mp4
