// Settings: what a file or a caller says about a service, as text; and Kind: which settings a sort
// of service knows.
#pragma once

#include <chrono>
#include <cstdint>
#include <limits>
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
    /// Without a range for settings that check_settings() has seen.
    Result<std::int64_t> number(std::string_view key, std::int64_t fallback,
                                std::int64_t least = std::numeric_limits<std::int64_t>::min(),
                                std::int64_t most = std::numeric_limits<std::int64_t>::max()) const;
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

/// Bytes: "64MiB", "512 KiB", "1 GiB", whole numbers of each. E-USAGE otherwise.
Result<std::uint64_t> parse_size(std::string_view text);
/// The same the other way, in the largest unit in which it is a whole number: "64 MiB".
std::string size_text(std::uint64_t bytes);

enum class SettingType : std::uint8_t {
    text,
    number,
    real,
    flag,
    duration,
    command /* string or list */
};

/// Which values of its type a setting may have.
struct SettingLimits {
    double least = -std::numeric_limits<double>::infinity();  // of a number, both ends included
    double most = std::numeric_limits<double>::infinity();
    std::vector<std::string> choices{};  // of a text: the only ones; of a number: these words too
    bool required = false;               // a file must have it
    /// Of a text: the error says what is wrong with it.
    Result<> (*check)(const std::string& value) = nullptr;
};

struct SettingSpec {
    std::string key;
    SettingType type = SettingType::text;
    std::string fallback;  // as shown to people; empty: none
    std::string help;
    SettingLimits limits{};
};

/// What sort of service this is: what a deployment file may say about one, and where in a pipeline
/// it may stand.
struct Kind {
    static constexpr std::string_view any = "any";
    static constexpr std::string_view nothing = "nothing";

    std::string name;
    std::vector<std::string> other_names;  // also start this kind when they stand bare in the file
    std::string help;
    std::vector<SettingSpec> settings;
    std::string executable;  // empty: runs inside the daemon; else the program that attaches,
                             // beside `jetway`
    // What it takes and gives: a content type, any, or nothing (a source takes nothing).
    std::string takes{any};
    std::string gives{any};
    std::vector<std::string> brought{};  // keys that a stream may set for itself
};

/// E-BAD-FILE when the values of one setting are not what its spec asks for: the detail says what
/// that is, `next` what was probably meant.
Result<> check_setting(const SettingSpec& spec, const Settings::Values& values);
/// The same for each setting of the kind that is there. For services: the file's settings have been
/// seen already, those that come with a stream have not.
Result<> check_settings(const Kind& kind, const Settings& settings);

/// What a stream has brought for itself. E-USAGE, as check_setting() says it, also for a key that a
/// stream of `kind` may not set.
Result<> check_brought(const Kind& kind, const Settings& settings);

/// The candidate closest to `name` within a third of its length, for "did you mean"; empty when
/// none is near.
std::string nearest(std::string_view name, const std::vector<std::string>& candidates);

}  // namespace jetway
