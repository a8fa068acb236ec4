#include "simulate/storm.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <memory>
#include <optional>
#include <sstream>
#include <utility>

#include "simulate/lies.hpp"
#include "simulate/mesh.hpp"
#include "simulate/oracle.hpp"
#include "simulate/shapes.hpp"
#include "simulate/watch.hpp"

namespace jetway::simulate {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using Kind = Fault::Kind;

constexpr std::array kind_names{"kill",  "crash", "restart",     "reinstall", "pause", "unpause",
                                "cut",   "hole",  "half-hole",   "heal",      "flap",  "spoil",
                                "lose",  "lie",   "clone",       "part",      "offer", "withdraw",
                                "churn", "call",  "call-anybody"};
constexpr const char* copy = "copy";
constexpr std::array shape_names{"random", "line", "ring", "star", "grid", "regular", "bridge"};

bool needs_cable(Kind kind) {
    return kind == Kind::cut || kind == Kind::hole || kind == Kind::half_hole ||
           kind == Kind::heal || kind == Kind::flap || kind == Kind::spoil || kind == Kind::lose ||
           kind == Kind::lie;
}

void build(Mesh& mesh, const Script& script) {
    const std::size_t count = script.machines;
    const auto width = static_cast<std::size_t>(std::max(1.0, std::sqrt(script.machines)));
    switch (script.shape) {
        case Shape::random:
            return make_random(mesh, count, count / 2);
        case Shape::line:
            return make_line(mesh, count);
        case Shape::ring:
            return make_ring(mesh, count);
        case Shape::star:
            return make_star(mesh, count);
        case Shape::grid:
            return make_grid(mesh, width, count / width);
        case Shape::regular:
            return make_regular(mesh, count, 4);
        case Shape::bridge:
            return make_bridge(mesh, count);
    }
}

class Storm {
public:
    explicit Storm(const Script& script) : script_(script), mesh_(script.seed), watch_(mesh_) {
        build(mesh_, script);
        mesh_.run_for(seconds(1));
    }

    Outcome run() {
        for (outcome_.fault = 0; outcome_.fault < script_.faults.size(); ++outcome_.fault) {
            const Fault& fault = script_.faults[outcome_.fault];
            strike(fault);
            if (!holds()) return end();
            mesh_.run_for(milliseconds(fault.wait_ms));
            if (!holds()) return end();
        }
        calm_down();
        if (holds()) check_whole();
        return end();
    }

private:
    bool holds() {
        outcome_.wrong = watch_.check();
        return outcome_.wrong.empty();
    }
    Outcome end() {
        outcome_.trace = mesh_.trace();
        return outcome_;
    }

    /// A place that exists: a shrunk mesh has fewer.
    std::string somebody(std::uint32_t place) const {
        return mesh_.names()[place % mesh_.names().size()];
    }
    /// The cable that the numbers stand for, whatever the shape.
    std::pair<std::string, std::string> cable(const Fault& fault) const {
        const auto all = mesh_.cables();
        return all[(fault.a * 31ULL + fault.b) % all.size()];
    }

