#include "simulate/study.hpp"

#include <algorithm>
#include <map>
#include <memory>
#include <utility>

namespace jetway::simulate {
namespace {

using std::chrono::microseconds;
using std::chrono::milliseconds;
using std::chrono::seconds;

constexpr int heartbeats_missed = 4;
constexpr std::uint64_t most_calls_a_second = 2'000;
constexpr Duration least_delay = milliseconds(5);
constexpr Duration last_words = seconds(10);       // of calls that found no way
constexpr Duration fine_step = microseconds(100);  // just after the failure
constexpr Duration step = milliseconds(1);

/// One machine's calls to one service.
struct Caller {
    Place from = 0;
    std::string service;
    Time next{};
};

struct Answer {
    std::shared_ptr<const Call> call;
    Place from = 0;
    Time asked{};
};

class Rehearsal {
public:
    Rehearsal(const deployment::Deployment& deployment, const Plan& plan, const Failure& failure,
              const StudyOptions& options)
        : plan_(plan),
          failure_(failure),
          options_(options),
          mesh_(options.seed),
          patience_(deployment.resume + last_words) {
        build(deployment);
        group_ = groups(plan, failure);
    }

    Course run(bool silent) {
        mesh_.run_until_quiet(seconds(30));
        begin_calls();
        // What a call usually takes must be known before.
        const auto longest_way = static_cast<std::int64_t>(plan_.machines.size());
        rehearse(std::max<Duration>(options_.at, 16 * longest_way * options_.latency));
        before_ = ways();
        for (const auto& [key, way] : before_) {
            most_links_before_ =
                std::max(most_links_before_, static_cast<std::int64_t>(way.machines.size()) - 1);
        }
        slowest_before_ = std::exchange(course_.longest, Duration());
        course_ = {};
        struck_at_ = mesh_.now();
        silent ? strike_silently() : strike();
        rehearse(options_.length);
        callers_.clear();
        // However long its way is, each call is answered, or refused when it has waited for one.
        std::erase_if(open_, [this](const Answer& answer) {
            return !is_reachable(answer.from, answer.call->destination);
        });
        for (Duration waited{}; waited < patience_ && !open_.empty(); waited += seconds(1))
            rehearse(seconds(1));
        for (const Answer& answer : open_) judge(answer, false);
        const bool to_the_end = *course_.flows_after + 2 * period_ >= options_.length;
        if (to_the_end && *course_.flows_after > Duration::zero()) course_.flows_after.reset();
        if (!course_.flows_after) course_.recovers.reset();
        if (course_.recovers) course_.recovers = std::max(*course_.recovers, *course_.flows_after);
        course_.duplicated = mesh_.duplicates();
        gather_timeline();
        return std::move(course_);
    }

    std::vector<Detour> detours() {
        std::vector<Detour> result;
        for (auto& [key, now] : ways()) {
            const auto old = before_.find(key);
            if (old == before_.end() || old->second.machines == now.machines) continue;
            result.push_back({key.first, key.second, std::move(now.machines),
                              std::int64_t{now.cost} - std::int64_t{old->second.cost}});
        }
        return result;
    }

private:
    using Ways = std::map<std::pair<std::string, std::string>, routing::Choice>;

    void build(const deployment::Deployment& deployment) {
        for (const deployment::Machine& machine : deployment.machines) {
            Machine& added = mesh_.add(machine.name, [&](routing::Options& options) {
                options.mesh = deployment.mesh;
                options.heartbeat = deployment.detect / heartbeats_missed;
                options.resume = deployment.resume;
                options.multiplier = heartbeats_missed;
                options.digest_interval = deployment.heartbeat;
            });
            for (const deployment::Service& service : machine.services) added.offer(service.name);
        }
        for (const auto& [a, b] : plan_.links)
            mesh_.connect(plan_.machines[a], plan_.machines[b], {.latency = options_.latency});
    }

    Machine& at(Place place) { return mesh_.at(plan_.machines[place]); }

    // ---- calls

    void begin_calls() {
        for (Place from = 0; from < plan_.machines.size(); ++from) {
            for (const auto& [service, holders] : plan_.services) {
                const bool has_it = std::ranges::find(holders, from) != holders.end();
                if (!has_it) callers_.push_back({from, service, {}});
            }
        }
        if (callers_.empty()) return;
        const std::uint64_t rate =
            std::clamp<std::uint64_t>(most_calls_a_second / callers_.size(), 1, options_.rate);
        period_ = Duration(seconds(1)) / rate;
        // Spread out, so that no moment is without a call under way.
        for (Caller& caller : callers_) {
            caller.next =
                mesh_.now() +
                Duration(mesh_.random().below(static_cast<std::uint64_t>(period_.count())));
        }
    }

    void rehearse(Duration length) {
        const Time end = mesh_.now() + length;
        while (mesh_.now() < end) {
            for (Caller& caller : callers_) {
                if (caller.next > mesh_.now()) continue;
                caller.next += period_;
                if (!at(caller.from).running()) continue;
                open_.push_back({at(caller.from).call(caller.service, "are you there?"),
                                 caller.from, mesh_.now()});
                ++course_.calls;
            }
            const bool fine = struck_at_ && mesh_.now() - *struck_at_ < milliseconds(20);
            mesh_.run_for(fine ? fine_step : step);
            std::erase_if(open_, [this](const Answer& answer) {
                if (answer.call->over()) judge(answer, answer.call->finished);
                return answer.call->over();
            });
            if (struck_at_ && !course_.recovers && has_recovered())
                course_.recovers = mesh_.now() - *struck_at_;
        }
    }

