// An Envelope: one message with the names of who sent it, who gets it, and who gets the answer.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "base/buffer.hpp"
#include "base/result.hpp"
#include "base/timer.hpp"
#include "wire/control.hpp"

namespace jetway::wire {

struct Envelope {
    std::string source;            // service@machine; the router fills it in when empty
    std::string destination;       // service[@machine]
    std::string reply_to;          // may name another service: the hairpin. Empty: no answer wanted
    std::vector<Stage> itinerary;  // further stops: who gets the envelope sends it on to them
    std::string content_type;
    std::optional<Duration> deadline;  // time left when it was sent, never an absolute clock
    Buffer data;
    std::uint64_t correlation = 0;  // a request's number, which its answer repeats; 0: none
    bool cancelled = false;         // whoever asked request `correlation` does not wait any more
};

/// The answer to `request`, to be routed by whoever got it; its deadline is the request's.
Envelope answer_to(const Envelope& request, Buffer data);

/// At most max_envelope bytes; decode() is total and `data` is a copy.
Buffer encode(const Envelope& envelope);
Result<Envelope> decode_envelope(Bytes bytes);

/// The content type of a stream that carries envelopes, one a message.
inline constexpr std::string_view envelope_content_type = "application/x-jetway-envelope";

}  // namespace jetway::wire
