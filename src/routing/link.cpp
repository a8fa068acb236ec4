#include "routing/link.hpp"

#include <algorithm>
#include <utility>

namespace jetway::routing {

namespace {

using std::chrono::duration_cast;
using std::chrono::microseconds;
using wire::FrameType;

constexpr microseconds longest_echo = std::chrono::seconds(60);

std::uint64_t to_us(Time time) {
    return static_cast<std::uint64_t>(duration_cast<microseconds>(time.time_since_epoch()).count());
}

std::uint32_t to_us(Duration duration) {
    return static_cast<std::uint32_t>(duration_cast<microseconds>(duration).count());
}

template <typename T>
wire::Frame control_frame(FrameType type, const T& body) {
    return {type, 0, wire::encode(body)};
}

wire::Frame goaway_frame(const Error& reason) {
    wire::Goaway goaway;
    goaway.set_code(static_cast<std::uint32_t>(reason.code));
    goaway.set_detail(reason.detail);
    return control_frame(FrameType::goaway, goaway);
}

bool comes_with_records(FrameType type) {
    return type == FrameType::node || type == FrameType::dir_delta || type == FrameType::dir_pull ||
           type == FrameType::dir_snapshot || type == FrameType::summary ||
           type == FrameType::digests;
}

}  // namespace

std::uint64_t latest_epoch(std::uint64_t wall_ms) {
    constexpr std::uint64_t year_2025 = 1'735'689'600'000;
    constexpr std::uint64_t ten_years = std::uint64_t{3653} * 24 * 3600 * 1000;
    return wall_ms < year_2025 ? max_epoch : std::min(wall_ms + ten_years, max_epoch);
}

wire::Hello hello_of(const Options& self, const LinkOptions& link) {
    wire::Hello hello;
    hello.set_version_min(wire::protocol_version);
    hello.set_version_max(wire::protocol_version);
    hello.set_mesh(self.mesh);
    hello.set_router(self.router);
    hello.set_machine(self.machine);
    hello.set_epoch(self.epoch);
    hello.set_boot_nonce(self.boot_nonce);
    hello.set_boot_time_us(self.boot_time_us);
    hello.set_desired_tx_us(to_us(self.heartbeat));
    hello.set_required_rx_us(to_us(self.heartbeat));
    hello.set_multiplier(self.multiplier);
    hello.set_pool(self.pool);
    hello.set_link_name(link.link_name);
    return hello;
}

Link::Link(const Options& self, LinkOptions options, Time now)
    : self_(self),
      options_(std::move(options)),
      since_(now),
      liveness_(self.heartbeat, self.multiplier, now) {}

Result<> Link::expects(std::uint8_t type) const {
    const auto known = static_cast<FrameType>(type);
    bool fits = known == FrameType::goaway;
    if (state_ == State::handshake) {
        fits = fits || known == FrameType::hello;
    } else {
        fits = fits || known == FrameType::heartbeat;
        fits = fits || (known == FrameType::verdict && !decides());
        fits = fits || (comes_with_records(known) && carries_records());
        fits = fits || (known == FrameType::sync_done && carries_records() && !sync_heard_);
    }
    if (fits) return success();
    return Error(Code::protocol, "frame of type " + std::to_string(type) + " while the link is " +
                                     std::string(to_string(state_)));
}

Result<> Link::check_peer(const wire::Hello& hello) const {
    if (hello.version_min() > wire::protocol_version ||
        hello.version_max() < wire::protocol_version) {
        return Error(Code::version, hello.machine() + " speaks versions " +
                                        std::to_string(hello.version_min()) + " to " +
                                        std::to_string(hello.version_max()) + ", we speak " +
                                        std::to_string(wire::protocol_version));
    }
    if (hello.mesh() != self_.mesh) {
        return Error(Code::wrong_mesh, hello.machine() + " belongs to mesh \"" + hello.mesh() +
                                           "\", we to \"" + self_.mesh + "\"");
    }
    if (hello.router() == self_.router) {
        return hello.boot_nonce() == self_.boot_nonce
                   ? Error(Code::usage, "the link leads back to this machine")
                   : Error(Code::ambiguous, "another machine has our router id");
    }
    if (hello.epoch() > max_epoch) return Error(Code::protocol, "the epoch is out of range");
    return success();
}

Result<> Link::on_hello(Time now, const wire::Hello& hello) {
    JETWAY_TRY(check_peer(hello));
    peer_ = hello.router();
    peer_epoch_ = hello.epoch();
    peer_machine_ = hello.machine();
    peer_pool_ = hello.pool();
    name_ = options_.dialled ? options_.link_name : hello.link_name();
    liveness_.negotiate(hello);
    heartbeat_due_ = true;
    next_heartbeat_ = now + liveness_.send_interval();
    enter(State::deciding, now);
    return success();
}

void Link::keep(Time now) {
    if (state_ != State::deciding) return;
    if (decides()) verdict_ = true;
    enter(State::syncing, now);
}

bool Link::on_heartbeat(Time now, const wire::Heartbeat& heartbeat) {
    echo_sent_us_ = heartbeat.sent_us();
    echo_received_us_ = to_us(now);
    if (heartbeat.digest() != peer_digest_) {
        peer_digest_ = heartbeat.digest();
        peer_digest_since_ = now;
    }
    sample(now, heartbeat);
    return round_trip_.known() && cost_.measured(now, round_trip_.smoothed()) && !is_damped();
}

void Link::sample(Time now, const wire::Heartbeat& heartbeat) {
    const std::uint64_t now_us = to_us(now);
    const std::uint64_t sent = heartbeat.echo_sent_us();
    if (sent == 0 || sent > now_us || heartbeat.echo_received_us() > heartbeat.sent_us()) return;
    const std::uint64_t away = now_us - sent;
    const std::uint64_t held = heartbeat.sent_us() - heartbeat.echo_received_us();
    if (away > static_cast<std::uint64_t>(longest_echo.count()) || held > away) return;
    round_trip_.sample(now, microseconds(away - held));
}

bool Link::on_sync_done(Time now) {
    sync_heard_ = true;
    return come_up(now);
}

bool Link::sync_sent(Time now) {
    sync_sent_ = true;
    return come_up(now);
}

bool Link::come_up(Time now) {
    if (state_ != State::syncing || !sync_sent_ || !sync_heard_) return false;
    enter(State::up, now);
    return true;
}

void Link::close(const Error& reason, bool say_so) {
    if (closing()) return;
    const bool fresh = state_ == State::deciding;
    verdict_.reset();
    if (!say_so) {
        hello_sent_ = true;
    } else if (fresh && decides() && reason.code == Code::replaced) {
        verdict_ = false;
    } else {
        goodbye_ = reason;
    }
    state_ = State::closing;
}

Liveness::Sign Link::tick(Time now, std::uint64_t jitter) {
    if (state_ == State::handshake || closing()) return Liveness::Sign::alive;
    if (now >= next_heartbeat_) {
        heartbeat_due_ = true;
        const Duration interval = liveness_.send_interval();
        const auto tenth = static_cast<std::uint64_t>(interval.count()) / 10;
        next_heartbeat_ = now + interval - Duration(jitter % (tenth + 1));
    }
    const Liveness::Sign sign = liveness_.sign(now, round_trip_);
    if (sign != Liveness::Sign::suspect) return sign;
    if (state_ != State::up) return Liveness::Sign::alive;
    state_ = State::suspect;
    return sign;
}

bool Link::undamped(Time now) {
    if (!is_damped() || now < damped_until_) return false;
    damped_until_ = Time{};
    return true;
}

bool Link::handshake_expired(Time now) const {
    const bool waiting = state_ == State::handshake || state_ == State::deciding;
    return waiting && now - since_ >= handshake_time;
}

Time Link::next_deadline(Time now) const {
    if (closing()) return Time::max();
    if (state_ == State::handshake) return since_ + handshake_time;
    Time next = std::min(next_heartbeat_, liveness_.deadline(now, round_trip_));
    if (is_damped()) next = std::min(next, damped_until_);
    return state_ == State::deciding ? std::min(next, since_ + handshake_time) : next;
}

bool Link::has_frames() const {
    return !hello_sent_ || heartbeat_due_ || verdict_ || goodbye_;
}

bool Link::pull(Time now, std::uint64_t digest, wire::Frame& frame) {
    if (!std::exchange(hello_sent_, true)) {
        frame = control_frame(FrameType::hello, hello_of(self_, options_));
    } else if (std::exchange(heartbeat_due_, false) && !closing()) {
        frame = heartbeat_frame(now, digest);
    } else if (verdict_) {
        wire::Verdict verdict;
        verdict.set_keep(*std::exchange(verdict_, std::nullopt));
        frame = control_frame(FrameType::verdict, verdict);
    } else if (goodbye_) {
        frame = goaway_frame(*std::exchange(goodbye_, std::nullopt));
    } else {
        return false;
    }
    return true;
}

wire::Frame Link::heartbeat_frame(Time now, std::uint64_t digest) {
    wire::Heartbeat heartbeat;
    heartbeat.set_sequence(++heartbeats_);
    heartbeat.set_sent_us(to_us(now));
    heartbeat.set_echo_sent_us(echo_sent_us_);
    heartbeat.set_echo_received_us(echo_received_us_);
    heartbeat.set_digest(digest);
    return control_frame(FrameType::heartbeat, heartbeat);
}

std::optional<Duration> Link::round_trip() const {
    if (!round_trip_.known()) return std::nullopt;
    return round_trip_.smoothed();
}

void Link::enter(State state, Time now) {
    state_ = state;
    since_ = now;
}

std::string_view to_string(Link::State state) {
    switch (state) {
        case Link::State::handshake:
        case Link::State::deciding:
            return "handshake";
        case Link::State::syncing:
            return "syncing";
        case Link::State::up:
            return "up";
        case Link::State::suspect:
            return "suspect";
        case Link::State::closing:
            return "draining";
    }
    return "unknown";
}

}  // namespace jetway::routing
