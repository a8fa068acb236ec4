// Joints: what stands between pipes that Kernel::connect, split and merge have joined. Private to
// src/kernel. A joint joins from start() on, lives as long as its handle, and may die in the middle
// of the message that it passes on.
#pragma once

#include <deque>
#include <memory>
#include <vector>

#include "kernel/pipe.hpp"

namespace jetway {

/// One pipe into another.
class Connect final : public PipeReader, public PipeWriter {
public:
    Connect(PipePtr from, PipePtr to);
    ~Connect();

    void start() { from_->set_reader(this); }
    bool on_message(Message& message) override { return to_->write(message); }
    void on_space() override { from_->resume(); }

private:
    PipePtr from_;
    PipePtr to_;
};

/// One pipe into several. A message goes to all branches or to none yet.
class Split final : public PipeReader,
                    public PipeWriter,
                    public std::enable_shared_from_this<Split> {
public:
    Split(PipePtr from, const std::vector<PipePtr>& branches);
    ~Split();

    void start() { from_->set_reader(this); }
    bool on_message(Message& message) override;
    void on_space() override { from_->resume(); }

private:
    PipePtr from_;
    std::vector<PipePtr> branches_;  // each once
};

/// Several pipes into one. While `to` is full the sources stand in line, and then take turns, a
/// message each.
class Merge final : public PipeWriter, public std::enable_shared_from_this<Merge> {
public:
    Merge(std::vector<PipePtr> sources, PipePtr to);
    ~Merge();

    void start();
    void on_space() override;

private:
    struct Source final : public PipeReader {
        Source(Merge& m, PipePtr p) : merge(m), pipe(std::move(p)) {}
        bool on_message(Message& message) override { return merge.take(*this, message); }
        Merge& merge;
        PipePtr pipe;
    };
    bool take(Source& source, Message& message);

    std::vector<std::unique_ptr<Source>> sources_;
    PipePtr to_;
    std::deque<Source*> line_;  // each at most once; not empty only while `to` owes us on_space
    Source* its_turn_ = nullptr;
};

}  // namespace jetway
