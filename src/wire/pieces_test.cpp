// Pieces: what is written is read, however the bytes are cut.
#include "wire/pieces.hpp"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>
#include <string>
#include <vector>

namespace jetway::wire {
namespace {

using Step = PieceReader::Step;

std::string piece(const std::string& text, bool more = false) {
    std::string result(piece_header_size(text.size()), ' ');
    write_piece_header(reinterpret_cast<std::uint8_t*>(result.data()), text.size(), more);
    return result + text;
}

TEST(Pieces, AHeaderTakesAsManyBytesAsItsLengthNeeds) {
    const std::pair<std::uint64_t, std::size_t> expected[] = {
        {0, 1}, {63, 1}, {64, 2}, {8191, 2}, {8192, 3}, {8'294'400, 4}, {max_piece, 6}};
    for (const auto& [length, size] : expected) EXPECT_EQ(piece_header_size(length), size);
    EXPECT_EQ(piece("abc"),
              "\x06"
              "abc");
    EXPECT_EQ(piece("abc", true),
              "\x07"
              "abc");
}

TEST(Pieces, AnEmptyMessageIsAPartWithoutBytes) {
    PieceReader reader;
    Buffer bytes = Buffer::copy_of(std::string(1, '\0'));
    PieceReader::Part part;
    ASSERT_EQ(reader.next(bytes, part), Step::part);
    EXPECT_TRUE(part.bytes.empty());
    EXPECT_TRUE(part.end_of_message);
    EXPECT_EQ(part.header, 1U);
    EXPECT_TRUE(reader.between());
}

TEST(Pieces, AHeaderOfMoreThanSixBytesIsAnOffence) {
    PieceReader reader;
    Buffer bytes = Buffer::copy_of("\xff\xff\xff\xff\xff\xff\x01");
    PieceReader::Part part;
    EXPECT_EQ(reader.next(bytes, part), Step::wrong);
}

RC_GTEST_PROP(PiecesProperty, ComeBackHoweverTheBytesAreCut, ()) {
    const auto texts = *rc::gen::container<std::vector<std::string>>(
        rc::gen::container<std::string>(rc::gen::inRange('a', 'z')));
    std::string stream;
    std::vector<std::string> sent(1);
    for (std::size_t i = 0; i < texts.size(); ++i) {
        const bool more = i % 3 == 1;
        stream += piece(texts[i], more);
        sent.back() += texts[i];
        if (!more) sent.emplace_back();
    }
    PieceReader reader;
    std::vector<std::string> received(1);
    std::size_t headers = 0;
    for (std::size_t at = 0; at < stream.size();) {
        const auto size = *rc::gen::inRange<std::size_t>(1, 20);
        Buffer bytes = Buffer::copy_of(std::string_view(stream).substr(at, size));
        at += bytes.size();
        PieceReader::Part part;
        while (reader.next(bytes, part) == Step::part) {
            received.back() += part.bytes.text();
            headers += part.header;
            if (part.end_of_message) received.emplace_back();
        }
        RC_ASSERT(bytes.empty());
    }
    RC_ASSERT(received == sent);
    RC_ASSERT(reader.between());
    std::size_t bytes = 0;
    for (const std::string& text : texts) bytes += text.size();
    RC_ASSERT(headers + bytes == stream.size());
}

}  // namespace
}  // namespace jetway::wire
