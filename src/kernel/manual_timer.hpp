// A Timer whose time is moved by its owner: for tests, fuzzers and whatever runs under virtual
// time. Everything posted or due runs inside the calls below, on the caller's stack.
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <utility>

#include "base/timer.hpp"

namespace jetway {

class ManualTimer final : public Timer {
public:
    Time now() const override { return now_; }

    Handle at(Time when, std::function<void()> action) override {
        const auto key = std::make_pair(when, ++next_id_);
        due_->emplace(key, std::move(action));
        return Handle([weak = std::weak_ptr<Due>(due_), key] {
            if (const auto due = weak.lock()) due->erase(key);
        });
    }

    void post(std::function<void()> action) override { posted_.push_back(std::move(action)); }

    /// Runs what is posted, and what that posts, until nothing is left. Returns how many ran; stops
    /// after `most`.
    std::size_t run(std::size_t most = 1'000'000) {
        std::size_t count = 0;
        for (; count < most && !posted_.empty(); ++count) {
            const auto action = std::move(posted_.front());
            posted_.pop_front();
            action();
        }
        return count;
    }

    /// Runs, then moves time on, from one due action to the next.
    void advance(Duration duration) {
        const Time end = now_ + duration;
        run();
        while (!due_->empty() && due_->begin()->first.first <= end) {
            now_ = std::max(now_, due_->begin()->first.first);
            const auto action = std::move(due_->begin()->second);
            due_->erase(due_->begin());
            action();
            run();
        }
        now_ = end;
    }

private:
    using Due = std::map<std::pair<Time, std::uint64_t>, std::function<void()>>;

    Time now_{};
    std::uint64_t next_id_ = 0;
    std::deque<std::function<void()>> posted_;
    std::shared_ptr<Due> due_ = std::make_shared<Due>();
};

}  // namespace jetway