    void strike(const Fault& fault) {
        if (needs_cable(fault.kind)) return strike_cable(fault);
        const std::string a = somebody(fault.a);
        switch (fault.kind) {
            case Kind::kill:
                return mesh_.kill(a);
            case Kind::crash:
                return mesh_.crash(a);
            case Kind::restart:
                return restart(a);
            case Kind::reinstall:
                mesh_.at(a).lose_state(-seconds(fault.b % 900));
                return restart(a);
            case Kind::clone:
                return clone(a, fault.a == fault.b ? somebody(fault.b + 1) : somebody(fault.b));
            case Kind::pause:
                return mesh_.pause(a);
            case Kind::unpause:
                return mesh_.unpause(a);
            case Kind::part:
                return part(fault.a);
            case Kind::offer:
                return mesh_.at(a).offer("shared");
            case Kind::withdraw:
                return mesh_.at(a).withdraw("shared");
            case Kind::churn:
                return churn(a);
            case Kind::call:
                return call(a, service_of(fault.b % script_.machines));
            default:
                return call(a, "shared");
        }
    }
    void strike_cable(const Fault& fault) {
        auto [a, b] = cable(fault);
        if (fault.b % 2 == 1) std::swap(a, b);
        switch (fault.kind) {
            case Kind::cut:
                return mesh_.cut(a, b);
            case Kind::hole:
                return mesh_.black_hole(a, b);
            case Kind::half_hole:
                return mesh_.black_hole_one_way(a, b);
            case Kind::heal:
                return mesh_.heal(a, b);
            case Kind::spoil:
                return mesh_.spoil(a, b);
            case Kind::lie:
                if (!mesh_.at(a).running()) return;
                return mesh_.forge(a, b, lie(mesh_, a, mesh_.random()));
            case Kind::lose:
                return lose(a, b);
            default:
                for (int i = 0; i < 5; ++i) {
                    mesh_.cut(a, b);
                    mesh_.run_for(milliseconds(20));
                    mesh_.heal(a, b);
                    mesh_.run_for(milliseconds(60));
                }
        }
    }
    /// A clone must not begin a life in the very millisecond in which its original does.
    void restart(const std::string& a) {
        mesh_.run_for(milliseconds(1));
        mesh_.restart(a);
    }
    void clone(const std::string& original, const std::string& beside) {
        if (!original_.empty()) return;
        original_ = original;
        const routing::RouterId id = mesh_.at(original).router();
        watch_.expect_clones(id);
        mesh_.run_for(milliseconds(1));
        mesh_.add(copy, [id](routing::Options& options) { options.router = id; });
        mesh_.connect(copy, beside);
    }
    /// Where nothing else is told, what is lost is that a service has gone; more changes follow.
    void lose(const std::string& a, const std::string& b) {
        mesh_.at(a).offer("passing");
        mesh_.run_for(milliseconds(8));
        mesh_.lose(a, b);
        mesh_.at(a).withdraw("passing");
        mesh_.run_for(milliseconds(8));
        churn(a);
    }
    void churn(const std::string& a) {
        for (int i = 0; i < 4; ++i) {
            mesh_.at(a).offer("passing");
            mesh_.run_for(milliseconds(8));
            mesh_.at(a).withdraw("passing");
            mesh_.run_for(milliseconds(8));
        }
    }
    void part(std::uint32_t place) {
        const auto& names = mesh_.names();
        const auto size = static_cast<std::ptrdiff_t>(place % names.size());
        mesh_.part({names.begin(), names.begin() + size});
    }
    void call(const std::string& from, const std::string& service) {
        if (!mesh_.at(from).running()) return;
        const std::size_t bytes = mesh_.random().below(8) == 0 ? 200'000 : 2'000;
        calls_.push_back(mesh_.at(from).call(service, std::string(bytes, 's')));
    }

    void calm_down() {
        for (const auto& name : mesh_.names()) mesh_.unpause(name);
        mesh_.heal_all();
        if (!original_.empty()) {
            mesh_.kill(copy);
            mesh_.kill(original_);  // it may have withdrawn, for up to an hour
        }
        for (const auto& name : mesh_.names()) {
            if (!mesh_.at(name).running() && name != copy) mesh_.restart(name);
        }
        mesh_.run_for(seconds(15));
        while (is_any_link_damped()) mesh_.run_for(seconds(1));  // a minute at most
        mesh_.run_until_quiet(seconds(60));
        mesh_.run_for(seconds(11));  // a changed cost waits for up to 10 s before it is told
        if (!mesh_.run_until_quiet(seconds(90)))
            outcome_.wrong.emplace_back("it does not come to rest");
        // An end whose other end is gone waits for it.
        for (int i = 0; i < 36 && is_any_stream_left(); ++i) mesh_.run_for(seconds(1));
    }
    bool is_any_stream_left() const {
        return std::ranges::any_of(mesh_.names(), [this](const std::string& name) {
            const Machine& machine = mesh_.at(name);
            return machine.running() &&
                   (!machine.core().streams().empty() || machine.core().counts().bytes_queued != 0);
        });
    }
    bool is_any_link_damped() const {
        return std::ranges::any_of(mesh_.names(), [this](const std::string& name) {
            return std::ranges::any_of(mesh_.at(name).links(), &routing::LinkRow::damped);
        });
    }
    void check_whole() {
        for (std::string& wrong : violations(mesh_)) outcome_.wrong.push_back(std::move(wrong));
        for (const auto& name : mesh_.names()) {
            const Machine& machine = mesh_.at(name);
            if (!machine.running()) continue;  // the copy
            if (machine.core().counts().bytes_queued != 0 || !machine.core().streams().empty())
                outcome_.wrong.push_back(name + ": streams are left over");
            if (machine.process().open_streams() != 0)
                outcome_.wrong.push_back(name + ": its process has streams left over");
        }
        if (mesh_.duplicates() != 0)
            outcome_.wrong.emplace_back("a stream came to a service twice");
        for (const auto& call : calls_) {
            if (!call->over())
                outcome_.wrong.push_back("a call to " + call->destination + " never ends");
            if (call->finished && call->received != call->payload)
                outcome_.wrong.push_back("a call to " + call->destination + " came back changed");
        }
    }

