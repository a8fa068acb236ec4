#include "io/byte_stream.hpp"

#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <fcntl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "io/life.hpp"
#include "io/loop_parts.hpp"
#include "io/send_rate.hpp"
#include "io/watch.hpp"
#include "io/write_queue.hpp"

namespace jetway::io {
namespace {

// Reads that a broken stream still gets to bring what had arrived.
constexpr int last_reads = 64;
constexpr std::size_t most_descriptors = 4;

Error stream_error(std::string_view what, int number) {
    Error error = system_error(what, number);
    if (number == EPIPE || number == ECONNRESET) error.code = Code::closed;
    return error;
}

enum class Sort : std::uint8_t { socket, terminal, writer, other };

Sort sort_of(int descriptor, int flags) {
    struct stat status{};
    if (fstat(descriptor, &status) != 0) return Sort::other;
    if (S_ISSOCK(status.st_mode)) return Sort::socket;
    if (S_ISCHR(status.st_mode)) return Sort::terminal;
    return (flags & O_ACCMODE) == O_WRONLY ? Sort::writer : Sort::other;
}

// Before the close: what was not read must not turn it into a reset that overtakes our last words.
void end_socket(int descriptor) {
    std::array<char, 4096> discarded;
    shutdown(descriptor, SHUT_WR);
    for (int i = 0; i < last_reads; ++i) {
        if (recv(descriptor, discarded.data(), discarded.size(), MSG_DONTWAIT) <= 0) return;
    }
}

bool is_unix_socket(int descriptor) {
    int domain = 0;
    socklen_t size = sizeof domain;
    return getsockopt(descriptor, SOL_SOCKET, SO_DOMAIN, &domain, &size) == 0 && domain == AF_UNIX;
}

// One descriptor's ByteStream. Callbacks may destroy it: after each, `alive` says whether there is
// still an object.
class Stream final : public ByteStream, WatchEvents, AtTurnEnd {
public:
    Stream(EventLoop& loop, int descriptor, int flags)
        : loop_(loop),
          sort_(sort_of(descriptor, flags)),
          watch_(std::make_unique<Watch>(loop, descriptor, static_cast<WatchEvents&>(*this))),
          send_rate_(descriptor),
          was_blocking_((flags & O_NONBLOCK) == 0) {
        if (was_blocking_) fcntl(descriptor, F_SETFL, flags | O_NONBLOCK);
        if (watch_->failure() != 0) fail(system_error("watch", watch_->failure()));
    }
    ~Stream() override;

    void set_events(ByteStreamEvents* events) override { events_ = events; }
    void start_reading() override {
        if (ended_ || failed_ || !watch_) return;
        reading_ = true;
        watch_->wait_readable();
    }
    void pause_reading() override { reading_ = false; }
    void write(Buffer bytes) override;
    std::size_t queued() const override { return queue_.bytes(); }
    bool blocked() const override { return blocked_; }
    std::uint64_t rate() const override { return send_rate_.bytes_per_second(); }
    void flush() override;
    void finish_writing() override {
        finishing_ = true;
        at_turn_end();
    }
    int descriptor() const override { return watch_ ? watch_->descriptor() : -1; }
    int release() override {
        const std::unique_ptr<Watch> watch = std::move(watch_);
        return watch ? watch->release() : -1;
    }
    bool carries_descriptors() const override {
        return sort_ == Sort::socket && is_unix_socket(descriptor());
    }
    void write_with(Buffer bytes, Descriptor with) override;
    void keep_descriptors() override { keeping_ = true; }
    Descriptor take_descriptor() override;

private:
    void on_readable() override;
    void on_writable() override { go_on_when_there_is_room(); }
    void on_turn_end() override;
    void at_turn_end();
    void fail(Error error);
    void report_failure(const bool& destroyed);
    void queued_more();
    bool read_once();
    ssize_t read_into(Buffer& block);
    void keep(const msghdr& message);
    void read_rest(const bool& destroyed);
    void close_writing_half();
    void wait_for_room();
    void go_on_when_there_is_room();

