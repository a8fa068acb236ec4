// For an object that calls out and may be destroyed by whom it calls: afterwards `destroyed()` says
// whether there is still an object. Calls nest.
#pragma once

namespace jetway::io {

/// A member of the object.
class LifeSlot {
public:
    LifeSlot() = default;
    LifeSlot(const LifeSlot&) = delete;
    LifeSlot& operator=(const LifeSlot&) = delete;
    ~LifeSlot() {
        if (innermost_ != nullptr) *innermost_ = true;
    }

private:
    friend class Life;
    bool* innermost_ = nullptr;
};

/// A local of the function that calls out.
class Life {
public:
    explicit Life(LifeSlot& slot) : slot_(slot), outer_(slot.innermost_) {
        slot.innermost_ = &destroyed_;
    }
    ~Life() {
        if (!destroyed_) {
            slot_.innermost_ = outer_;
        } else if (outer_ != nullptr) {
            *outer_ = true;
        }
    }
    Life(const Life&) = delete;
    Life& operator=(const Life&) = delete;
    const bool& destroyed() const { return destroyed_; }

private:
    LifeSlot& slot_;
    bool* outer_;
    bool destroyed_ = false;
};

}  // namespace jetway::io
