// The file of a recording: appended line by line, written out at least every second, and never left
// with half a line when the disk is full. Private to the folder.
#pragma once

#include <string>

#include "base/result.hpp"
#include "base/timer.hpp"

namespace jetway::recorder {

class RecordingFile {
public:
    explicit RecordingFile(Timer& timer) : timer_(timer) {}
    RecordingFile(const RecordingFile&) = delete;
    RecordingFile& operator=(const RecordingFile&) = delete;
    ~RecordingFile();

    /// Creates or replaces the file. E-ALREADY-RUNNING when another recording goes into it, E-IO
    /// with the path.
    Result<> open(const std::string& path);
    /// Creates `stem`.cast, or `stem`-2.cast and so on when that is there already.
    Result<> create(const std::string& stem);
    bool is_open() const { return descriptor_ >= 0; }
    const std::string& path() const { return path_; }

    /// Appends whole lines. They are in the file after a second, after 64 KiB more, or at close().
    Result<> append(std::string_view lines);
    /// Writes out what is held. When that fails the file is cut back to its last whole line, is
    /// closed, and every later call gives the same error.
    Result<> flush();
    Result<> close();

private:
    Result<> open_with(const std::string& path, int flags);
    Result<> write_held();
    Result<> fail(int error_number);
    void release();

    Timer& timer_;
    std::string path_;
    int descriptor_ = -1;
    std::string held_;
    std::uint64_t written_ = 0;  // bytes of whole lines in the file
    std::optional<Error> failure_;
    Handle flush_timer_;
};

}  // namespace jetway::recorder
