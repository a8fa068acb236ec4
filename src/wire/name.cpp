// Names of services and machines, and addresses made of them.
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

Result<> check_name(std::string_view name, std::string_view what, std::size_t most) {
    const std::string quoted = "\"" + clean_text(name, most) + "\"";
    if (name.empty())
        return Error(Code::usage, "a " + std::string(what) + " name may not be empty");
    if (name.size() > most) {
        return Error(Code::usage, quoted + "...: a " + std::string(what) + " name has at most " +
                                      std::to_string(most) + " bytes");
    }
    if (name.front() == '#' || name == "." || name == "..") {
        return Error(Code::usage, quoted + ": a " + std::string(what) + " name may not " +
                                      (name.front() == '#' ? "begin with '#'" : "be that"));
    }
    std::string_view rest = name;
    while (!rest.empty()) {
        const std::string_view before = rest;
        const auto character = take_character(rest);
        if (!character) return Error(Code::usage, quoted + " is not UTF-8");
        if (allowed(*character)) continue;
        const std::string_view bytes = before.substr(0, before.size() - rest.size());
        return Error(Code::usage, quoted + ": " + shown(*character, bytes) +
                                      " is not allowed in a " + std::string(what) + " name");
    }
    return success();
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

Result<Address> parse_address(std::string_view text) {
    const std::size_t at = text.find('@');
    Address address;
    address.service = text.substr(0, at);
    JETWAY_TRY(check_service_name(address.service));
    if (at == std::string_view::npos) return address;
    address.machine = text.substr(at + 1);
    JETWAY_TRY(check_machine_name(address.machine));
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

}  // namespace jetway::wire
