// A Crossing: one stream's way through this router, between two links. Its two ends each hold a
// label on a link; its two flows each carry bytes from one end to the other. Plain state: the rules
// are in forwarder*.cpp.
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "base/buffer.hpp"
#include "routing/frame_queue.hpp"
#include "routing/label_table.hpp"
#include "routing/types.hpp"

namespace jetway::routing {

/// Where an end stands with its peer.
enum class EndState : std::uint8_t {
    closed,   // the label is free again (or the link is gone): nothing more is sent or heard
    waiting,  // there is no way yet, hence no link: what comes is kept until there is one
    opening,  // our OPEN waits in the lane; the peer knows nothing yet
    open,
    refusing,    // our NACK waits in the lane
    resetting,   // our RESET waits in the lane
    reset_sent,  // our RESET left: late frames are discarded until RESET_ACK comes
    acking,      // the peer's RESET came, our RESET_ACK waits in the lane
};

/// Control frames that wait for an end, in the order in which they leave.
namespace pending {
inline constexpr std::uint8_t open = 0x01;
inline constexpr std::uint8_t opened = 0x02;
inline constexpr std::uint8_t nack = 0x04;
inline constexpr std::uint8_t window = 0x08;
inline constexpr std::uint8_t stop = 0x10;
inline constexpr std::uint8_t reset = 0x20;
inline constexpr std::uint8_t reset_ack = 0x40;
inline constexpr std::uint8_t fin_ack = 0x80;
}  // namespace pending

/// An end's place in a list.
struct Hook {
    EndRef next = no_end;
    EndRef previous = no_end;
    bool linked = false;
};

struct End {
    LinkId link = no_link;
    std::uint32_t label = 0;
    bool ours = false;        // we picked the label
    bool unanswered = false;  // the peer's OPEN has no answer yet
    EndState state = EndState::closed;
    std::uint8_t pending = 0;
    bool fresh = false;        // came with something new: before those with a backlog
    std::int32_t deficit = 0;  // bytes that it may still send in its turn
    std::uint32_t round = 0;   // of the link, when that was reckoned
    Hook control;              // in the link's control lane while `pending` is not 0
    Hook data;                 // among the link's turns while a frame may leave
    Buffer body;               // of the OPEN, OPENED, NACK or RESET that waits
    Buffer stop_body;
    Buffer window_body;               // the newest grant that waits, as it came; or nothing
    std::uint32_t pool_taken = 0;     // of the link's first-window pool
    std::uint64_t opened_number = 0;  // OwnLabels::opened()
};

struct Flow {
    std::uint64_t granted = 0;  // the sender may send up to here: the grants that left for it
    std::uint64_t taken = 0;    // bytes accepted from the sender
    std::uint64_t credit = 0;   // the receiver allows up to here: first window, then `window`
    wire::Window window;        // the newest of the receiver's grants
    std::uint64_t sent = 0;     // bytes handed to the receiver
    std::uint64_t wide = 0;     // of what was granted, reserved: beyond the basic window
    FrameQueue queue;
    bool fin_taken = false;
    bool fin_sent = false;
    bool fin_acked = false;  // the receiver has the end: FIN_ACK came from it
    bool ack_sent = false;   // and the sender knows: FIN_ACK left for it
    bool stopped = false;    // the receiver reads no more: bytes are discarded, FIN still crosses

    // At an end of the stream, towards the network.
    bool keeps = false;  // what left is kept until it is confirmed: it may have to leave again
    FrameQueue kept;     // from offset `kept_from` to `sent`, the end too
    std::uint64_t kept_from = 0;
    std::uint64_t most_sent = 0;  // on any attempt

