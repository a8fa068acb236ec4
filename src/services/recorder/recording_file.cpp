#include "services/recorder/recording_file.hpp"

#include <cerrno>
#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

#include "base/log.hpp"

namespace jetway::recorder {
namespace {

constexpr std::size_t most_held = 64UL * 1024;
constexpr Duration flush_after = std::chrono::milliseconds(500);
constexpr int most_names = 1000;

}  // namespace

RecordingFile::~RecordingFile() {
    if (failure_) return;  // told when it happened
    if (const auto closed = close(); !closed) log::error("{}", closed.error().line());
}

Result<> RecordingFile::open(const std::string& path) {
    return open_with(path, 0);
}

Result<> RecordingFile::create(const std::string& stem) {
    for (int number = 1; number < most_names; ++number) {
        const std::string path = stem + (number == 1 ? "" : "-" + std::to_string(number)) + ".cast";
        if (::access(path.c_str(), F_OK) != 0) return open_with(path, O_EXCL);
    }
    return Error{Code::io, "too many files are named " + stem + "-N.cast"};
}

Result<> RecordingFile::open_with(const std::string& path, int flags) {
    path_ = path;
    descriptor_ =
        ::open(path.c_str(), flags | O_WRONLY | O_CREAT | O_CLOEXEC | O_NOCTTY | O_NONBLOCK, 0666);
    if (descriptor_ < 0) return fail(errno);
    if (::flock(descriptor_, LOCK_EX | LOCK_NB) != 0) {
        release();
        failure_ = Error{Code::already_running, "another recording goes into " + path};
        return *failure_;
    }
    if (::ftruncate(descriptor_, 0) != 0 && errno != EINVAL)
        return fail(errno);  // a device has no length
    return success();
}

Result<> RecordingFile::append(std::string_view lines) {
    if (failure_) return *failure_;
    held_.append(lines);
    if (held_.size() >= most_held) return flush();
    if (!flush_timer_ && !held_.empty()) {
        flush_timer_ = timer_.after(flush_after, [this] {
            // The next append tells.
            if (const auto flushed = flush(); !flushed) log::error("{}", flushed.error().line());
        });
    }
    return success();
}

Result<> RecordingFile::flush() {
    flush_timer_.reset();
    if (failure_) return *failure_;
    return write_held();
}

Result<> RecordingFile::close() {
    const Result<> flushed = flush();
    release();
    return flushed;
}

Result<> RecordingFile::write_held() {
    std::string_view rest = held_;
    while (!rest.empty()) {
        const ssize_t count = ::write(descriptor_, rest.data(), rest.size());
        if (count < 0 && errno == EINTR) continue;
        if (count <= 0) return fail(count == 0 ? ENOSPC : errno);
        rest.remove_prefix(static_cast<std::size_t>(count));
    }
    written_ += held_.size();
    held_.clear();
    return success();
}

/// The bytes of the failed write that did reach the file may end in the middle of a line.
Result<> RecordingFile::fail(int error_number) {
    failure_ = system_error(path_, error_number);
    held_.clear();
    if (descriptor_ >= 0 && ::ftruncate(descriptor_, static_cast<off_t>(written_)) != 0 &&
        errno != EINVAL) {
        log::error("{}", system_error("cannot cut back " + path_, errno).line());
    }
    release();
    return *failure_;
}

void RecordingFile::release() {
    if (descriptor_ >= 0) ::close(descriptor_);
    descriptor_ = -1;
}

}  // namespace jetway::recorder
