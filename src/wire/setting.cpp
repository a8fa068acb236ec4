// Settings as they travel: keys with values.
#include <algorithm>
#include <vector>

#include "base/text.hpp"
#include "wire/check.hpp"

namespace jetway::wire {
namespace {

const Field setting_fields[] = {
    {1, Field::Kind::text, 1, max_setting_key},
    {2, Field::Kind::bytes, max_setting_values, max_record},
};

}  // namespace

const Layout setting_layout{"Setting", setting_fields, 3};

template <>
const Layout& layout_of<Setting>() {
    return setting_layout;
}

Result<> check(const Setting& setting) {
    const bool clean = is_clean(setting.key(), max_setting_key);
    return require(!setting.key().empty() && clean,
                   "the key of a setting is empty or not printable");
}

Result<> check(const SettingList& settings) {
    std::vector<std::string_view> keys;
    for (const Setting& setting : settings) {
        JETWAY_TRY(check(setting));
        keys.push_back(setting.key());
    }
    std::sort(keys.begin(), keys.end());
    return require(std::adjacent_find(keys.begin(), keys.end()) == keys.end(),
                   "a setting is given twice");
}

Settings to_settings(const SettingList& settings) {
    Settings result;
    for (const Setting& setting : settings) {
        result.set(setting.key(),
                   Settings::Values(setting.values().begin(), setting.values().end()));
    }
    return result;
}

void from_settings(const Settings& settings, SettingList& out) {
    out.Clear();
    for (const auto& [key, values] : settings.all()) {
        Setting& setting = *out.Add();
        setting.set_key(key);
        for (const std::string& value : values) setting.add_values(value);
    }
}

}  // namespace jetway::wire
