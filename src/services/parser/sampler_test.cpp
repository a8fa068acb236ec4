#include "services/parser/sampler.hpp"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include "services/parser/terminal_text.hpp"

namespace jetway::parser {
namespace {

using screen::PtyMessage;
using screen::Snapshot;

PtyMessage at_ms(std::uint64_t ms, decltype(PtyMessage::body) body, std::uint64_t off = 0) {
    screen::Stamp stamp;
    stamp.session = 42;
    stamp.us = ms * 1000;
    stamp.off = off;
    return {stamp, std::move(body)};
}
PtyMessage out(std::uint64_t ms, std::string_view text, std::uint64_t off = 0) {
    return at_ms(ms, screen::PtyOut{Buffer::copy_of(text)}, off);
}
PtyMessage size(std::uint64_t ms, std::uint16_t columns, std::uint16_t rows) {
    return at_ms(ms, screen::PtySize{columns, rows});
}
PtyMessage exit(std::uint64_t ms) {
    return at_ms(ms, screen::PtyExit{});
}

/// A viewer that follows the messages.
struct Viewer {
    void show(const Buffer& message) {
        auto decoded = screen::decode_screen(message.bytes());
        ASSERT_TRUE(decoded) << decoded.error().line();
        if (auto* snapshot = std::get_if<Snapshot>(&*decoded)) {
            now = *snapshot;
        } else {
            const auto applied = screen::apply(now, std::get<screen::Diff>(*decoded));
            ASSERT_TRUE(applied) << applied.error().line();
        }
        pictures.push_back(now);
    }
    Snapshot now;
    std::vector<Snapshot> pictures;
};

std::vector<Snapshot> film(const std::vector<PtyMessage>& events, std::uint32_t fps = 10) {
    Sampler sampler({fps, true});
    Viewer viewer;
    const auto drain = [&] {
        while (sampler.due()) viewer.show(sampler.take());
    };
    for (const PtyMessage& event : events) {
        drain();
        EXPECT_TRUE(sampler.accept(event));
    }
    drain();
    if (!sampler.finished()) sampler.end();
    drain();
    EXPECT_TRUE(sampler.finished());
    return viewer.pictures;
}

std::vector<std::string> first_lines(const std::vector<Snapshot>& pictures) {
    std::vector<std::string> lines;
    for (const Snapshot& picture : pictures) {
        const std::string text = picture.screen.text();
        lines.push_back(text.substr(0, text.find('\n')));
    }
    return lines;
}

TEST(SamplerOffline, GivesOnePictureForEachTickAndEachShowsWhatHappenedUpToIt) {
    const auto pictures =
        film({size(0, 20, 2), out(0, "a"), out(50, "b"), out(100, "c"), out(301, "d"), exit(350)});
    EXPECT_EQ(first_lines(pictures), (std::vector<std::string>{"a", "abc", "abc", "abc", "abcd"}));
    for (std::size_t i = 0; i < pictures.size(); ++i) {
        EXPECT_EQ(pictures[i].stamp.us, i * 100'000);
        EXPECT_EQ(pictures[i].stamp.sequence, i);
        EXPECT_EQ(pictures[i].stamp.session, 42U);
        EXPECT_TRUE(pictures[i].stamp.offline);
    }
}

TEST(SamplerOffline, BeginsWithThePictureOfTheFirstEvent) {
    const auto pictures = film({out(1234, "late"), exit(1250)});
    ASSERT_EQ(pictures.size(), 1U);
    EXPECT_EQ(pictures[0].stamp.us, 1'300'000U);
}

TEST(SamplerOffline, TheLastPictureShowsEverythingWithoutAnExitToo) {
    const auto pictures = film({out(0, "a"), out(199, "b")});
    EXPECT_EQ(first_lines(pictures), (std::vector<std::string>{"a", "a", "ab"}));
}

TEST(SamplerOffline, CountsTheBytesItShows) {
    const auto pictures = film({out(0, "abc", 100), out(150, "de", 103), exit(150)});
    ASSERT_EQ(pictures.size(), 3U);
    EXPECT_EQ(pictures[0].stamp.off, 103U);
    EXPECT_EQ(pictures[2].stamp.off, 105U);
}

TEST(SamplerOffline, AResizeIsInThePictureOfItsTime) {
    const auto pictures = film({size(0, 20, 2), out(0, "a"), size(150, 30, 5), exit(200)});
    ASSERT_EQ(pictures.size(), 3U);
    EXPECT_EQ(pictures[1].screen.columns, 20);
    EXPECT_EQ(pictures[2].screen.columns, 30);
    EXPECT_EQ(pictures[2].screen.height(), 5);
}

TEST(SamplerOffline, IsSwitchedOnByTheEventsThemselves) {
    Sampler sampler({10, false});
    PtyMessage event = out(0, "a");
    event.stamp.offline = true;
    ASSERT_TRUE(sampler.accept(event));
    EXPECT_TRUE(sampler.offline());
    EXPECT_FALSE(sampler.due());  // more may happen at that very moment
}

TEST(SamplerOffline, NothingAtAllGivesNoPicture) {
    EXPECT_TRUE(film({}).empty());
}

RC_GTEST_PROP(SamplerOffline, GivesTheSameFilmWhereverTheBytesAreCut, (std::uint64_t seed)) {
    SeededRandom random(seed);
    std::vector<PtyMessage> whole;
    std::vector<PtyMessage> cut;
    std::uint64_t ms = 0;
    std::uint64_t off = 0;
    for (std::uint64_t i = 1 + random.below(20); i > 0; --i) {
        const std::string text = random_terminal_text(random, 1 + random.below(10));
        whole.push_back(out(ms, text, off));
        for (std::size_t at = 0; at < text.size();) {
            const std::string piece = text.substr(at, 1 + random.below(9));
            cut.push_back(out(ms, piece, off + at));
            at += piece.size();
        }
        off += text.size();
        ms += random.below(300);
    }
    RC_ASSERT(film(whole) == film(cut));
}

RC_GTEST_PROP(SamplerLive, EndsWithTheScreenThatOfflineEndsWith, (std::uint64_t seed)) {
    SeededRandom random(seed);
    Sampler live({30, false});
    Viewer viewer;
    std::vector<PtyMessage> events;
    for (std::uint64_t i = 1 + random.below(20); i > 0; --i) {
        events.push_back(out(events.size() * 20, random_terminal_text(random, 5)));
        RC_ASSERT(live.accept(events.back()).has_value());
        RC_ASSERT(live.due());
        if (random.below(2) == 0) viewer.show(live.take());
    }
    live.end();
    viewer.show(live.take());
    RC_ASSERT(live.finished());
    RC_ASSERT(viewer.now.screen == film(events).back().screen);
}

TEST(SamplerLive, TimeGoesOnWithoutEvents) {
    Sampler sampler({10, false});
    Viewer viewer;
    ASSERT_TRUE(sampler.accept(out(5, "a")));
    viewer.show(sampler.take());
    EXPECT_FALSE(sampler.due());
    sampler.advance_to(1'000'000);
    viewer.show(sampler.take());
    EXPECT_EQ(viewer.pictures[0].stamp.us, 100'000U);
    EXPECT_EQ(viewer.pictures[1].stamp.us, 1'000'000U);
    EXPECT_EQ(viewer.pictures[1].screen, viewer.pictures[0].screen);
}

TEST(Sampler, RefusesImpossibleTimes) {
    Sampler sampler({30, true});
    ASSERT_TRUE(sampler.accept(out(0, "a")));
    PtyMessage leap = out(0, "b");
    leap.stamp.us = 200'000'000'000;
    EXPECT_EQ(sampler.accept(leap).error().code, Code::protocol);
    leap.stamp.us = ~std::uint64_t{0};
    EXPECT_EQ(sampler.accept(leap).error().code, Code::protocol);
}

TEST(Sampler, TimeNeverRunsBackwards) {
    const auto pictures = film({out(0, "a"), out(500, "b"), out(100, "c"), exit(500)});
    EXPECT_EQ(pictures.size(), 6U);
    EXPECT_EQ(first_lines(pictures).back(), "abc");
}

TEST(Sampler, RefusesEventsAfterTheExit) {
    Sampler sampler({30, false});
    ASSERT_TRUE(sampler.accept(exit(0)));
    EXPECT_FALSE(sampler.accept(out(0, "x")));
}

}  // namespace
}  // namespace jetway::parser
