#include "io/send_rate.hpp"

#include <algorithm>
#include <linux/sockios.h>
#include <linux/tcp.h>
#include <netinet/in.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <utility>

namespace jetway::io {
namespace {

using std::chrono::microseconds;
using std::chrono::milliseconds;
using std::chrono::seconds;

constexpr Duration least_interval = milliseconds(10);  // between looks at the connection
constexpr Duration least_measurement = milliseconds(100);
constexpr Duration longest_pause = milliseconds(50);  // between looks, while it is full
constexpr Duration forgotten = seconds(2);
constexpr Duration least_wait = microseconds(50);
constexpr Duration longest_wait = milliseconds(5);
constexpr Duration slack = microseconds(500);  // of what is on its way, beyond a round trip
constexpr Duration tolerance = milliseconds(2);
constexpr Duration trial = milliseconds(100);  // of a limit, at least
constexpr Duration most_distrust = seconds(16);
constexpr std::size_t least_unsent = 2048;
constexpr std::size_t least_flight = 4096;

bool is_tcp(int descriptor) {
    int protocol = 0;
    socklen_t size = sizeof protocol;
    return getsockopt(descriptor, SOL_SOCKET, SO_PROTOCOL, &protocol, &size) == 0 &&
           protocol == IPPROTO_TCP;
}

/// What passes in `time`.
std::size_t carried(std::uint64_t bytes_per_second, Duration time) {
    const auto us = std::chrono::duration_cast<microseconds>(time).count();
    return static_cast<std::size_t>(static_cast<double>(bytes_per_second) *
                                    static_cast<double>(us) / 1e6);
}

}  // namespace

void FlightLimit::full(Time now, const Sample& sample) {
    measure(now, sample);
    bytes_ = 0;
    if (rate() == 0) return;
    // A quarter more than the round trip lets the rate be seen to rise.
    const Duration flight = sample.least_round_trip * 5 / 4 + slack;
    bytes_ = std::max(carried(rate(), flight), least_flight);
    judge(now, sample, flight);
}

/// From when it is full until it was for long enough.
void FlightLimit::measure(Time now, const Sample& sample) {
    const Duration pause = now - std::exchange(last_, now);
    if (pause > longest_pause + 2 * sample.round_trip) first_ = sample;
    if (pause > forgotten) most_ = {};
    const std::chrono::duration<double> busy = sample.busy - first_.busy;
    if (busy < least_measurement) return;
    if (now - second_ >= seconds(1)) {
        most_ = {0, most_[0]};
        second_ = now;
    }
    const auto bytes = static_cast<double>(sample.acknowledged - first_.acknowledged);
    most_[0] = std::max(most_[0], static_cast<std::uint64_t>(bytes / busy.count()));
    first_ = sample;
}

/// Is the round trip as long as what is on its way explains?
void FlightLimit::judge(Time now, const Sample& sample, Duration flight) {
    // What was written before there was a limit leaves first.
    if (since_ == Time{} || (trusted_ && sample.on_its_way > 2 * bytes_)) since_ = now;
    const Duration time = now - since_;
    if (time < (trusted_ ? std::max(trial, sample.round_trip * 4) : distrust_)) return;
    if (trusted_ && sample.round_trip <= 2 * flight + tolerance) {
        distrust_ = least_distrust;
        return;
    }
    if (trusted_) distrust_ = std::min(2 * distrust_, most_distrust);
    trusted_ = !trusted_;
    since_ = now;
}

std::uint64_t FlightLimit::rate() const {
    return std::max(most_[0], most_[1]);
}

SendRate::SendRate(int descriptor) : descriptor_(descriptor), tcp_(is_tcp(descriptor)) {
    if (tcp_) limit(most_unsent);
}

void SendRate::on_full(Time now) {
    if (!tcp_ || (rate_ != 0 && now - measured_ < least_interval)) return;
    tcp_info info{};
    socklen_t size = sizeof info;
    if (getsockopt(descriptor_, IPPROTO_TCP, TCP_INFO, &info, &size) != 0) return;
    if (info.tcpi_delivery_rate == 0) return;
    measured_ = now;
    rate_ = info.tcpi_delivery_rate;
    flight_.full(now, {info.tcpi_bytes_acked, microseconds(info.tcpi_busy_time), on_its_way(),
                       microseconds(info.tcpi_rtt), microseconds(info.tcpi_min_rtt)});
    const auto wanted =
        std::clamp<std::size_t>(bytes_per_second() / 2000, least_unsent, most_unsent);
    if (wanted > unsent_ + unsent_ / 4 || wanted < unsent_ - unsent_ / 4) limit(wanted);
}

bool SendRate::is_reached() const {
    int bytes = 0;
    return is_limited() && ioctl(descriptor_, SIOCOUTQNSD, &bytes) == 0 &&
           static_cast<std::size_t>(bytes) >= unsent_;
}

std::size_t SendRate::on_its_way() const {
    int bytes = 0;
    return ioctl(descriptor_, SIOCOUTQ, &bytes) == 0 ? static_cast<std::size_t>(bytes) : 0;
}

Duration SendRate::until_room() const {
    const std::size_t most = flight_.bytes();
    if (!is_limited() || most == 0) return {};
    const std::size_t bytes = on_its_way();
    if (bytes < most) return {};
    const double time = static_cast<double>(bytes - most + 1) / static_cast<double>(flight_.rate());
    return std::min<Duration>(
        longest_wait,
        std::chrono::duration_cast<Duration>(std::chrono::duration<double>(time)) + least_wait);
}

void SendRate::limit(std::size_t bytes) {
    const int value = static_cast<int>(bytes);
    if (setsockopt(descriptor_, IPPROTO_TCP, TCP_NOTSENT_LOWAT, &value, sizeof value) == 0)
        unsent_ = bytes;
}

}  // namespace jetway::io
