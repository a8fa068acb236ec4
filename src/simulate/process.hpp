// A process on a simulated machine: the far end of a local link. It offers services that echo,
// count, stall or refuse, and opens streams. It keeps to the protocol's rules for ends and checks
// that its router does.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <tuple>
#include <vector>

#include "base/result.hpp"
#include "routing/label_table.hpp"
#include "wire/control.hpp"

namespace jetway::simulate {

/// What a service does with a stream.
enum class Behaviour : std::uint8_t {
    echo,    // gives back what it gets, and finishes when the caller has
    sink,    // takes everything, finishes when the caller has
    stall,   // takes the stream and never reads
    refuse,  // E-DENIED
};

/// A stream as the one who opened it sees it.
struct Call {
    std::string destination;
    std::string payload;  // sent, then FIN
    bool opened = false;
    std::string machine;  // that took it, and the way there
    std::vector<std::string> route;
    std::uint64_t sent = 0;
    std::string received;
    bool finished = false;       // both directions, in order
    std::optional<Error> error;  // refused, reset, or the process is gone

    bool over() const { return finished || error.has_value(); }
};

class Process {
public:
    /// `send` takes each frame for the router; `pool` is what the router grants for first windows.
    Process(std::function<void(wire::Frame&&)> send, std::uint32_t pool)
        : send_(std::move(send)), pool_(pool), labels_(true) {}

    void serve(std::string service, Behaviour behaviour) {
        services_[std::move(service)] = behaviour;
    }
    /// Opens a stream, sends `payload` as credit allows, and finishes. `hold`: leaves it open.
    std::shared_ptr<const Call> call(std::string destination, std::string payload,
                                     bool hold = false,
                                     wire::TrafficClass traffic_class = wire::TrafficClass::normal);
    /// Ends the call at once.
    void cancel(const Call& call);
    void take(wire::Frame&& frame);
    /// The router is gone: every call ends.
    void lost(const Error& reason);

    std::uint64_t streams_served() const { return served_; }
    /// The ids of the streams that came to its services.
    using StreamKey = std::tuple<std::uint64_t, std::uint64_t, std::uint64_t>;
    const std::vector<StreamKey>& taken() const { return taken_; }
    std::size_t open_streams() const { return legs_.size(); }
    /// What the router did that it must not.
    const std::vector<std::string>& complaints() const { return complaints_; }

private:
    struct Leg {
        std::shared_ptr<Call> call;  // ours; else a service's
        Behaviour behaviour = Behaviour::echo;
        std::uint64_t number = 0;
        std::uint32_t pool_taken = 0;
        std::string outgoing;
        std::uint64_t sent = 0, credit = 0;
        std::uint64_t received = 0, granted = 0, consumed = 0;
        bool answered = false, finish_wanted = false;
        bool fin_sent = false, fin_received = false, reset_sent = false;
    };

    void complain(const wire::Frame& frame, const std::string& what);
    void take_open(const wire::Frame& frame);
    void take_answer(std::uint32_t label, Leg& leg, const wire::Frame& frame);
    void take_data(std::uint32_t label, Leg& leg, const wire::Frame& frame);
    void take_window(std::uint32_t label, Leg& leg, const wire::Frame& frame);
    void take_reset(std::uint32_t label, Leg& leg, const wire::Frame& frame);
    void take_late(const wire::Frame& frame);
    void pump(std::uint32_t label, Leg& leg);
    void grant(std::uint32_t label, Leg& leg);
    void go_on(std::uint32_t label);
    void end(std::uint32_t label, bool rest);
    void end_if_finished(std::uint32_t label);

    std::function<void(wire::Frame&&)> send_;
    std::uint32_t pool_;
    routing::OwnLabels labels_;
    std::map<std::string, Behaviour> services_;
    std::map<std::uint32_t, Leg> legs_;
    std::uint64_t served_ = 0;
    std::vector<StreamKey> taken_;
    std::vector<std::string> complaints_;
};

}  // namespace jetway::simulate
