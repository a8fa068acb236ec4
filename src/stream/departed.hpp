// Departed: how much of one direction has left its end, and how much of that the far end has dealt
// with: stream bytes, and what they were to the application, bytes and messages. On a stream of
// messages each piece is entered when it begins to leave. Private to src/stream.
#pragma once

#include <algorithm>
#include <cstdint>

#include "stream/fifo.hpp"
#include "wire/ledger.hpp"

namespace jetway::stream {

class Departed {
public:
    /// A piece begins to leave.
    void begin(std::uint64_t header, std::uint64_t bytes, bool end_of_message) {
        pieces_.push({offset_ + header + bytes, bytes, end_of_message});
        framed_ = true;
    }
    /// So many stream bytes leave, of which `bytes` are the application's.
    void leave(std::uint64_t stream_bytes, std::uint64_t bytes) {
        offset_ += stream_bytes;
        sent_.bytes += bytes;
    }
    void end_message() { ++sent_.messages; }
    /// Everything below the offset was dealt with.
    void confirm(std::uint64_t offset) {
        offset_confirmed_ = std::max(offset_confirmed_, offset);
        while (!pieces_.empty() && pieces_.front().end <= offset_confirmed_) {
            const Piece piece = pieces_.pop();
            whole_.bytes += piece.bytes;
            whole_.messages += piece.end_of_message ? 1 : 0;
        }
    }

    std::uint64_t offset() const { return offset_; }
    const wire::Tally& sent() const { return sent_; }
    wire::Tally confirmed() const {
        if (!framed_) return {offset_confirmed_, 0};
        wire::Tally tally = whole_;
        if (pieces_.empty()) return tally;
        const Piece& piece = pieces_.front();
        const std::uint64_t begin = piece.end - piece.bytes;
        if (offset_confirmed_ > begin) tally.bytes += offset_confirmed_ - begin;
        return tally;
    }

private:
    struct Piece {
        std::uint64_t end;  // offset
        std::uint64_t bytes;
        bool end_of_message;
    };

    std::uint64_t offset_ = 0;
    std::uint64_t offset_confirmed_ = 0;
    wire::Tally sent_;
    wire::Tally whole_;   // of pieces that are confirmed
    Fifo<Piece> pieces_;  // that are not
    bool framed_ = false;
};

}  // namespace jetway::stream
