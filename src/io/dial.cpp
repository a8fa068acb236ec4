// dial(): one attempt to connect, over every address a name has, within one deadline.

#include <cerrno>
#include <cstring>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <unistd.h>

#include "io/address.hpp"
#include "io/byte_stream.hpp"
#include "io/resolve.hpp"
#include "io/watch.hpp"

namespace jetway::io {
namespace {

// A Unix listener whose backlog is full says so at once; asking again is all one can do.
constexpr Duration backlog_retry = std::chrono::milliseconds(5);

// Lives in the loop's timer for the deadline until it has answered or was cancelled.
class Dial final : public std::enable_shared_from_this<Dial>, WatchEvents {
public:
    Dial(EventLoop& loop, std::string address, Connected connected)
        : loop_(loop), address_(std::move(address)), connected_(std::move(connected)) {}

    void start(Duration timeout);
    void cancel() {
        connected_ = nullptr;
        end();
    }

private:
    void begin();
    void try_next();
    void connect_to(const SocketAddress& target);
    void on_writable() override;
    void attempt_failed(int number);
    void finish(Result<ByteStreamPtr> result);
    void end();
    bool met_itself(int descriptor) const;

    EventLoop& loop_;
    std::string address_;
    Connected connected_;
    std::vector<SocketAddress> targets_;
    std::size_t tried_ = 0;
    int last_error_ = ECONNREFUSED;
    std::unique_ptr<Watch> watch_;
    Handle resolving_;
    Handle retry_;
    Handle deadline_;
};

void Dial::start(Duration timeout) {
    const auto text = [](Duration d) {
        return std::to_string(std::chrono::duration_cast<std::chrono::milliseconds>(d).count()) +
               " ms";
    };
    deadline_ = loop_.after(timeout, [self = shared_from_this(), waited = text(timeout)] {
        self->finish(Error{Code::timeout,
                           "cannot connect to " + self->address_ + ": no answer within " + waited});
    });
    loop_.post([weak = weak_from_this()] {
        if (const auto self = weak.lock()) self->begin();
    });
}

void Dial::begin() {
    auto parsed = parse_socket_address(address_);
    if (!parsed) return finish(parsed.error());
    if (parsed->host != AddressText::Host::name) {
        targets_ = {parsed->address};
        return try_next();
    }
    resolving_ = resolve(loop_, parsed->name, parsed->port,
                         [this](Result<std::vector<SocketAddress>> found) {
                             const auto self = shared_from_this();
                             if (!found) return finish(found.error());
                             targets_ = std::move(*found);
                             try_next();
                         });
}

void Dial::try_next() {
    if (tried_ >= targets_.size()) {
        return finish(system_error("cannot connect to " + address_, last_error_));
    }
    connect_to(targets_[tried_]);
}

void Dial::connect_to(const SocketAddress& target) {
    const int descriptor = socket(target.family(), SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (descriptor < 0) return attempt_failed(errno);
    watch_ = std::make_unique<Watch>(loop_, descriptor, static_cast<WatchEvents&>(*this));
    if (watch_->failure() != 0) return attempt_failed(watch_->failure());
    const int done = connect(descriptor, target.pointer(), target.size);
    if (done == 0 || errno == EINPROGRESS || errno == EINTR) return watch_->wait_writable();
    if (errno != EAGAIN) return attempt_failed(errno);
    watch_.reset();
    retry_ = loop_.after(backlog_retry, [this] { try_next(); });
}

void Dial::on_writable() {
    const auto self = shared_from_this();
    int error = 0;
    socklen_t size = sizeof error;
    const int descriptor = watch_->descriptor();
    if (getsockopt(descriptor, SOL_SOCKET, SO_ERROR, &error, &size) != 0) error = errno;
    if (error == 0 && met_itself(descriptor)) error = ECONNREFUSED;
    if (error != 0) return attempt_failed(error);
    const int on = 1;
    setsockopt(descriptor, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    finish(adopt(loop_, watch_->release()));
}

// Dialling a port of this host that nobody listens on may connect a socket to itself (simultaneous
// open, RFC 9293).
bool Dial::met_itself(int descriptor) const {
    SocketAddress ours;
    SocketAddress theirs;
    ours.size = theirs.size = sizeof(sockaddr_storage);
    if (getsockname(descriptor, ours.pointer(), &ours.size) != 0 || ours.family() == AF_UNIX)
        return false;
    if (getpeername(descriptor, theirs.pointer(), &theirs.size) != 0) return false;
    return ours.size == theirs.size && std::memcmp(&ours.storage, &theirs.storage, ours.size) == 0;
}

void Dial::attempt_failed(int number) {
    last_error_ = number;
    ++tried_;
    watch_.reset();
    try_next();
}

void Dial::finish(Result<ByteStreamPtr> result) {
    const auto self = shared_from_this();
    auto connected = std::exchange(connected_, nullptr);
    end();
    if (connected) connected(std::move(result));
}

void Dial::end() {
    const auto self = shared_from_this();  // the deadline's timer may hold the last one
    watch_.reset();
    resolving_.reset();
    retry_.reset();
    deadline_.reset();
}

}  // namespace

Handle dial(EventLoop& loop, const std::string& address, Duration timeout, Connected connected) {
    auto dial = std::make_shared<Dial>(loop, address, std::move(connected));
    dial->start(timeout);
    return Handle([weak = std::weak_ptr(dial)] {
        if (const auto self = weak.lock()) self->cancel();
    });
}

}  // namespace jetway::io
