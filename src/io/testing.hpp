// For tests of whatever stands on io: a loop with a deadline, a directory of its own, a free port,
// a stream's events.
#pragma once

#include <arpa/inet.h>
#include <array>
#include <cstdlib>
#include <filesystem>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <optional>
#include <string>
#include <sys/socket.h>
#include <unistd.h>

#include "io/byte_stream.hpp"
#include "io/event_loop.hpp"

namespace jetway::io {

/// Runs the loop until `done` holds; false when that takes longer than any test should.
inline bool run_until(EventLoop& loop, const std::function<bool()>& done,
                      Duration patience = std::chrono::seconds(30)) {
    return loop.run_until(done, loop.now() + patience);
}

/// Lets the loop handle what is ready, and nothing else.
inline void settle(EventLoop& loop) {
    int turns = 0;
    Handle timer;
    std::function<void()> next = [&] {
        if (++turns < 20) timer = loop.after({}, next);
    };
    next();
    run_until(loop, [&] { return turns == 20; });
}

class TemporaryDirectory {
public:
    TemporaryDirectory() {
        std::string pattern = (std::filesystem::temp_directory_path() / "jetway-XXXXXX").string();
        path_ = mkdtemp(pattern.data());
    }
    ~TemporaryDirectory() {
        std::error_code ignored;
        std::filesystem::remove_all(path_, ignored);
    }
    TemporaryDirectory(const TemporaryDirectory&) = delete;
    TemporaryDirectory& operator=(const TemporaryDirectory&) = delete;
    const std::string& path() const { return path_; }
    std::string operator/(const std::string& name) const { return path_ + "/" + name; }

private:
    std::string path_;
};

/// An address on 127.0.0.1 that nobody listens on right now.
inline std::string free_address() {
    const int descriptor = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof address;
    auto* pointer = reinterpret_cast<sockaddr*>(&address);
    const bool bound =
        bind(descriptor, pointer, size) == 0 && getsockname(descriptor, pointer, &size) == 0;
    EXPECT_TRUE(bound);
    close(descriptor);
    return "127.0.0.1:" + std::to_string(ntohs(address.sin_port));
}

/// Remembers everything that happens to a stream.
struct StreamRecord : ByteStreamEvents {
    explicit StreamRecord(ByteStream* stream = nullptr) { watch(stream); }
    virtual ~StreamRecord() = default;

    void watch(ByteStream* stream) {
        if (stream == nullptr) return;
        stream->set_events(this);
        stream->start_reading();
    }

    void on_read(Buffer bytes) override {
        ++reads;
        received += bytes.size();
        if (keep) text.append(bytes.text());
    }
    void on_read_end() override { ended = true; }
    void on_drained() override { ++drained; }
    void on_failed(const Error& error) override { failure = error; }

    bool keep = true;
    std::string text;
    std::size_t received = 0;
    int reads = 0;
    int drained = 0;
    bool ended = false;
    std::optional<Error> failure;
};

/// Two streams that are joined, as a Unix socket pair.
struct StreamPair {
    explicit StreamPair(EventLoop& loop) {
        std::array<int, 2> ends{};
        EXPECT_EQ(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, ends.data()),
                  0);
        left = adopt(loop, ends[0]);
        right = adopt(loop, ends[1]);
    }
    ByteStreamPtr left;
    ByteStreamPtr right;
};

}  // namespace jetway::io
