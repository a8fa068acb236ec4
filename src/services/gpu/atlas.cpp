#include "services/gpu/atlas.hpp"

#include <cstring>

#include "base/random.hpp"

namespace jetway::gpu {

Atlas::Atlas(std::unique_ptr<Font> font) : font_(std::move(font)) {
    clear();
}

void Atlas::clear() {
    characters_.clear();
    clusters_.clear();
    coverage_.assign(std::size_t{cell().width} * cell().height, 0);
    generation_ = system_random();
    full_ = false;
}

std::uint32_t Atlas::slot(std::u32string_view text, FontStyle style, bool wide) {
    if (text.empty()) return blank;
    const std::uint32_t look = (style.bold ? 1U : 0U) | (style.italic ? 2U : 0U) | (wide ? 4U : 0U);
    if (text.size() == 1) {
        if (text.front() == U' ') return blank;
        const std::uint32_t key = static_cast<std::uint32_t>(text.front()) | look << 24U;
        const auto [found, fresh] = characters_.try_emplace(key, blank);
        if (fresh) found->second = add(text, style, wide);
        return found->second;
    }
    std::u32string key(text);
    key.push_back(look);
    const auto [found, fresh] = clusters_.try_emplace(std::move(key), blank);
    if (fresh) found->second = add(text, style, wide);
    return found->second;
}

std::uint32_t Atlas::add(std::u32string_view text, FontStyle style, bool wide) {
    const std::size_t size = std::size_t{cell().width} * cell().height;
    const std::size_t slot = coverage_.size() / size;
    const std::uint32_t cells = wide ? 2 : 1;
    if (slot + cells > most_slots) {
        full_ = true;
        return blank;
    }
    const std::vector<std::uint8_t> drawn = font_->draw(text, style, cells);
    coverage_.resize(coverage_.size() + cells * size);
    for (std::uint32_t part = 0; part < cells; ++part) {
        for (std::uint32_t row = 0; row < cell().height; ++row) {
            std::memcpy(coverage_.data() + (slot + part) * size + std::size_t{row} * cell().width,
                        drawn.data() + (std::size_t{row} * cells + part) * cell().width,
                        cell().width);
        }
    }
    return static_cast<std::uint32_t>(slot);
}

}  // namespace jetway::gpu
