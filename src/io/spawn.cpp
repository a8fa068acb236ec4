#include "io/spawn.hpp"

#include <array>
#include <cerrno>
#include <cstdlib>
#include <fcntl.h>
#include <linux/close_range.h>
#include <pty.h>
#include <signal.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <termios.h>
#include <unistd.h>

#include "io/descriptor.hpp"

namespace jetway::io {
namespace {

constexpr int pipe_size = 256 * 1024;

/// What went wrong in the new process before its program ran; comes back through a pipe that exec
/// closes.
struct Failure {
    enum class Step : int { setup, directory, exec } step = Step::setup;
    int number = 0;
};

/// Everything the new process needs, made before the fork: afterwards only async-signal-safe calls
/// are allowed.
struct Plan {
    std::vector<char*> argv;
    std::vector<std::string> environment;
    std::vector<char*> envp;
    std::vector<std::string> paths;  // the program's candidates, in the order of PATH
    const char* directory = nullptr;
    std::array<int, 3> standard{-1, -1, -1};  // become 0, 1, 2
    bool session = false;
    bool terminal = false;
    bool die_with_parent = false;
    pid_t parent = 0;
    int report = -1;
};

struct Ends {
    Descriptor ours;
    Descriptor theirs;
};

// ---- In the new process.

[[noreturn]] void give_up(const Plan& plan, Failure::Step step, int number) {
    const Failure failure{step, number};
    ssize_t written = write(plan.report, &failure, sizeof failure);
    (void)written;
    _exit(127);
}

/// Handlers of ours (and an ignored SIGPIPE) are not the program's. All signals are blocked until
/// here.
void restore_signals() {
    struct sigaction action{};
    action.sa_handler = SIG_DFL;
    for (int number = 1; number < NSIG; ++number) sigaction(number, &action, nullptr);
    sigset_t none;
    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, nullptr);
}

void set_standard(Plan& plan) {
    // Out of the way first: one of them may be 0, 1 or 2 itself.
    for (int& descriptor : plan.standard) {
        if (descriptor >= 0) descriptor = fcntl(descriptor, F_DUPFD_CLOEXEC, 3);
    }
    for (int i = 0; i < 3; ++i) {
        if (plan.standard.at(static_cast<std::size_t>(i)) < 0) continue;
        if (dup2(plan.standard.at(static_cast<std::size_t>(i)), i) < 0) {
            give_up(plan, Failure::Step::setup, errno);
        }
    }
}

void run_program(const Plan& plan) {
    int error = ENOENT;
    for (const std::string& path : plan.paths) {
        execve(path.c_str(), plan.argv.data(), plan.envp.data());
        // As execvp: what cannot be found is looked for further on, what may not be run is
        // remembered.
        if (errno != ENOENT && errno != ENOTDIR) error = errno;
        if (errno != ENOENT && errno != ENOTDIR && errno != EACCES) break;
    }
    give_up(plan, Failure::Step::exec, error);
}

[[noreturn]] void become(Plan& plan) {
    if (plan.report < 3) plan.report = fcntl(plan.report, F_DUPFD_CLOEXEC, 3);
    if (plan.session) {
        if (setsid() < 0) give_up(plan, Failure::Step::setup, errno);
    } else if (setpgid(0, 0) != 0) {
        give_up(plan, Failure::Step::setup, errno);
    }
    if (plan.die_with_parent) {
        prctl(PR_SET_PDEATHSIG, SIGKILL);
        if (getppid() != plan.parent) _exit(127);  // it went before we asked
    }
    set_standard(plan);
    if (plan.terminal && ioctl(0, TIOCSCTTY, 0) != 0) give_up(plan, Failure::Step::setup, errno);
    // Descriptors of libraries that forgot it; ours have the flag.
    close_range(3, ~0U, CLOSE_RANGE_CLOEXEC);
    if (plan.directory != nullptr && chdir(plan.directory) != 0) {
        give_up(plan, Failure::Step::directory, errno);
    }
    restore_signals();
    run_program(plan);
    _exit(127);
}

// ---- In ours.

std::vector<std::string> merged_environment(const ChildOptions& options) {
    std::vector<std::string> result;
    for (char** entry = environ; entry != nullptr && *entry != nullptr; ++entry) {
        const std::string_view text(*entry);
        if (!options.environment.contains(std::string(text.substr(0, text.find('=')))))
            result.emplace_back(text);
    }
    for (const auto& [name, value] : options.environment) {
        result.emplace_back(name).append("=").append(value);
    }
    return result;
}

std::vector<std::string> candidates(const ChildOptions& options) {
    const std::string& program = options.argv.front();
    if (program.find('/') != std::string::npos) return {program};
    const auto given = options.environment.find("PATH");
    const char* ours = std::getenv("PATH");
    std::string path = given != options.environment.end() ? given->second
                       : ours != nullptr                  ? ours
                                                          : "/bin:/usr/bin";
    std::vector<std::string> result;
    for (std::size_t begin = 0; begin <= path.size();) {
        const std::size_t end = std::min(path.find(':', begin), path.size());
        std::string& candidate = result.emplace_back(path, begin, end - begin);
        if (!candidate.empty()) candidate += '/';
        candidate += program;
        begin = end + 1;
    }
    return result;
}

std::vector<char*> pointers(const std::vector<std::string>& strings) {
    std::vector<char*> result;
    result.reserve(strings.size() + 1);
    for (const std::string& text : strings) result.push_back(const_cast<char*>(text.c_str()));
    result.push_back(nullptr);
    return result;
}

Result<Ends> make_pipe(bool we_write) {
    std::array<int, 2> ends{};
    if (pipe2(ends.data(), O_CLOEXEC) != 0) return system_error("pipe", errno);
    fcntl(ends[0], F_SETPIPE_SZ,
          pipe_size);  // refused beyond the user's limit: then it stays at 64 KiB
    return we_write ? Ends{Descriptor(ends[1]), Descriptor(ends[0])}
                    : Ends{Descriptor(ends[0]), Descriptor(ends[1])};
}

Result<Ends> make_terminal(const ChildOptions& options) {
    Descriptor master(posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC));
    if (!master.valid() || grantpt(master.get()) != 0 || unlockpt(master.get()) != 0) {
        return system_error("pseudo-terminal", errno);
    }
    const winsize size{options.rows, options.columns, 0, 0};
    ioctl(master.get(), TIOCSWINSZ, &size);
    termios modes{};
    if (tcgetattr(master.get(), &modes) == 0) {
        modes.c_iflag |= IUTF8;  // so that erasing takes a whole character
        tcsetattr(master.get(), TCSANOW, &modes);
    }
    Descriptor slave(ioctl(master.get(), TIOCGPTPEER, O_RDWR | O_NOCTTY | O_CLOEXEC));
    if (!slave.valid()) return system_error("pseudo-terminal", errno);
    return Ends{std::move(master), std::move(slave)};
}

