// Child processes: started with pipes or a pseudo-terminal, reaped by the loop, and gone when their
// owner goes.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <string>
#include <sys/types.h>
#include <vector>

#include "io/byte_stream.hpp"

namespace jetway::io {

struct ChildOptions {
    std::vector<std::string> argv;                   // argv[0] is looked up in PATH
    std::map<std::string, std::string> environment;  // added to ours
    std::string directory;                           // empty: ours
    enum class Streams : std::uint8_t { inherit, pipes, terminal } streams = Streams::pipes;
    std::uint16_t columns = 80;  // of the terminal
    std::uint16_t rows = 24;
    bool die_with_parent = true;  // a killed parent takes its children along, and theirs
};

/// How a process ended: as a shell says it, 128 + signal when killed.
struct Exit {
    int status = 0;
    int signal = 0;  // 0: it exited
};

class Child {
public:
    virtual ~Child() = default;  // kills the process group with SIGKILL and reaps it

    virtual pid_t pid() const = 0;
    /// pipes: stdin (write) and stdout (read) and stderr (read); terminal: input() and output() are
    /// the master side.
    virtual ByteStream* input() = 0;
    virtual ByteStream* output() = 0;
    virtual ByteStream* errors() = 0;
    /// Closes our end of its output pipe: what it writes from now on fails with SIGPIPE. output()
    /// is nullptr then, and has had its last event. Does nothing with a terminal.
    virtual void close_output() = 0;
    /// Called once from the loop when the process has ended and been reaped.
    virtual void set_on_exit(std::function<void(Exit)> on_exit) = 0;
    /// To the process group.
    virtual void signal(int number) = 0;
    /// HUP, then TERM after `patience`, then KILL after it again.
    virtual void stop(Duration patience) = 0;
    virtual Result<> resize(std::uint16_t columns, std::uint16_t rows) = 0;
};

/// E-IO naming the program when it cannot be started (execve's own error, not a silent 127).
Result<std::unique_ptr<Child>> start_child(EventLoop& loop, const ChildOptions& options);

}  // namespace jetway::io
