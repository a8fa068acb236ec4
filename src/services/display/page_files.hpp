// The files of the page (web/ in the project), inside the program.
#pragma once

#include <string_view>

namespace jetway::display {

struct PageFile {
    std::string_view name;  // below the page's address; empty: the page itself
    std::string_view type;  // media type
    std::string_view content;
};

/// nullptr when there is no such file.
const PageFile* find_page_file(std::string_view name);

}  // namespace jetway::display
