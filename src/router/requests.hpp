// Requests over envelopes: each gets a number and the name of a hidden service of this machine to
// answer to, and waits for the envelope that repeats the number.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>

#include "base/random.hpp"
#include "kernel/kernel.hpp"
#include "router/envelopes.hpp"

namespace jetway::router {

class Requests final : private PipeReader {
public:
    using Answered = std::function<void(Result<wire::Envelope>)>;

    /// All outlive this. `reply_to`: this machine as others address it.
    Requests(Kernel& kernel, Timer& timer, Random& random, Envelopes& envelopes,
             std::string machine)
        : kernel_(kernel),
          timer_(timer),
          random_(random),
          envelopes_(envelopes),
          machine_(std::move(machine)) {}
    ~Requests();

    Handle send(wire::Envelope envelope, Answered answered, RouteOptions options);

private:
    struct Pending {
        Answered answered;
        Handle deadline;
        wire::Envelope head;  // without data
        Lane lane;
    };

    bool on_message(Message& message) override;
    void settle(std::uint64_t number, Result<wire::Envelope> answer);
    void cancel(std::uint64_t number);

    Kernel& kernel_;
    Timer& timer_;
    Random& random_;
    Envelopes& envelopes_;
    std::string machine_;
    PipePtr pipe_;
    Handle registration_;
    std::map<std::uint64_t, Pending> pending_;
    std::shared_ptr<bool> alive_ = std::make_shared<bool>(true);
};

}  // namespace jetway::router
