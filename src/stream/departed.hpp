// Departed: how much of one direction has left its end, and how much of that the far end has dealt
// with: stream bytes, and what they were to the application, bytes and messages. On a stream of
// messages each piece is entered before it begins to leave. Equal pieces in a row are one entry.
// Private to src/stream.
#pragma once

#include <algorithm>
#include <cassert>
#include <cstdint>

#include "stream/fifo.hpp"
#include "wire/ledger.hpp"

namespace jetway::stream {

class Departed {
public:
    /// A piece takes its place in the stream, after those entered before.
    void enter(std::uint64_t header, std::uint64_t bytes, bool end_of_message) {
        framed_ = true;
        const std::uint64_t begin = entered_;
        entered_ += header + bytes;
        if (!runs_.empty() && runs_.back().extends(header, bytes, end_of_message)) {
            runs_.back().end = entered_;
            leaving_ = std::min(leaving_, runs_.size() - 1);
        } else {
            runs_.push({begin, entered_, bytes, static_cast<std::uint8_t>(header), end_of_message});
        }
    }
    /// The next bytes of the stream leave. What they were to the application.
    wire::Tally leave(std::uint64_t stream_bytes) {
        wire::Tally left;
        if (!framed_) left.bytes = stream_bytes;
        const std::uint64_t end = offset_ + stream_bytes;
        while (framed_ && offset_ < end) {
            assert(leaving_ < runs_.size());
            left += runs_.at(leaving_).part(offset_, end);
            offset_ = std::min(end, runs_.at(leaving_).end);
            if (offset_ == runs_.at(leaving_).end) ++leaving_;
        }
        offset_ = end;
        sent_ += left;
        return left;
    }
    /// Everything below the offset, which has left, was dealt with.
    void confirm(std::uint64_t offset) {
        offset = std::max(offset, offset_confirmed_);
        if (!framed_) confirmed_.bytes = offset;
        while (!runs_.empty() && offset_confirmed_ < offset) {
            const Run& run = runs_.front();
            confirmed_ += run.part(offset_confirmed_, offset);
            offset_confirmed_ = std::min(offset, run.end);
            // The last of what has left may grow yet.
            if (leaving_ == 0 || offset_confirmed_ < run.end) break;
            runs_.pop();
            --leaving_;
        }
        offset_confirmed_ = offset;
    }

    std::uint64_t offset() const { return offset_; }
    const wire::Tally& sent() const { return sent_; }
    const wire::Tally& confirmed() const { return confirmed_; }

private:
    /// Pieces of one shape, one after another.
    struct Run {
        std::uint64_t begin;  // offsets
        std::uint64_t end;
        std::uint64_t bytes;  // of each piece
        std::uint8_t header;
        bool end_of_message;

        bool extends(std::uint64_t its_header, std::uint64_t its_bytes, bool its_end) const {
            return header == its_header && bytes == its_bytes && end_of_message == its_end;
        }
        wire::Tally before(std::uint64_t offset) const {
            const std::uint64_t size = header + bytes;
            const std::uint64_t pieces = (offset - begin) / size;
            const std::uint64_t rest = (offset - begin) % size;
            return {pieces * bytes + (rest > header ? rest - header : 0),
                    end_of_message ? pieces : 0};
        }
        wire::Tally part(std::uint64_t from, std::uint64_t to) const {
            wire::Tally tally = before(std::min(to, end));
            tally -= before(from);
            return tally;
        }
    };

    std::uint64_t entered_ = 0;  // offsets
    std::uint64_t offset_ = 0;
    std::uint64_t offset_confirmed_ = 0;
    wire::Tally sent_;
    wire::Tally confirmed_;
    Fifo<Run> runs_;           // from what is not confirmed on
    std::size_t leaving_ = 0;  // the run that offset_ is in
    bool framed_ = false;
};

}  // namespace jetway::stream
