#include "services/display/viewer.hpp"

namespace jetway::display {
namespace {

using namespace std::chrono_literals;

constexpr std::size_t most_ahead = 2;   // updates sent and not drawn
constexpr Duration least_pause = 16ms;  // between two updates
constexpr Duration silent_page_pause =
    1s;  // the same for a page that does not say what it draws: it may be hidden

}  // namespace

Viewer::Viewer(Timer& timer, const LiveScreen& screen, io::ByteStream& stream, std::uint64_t number)
    : timer_(timer), screen_(screen), stream_(stream), number_(number) {
    send("hello", "{\"viewer\":" + std::to_string(number) + "}");
    sent_ = screen_.revision();
    not_drawn_.push_back(sent_);
    last_sent_ = timer_.now();
    send("screen", screen_.update(0));
}

void Viewer::go_on() {
    if (sent_ == screen_.revision() || stream_.queued() > 0) return;
    const Duration pause = not_drawn_.size() < most_ahead ? least_pause : silent_page_pause;
    const Time next = last_sent_ + pause;
    if (timer_.now() < next) {
        later_ = timer_.at(next, [this] { go_on(); });
        return;
    }
    later_.reset();
    const std::string update = screen_.update(sent_);
    sent_ = screen_.revision();
    last_sent_ = timer_.now();
    if (not_drawn_.size() == most_ahead) not_drawn_.pop_front();
    not_drawn_.push_back(sent_);
    send("screen", update);
}

void Viewer::on_drawn(std::uint64_t revision) {
    if (revision > sent_) return;
    drawn_ = std::max(drawn_, revision);
    while (!not_drawn_.empty() && not_drawn_.front() <= revision) not_drawn_.pop_front();
    go_on();
}

void Viewer::send(std::string_view name, const std::string& data) {
    std::string event = "event: ";
    event.append(name).append("\ndata: ").append(data).append("\n\n");
    stream_.write(Buffer::copy_of(event));
}

}  // namespace jetway::display
