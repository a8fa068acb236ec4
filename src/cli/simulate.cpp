// jetway simulate: what breaks when something fails, before it does.
#include <algorithm>
#include <boost/json.hpp>
#include <iostream>

#include "base/settings.hpp"
#include "base/text.hpp"
#include "cli/load_file.hpp"
#include "cli/verbs.hpp"
#include "simulate/study.hpp"

namespace jetway::cli {
namespace {

namespace json = boost::json;
using namespace std::chrono_literals;
using jetway::simulate::Course;
using jetway::simulate::Failure;
using jetway::simulate::FailureReport;
using jetway::simulate::Plan;
using jetway::simulate::StudyOptions;
using jetway::simulate::Unreachable;

constexpr std::size_t most_failures = 2'000;
constexpr std::string_view not_modelled =
    "not modelled: what services take of a CPU, other programs, bandwidth; every link takes ";

std::int64_t microseconds(Duration duration) {
    return std::chrono::duration_cast<std::chrono::microseconds>(duration).count();
}

std::string shown(Duration duration) {
    return shown_microseconds(microseconds(duration));
}
/// Of what may not have happened while it was watched.
std::string shown(const std::optional<Duration>& duration, const StudyOptions& study) {
    return duration ? shown(*duration) : "> " + shown(study.length);
}

/// Whether an expectation of the file holds, and if not, why.
struct Verdict {
    deployment::Expectation expectation;
    std::string broken_by;  // empty: it holds
};

struct Findings {
    LoadedFile file;
    Plan plan;
    StudyOptions study;
    std::vector<FailureReport> reports;
    std::vector<Failure> single_points;
    std::string advice;
    std::vector<Verdict> verdicts;

