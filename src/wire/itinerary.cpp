// Itineraries: stages, each with what comes next, and the way people write them.
//
//   list   = address { "|" address } [ "|" "{" list { ";" list } "}" ]
#include "wire/check.hpp"

namespace jetway::wire {
namespace {

const Field stage_fields[] = {
    {1, Field::Kind::text, 1, max_address},
    {2, Field::Kind::body, max_settings, 0, &setting_layout},
    {3, Field::Kind::body, max_stages, 0, &stage_layout},
};

bool is_blank(char c) {
    return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

class Parser {
public:
    explicit Parser(std::string_view text) : text_(text) {}

    Result<Stage> parse() {
        Stage first;
        JETWAY_TRY(list(first, 1));
        if (!at_end()) return error(std::string("'") + text_[position_] + "' is out of place here");
        return first;
    }

private:
    Result<> list(Stage& stage, std::size_t depth) {
        if (depth > max_stage_depth)
            return error("more than " + std::to_string(max_stage_depth) + " stages in a row");
        if (++stages_ > max_stages)
            return error("more than " + std::to_string(max_stages) + " stages");
        JETWAY_TRY(address(stage));
        if (!accept('|')) return success();
        if (accept('{')) return branches(stage, depth + 1);
        return list(*stage.add_next(), depth + 1);
    }

    Result<> branches(Stage& stage, std::size_t depth) {
        do {
            JETWAY_TRY(list(*stage.add_next(), depth));
        } while (accept(';'));
        if (!accept('}')) return error("the branch that begins with '{' needs ';' or '}' here");
        if (accept('|')) return error("nothing can follow a branch: put it inside the braces");
        return success();
    }

    Result<> address(Stage& stage) {
        skip_blanks();
        const std::size_t start = position_;
        while (position_ < text_.size() && !ends_address(text_[position_])) ++position_;
        const std::string_view word = text_.substr(start, position_ - start);
        if (word.empty() && start < text_.size() && text_[start] == '{')
            return error("a group cannot come first: write what it follows, as in a | { b ; c }");
        if (word.empty()) return error("the name of a service is missing");
        if (const auto address = parse_address(word); !address) {
            position_ = start;
            return error(address.error().detail);
        }
        stage.set_address(std::string(word));
        return success();
    }

    static bool ends_address(char c) {
        return is_blank(c) || c == '|' || c == '{' || c == '}' || c == ';';
    }

    bool accept(char c) {
        if (at_end() || text_[position_] != c) return false;
        ++position_;
        return true;
    }

    bool at_end() {
        skip_blanks();
        return position_ == text_.size();
    }

    void skip_blanks() {
        while (position_ < text_.size() && is_blank(text_[position_])) ++position_;
    }

    Error error(const std::string& what) const {
        return {Code::usage, "column " + std::to_string(position_ + 1) + ": " + what};
    }

    std::string_view text_;
    std::size_t position_ = 0;
    std::size_t stages_ = 0;
};

void append(const Stage& stage, std::string& out) {
    out += stage.address();
    if (stage.next().empty()) return;
    out += " | ";
    if (stage.next_size() == 1) return append(stage.next(0), out);
    std::string_view separator = "{ ";
    for (const Stage& next : stage.next()) {
        out += separator;
        append(next, out);
        separator = " ; ";
    }
    out += " }";
}

Result<> check_list(const StageList& stages, std::size_t depth, std::size_t& count) {
    for (const Stage& stage : stages) {
        if (depth > max_stage_depth) return Error(Code::too_large, "the itinerary is too deep");
        if (++count > max_stages)
            return Error(Code::too_large, "the itinerary has too many stages");
        JETWAY_TRY(check_address(stage.address(), "stage"));
        JETWAY_TRY(check(stage.settings()));
        JETWAY_TRY(check_list(stage.next(), depth + 1, count));
    }
    return success();
}

}  // namespace

const Layout stage_layout{"Stage", stage_fields, 3};

template <>
const Layout& layout_of<Stage>() {
    return stage_layout;
}

Result<> check(const Stage& stage) {
    JETWAY_TRY(check_address(stage.address(), "stage"));
    JETWAY_TRY(check(stage.settings()));
    return check(stage.next(), 1);
}

Result<> check(const StageList& stages, std::size_t before) {
    std::size_t count = before;
    return check_list(stages, before + 1, count);
}

Result<Stage> parse_itinerary(std::string_view text) {
    return Parser(text).parse();
}

std::string to_text(const Stage& stage) {
    std::string result;
    append(stage, result);
    return result;
}

}  // namespace jetway::wire
