#include "screen/assembly.hpp"

namespace jetway::screen {

Result<std::optional<Buffer>> Assembly::next(std::size_t& consumed) {
    while (!pieces_.empty()) {
        auto [piece, end_of_message] = std::move(pieces_.front());
        pieces_.pop_front();
        consumed += piece.size();
        if (piece.size() > limit_ - partial_.size()) {
            return Error(Code::too_large,
                         "message of more than " + std::to_string(limit_) + " bytes");
        }
        if (end_of_message && partial_.empty()) return std::optional(std::move(piece));
        partial_.insert(partial_.end(), piece.bytes().begin(), piece.bytes().end());
        if (!end_of_message) continue;
        Buffer whole = Buffer::copy_of(Bytes(partial_));
        partial_.clear();
        return std::optional(std::move(whole));
    }
    return std::optional<Buffer>();
}

}  // namespace jetway::screen
