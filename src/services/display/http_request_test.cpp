#include "services/display/http_request.hpp"

#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

namespace jetway::display {
namespace {

using State = ParsedRequest::State;

int status_of(std::string_view bytes) {
    const ParsedRequest parsed = parse_request(bytes);
    if (parsed.state == State::incomplete) return 0;
    return parsed.state == State::whole ? 200 : parsed.status;
}

std::string get(const std::string& fields) {
    return "GET / HTTP/1.1\r\n" + fields + "\r\n";
}

TEST(HttpRequest, ABrowsersRequestIsTakenApart) {
    const std::string bytes =
        "GET /abc/drawn?viewer=1&revision=2 HTTP/1.1\r\nHost: 127.0.0.1:8080\r\nAccept: "
        "*/*\r\nUser-Agent: x y\r\n\r\n";
    const ParsedRequest parsed = parse_request(bytes + "GET /next");
    ASSERT_EQ(parsed.state, State::whole);
    EXPECT_EQ(parsed.length, bytes.size());
    EXPECT_EQ(parsed.request.path, "/abc/drawn");
    EXPECT_EQ(parsed.request.query, "viewer=1&revision=2");
    EXPECT_EQ(parsed.request.host, "127.0.0.1:8080");
    EXPECT_TRUE(parsed.request.keep_alive);
    EXPECT_EQ(query_value(parsed.request.query, "revision"), "2");
    EXPECT_EQ(query_value(parsed.request.query, "rev"), std::nullopt);
}

TEST(HttpRequest, NamesOfFieldsHaveNoCase) {
    const ParsedRequest parsed = parse_request(get("hOST:\t here \r\nCONNECTION: Close\r\n"));
    ASSERT_EQ(parsed.state, State::whole);
    EXPECT_EQ(parsed.request.host, "here");
    EXPECT_FALSE(parsed.request.keep_alive);
}

TEST(HttpRequest, WhatAPageDoesNotNeedIsRefused) {
    EXPECT_EQ(status_of("POST / HTTP/1.1\r\nHost: a\r\n\r\n"), 405);
    EXPECT_EQ(status_of("GET / HTTP/1.0\r\nHost: a\r\n\r\n"), 505);
    EXPECT_EQ(status_of("GET / HTTP/2\r\nHost: a\r\n\r\n"), 505);
    EXPECT_EQ(status_of("GET http://a/ HTTP/1.1\r\nHost: a\r\n\r\n"), 400);
    EXPECT_EQ(status_of("GET  / HTTP/1.1\r\nHost: a\r\n\r\n"), 400);
    EXPECT_EQ(status_of("GET /a b HTTP/1.1\r\nHost: a\r\n\r\n"), 400);
    EXPECT_EQ(status_of("GET / HTTP/1.1\nHost: a\n\n"), 0) << "a bare line feed ends nothing";
    EXPECT_EQ(status_of("\r\n\r\n"), 400);
    EXPECT_EQ(status_of("hello\r\n\r\n"), 400);
}

TEST(HttpRequest, FieldsThatCouldMeanTwoThingsAreRefused) {
    EXPECT_EQ(status_of(get("")), 400) << "no host";
    EXPECT_EQ(status_of(get("Host: a\r\nHost: b\r\n")), 400);
    EXPECT_EQ(status_of(get("Host: a\r\nContent-Length: 5\r\n")), 400);
    EXPECT_EQ(status_of(get("Host: a\r\nTransfer-Encoding: chunked\r\n")), 400);
    EXPECT_EQ(status_of(get("Host: a\r\n folded\r\n")), 400);
    EXPECT_EQ(status_of(get("Host : a\r\n")), 400);
    EXPECT_EQ(status_of(get("Host: a\nX: b\r\n")), 400);
    EXPECT_EQ(status_of(get(std::string("Host: a\0b\r\n", 11))), 400);
    EXPECT_EQ(status_of(get("Host: a\r\nContent-Length: 0\r\n")), 200);
}

TEST(HttpRequest, IsBounded) {
    EXPECT_EQ(status_of(std::string(most_head - 1, 'a')), 0);
    EXPECT_EQ(status_of(std::string(most_head, 'a')), 431);
    std::string fields = "Host: a\r\n";
    for (std::size_t i = 1; i < most_fields; ++i) fields += "X: y\r\n";
    EXPECT_EQ(status_of(get(fields)), 200);
    EXPECT_EQ(status_of(get(fields + "X: y\r\n")), 431);
}

RC_GTEST_PROP(HttpRequest, AnyBytesAreWholeIncompleteOrWrong, (const std::string& bytes)) {
    const ParsedRequest parsed = parse_request(bytes);
    if (parsed.state == State::whole) RC_ASSERT(parsed.length <= bytes.size());
}

TEST(HttpRequest, EveryPrefixOfARequestIsIncomplete) {
    const std::string bytes = get("Host: a\r\nAccept: */*\r\n");
    for (std::size_t length = 0; length < bytes.size(); ++length) {
        EXPECT_EQ(status_of(bytes.substr(0, length)), 0) << length;
    }
    EXPECT_EQ(status_of(bytes), 200);
}

}  // namespace
}  // namespace jetway::display
