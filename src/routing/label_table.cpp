#include "routing/label_table.hpp"

#include <algorithm>
#include <cassert>

namespace jetway::routing {

void LabelTable::insert(std::uint32_t label, EndRef end) {
    assert(label != 0 && label <= wire::max_label && find(label) == no_end);
    auto& ends = ends_[label & 1U];
    if (label / 2 >= ends.size()) ends.resize(label / 2 + 1, no_end);
    ends[label / 2] = end;
    ++size_;
}

void LabelTable::erase(std::uint32_t label) {
    assert(find(label) != no_end);
    ends_[label & 1U][label / 2] = no_end;
    --size_;
}

std::vector<EndRef> LabelTable::ends() const {
    std::vector<EndRef> result;
    for (const auto& ends : ends_) {
        std::copy_if(ends.begin(), ends.end(), std::back_inserter(result),
                     [](EndRef end) { return end != no_end; });
    }
    return result;
}

std::optional<std::uint32_t> OwnLabels::pick() {
    if (!free_.empty()) {
        const std::uint32_t label = free_.back();
        free_.pop_back();
        return label;
    }
    if (next_ <= wire::max_label) {
        next_ += 2;
        return next_ - 2;
    }
    if (resting_.empty()) return std::nullopt;
    const std::uint32_t label = resting_.front().label;
    resting_.pop_front();
    return label;
}

void OwnLabels::heard(std::uint64_t number) {
    heard_ = std::max(heard_, number);
    while (!resting_.empty() && resting_.front().opened < heard_) {
        free_.push_back(resting_.front().label);
        resting_.pop_front();
    }
}

}  // namespace jetway::routing
