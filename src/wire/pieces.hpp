// Pieces: how messages lie in a stream. A stream of messages is a row of pieces, each a header and
// its bytes. The header is `length << 1 | more` as a LEB128 varint of at most six bytes: so many
// bytes follow, and `more` says that the message goes on with the next piece. Pieces and frames
// have nothing to do with each other: a frame may hold many pieces, or a part of one, and routers
// see only bytes.
#pragma once

#include <cstddef>
#include <cstdint>

#include "base/buffer.hpp"

namespace jetway::wire {

inline constexpr std::size_t max_piece_header = 6;
inline constexpr std::uint64_t max_piece = (std::uint64_t{1} << 41U) - 1;  // bytes of one

std::size_t piece_header_size(std::uint64_t length);
/// Writes piece_header_size(length) bytes.
void write_piece_header(std::uint8_t* out, std::uint64_t length, bool more);

class PieceReader {
public:
    struct Part {
        Buffer bytes;
        bool end_of_message = false;
        std::uint32_t header = 0;  // bytes of headers that were read for it
    };
    enum class Step : std::uint8_t {
        part,
        used_up,  // more bytes are needed
        wrong,    // a header is longer than six bytes: the stream is damaged
    };
    /// Takes the next part off `bytes`: what there is of a piece.
    Step next(Buffer& bytes, Part& part);
    /// Is no piece begun?
    bool between() const { return header_ == 0 && left_ == 0; }

private:
    std::uint64_t left_ = 0;  // bytes of the piece that have not come
    bool more_ = false;
    std::uint64_t number_ = 0;  // of the header that is being read
    std::uint32_t header_ = 0;  // its bytes so far
    std::uint32_t begun_ = 0;   // of a header after which no byte has come
};

}  // namespace jetway::wire
