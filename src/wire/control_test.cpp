#include "wire/control.hpp"

#include <gtest/gtest.h>

namespace jetway::wire {
namespace {

TEST(Control, AnOpenComesBackAsItWent) {
    Open open;
    open.set_destination("gpu-server@machine-c");
    open.mutable_id()->set_router(7);
    open.set_egress(9);
    open.add_route(7);
    open.add_route(9);
    *open.add_next() = parse_itinerary("mp4-encoder@machine-a | { c ; d }").value();
    const auto again = decode<Open>(encode(open).bytes());
    ASSERT_TRUE(again) << again.error().line();
    EXPECT_EQ(again->SerializeAsString(), open.SerializeAsString());
    EXPECT_EQ(to_text(again->next(0)), "mp4-encoder@machine-a | { c ; d }");
}

}  // namespace
}  // namespace jetway::wire
