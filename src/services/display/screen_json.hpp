// Rows and cursors as JSON for the page. Private to the folder.
#pragma once

#include <boost/json/array.hpp>
#include <boost/json/object.hpp>

#include "screen/screen.hpp"

namespace jetway::display {

/// The runs of cells that look alike: [column, cells, foreground, background, attributes, text]. A
/// colour is null (standard), a number (of the palette) or "#rrggbb". Text is a string with one
/// character a cell, or [string]: one wide character or cluster that takes all the run's cells.
/// Blank cells at the end are left out.
boost::json::array row_json(const screen::Row& row);

boost::json::object cursor_json(const screen::Cursor& cursor);

}  // namespace jetway::display
