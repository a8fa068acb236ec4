// Ledgers: what was sent is somewhere, to the byte and the message.
#include "wire/ledger.hpp"

#include <gtest/gtest.h>

namespace jetway::wire {
namespace {

Ledger example() {
    Ledger ledger;
    std::uint64_t next = 1;
    for (const auto& [name, line] : ledger_lines) {
        ledger.*line = {next, next + 100};
        next *= 2;
    }
    ledger.sent = {};
    for (const auto& [name, line] : ledger_lines) {
        if (name != "sent" && name != "received" && name != "unread") ledger.sent += ledger.*line;
    }
    return ledger;
}

TEST(Ledger, BalancesWhenEachByteAndMessageIsSomewhere) {
    EXPECT_TRUE(Ledger{}.balances());
    EXPECT_TRUE(example().balances());
    for (const auto& [name, line] : ledger_lines) {
        if (name == "received" || name == "unread") continue;
        Ledger one_off = example();
        ++(one_off.*line).bytes;
        EXPECT_FALSE(one_off.balances()) << name;
        Ledger other = example();
        ++(other.*line).messages;
        EXPECT_FALSE(other.balances()) << name;
    }
}

TEST(Ledger, SumsBalanceToo) {
    Ledger sum = example();
    sum += example();
    EXPECT_TRUE(sum.balances());
    EXPECT_EQ(sum.sent.bytes, 2 * example().sent.bytes);
    EXPECT_EQ(sum.unread.messages, 2 * example().unread.messages);
}

TEST(Ledger, AnAccountSaysTheSame) {
    EXPECT_EQ(to_ledger(to_account(example())), example());
    const auto read = decode<Account>(encode(to_account(example())).bytes());
    ASSERT_TRUE(read);
    EXPECT_EQ(to_ledger(*read), example());
}

TEST(Ledger, OfAnotherVersionsAccountTheKnownLinesCount) {
    Account longer = to_account(example());
    longer.add_bytes(7);
    longer.add_messages(7);
    EXPECT_EQ(to_ledger(longer), example());
    Account shorter;
    shorter.add_bytes(5);
    shorter.add_messages(1);
    EXPECT_EQ(to_ledger(shorter).sent, (Tally{5, 1}));
    EXPECT_EQ(to_ledger(shorter).delivered, Tally{});
}

}  // namespace
}  // namespace jetway::wire
