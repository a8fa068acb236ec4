#include "cli/probe.hpp"

#include <algorithm>
#include <optional>

namespace jetway::cli {
namespace {

using namespace std::chrono_literals;

constexpr int probes = 5;
constexpr Duration patience = 2s;

class Probe final : public stream::StreamEvents {
public:
    Probe(Attachment& attachment, const std::string& name)
        : timer_(*attachment.loop), sent_(timer_.now()) {
        wire::Open open;
        open.set_destination(name);
        open.set_probe(true);
        stream_ = attachment.session->open(std::move(open), *this);
    }
    void on_data(Buffer bytes, bool /*end_of_message*/) override { stream_->consume(bytes.size()); }
    /// The machine there ends a probe with E-CANCELLED, before the service hears of it.
    void on_end(const Error& reason) override {
        if (reason.code == Code::cancelled) return answer(timer_.now() - sent_);
        answer(reason);
    }

    const std::optional<Result<Duration>>& answered() const { return answer_; }

private:
    void answer(Result<Duration> answer) {
        if (!answer_) answer_ = std::move(answer);
    }

    Timer& timer_;
    Time sent_;
    stream::StreamPtr stream_;
    std::optional<Result<Duration>> answer_;
};

}  // namespace

Result<Duration> measure_round_trip(Attachment& attachment, const std::string& name) {
    std::optional<Duration> shortest;
    for (int i = 0; i < probes; ++i) {
        Probe probe(attachment, name);
        const Time deadline = attachment.loop->now() + patience;
        if (!attachment.loop->run_until([&probe] { return probe.answered().has_value(); },
                                        deadline)) {
            return Error(Code::timeout, "no answer from " + name + " within 2 s");
        }
        if (!*probe.answered()) return probe.answered()->error();
        shortest = std::min(shortest.value_or(Duration::max()), **probe.answered());
    }
    return *shortest;
}

}  // namespace jetway::cli
