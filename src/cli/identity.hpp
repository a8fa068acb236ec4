// Who a daemon is across restarts: its RouterId and its epoch, kept in the state folder of its
// machine, and the locks that keep a second daemon of the same machine away.
#pragma once

#include <cstdint>
#include <string>

#include "base/result.hpp"
#include "routing/types.hpp"

namespace jetway::cli {

/// A file that one process at a time holds (flock); it has the pid of the holder in it. Let go on
/// destruction, and by the system when the process dies.
class LockFile {
public:
    LockFile() = default;
    LockFile(LockFile&& other) noexcept;
    LockFile& operator=(LockFile&& other) noexcept;
    ~LockFile();

    /// E-ALREADY-RUNNING naming the pid that holds it; `what` begins the message: "machine lab of
    /// mesh home".
    static Result<LockFile> take(const std::string& path, const std::string& what);

private:
    explicit LockFile(int descriptor) : descriptor_(descriptor) {}
    int descriptor_ = -1;
};

struct Identity {
    routing::RouterId router = 0;
    std::uint64_t epoch = 0;  // larger than in every earlier run
    LockFile lock;
};

/// Reads, or makes on the first run, the identity kept in `folder`, which must exist.
/// E-ALREADY-RUNNING, E-IO.
Result<Identity> take_identity(const std::string& folder, const std::string& what);

}  // namespace jetway::cli
