#include "transport/shared_memory.hpp"

#include <cstdlib>
#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/mman.h>

#include "io/testing.hpp"
#include "wire/sharing.hpp"

namespace jetway::transport {
namespace {

constexpr std::size_t size = 64UL * 1024;
constexpr int all_seals = F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_SEAL | 0x0010;

io::Descriptor another(int descriptor) {
    return io::Descriptor(fcntl(descriptor, F_DUPFD_CLOEXEC, 3));
}

/// Memory as a peer might make it.
io::Descriptor made(std::size_t bytes, int seals, bool whole = true) {
    io::Descriptor memory(memfd_create("test", MFD_CLOEXEC | MFD_ALLOW_SEALING));
    EXPECT_EQ(ftruncate(memory.get(), static_cast<off_t>(bytes)), 0);
    if (whole && bytes != 0) {
        EXPECT_EQ(fallocate(memory.get(), 0, 0, static_cast<off_t>(bytes)), 0);
    }
    EXPECT_EQ(fcntl(memory.get(), F_ADD_SEALS, seals), 0);
    return memory;
}

Code refusal(io::Descriptor memory) {
    const auto adopted = SharedMemory::adopt(std::move(memory));
    return adopted ? Code::ok : adopted.error().code;
}

TEST(SharedMemoryTest, TwoMapTheSameBytes) {
    const auto ours = SharedMemory::make(size);
    ASSERT_TRUE(ours) << ours.error().line();
    const auto theirs = SharedMemory::adopt(another((*ours)->descriptor()));
    ASSERT_TRUE(theirs) << theirs.error().line();
    EXPECT_EQ((*theirs)->size(), size);
    const_cast<std::uint8_t*>((*ours)->bytes())[size - 1] = 7;
    EXPECT_EQ((*theirs)->bytes()[size - 1], 7);
    EXPECT_NE((*theirs)->serial(), (*ours)->serial());
}

TEST(SharedMemoryTest, NobodyElseMayWriteOrTakeItAway) {
    const auto ours = SharedMemory::make(size);
    ASSERT_TRUE(ours);
    const int descriptor = (*ours)->descriptor();
    EXPECT_EQ(mmap(nullptr, size, PROT_READ | PROT_WRITE, MAP_SHARED, descriptor, 0), MAP_FAILED);
    EXPECT_NE(ftruncate(descriptor, 0), 0);
    EXPECT_NE(pwrite(descriptor, "x", 1, 0), 1);
    EXPECT_NE(fallocate(descriptor, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, 0, 4096), 0);
    auto* const bytes = const_cast<std::uint8_t*>((*ours)->bytes());
    EXPECT_NE(madvise(bytes, 4096, MADV_REMOVE), 0);
}

TEST(SharedMemoryTest, WhatMayGoAwayIsNotTaken) {
    EXPECT_EQ(refusal(made(size, all_seals)), Code::ok);
    EXPECT_EQ(refusal(made(size, 0)), Code::protocol);
    EXPECT_EQ(refusal(made(size, F_SEAL_SHRINK)), Code::protocol) << "holes may be made";
    EXPECT_EQ(refusal(made(size, all_seals & ~F_SEAL_SHRINK)), Code::protocol);
    EXPECT_EQ(refusal(made(size, all_seals, false)), Code::protocol) << "pages are missing";
    EXPECT_EQ(refusal(made(0, all_seals)), Code::protocol);
    EXPECT_EQ(refusal(made(wire::max_arena + 4096, all_seals)), Code::protocol);
    EXPECT_EQ(refusal(io::Descriptor()), Code::protocol);
}

TEST(SharedMemoryTest, WhatIsNoMemoryIsNotTaken) {
    const io::TemporaryDirectory directory;
    const std::string path = directory / "file";
    io::Descriptor file(open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600));
    ASSERT_EQ(ftruncate(file.get(), size), 0);
    EXPECT_EQ(refusal(std::move(file)), Code::protocol);
    EXPECT_EQ(refusal(io::Descriptor(open("/dev/zero", O_RDWR | O_CLOEXEC))), Code::protocol);
    EXPECT_EQ(refusal(io::Descriptor(socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0))),
              Code::protocol);
}

}  // namespace
}  // namespace jetway::transport
