#include "wire/envelope.hpp"

#include <algorithm>
#include <cstring>

#include "wire/check.hpp"

namespace jetway::wire {
namespace {

// The data is written and read beside protobuf: copied once, never twice.
constexpr std::uint32_t data_number = 7;

const Field head_fields[] = {
    {1, Field::Kind::text, 1, max_address},
    {2, Field::Kind::text, 1, max_address},
    {3, Field::Kind::text, 1, max_address},
    {4, Field::Kind::body, max_stages, 0, &stage_layout},
    {5, Field::Kind::text, 1, max_content_type},
};
const Layout head_layout{"Envelope", head_fields};

Error error(Code code, std::string_view what) {
    return {code, "Envelope: " + std::string(what)};
}

/// The tag and length before the data.
std::string data_prefix(std::size_t size) {
    std::string result(1, static_cast<char>(data_number << 3U | 2U));
    for (; size >= 0x80; size >>= 7U) result.push_back(static_cast<char>(size | 0x80U));
    result.push_back(static_cast<char>(size));
    return result;
}

std::uint64_t remaining_us(const std::optional<Duration>& deadline) {
    if (!deadline) return 0;
    const auto us = std::chrono::duration_cast<std::chrono::microseconds>(*deadline).count();
    // 0 would mean that there is no deadline.
    return static_cast<std::uint64_t>(std::clamp<std::int64_t>(us, 1, max_remaining_us));
}

Result<> split(Bytes bytes, std::string& head, Bytes& data) {
    bool found = false;
    while (!bytes.empty()) {
        Token token;
        if (!take_token(bytes, token)) return error(Code::protocol, "malformed");
        if (token.delimited && token.number == data_number) {
            if (std::exchange(found, true)) return error(Code::protocol, "data twice");
            data = token.content;
            continue;
        }
        if (token.whole.size() > max_open - head.size())
            return error(Code::too_large, "the head is too large");
        head.append(reinterpret_cast<const char*>(token.whole.data()), token.whole.size());
    }
    return success();
}

Result<> check_head(const pb::Envelope& head) {
    if (!head.source().empty()) JETWAY_TRY(check_address(head.source(), "source"));
    JETWAY_TRY(check_address(head.destination(), "destination"));
    if (!head.reply_to().empty()) JETWAY_TRY(check_address(head.reply_to(), "reply_to"));
    JETWAY_TRY(check(head.next(), 1));
    JETWAY_TRY(
        require(head.remaining_us() <= max_remaining_us, "the deadline is more than a year away"));
    return check_content_type(head.content_type());
}

Envelope from_head(const pb::Envelope& head, Bytes data) {
    Envelope envelope;
    envelope.source = head.source();
    envelope.destination = head.destination();
    envelope.reply_to = head.reply_to();
    envelope.itinerary.assign(head.next().begin(), head.next().end());
    envelope.content_type = head.content_type();
    if (head.remaining_us() != 0)
        envelope.deadline = std::chrono::microseconds(head.remaining_us());
    envelope.correlation = head.correlation();
    envelope.cancelled = head.cancelled();
    envelope.data = Buffer::copy_of(data);
    return envelope;
}

}  // namespace

Envelope answer_to(const Envelope& request, Buffer data) {
    Envelope answer;
    answer.destination = request.reply_to;
    answer.correlation = request.correlation;
    answer.deadline = request.deadline;
    answer.data = std::move(data);
    return answer;
}

Buffer encode(const Envelope& envelope) {
    pb::Envelope head;
    head.set_source(envelope.source);
    head.set_destination(envelope.destination);
    head.set_reply_to(envelope.reply_to);
    for (const Stage& stage : envelope.itinerary) *head.add_next() = stage;
    head.set_content_type(envelope.content_type);
    head.set_remaining_us(remaining_us(envelope.deadline));
    const std::string prefix =
        envelope.data.empty() ? std::string() : data_prefix(envelope.data.size());
    pb::Envelope tail;  // the fields after the data
    tail.set_correlation(envelope.correlation);
    tail.set_cancelled(envelope.cancelled);
    const std::size_t head_size = head.ByteSizeLong();
    const std::size_t tail_size = tail.ByteSizeLong();
    Buffer result = Buffer::allocate(head_size + prefix.size() + envelope.data.size() + tail_size);
    if (result.empty()) return result;
    std::uint8_t* out = head.SerializeWithCachedSizesToArray(result.mutable_data());
    out = std::copy(prefix.begin(), prefix.end(), out);
    if (!envelope.data.empty()) std::memcpy(out, envelope.data.data(), envelope.data.size());
    if (tail_size != 0) tail.SerializeWithCachedSizesToArray(out + envelope.data.size());
    return result;
}

Result<Envelope> decode_envelope(Bytes bytes) {
    if (bytes.size() > max_envelope) return error(Code::too_large, "more than 1 GiB");
    std::string head_bytes;
    Bytes data;
    JETWAY_TRY(split(bytes, head_bytes, data));
    JETWAY_TRY(
        scan(Bytes(reinterpret_cast<const std::uint8_t*>(head_bytes.data()), head_bytes.size()),
             head_layout));
    pb::Envelope head;
    if (!head.ParseFromString(head_bytes)) return error(Code::protocol, "malformed");
    if (auto checked = check_head(head); !checked)
        return error(checked.error().code, checked.error().detail);
    return from_head(head, data);
}

}  // namespace jetway::wire
