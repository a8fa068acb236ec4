// Random bodies within the limits, for tests: sample<T>(random). The same seed gives the same body.
#pragma once

#include <map>
#include <string>

#include "base/random.hpp"
#include "wire/control.hpp"
#include "wire/envelope.hpp"

namespace jetway::wire {

class Sampler {
public:
    explicit Sampler(Random& random) : random_(random) {}

    bool coin() { return random_.below(2) == 0; }
    std::uint64_t below(std::uint64_t bound) { return random_.below(bound); }
    std::uint64_t number() { return random_.next() >> random_.below(64); }
    std::uint32_t number32() { return static_cast<std::uint32_t>(number()); }
    RouterId router() { return random_.next() % (~RouterId{0} - 1) + 1; }

    /// 1 to `most` bytes that may stand in a name.
    std::string name(std::size_t most) {
        static constexpr std::string_view letters = "abcdefghijklmnopqrstuvwxyz0123456789-_.:()";
        std::string result(1, 'n');
        for (std::size_t left = below(coin() ? 12 : most); left > 0; --left) {
            result.push_back(letters[below(letters.size())]);
        }
        return result;
    }
    std::string machine() { return name(max_machine_name); }
    std::string service() { return name(max_service_name); }
    std::string address() { return coin() ? service() : service() + "@" + machine(); }
    std::string maybe_address() { return coin() ? std::string() : address(); }
    std::string content_type() {
        return coin() ? std::string() : "text/" + name(max_content_type - 5);
    }
    std::string words(std::size_t most) {
        static constexpr std::string_view pieces[] = {"cannot ", "reach ", "é",  "€",
                                                      "😀",      "(9)",    "\"", " "};
        std::string result;
        for (std::uint64_t left = below(40); left > 0; --left) {
            const std::string_view piece = pieces[below(std::size(pieces))];
            if (result.size() + piece.size() <= most) result += piece;
        }
        return result;
    }
    std::string bytes(std::size_t most) {
        std::string result(below(most + 1), '\0');
        for (char& c : result) c = static_cast<char>(random_.next());
        return result;
    }

private:
    Random& random_;
};

inline void fill(Sampler& s, Setting& out) {
    out.set_key(s.name(max_setting_key));
    for (std::uint64_t left = s.below(4); left > 0; --left) out.add_values(s.bytes(20));
}

template <typename T>
void fill_settings(Sampler& s, T& out) {
    for (std::uint64_t left = s.below(3); left > 0; --left) {
        Setting& setting = *out.add_settings();
        fill(s, setting);
        setting.set_key(std::to_string(left) + setting.key().substr(0, 40));
    }
}

inline void fill_stage(Sampler& s, Stage& out, std::size_t levels) {
    out.set_address(s.address());
    fill_settings(s, out);
    if (levels == 0) return;
    for (std::uint64_t left = s.below(3); left > 0; --left)
        fill_stage(s, *out.add_next(), levels - 1);
}

inline void fill(Sampler& s, Stage& out) {
    fill_stage(s, out, 3);
}

inline void fill(Sampler& s, StreamId& out) {
    out.set_router(s.router());
    out.set_epoch(s.number());
    out.set_counter(s.number());
}

inline void fill(Sampler& s, Edge& out) {
    out.set_from(s.router());
    out.set_to(out.from() == 1 ? 2 : out.from() - 1);
}

inline void fill_routing(Sampler& s, Open& out) {
    fill(s, *out.mutable_id());
    out.set_attempt(s.number32());
    out.set_egress(s.router());
    out.set_egress_epoch(s.number());
    out.set_instance(s.number());
    const RouterId first = s.router() >> 1U;
    for (std::uint64_t i = 0; i <= s.below(max_route); ++i) out.add_route(first + i + 1);
    out.set_position(
        static_cast<std::uint32_t>(s.below(static_cast<std::uint64_t>(out.route_size()))));
    out.set_generation(s.number32());
    for (std::uint64_t left = s.below(max_failed + 1); left > 0; --left) fill(s, *out.add_failed());
    out.set_hop_limit(static_cast<std::uint32_t>(s.below(hop_limit + 1)));
    for (std::uint64_t left = s.below(5); left > 0; --left) out.add_walked(s.router());
}

inline void fill(Sampler& s, Open& out) {
    out.set_destination(s.address());
    out.set_source(s.maybe_address());
    out.set_reply_to(s.maybe_address());
    out.set_originator(s.maybe_address());
    out.set_content_type(s.content_type());
    out.set_shape(static_cast<std::uint32_t>(s.below(2)));
    out.set_policy(static_cast<std::uint32_t>(s.below(3)));
    out.set_traffic_class(static_cast<std::uint32_t>(s.below(3)));
    out.set_remaining_us(s.below(max_remaining_us) + (out.policy() == 2 ? 1 : 0));
    out.set_first_window(static_cast<std::uint32_t>(s.below(first_window + 1)));
    fill_settings(s, out);
    for (std::uint64_t left = s.below(3); left > 0; --left) fill_stage(s, *out.add_next(), 2);
    out.set_probe(s.coin());
    if (!s.coin()) return;
    fill_routing(s, out);
    out.set_resume(s.coin());
    if (!out.resume()) return;
    out.set_first_window(0);
    out.set_received(s.number());
    out.set_finished(s.coin());
}

inline void fill(Sampler& s, Opened& out) {
    if (s.coin()) out.set_machine(s.machine());
    if (s.coin()) out.set_service(s.service());
    out.set_instance(s.number());
    out.set_content_type(s.content_type());
    out.set_received(s.number());
    for (std::uint64_t left = s.below(6); left > 0; --left) out.add_route(s.machine());
    for (std::uint64_t left = s.below(6); left > 0; --left) out.add_way(s.router());
    out.set_finished(s.coin());
    out.set_shape(static_cast<std::uint32_t>(s.below(2)));
}

template <typename T>
void fill_failure(Sampler& s, T& out) {
    out.set_code(static_cast<std::uint32_t>(s.below(0xFFFF) + 1));
    if (s.coin()) out.set_machine(s.machine());
    out.set_detail(s.words(max_detail));
}

inline void fill(Sampler& s, Nack& out) {
    fill_failure(s, out);
    out.set_evidence(s.words(max_detail));
    out.set_next(s.words(max_detail));
    for (std::uint64_t left = s.below(max_failed + 1); left > 0; --left) fill(s, *out.add_failed());
    out.set_finished(s.coin());
}

inline void fill(Sampler& s, Reset& out) {
    fill_failure(s, out);
    out.set_resumable(s.coin());
    for (std::uint64_t left = s.below(max_failed + 1); left > 0; --left) fill(s, *out.add_failed());
}

inline void fill(Sampler& s, Outcome& out) {
    out.set_has_status(s.coin());
    out.set_status(static_cast<std::int32_t>(s.number32()));
    out.set_code(static_cast<std::uint32_t>(s.below(0x10000)));
    out.set_stage(s.maybe_address());
    out.set_detail(s.words(max_detail));
    out.set_evidence(s.words(max_detail));
    out.set_next(s.words(max_detail));
}

inline void fill(Sampler& s, Hello& out) {
    out.set_version_min(static_cast<std::uint32_t>(s.below(5) + 1));
    out.set_version_max(out.version_min() + static_cast<std::uint32_t>(s.below(5)));
    out.set_mesh(s.machine());
    out.set_router(s.router());
    out.set_machine(s.machine());
    out.set_epoch(s.number() + 1);
    out.set_boot_nonce(s.number());
    out.set_boot_time_us(s.number());
    out.set_desired_tx_us(static_cast<std::uint32_t>(s.below(max_interval_us) + 1));
    out.set_required_rx_us(static_cast<std::uint32_t>(s.below(max_interval_us) + 1));
    out.set_multiplier(static_cast<std::uint32_t>(s.below(max_multiplier) + 1));
    out.set_pool(static_cast<std::uint32_t>(s.below(max_pool + 1ULL)));
    if (s.coin()) out.set_link_name(s.machine());
}

inline void fill(Sampler& s, Heartbeat& out) {
    out.set_sequence(s.number());
    out.set_sent_us(s.number());
    out.set_echo_sent_us(s.number());
    out.set_echo_received_us(s.number());
    out.set_digest(s.number());
    out.set_flags(s.number32());
}

inline void fill(Sampler& s, Adjacency& out) {
    out.set_peer(s.router());
    out.set_peer_epoch(s.number());
    out.set_cost(static_cast<std::uint32_t>(s.below(max_cost + 1ULL)));
    out.set_flags(s.number32());
}

inline void fill(Sampler& s, NodeRecord& out) {
    out.set_router(~RouterId{0} - 1);
    out.set_epoch(s.number() + 1);
    out.set_sequence(s.number());
    out.set_boot_nonce(s.number());
    out.set_boot_time_us(s.number());
    out.set_machine(s.machine());
    out.set_flags(s.number32());
    out.set_load(static_cast<std::uint32_t>(s.below(256)));
    for (std::uint64_t left = s.below(12); left > 0; --left) {
        Adjacency& adjacency = *out.add_adjacencies();
        fill(s, adjacency);
        adjacency.set_peer(left);
    }
}

template <typename T>
void fill_capabilities(Sampler& s, T& out) {
    for (std::uint64_t left = s.below(4); left > 0; --left) out.add_accepts(s.content_type());
    for (std::uint64_t left = s.below(4); left > 0; --left) out.add_produces(s.content_type());
    for (std::uint64_t left = s.below(4); left > 0; --left)
        out.add_features(s.words(max_content_type));
}

inline void fill(Sampler& s, ServiceRecord& out) {
    out.set_instance(s.number());
    out.set_service(s.service());
    out.set_weight(s.number32());
    out.set_flags(s.number32());
    out.set_type(static_cast<std::uint32_t>(s.below(256)));
    fill_capabilities(s, out);
}

inline void fill(Sampler& s, DirectoryOp& out) {
    out.set_kind(static_cast<std::uint32_t>(s.below(2)));
    fill(s, *out.mutable_record());
}

inline void fill(Sampler& s, DirectoryDelta& out) {
    out.set_origin(s.router());
    out.set_epoch(s.number() + 1);
    out.set_from_sequence(s.number() >> 1U);
    out.set_to_sequence(out.from_sequence() + s.below(100));
    for (std::uint64_t left = s.below(6); left > 0; --left) fill(s, *out.add_ops());
    out.set_digest_after(s.number());
}

inline void fill(Sampler& s, DirectoryPull& out) {
    out.set_origin(s.router());
    out.set_epoch(s.number());
    out.set_have_sequence(s.number());
}

inline void fill(Sampler& s, DirectorySnapshot& out) {
    out.set_origin(s.router());
    out.set_epoch(s.number() + 1);
    out.set_sequence(s.number());
    out.set_chunks(static_cast<std::uint32_t>(s.below(max_chunks) + 1));
    out.set_chunk(static_cast<std::uint32_t>(s.below(out.chunks())));
    for (std::uint64_t left = s.below(6); left > 0; --left) fill(s, *out.add_records());
    out.set_digest(s.number());
}

inline void fill(Sampler& s, Digests& out) {
    for (std::uint64_t left = 1UL << s.below(5); left > 0; --left) out.add_digests(s.number());
}

inline void fill(Sampler& s, Summary& out) {
    std::map<std::uint64_t, RouterId> machines;  // by place
    for (std::uint64_t left = s.below(6); left > 0; --left) {
        const RouterId router = s.router();
        machines[place(router)] = router;
    }
    for (const auto& [place, router] : machines) {
        out.add_routers(router);
        out.add_epochs(s.number());
        out.add_sequences(s.number());
        out.add_services(s.number());
        out.add_contents(s.number());
    }
    out.set_from(machines.empty() ? 0 : machines.begin()->first);
    out.set_to(machines.empty() ? s.number() : machines.rbegin()->first);
}

inline void fill(Sampler& s, Verdict& out) {
    out.set_keep(s.coin());
}

inline void fill(Sampler& s, Goaway& out) {
    out.set_code(static_cast<std::uint32_t>(s.below(0x10000)));
    out.set_detail(s.words(max_detail));
    out.set_retry_after_ms(s.number32());
}

inline void fill(Sampler& s, Attach& out) {
    out.set_version_min(1);
    out.set_version_max(static_cast<std::uint32_t>(s.below(5) + 1));
    out.set_process(s.words(max_process));
    out.set_pid(s.number());
    out.set_pool(static_cast<std::uint32_t>(s.below(max_pool + 1ULL)));
}

inline void fill(Sampler& s, Attached& out) {
    out.set_version(static_cast<std::uint32_t>(s.below(5) + 1));
    out.set_mesh(s.machine());
    out.set_machine(s.machine());
    out.set_pool(static_cast<std::uint32_t>(s.below(max_pool + 1ULL)));
    out.set_pid(s.number());
}

inline void fill(Sampler& s, Offer& out) {
    out.set_request(s.number());
    out.set_service(s.service());
    out.set_type(static_cast<std::uint32_t>(s.below(5)));
    fill_capabilities(s, out);
}

inline void fill(Sampler& s, Offered& out) {
    out.set_request(s.number());
    out.set_code(static_cast<std::uint32_t>(s.below(0x10000)));
    out.set_detail(s.words(max_detail));
}

inline void fill(Sampler& s, Withdraw& out) {
    out.set_service(s.service());
}

inline void fill(Sampler& s, Account& out) {
    for (std::uint64_t left = s.below(max_account + 1); left > 0; --left) {
        out.add_bytes(s.number());
        out.add_messages(s.number());
    }
}

inline void fill(Sampler& s, Envelope& out) {
    out.source = s.maybe_address();
    out.destination = s.address();
    out.reply_to = s.maybe_address();
    for (std::uint64_t left = s.below(3); left > 0; --left)
        fill_stage(s, out.itinerary.emplace_back(), 2);
    out.content_type = s.content_type();
    if (s.coin()) out.deadline = std::chrono::microseconds(s.below(max_remaining_us) + 1);
    out.data = Buffer::copy_of(s.bytes(300));
    if (s.coin()) out.correlation = s.number();
    out.cancelled = s.coin();
}

template <typename T>
T sample(Random& random) {
    Sampler sampler(random);
    T body;
    fill(sampler, body);
    return body;
}

}  // namespace jetway::wire
