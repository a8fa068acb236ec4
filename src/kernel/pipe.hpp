// A Pipe: a bounded, ordered queue of Messages between one writer and one reader on the same
// thread. While the reader keeps up a write is a function call straight into it: no lock, no
// allocation, no system call. Made by Kernel::create_pipe or by itself; joined by Kernel's connect,
// split and merge.
//
// When the reader does not keep up, messages queue; what happens when the queue is full is the
// pipe's policy:
//
//   block    the writer waits: write() takes nothing and returns false; on_space() follows
//   latest   the newest queued message is replaced by the new one, whole
//   drop     the new message is dropped, and counted
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <vector>

#include "kernel/message.hpp"

namespace jetway {

/// What is done with a message that a full pipe cannot take.
enum class WhenFull : std::uint8_t { block, latest, drop };

struct PipeOptions {
    std::size_t capacity = 64;              // messages; at least 1
    std::size_t capacity_bytes = SIZE_MAX;  // of bodies; a single message may exceed it when the
                                            // queue is empty
    WhenFull when_full = WhenFull::block;
};

/// The reading end of a pipe, when it wants to be called. Not owned by the pipe.
class PipeReader {
public:
    /// Takes the message (moves from it) and returns true, or leaves it untouched and returns
    /// false: then it stays at the head of the queue until the reader calls Pipe::resume(). May
    /// write to other pipes, and to this one.
    virtual bool on_message(Message& message) = 0;

protected:
    ~PipeReader() = default;
};

/// The writing end, when it wants to know that it may go on. Not owned by the pipe.
class PipeWriter {
public:
    /// After a write() returned false there is room again. Called once per such refusal.
    virtual void on_space() = 0;

protected:
    ~PipeWriter() = default;
};

struct PipeCounts {
    std::uint64_t written = 0;  // accepted by write(), dropped and replaced ones included
    std::uint64_t read = 0;
    std::uint64_t dropped = 0;
    std::uint64_t replaced = 0;  // written == read + dropped + replaced + size()
};

class Pipe {
public:
    explicit Pipe(PipeOptions options = {});
    /// May happen inside any call that the pipe makes; what is queued goes with it.
    ~Pipe();
    Pipe(const Pipe&) = delete;
    Pipe& operator=(const Pipe&) = delete;

    /// Moves the message in and returns true; false only when full under `block`: then `message` is
    /// untouched.
    bool write(Message& message);
    bool write(Message&& message) { return write(message); }
    /// write() would not return false now.
    bool has_room(const Message& message) const {
        return when_full_ != WhenFull::block || fits(message);
    }
    /// The oldest queued message, for a reader that polls.
    std::optional<Message> read();

    /// At most one of each at a time; nullptr takes it away. Setting a reader hands it what is
    /// queued.
    void set_reader(PipeReader* reader);
    void set_writer(PipeWriter* writer) { writer_ = writer; }
    PipeReader* reader() const { return reader_; }
    PipeWriter* writer() const { return writer_; }
    /// The reader that refused a message can take some again. Delivers what is queued; called
    /// inside on_message, after that returns.
    void resume();

    /// A message in the hands of on_message is not queued; when it is refused, size() may be
    /// capacity() + 1.
    std::size_t size() const { return count_; }
    std::size_t bytes() const { return bytes_; }
    std::size_t capacity() const { return ring_.size() - 1; }
    const PipeCounts& counts() const { return counts_; }

private:
    // A call out to the reader or writer, which may do anything to the pipe: meanwhile writes only
    // queue, and if the pipe is destroyed the caller finds out here.
    struct Call {
        explicit Call(Pipe& p) : pipe(&p) { p.call_ = this; }
        ~Call() {
            if (pipe != nullptr) pipe->call_ = nullptr;
        }
        Call(const Call&) = delete;
        Call& operator=(const Call&) = delete;
        Pipe* pipe;          // nullptr once destroyed
        bool again = false;  // resume() was called
    };

    bool fits(const Message& message) const {
        return count_ < capacity() &&
               (count_ == 0 ||
                (bytes_ <= capacity_bytes_ && message.body.size() <= capacity_bytes_ - bytes_));
    }
    std::size_t wrap(std::size_t i) const { return i < ring_.size() ? i : i - ring_.size(); }
    bool enqueue(Message& message);
    void settle(Call& call);
    bool drain(Call& call);
    void make_space_known();
    void push_back(Message& message);
    void push_front(Message& message);
    Message pop_front();
    void drop_newest();

    // One more than the capacity: for a message that the reader hands back.
    std::vector<Message> ring_;
    std::size_t head_ = 0;
    std::size_t count_ = 0;
    std::size_t bytes_ = 0;
    std::size_t capacity_bytes_;
    WhenFull when_full_;
    bool refused_ = false;  // a writer waits for on_space
    PipeReader* reader_ = nullptr;
    PipeWriter* writer_ = nullptr;
    Call* call_ = nullptr;
    PipeCounts counts_;
};

using PipePtr = std::shared_ptr<Pipe>;

// Here, so that a write to a reader that keeps up is a function call.
inline bool Pipe::write(Message& message) {
    if (count_ != 0 || reader_ == nullptr || call_ != nullptr) return enqueue(message);
    Call call(*this);
    const bool taken = reader_->on_message(message);
    if (call.pipe == nullptr) return true;
    ++counts_.written;
    if (taken) {
        ++counts_.read;
        if (count_ == 0) return true;
    } else {
        push_front(message);
    }
    if (taken || call.again) settle(call);
    return true;
}

}  // namespace jetway
