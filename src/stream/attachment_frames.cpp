// The frames an Attachment gets.
#include <algorithm>
#include <utility>

#include "base/text.hpp"
#include "stream/attachment.hpp"

namespace jetway::stream {
namespace {

using wire::FrameType;

constexpr std::size_t most_late_resets = 1024;  // beyond, reading waits until they are answered

Error offence(std::string detail) {
    return {Code::protocol, std::move(detail)};
}

bool on_streams(const wire::FrameHeader& header) {
    return header.type >= static_cast<std::uint8_t>(FrameType::open) &&
           header.type <= static_cast<std::uint8_t>(FrameType::reset_ack);
}

/// A source takes nothing, so it is nobody's next stage. Who says what it takes takes nothing else;
/// plain bytes have no type.
bool takes(const Capabilities& capabilities, const std::string& content_type) {
    const auto& accepts = capabilities.accepts;
    if (capabilities.type == ServiceType::source) return content_type.empty();
    return accepts.empty() ||
           std::find(accepts.begin(), accepts.end(), content_type) != accepts.end();
}

Error wrong_type(const std::string& name, const Capabilities& capabilities,
                 const std::string& content_type) {
    const std::string given = content_type.empty() ? "plain bytes" : content_type;
    Error error(Code::type, "\"" + name + "\" does not take " + given);
    if (capabilities.accepts.empty()) return error;
    return std::move(error)
        .because("it takes " + joined(capabilities.accepts, ", "))
        .then("see who produces that: jetway services");
}

}  // namespace

bool Attachment::on_message(Message& message) {
    if (late_resets_.size() >= most_late_resets) {
        holding_ = true;
        return false;
    }
    const auto alive = shared_from_this();
    Message taken = std::move(message);
    const bool outer = !std::exchange(working_, true);
    const auto received = closed_ ? success() : receive(taken);
    if (!received) fail(received.error());
    if (outer) working_ = false;
    work();
    return true;
}

Result<> Attachment::receive(Message& message) {
    const wire::FrameHeader header = wire::FrameHeader::unpack(message.header);
    if (message.body.foreign() != nullptr) message.body = private_.copy_of(message.body.bytes());
    ++counts_.frames_in;
    counts_.bytes_in += message.body.size();
    if (message.body.size() != header.length)
        return offence("a frame whose length is not its body's");
    if (header.label == 0) return on_own_frame(header, message.body);
    if (!is_attached_) return offence("a stream before ATTACHED");
    if (!on_streams(header)) {
        if ((header.type & wire::ignorable) != 0) return success();
        return offence("frame of type " + std::to_string(header.type) + " on a stream's label");
    }
    if (header.flags != 0 && !header.is(FrameType::data))
        return offence("flags on a frame that has none");
    if (header.is(FrameType::open)) return on_open(header, message.body);
    const auto found = ends_.find(header.label);
    if (found == ends_.end()) return on_late_frame(header);
    const EndPtr end = found->second;
    return end->receive(header, std::move(message.body));
}

Result<> Attachment::on_own_frame(const wire::FrameHeader& header, const Buffer& body) {
    switch (static_cast<FrameType>(header.type)) {
        case FrameType::attached:
            return on_attached(body);
        case FrameType::offered:
            return on_offered(body);
        case FrameType::goaway: {
            JETWAY_ASSIGN(const wire::Goaway goaway, wire::decode<wire::Goaway>(body.bytes()));
            return Error(goaway.code() == 0 ? Code::closed : static_cast<Code>(goaway.code()),
                         goaway.detail());
        }
        default:
            if ((header.type & wire::ignorable) != 0) return success();
            return offence("frame of type " + std::to_string(header.type) + " from the router");
    }
}

Result<> Attachment::on_attached(const Buffer& body) {
    if (is_attached_) return offence("ATTACHED twice");
    JETWAY_ASSIGN(attached_, wire::decode<wire::Attached>(body.bytes()));
    if (attached_.version() != wire::protocol_version) {
        return Error(Code::version,
                     "the router speaks version " + std::to_string(attached_.version()));
    }
    is_attached_ = true;
    usable_pool_ = attached_.pool();
    tell_attached();
    return success();
}

Result<> Attachment::on_offered(const Buffer& body) {
    JETWAY_ASSIGN(const wire::Offered answer, wire::decode<wire::Offered>(body.bytes()));
    const auto found = std::find_if(offers_.begin(), offers_.end(), [&](const auto& entry) {
        return entry.second.request == answer.request();
    });
    if (found == offers_.end()) return success();  // withdrawn meanwhile
    const Offered offered = std::exchange(found->second.offered, nullptr);
    Result<> result = success();
    if (answer.code() != 0) {
        result = Error(static_cast<Code>(answer.code()), answer.detail());
        offers_.erase(found);
    }
    if (offered) offered(result);
    return success();
}

Result<> Attachment::on_open(const wire::FrameHeader& header, const Buffer& body) {
    const std::uint32_t label = header.label;
    if (labels_.ours(label) || label > wire::max_label) {
        return offence("OPEN with label " + std::to_string(label));
    }
    if (ends_.contains(label)) return offence("OPEN with a label that is in use");
    JETWAY_ASSIGN(wire::Open open, wire::decode<wire::Open>(body.bytes()));
    if (open.first_window() > granted_pool_) {
        return offence("OPEN takes more than the first windows granted");
    }
    highest_heard_ = std::max(highest_heard_, label);
    granted_pool_ -= open.first_window();
    const std::uint32_t window_taken = open.first_window();
    const EndPtr end = make_end(label, false, std::move(open));
    end->pool_taken = window_taken;
    ends_.emplace(label, end);
    hand_over(end);
    return success();
}

void Attachment::hand_over(const EndPtr& end) {
    const std::string& destination = end->opening().destination();
    const auto found = offers_.find(std::string_view(destination).substr(0, destination.find('@')));
    if (found == offers_.end()) {
        return end->refuse(
            {Code::no_instance, "\"" + destination + "\" is not offered here any more"});
    }
    const auto& [name, offering] = *found;
    if (!takes(offering.capabilities, end->opening().content_type())) {
        return end->refuse(wrong_type(name, offering.capabilities, end->opening().content_type()));
    }
    offering.service->on_open(StreamPtr(new Stream(end)));
}

/// A frame on a label that is free: the peer may have sent it before it heard of the end.
Result<> Attachment::on_late_frame(const wire::FrameHeader& header) {
    const bool known =
        labels_.ours(header.label) ? labels_.used(header.label) : header.label <= highest_heard_;
    if (!known) return offence("frame of a stream that was never opened");
    switch (static_cast<FrameType>(header.type)) {
        case FrameType::data:
        case FrameType::window:
        case FrameType::stop:
            ++counts_.late_frames;
            return success();
        case FrameType::reset:
            ++counts_.late_frames;
            late_resets_.push_back(header.label);
            return success();
        default:
            return offence("answer on a label that is free");
    }
}

}  // namespace jetway::stream
