#include "cli/identity.hpp"

#include <array>
#include <cerrno>
#include <charconv>
#include <chrono>
#include <cstdio>
#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>
#include <utility>

#include "base/random.hpp"
#include "routing/link.hpp"

namespace jetway::cli {
namespace {

constexpr std::size_t longest_file = 64;  // bytes of a file with one number

/// The bytes of a small file; empty when there is none.
std::string read_small(const std::string& path) {
    const int descriptor = open(path.c_str(), O_RDONLY | O_CLOEXEC);
    if (descriptor < 0) return {};
    std::array<char, longest_file> bytes{};
    const ssize_t size = read(descriptor, bytes.data(), bytes.size());
    close(descriptor);
    return size > 0 ? std::string(bytes.data(), static_cast<std::size_t>(size)) : std::string();
}

/// 0 when the file is missing or has no number in it.
std::uint64_t read_number(const std::string& path, int base) {
    const std::string text = read_small(path);
    std::uint64_t value = 0;
    std::from_chars(text.data(), text.data() + text.size(), value, base);
    return value;
}

Result<> write_all(int descriptor, const std::string& text, const std::string& path) {
    if (write(descriptor, text.data(), text.size()) != static_cast<ssize_t>(text.size())) {
        return system_error("cannot write " + path, errno);
    }
    return success();
}

/// Replaces the file in one step, so that a crash leaves the old number or the new one.
Result<> write_number(const std::string& path, const std::string& text) {
    const std::string fresh = path + ".new";
    const int descriptor = open(fresh.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    if (descriptor < 0) return system_error("cannot create " + fresh, errno);
    const Result<> written = write_all(descriptor, text + "\n", fresh);
    close(descriptor);
    JETWAY_TRY(written);
    if (rename(fresh.c_str(), path.c_str()) != 0)
        return system_error("cannot replace " + path, errno);
    return success();
}

std::string hexadecimal(std::uint64_t number) {
    std::array<char, 17> text{};
    std::snprintf(text.data(), text.size(), "%016llx", static_cast<unsigned long long>(number));
    return text.data();
}

std::uint64_t wall_milliseconds() {
    const auto now = std::chrono::system_clock::now().time_since_epoch();
    return static_cast<std::uint64_t>(
        std::chrono::duration_cast<std::chrono::milliseconds>(now).count());
}

Result<routing::RouterId> router_id(const std::string& path) {
    routing::RouterId router = read_number(path, 16);
    if (router != 0 && router != ~routing::RouterId{0}) return router;
    while (router == 0 || router == ~routing::RouterId{0}) router = system_random();
    JETWAY_TRY(write_number(path, hexadecimal(router)));
    return router;
}

/// Later than that of any life before; unless one of these had a clock that nobody believes now.
std::uint64_t epoch_after(std::uint64_t last) {
    const std::uint64_t wall = wall_milliseconds();
    return last < routing::latest_epoch(wall) ? std::max(wall, last + 1) : wall;
}

}  // namespace

LockFile::LockFile(LockFile&& other) noexcept : descriptor_(std::exchange(other.descriptor_, -1)) {}

LockFile& LockFile::operator=(LockFile&& other) noexcept {
    std::swap(descriptor_, other.descriptor_);
    return *this;
}

LockFile::~LockFile() {
    if (descriptor_ >= 0) close(descriptor_);
}

Result<LockFile> LockFile::take(const std::string& path, const std::string& what) {
    const int descriptor = open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    if (descriptor < 0) return system_error("cannot open " + path, errno);
    LockFile lock(descriptor);
    if (flock(descriptor, LOCK_EX | LOCK_NB) != 0) {
        if (errno != EWOULDBLOCK) return system_error("cannot lock " + path, errno);
        const std::uint64_t pid = read_number(path, 10);
        const std::string holder = pid == 0 ? "another process" : "process " + std::to_string(pid);
        return Error(Code::already_running, what + " already runs: " + holder)
            .because(holder + " holds " + path)
            .then(pid == 0 ? "end that process first" : "end it: kill " + std::to_string(pid));
    }
    if (ftruncate(descriptor, 0) != 0) return system_error("cannot write " + path, errno);
    JETWAY_TRY(write_all(descriptor, std::to_string(getpid()) + "\n", path));
    return lock;
}

Result<Identity> take_identity(const std::string& folder, const std::string& what) {
    Identity identity;
    JETWAY_ASSIGN(identity.lock, LockFile::take(folder + "/lock", what));
    JETWAY_ASSIGN(identity.router, router_id(folder + "/router"));
    identity.epoch = epoch_after(read_number(folder + "/epoch", 10));
    JETWAY_TRY(write_number(folder + "/epoch", std::to_string(identity.epoch)));
    return identity;
}

}  // namespace jetway::cli
