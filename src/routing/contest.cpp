#include "routing/contest.hpp"

#include <algorithm>
#include <tuple>
#include <utility>

namespace jetway::routing {

namespace {

using std::chrono::hours;
using std::chrono::minutes;
using std::chrono::seconds;

constexpr Duration least_wait = seconds(1);
constexpr Duration most_wait = minutes(1);
constexpr Duration quiet = minutes(10);  // afterwards nothing is held against anybody
constexpr Duration live = seconds(60);   // who answers within is no memory of the past
constexpr Duration least_withdrawal = minutes(1);
constexpr Duration most_withdrawal = hours(1);

}  // namespace

Contest::Answer Contest::heard(Time now, const Node& record) {
    if (is_clone(now, record) && was_first(record)) {
        withdrawal_ = std::clamp<Duration>(withdrawal_ * 2, least_withdrawal, most_withdrawal);
        withdrawn_until_ = now + withdrawal_;
        outdo_at_ = Time::max();
        return Answer::withdraw;
    }
    epoch_ = std::max(epoch_, record.version.epoch + 1);
    if (outdo_at_ == Time::max()) outdo_at_ = outdone_ ? std::max(now, *outdone_ + wait_) : now;
    return Answer::outdo;
}

/// Who speaks again after we have outdone it is alive.
bool Contest::is_clone(Time now, const Node& record) {
    if (record.boot_nonce == self_.boot_nonce) return false;
    const bool again = rival_ == record.boot_nonce && now - rival_heard_ < live;
    const bool answers = again && outdone_ && *outdone_ >= rival_heard_;
    rival_ = record.boot_nonce;
    if (!again || answers) rival_heard_ = now;
    return answers;
}

bool Contest::was_first(const Node& record) const {
    return std::tuple(record.boot_time_us, ~record.boot_nonce) <
           std::tuple(self_.boot_time_us, ~self_.boot_nonce);
}

std::optional<std::uint64_t> Contest::take_epoch(Time now) {
    if (now < outdo_at_) return std::nullopt;
    outdo_at_ = Time::max();
    const bool long_ago = !outdone_ || now - *outdone_ > quiet;
    wait_ = long_ago ? least_wait : std::min<Duration>(wait_ * 2, most_wait);
    outdone_ = now;
    return std::max(self_.epoch, epoch_);
}

}  // namespace jetway::routing
