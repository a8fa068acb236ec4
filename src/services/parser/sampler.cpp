#include "services/parser/sampler.hpp"

#include <algorithm>
#include <cassert>

namespace jetway::parser {
namespace {

constexpr std::uint64_t longest_leap_us = 86'400'000'000;  // a day
constexpr std::uint64_t last_us = std::uint64_t{1}
                                  << 52U;  // some 142 years: products with fps still fit

}  // namespace

Sampler::Sampler(SamplerOptions options) : options_(options), core_(80, 24) {
    assert(options_.fps >= 1 && options_.fps <= 120);
}

/// The first picture that shows an event of that time.
std::uint64_t Sampler::picture_at(std::uint64_t us) const {
    std::uint64_t picture = us * options_.fps / 1'000'000;
    while (picture_us(picture) < us) ++picture;
    return picture;
}

void Sampler::start(const screen::Stamp& stamp) {
    started_ = true;
    options_.offline = options_.offline || stamp.offline;
    last_ = stamp;
    picture_ = picture_at(stamp.us);
}

Result<> Sampler::accept(const screen::PtyMessage& event) {
    assert(!offline() || !due());
    if (ended_) return Error(Code::protocol, "a terminal's event after its program's exit");
    if (event.stamp.us > last_us)
        return Error(Code::protocol, "a terminal's event beyond all time");
    if (!started_) start(event.stamp);
    screen::PtyMessage next = event;
    next.stamp.us = std::max(next.stamp.us, last_.us);
    if (next.stamp.us - last_.us > longest_leap_us) {
        return Error(Code::protocol, "a terminal's time leaps by more than a day");
    }
    if (offline() && next.stamp.us > next_us()) {
        waiting_ = std::move(next);
    } else {
        perform(next);
    }
    return success();
}

void Sampler::perform(const screen::PtyMessage& event) {
    last_.session = event.stamp.session;
    last_.epoch = event.stamp.epoch;
    last_.us = event.stamp.us;
    last_.off = std::max(last_.off, event.stamp.off);
    if (const auto* out = std::get_if<screen::PtyOut>(&event.body)) {
        core_.write(out->bytes.bytes());
        last_.off += out->bytes.size();
    } else if (const auto* size = std::get_if<screen::PtySize>(&event.body)) {
        core_.resize(size->columns, size->rows);
    } else if (std::holds_alternative<screen::PtyExit>(event.body)) {
        ended_ = true;
    }
    changed_ = true;
    if (!offline()) advance_to(event.stamp.us);
}

void Sampler::end() {
    ended_ = true;
    // Without any event there is nothing to show.
    if (!started_) shown_end_ = true;
}

bool Sampler::due() const {
    if (finished()) return false;
    return offline() ? waiting_.has_value() || ended_ : changed_ || ended_;
}

void Sampler::advance_to(std::uint64_t us) {
    if (us > last_us) return;
    picture_ = std::max(picture_, picture_at(us));
}

Buffer Sampler::take() {
    const bool first = shown_.state == 0;
    screen::Snapshot now{last_, shown_.state + 1, core_.screen()};
    now.stamp.us = picture_us(picture_++);
    now.stamp.offline = offline();
    now.stamp.sequence = shown_.state;
    Buffer message = first ? encode(now) : encode(make_diff(shown_, now));
    shown_ = std::move(now);
    changed_ = false;
    if (ended_ && !waiting_) shown_end_ = true;
    if (waiting_ && waiting_->stamp.us <= next_us()) {
        perform(*waiting_);
        waiting_.reset();
    }
    return message;
}

}  // namespace jetway::parser
