#include "io/send_rate.hpp"

#include <algorithm>
#include <linux/sockios.h>
#include <linux/tcp.h>
#include <netinet/in.h>
#include <sys/ioctl.h>
#include <sys/socket.h>

namespace jetway::io {
namespace {

constexpr Duration least_interval = std::chrono::milliseconds(10);
constexpr std::size_t least_unsent = 2048;

bool is_tcp(int descriptor) {
    int protocol = 0;
    socklen_t size = sizeof protocol;
    return getsockopt(descriptor, SOL_SOCKET, SO_PROTOCOL, &protocol, &size) == 0 &&
           protocol == IPPROTO_TCP;
}

}  // namespace

SendRate::SendRate(int descriptor) : descriptor_(descriptor), tcp_(is_tcp(descriptor)) {
    if (tcp_) limit(most_unsent);
}

void SendRate::on_full(Time now) {
    if (!tcp_ || (rate_ != 0 && now - measured_ < least_interval)) return;
    tcp_info info{};
    socklen_t size = sizeof info;
    if (getsockopt(descriptor_, IPPROTO_TCP, TCP_INFO, &info, &size) != 0) return;
    if (info.tcpi_delivery_rate == 0) return;
    measured_ = now;
    rate_ = rate_ == 0 ? info.tcpi_delivery_rate : (rate_ * 3 + info.tcpi_delivery_rate) / 4;
    const auto wanted = std::clamp<std::size_t>(rate_ / 2000, least_unsent, most_unsent);
    if (wanted > unsent_ + unsent_ / 4 || wanted < unsent_ - unsent_ / 4) limit(wanted);
}

bool SendRate::is_reached() const {
    int bytes = 0;
    return is_limited() && ioctl(descriptor_, SIOCOUTQNSD, &bytes) == 0 &&
           static_cast<std::size_t>(bytes) >= unsent_;
}

void SendRate::limit(std::size_t bytes) {
    const int value = static_cast<int>(bytes);
    if (setsockopt(descriptor_, IPPROTO_TCP, TCP_NOTSENT_LOWAT, &value, sizeof value) == 0)
        unsent_ = bytes;
}

}  // namespace jetway::io
