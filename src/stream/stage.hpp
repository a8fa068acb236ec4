// A Stage: one service's part in one pipeline `a | b | { c ; d }`: the stream it was opened by
// (upstream), and a leg to each next stop of the itinerary. It opens the legs, fans output out to
// all of them without loss, and carries outcomes back: a stage finishes upstream only after
// downstream has finished; a failure stops upstream and resets downstream; whoever started the
// pipeline gets the first cause and the program's exit status. With no next stop, output goes back
// to the caller on the upstream stream's other half, so the same service answers `jetway call`.
#pragma once

#include <functional>
#include <memory>
#include <string>

#include "stream/session.hpp"

namespace jetway::stream {

class StageEvents {
public:
    /// Input from upstream; see StreamEvents::on_data. consume() it on the Stage.
    virtual void on_input(Buffer bytes, bool end_of_message) = 0;
    /// Upstream has no more input. Write what is left and finish().
    virtual void on_input_finish(const wire::Outcome& outcome) = 0;
    /// After write() returned false every leg has room again.
    virtual void on_space() {}
    /// Nobody reads the output any more (the caller sent STOP, or every leg did): further writes
    /// are discarded. Finish when convenient.
    virtual void on_stop(const Error& /*reason*/) {}
    /// Everything has ended, here, upstream and downstream; with the cause when it was not in
    /// order. The last call: the Stage may be destroyed in it.
    virtual void on_end(const std::optional<Error>& failure) = 0;

protected:
    ~StageEvents() = default;
};

/// Calls from the loop only, as with a Stream; the Stage may be destroyed in any of them. Calls on
/// a Stage that has ended do nothing.
class Stage {
public:
    /// Takes the stream a Service got in on_open. Does nothing yet. `name` is the service's, as
    /// offered.
    Stage(Session& session, StreamPtr upstream, StageEvents& events, std::string name);
    /// Resets what has not ended with E-CANCELLED.
    ~Stage();
    Stage(const Stage&) = delete;
    Stage& operator=(const Stage&) = delete;

    /// Accepts the stream and opens the legs. `produces` is the content type of the output, `shape`
    /// its shape.
    void start(std::string_view produces, wire::Shape shape);
    /// One message (or some bytes) to every leg. False: wait for on_space().
    bool write(const Buffer& bytes, bool end_of_message = true);
    /// No more output, and no more interest in input: upstream is stopped if it has not finished.
    /// The stage's own outcome counts when nothing downstream failed; its program's status goes
    /// both ways. Without an outcome, what upstream said goes downstream, and what downstream says
    /// goes upstream.
    void finish(const wire::Outcome& outcome);
    void finish();
    /// The stage cannot go on: upstream is stopped and told, the legs are reset. on_end() follows.
    /// Before start() it refuses the stream.
    void fail(const Error& reason);
    /// Gives input credit back.
    void consume(std::size_t bytes);
    std::size_t unsent() const;  // of the slowest leg
    std::size_t legs() const;
    const wire::Open& opening() const;

private:
    class State;
    std::shared_ptr<State> state_;
};

}  // namespace jetway::stream
