// The web server of the page: HTTP/1.1 on loopback, GET only, for whoever knows the token. Private
// to the folder.
//   /TOKEN/                               the page and its files
//   /TOKEN/events                         the screen, as Server-Sent Events
//   /TOKEN/drawn?viewer=N&revision=N      the page says what it has drawn
#pragma once

#include <memory>
#include <string>
#include <unordered_map>

#include "io/byte_stream.hpp"
#include "services/display/http_request.hpp"
#include "services/display/viewer.hpp"

namespace jetway::display {

class PageConnection;

class PageServer {
public:
    /// `screen` outlives the server.
    PageServer(io::EventLoop& loop, const LiveScreen& screen);
    ~PageServer();

    /// E-BAD-FILE when `address` is none, or not on loopback.
    static Result<> check_address(const std::string& address);
    /// As check_address(); E-ADDRESS-IN-USE when it is taken.
    Result<> listen(const std::string& address);
    /// With the port and the token.
    std::string url() const { return "http://" + host_ + "/" + token_ + "/"; }
    /// The screen has changed.
    void changed();
    std::size_t connections() const { return connections_.size(); }

private:
    friend class PageConnection;

    void accept(io::Accepted accepted);
    bool is_our_host(std::string_view host) const;
    /// The part of a path behind /TOKEN/, when the token is right.
    std::optional<std::string_view> behind_token(std::string_view path) const;
    bool may_view() const;
    void drawn(std::uint64_t viewer, std::uint64_t revision);
    void remove(PageConnection* connection);

    io::EventLoop& loop_;
    const LiveScreen& screen_;
    std::string token_;
    std::string host_;  // address and port
    std::uint64_t next_viewer_ = 1;
    std::unordered_map<PageConnection*, std::unique_ptr<PageConnection>> connections_;
    Handle listening_;
};

}  // namespace jetway::display