    void judge(const Answer& answer, bool answered) {
        const Duration took = mesh_.now() - answer.asked;
        if (answered) course_.longest = std::max(course_.longest, took);
        if (!struck_at_) return;
        if (answer.asked > *struck_at_ && is_reachable(answer.from, answer.call->destination))
            ++course_.answerable;
        const bool delayed = answered && is_late(answer, took);
        const bool lost = !answered && is_reachable(answer.from, answer.call->destination);
        course_.delayed += delayed ? 1 : 0;
        course_.lost += lost ? 1 : 0;
        if ((delayed || lost) && answer.asked > *struck_at_)
            course_.flows_after = std::max(*course_.flows_after, answer.asked - *struck_at_);
    }

    /// Twice as long as any call before, in proportion where the way is now longer than any was.
    bool is_late(const Answer& answer, Duration took) {
        const Duration usual = 2 * slowest_before_;
        if (took <= std::max(least_delay, usual)) return false;
        const auto choice = at(answer.from).resolve(answer.call->destination);
        const auto links = choice ? static_cast<std::int64_t>(choice->machines.size()) - 1 : 0;
        return links <= most_links_before_ || took * most_links_before_ > usual * links;
    }

    bool is_reachable(Place from, const std::string& service) const {
        const auto holders = plan_.services.find(service);
        return group_[from] != apart && holders != plan_.services.end() &&
               std::ranges::any_of(holders->second,
                                   [&](Place holder) { return group_[holder] == group_[from]; });
    }

    // ---- the failure

    void strike() {
        for (const auto& [a, b] : failure_.links) mesh_.cut(plan_.machines[a], plan_.machines[b]);
        for (const Place dead : failure_.machines) mesh_.kill(plan_.machines[dead]);
    }
    void strike_silently() {
        for (const auto& [a, b] : failure_.links)
            mesh_.black_hole(plan_.machines[a], plan_.machines[b]);
        for (const Place dead : failure_.machines) mesh_.crash(plan_.machines[dead]);
    }

    bool has_recovered() {
        for (Place from = 0; from < plan_.machines.size(); ++from) {
            if (group_[from] != apart && !knows(from)) return false;
        }
        return true;
    }
    bool knows(Place from) {
        std::map<std::string, bool> reached;
        for (const auto& row : at(from).core().machines(mesh_.now()))
            reached[row.machine] = row.reachable;
        for (Place to = 0; to < plan_.machines.size(); ++to) {
            if (reached[plan_.machines[to]] != (group_[to] == group_[from])) return false;
        }
        return std::ranges::none_of(plan_.services, [&](const auto& service) {
            const auto choice = at(from).resolve(service.first);
            return choice && goes_by_what_is_broken(*choice);
        });
    }
    bool goes_by_what_is_broken(const routing::Choice& choice) const {
        Place before = apart;
        for (const std::string& name : choice.machines) {
            const auto place = static_cast<Place>(std::ranges::find(plan_.machines, name) -
                                                  plan_.machines.begin());
            if (failure_.machines.contains(place)) return true;
            if (before != apart && failure_.links.contains(std::minmax(before, place))) return true;
            before = place;
        }
        return false;
    }

    // ---- what is told

    Ways ways() {
        Ways result;
        for (Place from = 0; from < plan_.machines.size(); ++from) {
            for (const auto& [service, holders] : plan_.services) {
                if (auto choice = at(from).resolve(service))
                    result[{plan_.machines[from], service}] = std::move(*choice);
            }
        }
        return result;
    }
    void gather_timeline() {
        for (const std::string& name : plan_.machines) {
            const Machine& machine = mesh_.at(name);
            for (std::size_t i = 0; i < machine.events().size(); ++i) {
                const Time when = machine.event_times()[i];
                if (when < *struck_at_ || !is_news(machine.events()[i].kind)) continue;
                course_.timeline.push_back({when - *struck_at_, name, machine.events()[i]});
            }
        }
        std::ranges::stable_sort(course_.timeline, {}, &Moment::after);
    }
    static bool is_news(routing::Event::Kind kind) {
        using Kind = routing::Event::Kind;
        return kind != Kind::stream_opened && kind != Kind::stream_refused &&
               kind != Kind::stream_ended;
    }

    const Plan& plan_;
    const Failure& failure_;
    const StudyOptions& options_;
    Mesh mesh_;
    std::vector<std::size_t> group_;
    std::vector<Caller> callers_;
    std::vector<Answer> open_;
    Duration period_{};
    Duration slowest_before_{};
    std::int64_t most_links_before_ = 1;
    Duration patience_;
    std::optional<Time> struck_at_;
    Ways before_;
    Course course_;
};

}  // namespace

FailureReport study(const deployment::Deployment& deployment, const Plan& plan,
                    const Failure& failure, const StudyOptions& options) {
    FailureReport report;
    report.failure = failure;
    report.unreachable = unreachable(plan, failure);
    Rehearsal noticed(deployment, plan, failure, options);
    report.noticed = noticed.run(false);
    report.detours = noticed.detours();
    report.silent = Rehearsal(deployment, plan, failure, options).run(true);
    return report;
}

}  // namespace jetway::simulate
