// Names of services and machines, addresses made of them, and content types.
#include <cstdio>

#include "base/text.hpp"
#include "wire/check.hpp"

namespace jetway::wire {
namespace {

constexpr std::string_view reserved = "@|{};,/";

/// As shown in an error: the character itself, or its number when nobody could see it.
std::string shown(char32_t character, std::string_view bytes) {
    if (!is_invisible(character) && !is_space(character)) return "'" + std::string(bytes) + "'";
    if (character == ' ') return "a space";
    char text[16];
    std::snprintf(text, sizeof text, "U+%04X", static_cast<unsigned>(character));
    return text;
}

bool allowed(char32_t character) {
    if (character < 0x80 && reserved.find(static_cast<char>(character)) != std::string_view::npos)
        return false;
    return !is_space(character) && !is_invisible(character);
}

/// What is wrong with a name, or nothing.
std::string fault(std::string_view name) {
    if (name == "." || name == "..") return "may not be that";
    if (name.front() == '#') return "may not begin with '#'";
    while (!name.empty()) {
        const std::string_view before = name;
        const auto character = take_character(name);
        if (!character) return "must be UTF-8";
        if (allowed(*character)) continue;
        return "may not contain " +
               shown(*character, before.substr(0, before.size() - name.size()));
    }
    return {};
}

Result<> check_name(std::string_view name, std::string_view what, std::size_t most) {
    std::string reason;
    if (name.empty()) {
        reason = "may not be empty";
    } else if (name.size() > most) {
        reason = "has at most " + std::to_string(most) + " bytes";
    } else {
        reason = fault(name);
    }
    if (reason.empty()) return success();
    return Error(Code::usage, "\"" + clean_text(name, most) + "\": the name of a " +
                                  std::string(what) + " " + reason);
}

/// The reason a person would get, as the reason to close a link.
Result<> from_peer(const Result<>& result, std::string_view what) {
    if (result) return success();
    return Error(Code::protocol, std::string(what) + ": " + result.error().detail);
}

}  // namespace

Result<> check_service_name(std::string_view name) {
    return check_name(name, "service", max_service_name);
}

Result<> check_machine_name(std::string_view name) {
    return check_name(name, "machine", max_machine_name);
}

bool is_router_text(std::string_view machine) {
    if (!machine.starts_with('#') || machine.size() < 2 || machine.size() > 17) return false;
    return machine.find_first_not_of("0123456789abcdef", 1) == std::string_view::npos;
}

std::string router_text(RouterId router) {
    static constexpr char digits[] = "0123456789abcdef";
    std::string text(17, '#');
    for (std::size_t i = 16; i > 0; --i, router >>= 4U) text[i] = digits[router & 0xFU];
    return text;
}

Result<Address> parse_address(std::string_view text) {
    const std::size_t at = text.find('@');
    Address address;
    address.service = text.substr(0, at);
    JETWAY_TRY(check_service_name(address.service));
    if (at == std::string_view::npos) return address;
    address.machine = text.substr(at + 1);
    if (!is_router_text(address.machine)) JETWAY_TRY(check_machine_name(address.machine));
    return address;
}

Result<> require(bool holds, std::string_view what) {
    if (holds) return success();
    return Error(Code::protocol, std::string(what));
}

Result<> check_router(RouterId router, std::string_view what) {
    if (router != 0 && router != ~RouterId{0}) return success();
    return Error(Code::protocol, std::string(what) + " is a reserved router id");
}

Result<> check_service(std::string_view name, std::string_view what) {
    return from_peer(check_service_name(name), what);
}

Result<> check_machine(std::string_view name, std::string_view what) {
    return from_peer(check_machine_name(name), what);
}

Result<> check_address(std::string_view text, std::string_view what) {
    const auto address = parse_address(text);
    return address ? success() : from_peer(address.error(), what);
}

Result<> check_content_type(std::string_view text) {
    return require(is_clean(text, max_content_type), "a content type is not printable");
}

Result<> check_content_types(const TextList& texts) {
    for (const std::string& text : texts) JETWAY_TRY(check_content_type(text));
    return success();
}

}  // namespace jetway::wire
