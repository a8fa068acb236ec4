// The machine's network terminals: each keeps dialling its address, and knows which machine answers
// there, so that only one of two links between a pair is dialled for and an accepted link gets its
// terminal's name.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "router/dialler.hpp"
#include "router/routing_server.hpp"

namespace jetway::router {

class Terminals {
public:
    /// `connected(terminal, connection)` takes what a dialler made.
    Terminals(Timer& timer, Random& random, const Transport& transport,
              std::function<void(const std::string&, ConnectionPtr)> connected);

    Result<> add(const std::string& name, TerminalType type, const std::string& address,
                 const Towards& towards);
    bool has(const std::string& name) const { return terminals_.contains(name); }
    /// The name that links of the terminal have.
    std::string link_of(const std::string& terminal) const;
    /// The link that `terminal` dialled has ended.
    void lost(const std::string& terminal, const Error& reason, bool was_usable);
    /// Wakes the terminals that rested for a link that is no more.
    void retry(const std::function<bool(const Towards&)>& linked);
    /// A link is up; by `dialled` terminal or accepted. Returns the terminal it belongs to.
    std::string up(const std::string& terminal, const Towards& towards, bool dialled);
    void stop();
    std::vector<TerminalRow> rows() const;

private:
    struct Terminal {
        TerminalType type = TerminalType::local;
        Towards towards;  // its machine is learned when the file does not say it
        std::unique_ptr<Dialler> dialler;
    };

    Timer& timer_;
    Random& random_;
    const Transport& transport_;
    std::function<void(const std::string&, ConnectionPtr)> connected_;
    std::map<std::string, Terminal, std::less<>> terminals_;
};

}  // namespace jetway::router
