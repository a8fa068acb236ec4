#include "routing/own_record.hpp"

#include <algorithm>

namespace jetway::routing {

namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

constexpr Duration good_news_wait = milliseconds(100);
constexpr Duration cost_gap = seconds(10);
constexpr Duration quiet = seconds(10);
constexpr Duration least_gap = milliseconds(50);
constexpr Duration most_gap = seconds(1);

}  // namespace

Duration OwnRecord::BackOff::gap(Time now) const {
    if (in_a_row == 0 || now - last >= quiet) return Duration::zero();
    const std::uint32_t doublings = std::min(in_a_row - 1, 7U);
    return std::min<Duration>(least_gap * (1U << doublings), most_gap);
}

void OwnRecord::BackOff::spoke(Time now) {
    in_a_row = now - last >= quiet ? 1 : in_a_row + 1;
    last = now;
}

void OwnRecord::changed(Time now, Change change) {
    const BackOff& said = change == Change::bad ? bad_news_ : any_;
    Time at = std::max(now, said.last + said.gap(now));
    if (change == Change::good) at = std::max(at, now + good_news_wait);
    if (change == Change::cost && issued_) at = std::max(at, any_.last + cost_gap);
    at_ = std::min(at_, at);
    bad_ = bad_ || change == Change::bad;
}

wire::NodeRecord OwnRecord::issue(Time now, const Options& self,
                                  const std::vector<wire::Adjacency>& adjacencies) {
    // The first record, before there is anyone to hear it, is not a change.
    if (issued_) any_.spoke(now);
    if (issued_ && bad_) bad_news_.spoke(now);
    issued_ = true;
    any_.last = now;
    at_ = Time::max();
    bad_ = false;
    wire::NodeRecord record;
    record.set_router(self.router);
    record.set_epoch(self.epoch);
    record.set_sequence(++sequence_);
    record.set_boot_nonce(self.boot_nonce);
    record.set_boot_time_us(self.boot_time_us);
    record.set_machine(self.machine);
    record.set_flags(flags_);
    record.set_load(load_);
    for (const wire::Adjacency& adjacency : adjacencies) *record.add_adjacencies() = adjacency;
    return record;
}

}  // namespace jetway::routing
