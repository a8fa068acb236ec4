#include "io/address.hpp"

#include <netinet/in.h>

#include "io/byte_stream.hpp"
#include "io/testing.hpp"

namespace jetway::io {
namespace {

TEST(AddressTest, AddressesAreWrittenAsPeopleWriteThem) {
    for (const char* text :
         {"10.0.0.3:9001", "[::1]:9001", "0.0.0.0:0", "127.0.0.1:65535", "unix:/tmp/a.sock"}) {
        const auto parsed = parse_socket_address(text);
        ASSERT_TRUE(parsed) << text;
        EXPECT_EQ(parsed->address.text(), text);
    }
}

TEST(AddressTest, AnEmptyHostIsAnyAndANameIsLeftToDial) {
    EXPECT_EQ(parse_socket_address(":9001")->host, AddressText::Host::any);
    const auto name = parse_socket_address("gpu.lab.local:9001");
    ASSERT_TRUE(name);
    EXPECT_EQ(name->host, AddressText::Host::name);
    EXPECT_EQ(name->name, "gpu.lab.local");
    EXPECT_EQ(name->port, 9001);
}

TEST(AddressTest, WhatIsWrongIsSaid) {
    const std::vector<std::pair<std::string, std::string>> cases{
        {"", "port is missing"},
        {"10.0.0.3", "port is missing"},
        {"[::1]", "port is missing"},
        {"10.0.0.3:", "not a number"},
        {"10.0.0.3:65536", "not a number"},
        {"10.0.0.3:-1", "not a number"},
        {"10.0.0.3:9001x", "not a number"},
        {"10.0.0.3:+9", "not a number"},
        {"10.0.0.256:9001", "not an IPv4 address"},
        {"10.0.3:9001", "not an IPv4 address"},
        {"::1:9001", "brackets"},
        {"[::1:9001", "brackets"},
        {"[::g]:9001", "brackets"},
        {"[]:9001", "brackets"},
        {"[:9001", "brackets"},
        {"a b:9001", "neither"},
        {"-a:9001", "neither"},
        {std::string(300, 'a') + ":9001", "neither"},
        {std::string("1.2.3.4\0x:9001", 14), "NUL"},
        {"unix:", "path is missing"},
        {"unix:/" + std::string(107, 'a'), "longer than 107"},
        {std::string("unix:/a\0b", 9), "NUL"},
    };
    for (const auto& [text, why] : cases) {
        const auto result = check_address(text);
        ASSERT_FALSE(result) << text;
        EXPECT_EQ(result.error().code, Code::usage);
        EXPECT_NE(result.error().detail.find(why), std::string::npos) << result.error().line();
    }
}

TEST(AddressTest, TheLongestPathThatFitsIsAccepted) {
    EXPECT_TRUE(check_address("unix:/" + std::string(106, 'a')));
}

TEST(AddressTest, LoopbackIs127Of8And1OfIpv6AndUnix) {
    for (const char* text :
         {"127.0.0.1:1", "127.255.3.4:1", "[::1]:1", "[::ffff:127.0.0.1]:1", "unix:/a"}) {
        EXPECT_TRUE(is_loopback(text)) << text;
    }
    for (const char* text : {"128.0.0.1:1", ":1", "0.0.0.0:1", "[::]:1", "[::2]:1", "localhost:1",
                             "[::ffff:1.2.3.4]:1", "x"}) {
        EXPECT_FALSE(is_loopback(text)) << text;
    }
}

TEST(AddressTest, AMappedAddressIsShownAsIpv4) {
    EXPECT_EQ(parse_socket_address("[::ffff:10.0.0.3]:9001")->address.text(), "10.0.0.3:9001");
}

TEST(AddressTest, AScopeIsANumberOrAnInterface) {
    const auto parsed = parse_socket_address("[fe80::1%lo]:9001");
    ASSERT_TRUE(parsed);
    EXPECT_NE(reinterpret_cast<const sockaddr_in6&>(parsed->address.storage).sin6_scope_id, 0U);
    EXPECT_TRUE(check_address("[fe80::1%1]:9001"));
    EXPECT_FALSE(check_address("[fe80::1%]:9001"));
    EXPECT_FALSE(check_address("[fe80::1%no-such-interface]:9001"));
}

}  // namespace
}  // namespace jetway::io
