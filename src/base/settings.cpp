#include "base/settings.hpp"

#include <array>
#include <charconv>
#include <cmath>
#include <limits>

#include "base/text.hpp"

namespace jetway {
namespace {

Error bad(std::string_view key, std::string_view value, std::string_view expected) {
    return {Code::bad_file,
            std::string(key) + ": \"" + std::string(value) + "\" is not " + std::string(expected)};
}

template <typename T>
bool parse_all(std::string_view text, T& value) {
    const auto [stop, error] = std::from_chars(text.begin(), text.end(), value);
    return error == std::errc() && stop == text.end();
}

std::optional<bool> parse_flag(std::string_view text) {
    if (text == "true" || text == "yes" || text == "on") return true;
    if (text == "false" || text == "no" || text == "off") return false;
    return std::nullopt;
}

/// "1", "0.001", without an exponent.
std::string text_of(double number) {
    std::array<char, 64> text{};
    const auto [end, error] =
        std::to_chars(text.data(), text.data() + text.size(), number, std::chars_format::fixed);
    return error == std::errc() ? std::string(text.data(), end) : std::to_string(number);
}

std::string in_quotes(std::string_view text) {
    constexpr std::size_t longest = 60;
    return "\"" + clean_text(text, longest) + (text.size() > longest ? "...\"" : "\"");
}

/// "any, opencl or scalar".
std::string one_of(const std::vector<std::string>& choices) {
    std::string result;
    for (std::size_t i = 0; i < choices.size(); ++i) {
        if (i > 0) result += i + 1 == choices.size() ? " or " : ", ";
        result += choices[i];
    }
    return result;
}

bool is_choice(const SettingLimits& limits, std::string_view value) {
    return std::find(limits.choices.begin(), limits.choices.end(), value) != limits.choices.end();
}

bool fits(const SettingSpec& spec, std::string_view value) {
    const SettingLimits& limits = spec.limits;
    const auto in_range = [&](double number) {
        return number >= limits.least && number <= limits.most;
    };
    std::int64_t whole = 0;
    double number = 0;
    switch (spec.type) {
        case SettingType::number:
            return is_choice(limits, value) ||
                   (parse_all(value, whole) && in_range(static_cast<double>(whole)));
        case SettingType::real:
            return is_choice(limits, value) ||
                   (parse_all(value, number) && std::isfinite(number) && in_range(number));
        case SettingType::flag:
            return parse_flag(value).has_value();
        case SettingType::duration:
            return parse_duration(value).has_value();
        case SettingType::command:
            return !value.empty();
        case SettingType::text:
            return limits.choices.empty() || is_choice(limits, value);
    }
    return false;
}

/// What fits, in words.
std::string expected(const SettingSpec& spec) {
    const SettingLimits& limits = spec.limits;
    std::string result;
    switch (spec.type) {
        case SettingType::number:
            result = "a whole number";
            break;
        case SettingType::real:
            result = "a number";
            break;
        case SettingType::flag:
            return "true or false";
        case SettingType::duration:
            return "a length of time, as in 400ms, 5s, 2m";
        case SettingType::command:
            return "a command, as a string or a list";
        case SettingType::text:
            return one_of(limits.choices);
    }
    if (std::isfinite(limits.least) && std::isfinite(limits.most))
        result += " from " + text_of(limits.least) + " to " + text_of(limits.most);
    if (!limits.choices.empty()) result += " or " + one_of(limits.choices);
    return result;
}

std::string meaning(const SettingSpec& spec, std::string_view value) {
    const std::string near = nearest(value, spec.limits.choices);
    if (!near.empty()) return "did you mean " + in_quotes(near) + "?";
    return spec.help.empty() ? "" : spec.key + ": " + spec.help;
}

/// The only value of a key that is present.
Result<std::string_view> only(std::string_view key, const Settings::Values& values) {
    if (values.size() == 1) return std::string_view(values.front());
    return Error(
        Code::bad_file,
        std::string(key) + (values.empty() ? ": has no value" : ": takes one value, not a list"));
}

char lower(char c) {
    return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
}

/// Edits (insert, delete, replace, swap of neighbours) from `a` to `b`, letters of either case
/// being the same. `rows` is scratch memory.
std::size_t edits(std::string_view a, std::string_view b,
                  std::array<std::vector<std::size_t>, 3>& rows) {
    for (auto& row : rows) row.assign(b.size() + 1, 0);
    for (std::size_t j = 0; j <= b.size(); ++j) rows[1][j] = j;
    for (std::size_t i = 1; i <= a.size(); ++i) {
        auto& [before, last, now] = rows;
        now[0] = i;
        for (std::size_t j = 1; j <= b.size(); ++j) {
            const bool same = lower(a[i - 1]) == lower(b[j - 1]);
            now[j] = std::min({last[j] + 1, now[j - 1] + 1, last[j - 1] + (same ? 0 : 1)});
            const bool swapped = i > 1 && j > 1 && lower(a[i - 1]) == lower(b[j - 2]) &&
                                 lower(a[i - 2]) == lower(b[j - 1]);
            if (swapped) now[j] = std::min(now[j], before[j - 2] + 1);
        }
        std::swap(before, last);
        std::swap(last, now);
    }
    return rows[1][b.size()];
}

}  // namespace

const Settings::Values* Settings::find(std::string_view key) const {
    const auto found = values_.find(key);
    return found == values_.end() ? nullptr : &found->second;
}

Result<std::string> Settings::text(std::string_view key, std::string_view fallback) const {
    const Values* values = find(key);
    if (values == nullptr) return std::string(fallback);
    JETWAY_ASSIGN(const std::string_view value, only(key, *values));
    return std::string(value);
}

Result<std::int64_t> Settings::number(std::string_view key, std::int64_t fallback,
                                      std::int64_t least, std::int64_t most) const {
    const Values* values = find(key);
    if (values == nullptr) return fallback;
    JETWAY_ASSIGN(const std::string_view value, only(key, *values));
    std::int64_t number = 0;
    const bool is_bounded = least > std::numeric_limits<std::int64_t>::min() ||
                            most < std::numeric_limits<std::int64_t>::max();
    const std::string range =
        is_bounded ? "a whole number from " + std::to_string(least) + " to " + std::to_string(most)
                   : "a whole number";
    if (!parse_all(value, number) || number < least || number > most) return bad(key, value, range);
    return number;
}

Result<double> Settings::real(std::string_view key, double fallback) const {
    const Values* values = find(key);
    if (values == nullptr) return fallback;
    JETWAY_ASSIGN(const std::string_view value, only(key, *values));
    double number = 0;
    if (!parse_all(value, number) || !std::isfinite(number)) return bad(key, value, "a number");
    return number;
}

Result<bool> Settings::flag(std::string_view key, bool fallback) const {
    const Values* values = find(key);
    if (values == nullptr) return fallback;
    JETWAY_ASSIGN(const std::string_view value, only(key, *values));
    if (const auto flag = parse_flag(value)) return *flag;
    return bad(key, value, "true or false");
}

Result<std::chrono::nanoseconds> Settings::duration(std::string_view key,
                                                    std::chrono::nanoseconds fallback) const {
    const Values* values = find(key);
    if (values == nullptr) return fallback;
    JETWAY_ASSIGN(const std::string_view value, only(key, *values));
    const auto duration = parse_duration(value);
    if (!duration) return Error(Code::bad_file, std::string(key) + ": " + duration.error().detail);
    return *duration;
}

Result<std::uint64_t> parse_size(std::string_view text) {
    Error error(Code::usage,
                "\"" + std::string(text) + "\" is not a size: write 512 KiB, 64 MiB or 1 GiB");
    std::uint64_t number = 0;
    const auto [stop, failed] = std::from_chars(text.begin(), text.end(), number);
    if (failed != std::errc()) return error;
    std::string_view unit(stop, text.end());
    if (unit.starts_with(' ')) unit.remove_prefix(1);
    const unsigned shift = unit == "KiB" ? 10 : unit == "MiB" ? 20 : unit == "GiB" ? 30 : 0;
    if (shift == 0 || number > std::numeric_limits<std::uint64_t>::max() >> shift) return error;
    return number << shift;
}

std::string size_text(std::uint64_t bytes) {
    static constexpr const char* units[] = {" bytes", " KiB", " MiB", " GiB"};
    std::size_t unit = 0;
    for (; bytes != 0 && bytes % 1024 == 0 && unit < 3; ++unit) bytes /= 1024;
    return std::to_string(bytes) + units[unit];
}

Result<std::chrono::nanoseconds> parse_duration(std::string_view text) {
    struct Unit {
        std::string_view name;
        double nanoseconds;
    };
    constexpr std::array<Unit, 5> units{
        {{"us", 1e3}, {"ms", 1e6}, {"s", 1e9}, {"m", 60e9}, {"h", 3600e9}}};
    Error error(Code::usage,
                "\"" + std::string(text) + "\" is not a duration: write 400ms, 5s, 2m, 1h or 10us");
    // from_chars would also take "inf", "nan" and a sign.
    if (text.empty() || text.front() < '0' || text.front() > '9') return error;
    double number = 0;
    const auto [stop, failed] =
        std::from_chars(text.begin(), text.end(), number, std::chars_format::fixed);
    if (failed != std::errc()) return error;
    for (const Unit& unit : units) {
        if (unit.name != std::string_view(stop, text.end())) continue;
        const double total = number * unit.nanoseconds;
        if (total >= static_cast<double>(std::numeric_limits<std::int64_t>::max())) return error;
        return std::chrono::nanoseconds(std::llround(total));
    }
    return error;
}

Result<> check_setting(const SettingSpec& spec, const Settings::Values& values) {
    const std::string key = in_quotes(spec.key);
    if (values.empty() || (spec.limits.required && values.front().empty()))
        return Error(Code::bad_file, key + " needs a value").then(meaning(spec, ""));
    if (values.size() > 1 && spec.type != SettingType::command) {
        return Error(Code::bad_file, key + " takes one value, not a list")
            .then("write " + spec.key + ": VALUE");
    }
    const std::string& value = values.front();
    if (!fits(spec, value)) {
        return Error(Code::bad_file, key + " is " + expected(spec) + ", not " + in_quotes(value))
            .then(meaning(spec, value));
    }
    if (spec.limits.check == nullptr) return success();
    const Result<> checked = spec.limits.check(value);
    if (checked) return success();
    return Error(Code::bad_file, key + ": " + checked.error().detail)
        .then(checked.error().next.empty() ? meaning(spec, value) : checked.error().next);
}

Result<> check_settings(const Kind& kind, const Settings& settings) {
    for (const SettingSpec& spec : kind.settings) {
        if (const Settings::Values* values = settings.find(spec.key))
            JETWAY_TRY(check_setting(spec, *values));
    }
    return success();
}

Result<> check_brought(const Kind& kind, const Settings& settings) {
    for (const auto& [key, values] : settings.all()) {
        if (std::ranges::find(kind.brought, key) == kind.brought.end()) {
            const std::string near = nearest(key, kind.brought);
            Error error(Code::usage, "a stream cannot set \"" + key + "\" of " + kind.name);
            if (!near.empty()) error.next = "did you mean \"" + near + "\"?";
            return error;
        }
    }
    Result<> checked = check_settings(kind, settings);
    if (checked) return checked;
    Error error = checked.error();
    error.code = Code::usage;
    return error;
}

std::string nearest(std::string_view name, const std::vector<std::string>& candidates) {
    constexpr std::size_t longest = 320;  // an address; beyond, the work would grow with its square
    if (name.size() > longest) return {};
    std::size_t best = name.size() / 3;
    std::string_view found;
    std::array<std::vector<std::size_t>, 3> rows;
    for (const std::string& candidate : candidates) {
        const std::size_t difference =
            std::max(name.size(), candidate.size()) - std::min(name.size(), candidate.size());
        if (difference > best) continue;
        const std::size_t distance = edits(name, candidate, rows);
        if (distance < best || (distance == best && found.empty())) {
            best = distance;
            found = candidate;
        }
    }
    return std::string(found);
}

}  // namespace jetway
