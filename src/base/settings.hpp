// Settings: what a file or a caller says about a service, as text; and Kind: which settings a sort
// of service knows.
#pragma once

#include <chrono>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.hpp"

namespace jetway {

/// Keys with one or more values (a list in the file is several values). Getters name the key in
/// their error.
class Settings {
public:
    using Values = std::vector<std::string>;

    void set(std::string key, std::string value) { values_[std::move(key)] = {std::move(value)}; }
    void set(std::string key, Values values) { values_[std::move(key)] = std::move(values); }
    bool has(std::string_view key) const { return find(key) != nullptr; }
    const Values* find(std::string_view key) const;
    /// The only value of the key, or `fallback` when it is absent. E-BAD-FILE when there are
    /// several.
    Result<std::string> text(std::string_view key, std::string_view fallback) const;
    Result<std::int64_t> number(std::string_view key, std::int64_t fallback, std::int64_t least,
                                std::int64_t most) const;
    Result<double> real(std::string_view key, double fallback) const;
    Result<bool> flag(std::string_view key, bool fallback) const;
    /// "5s", "400ms", "2m".
    Result<std::chrono::nanoseconds> duration(std::string_view key,
                                              std::chrono::nanoseconds fallback) const;
    const std::map<std::string, Values, std::less<>>& all() const { return values_; }
    bool operator==(const Settings&) const = default;

private:
    std::map<std::string, Values, std::less<>> values_;
};

/// "5s", "400ms", "2m", "1h", "10us"; fractions such as "1.5s" too. E-USAGE otherwise.
Result<std::chrono::nanoseconds> parse_duration(std::string_view text);

enum class SettingType : std::uint8_t {
    text,
    number,
    real,
    flag,
    duration,
    command /* string or list */
};

struct SettingSpec {
    std::string key;
    SettingType type = SettingType::text;
    std::string fallback;  // as shown to people; empty: none
    std::string help;
};

/// What sort of service this is: what a deployment file may say about one.
struct Kind {
    std::string name;
    std::vector<std::string> other_names;  // also start this kind when they stand bare in the file
    std::string help;
    std::vector<SettingSpec> settings;
    std::string executable;  // empty: runs inside the daemon; else the program that attaches,
                             // beside `jetway`
};

/// The candidate closest to `name` within a third of its length, for "did you mean"; empty when
/// none is near.
std::string nearest(std::string_view name, const std::vector<std::string>& candidates);

}  // namespace jetway
