// What a recording needs: pty-server, recorder, parser-server, gpu-server and mp4-encoder, in the
// mesh that runs here or in a small one of the command's own, which is gone with it.
#pragma once

#include <memory>
#include <string>

#include "cli/host.hpp"
#include "io/event_loop.hpp"
#include "stream/session.hpp"

namespace jetway::cli {

/// A folder that only we may enter, removed with everything in it when it goes.
class TemporaryFolder {
public:
    static Result<TemporaryFolder> make();
    TemporaryFolder() = default;
    TemporaryFolder(TemporaryFolder&& other) noexcept : path_(std::exchange(other.path_, {})) {}
    TemporaryFolder& operator=(TemporaryFolder&& other) noexcept {
        std::swap(path_, other.path_);
        return *this;
    }
    ~TemporaryFolder();
    const std::string& path() const { return path_; }

private:
    std::string path_;
};

struct StudioMesh {
    TemporaryFolder folder;  // of our own mesh
    std::unique_ptr<io::EventLoop> loop;
    std::unique_ptr<Host> host;  // nullptr in a mesh that runs already
    std::unique_ptr<stream::Session> session;
    // Addresses. Those that read or write files are on this host.
    std::string pty;
    std::string recorder;
    std::string parser;
    std::string gpu;
    std::string encoder;
};

/// The mesh of `machine`'s daemon (empty: of the only one that runs) when it has all five, else one
/// of our own. With a name given, that daemon must have them: E-NO-SERVICE.
Result<StudioMesh> find_or_start_studio(const std::string& machine);

/// Ends a mesh of our own in order; does nothing to another.
void end_studio(StudioMesh& mesh);

}  // namespace jetway::cli
