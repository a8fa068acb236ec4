#include "wire/frame.hpp"

#include <gtest/gtest.h>
#include <string>
#include <vector>

namespace jetway::wire {
namespace {

TEST(Frame, HeaderIsLittleEndian) {
    const FrameHeader header{0x0102, 0x03, 0x04, 0x05060708};
    std::uint8_t bytes[header_size];
    header.write(bytes);
    EXPECT_EQ((std::vector<int>(bytes, bytes + header_size)),
              (std::vector<int>{2, 1, 3, 4, 8, 7, 6, 5}));
    EXPECT_EQ(FrameHeader::read(bytes), header);
    EXPECT_EQ(FrameHeader::unpack(header.pack()), header);
}

}  // namespace
}  // namespace jetway::wire
