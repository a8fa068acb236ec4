#include "routing/names.hpp"

#include <algorithm>

namespace jetway::routing {

namespace {

/// Where the machine's offering is, or belongs.
std::size_t place_of(NodeIndex node, std::span<const Offering> offerings) {
    const auto found = std::ranges::lower_bound(offerings, node, {}, &Offering::node);
    return static_cast<std::size_t>(found - offerings.begin());
}

void count(Offering& offering, std::uint64_t instance, bool draining) {
    if (draining) {
        ++offering.draining;
        return;
    }
    const auto takers = offering.takers.all();
    const auto place = std::ranges::lower_bound(takers, instance) - takers.begin();
    offering.takers.insert(static_cast<std::size_t>(place), instance);
}

void discount(Offering& offering, std::uint64_t instance, bool draining) {
    if (draining) {
        --offering.draining;
        return;
    }
    const auto takers = offering.takers.all();
    const auto place = std::ranges::lower_bound(takers, instance) - takers.begin();
    offering.takers.erase(static_cast<std::size_t>(place));
}

}  // namespace

Name::Name(std::string_view text) : text_(std::make_unique<char[]>(text.size() + 1)) {
    std::ranges::copy(text, text_.get());
}

std::size_t Names::Hash::operator()(std::string_view text) const {
    return std::hash<std::string_view>()(text);
}

const Name* Names::find(std::string_view text) const {
    const auto found = names_.find(text);
    return found == names_.end() ? nullptr : &*found;
}

const Name& Names::add(std::string_view text, const Holder& holder, std::uint32_t flags) {
    auto name = names_.find(text);
    if (name == names_.end()) name = names_.emplace(text).first;
    Few<Offering>& offerings = name->offerings_;
    const std::size_t place = place_of(holder.node, offerings.all());
    if (place == offerings.all().size() || offerings.all()[place].node != holder.node)
        offerings.insert(place, {holder.node, 0, {}});
    count(offerings.all()[place], holder.instance, (flags & service_draining) != 0);
    ++instances_;
    if ((flags & service_hidden) == 0) changes_.push_back({holder.node, std::string(text), true});
    return *name;
}

void Names::remove(const Name& name, const Holder& holder, std::uint32_t flags) {
    if ((flags & service_hidden) == 0)
        changes_.push_back({holder.node, std::string(name.text()), false});
    const std::size_t place = place_of(holder.node, name.offerings());
    Offering& offering = name.offerings_.all()[place];
    discount(offering, holder.instance, (flags & service_draining) != 0);
    --instances_;
    if (offering.draining != 0 || !offering.takers.all().empty()) return;
    name.offerings_.erase(place);
    if (name.offerings().empty()) names_.erase(names_.find(name.text()));
}

void Names::set_draining(const Name& name, const Holder& holder, bool draining) {
    Offering& offering = name.offerings_.all()[place_of(holder.node, name.offerings())];
    discount(offering, holder.instance, !draining);
    count(offering, holder.instance, draining);
}

}  // namespace jetway::routing
