// A Ledger: what became of everything that was written to streams, and of what came, in stream
// bytes and in whole messages (none on a stream of bytes). Kept by the end of a stream in the
// process; a process tells its machine the sums (ACCOUNT). Nothing is lost without being counted:
//
//   sent = delivered + in flight + unconfirmed + replaced + late + unwanted + ended
#pragma once

#include <array>
#include <cstdint>
#include <string_view>
#include <utility>

#include "wire/control.hpp"

namespace jetway::wire {

/// A message is counted where its end is.
struct Tally {
    std::uint64_t bytes = 0;
    std::uint64_t messages = 0;

    Tally& operator+=(const Tally& other) {
        bytes += other.bytes;
        messages += other.messages;
        return *this;
    }
    Tally& operator-=(const Tally& other) {
        bytes -= other.bytes;
        messages -= other.messages;
        return *this;
    }
    bool operator==(const Tally&) const = default;
};

struct Ledger {
    Tally sent;         // written by the application
    Tally delivered;    // the far end has dealt with it, or has it and finished in order
    Tally in_flight;    // waits to leave, or left and may still be confirmed
    Tally unconfirmed;  // left, and whether it was dealt with will not be known
    // Never left:
    Tally replaced;  // gave way to a newer message (Policy::latest)
    Tally late;      // its time was over (Policy::deadline)
    Tally unwanted;  // the far end reads no more
    Tally ended;     // the stream had ended
    // From the other side:
    Tally received;  // handed to the application
    Tally unread;    // stream bytes that came and that the application did not want

    Tally dropped() const;
    /// Does the equation above hold?
    bool balances() const;
    Ledger& operator+=(const Ledger& other);
    bool operator==(const Ledger&) const = default;
};

/// The lines of a ledger, in the order of Account, under their names in JSON.
using LedgerLine = std::pair<std::string_view, Tally Ledger::*>;
inline constexpr std::array<LedgerLine, 10> ledger_lines{{
    {"sent", &Ledger::sent},
    {"delivered", &Ledger::delivered},
    {"in_flight", &Ledger::in_flight},
    {"unconfirmed", &Ledger::unconfirmed},
    {"replaced", &Ledger::replaced},
    {"late", &Ledger::late},
    {"unwanted", &Ledger::unwanted},
    {"ended", &Ledger::ended},
    {"received", &Ledger::received},
    {"unread", &Ledger::unread},
}};

Account to_account(const Ledger& ledger);
Ledger to_ledger(const Account& account);

}  // namespace jetway::wire
