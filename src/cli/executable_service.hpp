// A service that is an executable of its own: started beside `jetway`, attached over the machine's
// socket, started again with growing pauses when it ends, gone when its owner goes.
//
// It is called as attach/program.hpp says. Its two outputs become log lines under the service's
// name.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <string>

#include "cli/line_cutter.hpp"
#include "deployment/deployment.hpp"
#include "io/child.hpp"
#include "io/event_loop.hpp"

namespace jetway::cli {

struct ExecutableOptions {
    std::string program;  // file name: "jetway-gpu"
    std::string machine;
    deployment::Service service;
    std::map<std::string, std::string> environment;  // added to ours
};

class ExecutableService {
public:
    /// Starts it in the next turn of the loop. `note` gets what status shows: "running", or why
    /// not.
    ExecutableService(io::EventLoop& loop, ExecutableOptions options,
                      std::function<void(std::string)> note);
    ~ExecutableService();  // kills it

    /// Asks it to end (TERM) and starts it no more. `ended` is called once, from the loop, when it
    /// is gone.
    void stop(std::function<void()> ended);
    const std::string& name() const { return options_.service.name; }
    bool running() const { return child_ != nullptr; }

private:
    class Output;

    void start();
    void on_exit(io::Exit exit);
    void start_later(const std::string& why);

    io::EventLoop& loop_;
    ExecutableOptions options_;
    std::function<void(std::string)> note_;
    std::function<void()> ended_;
    std::unique_ptr<Output> output_;
    std::unique_ptr<Output> errors_;
    std::unique_ptr<io::Child> child_;
    Duration pause_;
    Time started_{};
    Handle timer_;
};

/// The file `program` in the folder of this executable. E-IO when it is not there.
Result<std::string> beside_us(const std::string& program);
/// The path of this executable.
Result<std::string> our_path();

}  // namespace jetway::cli
