#include <gtest/gtest.h>

#include "wire/control.hpp"

namespace jetway::wire {
namespace {

Error full() {
    return Error(Code::no_route, "cannot reach machine-c")
        .at("machine-b")
        .because("silent for 400 ms")
        .then("wait");
}

TEST(Failure, TravelsInANack) {
    const Nack nack = to_nack(full(), "machine-b");
    const auto read = decode<Nack>(encode(nack).bytes());
    ASSERT_TRUE(read);
    EXPECT_EQ(to_error(*read), full());
}

TEST(Failure, TravelsInAResetWithoutItsAdvice) {
    const auto read = decode<Reset>(encode(to_reset(full(), "machine-b")).bytes());
    ASSERT_TRUE(read);
    EXPECT_EQ(to_error(*read), Error(Code::no_route, "cannot reach machine-c").at("machine-b"));
}

TEST(Failure, IsNeverSuccess) {
    EXPECT_EQ(to_error(to_reset(Error(), "")).code, Code::cancelled);
    EXPECT_EQ(to_error(to_nack(Error(), "")).code, Code::cancelled);
}

TEST(Failure, OfALaterVersionKeepsItsNumber) {
    Nack nack;
    nack.set_code(999);
    const Error error = to_error(decode<Nack>(encode(nack).bytes()).value());
    EXPECT_EQ(static_cast<int>(error.code), 999);
    EXPECT_EQ(error.line(), "E-UNKNOWN");
}

TEST(Failure, TextThatIsNotFitForAPeerIsMadeSo) {
    Error error(Code::io, "open /tmp/\xFF\n: " + std::string(2000, 'x'));
    error.evidence = "\x1b[31m";
    error.next = std::string(2000, 'y');
    const auto nack = decode<Nack>(encode(to_nack(error, "")).bytes());
    ASSERT_TRUE(nack) << nack.error().line();
    EXPECT_EQ(nack->detail().size(), max_detail);
    EXPECT_EQ(nack->detail().substr(0, 14), "open /tmp/??: ");
    EXPECT_EQ(nack->evidence(), "?[31m");
    EXPECT_TRUE(decode<Reset>(encode(to_reset(error, "")).bytes()));
}

TEST(Failure, EncodingCleansTextSetByHand) {
    const std::string text = std::string(2000, 'x') + "\xFF";
    const auto survives = [&text](auto body) {
        body.set_detail(text);
        const auto read = decode<decltype(body)>(encode(body).bytes());
        EXPECT_TRUE(read) << read.error().line();
        EXPECT_EQ(body.detail(), text);  // the caller's is left alone
    };
    survives(Outcome());
    survives(Goaway());
    survives(Offered());
    Reset reset;
    reset.set_code(1);
    survives(reset);
    Attach attach;
    attach.set_version_min(1);
    attach.set_version_max(1);
    attach.set_process("evil\n" + text);
    EXPECT_TRUE(decode<Attach>(encode(attach).bytes()));
}

TEST(Failure, FromAPeerIsMadeFitForATerminal) {
    Reset reset;
    reset.set_code(3);
    reset.set_detail("clear \x1b[2J screen");
    EXPECT_EQ(to_error(reset).detail, "clear ?[2J screen");
}

TEST(Settings, TravelWhateverTheirValues) {
    Settings settings;
    settings.set("run", Settings::Values{"cat", "\xFF\n", ""});
    settings.set("fps", "30");
    settings.set("none", Settings::Values{});
    Open open;
    open.set_destination("cat");
    from_settings(settings, *open.mutable_settings());
    from_settings(settings, *open.mutable_settings());  // replaces
    const auto read = decode<Open>(encode(open).bytes());
    ASSERT_TRUE(read) << read.error().line();
    EXPECT_EQ(to_settings(read->settings()), settings);
}

}  // namespace
}  // namespace jetway::wire
