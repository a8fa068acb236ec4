// Which instance an address leads to, which way, and what a person is told when there is none.
#include "routing/choice.hpp"

#include <gtest/gtest.h>

#include "routing/exchange.hpp"

namespace jetway::routing {
namespace {

using namespace std::chrono_literals;
using Names = std::vector<std::string>;

Names way(Exchange& mesh, const std::string& from, const std::string& address) {
    const auto choice = mesh.at(from).resolve(mesh.now(), address);
    return choice ? choice->machines : Names{choice.error().line()};
}

Error error(Exchange& mesh, const std::string& from, const std::string& address) {
    const auto choice = mesh.at(from).resolve(mesh.now(), address);
    EXPECT_FALSE(choice) << address << " was found";
    return choice ? Error() : choice.error();
}

LinkId serve(Exchange& mesh, const std::string& machine, const std::string& service) {
    const LinkId link = mesh.attach(machine, "process");
    mesh.offer(machine, service, link);
    return link;
}

/// a - b - c, with `echo` on b and c and `gpu` on c.
struct Trio : Exchange {
    Trio() {
        for (const char* machine : {"a", "b", "c"}) add(machine);
        connect("a", "b");
        connect("b", "c");
        serve(*this, "b", "echo");
        serve(*this, "c", "echo");
        serve(*this, "c", "gpu");
        run_for(1s);
    }
};

TEST(Choice, TheNearestInstanceIsTaken) {
    Trio mesh;
    EXPECT_EQ(way(mesh, "a", "echo"), (Names{"a", "b"}));
    EXPECT_EQ(way(mesh, "c", "echo"), Names{"c"});
    EXPECT_EQ(way(mesh, "a", "gpu"), (Names{"a", "b", "c"}));
}

TEST(Choice, AMachineMayBeAskedForByName) {
    Trio mesh;
    EXPECT_EQ(way(mesh, "a", "echo@c"), (Names{"a", "b", "c"}));
    EXPECT_EQ(way(mesh, "c", "echo@b"), (Names{"c", "b"}));
}

TEST(Choice, OfEquallyNearInstancesTheOldestIsTaken) {
    Trio mesh;
    const auto before = mesh.at("a").resolve(mesh.now(), "echo");
    serve(mesh, "b", "echo");
    mesh.run_for(100ms);
    const auto after = mesh.at("a").resolve(mesh.now(), "echo");
    EXPECT_EQ(before->instance, after->instance);
}

TEST(Choice, ALocalInstanceNamesItsLink) {
    Trio mesh;
    const LinkId link = serve(mesh, "a", "echo");
    const auto choice = mesh.at("a").resolve(mesh.now(), "echo");
    ASSERT_TRUE(choice);
    EXPECT_EQ(choice->local_link, link);
    EXPECT_EQ(choice->first_link, no_link);
    EXPECT_EQ(choice->cost, 0U);
}

TEST(Choice, WhatNobodyOffersIsNoServiceWithTheNearestName) {
    Trio mesh;
    const Error typo = error(mesh, "a", "gpuu");
    EXPECT_EQ(typo.code, Code::no_service);
    EXPECT_EQ(typo.detail, "nobody offers \"gpuu\"");
    EXPECT_EQ(typo.next, "did you mean \"gpu\"?");
    EXPECT_EQ(error(mesh, "a", "something-else").next, "jetway services");
}

TEST(Choice, WhatIsElsewhereIsNoInstanceAndSaysWhere) {
    Trio mesh;
    const Error elsewhere = error(mesh, "a", "gpu@b");
    EXPECT_EQ(elsewhere.code, Code::no_instance);
    EXPECT_EQ(elsewhere.detail, "b does not offer \"gpu\"");
    EXPECT_EQ(elsewhere.next, "it is on c");
    EXPECT_EQ(error(mesh, "a", "nothing@b").code, Code::no_service);
}

TEST(Choice, AnUnknownMachineIsNoInstanceWithTheNearestName) {
    Exchange mesh;
    mesh.add("machine-a");
    mesh.add("machine-b");
    mesh.connect("machine-a", "machine-b");
    serve(mesh, "machine-b", "echo");
    mesh.run_for(1s);
    const Error unknown = error(mesh, "machine-a", "echo@machine-bb");
    EXPECT_EQ(unknown.code, Code::no_instance);
    EXPECT_EQ(unknown.detail, "no machine is called \"machine-bb\"");
    EXPECT_EQ(unknown.next, "did you mean echo@machine-b?");
}

TEST(Choice, WhatIsNoAddressIsAMistakeOfTheCaller) {
    Trio mesh;
    EXPECT_EQ(error(mesh, "a", "").code, Code::usage);
    EXPECT_EQ(error(mesh, "a", "a|b").code, Code::usage);
    EXPECT_EQ(error(mesh, "a", "echo@").code, Code::usage);
}

TEST(Choice, ALostMachineIsNoRouteAndSaysSinceWhen) {
    Trio mesh;
    mesh.kill("c");
    mesh.run_for(41s);
    const Error lost = error(mesh, "a", "gpu");
    EXPECT_EQ(lost.code, Code::no_route);
    EXPECT_EQ(lost.detail, "cannot reach \"gpu\" on c from a, no path for 41 s");
    EXPECT_EQ(lost.evidence, "link b>c is dead");
    EXPECT_EQ(error(mesh, "a", "echo@c").code, Code::no_route);
    EXPECT_EQ(error(mesh, "a", "never-heard-of@c").code, Code::no_route);
    EXPECT_EQ(way(mesh, "a", "echo"), (Names{"a", "b"}));
}

TEST(Choice, ANamesakeThatCannotBeReachedDoesNotMatter) {
    Trio mesh;
    wire::NodeRecord namesake;
    namesake.set_router(99);
    namesake.set_epoch(1);
    namesake.set_sequence(1);
    namesake.set_machine("b");
    mesh.at("a").receive(mesh.now(), 0, {wire::FrameType::node, 0, wire::encode(namesake)});
    EXPECT_EQ(way(mesh, "a", "echo@b"), (Names{"a", "b"}));
}

TEST(Choice, AllReachableMachinesOfOneNameAreAmbiguous) {
    Exchange mesh;
    mesh.add("a");
    mesh.add("left");
    mesh.add("right");
    mesh.connect("a", "left");
    mesh.connect("a", "right");
    serve(mesh, "left", "echo");
    serve(mesh, "right", "echo");
    mesh.run_for(1s);
    // "right" says from now on that its name is "left".
    wire::NodeRecord renamed;
    renamed.set_router(3);
    renamed.set_epoch(mesh.at("right").options().epoch);
    renamed.set_sequence(1'000);
    renamed.set_machine("left");
    wire::Adjacency* adjacency = renamed.add_adjacencies();
    adjacency->set_peer(1);
    adjacency->set_peer_epoch(mesh.at("a").options().epoch);
    adjacency->set_cost(10);
    mesh.at("a").receive(mesh.now(), 0, {wire::FrameType::node, 0, wire::encode(renamed)});
    const Error both = error(mesh, "a", "echo@left");
    EXPECT_EQ(both.code, Code::ambiguous);
    EXPECT_EQ(both.detail, "2 machines are called \"left\"");
    EXPECT_EQ(both.next, "echo@#0000000000000002 or echo@#0000000000000003");
    EXPECT_EQ(mesh.at("a").resolve(mesh.now(), "echo@#0000000000000003")->egress, 3U);
    EXPECT_EQ(error(mesh, "a", "echo@#00").code, Code::ambiguous);
    EXPECT_EQ(error(mesh, "a", "echo@#9").detail, "no machine is called \"#9\"");
    EXPECT_TRUE(mesh.reaches("a", "echo"));
}

TEST(Choice, StreamsAreSpreadOverInstancesThatAreEquallyNear) {
    Exchange mesh;
    for (const char* machine : {"a", "b", "c", "d"}) mesh.add(machine);
    for (const char* machine : {"b", "c", "d"}) {
        mesh.connect("a", machine);
        serve(mesh, machine, "echo");
    }
    mesh.run_for(5s);
    const LinkId caller = mesh.attach("a", "caller");
    for (std::uint32_t i = 0; i < 30; ++i) {
        wire::Open open;
        open.set_destination("echo");
        mesh.say("a", caller, {wire::FrameType::open, 1 + 2 * i, wire::encode(open)});
        mesh.run_for(1ms);
    }
    std::map<LinkId, int> streams;
    for (const auto& stream : mesh.at("a").streams()) ++streams[stream.to];
    ASSERT_EQ(streams.size(), 3U);
    for (const auto& [link, count] : streams) EXPECT_NEAR(count, 10, 2) << link;
}

TEST(Choice, StreamsAreSpreadOverTheInstancesOfOneMachineToo) {
    Exchange mesh;
    mesh.add("a");
    mesh.add("b");
    mesh.connect("a", "b");
    std::map<LinkId, int> streams;
    for (int i = 0; i < 3; ++i) streams[serve(mesh, "b", "echo")] = 0;
    mesh.run_for(1s);
    const LinkId caller = mesh.attach("a", "caller");
    for (std::uint32_t i = 0; i < 30; ++i) {
        wire::Open open;
        open.set_destination("echo");
        mesh.say("a", caller, {wire::FrameType::open, 1 + 2 * i, wire::encode(open)});
        mesh.run_for(1ms);
    }
    for (const auto& stream : mesh.at("b").streams()) ++streams[stream.to];
    ASSERT_EQ(streams.size(), 3U);
    for (const auto& [link, count] : streams) EXPECT_NEAR(count, 10, 2) << link;
}

TEST(Choice, EachInstanceOfAMachineIsTriedOnce) {
    Exchange mesh;
    mesh.add("a");
    mesh.add("b");
    mesh.connect("a", "b");
    std::vector<LinkId> untried(3);
    for (LinkId& server : untried) server = serve(mesh, "b", "echo");
    mesh.run_for(1s);
    const LinkId caller = mesh.attach("a", "caller");
    wire::Open open;
    open.set_destination("echo");
    mesh.say("a", caller, {wire::FrameType::open, 1, wire::encode(open)});
    const Error gone(Code::no_instance, "gone");
    while (!untried.empty()) {
        EXPECT_TRUE(mesh.heard("a", caller).empty());
        mesh.run_for(10ms);
        const auto before = untried.size();
        std::erase_if(untried, [&](LinkId server) {
            const auto heard = mesh.heard("b", server);
            if (heard.empty()) return false;
            mesh.say("b", server,
                     {wire::FrameType::nack, heard[0].header.label,
                      wire::encode(wire::to_nack(gone, "b"))});
            return true;
        });
        ASSERT_EQ(untried.size(), before - 1);
    }
    mesh.run_for(10ms);
    EXPECT_EQ(mesh.heard("a", caller).size(), 1U);
}

TEST(Choice, AnInstanceThatDrainsIsTakenNoMore) {
    Exchange mesh;
    mesh.add("a");
    mesh.add("b");
    mesh.connect("a", "b");
    mesh.run_for(1s);
    routing::Names names;
    Catalogue services(names, 0);
    const auto say = [&](std::uint64_t instance, std::uint32_t flags) {
        wire::DirectoryOp op;
        op.mutable_record()->set_instance(instance);
        op.mutable_record()->set_service("echo");
        op.mutable_record()->set_flags(flags);
        services.write(mesh.at("b").options().epoch, op);
        const auto delta = *services.after(2, services.sequence() - 1);
        mesh.at("a").receive(mesh.now(), 0, {wire::FrameType::dir_delta, 0, wire::encode(delta)});
    };
    say(1, 0);
    say(2, 0);
    EXPECT_EQ(mesh.at("a").resolve(mesh.now(), "echo")->instance, 1U);
    say(1, service_draining);
    EXPECT_EQ(mesh.at("a").resolve(mesh.now(), "echo")->instance, 2U);
    say(2, service_draining);
    EXPECT_EQ(error(mesh, "a", "echo").detail,
              "every instance of \"echo\" that can be reached is draining");
    const auto rows = mesh.at("a").routes(mesh.now());
    ASSERT_EQ(rows.size(), 2U);
    EXPECT_EQ(rows[0].why_not, "draining");
    say(1, 0);
    EXPECT_EQ(mesh.at("a").resolve(mesh.now(), "echo")->instance, 1U);
}

TEST(Choice, AFartherInstanceIsLeftAloneHoweverBusyTheNearOneIs) {
    Trio mesh;
    const LinkId caller = mesh.attach("a", "caller");
    for (std::uint32_t i = 0; i < 20; ++i) {
        wire::Open open;
        open.set_destination("echo");
        mesh.say("a", caller, {wire::FrameType::open, 1 + 2 * i, wire::encode(open)});
        mesh.run_for(1ms);
    }
    EXPECT_EQ(mesh.at("b").streams().size(), 20U);
    EXPECT_TRUE(mesh.at("c").streams().empty());
}

/// a - b, and what b would tell of a line of machines behind it: 2 (b itself), 3, 4, ... each with
/// a service.
struct Line : Exchange {
    Line(RouterId last, std::uint32_t cost) {
        add("a");
        add("b");
        connect("a", "b");
        run_for(1s);
        for (RouterId router = 2; router <= last; ++router) tell(router, cost);
        run_for(50ms);
    }

private:
    std::uint64_t epoch(RouterId router) { return at(router == 1 ? "a" : "b").options().epoch; }
    void tell(RouterId router, std::uint32_t cost) {
        wire::NodeRecord record;
        record.set_router(router);
        record.set_epoch(epoch(router));
        record.set_sequence(1'000);
        record.set_machine("m" + std::to_string(router));
        for (const RouterId peer : {router - 1, router + 1}) {
            wire::Adjacency* adjacency = record.add_adjacencies();
            adjacency->set_peer(peer);
            adjacency->set_peer_epoch(epoch(peer));
            adjacency->set_cost(cost);
        }
        at("a").receive(now(), 0, {wire::FrameType::node, 0, wire::encode(record)});
        routing::Names names;
        Catalogue services(names, 0);
        wire::DirectoryOp op;
        op.mutable_record()->set_instance(1);
        op.mutable_record()->set_service("s" + std::to_string(router));
        services.write(epoch(router), op);
        at("a").receive(now(), 0,
                        {wire::FrameType::dir_delta, 0, wire::encode(*services.after(router, 0))});
    }
};

TEST(Choice, BeyondTheLongestRouteIsTooFar) {
    Line mesh(257, 10);
    EXPECT_EQ(way(mesh, "a", "s255").size(), wire::max_route);
    EXPECT_EQ(error(mesh, "a", "s256").code, Code::too_far);
    EXPECT_EQ(error(mesh, "a", "s256").detail, "m256 is 255 hops away, the limit is 254");
}

TEST(Choice, ACostThatIsTheHighestThereIsIsStillACandidate) {
    Line mesh(300, wire::max_cost);
    const LinkId caller = mesh.attach("a", "caller");
    wire::Open open;
    open.set_destination("s290");
    mesh.say("a", caller, {wire::FrameType::open, 1, wire::encode(open)});
    const auto heard = mesh.heard("a", caller);
    ASSERT_EQ(heard.size(), 1U);
    const auto nack = wire::decode<wire::Nack>(heard[0].body.bytes());
    ASSERT_TRUE(nack);
    EXPECT_EQ(static_cast<Code>(nack->code()), Code::too_far);
}

TEST(Choice, ASuspectLinkIsAvoidedWhileThereIsAnotherWay) {
    Exchange mesh;
    for (const char* machine : {"a", "b", "c"}) mesh.add(machine);
    const auto direct = mesh.connect("a", "c");
    mesh.connect("a", "b");
    const auto second = mesh.connect("b", "c");
    serve(mesh, "c", "echo");
    mesh.run_for(1s);
    ASSERT_EQ(way(mesh, "a", "echo"), (Names{"a", "c"}));
    mesh.silence(direct);
    mesh.run_for(250ms);
    EXPECT_EQ(way(mesh, "a", "echo"), (Names{"a", "b", "c"}));
    mesh.cut(second);
    mesh.run_for(50ms);
    EXPECT_EQ(way(mesh, "a", "echo"), (Names{"a", "c"}));  // doubt is better than nothing
}

TEST(Choice, AReportedLinkIsAvoidedForTwoSeconds) {
    Exchange mesh;
    for (const char* machine : {"a", "b", "c", "d"}) mesh.add(machine);
    mesh.connect("a", "b");
    mesh.connect("b", "c");
    mesh.connect("a", "d", {}, 2ms);
    mesh.connect("d", "c", {}, 2ms);
    serve(mesh, "c", "echo");
    mesh.run_for(5s);
    ASSERT_EQ(way(mesh, "a", "echo"), (Names{"a", "b", "c"}));
    const LinkId caller = mesh.attach("a", "call");
    wire::Open open;
    open.set_destination("echo");
    mesh.say("a", caller, {wire::FrameType::open, 1, wire::encode(open)});
    wire::Nack nack = wire::to_nack(Error(Code::no_route, "no"), "b");
    nack.add_failed()->set_from(2);
    nack.mutable_failed(0)->set_to(3);
    mesh.at("a").receive(mesh.now(), 0, {wire::FrameType::nack, 1, wire::encode(nack)});
    EXPECT_EQ(way(mesh, "a", "echo"), (Names{"a", "d", "c"}));
    mesh.run_for(1900ms);
    EXPECT_EQ(way(mesh, "a", "echo"), (Names{"a", "d", "c"}));
    mesh.run_for(200ms);
    EXPECT_EQ(way(mesh, "a", "echo"), (Names{"a", "b", "c"}));
}

TEST(Choice, DurationsAreForPeople) {
    EXPECT_EQ(duration_text(400ms), "0.4 s");
    EXPECT_EQ(duration_text(41s), "41 s");
    EXPECT_EQ(duration_text(12min), "12 min");
}

}  // namespace
}  // namespace jetway::routing
