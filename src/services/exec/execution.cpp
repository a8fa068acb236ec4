#include "services/exec/execution.hpp"

#include <csignal>

namespace jetway::exec {
namespace {

using namespace std::chrono_literals;

constexpr std::size_t most_queued =
    128UL * 1024;  // bytes for standard input that may wait here, beside the window
constexpr Duration terminate_after = 1s;
constexpr Duration kill_after = 3s;
constexpr Duration errors_patience = 200ms;

}  // namespace

Execution::Execution(io::EventLoop& loop, stream::ServiceContext& context, stream::StreamPtr stream,
                     std::unique_ptr<io::Child> child, std::function<void(Execution*)> over)
    : loop_(loop),
      name_(context.name),
      over_(std::move(over)),
      errors_(loop,
              [name = context.name](const std::string& line) { log::info("{}: {}", name, line); }),
      child_(std::move(child)),
      stage_(std::make_unique<stream::Stage>(context.session, std::move(stream), *this,
                                             context.name)) {
    child_->set_on_exit([this](io::Exit exit) { on_exit(exit); });
    child_->output()->set_events(&output_);
    child_->input()->set_events(&input_);
    child_->errors()->set_events(&errors_);
    child_->output()->start_reading();
    child_->errors()->start_reading();
    stage_->start("application/octet-stream", wire::Shape::bytes);
}

void Execution::on_input(Buffer bytes, bool /*end_of_message*/) {
    held_ += bytes.size();
    if (input_open_) child_->input()->write(std::move(bytes));
    if (!input_open_ || child_->input()->queued() < most_queued) give_credit();
}

void Execution::on_input_finish(const wire::Outcome& /*outcome*/) {
    input_finished_ = true;
    if (input_open_) child_->input()->finish_writing();
    if (output_stopped_) stop_program();
}

void Execution::on_space() {
    if (output_open_) child_->output()->start_reading();
}

void Execution::on_stop(const Error& /*reason*/) {
    output_stopped_ = true;
    if (output_open_) {
        child_->close_output();
        on_output_end();
    }
    if (input_finished_) stop_program();
}

void Execution::on_end(const std::optional<Error>& failure) {
    if (failure && !finished_) log::info("{}: the stream ended: {}", name_, failure->line());
    stage_.reset();
    if (!exit_) stop_program();
    leave_when_over();
}

void Execution::on_output(const Buffer& bytes) {
    if (stage_ && !stage_->write(bytes)) child_->output()->pause_reading();
}

void Execution::on_output_end() {
    output_open_ = false;
    finish_when_drained();
}

/// The program reads no more. What the caller still sends goes nowhere, as with a closed pipe.
void Execution::on_input_closed() {
    input_open_ = false;
    give_credit();
}

void Execution::on_exit(io::Exit exit) {
    exit_ = exit;
    terminate_.reset();
    kill_.reset();
    leave_ = loop_.after(errors_patience, [this] {
        patience_over_ = true;
        leave_when_over();
    });
    finish_when_drained();
    leave_when_over();
}

void Execution::give_credit() {
    if (stage_ && held_ > 0) stage_->consume(std::exchange(held_, 0));
}

/// The exit status is told after the last byte of output, never before.
void Execution::finish_when_drained() {
    if (!stage_ || finished_ || output_open_ || !exit_) return;
    finished_ = true;
    wire::Outcome outcome;
    outcome.set_has_status(true);
    outcome.set_status(exit_->status);
    stage_->finish(outcome);
}

void Execution::stop_program() {
    if (exit_ || stopping_) return;
    stopping_ = true;
    child_->signal(SIGHUP);
    terminate_ = loop_.after(terminate_after, [this] { child_->signal(SIGTERM); });
    kill_ = loop_.after(kill_after, [this] { child_->signal(SIGKILL); });
}

/// Destroyed from the loop: never inside a call of the child or the stage.
void Execution::leave_when_over() {
    if (stage_ || !exit_ || !(errors_.ended() || patience_over_)) return;
    leave_ = loop_.after(0s, [this] { over_(this); });
}

}  // namespace jetway::exec
