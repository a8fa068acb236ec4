#include "io/resolve.hpp"

#include <boost/asio/ip/tcp.hpp>
#include <cstring>

#include "io/loop_state.hpp"

namespace jetway::io {
namespace {

using Resolver = boost::asio::ip::tcp::resolver;

struct Resolving {
    explicit Resolving(boost::asio::io_context& context) : resolver(context) {}
    Resolver resolver;
    std::function<void(Result<std::vector<SocketAddress>>)> resolved;
};

SocketAddress as_address(const boost::asio::ip::tcp::endpoint& endpoint) {
    SocketAddress address;
    address.size = static_cast<socklen_t>(endpoint.size());
    std::memcpy(&address.storage, endpoint.data(), endpoint.size());
    return address;
}

}  // namespace

Handle resolve(EventLoop& loop, const std::string& host, std::uint16_t port,
               std::function<void(Result<std::vector<SocketAddress>>)> resolved) {
    auto resolving = std::make_shared<Resolving>(loop.state().context);
    resolving->resolved = std::move(resolved);
    const auto done = [resolving, host](const auto& error, const Resolver::results_type& results) {
        auto call = std::exchange(resolving->resolved, nullptr);
        if (!call) return;
        if (error) return call(Error{Code::io, "cannot resolve " + host + ": " + error.message()});
        std::vector<SocketAddress> addresses;
        for (const auto& result : results) addresses.push_back(as_address(result.endpoint()));
        call(std::move(addresses));
    };
    resolving->resolver.async_resolve(host, std::to_string(port), Resolver::numeric_service, done);
    return Handle([resolving] {
        resolving->resolved = nullptr;
        resolving->resolver.cancel();
    });
}

}  // namespace jetway::io
