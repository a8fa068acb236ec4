#include "kernel/kernel.hpp"

#include <algorithm>
#include <array>
#include <map>
#include <utility>

#include "kernel/joint.hpp"

namespace jetway {
namespace {

constexpr std::array<std::string_view, 5> type_names{"input", "source", "transform", "output",
                                                     "routing"};

bool has_all(const std::vector<std::string>& present, const std::vector<std::string>& wanted) {
    return std::all_of(wanted.begin(), wanted.end(), [&](const std::string& text) {
        return std::find(present.begin(), present.end(), text) != present.end();
    });
}

bool matches(const Capabilities& capabilities, const Query& query) {
    return (!query.type || *query.type == capabilities.type) &&
           has_all(capabilities.accepts, query.accepts) &&
           has_all(capabilities.produces, query.produces) &&
           has_all(capabilities.features, query.features);
}

}  // namespace

struct Kernel::State : std::enable_shared_from_this<State> {
    using Watcher = std::shared_ptr<std::function<void()>>;

    std::uint64_t next_id = 0;
    std::map<std::uint64_t, ServiceEntry> services;
    std::map<std::uint64_t, Watcher> watchers;
    std::map<std::uint64_t, std::shared_ptr<void>> joints;

    Handle keep(std::shared_ptr<void> joint) {
        joints.emplace(++next_id, std::move(joint));
        return undo([id = next_id](State& state) { state.joints.erase(id); });
    }

    template <typename Undo>
    Handle undo(Undo action) {
        return Handle([weak = weak_from_this(), action] {
            if (const auto state = weak.lock()) action(*state);
        });
    }

    void changed() {
        const auto alive = shared_from_this();
        const auto notified = watchers;
        for (const auto& [id, watcher] : notified) {
            if (watchers.contains(id)) (*watcher)();
        }
    }
};

Kernel::Kernel() : state_(std::make_shared<State>()) {}

Kernel::~Kernel() = default;

Handle Kernel::connect(const PipePtr& from, const PipePtr& to) {
    auto joint = std::make_shared<Connect>(from, to);
    Handle handle = state_->keep(joint);
    joint->start();
    return handle;
}

Handle Kernel::split(const PipePtr& from, const std::vector<PipePtr>& branches) {
    auto joint = std::make_shared<Split>(from, branches);
    Handle handle = state_->keep(joint);
    joint->start();
    return handle;
}

Handle Kernel::merge(std::vector<PipePtr> sources, const PipePtr& to) {
    auto joint = std::make_shared<Merge>(std::move(sources), to);
    Handle handle = state_->keep(joint);
    joint->start();
    return handle;
}

Handle Kernel::register_service(std::string name, Capabilities capabilities, PipePtr pipe) {
    const std::uint64_t id = ++state_->next_id;
    state_->services.emplace(
        id, ServiceEntry{std::move(name), std::move(capabilities), std::move(pipe)});
    Handle handle = state_->undo([id](State& state) {
        if (state.services.erase(id) != 0) state.changed();
    });
    state_->changed();
    return handle;
}

std::vector<ServiceEntry> Kernel::lookup(const Query& query) const {
    std::vector<ServiceEntry> found;
    for (const auto& [id, entry] : state_->services) {
        if (matches(entry.capabilities, query)) found.push_back(entry);
    }
    return found;
}

Handle Kernel::watch(std::function<void()> changed) {
    const std::uint64_t id = ++state_->next_id;
    state_->watchers.emplace(id, std::make_shared<std::function<void()>>(std::move(changed)));
    return state_->undo([id](State& state) { state.watchers.erase(id); });
}

std::string_view to_string(ServiceType type) {
    return type_names[static_cast<std::size_t>(type)];
}

Result<ServiceType> parse_service_type(std::string_view text) {
    const auto* const found = std::find(type_names.begin(), type_names.end(), text);
    if (found == type_names.end()) {
        return Error(Code::usage, "\"" + std::string(text) +
                                      "\" is no type of service: input, source, transform, output "
                                      "or routing");
    }
    return static_cast<ServiceType>(found - type_names.begin());
}

}  // namespace jetway
