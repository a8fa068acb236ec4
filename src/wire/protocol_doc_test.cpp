// docs/protocol.md is true: its tables are the code's, and every frame of its worked exchange is
// what the codec writes and reads, down to the remark beside each field.
#include <filesystem>
#include <fstream>
#include <gtest/gtest.h>
#include <map>
#include <regex>
#include <sstream>

#include "wire/control.hpp"
#include "wire/frame.hpp"
#include "wire/pieces.hpp"
#include "wire/scan.hpp"
#include "wire/sharing.hpp"

namespace jetway::wire {
namespace {

std::string read(const std::string& path) {
    const std::filesystem::path root = std::filesystem::path(__FILE__).parent_path() / ".." / "..";
    const std::ifstream file(root / path);
    EXPECT_TRUE(file) << root / path;
    std::ostringstream text;
    text << file.rdbuf();
    return text.str();
}

std::vector<std::string> lines_of(const std::string& text) {
    std::vector<std::string> result;
    std::istringstream stream(text);
    for (std::string line; std::getline(stream, line);) result.push_back(line);
    return result;
}

std::string trimmed(const std::string& text) {
    const std::size_t first = text.find_first_not_of(' ');
    return first == std::string::npos ? ""
                                      : text.substr(first, text.find_last_not_of(' ') - first + 1);
}

using Rows = std::vector<std::vector<std::string>>;

/// The rows of the table whose heading begins with `heading`.
Rows table(const std::string& heading) {
    Rows rows;
    bool inside = false;
    for (const std::string& line : lines_of(read("docs/protocol.md"))) {
        if (line.starts_with("| " + heading)) inside = true;
        if (line.empty()) inside = false;
        if (!inside) continue;
        std::vector<std::string> cells;
        std::istringstream stream(line.substr(1));
        for (std::string cell; std::getline(stream, cell, '|');) cells.push_back(trimmed(cell));
        rows.push_back(std::move(cells));
    }
    EXPECT_GT(rows.size(), 2U) << heading;
    rows.erase(rows.begin(), rows.begin() + std::min<std::ptrdiff_t>(2, std::ssize(rows)));
    return rows;
}

// ---- tables

const std::map<std::string, FrameType> types{
    {"OPEN", FrameType::open},
    {"OPENED", FrameType::opened},
    {"NACK", FrameType::nack},
    {"DATA", FrameType::data},
    {"WINDOW", FrameType::window},
    {"STOP", FrameType::stop},
    {"RESET", FrameType::reset},
    {"RESET_ACK", FrameType::reset_ack},
    {"FIN_ACK", FrameType::fin_ack},
    {"HELLO", FrameType::hello},
    {"HEARTBEAT", FrameType::heartbeat},
    {"NODE", FrameType::node},
    {"SYNC_DONE", FrameType::sync_done},
    {"DIR_DELTA", FrameType::dir_delta},
    {"DIR_PULL", FrameType::dir_pull},
    {"DIR_SNAPSHOT", FrameType::dir_snapshot},
    {"VERDICT", FrameType::verdict},
    {"GOAWAY", FrameType::goaway},
    {"SUMMARY", FrameType::summary},
    {"DIGESTS", FrameType::digests},
    {"ATTACH", FrameType::attach},
    {"ATTACHED", FrameType::attached},
    {"OFFER", FrameType::offer},
    {"OFFERED", FrameType::offered},
    {"WITHDRAW", FrameType::withdraw},
    {"ACCOUNT", FrameType::account},
    {"SHARE", FrameType::share},
    {"ARENA", FrameType::arena},
    {"ARENA_ANSWER", FrameType::arena_answer},
    {"ARENA_GONE", FrameType::arena_gone},
    {"SHARED_DATA", FrameType::shared_data},
    {"RETURNED", FrameType::returned},
};

TEST(ProtocolPage, ListsTheFrameTypes) {
    std::map<std::string, FrameType> listed;
    for (const auto& row : table("type | name"))
        listed[row[1]] = static_cast<FrameType>(std::stoi(row[0]));
    EXPECT_EQ(listed, types);
}

TEST(ProtocolPage, ListsTheFlags) {
    std::map<std::string, int> listed;
    for (const auto& row : table("flag | name")) listed[row[1]] = std::stoi(row[0], nullptr, 16);
    EXPECT_EQ(listed, (std::map<std::string, int>{{"fin", flag::fin}, {"outcome", flag::outcome}}));
}

TEST(ProtocolPage, ListsTheLimits) {
    std::map<std::string, std::uint64_t> listed;
    for (const auto& row : table("limit | value")) listed[row[0]] = std::stoull(row[1]);
    const std::map<std::string, std::uint64_t> limits{
        {"max_payload", max_payload},
        {"max_label", max_label},
        {"max_record", max_record},
        {"max_open", max_open},
        {"max_machine_name", max_machine_name},
        {"max_service_name", max_service_name},
        {"max_address", max_address},
        {"max_content_type", max_content_type},
        {"max_detail", max_detail},
        {"max_process", max_process},
        {"max_route", max_route},
        {"max_failed", max_failed},
        {"max_adjacencies", max_adjacencies},
        {"max_cost", max_cost},
        {"max_stages", max_stages},
        {"max_digests", max_digests},
        {"max_summary", max_summary},
        {"max_account", max_account},
        {"max_stage_depth", max_stage_depth},
        {"max_settings", max_settings},
        {"max_setting_key", max_setting_key},
        {"max_setting_values", max_setting_values},
        {"max_capabilities", max_capabilities},
        {"max_chunks", max_chunks},
        {"max_interval_us", max_interval_us},
        {"max_multiplier", max_multiplier},
        {"max_pool", max_pool},
        {"max_remaining_us", max_remaining_us},
        {"hop_limit", hop_limit},
        {"first_window", first_window},
        {"max_envelope", max_envelope},
        {"max_piece_header", max_piece_header},
        {"max_shared", max_shared},
        {"max_arenas", max_arenas},
        {"max_arena", max_arena},
    };
    EXPECT_EQ(listed, limits);
}

TEST(ProtocolPage, ListsTheCodes) {
    const Rows rows = table("code | name");
    for (std::size_t i = 0; i < rows.size(); ++i) {
        EXPECT_EQ(rows[i][0], std::to_string(i));
        EXPECT_EQ(rows[i][1], code_name(static_cast<Code>(i)));
    }
    EXPECT_EQ(code_name(static_cast<Code>(rows.size())), "E-UNKNOWN");
}

// ---- the worked exchange

/// Some bytes and the remark beside them.
struct Line {
    std::string bytes;
    std::string remark;
};

struct Example {
    std::string title;  // "A > B  OPEN  length 116, label 1"
    std::vector<Line> lines;

