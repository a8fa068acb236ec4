// What the objects of one loop share. Private to io and transport.
#pragma once

#include <memory>
#include <optional>
#include <vector>

#include "io/event_loop.hpp"
#include "io/guard.hpp"
#include "io/read_blocks.hpp"

namespace jetway::io {

/// Something that puts work off until everything that is ready in this turn of the loop was
/// handled.
class AtTurnEnd {
public:
    virtual void on_turn_end() = 0;

protected:
    ~AtTurnEnd() = default;
};

/// Who asked to be called at the end of this turn. Asking costs no allocation.
class TurnEnds {
public:
    void add(AtTurnEnd* item) { items_.push_back(item); }
    void remove(const AtTurnEnd* item);
    /// Calls everyone who asked; those who ask meanwhile wait for the next turn.
    void run();
    bool empty() const { return items_.empty(); }

private:
    std::vector<AtTurnEnd*> items_;
};

/// Something that the loop keeps because its owner is gone: a killed child that was not reaped yet.
class Leftover {
public:
    virtual ~Leftover() = default;
};

struct LoopParts {
    TurnEnds turn_ends;
    ReadBlocks read_blocks;
    std::vector<std::unique_ptr<Leftover>> leftovers;
    std::optional<Guard> guard;  // from the first child that dies with us
};

LoopParts& parts(EventLoop& loop);

}  // namespace jetway::io
