#include "cli/copy.hpp"

#include <unistd.h>

#include "cli/output.hpp"

namespace jetway::cli {

using namespace std::chrono_literals;

InputCopy::InputCopy(io::EventLoop& loop, stream::Stream& stream,
                     std::function<void(const Error&)> failed)
    : stream_(stream), failed_(std::move(failed)) {
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

void InputCopy::on_failed(const Error& error) {
    input_.reset();
    failed_(Error(Code::io, "cannot read standard input").because(error.detail));
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
    if (error.code == Code::closed) return failed_(error);
    failed_(Error(Code::io, "cannot write standard output").because(error.detail));
}

int status_of(const wire::Outcome& outcome) {
    const int status = outcome.has_status() ? outcome.status() & 0xff : 0;
    if (outcome.code() == 0) return status;
    const int shown = show_error(wire::to_error(outcome));
    return status != 0 ? status : shown;
}

}  // namespace jetway::cli
