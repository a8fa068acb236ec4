#include "io/guard.hpp"

#include <algorithm>
#include <array>
#include <cerrno>
#include <csignal>
#include <fcntl.h>
#include <linux/close_range.h>
#include <sys/prctl.h>
#include <sys/wait.h>

namespace jetway::io {
namespace {

// Groups beyond these are not guarded.
constexpr std::size_t most_groups = 16'384;

// Of the guard's process. Ours never touches it, so it costs no memory here.
std::array<Guard::Word, most_groups> table;
std::size_t known = 0;

// After the fork only async-signal-safe calls are allowed.

void hear(const Guard::Word& word) {
    auto* const end = table.begin() + known;
    auto* const found = std::find_if(table.begin(), end,
                                     [&](const auto& entry) { return entry.group == word.group; });
    if (word.state == Guard::State::gone) {
        if (found != end) *found = table.at(--known);
    } else if (found != end) {
        found->state = word.state;
    } else if (known < most_groups) {
        table.at(known++) = word;
    }
}

/// The number of a group stays its own while a member lives. When its first process was reaped and
/// a process has the number again, that one is a stranger.
void kill_group(const Guard::Word& word) {
    if (word.state == Guard::State::reaped && (kill(word.group, 0) == 0 || errno != ESRCH)) return;
    kill(-word.group, SIGKILL);
}

[[noreturn]] void stand_guard(int words) {
    // Nothing of ours is kept open but the pipe; all signals are blocked.
    dup2(words, 0);
    close_range(1, ~0U, 0);
    if (chdir("/") != 0) _exit(1);
    prctl(PR_SET_NAME, "jetway-guard");
    Guard::Word word{};
    for (;;) {
        const ssize_t got = read(0, &word, sizeof word);  // whole words: they are written so
        if (got == sizeof word) {
            hear(word);
        } else if (got >= 0 || errno != EINTR) {
            break;
        }
    }
    for (std::size_t i = 0; i < known; ++i) kill_group(table.at(i));
    _exit(0);
}

}  // namespace

Guard::Guard() {
    std::array<int, 2> ends{};
    if (pipe2(ends.data(), O_CLOEXEC) != 0) return;
    Descriptor read_end(ends[0]);
    Descriptor write_end(ends[1]);
    sigset_t all;
    sigset_t before;
    sigfillset(&all);
    pthread_sigmask(SIG_BLOCK, &all, &before);
    // Twice, so that it is nobody's child: who waits for children of ours never meets it.
    const pid_t between = fork();
    if (between == 0) {
        setsid();
        if (fork() == 0) stand_guard(read_end.get());
        _exit(0);
    }
    pthread_sigmask(SIG_SETMASK, &before, nullptr);
    if (between < 0) return;
    while (waitpid(between, nullptr, 0) < 0 && errno == EINTR) {
    }
    fcntl(write_end.get(), F_SETFL, O_NONBLOCK);
    words_ = std::move(write_end);
}

void Guard::tell(pid_t group, State state) {
    if (!words_.valid()) return;
    const Word word{group, state};
    // A guard that was killed, or cannot keep up, guards less; we go on.
    if (write(words_.get(), &word, sizeof word) < 0 && errno == EPIPE) words_.reset();
}

}  // namespace jetway::io
