#include "router/terminals.hpp"

namespace jetway::router {

Terminals::Terminals(Timer& timer, Random& random, const Transport& transport,
                     std::function<void(const std::string&, ConnectionPtr)> connected)
    : timer_(timer), random_(random), transport_(transport), connected_(std::move(connected)) {}

Result<> Terminals::add(const std::string& name, TerminalType type, const std::string& address,
                        const Towards& towards) {
    if (terminals_.contains(name))
        return Error(Code::usage, "a terminal named \"" + name + "\" exists already");
    Terminal& terminal = terminals_[name];
    terminal.type = type;
    terminal.towards = towards;
    if (type != TerminalType::network || address.empty()) return success();
    terminal.dialler = std::make_unique<Dialler>(
        timer_, random_, transport_, address,
        [this, name](ConnectionPtr connection) { connected_(name, std::move(connection)); });
    terminal.dialler->start();
    return success();
}

std::string Terminals::link_of(const std::string& name) const {
    const auto found = terminals_.find(name);
    return found == terminals_.end() ? std::string() : found->second.towards.link;
}

void Terminals::lost(const std::string& name, const Error& reason, bool was_usable) {
    const auto found = terminals_.find(name);
    if (found == terminals_.end() || !found->second.dialler) return;
    found->second.dialler->lost(reason, was_usable);
    if (reason.code == Code::replaced) found->second.dialler->rest();
}

void Terminals::retry(const std::function<bool(const Towards&)>& linked) {
    for (auto& [name, terminal] : terminals_) {
        if (terminal.dialler && !linked(terminal.towards)) terminal.dialler->resume();
    }
}

std::string Terminals::up(const std::string& name, const Towards& towards, bool dialled) {
    if (dialled) {
        const auto found = terminals_.find(name);
        if (found != terminals_.end()) found->second.towards.machine = towards.machine;
        return name;
    }
    for (auto& [own_name, terminal] : terminals_) {
        if (terminal.type != TerminalType::network || terminal.towards != towards) continue;
        if (terminal.dialler && terminal.dialler->state() != Dialler::State::up)
            terminal.dialler->rest();
        return own_name;
    }
    return "from-" + towards.machine + (towards.link.empty() ? "" : "-" + towards.link);
}

void Terminals::stop() {
    for (auto& [name, terminal] : terminals_) {
        if (terminal.dialler) terminal.dialler->stop();
    }
}

std::vector<TerminalRow> Terminals::rows() const {
    std::vector<TerminalRow> rows;
    for (const auto& [name, terminal] : terminals_) {
        TerminalRow row;
        row.name = name;
        row.type = terminal.type;
        row.machine = terminal.towards.machine;
        row.state = "listening";
        if (terminal.dialler) {
            row.address = terminal.dialler->address();
            row.state = to_string(terminal.dialler->state());
            row.last_error = terminal.dialler->last_error();
            row.since = terminal.dialler->since();
            row.attempts = terminal.dialler->attempts();
        }
        rows.push_back(std::move(row));
    }
    return rows;
}

std::string_view to_string(TerminalType type) {
    switch (type) {
        case TerminalType::local:
            return "local";
        case TerminalType::network:
            return "network";
        case TerminalType::loopback:
            return "loopback";
    }
    return "unknown";
}

}  // namespace jetway::router
