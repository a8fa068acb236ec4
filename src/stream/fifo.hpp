// A Fifo: a queue in one piece of memory that is used again, so that it allocates only while it
// grows. Private to src/stream.
#pragma once

#include <cstddef>
#include <utility>
#include <vector>

namespace jetway::stream {

template <typename T>
class Fifo {
public:
    using iterator = typename std::vector<T>::iterator;
    using const_iterator = typename std::vector<T>::const_iterator;

    bool empty() const { return head_ == items_.size(); }
    std::size_t size() const { return items_.size() - head_; }
    T& front() { return items_[head_]; }
    const T& front() const { return items_[head_]; }
    T& back() { return items_.back(); }
    const T& at(std::size_t index) const { return items_[head_ + index]; }
    iterator begin() { return items_.begin() + static_cast<std::ptrdiff_t>(head_); }
    iterator end() { return items_.end(); }
    const_iterator begin() const { return items_.begin() + static_cast<std::ptrdiff_t>(head_); }
    const_iterator end() const { return items_.end(); }

    void push(T item) { items_.push_back(std::move(item)); }
    T pop() {
        T item = std::move(items_[head_++]);
        if (head_ == items_.size()) {
            clear();
        } else if (head_ >= 64 && head_ * 2 >= items_.size()) {
            items_.erase(items_.begin(), begin());
            head_ = 0;
        }
        return item;
    }
    void erase(iterator from, iterator to) { items_.erase(from, to); }
    void clear() {
        items_.clear();
        head_ = 0;
    }

private:
    std::vector<T> items_;  // from head_ on
    std::size_t head_ = 0;
};

}  // namespace jetway::stream
