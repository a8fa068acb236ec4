#include "deployment/document.hpp"

#include <algorithm>
#include <array>
#include <map>
#include <sstream>
#include <utility>
#include <yaml-cpp/anchor.h>
#include <yaml-cpp/emitterstyle.h>
#include <yaml-cpp/eventhandler.h>
#include <yaml-cpp/exceptions.h>
#include <yaml-cpp/mark.h>
#include <yaml-cpp/parser.h>

namespace jetway::deployment {
namespace {

constexpr std::string_view yaml_tags = "tag:yaml.org,2002:";  // what "!!" stands for
/// Tags that say what the value is anyway.
constexpr std::array<std::string_view, 7> plain_tags{"!!str",  "!!int", "!!float", "!!bool",
                                                     "!!null", "!!seq", "!!map"};
constexpr std::size_t bytes_per_value = 32;  // a longer text costs the budget more

Place place_of(const YAML::Mark& mark) {
    return mark.is_null() ? Place{} : Place{mark.line + 1, mark.column + 1};
}

/// Builds the tree from the parser's events. (YAML::LoadAll is no alternative: some inputs make it
/// loop for ever.)
class TreeBuilder final : public YAML::EventHandler {
public:
    explicit TreeBuilder(Problems& problems) : problems_(problems) {}

    /// Too many values, or nested too deep: thrown through the parser to stop it. The problem is
    /// reported.
    struct GaveUp {};

    Node root;
    Place start;  // of the document

    void OnDocumentStart(const YAML::Mark& mark) override { start = place_of(mark); }
    void OnDocumentEnd() override {}
    void OnNull(const YAML::Mark& mark, YAML::anchor_t anchor) override {
        add(node(mark, Node::Type::nothing), anchor);
    }
    void OnScalar(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                  const std::string& value) override {
        check_tag(mark, tag);
        Node scalar = node(mark, Node::Type::scalar);
        scalar.text = value;
        const std::size_t extra = value.size() / bytes_per_value;
        count(extra, scalar.place);
        const bool is_plain = tag == "?";
        if (is_plain && (value == "~" || value == "null")) scalar.type = Node::Type::nothing;
        add(std::move(scalar), anchor, 1 + extra);
    }
    void OnAlias(const YAML::Mark& mark, YAML::anchor_t anchor) override {
        const auto found = anchors_.find(anchor);
        if (found == anchors_.end())
            give_up(place_of(mark), "an alias inside of what it stands for");
        count(found->second.size, place_of(mark));
        Node copy = found->second.node;
        add(std::move(copy), 0, found->second.size);
    }
    void OnSequenceStart(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                         YAML::EmitterStyle::value) override {
        check_tag(mark, tag);
        open(node(mark, Node::Type::list), anchor);
    }
    void OnSequenceEnd() override { close(); }
    void OnMapStart(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                    YAML::EmitterStyle::value) override {
        check_tag(mark, tag);
        open(node(mark, Node::Type::map), anchor);
    }
    void OnMapEnd() override { close(); }

private:
    /// A list or map whose end is still to come.
    struct Open {
        Node node;
        YAML::anchor_t anchor = 0;
        std::size_t size = 1;  // values in it, itself included; a long text counts as several
        std::optional<Node> key;
        std::map<std::string, Place> seen;
    };
    struct Anchored {
        Node node;
        std::size_t size;
    };

    [[noreturn]] void give_up(Place place, std::string message) {
        problems_.error(place, std::move(message));
        throw GaveUp{};
    }
    void count(std::size_t values, Place place) {
        nodes_ += values;
        if (nodes_ <= max_nodes) return;
        give_up(place, "the file has more than " + std::to_string(max_nodes) +
                           " values, aliases counted each time they are used");
    }
    Node node(const YAML::Mark& mark, Node::Type type) {
        Node result;
        result.type = type;
        result.place = place_of(mark);
        count(1, result.place);
        return result;
    }
    void check_tag(const YAML::Mark& mark, const std::string& tag) {
        if (tag.empty() || tag == "?" || tag == "!") return;
        std::string shown = tag;
        if (tag.starts_with(yaml_tags)) {
            shown = "!!" + tag.substr(yaml_tags.size());
            if (std::find(plain_tags.begin(), plain_tags.end(), shown) != plain_tags.end()) return;
        }
        problems_.error(place_of(mark), "a tag (" + quoted(shown) + ") means nothing here",
                        "remove the tag");
    }

