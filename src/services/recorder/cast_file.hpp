// A recording read from disk, event by event, holding one line at a time. Private to the folder.
#pragma once

#include <optional>
#include <string>

#include "services/recorder/cast.hpp"

namespace jetway::recorder {

class CastFile {
public:
    CastFile() = default;
    CastFile(const CastFile&) = delete;
    CastFile& operator=(const CastFile&) = delete;
    ~CastFile();

    /// Opens a regular file and reads its header. E-IO, E-BAD-FILE, E-UNSUPPORTED: the detail
    /// begins with the path and, where it helps, the line.
    Result<> open(const std::string& path);
    const CastHeader& header() const { return *reader_.header(); }
    /// The next event, or nothing at the end. A last line without its end that makes no sense is a
    /// recording that was cut, not an error.
    Result<std::optional<CastEvent>> next();

private:
    Result<bool> read_line();
    Result<bool> fill();
    Error located(Error error) const;

    std::string path_;
    int descriptor_ = -1;
    CastReader reader_;
    std::string held_;  // read, from `at_` on not yet looked at
    std::size_t at_ = 0;
    std::string line_;
    bool line_whole_ = false;  // it ended with a newline
    std::uint64_t number_ = 0;
};

}  // namespace jetway::recorder
