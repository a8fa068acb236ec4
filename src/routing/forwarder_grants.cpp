// Grants and memory: how much of a grant passes, and what goes when too much waits all the same.
#include <algorithm>
#include <cassert>
#include <utility>

#include "routing/forwarder_state.hpp"

namespace jetway::routing {
namespace {

/// What every stream may have on its way whatever others do, as every end grants it.
constexpr std::uint64_t basic_window = 256UL * 1024;
/// A grant that was held back passes on by as much at once, lest each frame that leaves brings one.
constexpr std::uint64_t least_step = 64UL * 1024;
/// The same while memory is short, in which a stream has as much waiting as a fresh one may.
constexpr std::uint64_t short_step = wire::first_window / 2;
/// A grant that waits behind this many others does not keep the block it arrived in.
constexpr std::size_t uncopied_grants = 256;

/// The bytes below are nothing to this router any more.
std::uint64_t base_of(const Flow& flow) {
    return flow.keeps ? flow.kept_from : flow.sent;
}

}  // namespace

/// How far a grant may reach.
std::uint64_t Forwarder::State::limit_of(const Flow& flow) const {
    const std::uint64_t basic = base_of(flow) + basic_window;
    if (is_short()) return std::min<std::uint64_t>(basic, flow.sent + wire::first_window);
    return basic + (options.memory / 2 - (wide - flow.wide)) / 2;
}

/// Hands a grant on to the sender's side, as far as there is memory for it.
void Forwarder::State::pass_grant(EndRef to, Buffer&& body) {
    End& sender = crossings.end(to);
    if (sender.state != EndState::open && sender.state != EndState::opening) return;
    const bool waits_long = link_of(sender).control.size() > uncopied_grants;
    sender.window_body =
        waits_long && body.block_size() > 1024 ? Buffer::copy_of(body.bytes()) : std::move(body);
    await(to, pending::window);
}

/// Something of the flow has left: more of its grant may pass.
void Forwarder::State::pass_more(EndRef to) {
    const Flow& flow = flow_from(to);
    if (flow.window.up_to <= flow.granted) return;
    const End& sender = crossings.end(to);
    if (sender.state != EndState::open || (sender.pending & pending::window) != 0) return;
    const std::uint64_t limit = std::min(limit_of(flow), flow.window.up_to);
    const std::uint64_t step = is_short() ? short_step : least_step;
    if (limit >= std::min(flow.granted + step, flow.window.up_to)) await(to, pending::window);
}

/// From now on the sender may use the grant; its first window is its link's again.
wire::Frame Forwarder::State::take_window(EndRef ref) {
    End& sender = crossings.end(ref);
    Flow& flow = flow_from(ref);
    Buffer body = std::move(sender.window_body);
    const std::uint64_t limit = std::max(limit_of(flow), flow.granted);
    if (limit < flow.window.up_to) ++counts.grants_held;
    if (body.empty() || limit < flow.window.up_to) {
        body = wire::encode(wire::Window{std::min(flow.window.up_to, limit), flow.window.consumed});
    }
    flow.granted = std::max(flow.granted, std::min(flow.window.up_to, limit));
    reserve(flow, crossings[ref / 2].ended);
    if (!sender.ours) return_pool(sender);
    return {wire::FrameType::window, sender.label, std::move(body)};
}

/// Accounts for what the flow's sender may have here beyond the basic window.
void Forwarder::State::reserve(Flow& flow, bool ended) {
    const std::uint64_t basic = base_of(flow) + basic_window;
    const std::uint64_t now = ended || flow.granted <= basic ? 0 : flow.granted - basic;
    wide += now - std::exchange(flow.wide, now);
    assert(wide <= options.memory / 2);
}

/// Too much waits here: the largest go, until some room is free, lest all streams be looked at for
/// each frame that comes.
void Forwarder::State::relieve_pressure() {
    using Load = std::pair<std::size_t, EndRef>;
    const auto load_of = [this](EndRef to) {
        return Load(flow_to(to).queue.charge + flow_to(to).kept.charge, to);
    };
    std::vector<Load> loads;
    for (EndRef to = 0; to < crossings.bound() * 2; ++to) {
        if (const Load load = load_of(to); load.first != 0) loads.push_back(load);
    }
    std::ranges::make_heap(loads);
    while (frames.charge() > options.memory - options.memory / 64 && !loads.empty()) {
        std::ranges::pop_heap(loads);
        Load& largest = loads.back();
        relieve(largest.second);
        largest = load_of(largest.second);
        if (largest.first == 0) {
            loads.pop_back();
        } else {
            std::ranges::push_heap(loads);
        }
    }
    assert(frames.charge() <= options.memory);
}

/// Something of what waits for this end, or was sent by it and is kept, goes: what the stream can
/// do without comes first.
void Forwarder::State::relieve(EndRef to) {
    Flow& flow = flow_to(to);
    const Crossing& crossing = crossings[to / 2];
    Error cause(Code::pressure, options.machine + " is out of memory for waiting data");
    cause.where = options.machine;
    if (flow.queue.empty() && flow.kept.empty()) return;
    if (say_again_later(to ^ 1U, cause)) return;
    if (!flow.kept.empty()) return stop_keeping(flow);
    wire::Reset reason = wire::to_reset(cause, options.machine);
    reason.set_resumable(is_in_transit(crossing));
    reset_both(to / 2, reason);
}

/// Are the ends of the stream other machines?
bool Forwarder::State::is_in_transit(const Crossing& crossing) {
    return crossing.far == no_far && std::ranges::all_of(crossing.ends, [this](const End& end) {
               const StreamLink* link = find_link(end.link);
               return link != nullptr && link->options.kind == LinkKind::network;
           });
}

}  // namespace jetway::routing
