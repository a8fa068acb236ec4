#include "io/signals.hpp"

#include <array>
#include <atomic>
#include <cerrno>
#include <csignal>
#include <cstdint>
#include <fcntl.h>
#include <memory>
#include <mutex>
#include <unistd.h>

#include "io/watch.hpp"

namespace jetway::io {
namespace {

std::uint64_t bit(int number) {
    return std::uint64_t{1} << (number - 1);
}

/// A pipe that a signal's number is written to. A handler may look at it at any moment, so none is
/// ever destroyed: who wants one takes one that nobody uses any more.
struct Ear {
    std::atomic<std::uint64_t> signals = 0;  // what it hears of
    std::array<int, 2> pipe{-1, -1};
    std::atomic<bool> used = true;
    Ear* next = nullptr;
};

std::mutex ears_mutex;  // of all but reading the list
std::atomic<Ear*> ears = nullptr;

void on_signal(int number) {
    const int error = errno;
    const auto byte = static_cast<std::uint8_t>(number);
    for (Ear* ear = ears.load(); ear != nullptr; ear = ear->next) {
        if ((ear->signals.load() & bit(number)) == 0) continue;
        const ssize_t written = write(ear->pipe[1], &byte, 1);
        (void)written;
    }
    errno = error;
}

Ear* take_ear() {
    for (Ear* ear = ears.load(); ear != nullptr; ear = ear->next) {
        if (!ear->used.exchange(true)) return ear;
    }
    auto made = std::make_unique<Ear>();
    if (pipe2(made->pipe.data(), O_CLOEXEC | O_NONBLOCK) != 0) return nullptr;
    made->next = ears.load();
    ears.store(made.get());
    return made.release();
}

void handle(std::uint64_t signals, void (*handler)(int)) {
    struct sigaction action{};
    action.sa_handler = handler;
    sigfillset(&action.sa_mask);
    for (int number = 1; number < NSIG; ++number) {
        if ((signals & bit(number)) != 0) sigaction(number, &action, nullptr);
    }
}

Ear* start_hearing(std::uint64_t signals) {
    const std::scoped_lock lock(ears_mutex);
    Ear* const ear = take_ear();
    if (ear == nullptr) return nullptr;
    ear->signals.store(signals);
    handle(signals, on_signal);
    return ear;
}

// What nobody hears of any more does again what it does by default.
void give_back_unheard(Ear& ear) {
    const std::scoped_lock lock(ears_mutex);
    std::uint64_t unheard = ear.signals.exchange(0);
    for (Ear* other = ears.load(); other != nullptr; other = other->next)
        unheard &= ~other->signals.load();
    handle(unheard, SIG_DFL);
}

void stop_hearing(Ear& ear) {
    give_back_unheard(ear);
    std::array<char, 64> late{};
    while (read(ear.pipe[0], late.data(), late.size()) > 0) {
    }
    ear.used = false;
}

/// One on_signal(), until it is cancelled.
class Listening final : public std::enable_shared_from_this<Listening>, WatchEvents {
public:
    Listening(EventLoop& loop, Ear& ear, std::function<void(int)> action)
        : ear_(ear),
          watch_(loop, ear.pipe[0], static_cast<WatchEvents&>(*this)),
          action_(std::move(action)) {
        watch_.wait_readable();
    }

    void cancel() {
        active_ = false;
        watch_.release();
        stop_hearing(ear_);
    }

private:
    void on_readable() override {
        const auto self = shared_from_this();  // the action may cancel
        std::array<std::uint8_t, 64> numbers{};
        const ssize_t got = read(watch_.descriptor(), numbers.data(), numbers.size());
        watch_.wait_readable();
        for (ssize_t i = 0; i < got && active_; ++i)
            action_(numbers.at(static_cast<std::size_t>(i)));
    }

    Ear& ear_;
    Watch watch_;
    std::function<void(int)> action_;
    bool active_ = true;
};

}  // namespace

Handle listen_for(EventLoop& loop, std::initializer_list<int> signals,
                  std::function<void(int)> action) {
    std::uint64_t wanted = 0;
    for (const int number : signals) wanted |= bit(number);
    Ear* const ear = start_hearing(wanted);
    if (ear == nullptr) return Handle();
    auto listening = std::make_shared<Listening>(loop, *ear, std::move(action));
    return Handle([listening] { listening->cancel(); });
}

}  // namespace jetway::io
