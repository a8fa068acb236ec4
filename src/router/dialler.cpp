#include "router/dialler.hpp"

#include <algorithm>

namespace jetway::router {
namespace {

constexpr Duration shortest_wait = std::chrono::milliseconds(50);
constexpr Duration longest_wait = std::chrono::seconds(10);
constexpr std::uint32_t doublings = 8;  // 50 ms x 2^8 > 10 s

}  // namespace

Dialler::Dialler(Timer& timer, Random& random, const Transport& transport, std::string address,
                 std::function<void(ConnectionPtr)> connected)
    : timer_(timer),
      random_(random),
      transport_(transport),
      address_(std::move(address)),
      connected_(std::move(connected)),
      since_(timer.now()) {}

void Dialler::enter(State state) {
    if (state_ != state) since_ = timer_.now();
    state_ = state;
}

void Dialler::dial() {
    enter(State::dialling);
    ++attempts_;
    pending_ = transport_.dial(address_, [this](Result<ConnectionPtr> connection) {
        pending_.release();
        if (!connection) {
            last_error_ = std::move(connection).error();
            ++failures_;
            return wait();
        }
        enter(State::up);
        connected_(std::move(*connection));
    });
}

void Dialler::wait() {
    enter(State::waiting);
    const Duration whole =
        std::min(longest_wait, shortest_wait * (1U << std::min(failures_, doublings)));
    const auto jitter = Duration(
        static_cast<std::int64_t>(random_.below(static_cast<std::uint64_t>(whole.count()) / 2)));
    pending_ = timer_.after(whole - jitter, [this] {
        pending_.release();
        dial();
    });
}

void Dialler::lost(const Error& reason, bool was_usable) {
    if (state_ != State::up) return;
    if (reason.code != Code::replaced) last_error_ = reason;
    failures_ = was_usable ? 0 : failures_ + 1;
    wait();
}

void Dialler::rest() {
    pending_.reset();
    enter(State::resting);
}

void Dialler::resume() {
    if (state_ != State::resting) return;
    failures_ = 0;
    wait();
}

void Dialler::stop() {
    pending_.reset();
    enter(State::idle);
}

std::string_view to_string(Dialler::State state) {
    switch (state) {
        case Dialler::State::idle:
            return "stopped";
        case Dialler::State::waiting:
            return "waiting";
        case Dialler::State::dialling:
            return "dialling";
        case Dialler::State::up:
        case Dialler::State::resting:  // over the other side's link
            return "up";
    }
    return "unknown";
}

}  // namespace jetway::router
