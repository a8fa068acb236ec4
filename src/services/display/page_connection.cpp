#include "services/display/page_connection.hpp"

#include <charconv>
#include <sys/socket.h>

#include "services/display/page_files.hpp"

namespace jetway::display {
namespace {

using namespace std::chrono_literals;

constexpr Duration request_patience = 30s;
constexpr int send_buffer = 64 * 1024;  // what lies in the system is old when it is read

constexpr std::string_view common_fields =
    "Cache-Control: no-store\r\n"
    "Content-Security-Policy: default-src 'none'; script-src 'self'; style-src 'self'; connect-src "
    "'self'; "
    "img-src data:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'\r\n"
    "Cross-Origin-Resource-Policy: same-origin\r\n"
    "Referrer-Policy: no-referrer\r\n"
    "X-Content-Type-Options: nosniff\r\n";

std::string_view reason(int status) {
    switch (status) {
        case 200:
            return "OK";
        case 204:
            return "No Content";
        case 400:
            return "Bad Request";
        case 404:
            return "Not Found";
        case 405:
            return "Method Not Allowed";
        case 421:
            return "Misdirected Request";
        case 431:
            return "Request Header Fields Too Large";
        case 503:
            return "Service Unavailable";
        default:
            return "HTTP Version Not Supported";
    }
}

std::string status_line(int status) {
    return "HTTP/1.1 " + std::to_string(status) + " " + std::string(reason(status)) + "\r\n";
}

std::optional<std::uint64_t> number(std::optional<std::string_view> text) {
    std::uint64_t value = 0;
    if (!text) return std::nullopt;
    const auto [end, error] = std::from_chars(text->data(), text->data() + text->size(), value);
    if (error != std::errc() || end != text->data() + text->size()) return std::nullopt;
    return value;
}

}  // namespace

PageConnection::PageConnection(io::EventLoop& loop, PageServer& server, io::ByteStreamPtr stream)
    : loop_(loop), server_(server), stream_(std::move(stream)) {
    ::setsockopt(stream_->descriptor(), SOL_SOCKET, SO_SNDBUF, &send_buffer, sizeof(send_buffer));
    stream_->set_events(this);
    stream_->start_reading();
    wait_for_request();
}

void PageConnection::wait_for_request() {
    patience_ = loop_.after(request_patience, [this] { server_.remove(this); });
}

void PageConnection::on_read(Buffer bytes) {
    if (viewer_ || closing_) return;  // a viewer has nothing to say here
    input_.append(bytes.text());
    take_requests();
}

/// One answer at a time: who does not read them gets no more.
void PageConnection::take_requests() {
    while (!viewer_ && !closing_ && stream_->queued() == 0) {
        const ParsedRequest parsed = parse_request(input_);
        if (parsed.state == ParsedRequest::State::incomplete) {
            stream_->start_reading();
            return;
        }
        if (parsed.state == ParsedRequest::State::wrong) {
            closing_ = true;
            respond(parsed.status);
        } else {
            input_.erase(0, parsed.length);
            closing_ = !parsed.request.keep_alive;
            answer(parsed.request);
        }
    }
    if (!viewer_) stream_->pause_reading();
}

void PageConnection::answer(const HttpRequest& request) {
    if (!server_.is_our_host(request.host)) return respond(421);
    const auto name = server_.behind_token(request.path);
    if (!name) return respond(404);
    answer_known(request, *name);
}

void PageConnection::answer_known(const HttpRequest& request, std::string_view name) {
    if (name == "drawn") return answer_drawn(request);
    if (name == "events") return server_.may_view() ? become_viewer() : respond(503);
    const PageFile* file = find_page_file(name);
    if (file == nullptr) return respond(404);
    respond(200, file->type, file->content);
}

void PageConnection::answer_drawn(const HttpRequest& request) {
    const auto viewer = number(query_value(request.query, "viewer"));
    const auto revision = number(query_value(request.query, "revision"));
    if (!viewer || !revision) return respond(400);
    server_.drawn(*viewer, *revision);
    respond(204);
}

void PageConnection::respond(int status, std::string_view type, std::string_view content) {
    std::string text = status_line(status);
    text.append(common_fields);
    if (status == 405) text.append("Allow: GET\r\n");
    if (status != 204) {
        text.append("Content-Type: ").append(type).append("\r\n");
        text.append("Content-Length: ").append(std::to_string(content.size())).append("\r\n");
    }
    text.append(closing_ ? "Connection: close\r\n\r\n" : "\r\n").append(content);
    stream_->write(Buffer::copy_of(text));
    wait_for_request();
}

void PageConnection::become_viewer() {
    patience_.reset();
    std::string text = status_line(200);
    text.append(common_fields)
        .append("Content-Type: text/event-stream\r\nConnection: close\r\n\r\n");
    stream_->write(Buffer::copy_of(text));
    stream_->start_reading();  // to see it close
    viewer_ = std::make_unique<Viewer>(loop_, server_.screen_, *stream_, server_.next_viewer_++);
}

void PageConnection::on_drained() {
    if (viewer_) {
        viewer_->go_on();
    } else if (closing_) {
        server_.remove(this);
    } else {
        take_requests();
    }
}

void PageConnection::on_read_end() {
    closing_ = true;
    if (viewer_ || stream_->queued() == 0) server_.remove(this);
}

void PageConnection::on_failed(const Error& /*error*/) {
    server_.remove(this);
}

}  // namespace jetway::display
