#include "io/loop_thread.hpp"

#include <csignal>

namespace jetway::io {
namespace {

/// Blocks signals for a while: a thread that begins now inherits that. Not those that a thread
/// causes by a mistake of its own.
class NoSignals {
public:
    NoSignals() {
        sigset_t blocked;
        sigfillset(&blocked);
        for (const int own : {SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGTRAP, SIGABRT, SIGSYS})
            sigdelset(&blocked, own);
        pthread_sigmask(SIG_SETMASK, &blocked, &before_);
    }
    ~NoSignals() { pthread_sigmask(SIG_SETMASK, &before_, nullptr); }
    NoSignals(const NoSignals&) = delete;
    NoSignals& operator=(const NoSignals&) = delete;

private:
    sigset_t before_{};
};

}  // namespace

LoopThread::LoopThread() {
    const NoSignals none;
    thread_ = std::thread([this] { loop_.run_until([] { return false; }, Time::max()); });
}

LoopThread::~LoopThread() {
    loop_.post([this] { loop_.stop(); });
    thread_.join();
}

}  // namespace jetway::io
