#include "deployment/address.hpp"

#include <gtest/gtest.h>

namespace jetway::deployment {
namespace {

TEST(Address, IsReadAndWrittenBackTheSame) {
    for (const std::string text : {"10.0.0.3:9001", "[::1]:9001", "[2001:db8::7]:1", ":9001",
                                   "lab.local:65535", "unix:/run/x.sock", "0.0.0.0:80"}) {
        const auto address = parse_network_address(text);
        ASSERT_TRUE(address.has_value()) << text;
        EXPECT_EQ(address->text(), text);
    }
}

TEST(Address, KnowsWhatStaysOnThisHost) {
    for (const std::string text :
         {"127.0.0.1:1", "127.200.3.4:1", "[::1]:1", "unix:/x", "localhost:1"}) {
        EXPECT_TRUE(parse_network_address(text)->is_loopback()) << text;
    }
    for (const std::string text :
         {"10.0.0.1:1", "128.0.0.1:1", "[::2]:1", ":1", "lab:1", "0.0.0.0:1"}) {
        EXPECT_FALSE(parse_network_address(text)->is_loopback()) << text;
    }
}

TEST(Address, KnowsWhatStandsForEveryAddress) {
    for (const std::string text : {":1", "0.0.0.0:1", "[::]:1"})
        EXPECT_TRUE(parse_network_address(text)->is_wildcard());
    for (const std::string text : {"127.0.0.1:1", "[::1]:1", "unix:/x", "lab:1"}) {
        EXPECT_FALSE(parse_network_address(text)->is_wildcard());
    }
}

TEST(Address, RefusesWhatIsNone) {
    for (const std::string text :
         {"", "10.0.0.3", "10.0.0.3:", "10.0.0.3:0", "10.0.0.3:65536", "10.0.0.3:90x", "10.0.0:1",
          "10.0.0.256:1", "::1:9001", "[::1:9001", "[nope]:1", "a b:1", "unix:relative",
          "unix:", "-x:1", "10.0.0.3: 9001"}) {
        const auto address = parse_network_address(text);
        ASSERT_FALSE(address.has_value()) << text;
        EXPECT_EQ(address.error().code, Code::bad_file) << text;
        EXPECT_FALSE(address.error().next.empty()) << text;
    }
    EXPECT_FALSE(parse_network_address("unix:/" + std::string(200, 'x')).has_value());
}

TEST(Address, NamesSchemesOfLaterVersions) {
    for (const std::string text :
         {"wss://10.0.0.3:9001", "ws:10.0.0.3:9001", "wss:lab.local:9001", "tls:[::1]:9001",
          "quic:10.0.0.3:9001", "tls:10.0.0.3", "http://lab.local/mesh"}) {
        const auto address = parse_network_address(text);
        ASSERT_FALSE(address.has_value()) << text;
        EXPECT_EQ(address.error().code, Code::unsupported) << text;
    }
}

TEST(Address, HostsMayBeCalledLikeSchemes) {
    for (const std::string text : {"ws:9001", "tls:9001", "quic.lab:9001"}) {
        const auto address = parse_network_address(text);
        ASSERT_TRUE(address.has_value()) << text;
        EXPECT_EQ(address->text(), text);
    }
}

}  // namespace
}  // namespace jetway::deployment