    std::string bytes() const {
        std::string result;
        for (const Line& line : lines) result += line.bytes;
        return result;
    }
};

/// A line of hex, which goes on in the next line unless there is a remark.
void add_line(Example& example, const std::string& text, bool& goes_on) {
    const std::string hex = text.substr(0, 51);
    if (!goes_on) example.lines.emplace_back();
    Line& line = example.lines.back();
    std::istringstream stream(hex);
    for (std::string byte; stream >> byte;) {
        EXPECT_TRUE(byte.size() == 2 &&
                    byte.find_first_not_of("0123456789abcdef") == std::string::npos)
            << text;
        line.bytes.push_back(static_cast<char>(std::stoi(byte, nullptr, 16)));
    }
    line.remark = text.size() > 51 ? trimmed(text.substr(51)) : "";
    goes_on = line.remark.empty();
}

std::vector<Example> examples() {
    std::vector<Example> result;
    bool inside = false;
    bool goes_on = false;
    for (const std::string& line : lines_of(read("docs/protocol.md"))) {
        if (line.starts_with("```")) {
            inside = line == "```frames";
        } else if (inside && !line.empty() && line[0] != ' ') {
            result.push_back({line, {}});
        } else if (inside && !line.empty() && !result.empty()) {
            add_line(result.back(), line, goes_on);
        }
    }
    return result;
}

Frame frame_of(const Example& example) {
    FrameSplitter splitter;
    splitter.push(Buffer::copy_of(example.bytes()));
    auto frame = splitter.next();
    EXPECT_TRUE(frame) << example.title;
    EXPECT_EQ(splitter.pending(), 0U) << example.title;
    return frame ? std::move(*frame) : Frame();
}

std::string title_of(const Frame& frame) {
    std::string text;
    for (const auto& [name, type] : types) {
        if (frame.header.is(type)) text = name;
    }
    text += "  length " + std::to_string(frame.header.length) + ", label " +
            std::to_string(frame.header.label);
    if (frame.header.flags != 0) text += ", flags";
    if ((frame.header.flags & flag::fin) != 0) text += " fin";
    if ((frame.header.flags & flag::outcome) != 0) text += " outcome";
    return text;
}

// ---- remarks, made from control.proto

struct ProtoField {
    std::string type;
    std::string name;
};
using Schema = std::map<std::string, std::map<std::uint32_t, ProtoField>>;

const Schema& schema() {
    static const Schema result = [] {
        Schema messages;
        const std::string text =
            std::regex_replace(read("src/wire/control.proto"), std::regex("//[^\n]*"), "");
        const std::regex message(R"(message (\w+) \{([^}]*)\})");
        const std::regex field(R"((\w+) (\w+) = (\d+);)");
        for (std::sregex_iterator m(text.begin(), text.end(), message), end; m != end; ++m) {
            const std::string body = (*m)[2];
            for (std::sregex_iterator f(body.begin(), body.end(), field); f != end; ++f) {
                const auto number = static_cast<std::uint32_t>(std::stoul((*f)[3]));
                messages[(*m)[1]][number] = {(*f)[1], (*f)[2]};
            }
        }
        return messages;
    }();
    return result;
}

std::uint64_t little_endian(Bytes bytes) {
    std::uint64_t value = 0;
    for (std::size_t i = 0; i < bytes.size(); ++i) value |= std::uint64_t{bytes[i]} << (8 * i);
    return value;
}

std::uint64_t varint(Bytes bytes) {
    std::uint64_t value = 0;
    for (std::size_t i = 0; i < bytes.size(); ++i)
        value |= std::uint64_t{bytes[i] & 0x7FU} << (7 * i);
    return value;
}

std::string hex(std::uint64_t value) {
    std::ostringstream text;
    text << "0x" << std::hex << value;
    return text.str();
}

std::string quoted(Bytes bytes) {
    std::string result = "\"";
    for (const std::uint8_t byte : bytes) {
        if (byte == '"') result += '\\';
        result += byte == '\n' ? std::string("\\n") : std::string(1, static_cast<char>(byte));
    }
    return result + "\"";
}

std::string fields(const std::string& message, Bytes bytes);

std::string numbers(Bytes bytes) {
    std::string result;
    for (; !bytes.empty(); bytes = bytes.subspan(8)) {
        result += (result.empty() ? "[" : ", ") + hex(little_endian(bytes.first(8)));
    }
    return result + "]";
}

std::string varints(Bytes bytes) {
    std::string result;
    while (!bytes.empty()) {
        std::size_t size = 1;
        while ((bytes[size - 1] & 0x80U) != 0) ++size;
        result += (result.empty() ? "[" : ", ") + std::to_string(varint(bytes.first(size)));
        bytes = bytes.subspan(size);
    }
    return result + "]";
}

std::string value_of(const std::string& type, const Token& token) {
    if (token.delimited) {
        if (type == "uint64") return varints(token.content);
        if (type == "string" || type == "bytes") return quoted(token.content);
        return type == "fixed64" ? numbers(token.content)
                                 : "{ " + fields(type, token.content) + " }";
    }
    if (type == "fixed64") return hex(little_endian(token.content));
    const std::size_t tag = token.whole[0] < 0x80 ? 1 : 2;
    const std::uint64_t value = varint(token.whole.subspan(tag));
    if (type != "sint32") return std::to_string(value);
    return std::to_string(static_cast<std::int64_t>(value >> 1U) ^
                          -static_cast<std::int64_t>(value & 1U));
}

/// "router 0xb2, epoch 0x5": all fields of a body.
std::string fields(const std::string& message, Bytes bytes) {
    std::string result;
    Token token;
    while (!bytes.empty() && take_token(bytes, token)) {
        const ProtoField& field = schema().at(message).at(token.number);
        result += (result.empty() ? "" : ", ") + field.name + " " + value_of(field.type, token);
    }
    EXPECT_TRUE(bytes.empty()) << message;
    return result;
}

Bytes view(const std::string& text) {
    return {reinterpret_cast<const std::uint8_t*>(text.data()), text.size()};
}

std::string remark_of(const FrameHeader& header, const std::string& message, std::size_t place,
                      const Line& line) {
    if (place == 0) return "header";
    if (!message.empty()) return fields(message, view(line.bytes));
    if (header.is(FrameType::data)) return quoted(view(line.bytes));
    return (place == 1 ? "up_to " : "consumed ") + std::to_string(little_endian(view(line.bytes)));
}

// ---- the codec

/// Decodes, and encodes again.
template <typename T>
Result<Buffer> again(Bytes payload) {
    JETWAY_ASSIGN(const T body, decode<T>(payload));
    return encode(body);
}

struct Codec {
    std::string message;  // of control.proto; empty when the payload is no body
    Result<Buffer> (*again)(Bytes) = nullptr;
};

Codec codec_of(const FrameHeader& header) {
    switch (static_cast<FrameType>(header.type)) {
        case FrameType::open:
            return {"Open", again<Open>};
        case FrameType::opened:
            return {"Opened", again<Opened>};
        case FrameType::nack:
            return {"Nack", again<Nack>};
        case FrameType::stop:
        case FrameType::reset:
            return {"Reset", again<Reset>};
        case FrameType::hello:
            return {"Hello", again<Hello>};
        case FrameType::heartbeat:
            return {"Heartbeat", again<Heartbeat>};
        case FrameType::node:
            return {"NodeRecord", again<NodeRecord>};
        case FrameType::dir_delta:
            return {"DirectoryDelta", again<DirectoryDelta>};
        case FrameType::dir_pull:
            return {"DirectoryPull", again<DirectoryPull>};
        case FrameType::dir_snapshot:
            return {"DirectorySnapshot", again<DirectorySnapshot>};
        case FrameType::verdict:
            return {"Verdict", again<Verdict>};
        case FrameType::goaway:
            return {"Goaway", again<Goaway>};
        case FrameType::digests:
            return {"Digests", again<Digests>};
        case FrameType::summary:
            return {"Summary", again<Summary>};
        case FrameType::attach:
            return {"Attach", again<Attach>};
        case FrameType::attached:
            return {"Attached", again<Attached>};
        case FrameType::offer:
            return {"Offer", again<Offer>};
        case FrameType::offered:
            return {"Offered", again<Offered>};
        case FrameType::withdraw:
            return {"Withdraw", again<Withdraw>};
        case FrameType::account:
            return {"Account", again<Account>};
        case FrameType::data:
            if ((header.flags & flag::outcome) != 0) return {"Outcome", again<Outcome>};
            return {};
        default:
            return {};
    }
}

TEST(ProtocolPage, EveryFrameOfTheExchangeIsWhatItsRemarksSay) {
    ASSERT_GE(examples().size(), 20U);
    for (const Example& example : examples()) {
        const Frame frame = frame_of(example);
        EXPECT_EQ(example.title.substr(7), title_of(frame));
        const Codec codec = codec_of(frame.header);
        for (std::size_t i = 0; i < example.lines.size(); ++i) {
            EXPECT_EQ(example.lines[i].remark,
                      remark_of(frame.header, codec.message, i, example.lines[i]));
        }
    }
}

TEST(ProtocolPage, EveryFrameOfTheExchangeIsReadAndWrittenByTheCodec) {
    for (const Example& example : examples()) {
        const Frame frame = frame_of(example);
        const Codec codec = codec_of(frame.header);
        if (codec.again != nullptr) {
            const auto written = codec.again(frame.body.bytes());
            ASSERT_TRUE(written) << example.title << ": " << written.error().line();
            EXPECT_EQ(written->text(), frame.body.text()) << example.title;
        } else if (frame.header.is(FrameType::window)) {
            const auto window = decode_window(frame.body.bytes());
            ASSERT_TRUE(window) << example.title;
            EXPECT_EQ(encode(*window).text(), frame.body.text());
        }
    }
}

/// The payload of the `index`th frame with this name.
std::string payload(const std::string& name, std::size_t index = 0) {
    for (const Example& example : examples()) {
        if (example.title.find("  " + name + "  ") == std::string::npos) continue;
        if (index-- == 0) return std::string(frame_of(example).body.text());
    }
    ADD_FAILURE() << "the page has no such " << name;
    return {};
}

TEST(ProtocolPage, TheOpenIsWhatTheCodeMakesOfItsValues) {
    Open open;
    open.set_destination("cat");
    open.set_source("call@machine-a");
    open.set_originator("call@machine-a");
    open.set_first_window(first_window);
    open.mutable_id()->set_router(0xa1);
    open.mutable_id()->set_epoch(1'760'000'000'000);
    open.mutable_id()->set_counter(1);
    open.set_attempt(1);
    open.set_egress(0xb2);
    open.set_egress_epoch(1'760'000'000'500);
    open.set_instance(1);
    open.add_route(0xa1);
    open.add_route(0xb2);
    open.set_position(1);
    open.set_hop_limit(hop_limit);
    EXPECT_EQ(payload("OPEN"), encode(open).text());
}

TEST(ProtocolPage, TheAnswersAreWhatTheCodeMakesOfTheirValues) {
    EXPECT_EQ(payload("WINDOW"), encode(Window{256UL * 1024, 0}).text());
    Outcome outcome;
    outcome.set_has_status(true);
    outcome.set_stage("cat@machine-b");
    EXPECT_EQ(payload("DATA", 2), encode(outcome).text());
    const Error refusal(Code::type, "\"cat\" does not take text/plain");
    EXPECT_EQ(payload("NACK"), encode(to_nack(refusal, "machine-b")).text());
}

TEST(ProtocolPage, TheDigestsAreTheCodes) {
    const auto catalogue = decode<DirectorySnapshot>(view(payload("DIR_SNAPSHOT")));
    ASSERT_TRUE(catalogue);
    EXPECT_EQ(catalogue->digest(), digest(encode(catalogue->records(0)).bytes()));
    // What A knows before it has heard of B: its own record, and no catalogue.
    const std::uint64_t record = digest(view(payload("NODE")));
    EXPECT_EQ(decode<Summary>(view(payload("SUMMARY")))->contents(0), record);
    std::string known;
    for (const std::uint64_t value : {0xa1UL, 1'760'000'000'000UL, 1UL, 0UL, record}) {
        for (unsigned i = 0; i < 8; ++i) known.push_back(static_cast<char>(value >> (8 * i)));
    }
    EXPECT_EQ(decode<Heartbeat>(view(payload("HEARTBEAT")))->digest(), digest(known));
    EXPECT_EQ(decode<Digests>(view(payload("DIGESTS")))->digests(0), digest(known));
    EXPECT_NE(read("docs/protocol.md").find(hex(digest(""))), std::string::npos);
}

}  // namespace
}  // namespace jetway::wire
