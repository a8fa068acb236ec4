#include "routing/catalogue.hpp"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

namespace jetway::routing {
namespace {

using News = Catalogue::News;

constexpr wire::RouterId author = 7;

wire::DirectoryOp add(std::uint64_t instance, const std::string& service) {
    wire::DirectoryOp op;
    op.mutable_record()->set_instance(instance);
    op.mutable_record()->set_service(service);
    return op;
}

wire::DirectoryOp remove(std::uint64_t instance) {
    wire::DirectoryOp op;
    op.set_kind(1);
    op.mutable_record()->set_instance(instance);
    op.mutable_record()->set_service("gone");
    return op;
}

struct OwnNames {
    Names names;
};
/// A catalogue alone in its directory.
struct Solo : OwnNames, Catalogue {
    Solo() : Catalogue(names, 0) {}
};

std::string text_of(const Entry& entry) {
    return entry.record().SerializeAsString();
}

bool same(const Catalogue& a, const Catalogue& b) {
    const bool alike = std::ranges::equal(a.entries(), b.entries(), {}, text_of, text_of);
    if (!alike || a.digest() != b.digest()) return false;
    return a.epoch() == b.epoch() && a.sequence() == b.sequence();
}

/// Sends the whole of `from` to `to` as chunks would travel.
Result<News> copy(const Catalogue& from, Catalogue& to) {
    SnapshotAssembly assembly;
    const auto snapshot = from.snapshot(author);
    for (const Buffer& chunk : snapshot->chunks) {
        EXPECT_LE(chunk.size(), wire::max_record);
        JETWAY_ASSIGN(auto body, wire::decode<wire::DirectorySnapshot>(chunk.bytes()));
        JETWAY_ASSIGN(auto whole, assembly.add(std::move(body)));
        if (whole) {
            return to.replace(whole->epoch, whole->sequence, whole->digest, whole->records);
        }
    }
    return Error(Code::protocol, "the last chunk did not complete it");
}

TEST(Catalogue, ACopyThatLacksALittleIsToldOnlyThat) {
    Solo original;
    original.write(1, add(1, "echo"));
    Solo copy_of_it;
    ASSERT_EQ(*copy(original, copy_of_it), News::newer);
    original.write(1, add(2, "gpu"));
    original.write(1, remove(1));
    const auto delta = original.after(author, copy_of_it.sequence());
    ASSERT_TRUE(delta);
    EXPECT_EQ(delta->from_sequence(), 2U);
    EXPECT_EQ(delta->to_sequence(), 3U);
    EXPECT_EQ(*copy_of_it.apply(*delta), News::newer);
    EXPECT_TRUE(same(original, copy_of_it));
}

TEST(Catalogue, ADeltaAfterAHoleIsNotApplied) {
    Solo original;
    for (std::uint64_t i = 1; i <= 3; ++i) original.write(1, add(i, "s"));
    Solo copy_of_it;
    EXPECT_EQ(*copy_of_it.apply(*original.after(author, 1)), News::gap);
    EXPECT_EQ(copy_of_it.sequence(), 0U);
    EXPECT_TRUE(copy_of_it.entries().empty());
}

TEST(Catalogue, WhatIsKnownAlreadyIsSkipped) {
    Solo original;
    for (std::uint64_t i = 1; i <= 3; ++i) original.write(1, add(i, "s"));
    const auto early = original.after(author, 0);
    Solo copy_of_it;
    EXPECT_EQ(*copy_of_it.apply(*early), News::newer);
    EXPECT_EQ(*copy_of_it.apply(*early), News::older);
    original.write(1, remove(2));
    EXPECT_EQ(*copy_of_it.apply(*original.after(author, 1)), News::newer);  // overlaps
    EXPECT_TRUE(same(original, copy_of_it));
}

TEST(Catalogue, ADeltaWithTheWrongResultChangesNothing) {
    Solo original;
    original.write(1, add(1, "echo"));
    auto delta = *original.after(author, 0);
    delta.set_digest_after(delta.digest_after() + 1);
    Solo copy_of_it;
    EXPECT_EQ(*copy_of_it.apply(delta), News::broken);
    EXPECT_TRUE(copy_of_it.entries().empty());
    EXPECT_EQ(copy_of_it.sequence(), 0U);
}

TEST(Catalogue, ADeltaWhoseNumbersDoNotMatchIsAProtocolError) {
    Solo original;
    original.write(1, add(1, "echo"));
    auto delta = *original.after(author, 0);
    delta.set_to_sequence(5);
    Solo copy_of_it;
    EXPECT_EQ(copy_of_it.apply(delta).error().code, Code::protocol);
    delta.set_to_sequence(~0ULL);
    delta.set_from_sequence(~0ULL);
    EXPECT_EQ(copy_of_it.apply(delta).error().code, Code::protocol);
}

TEST(Catalogue, ANewEpochVoidsWhatWasKnown) {
    Solo first_life;
    first_life.write(1, add(1, "echo"));
    Solo second_life;
    second_life.write(2, add(9, "gpu"));
    Solo copy_of_it;
    copy_of_it.apply(*first_life.after(author, 0)).value();
    EXPECT_EQ(*copy_of_it.apply(*second_life.after(author, 0)), News::newer);
    EXPECT_TRUE(same(second_life, copy_of_it));
    EXPECT_EQ(*copy_of_it.apply(*first_life.after(author, 0)), News::older);
}

TEST(Catalogue, OldChangesAreNotKept) {
    Solo original;
    for (std::uint64_t i = 1; i <= 100; ++i) original.write(1, add(i, "s"));
    EXPECT_FALSE(original.after(author, 35));
    EXPECT_TRUE(original.after(author, 36));
    EXPECT_FALSE(original.after(author, 100));
    EXPECT_FALSE(original.after(author, 1'000));
}

TEST(Catalogue, AnEmptyOneCanBeCopiedToo) {
    Solo original;
    original.write(1, add(1, "echo"));
    original.write(1, remove(1));
    Solo copy_of_it;
    ASSERT_EQ(*copy(original, copy_of_it), News::newer);
    EXPECT_TRUE(same(original, copy_of_it));
    EXPECT_EQ(copy_of_it.digest(), 0U);
}

TEST(Catalogue, ALargeOneTravelsInChunksThatFitAFrame) {
    Solo original;
    for (std::uint64_t i = 1; i <= 5'000; ++i) {
        original.write(1, add(i, "service-" + std::string(i % 200, 'x')));
    }
    EXPECT_GT(original.snapshot(author)->chunks.size(), 10U);
    Solo copy_of_it;
    ASSERT_EQ(*copy(original, copy_of_it), News::newer);
    EXPECT_TRUE(same(original, copy_of_it));
}

TEST(Catalogue, TooManyServicesAreRefused) {
    std::vector<wire::ServiceRecord> records;
    std::uint64_t digest = 0;
    for (std::uint64_t i = 1; i <= max_catalogue + 1; ++i) {
        records.push_back(add(i, "s").record());
        digest += digest_of(records.back());
    }
    Solo copy_of_it;
    EXPECT_EQ(copy_of_it.replace(1, 1, digest, records).error().code, Code::too_large);
    EXPECT_TRUE(copy_of_it.entries().empty());
}

TEST(SnapshotAssembly, ChunksOutOfTurnNeverMakeAWhole) {
    Solo original;
    for (std::uint64_t i = 1; i <= 1'000; ++i) original.write(1, add(i, std::string(100, 's')));
    const auto snapshot = original.snapshot(author);
    const auto chunk = [&](std::size_t i) {
        return *wire::decode<wire::DirectorySnapshot>(snapshot->chunks[i].bytes());
    };
    const std::size_t last = snapshot->chunks.size() - 1;
    ASSERT_GE(last, 2U);
    SnapshotAssembly assembly;
    EXPECT_FALSE(*assembly.add(chunk(last)));
    EXPECT_FALSE(*assembly.add(chunk(0)));
    EXPECT_FALSE(*assembly.add(chunk(last)));
    EXPECT_FALSE(*assembly.add(chunk(0)));  // begins anew
    for (std::size_t i = 1; i < last; ++i) EXPECT_FALSE(*assembly.add(chunk(i)));
    const auto whole = *assembly.add(chunk(last));
    ASSERT_TRUE(whole);
    EXPECT_EQ(whole->records.size(), 1'000U);
}

TEST(Catalogue, ARecordComesOutAsItWentIn) {
    wire::ServiceRecord record = add(7, "gpu").record();
    record.set_weight(3);
    record.set_flags(service_hidden | 64);
    record.set_type(9);
    record.add_accepts("text/plain");
    record.add_features("colour");
    std::string bytes = record.SerializeAsString();
    bytes += "\x7a\x03new";  // field 15, of a later version
    ASSERT_TRUE(record.ParseFromString(bytes));
    wire::DirectoryOp op;
    *op.mutable_record() = record;
    Solo catalogue;
    catalogue.write(1, op);
    catalogue.write(1, add(8, "plain"));
    EXPECT_EQ(catalogue.find(7)->record().SerializeAsString(), bytes);
    EXPECT_EQ(catalogue.find(8)->record().SerializeAsString(),
              add(8, "plain").record().SerializeAsString());
    EXPECT_EQ(catalogue.find(9), nullptr);
}

TEST(Catalogue, AnUpdateWithinADeltaCountsOnce) {
    Solo original;
    original.write(1, add(1, "a"));
    Solo copy_of_it;
    copy_of_it.apply(*original.after(author, 0)).value();
    original.write(1, add(2, "b"));
    original.write(1, add(2, "c"));
    original.write(1, remove(1));
    original.write(1, add(1, "d"));
    original.write(1, add(3, "e"));
    original.write(1, remove(3));
    EXPECT_EQ(*copy_of_it.apply(*original.after(author, 1)), News::newer);
    EXPECT_TRUE(same(original, copy_of_it));
    ASSERT_EQ(copy_of_it.entries().size(), 2U);
    EXPECT_EQ(copy_of_it.entries()[0].name->text(), "d");
    EXPECT_EQ(copy_of_it.names.instances(), 2U);
}

TEST(Catalogue, ASnapshotWithOneInstanceTwiceIsAProtocolError) {
    const std::vector<wire::ServiceRecord> records{add(1, "a").record(), add(1, "a").record()};
    Solo copy_of_it;
    EXPECT_EQ(copy_of_it.replace(1, 1, 2 * digest_of(records[0]), records).error().code,
              Code::protocol);
}

TEST(Catalogue, ADeltaBeyondTheShareOfAMachineChangesNothing) {
    Solo original;
    for (std::uint64_t i = 1; i <= max_catalogue; ++i) original.write(1, add(i, "s"));
    Solo copy_of_it;
    ASSERT_EQ(*copy(original, copy_of_it), News::newer);
    original.write(1, add(max_catalogue + 1, "s"));
    EXPECT_EQ(copy_of_it.apply(*original.after(author, max_catalogue)).error().code,
              Code::too_large);
    EXPECT_EQ(copy_of_it.entries().size(), max_catalogue);
    EXPECT_EQ(copy_of_it.sequence(), max_catalogue);
}

TEST(Catalogue, OneThatIsNoMoreLeavesNoNames) {
    Names names;
    {
        Catalogue catalogue(names, 3);
        catalogue.write(1, add(1, "a"));
        catalogue.write(1, add(2, "b"));
        EXPECT_EQ(names.size(), 2U);
    }
    EXPECT_EQ(names.size(), 0U);
}

TEST(Catalogue, ASnapshotIsMadeOnceForAllLinksAndKeptByThemAlone) {
    Solo original;
    original.write(1, add(1, "a"));
    const auto first = original.snapshot(author);
    EXPECT_EQ(original.snapshot(author), first);
    const std::weak_ptr<const Snapshot> kept = first;
    original.write(1, add(2, "b"));
    EXPECT_NE(original.snapshot(author), first);
    EXPECT_EQ(kept.use_count(), 1);
}

RC_GTEST_PROP(Catalogue, ACopyFedAnyMixOfDeltasAndSnapshotsEndsEqual, ()) {
    Solo original;
    Solo copy_of_it;
    std::uint64_t known = 0;
    const auto steps = *rc::gen::inRange(1, 120);
    for (int i = 0; i < steps; ++i) {
        const auto instance = *rc::gen::inRange<std::uint64_t>(1, 12);
        if (*rc::gen::inRange(0, 3) == 0) {
            original.write(1, remove(instance));
        } else {
            wire::DirectoryOp op = add(instance, "s" + std::to_string(*rc::gen::inRange(0, 9)));
            op.mutable_record()->set_flags(*rc::gen::inRange(0U, 4U));
            op.mutable_record()->set_weight(*rc::gen::inRange(0U, 3U));
            original.write(1, op);
        }
        if (*rc::gen::inRange(0, 4) != 0) continue;
        const auto delta = original.after(author, known);
        if (delta && *rc::gen::inRange(0, 3) != 0) {
            RC_ASSERT(*copy_of_it.apply(*delta) == News::newer);
        } else {
            RC_ASSERT(*copy(original, copy_of_it) == News::newer);
        }
        known = copy_of_it.sequence();
        RC_ASSERT(same(original, copy_of_it));
    }
}

}  // namespace
}  // namespace jetway::routing
