#include "simulate/mesh.hpp"

#include <algorithm>
#include <limits>
#include <stdexcept>
#include <utility>

namespace jetway::simulate {
namespace {

using std::chrono::milliseconds;

constexpr Duration shortest_wait = milliseconds(50);
constexpr Duration longest_wait = std::chrono::seconds(10);

}  // namespace

Machine& Mesh::add(const std::string& machine,
                   const std::function<void(routing::Options&)>& setup) {
    routing::Options options;
    options.machine = machine;
    options.router = random_.next() | 1U;
    options.nodes = &nodes_;
    if (setup) setup(options);
    auto& slot = machines_[machine];
    slot = std::make_unique<Machine>(agenda_, random_, std::move(options));
    slot->set_witness(&witness_);
    names_.push_back(machine);
    slot->boot();
    return *slot;
}

void Mesh::connect(const std::string& a, const std::string& b, CableOptions options) {
    auto fresh = std::make_unique<Line>();
    fresh->a = a;
    fresh->b = b;
    fresh->cable.options = options;
    lines_.push_back(std::move(fresh));
    add_dialler(*lines_.back(), a, b);
}

void Mesh::connect_both(const std::string& a, const std::string& b, CableOptions options) {
    connect(a, b, options);
    add_dialler(*lines_.back(), b, a);
}

Mesh::Line* Mesh::find(const std::string& a, const std::string& b) const {
    for (const auto& line : lines_) {
        if ((line->a == a && line->b == b) || (line->a == b && line->b == a)) return line.get();
    }
    return nullptr;
}

Mesh::Line& Mesh::line(const std::string& a, const std::string& b) {
    if (Line* found = find(a, b)) return *found;
    throw std::out_of_range("no cable between " + a + " and " + b);
}

// ---- dialling: as a terminal does, it never gives up, and rests while a link leads there

void Mesh::add_dialler(Line& line, const std::string& from, const std::string& to) {
    line.diallers.push_back(std::make_unique<Dialler>(Dialler{from, to, 0, 0}));
    dial(line, *line.diallers.back());
}

/// As the machine sees it, which may be wrong about the other end.
bool Mesh::has_link(const Line& line, const std::string& machine) const {
    return std::ranges::any_of(line.connections, [&machine](const Dialled& dialled) {
        const auto connection = dialled.connection.lock();
        return connection != nullptr && connection->is_open(dialled.from == machine ? 0 : 1);
    });
}

void Mesh::dial(Line& line, Dialler& dialler) {
    if (!at(dialler.from).running()) return;
    const std::uint64_t attempt = ++dialler.attempt;
    // A SYN there and back; the answer decides.
    agenda_.after(2 * line.cable.options.latency, [this, &line, &dialler, attempt] {
        if (attempt != dialler.attempt || !at(dialler.from).running()) return;
        const bool whole = !line.cut && !line.silent[0] && !line.silent[1];
        if (whole && at(dialler.from).accepts() && at(dialler.to).accepts())
            return join(line, dialler);
        ++dialler.failures;
        dial_later(line, dialler);
    });
}

void Mesh::dial_later(Line& line, Dialler& dialler) {
    const std::uint64_t attempt = ++dialler.attempt;
    const Duration whole =
        std::min(longest_wait, shortest_wait * (1U << std::min(dialler.failures, 8U)));
    const Duration jitter(random_.below(static_cast<std::uint64_t>(whole.count()) / 2));
    agenda_.after(whole - jitter, [this, &line, &dialler, attempt] {
        if (attempt == dialler.attempt && !has_link(line, dialler.from)) dial(line, dialler);
    });
}

void Mesh::join(Line& line, Dialler& dialler) {
    dialler.failures = 0;
    auto connection = std::make_shared<Connection>(agenda_, random_, line.cable);
    std::erase_if(line.connections,
                  [](const Dialled& dialled) { return dialled.connection.expired(); });
    line.connections.push_back({dialler.from, connection});
    const auto plug = [&](const std::string& machine, const std::string& peer, int side) {
        routing::LinkOptions options;
        options.dialled = side == 0;
        options.terminal = "to-" + peer;
        options.peer = peer;
        at(machine).plug(connection, side, std::move(options),
                         [this, &line, machine] { lost(line, machine); });
    };
    plug(dialler.from, dialler.to, 0);
    plug(dialler.to, dialler.from, 1);
}

void Mesh::lost(Line& line, const std::string& machine) {
    for (const auto& dialler : line.diallers) {
        if (dialler->from == machine && !has_link(line, machine)) dial_later(line, *dialler);
    }
}

// ---- what happens to it

void Mesh::cut(const std::string& a, const std::string& b) {
    Line& hit = line(a, b);
    hit.cut = true;
    for (const auto& dialled : std::vector(hit.connections)) {
        if (const auto connection = dialled.connection.lock())
            connection->cut(Error(Code::closed, "connection reset"));
    }
}

void Mesh::black_hole(const std::string& a, const std::string& b) {
    silence(line(a, b), {true, true});
}

void Mesh::black_hole_one_way(const std::string& a, const std::string& b) {
    Line& hit = line(a, b);
    silence(hit, {hit.a == a || hit.silent[0], hit.b == a || hit.silent[1]});
}

void Mesh::spoil(const std::string& a, const std::string& b, std::uint32_t arrivals) {
    line(a, b).cable.spoil = arrivals;
}

void Mesh::lose(const std::string& a, const std::string& b, std::uint32_t frames) {
    line(a, b).cable.lose = frames;
}

void Mesh::forge(const std::string& a, const std::string& b,
                 const std::vector<wire::Frame>& frames) {
    for (const Dialled& dialled : line(a, b).connections) {
        const auto connection = dialled.connection.lock();
        const int side = dialled.from == a ? 0 : 1;
        if (connection == nullptr || !connection->is_open(side)) continue;
        for (const wire::Frame& frame : frames) connection->forge(side, frame);
        connection->flush(side);
    }
}

void Mesh::heal(const std::string& a, const std::string& b) {
    heal(line(a, b));
}

void Mesh::heal_all() {
    for (const auto& line : lines_) heal(*line);
}

void Mesh::heal(Line& healed) {
    healed.cut = false;
    healed.cable.spoil = 0;
    healed.cable.lose = 0;
    silence(healed, {false, false});
}

void Mesh::silence(Line& hit, std::array<bool, 2> silent) {
    hit.silent = silent;
    for (const auto& dialled : std::vector(hit.connections)) {
        const auto connection = dialled.connection.lock();
        if (connection == nullptr) continue;
        for (const int end : {0, 1}) {
            const int side = dialled.from == hit.a ? end : 1 - end;
            silent[static_cast<std::size_t>(end)] ? connection->silence(side)
                                                  : connection->unsilence(side);
        }
    }
}

void Mesh::warm_up() {
    // Links settle, and nobody hears of anybody else; before that is taken for a fault.
    for (const auto& line : lines_) line->cable.lose = std::numeric_limits<std::uint32_t>::max();
    run_for(milliseconds(1500));
    std::vector<routing::NodePtr> records;
    records.reserve(names_.size());
    for (const std::string& name : names_) records.push_back(at(name).core().record());
    for (const auto& [name, machine] : machines_) machine->learn(records);
    for (const auto& line : lines_) line->cable.lose = 0;
}

void Mesh::set_witness(Witness witness) {
    witness_ = std::move(witness);
    for (const auto& [name, machine] : machines_) machine->set_witness(&witness_);
}

std::vector<Mesh::Line*> Mesh::lines_out_of(const std::vector<std::string>& group) {
    const auto inside = [&group](const std::string& name) {
        return std::ranges::find(group, name) != group.end();
    };
    std::vector<Line*> result;
    for (const auto& line : lines_) {
        if (inside(line->a) != inside(line->b)) result.push_back(line.get());
    }
    return result;
}

void Mesh::part(const std::vector<std::string>& group) {
    for (const Line* line : lines_out_of(group)) cut(line->a, line->b);
}

void Mesh::rejoin(const std::vector<std::string>& group) {
    for (const Line* line : lines_out_of(group)) heal(line->a, line->b);
}

void Mesh::restart(const std::string& machine) {
    at(machine).halt(false);
    at(machine).boot();
    for (const auto& line : lines_) {
        for (const auto& dialler : line->diallers) {
            if (dialler->from != machine) continue;
            dialler->failures = 0;
            dial(*line, *dialler);
        }
    }
}

// ---- time

void Mesh::run_for(Duration duration) {
    const Time end = now() + duration;
    while (agenda_.step(end)) {
    }
}

bool Mesh::run_until(const std::function<bool()>& holds, Duration limit) {
    const Time end = now() + limit;
    while (!holds()) {
        if (!agenda_.step(end)) return holds();
    }
    return true;
}

bool Mesh::run_until_quiet(Duration limit) {
    const Duration quiet = std::chrono::seconds(1);
    const Time end = now() + limit;
    Time since = now();
    while (now() < end) {
        run_for(milliseconds(50));
        for (const auto& [name, machine] : machines_)
            since = std::max(since, machine->last_control());
        if (now() - since > quiet) return true;
    }
    return false;
}

std::vector<std::pair<std::string, std::string>> Mesh::cables() const {
    std::vector<std::pair<std::string, std::string>> result;
    result.reserve(lines_.size());
    for (const auto& line : lines_) result.emplace_back(line->a, line->b);
    return result;
}

std::size_t Mesh::duplicates() const {
    std::vector<Process::StreamKey> taken;
    for (const auto& [name, machine] : machines_) {
        if (!machine->running()) continue;
        const auto& here = machine->process().taken();
        taken.insert(taken.end(), here.begin(), here.end());
    }
    std::ranges::sort(taken);
    return static_cast<std::size_t>(std::ranges::distance(std::ranges::unique(taken)));
}

std::uint64_t Mesh::control_frames() const {
    std::uint64_t total = 0;
    for (const auto& [name, machine] : machines_) total += machine->control_frames();
    return total;
}

}  // namespace jetway::simulate
