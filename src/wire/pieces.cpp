#include "wire/pieces.hpp"

#include <algorithm>
#include <utility>

namespace jetway::wire {

std::size_t piece_header_size(std::uint64_t length) {
    std::size_t size = 1;
    for (std::uint64_t rest = length >> 6U; rest != 0; rest >>= 7U) ++size;
    return size;
}

void write_piece_header(std::uint8_t* out, std::uint64_t length, bool more) {
    std::uint64_t number = length << 1U | (more ? 1U : 0U);
    for (; number >= 0x80; number >>= 7U) *out++ = static_cast<std::uint8_t>(number | 0x80U);
    *out = static_cast<std::uint8_t>(number);
}

PieceReader::Step PieceReader::next(Buffer& bytes, Part& part) {
    if (left_ == 0) {
        std::uint8_t byte = 0;
        do {
            if (bytes.empty()) return Step::used_up;
            if (header_ == max_piece_header) return Step::wrong;
            byte = *bytes.data();
            bytes.remove_prefix(1);
            number_ |= std::uint64_t{byte & 0x7FU} << 7U * header_++;
        } while ((byte & 0x80U) != 0);
        left_ = number_ >> 1U;
        more_ = (number_ & 1U) != 0;
        number_ = 0;
        begun_ = std::exchange(header_, 0);
    }
    const std::size_t size = std::min<std::uint64_t>(left_, bytes.size());
    if (size == 0 && left_ != 0) return Step::used_up;
    left_ -= size;
    part.header = std::exchange(begun_, 0);
    part.end_of_message = left_ == 0 && !more_;
    if (size == bytes.size()) {
        part.bytes = std::move(bytes);
    } else {
        part.bytes = bytes.slice(0, size);
        bytes.remove_prefix(size);
    }
    return Step::part;
}

}  // namespace jetway::wire
