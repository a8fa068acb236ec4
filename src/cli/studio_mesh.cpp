#include "cli/studio_mesh.hpp"

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <sys/stat.h>
#include <unistd.h>

#include "attach/attach.hpp"
#include "base/log.hpp"
#include "cli/query.hpp"
#include "cli/transports.hpp"

namespace jetway::cli {
namespace {

using namespace std::chrono_literals;
namespace json = boost::json;

constexpr const char* own_machine = "rec";
constexpr Duration start_patience = 10s;

/// The first of `names` that the daemon knows; on its own machine when files are at stake. Empty
/// when there is none.
std::string find_service(const std::vector<json::object>& rows, const std::string& machine,
                         std::initializer_list<const char*> names, bool must_be_here) {
    for (const char* name : names) {
        for (const json::object& row : rows) {
            const std::string at = text_of(row, "machine");
            if (text_of(row, "service") != name || (must_be_here && at != machine)) continue;
            return must_be_here ? name + ("@" + at) : std::string(name);
        }
    }
    return {};
}

Result<StudioMesh> running_studio(const std::string& machine) {
    JETWAY_ASSIGN(Attachment attachment, attach_to(machine, "rec"));
    JETWAY_ASSIGN(const json::object answer, ask(attachment, {}, "services"));
    const std::vector<json::object> rows = objects_of(answer, "routes");
    StudioMesh mesh;
    mesh.loop = std::move(attachment.loop);
    mesh.session = std::move(attachment.session);
    const std::string here = mesh.session->machine();
    mesh.pty = find_service(rows, here, {"pty-server"}, true);
    mesh.recorder = find_service(rows, here, {"recorder"}, true);
    mesh.parser = find_service(rows, here, {"parser-server"}, false);
    mesh.gpu = find_service(rows, here, {"gpu-server"}, false);
    mesh.encoder = find_service(rows, here, {"mp4-encoder", "mp4-server", "encoder-server"}, true);
    std::string missing;
    for (const auto& [found, name] :
         {std::pair(mesh.pty, "pty-server"), std::pair(mesh.recorder, "recorder"),
          std::pair(mesh.parser, "parser-server"), std::pair(mesh.gpu, "gpu-server"),
          std::pair(mesh.encoder, "mp4-encoder")}) {
        if (found.empty()) missing += (missing.empty() ? "" : ", ") + std::string(name);
    }
    if (missing.empty()) return mesh;
    return Error(Code::no_service, here + " lacks what a recording needs: " + missing)
        .then("add it to the file, or leave --machine out: then rec starts its own");
}

deployment::Deployment own_deployment() {
    deployment::Deployment deployment;
    deployment.mesh = "rec-" + std::to_string(getpid());
    deployment::Machine machine;
    machine.name = own_machine;
    for (const char* kind :
         {"pty-server", "recorder", "parser-server", "gpu-server", "mp4-encoder"}) {
        machine.services.push_back({kind, kind, {}, {}});
    }
    deployment.machines.push_back(std::move(machine));
    return deployment;
}

Result<HostPlaces> places_in(const std::string& folder) {
    HostPlaces places;
    places.runtime = folder + "/jetway";
    places.state = folder + "/state";
    places.environment["XDG_RUNTIME_DIR"] = folder;
    for (const std::string& path : {places.runtime, places.state}) {
        if (mkdir(path.c_str(), 0700) != 0) return system_error("cannot make " + path, errno);
    }
    return places;
}

Result<> wait_until_ready(StudioMesh& mesh) {
    std::optional<std::vector<std::string>> missing;
    mesh.host->set_on_ready([&missing](const std::vector<std::string>& names) { missing = names; });
    mesh.loop->run_until([&missing] { return missing.has_value(); },
                         mesh.loop->now() + start_patience);
    if (missing && missing->empty()) return success();
    std::string names;
    for (const std::string& name : missing.value_or(std::vector<std::string>{"the services"}))
        names += " " + name;
    return Error(Code::no_service, "could not be started:" + names)
        .then("install jetway-gpu and jetway-mp4 beside jetway");
}

Result<StudioMesh> own_studio() {
    StudioMesh mesh;
    JETWAY_ASSIGN(mesh.folder, TemporaryFolder::make());
    JETWAY_ASSIGN(const HostPlaces places, places_in(mesh.folder.path()));
    const deployment::Deployment deployment = own_deployment();
    mesh.loop = std::make_unique<io::EventLoop>();
    mesh.host = std::make_unique<Host>(*mesh.loop, socket_transport(*mesh.loop));
    JETWAY_TRY(mesh.host->start(deployment, deployment.machines.front(), places));
    JETWAY_TRY(wait_until_ready(mesh));
    mesh.session = std::make_unique<stream::Session>(
        mesh.host->router().connect_local("rec"), *mesh.loop,
        stream::SessionOptions{"rec", static_cast<std::uint64_t>(getpid())});
    bool attached = false;
    mesh.session->set_on_attached([&attached] { attached = true; });
    if (!mesh.loop->run_until([&attached] { return attached; },
                              mesh.loop->now() + start_patience)) {
        return Error(Code::timeout, "the router of this command does not answer");
    }
    mesh.session->set_on_attached({});
    mesh.pty = "pty-server";
    mesh.recorder = "recorder";
    mesh.parser = "parser-server";
    mesh.gpu = "gpu-server";
    mesh.encoder = "mp4-encoder";
    return mesh;
}

}  // namespace

Result<TemporaryFolder> TemporaryFolder::make() {
    const char* parent = std::getenv("TMPDIR");
    std::string path =
        (parent == nullptr || *parent == '\0' ? std::string("/tmp") : std::string(parent)) +
        "/jetway-XXXXXX";
    if (mkdtemp(path.data()) == nullptr)
        return system_error("cannot make a folder like " + path, errno);
    TemporaryFolder folder;
    folder.path_ = std::move(path);
    return folder;
}

TemporaryFolder::~TemporaryFolder() {
    std::error_code ignored;  // what cannot be removed stays in the temporary folder
    if (!path_.empty()) std::filesystem::remove_all(path_, ignored);
}

Result<StudioMesh> find_or_start_studio(const std::string& machine) {
    const auto chosen = attach::choose_machine(machine);
    if (!chosen) return own_studio();
    auto running = running_studio(*chosen);
    const bool was_named = !machine.empty();
    if (running || was_named) return running;
    return own_studio();
}

void end_studio(StudioMesh& mesh) {
    mesh.session.reset();
    if (mesh.host == nullptr) return;
    bool stopped = false;
    mesh.host->stop([&stopped] { stopped = true; });
    mesh.loop->run_until([&stopped] { return stopped; }, mesh.loop->now() + 1s);
    mesh.host.reset();
}

}  // namespace jetway::cli
