// Little-endian writing and reading of message bodies. Private to src/screen.
#pragma once

#include <cstdint>
#include <cstring>
#include <string_view>
#include <vector>

#include "base/buffer.hpp"
#include "screen/stamp.hpp"

namespace jetway::screen {

class Writer {
public:
    Writer(const Stamp& stamp, MessageKind kind);
    void u8(std::uint8_t value) { bytes_.push_back(value); }
    void u16(std::uint32_t value) { number(value, 2); }
    void u24(std::uint32_t value) { number(value, 3); }
    void u32(std::uint32_t value) { number(value, 4); }
    void u64(std::uint64_t value) { number(value, 8); }
    void bytes(Bytes data) { bytes_.insert(bytes_.end(), data.begin(), data.end()); }
    void text(std::string_view data) { bytes_.insert(bytes_.end(), data.begin(), data.end()); }
    /// What was written, followed by `tail` (copied once).
    Buffer finish(Bytes tail = {}) const;

private:
    void number(std::uint64_t value, int size) {
        for (int i = 0; i < size; ++i)
            bytes_.push_back(static_cast<std::uint8_t>(value >> (8 * i)));
    }
    std::vector<std::uint8_t> bytes_;
};

/// Reads past the end give zeros and make ok() false: check it before believing anything.
class Reader {
public:
    explicit Reader(Bytes bytes) : bytes_(bytes) {}
    std::uint8_t u8() { return static_cast<std::uint8_t>(number(1)); }
    std::uint16_t u16() { return static_cast<std::uint16_t>(number(2)); }
    std::uint32_t u24() { return static_cast<std::uint32_t>(number(3)); }
    std::uint32_t u32() { return static_cast<std::uint32_t>(number(4)); }
    std::uint64_t u64() { return number(8); }
    Bytes bytes(std::size_t size) {
        if (size > left()) return fail(), Bytes();
        at_ += size;
        return bytes_.subspan(at_ - size, size);
    }
    std::size_t left() const { return bytes_.size() - at_; }
    std::size_t offset() const { return at_; }
    bool ok() const { return ok_; }
    bool done() const { return ok_ && left() == 0; }
    void fail() {
        ok_ = false;
        at_ = bytes_.size();
    }

private:
    std::uint64_t number(std::size_t size) {
        std::uint64_t value = 0;
        if (size > left()) return fail(), 0;
        for (std::size_t i = 0; i < size; ++i) value |= std::uint64_t{bytes_[at_ + i]} << (8 * i);
        at_ += size;
        return value;
    }

    Bytes bytes_;
    std::size_t at_ = 0;
    bool ok_ = true;
};

/// Reads the 40 bytes; the version and the flags are checked.
Result<Stamp> read_stamp(Reader& reader, MessageKind& kind);

inline Error malformed(std::string_view what) {
    return {Code::protocol, "malformed message: " + std::string(what)};
}

}  // namespace jetway::screen