    EventLoop& loop_;
    ByteStreamEvents* events_ = nullptr;
    Sort sort_;
    std::unique_ptr<Watch> watch_;  // nullptr once closed
    WriteQueue queue_;
    SendRate send_rate_;
    Handle room_;  // in the connection, expected
    ReadSize read_size_;
    std::optional<Error> failed_;
    LifeSlot life_;
    std::vector<Descriptor> kept_;  // that came, oldest first
    bool keeping_ = false;
    bool was_blocking_;
    bool reading_ = false;
    bool ended_ = false;      // nothing more is read
    bool finishing_ = false;  // the writing half is to be closed, or is
    bool blocked_ = false;    // the system takes no more for now
    bool undrained_ = false;  // on_drained is owed
    bool at_turn_end_ = false;
};

Stream::~Stream() {
    if (at_turn_end_) parts(loop_).turn_ends.remove(this);
    if (!watch_) return;
    if (was_blocking_) {
        const int flags = fcntl(watch_->descriptor(), F_GETFL);
        fcntl(watch_->descriptor(), F_SETFL, flags & ~O_NONBLOCK);
    } else if (sort_ == Sort::socket && !failed_) {
        end_socket(watch_->descriptor());
    }
}

void Stream::write(Buffer bytes) {
    if (failed_ || !watch_ || bytes.empty()) return;
    queue_.push(std::move(bytes));
    queued_more();
}

void Stream::write_with(Buffer bytes, Descriptor with) {
    if (failed_ || !watch_ || bytes.empty()) return;
    queue_.push(std::move(bytes), std::move(with));
    queued_more();
}

void Stream::queued_more() {
    undrained_ = true;
    if (blocked_) return;
    // More does not wait for the end of the turn: the system may as well begin.
    if (queue_.bytes() >= send_rate_.unsent()) flush();
    at_turn_end();
}

void Stream::at_turn_end() {
    if (at_turn_end_) return;
    at_turn_end_ = true;
    parts(loop_).turn_ends.add(this);
}

void Stream::flush() {
    if (failed_ || !watch_ || queue_.empty()) return;
    const Writing how = sort_ != Sort::socket     ? Writing::plain
                        : send_rate_.is_limited() ? Writing::socket_apart
                                                  : Writing::socket;
    const int error = queue_.write_to(watch_->descriptor(), how);
    if (error == EAGAIN || (error == 0 && send_rate_.is_reached())) {
        blocked_ = true;
        send_rate_.on_full(loop_.now());
        watch_->wait_writable();
    } else if (error != 0) {
        fail(stream_error("write", error));
    } else {
        wait_for_room();
    }
}

/// Nobody tells when enough has been acknowledged.
void Stream::wait_for_room() {
    const Duration time = send_rate_.until_room();
    blocked_ = time > Duration::zero();
    if (!blocked_) return;
    const Time now = loop_.now();
    send_rate_.on_full(now);
    room_ = loop_.at(now + time, [this] { go_on_when_there_is_room(); });
}

void Stream::go_on_when_there_is_room() {
    room_.release();
    wait_for_room();
    if (!blocked_) at_turn_end();
}

// Reported at the end of the turn, never from inside the call that found it.
void Stream::fail(Error error) {
    queue_.clear();
    failed_ = std::move(error);
    at_turn_end();
}

void Stream::on_turn_end() {
    Life life(life_);
    at_turn_end_ = false;
    if (!blocked_) flush();
    if (failed_) return report_failure(life.destroyed());
    if (!queue_.empty() || blocked_) return;
    if (undrained_) {
        undrained_ = false;
        if (events_ != nullptr) events_->on_drained();
        if (life.destroyed()) return;
    }
    if (finishing_ && queue_.empty() && !failed_) close_writing_half();
}

void Stream::close_writing_half() {
    if (!watch_) return;
    if (sort_ == Sort::socket) shutdown(watch_->descriptor(), SHUT_WR);
    if (sort_ == Sort::writer) watch_.reset();
}

void Stream::report_failure(const bool& destroyed) {
    if (reading_) read_rest(destroyed);
    if (destroyed || events_ == nullptr) return;
    ByteStreamEvents* events = std::exchange(events_, nullptr);
    const Error reason = *failed_;  // the stream may go in the call
    events->on_failed(reason);
}

// The other side may have said why before it went.
void Stream::read_rest(const bool& destroyed) {
    for (int i = 0; i < last_reads && !destroyed && reading_ && !ended_; ++i) {
        if (!read_once()) return;
    }
}

void Stream::on_readable() {
    if (!reading_ || ended_ || failed_) return;
    Life life(life_);
    read_once();
    if (!life.destroyed() && reading_ && !ended_ && !failed_) watch_->wait_readable();
}

ssize_t Stream::read_into(Buffer& block) {
    if (!keeping_) return read(watch_->descriptor(), block.mutable_data(), block.size());
    alignas(cmsghdr) std::array<char, CMSG_SPACE(sizeof(int) * most_descriptors)> control;
    iovec vector{block.mutable_data(), block.size()};
    msghdr message{};
    message.msg_iov = &vector;
    message.msg_iovlen = 1;
    message.msg_control = control.data();
    message.msg_controllen = control.size();
    const ssize_t got = recvmsg(watch_->descriptor(), &message, MSG_CMSG_CLOEXEC);
    if (got > 0 && message.msg_controllen != 0) keep(message);
    return got;
}

void Stream::keep(const msghdr& message) {
    for (cmsghdr* header = CMSG_FIRSTHDR(&message); header != nullptr;
         header = CMSG_NXTHDR(const_cast<msghdr*>(&message), header)) {
        if (header->cmsg_level != SOL_SOCKET || header->cmsg_type != SCM_RIGHTS) continue;
        const std::size_t count = (header->cmsg_len - CMSG_LEN(0)) / sizeof(int);
        for (std::size_t i = 0; i < count; ++i) {
            int number = -1;
            std::memcpy(&number, CMSG_DATA(header) + i * sizeof(int), sizeof(int));
            Descriptor descriptor(number);
            if (kept_.size() < most_descriptors) kept_.push_back(std::move(descriptor));
        }
    }
}

Descriptor Stream::take_descriptor() {
    if (kept_.empty()) return {};
    Descriptor first = std::move(kept_.front());
    kept_.erase(kept_.begin());
    return first;
}

// Hands on what one read gives. False when there is nothing now; with an end or a failure it is
// noted.
bool Stream::read_once() {
    Buffer& block = parts(loop_).read_blocks.take(read_size_.next());
    ssize_t got;
    do {
        got = read_into(block);
    } while (got < 0 && errno == EINTR);
    if (got > 0) {
        const auto size = static_cast<std::size_t>(got);
        // Little in a large block would hold the whole block alive.
        Buffer bytes = size >= block.size() / 2 ? block.slice(0, size)
                                                : Buffer::copy_of(block.bytes().first(size));
        read_size_.learn(size);
        if (events_ != nullptr) events_->on_read(std::move(bytes));
        return true;
    }
    if (got < 0 && errno == EAGAIN) return false;
    // EIO is how a terminal's master says that nobody holds the other side any more.
    if (got == 0 || (errno == EIO && sort_ == Sort::terminal)) {
        ended_ = true;
        reading_ = false;
        if (events_ != nullptr) events_->on_read_end();
    } else if (!failed_) {
        fail(stream_error("read", errno));
        reading_ = false;
    }
    return false;
}

}  // namespace

ByteStreamPtr adopt(EventLoop& loop, int descriptor) {
    return std::make_unique<Stream>(loop, descriptor, fcntl(descriptor, F_GETFL));
}

void open_missing_standard_descriptors() {
    for (const int descriptor : {STDIN_FILENO, STDOUT_FILENO, STDERR_FILENO}) {
        if (fcntl(descriptor, F_GETFD) < 0 && errno == EBADF &&
            open("/dev/null", O_RDWR) != descriptor)
            std::abort();  // the lowest that is free is this one
    }
}

Result<ByteStreamPtr> adopt_standard(EventLoop& loop, int descriptor) {
    struct stat status{};
    if (fstat(descriptor, &status) != 0) return system_error("standard descriptor", errno);
    int own = -1;
    // Another opening has a blocking mode of its own; a file must keep sharing its position.
    if (S_ISFIFO(status.st_mode) || S_ISCHR(status.st_mode)) {
        const int mode = fcntl(descriptor, F_GETFL) & O_ACCMODE;
        const std::string path = "/proc/self/fd/" + std::to_string(descriptor);
        own = open(path.c_str(), mode | O_NONBLOCK | O_CLOEXEC | O_NOCTTY);
    }
    if (own < 0) own = fcntl(descriptor, F_DUPFD_CLOEXEC, 3);
    if (own < 0) return system_error("standard descriptor", errno);
    return adopt(loop, own);
}

}  // namespace jetway::io
