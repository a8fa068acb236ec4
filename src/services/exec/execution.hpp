// An Execution: one process and the stream it was started for. It copies in both directions, each
// as fast as its reader, and lives until the stream has ended and the process is reaped.
#pragma once

#include <memory>
#include <optional>

#include "io/child.hpp"
#include "services/exec/line_log.hpp"
#include "stream/stage.hpp"

namespace jetway::exec {

class Execution final : public stream::StageEvents {
public:
    /// Takes a process started with pipes, and accepts the stream. `over` is called once, from the
    /// loop, when the Execution may be destroyed; not from inside this call.
    Execution(io::EventLoop& loop, stream::ServiceContext& context, stream::StreamPtr stream,
              std::unique_ptr<io::Child> child, std::function<void(Execution*)> over);

private:
    /// The events of its standard output, and of its standard input.
    struct Output final : io::ByteStreamEvents {
        explicit Output(Execution& owner) : execution(owner) {}
        void on_read(Buffer bytes) override { execution.on_output(bytes); }
        void on_read_end() override { execution.on_output_end(); }
        void on_failed(const Error& /*error*/) override { execution.on_output_end(); }
        Execution& execution;
    };
    struct Input final : io::ByteStreamEvents {
        explicit Input(Execution& owner) : execution(owner) {}
        void on_read(Buffer /*bytes*/) override {}
        void on_read_end() override { execution.on_input_closed(); }
        void on_drained() override { execution.give_credit(); }
        void on_failed(const Error& /*error*/) override { execution.on_input_closed(); }
        Execution& execution;
    };

    void on_input(Buffer bytes, bool end_of_message) override;
    void on_input_finish(const wire::Outcome& outcome) override;
    void on_space() override;
    void on_stop(const Error& reason) override;
    void on_end(const std::optional<Error>& failure) override;

    void on_output(const Buffer& bytes);
    void on_output_end();
    void on_input_closed();
    void on_exit(io::Exit exit);
    void give_credit();
    void finish_when_drained();
    void stop_program();
    void leave_when_over();

    io::EventLoop& loop_;
    std::string name_;
    std::function<void(Execution*)> over_;
    LineLog errors_;
    Output output_{*this};
    Input input_{*this};
    std::unique_ptr<io::Child> child_;
    std::unique_ptr<stream::Stage> stage_;
    std::optional<io::Exit> exit_;
    bool output_open_ = true;
    bool input_open_ = true;       // the program still reads
    bool input_finished_ = false;  // the caller has no more
    bool output_stopped_ = false;  // the caller reads no more
    bool finished_ = false;
    bool stopping_ = false;
    bool patience_over_ = false;  // for what is left of standard error after the end
    std::size_t held_ = 0;        // input whose credit waits for the program to read
    Handle terminate_;
    Handle kill_;
    Handle leave_;
};

}  // namespace jetway::exec