    void open(Node node, YAML::anchor_t anchor) {
        if (open_.size() >= max_depth) {
            give_up(node.place, "nested more than " + std::to_string(max_depth) + " deep");
        }
        open_.push_back({std::move(node), anchor, 1, {}, {}});
    }
    void close() {
        Open done = std::move(open_.back());
        open_.pop_back();
        add(std::move(done.node), done.anchor, done.size);
    }
    void add(Node node, YAML::anchor_t anchor, std::size_t size = 1) {
        if (anchor != 0) {
            count(size, node.place);
            anchors_.insert_or_assign(anchor, Anchored{node, size});
        }
        if (open_.empty()) {
            root = std::move(node);
            return;
        }
        Open& parent = open_.back();
        parent.size += size;
        if (parent.node.is(Node::Type::list)) {
            parent.node.items.push_back(std::move(node));
        } else if (!parent.key) {
            parent.key = std::move(node);
        } else {
            add_entry(parent, std::move(*std::exchange(parent.key, std::nullopt)), std::move(node));
        }
    }
    void add_entry(Open& parent, Node key, Node value) {
        if (!key.is(Node::Type::scalar)) {
            problems_.error(key.place,
                            "a key must be plain text, not " + std::string(to_string(key.type)));
            return;
        }
        if (value.is(Node::Type::nothing)) value.place = key.place;
        const auto [first, is_new] = parent.seen.emplace(key.text, key.place);
        if (is_new) {
            parent.node.entries.push_back({std::move(key), std::move(value)});
            return;
        }
        problems_.error(
            key.place, "duplicate key " + quoted(key.text),
            "it is already on line " + std::to_string(first->second.line) + "; keep one of the two",
            key.text.size());
    }

    Problems& problems_;
    std::vector<Open> open_;
    std::map<YAML::anchor_t, Anchored> anchors_;
    std::size_t nodes_ = 0;
};

/// What a person probably did, for the messages of yaml-cpp that say too little.
std::string meaning_of(std::string_view text, Place place, std::string_view message) {
    int line = 1;
    std::string_view rest = text;
    while (line < place.line && rest.find('\n') != std::string_view::npos) {
        rest.remove_prefix(rest.find('\n') + 1);
        ++line;
    }
    if (rest.substr(0, rest.find('\n')).find('\t') != std::string_view::npos) {
        return "YAML is indented with spaces; there is a tab on this line";
    }
    if (message.find("end of sequence flow") != std::string_view::npos) {
        return "a \"[\" before this place is not closed by \"]\"";
    }
    if (message.find("end of map flow") != std::string_view::npos) {
        return "a \"{\" before this place is not closed by \"}\"";
    }
    if (message.find("map") != std::string_view::npos ||
        message.find("key") != std::string_view::npos) {
        return "look at the indentation here and on the line before, and for a missing \": \"";
    }
    return {};
}

bool is_text(std::string_view text, Problems& problems) {
    if (text.size() > max_file) {
        problems.error({}, "the file has more than " + std::to_string(max_file) + " bytes");
        return false;
    }
    int line = 1;
    for (const char c : text) {
        if (c == '\n') ++line;
        if (c == '\0') {
            problems.error({line, 1}, "this is not a text file: it has a zero byte here",
                           "save it as UTF-8");
            return false;
        }
    }
    return true;
}

}  // namespace

std::string_view to_string(Node::Type type) {
    switch (type) {
        case Node::Type::nothing:
            return "nothing";
        case Node::Type::scalar:
            return "a single value";
        case Node::Type::list:
            return "a list";
        case Node::Type::map:
            return "a mapping";
    }
    return "?";
}

std::optional<Node> parse_document(std::string_view text, Problems& problems) {
    if (!is_text(text, problems)) return std::nullopt;
    try {
        std::istringstream stream{std::string(text)};
        YAML::Parser parser(stream);
        TreeBuilder builder(problems);
        parser.HandleNextDocument(builder);
        TreeBuilder second(problems);
        if (parser.HandleNextDocument(second)) {
            problems.error(second.start, "something follows the end of the document",
                           "one file is one document: look for \"---\", or for a bracket too many");
        }
        return std::move(builder.root);
    } catch (const TreeBuilder::GaveUp&) {
        return std::nullopt;
    } catch (const YAML::Exception& exception) {
        const Place place = place_of(exception.mark);
        problems.error(place, "this is not valid YAML: " + exception.msg,
                       meaning_of(text, place, exception.msg));
    } catch (const std::exception& exception) {
        problems.error({}, std::string("this is not valid YAML: ") + exception.what());
    }
    return std::nullopt;
}

}  // namespace jetway::deployment
