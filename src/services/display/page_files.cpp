#include "services/display/page_files.hpp"

#include <array>

// The assembler looks for the files where #include "..." is looked for: web/ lies beside src/.
#define JETWAY_EMBED(NAME, PATH)                                                          \
    __asm__(".section .rodata\n.global jetway_page_" #NAME "\n.global jetway_page_" #NAME \
            "_end\n"                                                                      \
            "jetway_page_" #NAME ":\n.incbin \"" PATH "\"\njetway_page_" #NAME            \
            "_end:\n.byte 0\n.previous\n");                                               \
    extern "C" const char jetway_page_##NAME[];                                           \
    extern "C" const char jetway_page_##NAME##_end[];

JETWAY_EMBED(html, "../web/screen.html")
JETWAY_EMBED(script, "../web/screen.js")
JETWAY_EMBED(style, "../web/screen.css")

namespace jetway::display {
namespace {

std::string_view between(const char* begin, const char* end) {
    return {begin, static_cast<std::size_t>(end - begin)};
}

}  // namespace

const PageFile* find_page_file(std::string_view name) {
    static const std::array<PageFile, 3> files{{
        {"", "text/html; charset=utf-8", between(jetway_page_html, jetway_page_html_end)},
        {"screen.js", "text/javascript; charset=utf-8",
         between(jetway_page_script, jetway_page_script_end)},
        {"screen.css", "text/css; charset=utf-8",
         between(jetway_page_style, jetway_page_style_end)},
    }};
    for (const PageFile& file : files) {
        if (file.name == name) return &file;
    }
    return nullptr;
}

}  // namespace jetway::display
