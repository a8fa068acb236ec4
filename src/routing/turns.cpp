#include "routing/turns.hpp"

#include <algorithm>
#include <utility>

namespace jetway::routing {

void Turns::set_rate(std::uint64_t bytes_per_second) {
    frame_limit_ = bytes_per_second == 0
                       ? most_frame
                       : std::clamp<std::size_t>(bytes_per_second / 2000, least_frame, most_frame);
}

/// A share for each round that the end was away, and no more than one in all.
void Turns::renew(End& end, std::uint8_t weight) const {
    const std::int64_t one = share(weight);
    const auto rounds = static_cast<std::int64_t>(round_ - std::exchange(end.round, round_));
    end.deficit = static_cast<std::int32_t>(std::min(one, end.deficit + one * rounds));
}

/// Whoever has used its share goes to the back, with the next one.
EndRef Turns::turn(Crossings& crossings) {
    while (true) {
        EndList<&End::data>& list = fresh_.empty() ? backlog_ : fresh_;
        const EndRef ref = list.front();
        End& end = crossings.end(ref);
        if (end.deficit > 0) return ref;
        list.remove(crossings, ref);
        backlog_.push_back(crossings, ref);
        if (!std::exchange(end.fresh, false)) visited();
        end.round = round_;
        end.deficit += share(crossings[ref / 2].weight);
    }
}

/// A round is over when everybody of the backlog had a turn.
void Turns::visited() {
    if (--to_visit_ > 0) return;
    ++round_;
    to_visit_ = std::max<std::size_t>(1, backlog_.size());
}

}  // namespace jetway::routing
