#include "base/handle.hpp"

#include <gtest/gtest.h>

namespace jetway {
namespace {

TEST(Handle, UndoesOnceWhenItGoes) {
    int undone = 0;
    {
        const Handle handle([&undone] { ++undone; });
        EXPECT_EQ(undone, 0);
    }
    EXPECT_EQ(undone, 1);
}

TEST(Handle, UndoesOnceWhenReset) {
    int undone = 0;
    Handle handle([&undone] { ++undone; });
    EXPECT_TRUE(handle);
    handle.reset();
    handle.reset();
    EXPECT_FALSE(handle);
    EXPECT_EQ(undone, 1);
}

TEST(Handle, ReleasedUndoesNothing) {
    int undone = 0;
    {
        Handle handle([&undone] { ++undone; });
        handle.release();
    }
    EXPECT_EQ(undone, 0);
}

TEST(Handle, MovesTheDuty) {
    int first = 0;
    int second = 0;
    {
        Handle a([&first] { ++first; });
        Handle b([&second] { ++second; });
        b = std::move(a);
        EXPECT_EQ(second, 1);  // what b held before
        EXPECT_EQ(first, 0);
    }
    EXPECT_EQ(first, 1);
    EXPECT_EQ(second, 1);
}

TEST(Handle, MayBeResetFromInsideItsUndo) {
    int undone = 0;
    Handle handle;
    handle = Handle([&] {
        ++undone;
        handle.reset();
    });
    handle.reset();
    EXPECT_EQ(undone, 1);
}

}  // namespace
}  // namespace jetway
