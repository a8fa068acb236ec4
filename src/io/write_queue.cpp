#include "io/write_queue.hpp"

#include <array>
#include <cerrno>
#include <cstring>
#include <sys/socket.h>
#include <sys/uio.h>

namespace jetway::io {
namespace {

constexpr std::size_t most_vectors = 128;
constexpr std::size_t most_kept_items = 1024;

struct Vectors {
    std::array<iovec, most_vectors> items;
    std::size_t count = 0;

    /// False when there is no room. Neighbours in memory become one.
    bool add(const std::uint8_t* data, std::size_t size) {
        if (count > 0) {
            iovec& last = items.at(count - 1);
            if (static_cast<const std::uint8_t*>(last.iov_base) + last.iov_len == data) {
                last.iov_len += size;
                return true;
            }
        }
        if (count == most_vectors) return false;
        items.at(count++) = {const_cast<std::uint8_t*>(data), size};
        return true;
    }
};

/// The control message that takes one descriptor along.
struct Rights {
    alignas(cmsghdr) std::array<std::uint8_t, CMSG_SPACE(sizeof(int))> bytes{};

    void add_to(msghdr& message, int descriptor) {
        message.msg_control = bytes.data();
        message.msg_controllen = bytes.size();
        cmsghdr* const header = CMSG_FIRSTHDR(&message);
        header->cmsg_level = SOL_SOCKET;
        header->cmsg_type = SCM_RIGHTS;
        header->cmsg_len = CMSG_LEN(sizeof(int));
        std::memcpy(CMSG_DATA(header), &descriptor, sizeof(int));
    }
};

ssize_t write_once(int descriptor, Writing how, Vectors& vectors, int rider) {
    if (how == Writing::plain)
        return writev(descriptor, vectors.items.data(), static_cast<int>(vectors.count));
    msghdr message{};
    message.msg_iov = vectors.items.data();
    message.msg_iovlen = vectors.count;
    Rights rights;
    if (rider >= 0) rights.add_to(message, rider);
    const int apart = how == Writing::socket_apart ? MSG_EOR : 0;
    return sendmsg(descriptor, &message, MSG_NOSIGNAL | MSG_DONTWAIT | apart);
}

}  // namespace

void WriteQueue::push(Buffer bytes) {
    if (bytes.empty()) return;
    bytes_ += bytes.size();
    items_.push_back(std::move(bytes));
}

void WriteQueue::push(Buffer bytes, Descriptor with) {
    riders_.push_back({left_ + items_.size() - head_, std::move(with)});
    push(std::move(bytes));
}

void WriteQueue::clear() {
    left_ += items_.size() - head_;
    riders_.clear();
    items_.clear();
    head_ = offset_ = bytes_ = 0;
    if (items_.capacity() > most_kept_items) items_.shrink_to_fit();
}

void WriteQueue::drop(std::size_t written) {
    bytes_ -= written;
    if (bytes_ == 0) return clear();
    while (written >= items_[head_].size() - offset_) {
        written -= items_[head_].size() - offset_;
        offset_ = 0;
        items_[head_++] = Buffer();
        ++left_;
    }
    offset_ += written;
    if (head_ > items_.size() / 2) {
        items_.erase(items_.begin(), items_.begin() + static_cast<std::ptrdiff_t>(head_));
        head_ = 0;
    }
}

int WriteQueue::write_to(int descriptor, Writing how) {
    while (!empty()) {
        Vectors vectors;
        std::size_t wanted = 0;
        std::size_t end = items_.size();
        int rider = -1;
        if (!riders_.empty()) {  // its item begins a write of its own
            end = head_ + (riders_.front().item - left_);
            if (end == head_) {
                rider = riders_.front().descriptor.get();
                ++end;
            }
        }
        for (std::size_t i = head_; i < end; ++i) {
            const std::size_t skip = i == head_ ? offset_ : 0;
            if (!vectors.add(items_[i].data() + skip, items_[i].size() - skip)) break;
            wanted += items_[i].size() - skip;
        }
        const ssize_t written = write_once(descriptor, how, vectors, rider);
        if (written < 0 && errno == EINTR) continue;
        const bool unridden = rider >= 0 && (written > 0 || errno == ETOOMANYREFS);
        if (unridden) riders_.erase(riders_.begin());
        if (written < 0 && unridden) continue;
        if (written < 0) return errno;
        drop(static_cast<std::size_t>(written));
        if (static_cast<std::size_t>(written) < wanted) return EAGAIN;
    }
    return 0;
}

}  // namespace jetway::io
