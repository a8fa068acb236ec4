// jetway call: a service as if it were a program here: standard input, standard output, exit
// status, Ctrl-C.
#include <csignal>

#include "cli/copy.hpp"
#include "cli/query.hpp"
#include "cli/verbs.hpp"

namespace jetway::cli {
namespace {

using namespace std::chrono_literals;

constexpr int closed_output_status = 128 + SIGPIPE;
constexpr Duration last_patience = 1s;  // for the program's status after nobody reads its output

class Call final : public stream::StreamEvents {
public:
    Call(Attachment& attachment, const CallOptions& options)
        : name_(options.ask.name),
          loop_(*attachment.loop),
          stream_(attachment.session->open(opening(options), *this)),
          input_(loop_, *stream_, [this](const Error& error) { on_unreadable(error); }),
          output_(
              loop_, [this](std::size_t bytes) { on_drained(bytes); },
              [this](const Error& error) { on_closed(error); }),
          signals_(loop_.on_signal({SIGINT, SIGTERM}, [this](int number) { on_signal(number); })) {}

    Result<int> run() {
        loop_.run();
        if (failure_) return *failure_;
        return status_;
    }

    /// What stages say to each other is nothing to read.
    void on_opened(const wire::Opened& opened) override {
        if (!opened.content_type().starts_with("application/x-jetway-")) return;
        failure_ = Error(Code::type, "\"" + name_ + "\" does not answer with plain bytes")
                       .because("it answers with " + opened.content_type())
                       .then("jetway pipe '" + name_ + "'");
        give_up("the caller reads plain bytes");
        over_ = true;
    }
    void on_data(Buffer bytes, bool /*end_of_message*/) override {
        if (!over_) output_.write(std::move(bytes));
    }
    void on_writable() override { input_.resume(); }
    void on_stop(const Error& /*reason*/) override { input_.stop(); }
    void on_finish(const wire::Outcome& outcome) override {
        const int status = status_of(outcome);
        if (!output_closed_ || outcome.has_status()) status_ = status;
        over_ = true;
        leave_when_written();
    }
    void on_end(const Error& reason) override {
        if (!output_closed_) failure_ = reason;
        over_ = true;
        leave_when_written();
    }

private:
    static wire::Open opening(const CallOptions& options) {
        wire::Open open;
        open.set_destination(options.ask.name);
        open.set_traffic_class(static_cast<std::uint32_t>(options.traffic_class));
        return open;
    }

    void on_drained(std::size_t bytes) {
        if (!over_) stream_->consume(bytes);
        leave_when_written();
    }
    /// The answer is over and written. The input may still be open: then nobody wants it.
    void leave_when_written() {
        if (over_ && output_.idle()) loop_.stop();
    }
    /// `jetway call yes | head`: the service is told, its status awaited for a moment.
    void on_closed(const Error& error) {
        output_closed_ = true;
        status_ = closed_output_status;
        if (error.code != Code::closed) failure_ = error;
        if (over_) return;
        stream_->stop(error);
        input_.stop();
        patience_ = loop_.after(last_patience, [this] { loop_.stop(); });
    }
    void on_unreadable(const Error& error) {
        failure_ = error;
        give_up("the caller cannot read its input");
    }
    void on_signal(int number) {
        status_ = 128 + number;
        failure_.reset();
        give_up("the caller was interrupted");
    }
    void give_up(const std::string& why) {
        if (!over_) stream_->reset(Error(Code::cancelled, why));
        patience_ = loop_.after(0ms, [this] { loop_.stop(); });  // the RESET leaves first
    }

    const std::string& name_;
    io::EventLoop& loop_;
    stream::StreamPtr stream_;
    InputCopy input_;
    OutputCopy output_;
    Handle signals_;
    Handle patience_;
    std::optional<Error> failure_;
    int status_ = 0;
    bool over_ = false;
    bool output_closed_ = false;
};

}  // namespace

Result<int> call(const CallOptions& options) {
    JETWAY_TRY(wire::parse_address(options.ask.name));
    JETWAY_ASSIGN(Attachment attachment, attach_to(options.ask.machine, "call"));
    return Call(attachment, options).run();
}

}  // namespace jetway::cli
