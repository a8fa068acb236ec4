// jetway why: from a name to its instance, step by step, each with its evidence; it ends at the
// first step that is wrong.
#include <boost/json/array.hpp>
#include <boost/json/serialize.hpp>
#include <iostream>
#include <map>
#include <optional>

#include "base/text.hpp"
#include "cli/probe.hpp"
#include "cli/query.hpp"
#include "cli/verbs.hpp"

namespace jetway::cli {
namespace {

namespace json = boost::json;
using Lines = std::vector<std::string>;

constexpr std::size_t longest_line = 1000;
constexpr std::size_t most_asked = 3;  // machines at the border of what can be reached

struct Step {
    enum class State : std::uint8_t { ok, wrong, unknown };
    std::string name;
    State state = State::ok;
    std::string text;
    Lines evidence;
};

std::string_view shown(Step::State state) {
    switch (state) {
        case Step::State::ok:
            return "ok";
        case Step::State::wrong:
            return "WRONG";
        case Step::State::unknown:
            return "?";
    }
    return "?";
}

std::string padded(std::string_view text, std::size_t width) {
    return std::string(text) + std::string(width - text.size(), ' ');
}

Error refusal_in(const json::object& view) {
    const json::value* value = view.if_contains("refusal");
    if (value == nullptr || !value->is_object()) return {};
    return error_of(value->get_object());
}

/// The step at which a refusal of this sort happens.
std::string step_of(Code code) {
    if (code == Code::no_service) return "name";
    if (code == Code::no_instance || code == Code::ambiguous || code == Code::draining)
        return "instance";
    return "path";
}

class Why {
public:
    Why(Attachment& attachment, std::string from, std::string name)
        : attachment_(attachment), from_(std::move(from)), name_(std::move(name)) {
        if (from_.empty()) from_ = here();
    }

    /// An error when the question makes no sense; what is wrong with the way is in failure().
    Result<> walk() {
        JETWAY_ASSIGN(const json::object view, view_of_from());
        Error refusal = refusal_in(view);
        instances_ = objects_of(view, "instances");
        path_ = texts_of(view, "path");
        Lines dead_ends;
        if (refusal.code == Code::no_service) dead_ends = terminals_that_wait(refusal);
        if (!pass("name", offered_by(), refusal, std::move(dead_ends))) return success();
        if (!pass("instance", chosen(view), refusal, others())) return success();
        add({"policy", Step::State::ok, "no rules in this version: everyone may", {}});
        if (refusal.code != Code::ok) {
            no_path(view, refusal);
            return success();
        }
        add({"path",
             Step::State::ok,
             joined(path_, " > ") + ", cost " + std::to_string(number_of(view, "cost")),
             {}});
        for (std::size_t i = 0; i + 1 < path_.size() && !failure_; ++i)
            look_at_link(path_[i], path_[i + 1]);
        const std::string egress = text_of(view, "egress");
        if (!failure_ && from_ == here()) probe(egress.empty() ? name_ : egress);
        return success();
    }

    const std::optional<Error>& failure() const { return failure_; }

    std::string text() const {
        std::string result;
        for (const Step& step : steps_) {
            result += padded(shown(step.state), 7) + padded(step.name, 10) +
                      clean_text(step.text, longest_line) + "\n";
            for (const std::string& line : step.evidence)
                result += std::string(19, ' ') + clean_text(line, longest_line) + "\n";
        }
        return result + (failure_ ? "" : "nothing is wrong\n");
    }

    std::string as_json() const {
        json::array steps;
        for (const Step& step : steps_) {
            const bool ok = step.state == Step::State::ok;
            steps.push_back(json::object{
                {"step", step.name},
                {"state", ok                                 ? "ok"
                          : step.state == Step::State::wrong ? "wrong"
                                                             : "unknown"},
                {"text", step.text},
                {"evidence", json::array(step.evidence.begin(), step.evidence.end())}});
        }
        return json::serialize(json::object{{"from", from_},
                                            {"name", name_},
                                            {"ok", !failure_.has_value()},
                                            {"steps", std::move(steps)}}) +
               "\n";
    }

private:
    const std::string& here() const { return attachment_.session->machine(); }
    void add(Step step) { steps_.push_back(std::move(step)); }

