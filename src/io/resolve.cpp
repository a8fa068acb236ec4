#include "io/resolve.hpp"

#include <atomic>
#include <cerrno>
#include <cstring>
#include <memory>
#include <netdb.h>
#include <sys/eventfd.h>
#include <system_error>
#include <thread>

#include "io/descriptor.hpp"
#include "io/watch.hpp"

namespace jetway::io {
namespace {

using Addresses = std::vector<SocketAddress>;

/// Shared with the thread that looks the name up, which nothing can hurry.
struct Question {
    std::string host;
    std::string port;
    Descriptor bell;  // rung when there is an answer
    Result<Addresses> answer = Addresses();
    std::atomic<bool> answered = false;
};

Result<Addresses> look_up(const Question& question) {
    addrinfo wanted{};
    wanted.ai_socktype = SOCK_STREAM;
    wanted.ai_flags = AI_NUMERICSERV;
    addrinfo* found = nullptr;
    const int error = getaddrinfo(question.host.c_str(), question.port.c_str(), &wanted, &found);
    const std::string what = "cannot resolve " + question.host;
    if (error == EAI_SYSTEM) return system_error(what, errno);
    if (error != 0) return Error{Code::io, what + ": " + gai_strerror(error)};
    Addresses addresses;
    for (const addrinfo* one = found; one != nullptr; one = one->ai_next) {
        SocketAddress& address = addresses.emplace_back();
        address.size = one->ai_addrlen;
        std::memcpy(&address.storage, one->ai_addr, one->ai_addrlen);
    }
    freeaddrinfo(found);
    return addresses;
}

void ask(Question& question) {
    question.answer = look_up(question);
    question.answered = true;
    eventfd_write(question.bell.get(), 1);
}

class Resolving final : WatchEvents {
public:
    Resolving(EventLoop& loop, std::shared_ptr<Question> question,
              std::function<void(Result<Addresses>)> resolved)
        : question_(std::move(question)),
          watch_(loop, question_->bell.get(), static_cast<WatchEvents&>(*this)),
          resolved_(std::move(resolved)) {
        watch_.wait_readable();
    }
    ~Resolving() { watch_.release(); }
    int failure() const { return watch_.failure(); }

private:
    void on_readable() override {
        if (!question_->answered) return watch_.wait_readable();
        const auto resolved = std::exchange(resolved_, nullptr);
        resolved(std::move(question_->answer));  // this may go in the call
    }

    std::shared_ptr<Question> question_;
    Watch watch_;
    std::function<void(Result<Addresses>)> resolved_;
};

/// 0, or the error number.
int start_thread(std::shared_ptr<Question> question) {
    try {
        std::thread([question = std::move(question)] { ask(*question); }).detach();
        return 0;
    } catch (const std::system_error& error) {
        return error.code().value();
    }
}

}  // namespace

Handle resolve(EventLoop& loop, const std::string& host, std::uint16_t port,
               std::function<void(Result<std::vector<SocketAddress>>)> resolved) {
    auto question = std::make_shared<Question>();
    question->host = host;
    question->port = std::to_string(port);
    question->bell = Descriptor(eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK));
    auto resolving = std::make_shared<Resolving>(loop, question, resolved);
    int error = resolving->failure();
    if (error == 0) error = start_thread(question);
    if (error == 0) return Handle([resolving] {});
    return loop.after({}, [resolved = std::move(resolved), error, host] {
        resolved(system_error("cannot resolve " + host, error));
    });
}

}  // namespace jetway::io