    const Script& script_;
    Mesh mesh_;
    Watch watch_;
    std::vector<std::shared_ptr<const Call>> calls_;
    std::string original_;  // of the copy, when there is one
    Outcome outcome_;
};

template <typename Names>
std::optional<std::size_t> place_of(const Names& names, std::string_view word) {
    const auto found = std::ranges::find(names, word);
    if (found == names.end()) return std::nullopt;
    return static_cast<std::size_t>(found - names.begin());
}

}  // namespace

Outcome run(const Script& script) {
    return Storm(script).run();
}

std::string to_text(const Script& script) {
    std::ostringstream text;
    text << "seed " << script.seed << "\n"
         << shape_names[static_cast<std::size_t>(script.shape)] << " " << script.machines << "\n";
    for (const Fault& fault : script.faults) {
        text << kind_names[static_cast<std::size_t>(fault.kind)] << " " << fault.a << " " << fault.b
             << " " << fault.wait_ms << "\n";
    }
    return text.str();
}

Result<Script> parse_script(std::string_view text) {
    std::istringstream lines{std::string(text)};
    const auto bad = [](const std::string& line) {
        return Error(Code::usage, "not a line of a script: " + line);
    };
    Script script;
    std::string line;
    std::string word;
    std::getline(lines, line);
    if (std::istringstream first(line); !(first >> word >> script.seed) || word != "seed")
        return bad(line);
    std::getline(lines, line);
    std::istringstream second(line);
    second >> word;
    const auto shape = place_of(shape_names, word);
    if (!shape || !(second >> script.machines) || script.machines < 2 || script.machines > 10'000)
        return bad(line);
    script.shape = static_cast<Shape>(*shape);
    while (std::getline(lines, line)) {
        if (line.empty()) continue;
        std::istringstream words(line);
        words >> word;
        const auto kind = place_of(kind_names, word);
        Fault fault;
        if (!kind || !(words >> fault.a >> fault.b >> fault.wait_ms)) return bad(line);
        fault.kind = static_cast<Kind>(*kind);
        script.faults.push_back(fault);
    }
    return script;
}

Script random_script(std::uint64_t seed, std::size_t faults, std::uint32_t most_machines) {
    SeededRandom random(seed);
    Script script;
    script.seed = random.next();
    script.shape = static_cast<Shape>(random.below(shape_names.size()));
    const std::uint64_t size = random.below(100);
    const std::uint64_t machines = size < 80   ? 3 + random.below(8)
                                   : size < 98 ? 10 + random.below(20)
                                               : 30 + random.below(170);
    script.machines = std::min<std::uint32_t>(most_machines, static_cast<std::uint32_t>(machines));
    for (std::size_t i = 0; i < faults; ++i) {
        Fault fault;
        // Half of what happens is use.
        fault.kind = random.below(2) == 0
                         ? static_cast<Kind>(random.below(static_cast<std::uint64_t>(Kind::call)))
                     : random.below(3) == 0 ? Kind::call_anybody
                                            : Kind::call;
        // A copy, once it is there, is there for the rest of the storm.
        if (fault.kind == Kind::clone && random.below(8) != 0) fault.kind = Kind::lie;
        fault.a = static_cast<std::uint32_t>(random.below(script.machines));
        fault.b = static_cast<std::uint32_t>(random.below(script.machines));
        // Much happens at once, now and then there is time to notice.
        fault.wait_ms =
            static_cast<std::uint32_t>(random.below(3) == 0 ? random.below(700) : random.below(8));
        script.faults.push_back(fault);
    }
    return script;
}

Script shrink(const Script& script) {
    Script best = script;
    if (const Outcome outcome = run(best); outcome.fault < best.faults.size())
        best.faults.resize(outcome.fault + 1);
    for (std::size_t chunk = std::max<std::size_t>(best.faults.size() / 2, 1); chunk > 0;
         chunk /= 2) {
        for (std::size_t at = 0; at + chunk <= best.faults.size();) {
            Script less = best;
            const auto begin = less.faults.begin() + static_cast<std::ptrdiff_t>(at);
            less.faults.erase(begin, begin + static_cast<std::ptrdiff_t>(chunk));
            if (run(less).wrong.empty()) {
                at += chunk;
            } else {
                best = std::move(less);
            }
        }
    }
    return best;
}

}  // namespace jetway::simulate
