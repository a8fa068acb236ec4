#include "services/recorder/cast_file.hpp"

#include <cerrno>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

namespace jetway::recorder {
namespace {

constexpr std::size_t piece = 64UL * 1024;

}  // namespace

CastFile::~CastFile() {
    if (descriptor_ >= 0) ::close(descriptor_);
}

Result<> CastFile::open(const std::string& path) {
    path_ = path;
    descriptor_ = ::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
    struct stat status{};
    if (descriptor_ < 0 || ::fstat(descriptor_, &status) != 0) return system_error(path, errno);
    if (!S_ISREG(status.st_mode)) return Error{Code::bad_file, path + " is not a file"};
    while (!reader_.header()) {
        JETWAY_ASSIGN(const bool more, read_line());
        if (!more) return Error{Code::bad_file, path + " is empty: not a recording"};
        if (const auto read = reader_.line(line_); !read) return located(read.error());
    }
    return success();
}

Result<std::optional<CastEvent>> CastFile::next() {
    for (;;) {
        JETWAY_ASSIGN(const bool more, read_line());
        if (!more) return std::optional<CastEvent>();
        auto event = reader_.line(line_);
        if (!event && !line_whole_) return std::optional<CastEvent>();
        if (!event) return located(event.error());
        if (*event) return event;
    }
}

/// Into line_; false at the end of the file.
Result<bool> CastFile::read_line() {
    line_.clear();
    ++number_;
    for (;;) {
        const std::size_t end = held_.find('\n', at_);
        line_.append(held_, at_, end == std::string::npos ? end : end - at_);
        line_whole_ = end != std::string::npos;
        at_ = line_whole_ ? end + 1 : held_.size();
        if (line_.size() > most_line) return located({Code::bad_file, "the line is too long"});
        if (line_whole_) return true;
        JETWAY_ASSIGN(const bool more, fill());
        if (!more) return !line_.empty();
    }
}

/// The next piece of the file into held_, of which everything has been looked at.
Result<bool> CastFile::fill() {
    held_.resize(piece);
    at_ = 0;
    ssize_t count = -1;
    do {
        count = ::read(descriptor_, held_.data(), held_.size());
    } while (count < 0 && errno == EINTR);
    if (count < 0) return system_error(path_, errno);
    held_.resize(static_cast<std::size_t>(count));
    return count > 0;
}

Error CastFile::located(Error error) const {
    error.detail = path_ + ":" + std::to_string(number_) + ": " + error.detail;
    return error;
}

}  // namespace jetway::recorder