    /// What FROM knows; of a machine that cannot be asked, what is known here.
    Result<json::object> view_of_from() {
        json::object question{{"query", "why"}, {"name", name_}};
        if (from_ == here()) return ask(attachment_, {}, question);
        auto answer = ask(attachment_, from_, question);
        if (answer || answer.error().code == Code::usage) return answer;
        question["from"] = from_;
        JETWAY_ASSIGN(json::object reckoned, ask(attachment_, {}, question));
        add({"from",
             Step::State::unknown,
             from_ + " cannot be asked; what follows is reckoned on the map of " + here(),
             {answer.error().line()}});
        return reckoned;
    }

    /// The step is passed, unless the refusal belongs to it.
    bool pass(const std::string& step, std::string text, const Error& refusal,
              Lines evidence = {}) {
        if (refusal.code == Code::ok || step_of(refusal.code) != step) {
            add({step, Step::State::ok, std::move(text), std::move(evidence)});
            return true;
        }
        if (!refusal.evidence.empty()) evidence.push_back(refusal.evidence);
        fail(step, refusal, std::move(evidence));
        return false;
    }
    void fail(const std::string& step, Error error, Lines evidence = {}) {
        add({step, Step::State::wrong, error.detail, std::move(evidence)});
        failure_ = std::move(error);
    }

    std::string offered_by() const {
        Lines machines;
        for (const json::object& row : instances_) machines.push_back(text_of(row, "machine"));
        return machines.empty() ? "not listed" : "offered by " + joined(machines);
    }
    std::string chosen(const json::object& view) const {
        if (path_.empty()) return counted(instances_.size(), "instance") + " known";
        for (const json::object& row : instances_) {
            if (flag_of(row, "static") && flag_of(row, "best"))
                return "on " + path_.back() + ": a static route says so";
        }
        return "on " + path_.back() + (is_pinned() ? ", as asked" : ": the nearest") + ", cost " +
               std::to_string(number_of(view, "cost"));
    }
    /// "echo@b": whatever else is there does not matter.
    bool is_pinned() const { return name_.find('@') != std::string::npos; }
    Lines others() const {
        Lines lines;
        if (is_pinned() && !path_.empty()) return lines;
        for (const json::object& row : instances_) {
            if (!flag_of(row, "best"))
                lines.push_back(text_of(row, "machine") + ": " + text_of(row, "why_not"));
        }
        return lines;
    }

    /// No path: the machines at the border of what can be reached know why.
    void no_path(const json::object& view, Error error) {
        Lines evidence;
        if (!error.evidence.empty()) evidence.push_back(error.evidence);
        error.next = instances_.empty() ? "jetway timeline"
                                        : start_again(text_of(instances_.front(), "machine"));
        std::size_t asked = 0;
        for (const json::object& edge : objects_of(view, "edges")) {
            if (++asked > most_asked) break;
            const std::string near = text_of(edge, "from");
            const std::string far = text_of(edge, "to");
            const std::string found = terminal_to(near, far);
            evidence.push_back(joined({near, found}, ": "));
            if (asked > 1) continue;
            error.where = near;
            error.evidence = found;
            error.next = start_again(far);
        }
        fail("path", std::move(error), std::move(evidence));
    }

    static std::string start_again(const std::string& machine) {
        return "is " + machine + " running? there: jetway run FILE --machine " + machine;
    }

    std::string terminal_to(const std::string& near, const std::string& far) {
        const auto& status = status_of(near);
        if (!status) return "cannot be asked: " + status.error().line();
        for (const json::object& row : objects_of(*status, "terminals")) {
            if (text_of(row, "machine") == far) return shown_terminal(row);
        }
        return "no link to " + far + ", which is to dial it";
    }