    const deployment::Deployment& deployment() const { return *file.loaded.deployment; }
    bool holds() const {
        return std::ranges::all_of(verdicts,
                                   [](const Verdict& each) { return each.broken_by.empty(); });
    }
};

// ---- what to try

Result<Duration> time_of(const std::string& option, const std::string& text, Duration least,
                         Duration most) {
    const auto value = parse_duration(text);
    if (!value) return Error(Code::usage, option + ": " + value.error().detail);
    if (*value >= least && *value <= most) return Duration(*value);
    return Error(Code::usage, option + " is out of range: " + text);
}

Result<StudyOptions> study_options(const SimulateOptions& options) {
    StudyOptions study;
    study.seed = options.seed;
    study.rate = options.rate;
    JETWAY_ASSIGN(study.at, time_of("--at", options.at, 10ms, 1h));
    if (!options.length.empty()) {
        JETWAY_ASSIGN(study.length, time_of("--for", options.length, 10ms, 1h));
    }
    JETWAY_ASSIGN(study.latency, time_of("--latency", options.latency, 1us, 10s));
    return study;
}

void add(std::vector<Failure>& failures, std::vector<Failure> more) {
    for (Failure& failure : more) {
        if (std::ranges::find(failures, failure.name, &Failure::name) == failures.end())
            failures.push_back(std::move(failure));
    }
}

Result<std::vector<Failure>> wanted(const SimulateOptions& options, const Plan& plan) {
    std::vector<Failure> failures;
    for (const auto* texts : {&options.fail, &options.partition}) {
        for (const std::string& text : *texts) {
            const bool side = texts == &options.partition;
            JETWAY_ASSIGN(Failure failure, side ? jetway::simulate::parse_partition(plan, text)
                                                : jetway::simulate::parse_failure(plan, text));
            add(failures, {std::move(failure)});
        }
    }
    if (options.all_single || options.all_double || failures.empty())
        add(failures, jetway::simulate::single_failures(plan));
    if (options.all_double) add(failures, jetway::simulate::double_failures(plan));
    if (failures.size() <= most_failures) return failures;
    return Error(Code::usage, std::to_string(failures.size()) + " failures are more than " +
                                  std::to_string(most_failures))
        .then("say which with --fail");
}

// ---- what is expected

/// Does the expectation hold after this failure? If not, why.
std::string broken_by(const deployment::Expectation& expectation, const Plan& plan,
                      const StudyOptions& study, const FailureReport& report) {
    const auto from = static_cast<jetway::simulate::Place>(
        std::ranges::find(plan.machines, expectation.from) - plan.machines.begin());
    if (report.failure.machines.contains(from)) return {};
    const auto lost =
        std::ranges::find(report.unreachable, expectation.service, &Unreachable::service);
    const bool reachable =
        lost == report.unreachable.end() || std::ranges::find(lost->from, from) == lost->from.end();
    if (reachable != expectation.reachable) {
        return report.failure.name + ": " + expectation.service +
               (reachable ? " can be reached" : " is out of reach");
    }
    if (!expectation.within) return {};
    for (const Course* course : {&report.noticed, &report.silent}) {
        if (course->recovers && *course->recovers <= *expectation.within) continue;
        return report.failure.name + ": recovers in " + shown(course->recovers, study) +
               (course == &report.silent ? ", in silence" : "");
    }
    return {};
}

/// load_file() has seen that each names what is there.
std::vector<Verdict> judge(Findings& findings) {
    std::vector<Verdict> verdicts;
    for (const auto& expectation : findings.deployment().expectations) {
        const auto failures = jetway::simulate::parse_failures(findings.plan, expectation.fail);
        Verdict verdict{expectation, {}};
        for (const Failure& failure : failures.value()) {
            auto known = std::ranges::find(findings.reports, failure.name,
                                           [](const auto& report) { return report.failure.name; });
            if (known == findings.reports.end()) {
                findings.reports.push_back(jetway::simulate::study(
                    findings.deployment(), findings.plan, failure, findings.study));
                known = findings.reports.end() - 1;
            }
            if (verdict.broken_by.empty())
                verdict.broken_by = broken_by(expectation, findings.plan, findings.study, *known);
        }
        verdicts.push_back(std::move(verdict));
    }
    return verdicts;
}

// ---- as text

/// "gpu-server from a, b"; "from all" when nobody that runs reaches it.
std::string shown(const Unreachable& lost, const Plan& plan, const Failure& failure) {
    if (lost.from.size() + failure.machines.size() == plan.machines.size())
        return lost.service + " from all";
    std::vector<std::string> names;
    names.reserve(lost.from.size());
    for (const auto place : lost.from) names.push_back(plan.machines[place]);
    if (names.size() > 3) return lost.service + " from " + std::to_string(names.size());
    return lost.service + " from " + joined(names);
}

std::string shown_unreachable(const FailureReport& report, const Plan& plan) {
    std::vector<std::string> texts;
    texts.reserve(report.unreachable.size());
    for (const Unreachable& lost : report.unreachable)
        texts.push_back(shown(lost, plan, report.failure));
    if (texts.size() > 3) {
        const std::size_t more = texts.size() - 2;
        texts.resize(2);
        texts.push_back(std::to_string(more) + " more");
    }
    return texts.empty() ? "-" : joined(texts, "; ");
}

/// "-" when there was nothing to call.
std::string shown_flow(const Course& course, const StudyOptions& study) {
    return course.answerable == 0 ? "-" : shown(course.flows_after, study);
}

std::string pair_of(std::size_t noticed, std::size_t silent) {
    return std::to_string(noticed) + " / " + std::to_string(silent);
}

std::string extra(const FailureReport& report) {
    std::int64_t most = 0;
    for (const auto& detour : report.detours) most = std::max(most, detour.extra_cost);
    return report.detours.empty() ? "-" : "+" + std::to_string(most);
}

void show_table(const Findings& findings) {
    Table table({"FAILURE", ">RECOVERS", ">CALLS FLOW", "OUT OF REACH", ">DELAYED", ">LOST",
                 ">TWICE", ">COST"});
    for (const FailureReport& report : findings.reports) {
        table.add({report.failure.name,
                   shown(report.noticed.recovers, findings.study) + " / " +
                       shown(report.silent.recovers, findings.study),
                   shown_flow(report.noticed, findings.study) + " / " +
                       shown_flow(report.silent, findings.study),
                   shown_unreachable(report, findings.plan),
                   pair_of(report.noticed.delayed, report.silent.delayed),
                   pair_of(report.noticed.lost, report.silent.lost),
                   std::to_string(report.noticed.duplicated + report.silent.duplicated),
                   extra(report)});
    }
    std::cout << table.text();
}

void show_detours(const FailureReport& report) {
    if (!report.detours.empty()) std::cout << "\n";
    for (const auto& detour : report.detours) {
        std::cout << report.failure.name << ": " << detour.from << " reaches " << detour.service
                  << " by " << joined(detour.path, " > ") << " (cost "
                  << (detour.extra_cost < 0 ? "" : "+") << detour.extra_cost << ")\n";
    }
}

void show_timeline(const FailureReport& report) {
    for (const auto& [course, how] :
         {std::pair(&report.noticed, "noticed"), std::pair(&report.silent, "in silence")}) {
        std::cout << "\n" << report.failure.name << ", " << how << "\n";
        for (const auto& moment : course->timeline) {
            char time[32];
            std::snprintf(time, sizeof time, "%10.1f ms  ",
                          static_cast<double>(microseconds(moment.after)) / 1000.0);
            std::cout << time << moment.machine << ": " << routing::line_of(moment.event) << "\n";
        }
    }
}

void show_single_points(const Findings& findings) {
    if (findings.single_points.empty()) {
        std::cout << "\nno single point of failure\n";
        return;
    }
    std::cout << "\nsingle points of failure:\n";
    for (const Failure& failure : findings.single_points) {
        std::vector<std::string> texts;
        for (const Unreachable& lost : unreachable(findings.plan, failure))
            texts.push_back(shown(lost, findings.plan, failure));
        std::cout << "  " << failure.name << ": " << joined(texts, "; ") << "\n";
    }
    if (!findings.advice.empty()) std::cout << "what helps most: " << findings.advice << "\n";
}

void show_verdicts(const Findings& findings) {
    if (findings.verdicts.empty()) return;
    std::cout << "\nexpectations:\n";
    for (const Verdict& verdict : findings.verdicts) {
        std::cout << "  " << (verdict.broken_by.empty() ? "holds   " : "BROKEN  ")
                  << "fail: " << verdict.expectation.fail << ", then: " << verdict.expectation.then;
        if (verdict.expectation.within)
            std::cout << ", within " << shown(*verdict.expectation.within);
        std::cout << "\n";
        if (!verdict.broken_by.empty()) std::cout << "          " << verdict.broken_by << "\n";
    }
}

void show(const Findings& findings, bool watch) {
    std::cout << findings.file.path << ": " << counted(findings.plan.machines.size(), "machine")
              << ", " << counted(findings.plan.links.size(), "link") << ", "
              << counted(findings.plan.services.size(), "service") << "; seed "
              << findings.study.seed << "\n\n";
    show_table(findings);
    std::cout << "pairs: when the failure is noticed / when nobody is told\n";
    if (findings.reports.size() <= 3) {
        for (const FailureReport& report : findings.reports) show_detours(report);
    }
    if (watch) {
        for (const FailureReport& report : findings.reports) show_timeline(report);
    }
    show_single_points(findings);
    show_verdicts(findings);
    std::cout << "\n" << not_modelled << shown(findings.study.latency) << " one way\n";
}

// ---- as JSON

json::value json_of(const std::optional<Duration>& duration) {
    return duration ? json::value(microseconds(*duration)) : json::value(nullptr);
}

json::array json_of(const std::vector<std::string>& texts) {
    json::array result;
    for (const std::string& text : texts) result.emplace_back(text);
    return result;
}

json::object json_of(const Course& course, bool watch) {
    json::object result{{"recovers_us", json_of(course.recovers)},
                        {"flows_after_us", json_of(course.flows_after)},
                        {"calls", course.calls},
                        {"answerable", course.answerable},
                        {"delayed", course.delayed},
                        {"lost", course.lost},
                        {"duplicated", course.duplicated},
                        {"longest_us", microseconds(course.longest)}};
    if (!watch) return result;
    json::array timeline;
    for (const auto& moment : course.timeline) {
        timeline.push_back(json::object{{"after_us", microseconds(moment.after)},
                                        {"machine", moment.machine},
                                        {"event", routing::to_string(moment.event.kind)},
                                        {"subject", moment.event.subject},
                                        {"detail", moment.event.detail},
                                        {"cause", moment.event.cause}});
    }
    result["timeline"] = std::move(timeline);
    return result;
}

json::array json_of(const std::vector<Unreachable>& lost, const Plan& plan) {
    json::array result;
    for (const Unreachable& each : lost) {
        json::array from;
        for (const auto place : each.from) from.emplace_back(plan.machines[place]);
        result.push_back(json::object{{"service", each.service}, {"from", std::move(from)}});
    }
    return result;
}

json::object json_of(const FailureReport& report, const Plan& plan, bool watch) {
    json::array detours;
    for (const auto& detour : report.detours) {
        detours.push_back(json::object{{"from", detour.from},
                                       {"service", detour.service},
                                       {"path", json_of(detour.path)},
                                       {"extra_cost", detour.extra_cost}});
    }
    return {{"failure", report.failure.name},
            {"unreachable", json_of(report.unreachable, plan)},
            {"noticed", json_of(report.noticed, watch)},
            {"silent", json_of(report.silent, watch)},
            {"detours", std::move(detours)}};
}

json::object json_of(const Findings& findings, bool watch) {
    json::array failures;
    for (const FailureReport& report : findings.reports)
        failures.push_back(json_of(report, findings.plan, watch));
    json::array points;
    for (const Failure& failure : findings.single_points) {
        points.push_back(json::object{
            {"failure", failure.name},
            {"unreachable", json_of(unreachable(findings.plan, failure), findings.plan)}});
    }
    json::array expectations;
    for (const Verdict& verdict : findings.verdicts) {
        expectations.push_back(json::object{{"fail", verdict.expectation.fail},
                                            {"then", verdict.expectation.then},
                                            {"within_us", json_of(verdict.expectation.within)},
                                            {"holds", verdict.broken_by.empty()},
                                            {"broken_by", verdict.broken_by}});
    }
    return {{"file", findings.file.path},
            {"machines", findings.plan.machines.size()},
            {"links", findings.plan.links.size()},
            {"services", findings.plan.services.size()},
            {"seed", findings.study.seed},
            {"latency_us", microseconds(findings.study.latency)},
            {"not_modelled", json::array{"services", "other programs", "bandwidth"}},
            {"failures", std::move(failures)},
            {"single_points_of_failure", std::move(points)},
            {"advice", findings.advice},
            {"expectations", std::move(expectations)}};
}

}  // namespace

Result<int> simulate(const SimulateOptions& options) {
    Findings findings;
    JETWAY_ASSIGN(findings.study, study_options(options));
    JETWAY_ASSIGN(findings.file, load_file(options.file));
    if (findings.file.loaded.errors != 0) {
        std::cerr << shown_problems(findings.file);
        return exit_status(Code::bad_file);
    }
    if (options.length.empty())
        findings.study.length =
            std::max<Duration>(findings.study.length, 2 * findings.deployment().detect);
    findings.plan = jetway::simulate::plan_of(findings.deployment());
    JETWAY_ASSIGN(const std::vector<Failure> failures, wanted(options, findings.plan));
    for (const Failure& failure : failures) {
        findings.reports.push_back(
            jetway::simulate::study(findings.deployment(), findings.plan, failure, findings.study));
    }
    findings.single_points = single_points_of_failure(findings.plan);
    if (!findings.single_points.empty()) findings.advice = advice(findings.plan);
    findings.verdicts = judge(findings);
    if (options.format == Format::json) {
        std::cout << json::serialize(json_of(findings, options.watch)) << "\n";
    } else {
        show(findings, options.watch);
    }
    return findings.holds() ? 0 : 1;
}

}  // namespace jetway::cli
