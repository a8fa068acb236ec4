// Each way that changes is an event, and says what did it.
#include <gtest/gtest.h>

#include "routing/exchange.hpp"

namespace jetway::routing {
namespace {

using namespace std::chrono_literals;
using Kind = Event::Kind;
using Lines = std::vector<std::string>;

/// a - b - c, and the long way a - d - c.
struct Square : Exchange {
    Square() {
        for (const char* machine : {"a", "b", "c", "d"}) add(machine);
        connect("a", "b");
        connect("b", "c");
        connect("a", "d", {}, 2ms);
        connect("d", "c", {}, 2ms);
        run_for(15s);
        seen = events("a").size();
    }
    /// What a said of `kind` since it was all settled.
    Lines news(Kind kind) const {
        Lines lines;
        for (std::size_t i = seen; i < events("a").size(); ++i) {
            if (events("a")[i].kind == kind) lines.push_back(line_of(events("a")[i]));
        }
        return lines;
    }
    std::string cost(const std::string& from, const std::string& service) {
        return std::to_string(at(from).resolve(now(), service)->cost);
    }
    std::size_t seen = 0;
};

TEST(MapChange, APathAroundADeadLinkNamesTheLinkAndWhoSaysSo) {
    Square mesh;
    mesh.offer("c", "echo", mesh.attach("c", "x"));
    mesh.run_for(1s);
    const std::string before = mesh.cost("a", "echo");
    mesh.cut(1);
    mesh.run_for(1s);
    EXPECT_EQ(mesh.news(Kind::path_changed),
              (Lines{"path to c: a > d > c, cost " + mesh.cost("a", "echo") +
                     ", was a > b > c, cost " + before + " (link b>c is dead, says b)"}));
    EXPECT_EQ(mesh.news(Kind::machine_lost), Lines{});
}

TEST(MapChange, ALinkThatIsBackTakesThePathBack) {
    Square mesh;
    mesh.cut(1);
    mesh.run_for(1s);
    mesh.seen = mesh.events("a").size();
    mesh.connect("b", "c");
    mesh.run_for(1s);
    const Lines lines = mesh.news(Kind::path_changed);
    ASSERT_EQ(lines.size(), 1U);
    EXPECT_TRUE(lines[0].starts_with("path to c: a > b > c, cost ")) << lines[0];
    EXPECT_TRUE(lines[0].ends_with("(link b>c is up)")) << lines[0];
}

TEST(MapChange, ALinkOfOurOwnThatDiesMovesEveryPathOverIt) {
    Square mesh;
    mesh.cut(0);
    mesh.run_for(1s);
    EXPECT_EQ(mesh.news(Kind::link_down).size(), 1U);
    const Lines lines = mesh.news(Kind::path_changed);
    ASSERT_EQ(lines.size(), 2U);
    for (const std::string& line : lines) EXPECT_TRUE(line.ends_with("(link a>b is dead)")) << line;
}

TEST(MapChange, ALinkThatGetsDearIsTheCause) {
    Square mesh;
    mesh.delay(1, 40ms);
    mesh.run_for(60s);
    const Lines lines = mesh.news(Kind::path_changed);
    ASSERT_EQ(lines.size(), 1U);
    EXPECT_TRUE(lines[0].starts_with("path to c: a > d > c, cost ")) << lines[0];
    EXPECT_NE(lines[0].find("(link b>c costs "), std::string::npos) << lines[0];
    EXPECT_TRUE(lines[0].ends_with(" before)")) << lines[0];
}

TEST(MapChange, ALostMachineIsToldWithTheLinkThatLedToIt) {
    Square mesh;
    mesh.cut(3);
    mesh.run_for(1s);
    mesh.cut(1);
    mesh.run_for(1s);
    const Lines lines = mesh.news(Kind::machine_lost);
    ASSERT_EQ(lines.size(), 1U);
    EXPECT_TRUE(lines[0].starts_with("lost c: was a > b > c, cost ")) << lines[0];
    EXPECT_TRUE(lines[0].ends_with("(link b>c is dead, says b)")) << lines[0];
}

TEST(MapChange, AMachineThatLeavesIsSaidToHaveSaidGoodbye) {
    Square mesh;
    mesh.at("c").shut_down(mesh.now());
    mesh.run_for(1s);
    const Lines lines = mesh.news(Kind::machine_lost);
    ASSERT_EQ(lines.size(), 1U);
    EXPECT_TRUE(lines[0].ends_with("(c said goodbye)")) << lines[0];
}

TEST(MapChange, ManyAtOnceAreToldAsANumber) {
    Exchange mesh;
    mesh.add("a");
    mesh.add("b");
    const auto bridge = mesh.connect("a", "b");
    for (int i = 0; i < 20; ++i) {
        const std::string leaf = "leaf-" + std::to_string(i);
        mesh.add(leaf);
        mesh.connect("b", leaf);
    }
    mesh.run_for(5s);
    mesh.cut(bridge);
    mesh.run_for(1s);
    EXPECT_EQ(mesh.count("a", Kind::machine_lost), 17U);
    EXPECT_EQ(line_of(mesh.events("a").back()), "lost 5 more machines");
}

TEST(MapChange, ASilentLinkIsDoubtedAndTrustedAgain) {
    Square mesh;
    mesh.silence(0);
    mesh.run_for(250ms);  // the last word was up to 100 ms before
    EXPECT_EQ(mesh.news(Kind::link_doubted),
              (Lines{"link in doubt: b: nothing heard for two intervals"}));
    mesh.restore(0);
    mesh.run_for(300ms);
    EXPECT_EQ(mesh.news(Kind::link_trusted), (Lines{"link trusted again: b: it speaks again"}));
    EXPECT_EQ(mesh.news(Kind::path_changed), Lines{});
}

TEST(MapChange, StaticRoutesAreEvents) {
    Square mesh;
    mesh.at("a").add_route(mesh.now(), "echo", "to-d", "c", 2);
    mesh.at("a").remove_route(mesh.now(), "echo");
    mesh.run_for(1ms);
    EXPECT_EQ(mesh.news(Kind::route_added), (Lines{"static route: echo: by terminal to-d to c"}));
    EXPECT_EQ(mesh.news(Kind::route_removed), (Lines{"static route gone: echo"}));
}

TEST(MapChange, AMachineThatRestartsIsLostAndBackWithThatCause) {
    Square mesh;
    mesh.restart("b");
    mesh.run_for(10ms);
    mesh.connect("a", "b");
    mesh.run_for(1s);
    EXPECT_EQ(mesh.news(Kind::machine_lost).size(), 1U);
    const Lines back = mesh.news(Kind::machine_reachable);
    ASSERT_EQ(back.size(), 1U);
    EXPECT_TRUE(back[0].starts_with("reaches b: a > b, cost ")) << back[0];
    EXPECT_TRUE(back[0].ends_with("(link a>b is up)")) << back[0];
}

TEST(MapChange, AMachineWhoseClockWentBackSaysThatItTookANewerEpoch) {
    Exchange mesh;
    mesh.add("a");
    mesh.add("b");
    mesh.connect("a", "b");
    mesh.run_for(1s);
    mesh.restart("b", 1);
    mesh.connect("a", "b");
    mesh.run_for(5s);
    ASSERT_EQ(mesh.count("b", Kind::epoch_taken), 1U);
    const auto taken = std::ranges::find(mesh.events("b"), Kind::epoch_taken, &Event::kind);
    EXPECT_TRUE(line_of(*taken).starts_with("b: took the newer epoch ")) << line_of(*taken);
}

TEST(MapChange, ADrainedMachineOnTheWayIsTheCause) {
    Square mesh;
    mesh.at("b").drain(mesh.now());
    mesh.run_for(1s);
    const Lines lines = mesh.news(Kind::path_changed);
    ASSERT_EQ(lines.size(), 1U);
    EXPECT_TRUE(lines[0].starts_with("path to c: a > d > c, cost ")) << lines[0];
    EXPECT_TRUE(lines[0].ends_with("(b is draining)")) << lines[0];
}

TEST(MapChange, AQuietMeshHasNoEvents) {
    Square mesh;
    mesh.run_for(60s);
    EXPECT_EQ(mesh.events("a").size(), mesh.seen);
}

}  // namespace
}  // namespace jetway::routing
