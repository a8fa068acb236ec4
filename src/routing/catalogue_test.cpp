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

bool same(const Catalogue& a, const Catalogue& b) {
    if (a.records().size() != b.records().size() || a.digest() != b.digest()) return false;
    for (const auto& [instance, record] : a.records()) {
        const auto other = b.records().find(instance);
        if (other == b.records().end() || digest_of(other->second) != digest_of(record))
            return false;
    }
    return a.epoch() == b.epoch() && a.sequence() == b.sequence();
}

/// Sends the whole of `from` to `to` as chunks would travel.
Result<News> copy(const Catalogue& from, Catalogue& to) {
    SnapshotAssembly assembly;
    for (const Buffer& chunk : from.snapshot(author)->chunks) {
        EXPECT_LE(chunk.size(), wire::max_record);
        JETWAY_ASSIGN(auto body, wire::decode<wire::DirectorySnapshot>(chunk.bytes()));
        JETWAY_ASSIGN(auto whole, assembly.add(std::move(body)));
        if (whole) {
            return to.replace(whole->epoch, whole->sequence, whole->digest,
                              std::move(whole->records));
        }
    }
    return Error(Code::protocol, "the last chunk did not complete it");
}

TEST(Catalogue, ACopyThatLacksALittleIsToldOnlyThat) {
    Catalogue original;
    original.write(1, add(1, "echo"));
    Catalogue copy_of_it;
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
    Catalogue original;
    for (std::uint64_t i = 1; i <= 3; ++i) original.write(1, add(i, "s"));
    Catalogue copy_of_it;
    EXPECT_EQ(*copy_of_it.apply(*original.after(author, 1)), News::gap);
    EXPECT_EQ(copy_of_it.sequence(), 0U);
    EXPECT_TRUE(copy_of_it.records().empty());
}

TEST(Catalogue, WhatIsKnownAlreadyIsSkipped) {
    Catalogue original;
    for (std::uint64_t i = 1; i <= 3; ++i) original.write(1, add(i, "s"));
    const auto early = original.after(author, 0);
    Catalogue copy_of_it;
    EXPECT_EQ(*copy_of_it.apply(*early), News::newer);
    EXPECT_EQ(*copy_of_it.apply(*early), News::older);
    original.write(1, remove(2));
    EXPECT_EQ(*copy_of_it.apply(*original.after(author, 1)), News::newer);  // overlaps
    EXPECT_TRUE(same(original, copy_of_it));
}

TEST(Catalogue, ADeltaWithTheWrongResultChangesNothing) {
    Catalogue original;
    original.write(1, add(1, "echo"));
    auto delta = *original.after(author, 0);
    delta.set_digest_after(delta.digest_after() + 1);
    Catalogue copy_of_it;
    EXPECT_EQ(*copy_of_it.apply(delta), News::broken);
    EXPECT_TRUE(copy_of_it.records().empty());
    EXPECT_EQ(copy_of_it.sequence(), 0U);
}

TEST(Catalogue, ADeltaWhoseNumbersDoNotMatchIsAProtocolError) {
    Catalogue original;
    original.write(1, add(1, "echo"));
    auto delta = *original.after(author, 0);
    delta.set_to_sequence(5);
    Catalogue copy_of_it;
    EXPECT_EQ(copy_of_it.apply(delta).error().code, Code::protocol);
    delta.set_to_sequence(~0ULL);
    delta.set_from_sequence(~0ULL);
    EXPECT_EQ(copy_of_it.apply(delta).error().code, Code::protocol);
}

TEST(Catalogue, ANewEpochVoidsWhatWasKnown) {
    Catalogue first_life;
    first_life.write(1, add(1, "echo"));
    Catalogue second_life;
    second_life.write(2, add(9, "gpu"));
    Catalogue copy_of_it;
    copy_of_it.apply(*first_life.after(author, 0)).value();
    EXPECT_EQ(*copy_of_it.apply(*second_life.after(author, 0)), News::newer);
    EXPECT_TRUE(same(second_life, copy_of_it));
    EXPECT_EQ(*copy_of_it.apply(*first_life.after(author, 0)), News::older);
}

TEST(Catalogue, OldChangesAreNotKept) {
    Catalogue original;
    for (std::uint64_t i = 1; i <= 100; ++i) original.write(1, add(i, "s"));
    EXPECT_FALSE(original.after(author, 35));
    EXPECT_TRUE(original.after(author, 36));
    EXPECT_FALSE(original.after(author, 100));
    EXPECT_FALSE(original.after(author, 1'000));
}

TEST(Catalogue, AnEmptyOneCanBeCopiedToo) {
    Catalogue original;
    original.write(1, add(1, "echo"));
    original.write(1, remove(1));
    Catalogue copy_of_it;
    ASSERT_EQ(*copy(original, copy_of_it), News::newer);
    EXPECT_TRUE(same(original, copy_of_it));
    EXPECT_EQ(copy_of_it.digest(), 0U);
}

TEST(Catalogue, ALargeOneTravelsInChunksThatFitAFrame) {
    Catalogue original;
    for (std::uint64_t i = 1; i <= 5'000; ++i) {
        original.write(1, add(i, "service-" + std::string(i % 200, 'x')));
    }
    EXPECT_GT(original.snapshot(author)->chunks.size(), 10U);
    Catalogue copy_of_it;
    ASSERT_EQ(*copy(original, copy_of_it), News::newer);
    EXPECT_TRUE(same(original, copy_of_it));
}

TEST(Catalogue, TooManyServicesAreRefused) {
    Records records;
    for (std::uint64_t i = 1; i <= max_catalogue + 1; ++i) records[i] = add(i, "s").record();
    std::uint64_t digest = 0;
    for (const auto& [instance, record] : records) digest += digest_of(record);
    Catalogue copy_of_it;
    EXPECT_EQ(copy_of_it.replace(1, 1, digest, std::move(records)).error().code, Code::too_large);
    EXPECT_TRUE(copy_of_it.records().empty());
}

TEST(SnapshotAssembly, ChunksOutOfTurnNeverMakeAWhole) {
    Catalogue original;
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

RC_GTEST_PROP(Catalogue, ACopyFedAnyMixOfDeltasAndSnapshotsEndsEqual, ()) {
    Catalogue original;
    Catalogue copy_of_it;
    std::uint64_t known = 0;
    const auto steps = *rc::gen::inRange(1, 120);
    for (int i = 0; i < steps; ++i) {
        const auto instance = *rc::gen::inRange<std::uint64_t>(1, 12);
        if (*rc::gen::inRange(0, 3) == 0) {
            original.write(1, remove(instance));
        } else {
            original.write(1, add(instance, "s" + std::to_string(*rc::gen::inRange(0, 9))));
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
