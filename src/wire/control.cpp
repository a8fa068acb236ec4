// encode() and decode() of every control body.
#include "wire/control.hpp"

#include <cassert>
#include <concepts>
#include <google/protobuf/stubs/logging.h>

#include "base/text.hpp"
#include "wire/check.hpp"

namespace jetway::wire {
namespace {

/// protobuf would write a line to stderr for each bad body that a peer sends.
void silence_protobuf() {
    static const auto before = google::protobuf::SetLogHandler(nullptr);
    (void)before;
}

template <typename T>
constexpr std::size_t most_bytes = std::same_as<T, Open> ? max_open : max_record;

template <typename T>
Buffer serialise(const T& body) {
    silence_protobuf();
    const std::size_t size = body.ByteSizeLong();
    Buffer result = Buffer::allocate(size);
    if (size != 0) body.SerializeWithCachedSizesToArray(result.mutable_data());
    return result;
}

/// Calls see(text, most, member) for each field that people or systems wrote; member(body) is where
/// it is kept.
template <typename T, typename See>
void each_human_text(const T& body, See see) {
    if constexpr (requires { body.detail(); })
        see(body.detail(), max_detail, [](T& b) { return b.mutable_detail(); });
    if constexpr (std::same_as<T, Nack>) {
        see(body.evidence(), max_detail, [](T& b) { return b.mutable_evidence(); });
        see(body.next(), max_detail, [](T& b) { return b.mutable_next(); });
    }
    if constexpr (std::same_as<T, Attach>)
        see(body.process(), max_process, [](T& b) { return b.mutable_process(); });
}

}  // namespace

template <typename T>
Buffer encode(const T& body) {
    bool clean = true;
    each_human_text(body, [&clean](const std::string& text, std::size_t most, auto) {
        clean = clean && is_clean(text, most);
    });
    if (clean) return serialise(body);
    T copy = body;
    each_human_text(body, [&copy](const std::string& text, std::size_t most, auto member) {
        *member(copy) = clean_text(text, most);
    });
    return serialise(copy);
}

template <typename T>
Result<T> decode(Bytes payload) {
    const Layout& layout = layout_of<T>();
    if (payload.size() > most_bytes<T>) {
        return Error(Code::too_large,
                     std::string(layout.name) + " of " + std::to_string(payload.size()) + " bytes");
    }
    JETWAY_TRY(scan(payload, layout));
    silence_protobuf();
    T body;
    if (!body.ParseFromArray(payload.data(), static_cast<int>(payload.size()))) {
        return Error(Code::protocol, std::string(layout.name) + " is malformed");
    }
    if (auto checked = check(body); !checked) {
        return Error(checked.error().code,
                     std::string(layout.name) + ": " + checked.error().detail);
    }
    return body;
}

#define JETWAY_BODY(T)                \
    template Buffer encode(const T&); \
    template Result<T> decode(Bytes)
JETWAY_BODY(Setting);
JETWAY_BODY(Stage);
JETWAY_BODY(StreamId);
JETWAY_BODY(Edge);
JETWAY_BODY(Open);
JETWAY_BODY(Opened);
JETWAY_BODY(Nack);
JETWAY_BODY(Reset);
JETWAY_BODY(Outcome);
JETWAY_BODY(Hello);
JETWAY_BODY(Heartbeat);
JETWAY_BODY(Adjacency);
JETWAY_BODY(NodeRecord);
JETWAY_BODY(ServiceRecord);
JETWAY_BODY(DirectoryOp);
JETWAY_BODY(DirectoryDelta);
JETWAY_BODY(DirectoryPull);
JETWAY_BODY(DirectorySnapshot);
JETWAY_BODY(Digests);
JETWAY_BODY(Summary);
JETWAY_BODY(Verdict);
JETWAY_BODY(Goaway);
JETWAY_BODY(Attach);
JETWAY_BODY(Attached);
JETWAY_BODY(Offer);
JETWAY_BODY(Offered);
JETWAY_BODY(Withdraw);
JETWAY_BODY(Account);
#undef JETWAY_BODY

}  // namespace jetway::wire
