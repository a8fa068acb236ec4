#include "cli/running_pipeline.hpp"

#include "cli/copy.hpp"
#include "cli/itinerary.hpp"

namespace jetway::cli {

RunningPipeline::RunningPipeline(stream::Session& session, const wire::Stage& first,
                                 wire::TrafficClass traffic_class, std::function<void()> changed)
    : changed_(std::move(changed)) {
    wire::Open open;
    set_itinerary(open, first);
    open.set_traffic_class(static_cast<std::uint32_t>(traffic_class));
    stream_ = session.open(std::move(open), *this);
}

void RunningPipeline::cancel() {
    if (over_) return;
    over_ = true;
    failure_ = Error(Code::cancelled, "interrupted");
    stream_->reset(*failure_);
}

Result<int> RunningPipeline::result() const {
    if (failure_) return *failure_;
    return status_of(outcome_);
}

/// The stages send their output on, not back; what comes all the same is not ours to show.
void RunningPipeline::on_data(Buffer bytes, bool /*end_of_message*/) {
    stream_->consume(bytes.size());
}

void RunningPipeline::on_finish(const wire::Outcome& outcome) {
    outcome_ = outcome;
    over_ = true;
    changed_();
}

void RunningPipeline::on_stop(const Error& /*reason*/) {
    stopped_ = true;
    changed_();
}

void RunningPipeline::on_end(const Error& reason) {
    if (!over_) failure_ = reason;
    over_ = true;
    changed_();
}

}  // namespace jetway::cli
