// A few cores wired in memory: links, the map, names, streams. What the parts promise together.
#include "routing/core.hpp"

#include <gtest/gtest.h>

#include "routing/exchange.hpp"

namespace jetway::routing {
namespace {

using namespace std::chrono_literals;
using wire::FrameType;

std::vector<std::string> reachable(Exchange& mesh, const std::string& machine) {
    std::vector<std::string> result;
    for (const MachineRow& row : mesh.at(machine).machines(mesh.now())) {
        if (row.reachable) result.push_back(row.machine);
    }
    std::ranges::sort(result);
    return result;
}

std::string state_of(Core& core) {
    const auto rows = core.links();
    return rows.empty() ? "none" : rows.front().state;
}

std::vector<std::string> way(Exchange& mesh, const std::string& from, const std::string& address) {
    const auto choice = mesh.at(from).resolve(mesh.now(), address);
    return choice ? choice->machines : std::vector<std::string>{choice.error().line()};
}

using Names = std::vector<std::string>;

/// a - b - c - d, each dialled by the one before.
void line(Exchange& mesh, const Names& machines) {
    for (const std::string& machine : machines) mesh.add(machine);
    for (std::size_t i = 0; i + 1 < machines.size(); ++i) {
        mesh.connect(machines[i], machines[i + 1]);
    }
}

wire::Frame open_frame(std::uint32_t label, const std::string& destination, bool probe = false) {
    wire::Open open;
    open.set_destination(destination);
    open.set_probe(probe);
    open.set_first_window(wire::first_window);
    return {FrameType::open, label, wire::encode(open)};
}

template <typename T>
T body_of(const wire::Frame& frame) {
    auto body = wire::decode<T>(frame.body.bytes());
    EXPECT_TRUE(body.has_value());
    return body ? *body : T();
}

wire::Nack refusal(Exchange& mesh, const std::string& machine, const std::string& destination,
                   bool probe = false) {
    const LinkId caller = mesh.attach(machine, "caller");
    mesh.say(machine, caller, open_frame(1, destination, probe));
    mesh.run_for(100ms);
    const auto heard = mesh.heard(machine, caller);
    if (heard.empty() || !heard.front().header.is(FrameType::nack)) {
        ADD_FAILURE() << "no refusal";
        return {};
    }
    return body_of<wire::Nack>(heard.front());
}

// ---- links

TEST(Core, TwoMachinesBringTheirLinkUpAndSeeEachOther) {
    Exchange mesh;
    line(mesh, {"a", "b"});
    EXPECT_EQ(state_of(mesh.at("a")), "handshake");
    mesh.run_for(500ms);
    EXPECT_EQ(state_of(mesh.at("a")), "up");
    EXPECT_EQ(state_of(mesh.at("b")), "up");
    EXPECT_EQ(reachable(mesh, "a"), (Names{"a", "b"}));
    EXPECT_EQ(reachable(mesh, "b"), (Names{"a", "b"}));
    EXPECT_EQ(mesh.at("a").digest(), mesh.at("b").digest());
}

TEST(Core, AnIdleLinkStaysUp) {
    Exchange mesh;
    line(mesh, {"a", "b"});
    mesh.run_for(60s);
    EXPECT_EQ(mesh.count("a", Event::Kind::link_down), 0U);
    EXPECT_EQ(mesh.count("a", Event::Kind::link_up), 1U);
    const LinkRow row = mesh.at("a").links().front();
    ASSERT_TRUE(row.round_trip.has_value());
    EXPECT_EQ(*row.round_trip, 400us);
}

TEST(Core, AQuietMeshSaysNothingButHeartbeats) {
    Exchange mesh;
    line(mesh, {"a", "b", "c", "d"});
    mesh.connect("d", "a");
    mesh.run_for(30s);
    const std::uint64_t before = mesh.told();
    mesh.run_for(60s);
    EXPECT_EQ(mesh.told(), before);
    EXPECT_EQ(mesh.at("a").digest(), mesh.at("c").digest());
}

TEST(Core, ASilentLinkIsSuspectAfterTwoIntervalsAndDeadAfterFour) {
    Exchange mesh;
    line(mesh, {"a", "b"});
    mesh.run_for(1s);
    mesh.silence(0);
    mesh.run_for(250ms);
    EXPECT_EQ(state_of(mesh.at("a")), "suspect");
    EXPECT_EQ(mesh.count("a", Event::Kind::link_down), 0U);
    mesh.run_for(200ms);
    EXPECT_EQ(mesh.count("a", Event::Kind::link_down), 1U);
    EXPECT_EQ(mesh.closed("a").back().code, Code::timeout);
    EXPECT_EQ(reachable(mesh, "a"), Names{"a"});
}

TEST(Core, ASuspectLinkThatSpeaksAgainIsUpAgain) {
    Exchange mesh;
    line(mesh, {"a", "b"});
    mesh.run_for(1s);
    mesh.silence(0);
    mesh.run_for(250ms);
    mesh.restore(0);
    mesh.run_for(150ms);
    EXPECT_EQ(state_of(mesh.at("a")), "up");
    mesh.run_for(2s);
    EXPECT_EQ(mesh.count("a", Event::Kind::link_down), 0U);
}

TEST(Core, MachinesOfOtherMeshesAreRefusedWithTheReason) {
    Exchange mesh;
    mesh.add("a");
    mesh.add("b", [](Options& options) { options.mesh = "office"; });
    mesh.connect("a", "b");
    mesh.run_for(100ms);
    ASSERT_FALSE(mesh.closed("a").empty());
    EXPECT_EQ(mesh.closed("a").front().code, Code::wrong_mesh);
    ASSERT_FALSE(mesh.closed("b").empty());
    EXPECT_EQ(mesh.closed("b").front().code, Code::wrong_mesh);
}

TEST(Core, AMachineThatDialsItselfIsTold) {
    Exchange mesh;
    mesh.add("a");
    mesh.connect("a", "a");
    mesh.run_for(100ms);
    ASSERT_FALSE(mesh.closed("a").empty());
    EXPECT_EQ(mesh.closed("a").front().detail, "the link leads back to this machine");
}

TEST(Core, AnotherMachineWithOurRouterIdIsRefused) {
    Exchange mesh;
    mesh.add("a");
    mesh.add("b", [](Options& options) { options.router = 1; });
    mesh.connect("a", "b");
    mesh.run_for(100ms);
    ASSERT_FALSE(mesh.closed("a").empty());
    EXPECT_EQ(mesh.closed("a").front().code, Code::ambiguous);
}

TEST(Core, WhenBothSidesDialOneLinkIsKeptAndBothAgreeOnIt) {
    for (const bool smaller_first : {true, false}) {
        Exchange mesh;
        mesh.add("a");
        mesh.add("b");
        const auto first = smaller_first ? mesh.connect("a", "b") : mesh.connect("b", "a");
        const auto second = smaller_first ? mesh.connect("b", "a") : mesh.connect("a", "b");
        mesh.run_for(1s);
        EXPECT_NE(mesh.is_open(first), mesh.is_open(second));
        EXPECT_EQ(mesh.at("a").links().size(), 1U);
        EXPECT_EQ(mesh.at("b").links().size(), 1U);
        EXPECT_EQ(mesh.closed("a").back().code, Code::replaced);
        EXPECT_EQ(mesh.closed("b").back().code, Code::replaced);
        EXPECT_EQ(reachable(mesh, "b"), (Names{"a", "b"}));
    }
}

TEST(Core, ALateSecondLinkGivesWayToTheOneThatIsUp) {
    Exchange mesh;
    mesh.add("a");
    mesh.add("b");
    const auto kept = mesh.connect("b", "a");
    mesh.run_for(1s);
    const auto late = mesh.connect("a", "b");
    mesh.run_for(1s);
    EXPECT_TRUE(mesh.is_open(kept));
    EXPECT_FALSE(mesh.is_open(late));
    EXPECT_EQ(mesh.count("b", Event::Kind::link_down), 0U);
}

TEST(Core, ASecondLinkReplacesOneThatIsSuspect) {
    Exchange mesh;
    mesh.add("a");
    mesh.add("b");
    const auto mute = mesh.connect("b", "a");
    mesh.run_for(1s);
    mesh.silence(mute);
    mesh.run_for(250ms);
    const auto fresh = mesh.connect("b", "a");
    mesh.run_for(1s);
    EXPECT_FALSE(mesh.is_open(mute));
    EXPECT_TRUE(mesh.is_open(fresh));
    EXPECT_EQ(reachable(mesh, "a"), (Names{"a", "b"}));
}

TEST(Core, NamedLinksMayBeParallel) {
    Exchange mesh;
    mesh.add("a");
    mesh.add("b");
    const auto one = mesh.connect("a", "b");
    const auto two = mesh.connect("a", "b", "backup");
    mesh.run_for(1s);
    EXPECT_TRUE(mesh.is_open(one));
    EXPECT_TRUE(mesh.is_open(two));
    mesh.cut(one);
    mesh.run_for(1s);
    EXPECT_EQ(reachable(mesh, "a"), (Names{"a", "b"}));
}

TEST(Core, ARestartedMachineTakesOverItsLinkAtOnce) {
    Exchange mesh;
    line(mesh, {"a", "b"});
    mesh.run_for(1s);
    mesh.silence(0);  // its death goes unnoticed
    mesh.restart("b");
    mesh.connect("b", "a");
    mesh.run_for(300ms);
    EXPECT_FALSE(mesh.is_open(0));
    EXPECT_EQ(reachable(mesh, "a"), (Names{"a", "b"}));
    EXPECT_EQ(mesh.closed("a").front().code, Code::peer_restarted);
}

TEST(Core, AMachineWhoseClockWentBackTakesANewerEpoch) {
    Exchange mesh;
    line(mesh, {"a", "b", "c"});
    mesh.run_for(1s);
    const std::uint64_t before = mesh.at("c").options().epoch;
    mesh.restart("c", 5);
    mesh.connect("b", "c");
    mesh.run_for(500ms);
    EXPECT_GT(mesh.at("c").options().epoch, before);
    mesh.connect("b", "c");
    mesh.run_for(3s);
    EXPECT_EQ(reachable(mesh, "a"), (Names{"a", "b", "c"}));
    EXPECT_EQ(mesh.at("a").digest(), mesh.at("c").digest());
}

// ---- the map

TEST(Core, EveryMachineOfALineSeesAllOthersAndTheWay) {
    Exchange mesh;
    line(mesh, {"a", "b", "c", "d"});
    mesh.run_for(2s);
    const LinkId server = mesh.attach("d", "server");
    mesh.offer("d", "echo", server);
    mesh.run_for(100ms);
    EXPECT_EQ(way(mesh, "a", "echo"), (Names{"a", "b", "c", "d"}));
    EXPECT_EQ(way(mesh, "c", "echo@d"), (Names{"c", "d"}));
    EXPECT_EQ(way(mesh, "d", "echo"), Names{"d"});
}

TEST(Core, ACutInARingIsRoutedAround) {
    Exchange mesh;
    line(mesh, {"a", "b", "c", "d"});
    mesh.connect("d", "a");
    mesh.run_for(2s);
    mesh.offer("d", "echo", mesh.attach("d", "server"));
    mesh.run_for(100ms);
    EXPECT_EQ(way(mesh, "a", "echo"), (Names{"a", "d"}));
    mesh.cut(3);
    mesh.run_for(50ms);
    EXPECT_EQ(way(mesh, "a", "echo"), (Names{"a", "b", "c", "d"}));
    mesh.cut(1);
    mesh.run_for(500ms);
    EXPECT_EQ(reachable(mesh, "a"), (Names{"a", "b"}));
    EXPECT_EQ(reachable(mesh, "d"), (Names{"c", "d"}));
}

TEST(Core, BothHalvesOfAHealedPartitionLearnWhatTheyMissed) {
    Exchange mesh;
    line(mesh, {"a", "b", "c", "d"});
    mesh.run_for(2s);
    mesh.cut(1);
    mesh.run_for(10s);
    mesh.offer("a", "left", mesh.attach("a", "x"));
    mesh.offer("d", "right", mesh.attach("d", "y"));
    mesh.run_for(10s);
    EXPECT_FALSE(mesh.reaches("a", "right"));
    mesh.connect("c", "b");
    mesh.run_for(2s);
    EXPECT_TRUE(mesh.reaches("a", "right"));
    EXPECT_TRUE(mesh.reaches("d", "left"));
    EXPECT_EQ(mesh.at("a").digest(), mesh.at("d").digest());
}

TEST(Core, AMachineForgottenByAllIsRememberedWhenItIsBack) {
    Exchange mesh;
    line(mesh, {"a", "b", "c"});
    mesh.offer("c", "echo", mesh.attach("c", "x"));
    mesh.run_for(2s);
    mesh.cut(1);
    mesh.run_for(std::chrono::minutes(20));
    EXPECT_EQ(mesh.at("a").resolve(mesh.now(), "echo").error().code, Code::no_service);
    mesh.connect("b", "c");
    mesh.run_for(2s);
    EXPECT_TRUE(mesh.reaches("a", "echo"));
    EXPECT_EQ(mesh.at("a").digest(), mesh.at("c").digest());
}

TEST(Core, TheFirstMeasurementOfALinkCountsAndNoiseDoesNot) {
    Exchange mesh;
    mesh.add("a");
    mesh.add("b");
    mesh.connect("a", "b", {}, 10ms);
    mesh.run_for(2s);
    EXPECT_GT(mesh.at("a").links().front().cost, 150U);
    EXPECT_LT(mesh.at("a").links().front().cost, 260U);
}

TEST(Core, TheCheaperWayWinsOverTheShorter) {
    Exchange mesh;
    mesh.add("a");
    mesh.add("b");
    mesh.add("c");
    mesh.connect("a", "c", {}, 20ms);
    mesh.connect("a", "b");
    mesh.connect("b", "c");
    mesh.offer("c", "echo", mesh.attach("c", "x"));
    mesh.run_for(5s);
    EXPECT_EQ(way(mesh, "a", "echo"), (Names{"a", "b", "c"}));
}

// ---- names

TEST(Core, ServicesAppearEverywhereAndDisappearAtOnce) {
    Exchange mesh;
    line(mesh, {"a", "b", "c"});
    mesh.run_for(1s);
    const auto instance = mesh.offer("c", "echo", mesh.attach("c", "x"));
    mesh.run_for(10ms);
    EXPECT_TRUE(mesh.reaches("a", "echo"));
    EXPECT_EQ(mesh.count("a", Event::Kind::service_added), 1U);
    mesh.withdraw("c", instance);
    mesh.run_for(1ms);
    EXPECT_EQ(mesh.at("a").resolve(mesh.now(), "echo").error().code, Code::no_service);
}

TEST(Core, ServicesOfAProcessThatDiesAreWithdrawn) {
    Exchange mesh;
    line(mesh, {"a", "b"});
    const LinkId process = mesh.attach("b", "x");
    mesh.offer("b", "echo", process);
    mesh.run_for(1s);
    mesh.at("b").remove_link(mesh.now(), process, Error(Code::closed, "killed"));
    mesh.run_for(10ms);
    EXPECT_EQ(mesh.at("a").resolve(mesh.now(), "echo").error().code, Code::no_service);
}

TEST(Core, ALateJoinerLearnsALargeCatalogueAsAWhole) {
    Exchange mesh;
    line(mesh, {"a", "b"});
    const LinkId process = mesh.attach("a", "x");
    for (int i = 0; i < 3'000; ++i) {
        mesh.at("a").offer(mesh.now(), {"service-" + std::to_string(i), 0, {}, {}, {}, process});
    }
    mesh.run_for(1s);
    mesh.add("c");
    mesh.connect("c", "b");
    mesh.run_for(2s);
    EXPECT_TRUE(mesh.reaches("c", "service-0"));
    EXPECT_TRUE(mesh.reaches("c", "service-2999"));
    EXPECT_EQ(mesh.at("a").digest(), mesh.at("c").digest());
}

TEST(Core, AHiddenServiceIsReachedByNameAndNotListed) {
    Exchange mesh;
    line(mesh, {"a", "b"});
    mesh.run_for(1s);
    mesh.offer("b", "answer-17", mesh.attach("b", "call"), true);
    mesh.run_for(100ms);
    EXPECT_TRUE(mesh.reaches("a", "answer-17"));
    EXPECT_TRUE(mesh.at("a").routes(mesh.now()).empty());
}

TEST(Core, RoutesListTheBestInstanceFirstAndSayWhyNotTheOthers) {
    Exchange mesh;
    line(mesh, {"a", "b", "c"});
    mesh.run_for(1s);
    mesh.offer("b", "echo", mesh.attach("b", "x"));
    mesh.offer("c", "echo", mesh.attach("c", "x"));
    mesh.run_for(100ms);
    const auto rows = mesh.at("a").routes(mesh.now());
    ASSERT_EQ(rows.size(), 2U);
    EXPECT_EQ(rows[0].machine, "b");
    EXPECT_TRUE(rows[0].best);
    EXPECT_EQ(rows[0].hops, 1U);
    EXPECT_EQ(rows[0].terminal, "to-b");
    EXPECT_EQ(rows[1].machine, "c");
    EXPECT_FALSE(rows[1].best);
    EXPECT_EQ(rows[1].path, (Names{"a", "b", "c"}));
    EXPECT_EQ(rows[1].why_not, "costs 13 more");
}

// ---- streams

TEST(Core, AStreamCrossesThreeMachinesAndComesBack) {
    Exchange mesh;
    line(mesh, {"a", "b", "c"});
    const LinkId server = mesh.attach("c", "server");
    const auto instance = mesh.offer("c", "echo", server);
    mesh.run_for(1s);
    const LinkId caller = mesh.attach("a", "call");
    mesh.say("a", caller, open_frame(1, "echo"));
    mesh.say("a", caller, {FrameType::data, 1, Buffer::copy_of("hello"), wire::flag::fin});
    mesh.run_for(10ms);

    const auto at_server = mesh.heard("c", server);
    ASSERT_EQ(at_server.size(), 2U);
    const auto open = body_of<wire::Open>(at_server[0]);
    EXPECT_EQ(open.source(), "call@a");
    EXPECT_EQ(open.originator(), "call@a");
    EXPECT_EQ(open.instance(), instance);
    EXPECT_EQ(open.attempt(), 1U);
    EXPECT_EQ(open.id().router(), 1U);
    EXPECT_EQ(open.route_size(), 3);
    EXPECT_EQ(open.position(), 2U);
    EXPECT_EQ(open.hop_limit(), wire::hop_limit - 2);
    EXPECT_EQ(at_server[1].body.text(), "hello");

    const std::uint32_t label = at_server[0].header.label;
    mesh.say("c", server, {FrameType::opened, label, wire::encode(wire::Opened())});
    mesh.run_for(10ms);
    const auto at_caller = mesh.heard("a", caller);
    ASSERT_FALSE(at_caller.empty());
    const auto opened = body_of<wire::Opened>(at_caller[0]);
    EXPECT_EQ(opened.machine(), "c");
    EXPECT_EQ(opened.service(), "echo");
    ASSERT_EQ(opened.route_size(), 3);
    EXPECT_EQ(opened.route(1), "b");
}

TEST(Core, APersonMayNotSpeakForAnotherMachine) {
    Exchange mesh;
    line(mesh, {"a", "b"});
    const LinkId server = mesh.attach("b", "server");
    mesh.offer("b", "echo", server);
    mesh.run_for(1s);
    wire::Open open;
    open.set_destination("echo");
    open.set_source("pty-server@b");
    mesh.say("a", mesh.attach("a", "x"), {FrameType::open, 1, wire::encode(open)});
    mesh.run_for(10ms);
    const auto heard = mesh.heard("b", server);
    ASSERT_FALSE(heard.empty());
    EXPECT_EQ(body_of<wire::Open>(heard[0]).source(), "pty-server@a");
}

TEST(Core, AStreamStaysOnTheMachineWhenItsServiceIsThere) {
    Exchange mesh;
    mesh.add("a");
    const LinkId server = mesh.attach("a", "server");
    mesh.offer("a", "echo", server);
    mesh.say("a", mesh.attach("a", "call"), open_frame(1, "echo@a"));
    const auto heard = mesh.heard("a", server);
    ASSERT_EQ(heard.size(), 1U);
    EXPECT_TRUE(heard[0].header.is(FrameType::open));
}

TEST(Core, AProbeIsAnsweredByTheEgressWithTheWay) {
    Exchange mesh;
    line(mesh, {"a", "b", "c"});
    const LinkId server = mesh.attach("c", "server");
    mesh.offer("c", "echo", server);
    mesh.run_for(1s);
    const wire::Nack answer = refusal(mesh, "a", "echo", true);
    EXPECT_EQ(answer.code(), static_cast<std::uint32_t>(Code::cancelled));
    EXPECT_EQ(answer.machine(), "c");
    EXPECT_EQ(answer.evidence(), "a > b > c");
    EXPECT_TRUE(mesh.heard("c", server).empty());
}

TEST(Core, AnUnknownServiceIsRefusedWithTheNearestName) {
    Exchange mesh;
    line(mesh, {"a", "b"});
    mesh.offer("b", "gpu-server", mesh.attach("b", "x"));
    mesh.run_for(1s);
    const wire::Nack nack = refusal(mesh, "a", "gpu-sever");
    EXPECT_EQ(nack.code(), static_cast<std::uint32_t>(Code::no_service));
    EXPECT_EQ(nack.machine(), "a");
    EXPECT_EQ(nack.next(), "did you mean \"gpu-server\"?");
}

TEST(Core, AServiceOfANamedMachineIsFoundBeforeTheNewsOfIt) {
    Exchange mesh;
    line(mesh, {"a", "b"});
    mesh.run_for(1s);
    const LinkId server = mesh.attach("b", "server");
    const LinkId caller = mesh.attach("a", "call");
    mesh.offer("b", "fresh", server);
    ASSERT_FALSE(mesh.reaches("a", "fresh@b")) << "a has not heard yet";
    mesh.say("a", caller, open_frame(1, "fresh@b"));
    mesh.run_for(10ms);
    EXPECT_FALSE(mesh.heard("b", server).empty());
}

TEST(Core, WhatANamedMachineDoesNotOfferItSaysItself) {
    Exchange mesh;
    line(mesh, {"a", "b"});
    mesh.offer("b", "echo", mesh.attach("b", "server"));
    mesh.run_for(1s);
    const wire::Nack typo = refusal(mesh, "a", "ecko@b");
    EXPECT_EQ(static_cast<Code>(typo.code()), Code::no_service);
    EXPECT_EQ(typo.next(), "did you mean \"echo\"?");
    EXPECT_EQ(typo.machine(), "b");
}

TEST(Core, AServiceOfAKilledMachineIsNoRouteAndNamesIt) {
    Exchange mesh;
    line(mesh, {"a", "b", "c"});
    mesh.offer("c", "gpu-server", mesh.attach("c", "x"));
    mesh.run_for(1s);
    mesh.kill("c");
    mesh.run_for(3s);
    const auto choice = mesh.at("a").resolve(mesh.now(), "gpu-server");
    ASSERT_FALSE(choice);
    EXPECT_EQ(choice.error().code, Code::no_route);
    EXPECT_EQ(choice.error().detail, "cannot reach \"gpu-server\" on c from a, no path for 3.0 s");
    EXPECT_EQ(choice.error().evidence, "link b>c is dead");
    EXPECT_EQ(refusal(mesh, "a", "gpu-server@c").code(),
              static_cast<std::uint32_t>(Code::no_route));
}

/// a - b - c, and the long way a - d - c; `echo` is on c.
struct Detour : Exchange {
    Detour() {
        line(*this, {"a", "b", "c"});
        add("d");
        connect("a", "d", {}, 2ms);
        connect("d", "c", {}, 2ms);
        server = attach("c", "server");
        offer("c", "echo", server);
        run_for(5s);
        caller = attach("a", "caller");
    }
    LinkId server = no_link;
    LinkId caller = no_link;
};

std::string data_of(const std::vector<wire::Frame>& frames) {
    std::string text;
    for (const wire::Frame& frame : frames) {
        const Bytes bytes = frame.body.bytes();
        if (frame.header.is(FrameType::data)) text.append(bytes.begin(), bytes.end());
    }
    return text;
}

TEST(Core, RoutesListOtherWaysToAnInstance) {
    Detour mesh;
    const auto rows = mesh.at("a").routes(mesh.now());
    ASSERT_EQ(rows.size(), 2U);
    EXPECT_EQ(rows[0].path, (Names{"a", "b", "c"}));
    EXPECT_FALSE(rows[0].alternate);
    EXPECT_TRUE(rows[1].alternate);
    EXPECT_FALSE(rows[1].best);
    EXPECT_EQ(rows[1].path, (Names{"a", "d", "c"}));
    EXPECT_EQ(rows[1].terminal, "to-d");
    EXPECT_EQ(rows[1].instance, rows[0].instance);
    EXPECT_EQ(rows[1].why_not,
              "alternate, costs " + std::to_string(rows[1].cost - rows[0].cost) + " more");
}

TEST(Core, AnAlternateThatMeetsTheSameMachineSaysSo) {
    Exchange mesh;
    line(mesh, {"a", "b", "c"});
    mesh.add("d");
    mesh.connect("a", "d");
    mesh.connect("d", "b");
    mesh.offer("c", "echo", mesh.attach("c", "x"));
    mesh.run_for(5s);
    const auto rows = mesh.at("a").routes(mesh.now());
    ASSERT_EQ(rows.size(), 2U);
    EXPECT_EQ(rows[1].path, (Names{"a", "d", "b", "c"}));
    EXPECT_EQ(rows[1].why_not, "alternate, costs 13 more, by b too");
}

TEST(Core, AStreamThatMeetsADeadLinkGoesOnByAnotherWay) {
    Detour mesh;
    ASSERT_EQ(way(mesh, "a", "echo"), (Names{"a", "b", "c"}));
    mesh.cut(1);  // b and c know, a does not yet
    mesh.say("a", mesh.caller, open_frame(1, "echo"));
    mesh.run_for(20ms);
    const auto arrived = mesh.heard("c", mesh.server);
    ASSERT_EQ(arrived.size(), 1U);
    const auto open = body_of<wire::Open>(arrived[0]);
    EXPECT_EQ(open.generation(), 1U);
    ASSERT_EQ(open.failed_size(), 1);
    EXPECT_EQ(open.failed(0).from(), 2U);
    EXPECT_EQ(open.failed(0).to(), 3U);
    EXPECT_EQ(mesh.count("b", Event::Kind::stream_rerouted), 1U);

    const std::uint32_t label = arrived[0].header.label;
    mesh.say("c", mesh.server, {FrameType::opened, label, wire::encode(wire::Opened())});
    mesh.run_for(20ms);
    const auto heard = mesh.heard("a", mesh.caller);
    ASSERT_EQ(heard.size(), 1U);
    const auto opened = body_of<wire::Opened>(heard[0]);
    EXPECT_EQ(Names(opened.route().begin(), opened.route().end()),
              (Names{"a", "b", "a", "d", "c"}));
}

TEST(Core, AMachineWhoseLinkWentIsAvoidedUntilItSpeaks) {
    Exchange mesh;
    line(mesh, {"a", "b", "c"});
    mesh.add("e");
    mesh.add("d");
    mesh.connect("a", "e");
    mesh.connect("e", "b", {}, 20ms);  // e notices late, and its link to b looks cheap
    mesh.connect("e", "d", {}, 20ms);
    mesh.connect("d", "c", {}, 20ms);
    mesh.offer("c", "echo", mesh.attach("c", "server"));
    mesh.run_for(5s);
    ASSERT_EQ(way(mesh, "a", "echo"), (Names{"a", "b", "c"}));
    mesh.kill("b");
    mesh.run_for(1ms);
    EXPECT_EQ(way(mesh, "a", "echo"), (Names{"a", "e", "d", "c"}));
}

TEST(Core, AMachineWhoseLinkWentIsReachedByTheOnlyOtherWay) {
    Exchange mesh;
    line(mesh, {"a", "b", "c"});
    mesh.connect("a", "c");
    mesh.offer("b", "echo", mesh.attach("b", "server"));
    mesh.run_for(5s);
    mesh.cut(0);
    EXPECT_EQ(way(mesh, "a", "echo"), (Names{"a", "c", "b"}));
}

TEST(Core, AStreamThatMeetsADeadLinkAndHasNoOtherWayIsRefusedByThatHop) {
    Exchange mesh;
    line(mesh, {"a", "b", "c"});
    mesh.offer("c", "echo", mesh.attach("c", "x"));
    mesh.run_for(5s);
    const LinkId caller = mesh.attach("a", "call");
    mesh.cut(1);
    mesh.say("a", caller, open_frame(1, "echo"));
    mesh.run_for(600ms);
    const auto heard = mesh.heard("a", caller);
    ASSERT_EQ(heard.size(), 1U);
    const auto nack = body_of<wire::Nack>(heard[0]);
    EXPECT_EQ(nack.machine(), "b");
    EXPECT_EQ(nack.evidence(), "b: link b>c is dead");
}

TEST(Core, ARefusedStreamIsTriedByAnotherWayWithAllThatWasSent) {
    Detour mesh;
    mesh.silence(0);
    mesh.say("a", mesh.caller, open_frame(1, "echo"));
    mesh.say("a", mesh.caller, {FrameType::data, 1, Buffer::copy_of("hello")});
    wire::Nack nack = wire::to_nack(Error(Code::no_route, "no"), "b");
    nack.add_failed()->set_from(2);
    nack.mutable_failed(0)->set_to(3);
    mesh.at("a").receive(mesh.now(), 0, {FrameType::nack, 1, wire::encode(nack)});
    mesh.run_for(20ms);
    const auto arrived = mesh.heard("c", mesh.server);
    ASSERT_FALSE(arrived.empty());
    const auto open = body_of<wire::Open>(arrived[0]);
    EXPECT_EQ(open.attempt(), 2U);
    EXPECT_EQ(open.route_size(), 3);
    EXPECT_EQ(open.route(1), 4U);
    EXPECT_EQ(data_of(arrived), "hello");
    EXPECT_EQ(way(mesh, "a", "echo"), (Names{"a", "d", "c"}));
}

TEST(Core, AnotherInstanceIsTriedWhenOneRefusesBeforeItHeard) {
    Exchange mesh;
    line(mesh, {"a", "b", "c"});
    const LinkId server = mesh.attach("c", "server");
    mesh.offer("b", "echo", mesh.attach("b", "gone"));
    mesh.offer("c", "echo", server);
    mesh.run_for(1s);
    const LinkId caller = mesh.attach("a", "caller");
    mesh.silence(0);
    mesh.say("a", caller, open_frame(1, "echo"));
    mesh.restore(0);
    const wire::Nack nack = wire::to_nack(Error(Code::no_instance, "withdrawn"), "b");
    mesh.at("a").receive(mesh.now(), 0, {FrameType::nack, 1, wire::encode(nack)});
    mesh.run_for(10ms);
    EXPECT_EQ(mesh.heard("c", server).size(), 1U);
    EXPECT_TRUE(mesh.heard("a", caller).empty());
}

TEST(Core, AStreamWaitsForAMachineThatComesBack) {
    Exchange mesh;
    line(mesh, {"a", "b"});
    mesh.offer("b", "echo", mesh.attach("b", "server"));
    mesh.run_for(1s);
    mesh.kill("b");
    mesh.run_for(50ms);
    const LinkId caller = mesh.attach("a", "caller");
    mesh.say("a", caller, open_frame(1, "echo"));
    mesh.say("a", caller, {FrameType::data, 1, Buffer::copy_of("patience")});
    mesh.run_for(100ms);
    EXPECT_TRUE(mesh.heard("a", caller).empty());
    mesh.add("b");
    const LinkId server = mesh.attach("b", "server");
    mesh.offer("b", "echo", server);
    mesh.connect("a", "b");
    mesh.run_for(200ms);
    EXPECT_EQ(data_of(mesh.heard("b", server)), "patience");
}

TEST(Core, AStreamDoesNotWaitForWhatNeverWas) {
    Exchange mesh;
    line(mesh, {"a", "b"});
    mesh.run_for(1s);
    const LinkId caller = mesh.attach("a", "caller");
    mesh.say("a", caller, open_frame(1, "nothing"));
    EXPECT_EQ(mesh.heard("a", caller).size(), 1U);
}

TEST(Core, AStreamThatWaitsInVainIsRefusedAfterHalfASecond) {
    Exchange mesh;
    line(mesh, {"a", "b"});
    mesh.offer("b", "echo", mesh.attach("b", "server"));
    mesh.run_for(1s);
    mesh.kill("b");
    mesh.run_for(50ms);
    const LinkId caller = mesh.attach("a", "caller");
    mesh.say("a", caller, open_frame(1, "echo"));
    mesh.run_for(490ms);
    EXPECT_TRUE(mesh.heard("a", caller).empty());
    mesh.run_for(20ms);
    const auto heard = mesh.heard("a", caller);
    ASSERT_EQ(heard.size(), 1U);
    EXPECT_EQ(body_of<wire::Nack>(heard[0]).detail(),
              "cannot reach \"echo\" on b from a, no path for 0.5 s");
}

TEST(Core, AnOpenForAnEarlierLifeOfTheEgressIsRefused) {
    Exchange mesh;
    line(mesh, {"a", "b"});
    const LinkId server = mesh.attach("b", "x");
    mesh.offer("b", "echo", server);
    mesh.run_for(1s);
    const LinkId caller = mesh.attach("a", "call");
    wire::Open open;
    open.set_destination("echo");
    open.mutable_id()->set_router(7);
    open.set_egress(2);
    open.set_egress_epoch(3);
    open.add_route(1);
    open.add_route(2);
    open.set_position(1);
    open.set_hop_limit(10);
    // As if a had sent it: label 1 is a's to pick.
    mesh.at("b").receive(mesh.now(), 0, {FrameType::open, 1, wire::encode(open)});
    mesh.run_for(10ms);
    EXPECT_TRUE(mesh.heard("b", server).empty());
    EXPECT_EQ(mesh.at("b").counts().streams_refused, 1U);
    (void)caller;
}

TEST(Core, RoutesThatDoNotLeadThroughTheLinkAreRefused) {
    const auto counts_after = [](auto change) {
        Exchange mesh;
        line(mesh, {"a", "b", "c"});
        mesh.offer("c", "echo", mesh.attach("c", "x"));
        mesh.run_for(1s);
        wire::Open open;
        open.set_destination("echo");
        open.mutable_id()->set_router(1);
        open.set_egress(3);
        open.set_egress_epoch(mesh.at("c").options().epoch);
        for (const RouterId router : {1, 2, 3}) open.add_route(router);
        open.set_position(1);
        open.set_hop_limit(10);
        change(open);
        mesh.at("b").receive(mesh.now(), 0, {FrameType::open, 1, wire::encode(open)});
        mesh.run_for(10ms);
        return mesh.at("b").counts();
    };
    EXPECT_EQ(counts_after([](wire::Open&) {}).streams_opened, 1U);
    const auto refused = [&](auto change) { return counts_after(change).streams_refused == 1; };
    EXPECT_TRUE(refused([](wire::Open& open) { open.set_position(0); }));
    EXPECT_TRUE(refused([](wire::Open& open) { open.set_position(2); }));
    EXPECT_TRUE(refused([](wire::Open& open) { open.set_route(0, 9); }));
    EXPECT_TRUE(refused([](wire::Open& open) { open.set_egress(9); }));
    EXPECT_TRUE(refused([](wire::Open& open) { open.set_generation(4); }));
    EXPECT_TRUE(refused([](wire::Open& open) { open.set_hop_limit(1); }));
    EXPECT_TRUE(refused([](wire::Open& open) { open.set_route(2, 9), open.set_egress(9); }));
}

TEST(Core, AStreamWithoutAWayEndsAfterHalfAMinute) {
    Exchange mesh;
    line(mesh, {"a", "b", "c"});
    const LinkId server = mesh.attach("c", "server");
    mesh.offer("c", "echo", server);
    mesh.run_for(1s);
    const LinkId caller = mesh.attach("a", "call");
    mesh.say("a", caller, open_frame(1, "echo"));
    mesh.run_for(10ms);
    mesh.heard("c", server);
    mesh.cut(1);
    mesh.run_for(29s);
    EXPECT_TRUE(mesh.heard("a", caller).empty());
    EXPECT_TRUE(mesh.heard("c", server).empty());
    mesh.run_for(2s);
    const auto at_caller = mesh.heard("a", caller);
    ASSERT_EQ(at_caller.size(), 1U);
    ASSERT_TRUE(at_caller[0].header.is(FrameType::reset));
    const auto reason = wire::decode<wire::Reset>(at_caller[0].body.bytes());
    EXPECT_EQ(reason->code(), static_cast<std::uint32_t>(Code::no_route));
    mesh.run_for(5s);
    const auto at_server = mesh.heard("c", server);
    ASSERT_EQ(at_server.size(), 1U);
    EXPECT_TRUE(at_server[0].header.is(FrameType::reset));
}

// ---- static routes, leaving

TEST(Core, AStaticRouteWinsOverWhatWasLearned) {
    Exchange mesh;
    line(mesh, {"a", "b", "c"});
    mesh.connect("a", "c");
    mesh.offer("c", "echo", mesh.attach("c", "x"));
    mesh.offer("b", "echo", mesh.attach("b", "x"));
    mesh.run_for(2s);
    ASSERT_EQ(way(mesh, "a", "echo"), (Names{"a", "b"}));
    mesh.at("a").add_route(mesh.now(), "echo", "to-c", "c", 1);
    EXPECT_EQ(way(mesh, "a", "echo"), (Names{"a", "c"}));
    mesh.at("a").add_route(mesh.now(), "echo", "to-b", "c", 2);
    EXPECT_EQ(way(mesh, "a", "echo"), (Names{"a", "b", "c"}));
    const auto rows = mesh.at("a").routes(mesh.now());
    ASSERT_EQ(rows.size(), 3U);
    EXPECT_TRUE(rows[0].is_static);
    EXPECT_TRUE(rows[0].best);
    EXPECT_FALSE(rows[1].best);
    mesh.at("a").remove_route(mesh.now(), "echo");
    EXPECT_EQ(way(mesh, "a", "echo"), (Names{"a", "b"}));
}

TEST(Core, AStaticRouteWithoutALinkSaysSo) {
    Exchange mesh;
    mesh.add("a");
    mesh.at("a").add_route(mesh.now(), "echo", "to-b", "b", 1);
    const auto choice = mesh.at("a").resolve(mesh.now(), "echo");
    ASSERT_FALSE(choice);
    EXPECT_EQ(choice.error().code, Code::no_route);
}

TEST(Core, AMachineThatStopsSaysGoodbye) {
    Exchange mesh;
    line(mesh, {"a", "b", "c"});
    mesh.offer("c", "echo", mesh.attach("c", "x"));
    mesh.run_for(1s);
    mesh.at("c").shut_down(mesh.now());
    mesh.run_for(50ms);
    EXPECT_EQ(reachable(mesh, "a"), (Names{"a", "b"}));
    const auto choice = mesh.at("a").resolve(mesh.now(), "echo");
    ASSERT_FALSE(choice);
    EXPECT_EQ(choice.error().code, Code::no_route);
    EXPECT_EQ(choice.error().evidence, "c said goodbye");
    ASSERT_FALSE(mesh.closed("b").empty());
    EXPECT_EQ(mesh.closed("b").back().detail, "c is stopping");
}

// ---- hostile neighbours

TEST(Core, ANeighbourThatTellsTooMuchIsCutOffWithTheReason) {
    Exchange mesh;
    line(mesh, {"a", "b"});
    mesh.run_for(1s);
    wire::NodeRecord record;
    record.set_router(77);
    record.set_epoch(1);
    record.set_machine("x");
    for (std::uint64_t sequence = 1; sequence <= 5'000; ++sequence) {
        record.set_sequence(sequence);
        mesh.at("a").receive(mesh.now(), 0, {FrameType::node, 0, wire::encode(record)});
    }
    mesh.run_for(10ms);
    ASSERT_FALSE(mesh.closed("a").empty());
    EXPECT_EQ(mesh.closed("a").back().code, Code::pressure);
}

TEST(Core, FramesThatDoNotFitTheStateCloseTheLink) {
    const auto closes = [](wire::Frame frame, Duration after) {
        Exchange mesh;
        line(mesh, {"a", "b"});
        mesh.run_for(after);
        mesh.at("a").receive(mesh.now(), 0, std::move(frame));
        mesh.run_for(1ms);
        return !mesh.closed("a").empty() && mesh.closed("a").back().code == Code::protocol;
    };
    wire::Heartbeat heartbeat;
    EXPECT_TRUE(closes({FrameType::heartbeat, 0, wire::encode(heartbeat)}, 0ms));
    EXPECT_FALSE(closes({FrameType::heartbeat, 0, wire::encode(heartbeat)}, 1s));
    EXPECT_TRUE(closes({FrameType::sync_done, 0}, 1s));
    EXPECT_TRUE(closes({FrameType::hello, 0}, 0ms));
    EXPECT_TRUE(closes({FrameType::verdict, 0}, 1s));
    EXPECT_TRUE(closes({FrameType::node, 0, Buffer::copy_of("\xff")}, 1s));
    EXPECT_TRUE(closes({static_cast<FrameType>(99), 0}, 1s));
    EXPECT_FALSE(closes({static_cast<FrameType>(99 | wire::ignorable), 0}, 1s));
    EXPECT_TRUE(closes(open_frame(2, "echo"), 0ms));
}

TEST(Core, OnlyTwoWayLinksOfTheEpochsOfNowAreBelieved) {
    Exchange mesh;
    line(mesh, {"a", "b", "c"});
    mesh.run_for(1s);
    // A liar behind b invents a link to c: c does not list it.
    wire::NodeRecord record;
    record.set_router(77);
    record.set_epoch(1);
    record.set_sequence(1);
    record.set_machine("liar");
    wire::Adjacency* adjacency = record.add_adjacencies();
    adjacency->set_peer(3);
    adjacency->set_peer_epoch(mesh.at("c").options().epoch);
    adjacency->set_cost(1);
    mesh.at("b").receive(mesh.now(), 0, {FrameType::node, 0, wire::encode(record)});
    mesh.run_for(1s);
    EXPECT_EQ(reachable(mesh, "a"), (Names{"a", "b", "c"}));
    EXPECT_EQ(mesh.at("a").digest(), mesh.at("c").digest());
}

TEST(Core, ADifferenceThatNobodyNoticedIsFoundByComparingDigests) {
    Exchange mesh;
    line(mesh, {"a", "b", "c"});
    mesh.run_for(1s);
    mesh.silence(1);
    mesh.offer("c", "echo", mesh.attach("c", "x"));
    mesh.run_for(50ms);  // the announcement is lost, the link lives
    mesh.restore(1);
    mesh.run_for(1s);
    EXPECT_FALSE(mesh.reaches("a", "echo"));
    mesh.run_for(10s);
    EXPECT_TRUE(mesh.reaches("a", "echo"));
    EXPECT_EQ(mesh.at("a").digest(), mesh.at("c").digest());
}

}  // namespace
}  // namespace jetway::routing
