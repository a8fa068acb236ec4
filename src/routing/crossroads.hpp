// For tests: one forwarder whose links the test holds in its hands. Streams go where signposts say.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "routing/crossing.hpp"
#include "routing/forwarder.hpp"

namespace jetway::routing {

/// Routes by destination.
class Signposts final : public Opens {
public:
    boost::system::result<LinkId, wire::Nack> route(Time, LinkId, wire::Open& open) override {
        const auto sign = to_.find(open.destination());
        if (sign != to_.end()) {
            open.set_attempt(1);
            if (!open.has_id()) write_route(open);
            return sign->second;
        }
        return wire::to_nack(Error(Code::no_service, "nobody offers it"), "here");
    }
    boost::system::result<LinkId, wire::Nack> again(Time now, LinkId from, Opening& opening,
                                                    const wire::Nack& refusal) override {
        wire::Open& open = opening.open;
        const auto second = second_.find(open.destination());
        const bool fresh = open.attempt() == 0;
        if (!fresh && second == second_.end()) return refusal;
        if (fresh) return route(now, from, open);
        open.set_attempt(open.attempt() + 1);
        const LinkId to = second->second;
        second_.erase(second);
        return to;
    }
    Time patience(Time, const wire::Open&, const wire::Nack&) const override { return patience_; }
    void began(const Instance&) override { ++under_way_; }
    void ended(const Instance&) override { --under_way_; }
    void answered(Time, LinkId, const wire::Open& open, wire::Opened& opened) override {
        opened.add_route("via-" + open.destination());
    }
    void found_dead(Time, const Edges& edges) override {
        for (const wire::Edge& edge : edges) dead_.emplace_back(edge.from(), edge.to());
    }
    bool ends_here(LinkId, const wire::Open& open) const override {
        return open.has_id() && open.egress() == here;
    }
    boost::system::result<LinkId, wire::Nack> resume(Time, wire::Open& open) override {
        const auto second = second_.find(open.destination());
        if (second == second_.end()) return wire::to_nack(Error(Code::no_route, "no way"), "here");
        open.set_attempt(open.attempt() + 1);
        return second->second;
    }
    bool has_restarted(RouterId, std::uint64_t) const override { return false; }

    void put(std::string destination, LinkId link) { to_[std::move(destination)] = link; }
    /// Where the next try goes.
    void put_second(std::string destination, LinkId link) {
        second_[std::move(destination)] = link;
    }
    /// Streams of local links that began and have not ended.
    int under_way() const { return under_way_; }
    void be_patient(Time until) { patience_ = until; }
    const std::vector<std::pair<RouterId, RouterId>>& dead() const { return dead_; }

    static constexpr RouterId here = 9;  // streams to this egress end here

private:
    static void write_route(wire::Open& open) {
        open.mutable_id()->set_router(1);
        open.set_egress(7);
        open.add_route(1);
        open.add_route(7);
        open.set_position(1);
    }

    std::map<std::string, LinkId> to_;
    std::map<std::string, LinkId> second_;
    Time patience_{};
    int under_way_ = 0;
    std::vector<std::pair<RouterId, RouterId>> dead_;
};

class Crossroads {
public:
    explicit Crossroads(Options options = {})
        : forwarder_(named(std::move(options)), signposts_, random_, actions_) {}

    void add_link(LinkId link, bool dialled, LinkKind kind = LinkKind::network,
                  std::uint32_t pool = 1 << 20U) {
        LinkOptions options;
        options.kind = kind;
        options.dialled = dialled;
        options.terminal = "t" + std::to_string(link);
        forwarder_.add_link({}, link, options, pool);
    }
    Signposts& signposts() { return signposts_; }
    void put_sign(std::string destination, LinkId link) {
        signposts_.put(std::move(destination), link);
    }

    Result<> send(LinkId link, wire::Frame frame) {
        return forwarder_.receive({}, link, std::move(frame));
    }
    std::optional<wire::Frame> pull(LinkId link) {
        wire::Frame frame;
        if (!forwarder_.pull({}, link, frame)) return std::nullopt;
        return frame;
    }
    std::vector<wire::Frame> pull_all(LinkId link) {
        std::vector<wire::Frame> frames;
        while (auto frame = pull(link)) frames.push_back(std::move(*frame));
        return frames;
    }

    /// in = out + queued + discarded.
    bool balanced() const { return forwarder_.counts().balanced(); }
    Forwarder& forwarder() { return forwarder_; }
    const ForwarderCounts& counts() const { return forwarder_.counts(); }
    Actions& actions() { return actions_; }
    const Signposts& signposts() const { return signposts_; }

private:
    static Options named(Options options) {
        if (options.machine.empty()) options.machine = "here";
        return options;
    }

    Signposts signposts_;
    SeededRandom random_{1};
    Actions actions_;
    Forwarder forwarder_;
};

// Frames as tests write them.
inline wire::Frame open_frame(std::uint32_t label, std::string destination,
                              std::uint32_t first_window = 0) {
    wire::Open open;
    open.set_destination(std::move(destination));
    open.set_first_window(first_window);
    return {wire::FrameType::open, label, wire::encode(open)};
}
inline wire::Frame opened_frame(std::uint32_t label) {
    return {wire::FrameType::opened, label, wire::encode(wire::Opened())};
}
inline wire::Frame nack_frame(std::uint32_t label, Code code, const std::string& machine,
                              const std::vector<std::pair<RouterId, RouterId>>& failed = {}) {
    wire::Nack nack = wire::to_nack(Error(code, "no"), machine);
    for (const auto& [from, to] : failed) {
        wire::Edge* edge = nack.add_failed();
        edge->set_from(from);
        edge->set_to(to);
    }
    return {wire::FrameType::nack, label, wire::encode(nack)};
}
inline wire::Frame data_frame(std::uint32_t label, std::string_view bytes, std::uint8_t flags = 0) {
    return {wire::FrameType::data, label, Buffer::copy_of(bytes), flags};
}
inline wire::Frame fin_frame(std::uint32_t label) {
    return data_frame(label, {}, wire::flag::fin);
}
inline wire::Frame window_frame(std::uint32_t label, std::uint64_t up_to,
                                std::uint64_t consumed = 0) {
    return {wire::FrameType::window, label, wire::encode(wire::Window{up_to, consumed})};
}
inline wire::Frame reset_frame(std::uint32_t label, Code code = Code::cancelled) {
    return {wire::FrameType::reset, label,
            wire::encode(wire::to_reset(Error(code, "over"), "far"))};
}
inline wire::Frame stop_frame(std::uint32_t label, Code code = Code::closed) {
    return {wire::FrameType::stop, label,
            wire::encode(wire::to_reset(Error(code, "enough"), "far"))};
}
inline wire::Frame fin_ack_frame(std::uint32_t label) {
    return {wire::FrameType::fin_ack, label};
}
inline wire::Frame reset_ack_frame(std::uint32_t label) {
    return {wire::FrameType::reset_ack, label};
}

}  // namespace jetway::routing
