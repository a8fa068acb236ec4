#include "cli/itinerary.hpp"

#include <algorithm>

namespace jetway::cli {
namespace {

std::string service_of(const wire::Stage& stage) {
    return stage.address().substr(0, stage.address().find('@'));
}

/// "STAGE.KEY=VALUE". A stage's name may have dots in it, a key has none.
struct StageSetting {
    std::string stage;
    std::string key;
    std::string value;
};

Result<StageSetting> parse_setting(const std::string& text) {
    const auto equals = text.find('=');
    const auto dot = text.rfind('.', equals);
    if (equals == std::string::npos || dot == std::string::npos || dot == 0 || dot + 1 == equals) {
        return Error(Code::usage, "cannot read --set " + text)
            .then("write --set STAGE.KEY=VALUE, as in pty-server.run=top");
    }
    return StageSetting{text.substr(0, dot), text.substr(dot + 1, equals - dot - 1),
                        text.substr(equals + 1)};
}

void add_setting(wire::Stage& stage, const StageSetting& setting) {
    for (wire::Setting& known : *stage.mutable_settings()) {
        if (known.key() != setting.key) continue;
        known.add_values(setting.value);
        return;
    }
    wire::Setting& added = *stage.add_settings();
    added.set_key(setting.key);
    added.add_values(setting.value);
}

}  // namespace

std::vector<wire::Stage*> stages_of(wire::Stage& first) {
    std::vector<wire::Stage*> result{&first};
    for (wire::Stage& next : *first.mutable_next()) {
        const std::vector<wire::Stage*> rest = stages_of(next);
        result.insert(result.end(), rest.begin(), rest.end());
    }
    return result;
}

std::vector<wire::Stage*> leaves_of(wire::Stage& first) {
    std::vector<wire::Stage*> result = stages_of(first);
    std::erase_if(result, [](const wire::Stage* stage) { return stage->next_size() > 0; });
    return result;
}

Result<> add_settings(wire::Stage& first, const std::vector<std::string>& settings) {
    const std::vector<wire::Stage*> stages = stages_of(first);
    for (const std::string& text : settings) {
        JETWAY_ASSIGN(const StageSetting setting, parse_setting(text));
        bool found = false;
        std::vector<std::string> names;
        for (wire::Stage* stage : stages) {
            names.push_back(service_of(*stage));
            if (setting.stage != stage->address() && setting.stage != names.back()) continue;
            add_setting(*stage, setting);
            found = true;
        }
        if (found) continue;
        const std::string near = nearest(setting.stage, names);
        return Error(Code::usage, "the pipeline has no stage \"" + setting.stage + "\"")
            .then(near.empty() ? "its stages: " + wire::to_text(first)
                               : "did you mean --set " + near + "." + setting.key + "=...?");
    }
    return success();
}

Result<> append_sink(wire::Stage& first, const std::map<std::string, std::string>& types,
                     const std::string& sink) {
    std::vector<wire::Stage*> answering;
    for (wire::Stage* leaf : leaves_of(first)) {
        const auto type = types.find(service_of(*leaf));
        if (type == types.end() || type->second != "output") answering.push_back(leaf);
    }
    if (answering.empty()) return success();
    if (answering.size() > 1) {
        return Error(Code::usage,
                     "two branches of the pipeline end in a service that gives an answer: " +
                         answering[0]->address() + " and " + answering[1]->address())
            .then("let all but one of them end in an output service, such as recorder");
    }
    answering[0]->add_next()->set_address(sink);
    return success();
}

void set_itinerary(wire::Open& open, const wire::Stage& first) {
    open.set_destination(first.address());
    *open.mutable_settings() = first.settings();
    *open.mutable_next() = first.next();
}

}  // namespace jetway::cli
