#include "deployment/loopback_map.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "deployment/rules_for_tests.hpp"

namespace jetway::deployment {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

LoopbackMap mapped(const std::string& text) {
    return map_to_loopback(load(text, rules_for_tests()).deployment.value());
}

std::vector<std::string> listened(const LoopbackMap& map, std::string_view machine) {
    std::vector<std::string> result;
    for (const NetworkAddress& address : map.deployment.find(machine)->listen)
        result.push_back(address.text());
    return result;
}

std::vector<std::string> hosts(const LoopbackMap& map) {
    std::vector<std::string> result;
    result.reserve(map.hosts.size());
    for (const MappedHost& host : map.hosts) result.push_back(host.from + " -> " + host.to);
    return result;
}

TEST(LoopbackMap, KeepsTheLastThreeOctets) {
    const LoopbackMap map = mapped(example("seed.yml"));
    EXPECT_THAT(hosts(map), ElementsAre("10.0.0.1 -> 127.0.0.1", "10.0.0.2 -> 127.0.0.2",
                                        "10.0.0.3 -> 127.0.0.3"));
    EXPECT_THAT(listened(map, "machine-c"), ElementsAre("127.0.0.3:9001", "127.0.0.3:9002"));
    EXPECT_EQ(map.deployment.find("machine-b")->terminals[1].address->text(), "127.0.0.3:9002");
}

TEST(LoopbackMap, LoopbackAddressesAndUnixSocketsStay) {
    const LoopbackMap map =
        mapped("machines: { a: { listen: [127.0.0.9:1, \"[::1]:2\", \"unix:/x\"] } }");
    EXPECT_THAT(hosts(map), IsEmpty());
    EXPECT_THAT(listened(map, "a"), ElementsAre("127.0.0.9:1", "[::1]:2", "unix:/x"));
}

TEST(LoopbackMap, CollisionsMoveToTheNextFreeAddress) {
    const LoopbackMap map = mapped(
        "machines: { a: { listen: 127.0.0.3:1 }, b: { listen: 10.0.0.3:1 }, c: { listen: "
        "11.0.0.3:1 } }");
    EXPECT_THAT(hosts(map), ElementsAre("10.0.0.3 -> 127.0.0.4", "11.0.0.3 -> 127.0.0.5"));
}

TEST(LoopbackMap, AMachineThatListensEverywhereGetsWhatOthersDial) {
    const LoopbackMap map = mapped(
        "machines:\n"
        "  a: { terminals: [{ name: to-b, address: lab.local:9001 }] }\n"
        "  b: { listen: \":9001\", terminals: [{ name: to-c, address: 10.1.2.3:9001 }] }\n"
        "  c: { listen: \":9001\" }\n"
        "  d: { listen: \":9001\", terminals: [{ name: to-c, address: 10.1.2.3:9001 }] }\n");
    EXPECT_THAT(listened(map, "b"), ElementsAre("127.77.0.1:9001"));
    EXPECT_EQ(map.deployment.find("a")->terminals[0].address->text(), "127.77.0.1:9001");
    EXPECT_THAT(listened(map, "c"), ElementsAre("127.1.2.3:9001"));
    EXPECT_THAT(listened(map, "d"), ElementsAre("127.77.0.2:9001"));
}

TEST(LoopbackMap, ATranslatedAddressLeadsToTheMachineItself) {
    const LoopbackMap map = mapped(
        "machines:\n"
        "  a: { terminals: [{ name: to-b, address: 203.0.113.7:9001 }] }\n"
        "  b: { listen: [\"10.0.0.2:80\", \"10.0.0.2:9001\"] }\n");
    EXPECT_EQ(map.deployment.find("a")->terminals[0].address->text(), "127.0.0.2:9001");
}

TEST(LoopbackMap, NothingLeavesTheHostAfterwards) {
    const LoopbackMap map = mapped(example("hairpin/deployment.yml"));
    for (const Machine& machine : map.deployment.machines)
        EXPECT_THAT(unprotected(map.deployment, machine), IsEmpty());
}

}  // namespace
}  // namespace jetway::deployment
