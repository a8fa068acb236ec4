// Fields: one mapping of the file, read by key. Says what is wrong with keys and values that do not
// fit, and goes on.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.hpp"
#include "base/settings.hpp"
#include "base/timer.hpp"
#include "deployment/document.hpp"

namespace jetway::deployment {

class Fields {
public:
    /// `what` is for messages: "a terminal". `known` are the keys there are; `later` those that a
    /// later version will know, refused as such. Any other key is an error at once. A node that is
    /// not a mapping has no fields (its problem is reported, unless it is nothing). The node and
    /// the problems outlive the object.
    Fields(const Node& node, std::string what, std::vector<std::string> known,
           std::vector<std::string> later, Problems& problems);

    /// nullptr when absent.
    const Node* find(std::string_view key) const;
    /// The scalar's text; `fallback` when absent or wrong (which is reported).
    std::string text(std::string_view key, const std::string& fallback = {});
    bool flag(std::string_view key, bool fallback);
    Duration duration(std::string_view key, Duration fallback, Duration least, Duration most);
    /// Bytes.
    std::uint64_t size(std::string_view key, std::uint64_t fallback, std::uint64_t least,
                       std::uint64_t most);
    /// A whole number.
    std::uint64_t number(std::string_view key, std::uint64_t fallback, std::uint64_t least,
                         std::uint64_t most);
    Place place_of(std::string_view key) const;

private:
    void check_key(const Node& key);
    /// The scalar under `key`; reports what is none.
    const Node* scalar(std::string_view key);

    const Node& node_;
    std::string what_;
    std::vector<std::string> known_;
    std::vector<std::string> later_;
    Problems& problems_;
};

/// "did you mean "x"?" for a near candidate, else empty.
std::string did_you_mean(std::string_view name, const std::vector<std::string>& candidates);

/// `names` as "a, b, c", cut after a dozen.
std::string listed(const std::vector<std::string>& names);

/// Reports the error of a parser at `node`, underlining its text.
void report(const Node& node, const Error& error, Problems& problems);

}  // namespace jetway::deployment
