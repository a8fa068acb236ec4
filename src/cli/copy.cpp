#include "cli/copy.hpp"

#include <unistd.h>

#include "cli/output.hpp"

namespace jetway::cli {

using namespace std::chrono_literals;

InputCopy::InputCopy(io::EventLoop& loop, stream::Stream& stream) : stream_(stream) {
    auto input = io::adopt_standard(loop, STDIN_FILENO);
    if (!input) {
        stream_.finish();
        return;
    }
    input_ = std::move(*input);
    input_->set_events(this);
    input_->start_reading();
}

void InputCopy::resume() {
    if (input_ != nullptr) input_->start_reading();
}

void InputCopy::stop() {
    if (input_ == nullptr) return;
    input_.reset();
    stream_.finish();
}

void InputCopy::on_read(Buffer bytes) {
    if (!stream_.write(std::move(bytes))) input_->pause_reading();
}

OutputCopy::OutputCopy(io::EventLoop& loop, std::function<void(std::size_t)> drained,
                       std::function<void(const Error&)> failed)
    : loop_(loop), drained_(std::move(drained)), failed_(std::move(failed)) {
    auto output = io::adopt_standard(loop, STDOUT_FILENO);
    if (!output) return;
    output_ = std::move(*output);
    output_->set_events(this);
}

void OutputCopy::write(Buffer bytes) {
    waiting_ += bytes.size();
    if (output_ != nullptr) return output_->write(std::move(bytes));
    discarding_ = loop_.after(0ms, [this] { on_drained(); });
}

void OutputCopy::on_drained() {
    drained_(std::exchange(waiting_, 0));
}

void OutputCopy::on_failed(const Error& error) {
    output_.reset();
    discarding_ = loop_.after(0ms, [this] { on_drained(); });
    failed_(error);
}

int status_of(const wire::Outcome& outcome) {
    if (outcome.has_status()) return outcome.status() & 0xff;
    if (outcome.code() == 0) return 0;
    const std::string stage = outcome.stage();
    return show_error(Error(static_cast<Code>(outcome.code()), outcome.detail()).at(stage));
}

}  // namespace jetway::cli
