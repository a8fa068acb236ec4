// The loopback transport: connections inside one process, by name.

#include <map>

#include "base/timer.hpp"
#include "transport/transport.hpp"

namespace jetway::transport {
namespace {

constexpr std::string_view scheme = "loopback:";

/// Who listens, shared with the dials under way and with the handles that end them.
struct Listeners {
    std::map<std::string, std::function<void(ConnectionPtr)>> by_address;
};

/// One dial, until it has answered or its handle went.
struct Dial {
    std::function<void(Result<ConnectionPtr>)> connected;
};

class LoopbackTransport final : public Transport {
public:
    explicit LoopbackTransport(Timer& timer) : timer_(timer) {}

    Result<Handle> listen(const std::string& address,
                          std::function<void(ConnectionPtr)> accepted) override {
        if (!address.starts_with(scheme) || address.size() == scheme.size()) {
            return Error{Code::usage, "address '" + address + "': loopback:NAME is needed"};
        }
        if (!listeners_->by_address.emplace(address, std::move(accepted)).second) {
            return Error{Code::address_in_use,
                         "cannot listen on " + address + ": the name is taken"};
        }
        return Handle([weak = std::weak_ptr(listeners_), address] {
            if (const auto listeners = weak.lock()) listeners->by_address.erase(address);
        });
    }

    Handle dial(const std::string& address,
                std::function<void(Result<ConnectionPtr>)> connected) override {
        auto dial = std::make_shared<Dial>(Dial{std::move(connected)});
        timer_.post([&timer = timer_, weak = std::weak_ptr(listeners_), dial, address] {
            const auto call = std::exchange(dial->connected, nullptr);
            if (call) answer(timer, weak.lock(), address, call);
        });
        return Handle([dial] { dial->connected = nullptr; });
    }

private:
    static void answer(Timer& timer, const std::shared_ptr<Listeners>& listeners,
                       const std::string& address,
                       const std::function<void(Result<ConnectionPtr>)>& connected) {
        if (!listeners || !listeners->by_address.contains(address)) {
            return connected(Error{Code::io, "cannot connect to " + address + ": nobody listens"});
        }
        auto [ours, theirs] = connection_pair(timer, address);
        const auto accepted =
            listeners->by_address.at(address);  // a copy: it may let its handle go
        accepted(std::move(theirs));
        connected(std::move(ours));
    }

    Timer& timer_;
    std::shared_ptr<Listeners> listeners_ = std::make_shared<Listeners>();
};

}  // namespace

std::unique_ptr<Transport> make_loopback_transport(Timer& timer) {
    return std::make_unique<LoopbackTransport>(timer);
}

}  // namespace jetway::transport