Error start_error(const ChildOptions& options, const Failure& failure) {
    const std::string program = "cannot start " + options.argv.front();
    if (failure.step == Failure::Step::directory) {
        return system_error(program + " in " + options.directory, failure.number);
    }
    return system_error(program, failure.number);
}

pid_t fork_into(Plan& plan) {
    sigset_t all;
    sigset_t before;
    sigfillset(&all);
    // A handler of ours must not run in the new process: it would speak through pipes that both
    // share.
    pthread_sigmask(SIG_BLOCK, &all, &before);
    const pid_t pid = fork();
    if (pid == 0) become(plan);
    const int error = errno;
    pthread_sigmask(SIG_SETMASK, &before, nullptr);
    errno = error;
    return pid;
}

/// Waits until the program runs, or what stopped it is known.
std::optional<Failure> read_report(int descriptor) {
    Failure failure;
    ssize_t got;
    do {
        got = read(descriptor, &failure, sizeof failure);
    } while (got < 0 && errno == EINTR);
    if (got != sizeof failure) return std::nullopt;
    return failure;
}

void reap(pid_t pid) {
    while (waitpid(pid, nullptr, 0) < 0 && errno == EINTR) {
    }
}

/// The ends of whatever options.streams asks for: ours go into `result`, the new process's into
/// `theirs` and `plan`.
Result<> make_streams(const ChildOptions& options, Spawned& result, std::vector<Descriptor>& ours,
                      std::vector<Descriptor>& theirs, Plan& plan) {
    const auto keep = [&](Ends ends, int& our_end) {
        our_end = ends.ours.get();
        ours.push_back(std::move(ends.ours));
        theirs.push_back(std::move(ends.theirs));
        return theirs.back().get();
    };
    if (options.streams == ChildOptions::Streams::terminal) {
        JETWAY_ASSIGN(Ends terminal, make_terminal(options));
        plan.standard.fill(keep(std::move(terminal), result.master));
        plan.terminal = true;
    } else if (options.streams == ChildOptions::Streams::pipes) {
        JETWAY_ASSIGN(Ends input, make_pipe(true));
        plan.standard[0] = keep(std::move(input), result.input);
        JETWAY_ASSIGN(Ends output, make_pipe(false));
        plan.standard[1] = keep(std::move(output), result.output);
        JETWAY_ASSIGN(Ends errors, make_pipe(false));
        plan.standard[2] = keep(std::move(errors), result.errors);
    }
    return success();
}

}  // namespace

Result<Spawned> spawn(const ChildOptions& options) {
    if (options.argv.empty() || options.argv.front().empty())
        return Error{Code::io, "no program to start"};
    Plan plan;
    Spawned result;
    std::vector<Descriptor> ours;
    std::vector<Descriptor> theirs;
    JETWAY_TRY(make_streams(options, result, ours, theirs, plan));
    plan.argv = pointers(options.argv);
    plan.environment = merged_environment(options);
    plan.envp = pointers(plan.environment);
    plan.paths = candidates(options);
    plan.directory = options.directory.empty() ? nullptr : options.directory.c_str();
    plan.session = options.streams != ChildOptions::Streams::inherit;
    plan.die_with_parent = options.die_with_parent;
    plan.parent = getpid();
    std::array<int, 2> report{};
    if (pipe2(report.data(), O_CLOEXEC) != 0) return system_error("pipe", errno);
    const Descriptor report_in(report[0]);
    Descriptor report_out(report[1]);
    plan.report = report_out.get();

    result.pid = fork_into(plan);
    if (result.pid < 0) return start_error(options, {Failure::Step::setup, errno});
    report_out.reset();
    theirs.clear();
    if (const auto failure = read_report(report_in.get())) {
        reap(result.pid);
        return start_error(options, *failure);
    }
    // Debian 12's <sys/pidfd.h> lacks extern "C".
    result.pidfd = static_cast<int>(syscall(SYS_pidfd_open, result.pid, 0));
    if (result.pidfd < 0) {
        const int error = errno;
        kill(-result.pid, SIGKILL);
        reap(result.pid);
        return start_error(options, {Failure::Step::setup, error});
    }
    fcntl(result.pidfd, F_SETFL, fcntl(result.pidfd, F_GETFL) | O_NONBLOCK);
    for (Descriptor& descriptor : ours) descriptor.take();
    return result;
}

}  // namespace jetway::io
