// One network link as a state machine: who is at the other end, whether it is alive, and what of
// the link's own frames is to be sent. The connection is the session: any error closes the link,
// nothing about a neighbour outlives it.
//
//   handshake   HELLO is on its way in both directions
//   deciding    the peer has the smaller RouterId: it says with VERDICT whether this link is kept
//   syncing     both tell what they know, each ends with SYNC_DONE
//   up          carries streams, and the adjacency may be advertised
//   suspect     up, but silent for two intervals
//   closing     only the goodbye is still sent
//
// Which of two links between a pair is kept is for Control to say: it sees both.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "routing/cost.hpp"
#include "routing/liveness.hpp"
#include "routing/types.hpp"

namespace jetway::routing {

inline constexpr Duration handshake_time = std::chrono::seconds(5);
/// Epochs beyond are nobody's wall clock, and leave no room for a newer one.
inline constexpr std::uint64_t max_epoch = std::uint64_t{1} << 62U;
/// The latest epoch to believe when the wall clock says so many milliseconds: ten years ahead. An
/// epoch at the end of time, told in a machine's name, would leave it no later one to take. A clock
/// that cannot be right (no battery: it says 1970) does not limit anybody.
std::uint64_t latest_epoch(std::uint64_t wall_ms);

/// Our HELLO on a link of these options.
wire::Hello hello_of(const Options& self, const LinkOptions& link);

class Link {
public:
    enum class State : std::uint8_t { handshake, deciding, syncing, up, suspect, closing };

    /// `self` outlives the link.
    Link(const Options& self, LinkOptions options, Time now);

    /// Everything that arrived counts as life. True when the link was suspect and is up again.
    bool heard(Time now) {
        liveness_.heard(now);
        if (state_ != State::suspect) return false;
        state_ = State::up;
        return true;
    }
    /// May a frame of this type come in the state the link is in? E-PROTOCOL names both.
    Result<> expects(std::uint8_t type) const;
    /// E-WRONG-MESH, E-VERSION, or why this peer cannot be one. Afterwards the peer is known; the
    /// link is deciding.
    Result<> on_hello(Time now, const wire::Hello& hello);
    /// True when the round trip changed the cost to advertise.
    bool on_heartbeat(Time now, const wire::Heartbeat& heartbeat);
    /// The peer has said all it knew. True when the link came up by it.
    bool on_sync_done(Time now);
    /// The link flapped: until then it is advertised at the highest cost.
    void damp(Time until) { damped_until_ = until; }
    bool is_damped() const { return damped_until_ != Time{}; }
    /// True once, when the link is trusted again.
    bool undamped(Time now);

    /// This link is the one to keep: syncing begins. Sends VERDICT when the decision is ours.
    void keep(Time now);
    /// Everything the peer lacked has been pulled: SYNC_DONE goes out. True when the link came up
    /// by it.
    bool sync_sent(Time now);
    /// Only a goodbye follows, if it is to be said: GOAWAY, or VERDICT when the peer of a fresh
    /// link is told to drop it.
    void close(const Error& reason, bool say_so);

    /// Silence: `suspect` or `dead` at the moment when it becomes so, else `alive`. Heartbeats
    /// become due; `jitter` makes the next one come up to a tenth of the interval early, so that
    /// links do not beat together.
    Liveness::Sign tick(Time now, std::uint64_t jitter);
    /// E-TIMEOUT when HELLO, or the verdict, does not come.
    bool handshake_expired(Time now) const;
    void forgive(Duration late) { liveness_.forgive(late); }
    Time next_deadline(Time now) const;

    /// The link's own frames: HELLO, a heartbeat that is due, VERDICT, GOAWAY. SYNC_DONE waits for
    /// the records.
    bool pull(Time now, std::uint64_t digest, wire::Frame& frame);
    bool has_frames() const;

    State state() const { return state_; }
    bool is_up() const { return state_ == State::up || state_ == State::suspect; }
    /// Records travel: syncing, or up.
    bool carries_records() const { return state_ == State::syncing || is_up(); }
    bool closing() const { return state_ == State::closing; }
    bool decides() const { return self_.router < peer_; }
    bool awaits_sync() const { return state_ == State::syncing && !sync_sent_; }

    RouterId peer() const { return peer_; }  // 0 until HELLO
    std::uint64_t peer_epoch() const { return peer_epoch_; }
    const std::string& peer_machine() const { return peer_machine_; }
    std::uint32_t peer_pool() const { return peer_pool_; }
    /// What distinguishes parallel links of a pair: the dialler's link name.
    const std::string& name() const { return name_; }
    const LinkOptions& options() const { return options_; }
    void set_terminal(std::string terminal) { options_.terminal = std::move(terminal); }
    Time since() const { return since_; }
    std::optional<Duration> round_trip() const;
    std::uint32_t cost() const { return is_damped() ? wire::max_cost : cost_.advertised(); }
    Duration detect() const { return liveness_.detect(round_trip_); }
    /// The digest the peer sent last, and since when it is the same.
    std::uint64_t peer_digest() const { return peer_digest_; }
    Time peer_digest_since() const { return peer_digest_since_; }

private:
    void enter(State state, Time now);
    Result<> check_peer(const wire::Hello& hello) const;
    void sample(Time now, const wire::Heartbeat& heartbeat);
    wire::Frame heartbeat_frame(Time now, std::uint64_t digest);
    bool come_up(Time now);

    const Options& self_;
    LinkOptions options_;
    State state_ = State::handshake;
    Time since_;
    Liveness liveness_;
    RoundTrip round_trip_;
    LinkCost cost_;
    Time damped_until_{};

    RouterId peer_ = 0;
    std::uint64_t peer_epoch_ = 0;
    std::string peer_machine_;
    std::uint32_t peer_pool_ = 0;
    std::string name_;

    bool hello_sent_ = false;
    bool heartbeat_due_ = false;
    Time next_heartbeat_{};
    std::uint64_t heartbeats_ = 0;
    std::uint64_t echo_sent_us_ = 0;
    std::uint64_t echo_received_us_ = 0;
    std::uint64_t peer_digest_ = 0;
    Time peer_digest_since_{};
    bool sync_sent_ = false;
    bool sync_heard_ = false;
    std::optional<bool> verdict_;  // to be sent
    std::optional<Error> goodbye_;
};

std::string_view to_string(Link::State state);

}  // namespace jetway::routing
