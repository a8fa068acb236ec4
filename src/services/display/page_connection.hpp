// A PageConnection: one browser's connection to the PageServer. Requests are answered one after the
// other; the one for the events makes it a viewer until it closes. Private to the folder.
#pragma once

#include <memory>

#include "services/display/page_server.hpp"

namespace jetway::display {

class PageConnection final : public io::ByteStreamEvents {
public:
    PageConnection(io::EventLoop& loop, PageServer& server, io::ByteStreamPtr stream);

    /// nullptr when it is none.
    Viewer* viewer() const { return viewer_.get(); }

private:
    void on_read(Buffer bytes) override;
    void on_read_end() override;
    void on_drained() override;
    void on_failed(const Error& error) override;

    void take_requests();
    void answer(const HttpRequest& request);
    void answer_known(const HttpRequest& request, std::string_view name);
    void answer_drawn(const HttpRequest& request);
    void respond(int status, std::string_view type = "text/plain", std::string_view content = {});
    void become_viewer();
    void wait_for_request();

    io::EventLoop& loop_;
    PageServer& server_;
    io::ByteStreamPtr stream_;
    std::unique_ptr<Viewer> viewer_;
    std::string input_;     // at most most_head bytes and one read
    bool closing_ = false;  // no more requests; goes when everything is written
    Handle patience_;
};

}  // namespace jetway::display
