#include "io/child.hpp"

#include <cerrno>
#include <signal.h>
#include <sys/ioctl.h>
#include <sys/wait.h>

#include "io/loop_parts.hpp"
#include "io/spawn.hpp"
#include "io/watch.hpp"

namespace jetway::io {
namespace {

Exit exit_of(int status) {
    if (WIFSIGNALED(status)) return {128 + WTERMSIG(status), WTERMSIG(status)};
    return {WEXITSTATUS(status), 0};
}

/// True when the process has ended, and is then gone from the system's table.
bool reap_now(pid_t pid, int& status) {
    pid_t got;
    do {
        got = waitpid(pid, &status, WNOHANG);
    } while (got < 0 && errno == EINTR);
    return got != 0;
}

// A child that was killed with its owner: stays with the loop until it is reaped.
class Remains final : public Leftover, WatchEvents {
public:
    Remains(EventLoop& loop, pid_t pid, int pidfd)
        : loop_(loop), pid_(pid), watch_(loop, pidfd, static_cast<WatchEvents&>(*this)) {
        watch_.wait_readable();
    }
    ~Remains() override {
        while (pid_ > 0 && waitpid(pid_, nullptr, 0) < 0 && errno == EINTR) {
        }
    }

private:
    void on_readable() override {
        int status = 0;
        if (!reap_now(pid_, status)) return watch_.wait_readable();
        pid_ = -1;
        std::erase_if(parts(loop_).leftovers,
                      [this](const auto& leftover) { return leftover.get() == this; });
    }

    EventLoop& loop_;
    pid_t pid_;
    Watch watch_;
};

class Process final : public Child, WatchEvents {
public:
    Process(EventLoop& loop, const Spawned& spawned, bool guarded);
    ~Process() override;

    pid_t pid() const override { return pid_; }
    ByteStream* input() override { return master_ ? master_.get() : input_.get(); }
    ByteStream* output() override { return master_ ? master_.get() : output_.get(); }
    ByteStream* errors() override { return errors_.get(); }
    void close_output() override { output_.reset(); }
    void set_on_exit(std::function<void(Exit)> on_exit) override { on_exit_ = std::move(on_exit); }
    void signal(int number) override;
    void stop(Duration patience) override;
    Result<> resize(std::uint16_t columns, std::uint16_t rows) override;

private:
    void on_readable() override;
    bool group_is_ours() const;
    Guard* guard() { return guarded_ ? &*parts(loop_).guard : nullptr; }

    EventLoop& loop_;
    pid_t pid_;
    bool guarded_;
    bool reaped_ = false;
    std::unique_ptr<Watch> watch_;
    ByteStreamPtr input_;
    ByteStreamPtr output_;
    ByteStreamPtr errors_;
    ByteStreamPtr master_;
    std::function<void(Exit)> on_exit_;
    Handle patience_;
};

Process::Process(EventLoop& loop, const Spawned& spawned, bool guarded)
    : loop_(loop),
      pid_(spawned.pid),
      guarded_(guarded),
      watch_(std::make_unique<Watch>(loop, spawned.pidfd, static_cast<WatchEvents&>(*this))) {
    const auto adopted = [&loop](int descriptor) {
        return descriptor < 0 ? nullptr : adopt(loop, descriptor);
    };
    input_ = adopted(spawned.input);
    output_ = adopted(spawned.output);
    errors_ = adopted(spawned.errors);
    master_ = adopted(spawned.master);
    if (Guard* const told = guard()) told->watch(pid_);
    watch_->wait_readable();
}

Process::~Process() {
    signal(SIGKILL);
    if (Guard* const told = guard()) told->forget(pid_);
    int status = 0;
    if (reaped_ || reap_now(pid_, status)) return;
    const int pidfd = watch_->release();
    parts(loop_).leftovers.push_back(std::make_unique<Remains>(loop_, pid_, pidfd));
}

// The number stays the group's while a member lives, even when its first process was reaped. If a
// process has the number by now, it is a stranger who got it anew.
bool Process::group_is_ours() const {
    return !reaped_ || (kill(pid_, 0) != 0 && errno == ESRCH);
}

void Process::signal(int number) {
    if (group_is_ours()) kill(-pid_, number);
}

void Process::stop(Duration patience) {
    signal(SIGHUP);
    patience_ = loop_.after(patience, [this, patience] {
        signal(SIGTERM);
        patience_ = loop_.after(patience, [this] { signal(SIGKILL); });
    });
}

Result<> Process::resize(std::uint16_t columns, std::uint16_t rows) {
    if (!master_) return Error{Code::io, "the process has no terminal"};
    const winsize size{rows, columns, 0, 0};
    if (ioctl(master_->descriptor(), TIOCSWINSZ, &size) != 0) return system_error("resize", errno);
    return success();
}

void Process::on_readable() {
    int status = 0;
    if (!reap_now(pid_, status)) return watch_->wait_readable();
    reaped_ = true;
    if (Guard* const told = guard()) told->reaped(pid_);
    watch_.reset();
    // The callback may destroy this.
    if (const auto on_exit = std::exchange(on_exit_, nullptr)) on_exit(exit_of(status));
}

}  // namespace

Result<std::unique_ptr<Child>> start_child(EventLoop& loop, const ChildOptions& options) {
    if (options.die_with_parent && !parts(loop).guard) parts(loop).guard.emplace();
    JETWAY_ASSIGN(const Spawned spawned, spawn(options));
    return std::unique_ptr<Child>(
        std::make_unique<Process>(loop, spawned, options.die_with_parent));
}

}  // namespace jetway::io
