#include "routing/damping.hpp"

#include <algorithm>
#include <cmath>

namespace jetway::routing {

namespace {

constexpr double each_loss = 1'000;
constexpr double too_much = 3'000;
constexpr double little_enough = 1'000;
constexpr double most = 16'000;  // four half-lives above `little_enough`: 60 s
constexpr std::chrono::duration<double> half_life = std::chrono::seconds(15);
constexpr std::size_t most_links = 1'024;

Duration until_little(double penalty) {
    return std::chrono::duration_cast<Duration>(half_life * std::log2(penalty / little_enough));
}

}  // namespace

double Damping::worth(const Figure& figure, Time now) {
    const std::chrono::duration<double> passed = now - figure.reckoned;
    return figure.penalty * std::exp2(-(passed / half_life));
}

void Damping::went_down(Time now, const Key& link) {
    make_room(now);
    Figure& figure = figures_[link];
    figure.penalty = std::min(worth(figure, now) + each_loss, most);
    figure.reckoned = now;
    if (now < figure.until || figure.penalty > too_much)
        figure.until = now + until_little(figure.penalty);
}

Time Damping::until(const Key& link) const {
    const auto found = figures_.find(link);
    return found == figures_.end() ? Time{} : found->second.until;
}

/// What is worth little is forgotten; when that is not enough, whatever comes first.
void Damping::make_room(Time now) {
    if (figures_.size() < most_links) return;
    std::erase_if(figures_, [now](const auto& entry) {
        return worth(entry.second, now) < little_enough / 2;
    });
    if (figures_.size() >= most_links) figures_.erase(figures_.begin());
}

}  // namespace jetway::routing
