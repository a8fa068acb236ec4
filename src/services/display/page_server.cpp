#include "services/display/page_server.hpp"

#include <algorithm>

#include "base/log.hpp"
#include "base/random.hpp"
#include "base/text.hpp"
#include "services/display/page_connection.hpp"

namespace jetway::display {
namespace {

constexpr std::size_t most_connections = 64;
constexpr std::size_t most_viewers = 16;

std::string make_token() {
    std::array<char, 33> text{};
    std::snprintf(text.data(), text.size(), "%016llx%016llx",
                  static_cast<unsigned long long>(system_random()),
                  static_cast<unsigned long long>(system_random()));
    return text.data();
}

/// Takes the same time wherever the difference is.
bool same_secret(std::string_view a, std::string_view b) {
    if (a.size() != b.size()) return false;
    unsigned difference = 0;
    for (std::size_t i = 0; i < a.size(); ++i)
        difference |= static_cast<unsigned char>(a[i] ^ b[i]);
    return difference == 0;
}

}  // namespace

PageServer::PageServer(io::EventLoop& loop, const LiveScreen& screen)
    : loop_(loop), screen_(screen), token_(make_token()) {}

PageServer::~PageServer() = default;

Result<> PageServer::check_address(const std::string& address) {
    const bool is_address = io::check_address(address).has_value();
    if (is_address && io::is_loopback(address) && !address.starts_with("unix:")) return success();
    return Error(Code::bad_file,
                 "\"" + clean_text(address, 60) + "\" is not a loopback address with a port")
        .then("write 127.0.0.1:8080, or 127.0.0.1:0 for any free port");
}

Result<> PageServer::listen(const std::string& address) {
    if (const auto checked = check_address(address); !checked)
        return Error(Code::bad_file, "listen: " + checked.error().detail)
            .then(checked.error().next);
    JETWAY_ASSIGN(listening_,
                  io::listen(
                      loop_, address,
                      [this](io::Accepted accepted) { accept(std::move(accepted)); }, &host_));
    return success();
}

void PageServer::accept(io::Accepted accepted) {
    if (connections_.size() >= most_connections) return;  // closed by going
    auto connection = std::make_unique<PageConnection>(loop_, *this, std::move(accepted.stream));
    PageConnection* key = connection.get();
    connections_.emplace(key, std::move(connection));
}

/// A page of a stranger, whose name was made to point here, sends its own name.
bool PageServer::is_our_host(std::string_view host) const {
    const std::string port = host_.substr(host_.rfind(':'));
    return host == host_ || host == "localhost" + port;
}

std::optional<std::string_view> PageServer::behind_token(std::string_view path) const {
    path.remove_prefix(1);
    const std::size_t slash = path.find('/');
    if (slash == std::string_view::npos || !same_secret(path.substr(0, slash), token_))
        return std::nullopt;
    return path.substr(slash + 1);
}

bool PageServer::may_view() const {
    const auto viewers = std::ranges::count_if(
        connections_, [](const auto& each) { return each.first->viewer() != nullptr; });
    return static_cast<std::size_t>(viewers) < most_viewers;
}

void PageServer::changed() {
    for (const auto& [key, connection] : connections_) {
        if (Viewer* viewer = connection->viewer()) viewer->go_on();
    }
}

void PageServer::drawn(std::uint64_t viewer, std::uint64_t revision) {
    for (const auto& [key, connection] : connections_) {
        Viewer* each = connection->viewer();
        if (each != nullptr && each->number() == viewer) each->on_drawn(revision);
    }
}

void PageServer::remove(PageConnection* connection) {
    connections_.erase(connection);
}

}  // namespace jetway::display
