#include "wire/ledger.hpp"

#include <algorithm>

namespace jetway::wire {

Tally Ledger::dropped() const {
    Tally sum = replaced;
    for (const Tally& reason : {late, unwanted, ended}) sum += reason;
    return sum;
}

bool Ledger::balances() const {
    Tally sum = dropped();
    for (const Tally& part : {delivered, in_flight, unconfirmed}) sum += part;
    return sum == sent;
}

Ledger& Ledger::operator+=(const Ledger& other) {
    for (const auto& [name, line] : ledger_lines) this->*line += other.*line;
    return *this;
}

Account to_account(const Ledger& ledger) {
    Account account;
    for (const auto& [name, line] : ledger_lines) {
        account.add_bytes((ledger.*line).bytes);
        account.add_messages((ledger.*line).messages);
    }
    return account;
}

Ledger to_ledger(const Account& account) {
    Ledger ledger;
    const auto count =
        std::min(static_cast<std::size_t>(account.bytes_size()), ledger_lines.size());
    for (std::size_t i = 0; i < count; ++i) {
        const int at = static_cast<int>(i);
        ledger.*ledger_lines[i].second = {account.bytes(at), account.messages(at)};
    }
    return ledger;
}

}  // namespace jetway::wire