    static std::string shown_terminal(const json::object& row) {
        const std::string last = text_of(row, "last_error");
        return "terminal " + text_of(row, "name") + " to " + text_of(row, "address") + " is " +
               text_of(row, "state") + (last.empty() ? "" : ", " + last);
    }

    /// Who offers the name may be behind one of these.
    Lines terminals_that_wait(Error& refusal) {
        Lines lines;
        const auto& status = status_of(from_);
        if (!status) return lines;
        for (const json::object& row : objects_of(*status, "terminals")) {
            if (text_of(row, "state") != "waiting") continue;
            const std::string machine = text_of(row, "machine");
            if (lines.empty() && !machine.empty() && !refusal.next.starts_with("did you mean"))
                refusal.next = start_again(machine);
            lines.push_back(shown_terminal(row));
        }
        return lines;
    }

    void look_at_link(const std::string& near, const std::string& far) {
        const std::string link = near + " > " + far;
        const auto& status = status_of(near);
        if (!status) {
            return add({"link",
                        Step::State::unknown,
                        link + ": " + near + " cannot be asked",
                        {status.error().line()}});
        }
        std::optional<json::object> found;
        for (json::object& row : objects_of(*status, "links")) {
            const bool leads = text_of(row, "kind") == "network" && text_of(row, "machine") == far;
            if (leads && (!found || text_of(row, "state") == "up")) found = std::move(row);
        }
        if (!found) {
            return fail("link", Error(Code::no_route, near + " has no link to " + far)
                                    .at(near)
                                    .because(terminal_to(near, far))
                                    .then(start_again(far)));
        }
        const std::string state = text_of(*found, "state");
        if (state != "up") {
            return fail("link", Error(Code::timeout, "the link " + link + " is " + state)
                                    .at(near)
                                    .then("jetway timeline " + near));
        }
        add({"link",
             Step::State::ok,
             link + ": up " + shown_seconds(number_of(*found, "age_s")) + ", " +
                 shown_microseconds(number_of(*found, "round_trip_us")) + ", cost " +
                 std::to_string(number_of(*found, "cost")) +
                 (flag_of(*found, "damped") ? ", a last resort: it keeps going down" : ""),
             {}});
    }

    void probe(const std::string& address) {
        const auto round_trip = measure_round_trip(attachment_, address);
        if (!round_trip) return fail("answer", round_trip.error(), {round_trip.error().evidence});
        add({"answer",
             Step::State::ok,
             path_.back() + " takes streams to it: " +
                 shown_microseconds(*round_trip / std::chrono::microseconds(1)) + " round trip",
             {}});
    }

    const Result<json::object>& status_of(const std::string& machine) {
        const auto known = statuses_.find(machine);
        if (known != statuses_.end()) return known->second;
        return statuses_.emplace(machine, ask(attachment_, machine, "status")).first->second;
    }

    Attachment& attachment_;
    std::string from_;
    std::string name_;
    std::vector<json::object> instances_;
    Lines path_;
    std::vector<Step> steps_;
    std::map<std::string, Result<json::object>> statuses_;
    std::optional<Error> failure_;
};

}  // namespace

Result<int> why(const WhyOptions& options) {
    const bool has_from = options.words.size() == 2;
    JETWAY_TRY(wire::parse_address(options.words.back()));
    if (has_from) JETWAY_TRY(wire::check_machine_name(options.words.front()));
    JETWAY_ASSIGN(Attachment attachment, attach_to(options.ask.machine, "why"));
    Why why(attachment, has_from ? options.words.front() : "", options.words.back());
    JETWAY_TRY(why.walk());
    std::cout << (options.ask.format == Format::json ? why.as_json() : why.text()) << std::flush;
    if (why.failure()) return *why.failure();
    return 0;
}

}  // namespace jetway::cli
