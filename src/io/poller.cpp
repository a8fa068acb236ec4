#include "io/poller.hpp"

#include <algorithm>
#include <cerrno>
#include <span>
#include <sys/eventfd.h>
#include <sys/timerfd.h>
#include <system_error>

#include "io/watch.hpp"

namespace jetway::io {
namespace {

int must(int result, const char* what) {
    if (result < 0) throw std::system_error(errno, std::generic_category(), what);
    return result;
}

}  // namespace

Poller::Poller()
    : epoll_(must(epoll_create1(EPOLL_CLOEXEC), "epoll")),
      bell_(must(eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK), "eventfd")),
      alarm_(must(timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC | TFD_NONBLOCK), "timerfd")) {
    for (Descriptor* const own : {&bell_, &alarm_}) {
        epoll_event event{};
        event.events = EPOLLIN | EPOLLET;  // told once each time: nobody has to read it
        event.data.ptr = own;
        must(epoll_ctl(epoll_.get(), EPOLL_CTL_ADD, own->get(), &event), "epoll_ctl");
    }
}

// An alarm that is set for earlier stays: it rings for nothing once, which costs less than to set
// it anew for each message that puts a timer off.
bool Poller::sleeps_until(Time until) {
    if (until >= alarm_set_for_) return true;
    if (until <= std::chrono::steady_clock::now()) return false;
    const Duration time = until.time_since_epoch();
    const auto seconds = std::chrono::floor<std::chrono::seconds>(time);
    const itimerspec when{{}, {seconds.count(), (time - seconds).count()}};
    if (timerfd_settime(alarm_.get(), TFD_TIMER_ABSTIME, &when, nullptr) != 0) return false;
    alarm_set_for_ = until;
    return true;
}

bool Poller::wait(Time until) {
    const bool sleeps = sleeps_until(until) && falls_asleep();
    const int found =
        epoll_wait(epoll_.get(), found_.data(), static_cast<int>(found_.size()), sleeps ? -1 : 0);
    asleep_.store(false, std::memory_order_relaxed);
    found_count_ = static_cast<std::size_t>(std::max(found, 0));  // none when a signal came
    told_ = 0;
    for (epoll_event& entry : std::span(found_).first(found_count_)) {
        if (entry.data.ptr == &alarm_) alarm_set_for_ = Time::max();
        if (entry.data.ptr == &alarm_ || entry.data.ptr == &bell_) entry.data.ptr = nullptr;
    }
    return rung_.exchange(false);
}

// Said before it is looked whether somebody rang; who rings looks the other way round. So one of
// the two sees the other.
bool Poller::falls_asleep() {
    asleep_ = true;
    return !rung_;
}

// The entry stays in place while its Watch is told: forget() may empty it in the middle.
bool Poller::tell_next() {
    if (told_ == found_count_) return false;
    const epoll_event& entry = found_.at(told_);
    const bool broken = (entry.events & (EPOLLERR | EPOLLHUP)) != 0;
    const std::uint32_t ready = broken ? EPOLLIN | EPOLLOUT : entry.events;
    const auto watch = [&entry] { return static_cast<Watch*>(entry.data.ptr); };
    if (watch() != nullptr) watch()->drop_unasked(ready);
    if (watch() != nullptr) watch()->tell(ready & EPOLLIN);
    if (watch() != nullptr) watch()->tell(ready & EPOLLOUT);
    ++told_;
    return true;
}

void Poller::ring() {
    if (!rung_.exchange(true) && asleep_) eventfd_write(bell_.get(), 1);
}

int Poller::list(Watch& watch, std::uint32_t before, std::uint32_t events) {
    epoll_event event{};
    event.events = events;
    event.data.ptr = &watch;
    const int how = before == 0 ? EPOLL_CTL_ADD : events == 0 ? EPOLL_CTL_DEL : EPOLL_CTL_MOD;
    return epoll_ctl(epoll_.get(), how, watch.descriptor(), &event) == 0 ? 0 : errno;
}

void Poller::forget(const Watch& watch) {
    for (std::size_t i = told_; i < found_count_; ++i) {
        if (found_.at(i).data.ptr == &watch) found_.at(i).data.ptr = nullptr;
    }
}

}  // namespace jetway::io
