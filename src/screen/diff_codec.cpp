// The encodings of Snapshot and Diff.
//
//   snapshot  state u64, columns u16, rows u16, cursor, modes u32, bells u64,
//             title (u16 length, bytes), cells of each row
//   diff      base u64, state u64, count u32, then each op: kind u8 and its fields
//   cells     count u16, then runs { length u16, style, `length` cells } until `count` cells are
//             there
//   style     u8 foreground kind | background kind << 2, u8 attributes, 0, 1 or 3 bytes for each of
//             the two
//   cell      0x20..0x7e itself; 0 second half; 1 narrow, 2 wide: u24; 3 narrow, 4 wide cluster:
//             u8 n, n times u24
#include <algorithm>

#include "screen/codec.hpp"
#include "screen/diff.hpp"

namespace jetway::screen {
namespace {

enum Tag : std::uint8_t {
    second_half = 0,
    narrow = 1,
    wide = 2,
    narrow_cluster = 3,
    wide_cluster = 4
};
enum OpKind : std::uint8_t {
    size_op = 1,
    scroll_op,
    row_op,
    cursor_op,
    mode_op,
    title_op,
    bell_op
};

// ---- writing

void write_colour(Writer& writer, const Colour& colour) {
    if (colour.kind == Colour::Kind::standard) return;
    writer.u8(colour.red);
    if (colour.kind == Colour::Kind::indexed) return;
    writer.u8(colour.green);
    writer.u8(colour.blue);
}

void write_style(Writer& writer, const Style& style) {
    const auto background = static_cast<unsigned>(style.background.kind) << 2U;
    writer.u8(static_cast<std::uint8_t>(static_cast<unsigned>(style.foreground.kind) | background));
    writer.u8(style.attributes);
    write_colour(writer, style.foreground);
    write_colour(writer, style.background);
}

void write_cell(Writer& writer, const Row& row, std::size_t column, std::u32string_view text) {
    const Cell& cell = row.cells[column];
    if (cell.width == 0) return writer.u8(second_half);
    if (cell.clustered) {
        writer.u8(cell.width == 2 ? wide_cluster : narrow_cluster);
        writer.u8(static_cast<std::uint8_t>(text.size()));
        for (const char32_t point : text) writer.u24(point);
    } else if (cell.width == 1 && cell.text >= 0x20 && cell.text < 0x7f) {
        writer.u8(static_cast<std::uint8_t>(cell.text));
    } else {
        writer.u8(cell.width == 2 ? wide : narrow);
        writer.u24(cell.text);
    }
}

void write_cells(Writer& writer, const Row& row) {
    const std::size_t count = row.cells.size();
    writer.u16(static_cast<std::uint32_t>(count));
    auto cluster = row.clusters.begin();
    for (std::size_t start = 0; start < count;) {
        std::size_t end = start + 1;
        while (end < count && row.cells[end].style == row.cells[start].style) ++end;
        writer.u16(static_cast<std::uint32_t>(end - start));
        write_style(writer, row.cells[start].style);
        for (; start < end; ++start) {
            const bool clustered = row.cells[start].clustered && cluster != row.clusters.end();
            write_cell(writer, row, start,
                       clustered ? std::u32string_view(cluster->text) : std::u32string_view());
            if (clustered) ++cluster;
        }
    }
}

void write_cursor(Writer& writer, const Cursor& cursor) {
    writer.u16(cursor.row);
    writer.u16(cursor.column);
    writer.u8(static_cast<std::uint8_t>((cursor.visible ? 1U : 0U) | (cursor.blinks ? 2U : 0U)));
    writer.u8(static_cast<std::uint8_t>(cursor.shape));
}

void write_title(Writer& writer, const std::string& title) {
    const std::size_t size = std::min(title.size(), max_title);
    writer.u16(static_cast<std::uint32_t>(size));
    writer.text(std::string_view(title).substr(0, size));
}

struct OpWriter {
    Writer& writer;
    void operator()(const SizeOp& op) const {
        writer.u8(size_op);
        writer.u16(op.columns);
        writer.u16(op.rows);
    }
    void operator()(const ScrollOp& op) const {
        writer.u8(scroll_op);
        writer.u16(op.top);
        writer.u16(op.bottom);
        writer.u16(static_cast<std::uint16_t>(op.lines));
    }
    void operator()(const RowOp& op) const {
        writer.u8(row_op);
        writer.u16(op.row);
        writer.u16(op.column);
        writer.u8(op.to_end ? 1 : 0);
        write_cells(writer, op.part);
    }
    void operator()(const CursorOp& op) const {
        writer.u8(cursor_op);
        write_cursor(writer, op.cursor);
    }
    void operator()(const ModeOp& op) const {
        writer.u8(mode_op);
        writer.u32(op.modes);
    }
    void operator()(const TitleOp& op) const {
        writer.u8(title_op);
        write_title(writer, op.title);
    }
    void operator()(const BellOp& op) const {
        writer.u8(bell_op);
        writer.u64(op.bells);
    }
};

// ---- reading

Colour read_colour(Reader& reader, unsigned kind) {
    Colour colour;
    if (kind > 2) reader.fail();
    if (kind == 0 || kind > 2) return colour;
    colour.kind = static_cast<Colour::Kind>(kind);
    colour.red = reader.u8();
    if (kind == 1) return colour;
    colour.green = reader.u8();
    colour.blue = reader.u8();
    return colour;
}

Style read_style(Reader& reader) {
    Style style;
    const unsigned kinds = reader.u8();
    style.attributes = reader.u8();
    style.foreground = read_colour(reader, kinds & 3U);
    style.background = read_colour(reader, kinds >> 2U);
    return style;
}

char32_t read_point(Reader& reader) {
    const char32_t point = reader.u24();
    const bool control = point < 0x20 || (point >= 0x7f && point < 0xa0);
    if (control || point > 0x10ffff || (point >= 0xd800 && point <= 0xdfff)) reader.fail();
    return point;
}

Cell read_cluster(Reader& reader, Row& row, std::size_t column) {
    Cluster cluster{static_cast<std::uint16_t>(column), {}};
    const std::size_t count = reader.u8();
    if (count < 2 || count > max_cluster) reader.fail();
    while (reader.ok() && cluster.text.size() < count) cluster.text.push_back(read_point(reader));
    if (!reader.ok()) return {};
    Cell cell;
    cell.text = cluster.text.front();
    cell.clustered = true;
    row.clusters.push_back(std::move(cluster));
    return cell;
}

Cell read_cell(Reader& reader, Row& row, std::size_t column) {
    const std::uint8_t tag = reader.u8();
    Cell cell;
    if (tag >= 0x20 && tag < 0x7f) {
        cell.text = tag;
    } else if (tag == second_half) {
        cell.text = 0;
        cell.width = 0;
    } else if (tag == narrow || tag == wide) {
        cell.text = read_point(reader);
    } else if (tag == narrow_cluster || tag == wide_cluster) {
        cell = read_cluster(reader, row, column);
    } else {
        reader.fail();
    }
    if (tag == wide || tag == wide_cluster) cell.width = 2;
    return cell;
}

/// At most `room` cells. Each costs at least a byte, so a short message cannot ask for much memory.
Row read_cells(Reader& reader, std::size_t first, std::size_t room) {
    Row row;
    const std::size_t count = reader.u16();
    if (count > room || count > reader.left()) reader.fail();
    if (!reader.ok()) return row;
    row.cells.reserve(count);
    while (reader.ok() && row.cells.size() < count) {
        const std::size_t length = reader.u16();
        const Style style = read_style(reader);
        if (length == 0 || length > count - row.cells.size()) reader.fail();
        for (std::size_t i = 0; reader.ok() && i < length; ++i) {
            row.cells.push_back(read_cell(reader, row, first + row.cells.size()));
            row.cells.back().style = style;
        }
    }
    return row;
}

Cursor read_cursor(Reader& reader) {
    Cursor cursor;
    cursor.row = reader.u16();
    cursor.column = reader.u16();
    const unsigned flags = reader.u8();
    const std::uint8_t shape = reader.u8();
    if (flags > 3 || shape < 1 || shape > 3) reader.fail();
    cursor.visible = (flags & 1U) != 0;
    cursor.blinks = (flags & 2U) != 0;
    if (reader.ok()) cursor.shape = static_cast<Cursor::Shape>(shape);
    return cursor;
}

std::string read_title(Reader& reader) {
    const std::size_t size = reader.u16();
    if (size > max_title) reader.fail();
    const Bytes title = reader.bytes(reader.ok() ? size : 0);
    return {title.begin(), title.end()};
}

Op read_row_op(Reader& reader) {
    RowOp op;
    op.row = reader.u16();
    op.column = reader.u16();
    op.to_end = reader.u8() != 0;
    if (op.column > max_columns) reader.fail();
    op.part = read_cells(reader, op.column, reader.ok() ? max_columns - op.column : 0U);
    return op;
}

Op read_op(Reader& reader) {
    switch (reader.u8()) {
        case size_op: {
            const std::uint16_t columns = reader.u16();
            return SizeOp{columns, reader.u16()};
        }
        case scroll_op: {
            const std::uint16_t top = reader.u16();
            const std::uint16_t bottom = reader.u16();
            return ScrollOp{top, bottom, static_cast<std::int16_t>(reader.u16())};
        }
        case row_op:
            return read_row_op(reader);
        case cursor_op:
            return CursorOp{read_cursor(reader)};
        case mode_op:
            return ModeOp{reader.u32()};
        case title_op:
            return TitleOp{read_title(reader)};
        case bell_op:
            return BellOp{reader.u64()};
        default:
            reader.fail();
            return ModeOp{};
    }
}

Result<std::variant<Snapshot, Diff>> read_snapshot(Reader& reader, const Stamp& stamp) {
    Snapshot snapshot{stamp, reader.u64(), {}};
    const std::uint16_t columns = reader.u16();
    const std::uint16_t rows = reader.u16();
    if (columns < 1 || columns > max_columns || rows < 1 || rows > max_rows) {
        return malformed("screen size out of range");
    }
    if (reader.left() < std::size_t{rows} * 2) return malformed("snapshot shorter than its rows");
    Screen& screen = snapshot.screen;
    screen.columns = columns;
    screen.rows.assign(rows, Row());
    screen.cursor = read_cursor(reader);
    screen.modes = reader.u32();
    screen.bells = reader.u64();
    screen.title = read_title(reader);
    for (Row& row : screen.rows) {
        row = read_cells(reader, 0, columns);
        row.trim();
    }
    if (!reader.done()) return malformed("snapshot");
    if (screen.cursor.row >= rows || screen.cursor.column >= columns)
        return malformed("cursor outside the screen");
    return {std::move(snapshot)};
}

Result<std::variant<Snapshot, Diff>> read_diff(Reader& reader, const Stamp& stamp) {
    Diff diff;
    diff.stamp = stamp;
    diff.base = reader.u64();
    diff.state = reader.u64();
    const std::size_t count = reader.u32();
    constexpr std::size_t least = 3;  // bytes of the shortest op: a title without characters
    if (count > reader.left() / least) return malformed("more ops than bytes");
    diff.ops.reserve(std::min<std::size_t>(count, 1024));
    while (reader.ok() && diff.ops.size() < count) diff.ops.push_back(read_op(reader));
    if (!reader.done()) return malformed("diff");
    return {std::move(diff)};
}

}  // namespace

Buffer encode(const Snapshot& snapshot) {
    const Screen& screen = snapshot.screen;
    Writer writer(snapshot.stamp, MessageKind::snapshot);
    writer.u64(snapshot.state);
    writer.u16(screen.columns);
    writer.u16(screen.height());
    write_cursor(writer, screen.cursor);
    writer.u32(screen.modes);
    writer.u64(screen.bells);
    write_title(writer, screen.title);
    for (const Row& row : screen.rows) write_cells(writer, row);
    return writer.finish();
}

Buffer encode(const Diff& diff) {
    Writer writer(diff.stamp, MessageKind::diff);
    writer.u64(diff.base);
    writer.u64(diff.state);
    writer.u32(static_cast<std::uint32_t>(diff.ops.size()));
    for (const Op& op : diff.ops) std::visit(OpWriter{writer}, op);
    return writer.finish();
}

Result<std::variant<Snapshot, Diff>> decode_screen(Bytes message) {
    if (message.size() > max_screen_message)
        return Error(Code::too_large, "screen message too large");
    Reader reader(message);
    MessageKind kind{};
    JETWAY_ASSIGN(const Stamp stamp, read_stamp(reader, kind));
    if (kind == MessageKind::snapshot) return read_snapshot(reader, stamp);
    if (kind == MessageKind::diff) return read_diff(reader, stamp);
    return malformed("not of a screen");
}

}  // namespace jetway::screen
