// A list of which there are millions and of which most have one value: that one is held in place,
// only more of them take memory elsewhere. The owner keeps the order.
#pragma once

#include <cstddef>
#include <memory>
#include <span>
#include <utility>
#include <variant>
#include <vector>

namespace jetway::routing {

template <typename T>
class Few {
public:
    std::span<T> all() {
        if (T* one = std::get_if<T>(&held_)) return {one, 1};
        return list() ? std::span<T>(*list()) : std::span<T>();
    }
    std::span<const T> all() const {
        if (const T* one = std::get_if<T>(&held_)) return {one, 1};
        const List& list = std::get<List>(held_);
        return list ? std::span<const T>(*list) : std::span<const T>();
    }

    /// In front of what is at `place`, or at the end.
    T& insert(std::size_t place, T value) {
        if (all().empty()) return held_.template emplace<T>(std::move(value));
        if (T* one = std::get_if<T>(&held_)) {
            auto two = std::make_unique<std::vector<T>>();
            two->push_back(std::move(*one));
            held_ = std::move(two);
        }
        return *list()->insert(at(place), std::move(value));
    }
    void erase(std::size_t place) {
        if (std::holds_alternative<T>(held_)) {
            held_ = List();
            return;
        }
        list()->erase(at(place));
        if (list()->size() == 1) {
            T last = std::move(list()->front());
            held_ = std::move(last);
        } else if (list()->size() < list()->capacity() / 4) {
            list()->shrink_to_fit();
        }
    }

private:
    using List = std::unique_ptr<std::vector<T>>;  // two or more; null: none

    List& list() { return std::get<List>(held_); }
    auto at(std::size_t place) { return list()->begin() + static_cast<std::ptrdiff_t>(place); }

    std::variant<List, T> held_;
};

}  // namespace jetway::routing