    // At an end of the stream, from the network.
    std::uint64_t said_again = 0;  // bytes that a new attempt says once more
};

/// A stream as it was opened. At the ingress, for other attempts: until there is an answer with
/// all that the destination needs, then with what names the stream and its egress. At the egress,
/// to know later attempts, and until there is an answer to tell the way of a changed route.
struct Opening {
    wire::Open open;
    bool whole = false;                  // `open` has everything
    std::size_t size = 0;                // of the OPEN that is kept whole
    bool established = false;            // OPENED has passed
    bool pinned = false;                 // an attempt may have arrived: at no other instance
    std::uint32_t tries = 0;             // to go on, since it last did
    Time last_try{};                     // of these
    Buffer answer;                       // at the egress: that OPENED
    wire::Nack refusal;                  // the last one, while it waits
    Time until{};                        // how long it waits
    Time again{};                        // when it tries again, news or not
    Duration pause{};                    // between tries
    std::uint64_t moved = 0;             // bytes, confirmed and received, when its way broke
    std::vector<Instance> tried;         // and not to be tried again
    std::unique_ptr<wire::Nack> ending;  // at the egress: what a later attempt is told
};

inline constexpr std::uint8_t no_far = 2;

struct Crossing {
    std::array<End, 2> ends;    // 0: the side the OPEN came from
    std::array<Flow, 2> flows;  // flows[i] comes from ends[i]
    bool live = false;          // from accept to remove
    bool answered = false;      // OPENED or NACK came
    bool ended = false;         // its end was counted and reported
    std::uint8_t weight = 4;    // its share of a link, beside other streams
    std::string source;
    std::string destination;
    /// Which end leads over the network to the other end of the stream: at the ingress the second,
    /// at the egress the first. What was sent that way is kept, and goes on by another way when
    /// this one breaks.
    std::uint8_t far = no_far;
    bool resumes = false;  // its OPEN goes on with a stream: offsets begin where it says
    std::unique_ptr<Opening> opening;
    Instance instance;  // at the ingress, while the stream is on its way there; else no router
};

/// All crossings of a forwarder. References stay valid while others come and go; memory is reused,
/// never given back.
class Crossings {
public:
    Crossing& operator[](std::uint32_t index) {
        return blocks_[index / block_size][index % block_size];
    }
    const Crossing& operator[](std::uint32_t index) const {
        return blocks_[index / block_size][index % block_size];
    }
    End& end(EndRef ref) { return (*this)[ref / 2].ends[ref & 1U]; }
    /// Fresh ones are in their initial state.
    std::uint32_t add();
    void remove(std::uint32_t index);
    std::size_t size() const { return live_; }
    /// One past the highest index in use so far. Free ones have both ends closed.
    std::uint32_t bound() const { return bound_; }

private:
    static constexpr std::uint32_t block_size = 32;
    std::vector<std::unique_ptr<Crossing[]>> blocks_;
    std::vector<std::uint32_t> free_;
    std::uint32_t bound_ = 0;
    std::size_t live_ = 0;
};

/// A list of ends through one of their hooks: no allocation, removal from anywhere.
template <Hook End::* hook>
class EndList {
public:
    bool empty() const { return head_ == no_end; }
    EndRef front() const { return head_; }
    std::size_t size() const { return size_; }

    void push_back(Crossings& crossings, EndRef ref) {
        Hook& own = crossings.end(ref).*hook;
        if (own.linked) return;
        own = {no_end, tail_, true};
        (tail_ == no_end ? head_ : (crossings.end(tail_).*hook).next) = ref;
        tail_ = ref;
        ++size_;
    }
    void remove(Crossings& crossings, EndRef ref) {
        Hook& own = crossings.end(ref).*hook;
        if (!own.linked) return;
        (own.previous == no_end ? head_ : (crossings.end(own.previous).*hook).next) = own.next;
        (own.next == no_end ? tail_ : (crossings.end(own.next).*hook).previous) = own.previous;
        own = {};
        --size_;
    }

private:
    EndRef head_ = no_end;
    EndRef tail_ = no_end;
    std::size_t size_ = 0;
};

}  // namespace jetway::routing
