// Atlas: the glyphs in use, each rasterised once, one after the other in slots of a cell's size.
// Both renderers read the same bytes, which is half of why their pictures are equal.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "services/gpu/font.hpp"

namespace jetway::gpu {

class Atlas {
public:
    static constexpr std::uint32_t blank = 0;  // the slot without coverage
    static constexpr std::uint32_t most_slots = 65536;

    explicit Atlas(std::unique_ptr<Font> font);

    const CellShape& cell() const { return font_->cell(); }
    /// The slot of a character with its marks, drawn when it is new. A wide one has a second slot,
    /// the next. When there is no room left: blank, and full() from then on.
    std::uint32_t slot(std::u32string_view text, FontStyle style, bool wide);
    bool full() const { return full_; }
    /// Forgets all glyphs. Slots handed out before mean nothing any more.
    void clear();

    /// All slots, one after the other.
    const std::vector<std::uint8_t>& coverage() const { return coverage_; }
    /// Another number for each atlas and after each clear(): whoever keeps a copy of the coverage
    /// of another generation starts over.
    std::uint64_t generation() const { return generation_; }

private:
    std::uint32_t add(std::u32string_view text, FontStyle style, bool wide);

    std::unique_ptr<Font> font_;
    std::vector<std::uint8_t> coverage_;
    std::unordered_map<std::uint32_t, std::uint32_t> characters_;  // code point and style
    std::unordered_map<std::u32string, std::uint32_t> clusters_;   // text, then its style
    std::uint64_t generation_ = 0;
    bool full_ = false;
};

}  // namespace jetway::gpu
