#include "kernel/joint.hpp"

#include <algorithm>
#include <utility>

namespace jetway {
namespace {

/// Lets go of the ends that are still ours: somebody may have joined the pipe anew meanwhile.
void release_reader(Pipe& pipe, const PipeReader* reader) {
    if (pipe.reader() == reader) pipe.set_reader(nullptr);
}

void release_writer(Pipe& pipe, const PipeWriter* writer) {
    if (pipe.writer() == writer) pipe.set_writer(nullptr);
}

}  // namespace

Connect::Connect(PipePtr from, PipePtr to) : from_(std::move(from)), to_(std::move(to)) {
    to_->set_writer(this);
}

Connect::~Connect() {
    release_reader(*from_, this);
    release_writer(*to_, this);
}

Split::Split(PipePtr from, const std::vector<PipePtr>& branches) : from_(std::move(from)) {
    for (const PipePtr& branch : branches) {
        if (std::find(branches_.begin(), branches_.end(), branch) != branches_.end()) continue;
        branches_.push_back(branch);
        branch->set_writer(this);
    }
}

Split::~Split() {
    release_reader(*from_, this);
    for (const PipePtr& branch : branches_) release_writer(*branch, this);
}

bool Split::on_message(Message& message) {
    for (const PipePtr& branch : branches_) {
        // The write is refused, and thereby asks for on_space.
        if (!branch->has_room(message)) return branch->write(message);
    }
    const auto alive = shared_from_this();  // a reader may drop the handle; the message goes to all
    for (const PipePtr& branch : branches_) branch->write(Message(message));
    return true;
}

Merge::Merge(std::vector<PipePtr> sources, PipePtr to) : to_(std::move(to)) {
    to_->set_writer(this);
    for (PipePtr& source : sources) {
        sources_.push_back(std::make_unique<Source>(*this, std::move(source)));
    }
}

Merge::~Merge() {
    for (const auto& source : sources_) release_reader(*source->pipe, source.get());
    release_writer(*to_, this);
}

void Merge::start() {
    const auto alive = shared_from_this();
    for (const auto& source : sources_) source->pipe->set_reader(source.get());
}

bool Merge::take(Source& source, Message& message) {
    const bool turn = std::exchange(its_turn_, nullptr) == &source;
    if (!turn && !line_.empty()) {
        line_.push_back(&source);
        return false;
    }
    const auto alive = shared_from_this();
    if (to_->write(message)) return true;
    line_.push_front(&source);
    return false;
}

void Merge::on_space() {
    const auto alive = shared_from_this();
    while (!line_.empty()) {
        Source* const source = line_.front();
        line_.pop_front();
        its_turn_ = source;
        source->pipe->resume();
        its_turn_ = nullptr;
        if (alive.use_count() == 1) return;                     // undone meanwhile
        if (!line_.empty() && line_.front() == source) return;  // `to` is full again
    }
}

}  // namespace jetway
