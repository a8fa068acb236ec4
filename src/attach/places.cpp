#include "attach/places.hpp"

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "wire/control.hpp"

namespace jetway::attach {

namespace {

constexpr std::string_view socket_suffix = ".sock";

/// The directory that a variable names; empty when it is not set, or relative, which the XDG Base
/// Directory Specification says to ignore.
std::string directory_in(const char* name) {
    const char* value = std::getenv(name);
    return value != nullptr && *value == '/' ? std::string(value) : std::string();
}

/// Makes `path` with mode 0700 unless it is there; then it must be ours alone.
Result<> private_directory(const std::string& path) {
    if (::mkdir(path.c_str(), 0700) != 0 && errno != EEXIST) {
        return system_error("cannot make " + path, errno);
    }
    struct stat info{};
    if (::lstat(path.c_str(), &info) != 0) return system_error("cannot look at " + path, errno);
    if (!S_ISDIR(info.st_mode)) return Error(Code::io, path + " is not a directory");
    if (info.st_uid != ::geteuid() || (info.st_mode & 077) != 0) {
        return Error(Code::io, path + " is open to other users")
            .then("chmod 700 " + path + ", or set XDG_RUNTIME_DIR to a directory of your own");
    }
    return success();
}

bool answers(const std::string& path) {
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    if (path.size() >= sizeof address.sun_path) return false;
    std::memcpy(address.sun_path, path.data(), path.size());
    const int descriptor = ::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (descriptor < 0) return false;
    const bool connected =
        ::connect(descriptor, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0 ||
        errno == EAGAIN;  // a full backlog is an answer too
    ::close(descriptor);
    return connected;
}

}  // namespace

Result<std::string> runtime_directory() {
    const std::string given = directory_in("XDG_RUNTIME_DIR");
    std::string path =
        given.empty() ? "/tmp/jetway-" + std::to_string(::getuid()) : given + "/jetway";
    JETWAY_TRY(private_directory(path));
    return path;
}

Result<std::string> state_directory(const std::string& mesh, const std::string& machine) {
    JETWAY_TRY(wire::check_machine_name(mesh));
    JETWAY_TRY(wire::check_machine_name(machine));
    std::string base = directory_in("XDG_STATE_HOME");
    if (base.empty()) {
        base = directory_in("HOME");
        if (base.empty()) {
            return Error(Code::io, "no place for state: neither XDG_STATE_HOME nor HOME is set");
        }
        base += "/.local/state";
    }
    std::string path = base + "/jetway/" + mesh + "/" + machine;
    std::error_code failed;
    std::filesystem::create_directories(path, failed);
    if (failed) return Error(Code::io, "cannot make " + path + ": " + failed.message());
    return path;
}

Result<std::string> socket_path(const std::string& machine) {
    JETWAY_TRY(wire::check_machine_name(machine));  // else it might lead out of the directory
    JETWAY_ASSIGN(std::string path, runtime_directory());
    path.append("/").append(machine).append(socket_suffix);
    if (path.size() >= sizeof(sockaddr_un::sun_path)) {
        return Error(Code::usage, "the socket's path is too long: " + path)
            .then("set XDG_RUNTIME_DIR to a shorter directory");
    }
    return path;
}

Result<std::vector<std::string>> running_machines() {
    JETWAY_ASSIGN(const std::string directory, runtime_directory());
    std::vector<std::string> machines;
    std::error_code failed;
    for (std::filesystem::directory_iterator entry(directory, failed), end; !failed && entry != end;
         entry.increment(failed)) {
        const std::string name = entry->path().filename().string();
        if (!name.ends_with(socket_suffix) || !answers(entry->path().string())) continue;
        machines.push_back(name.substr(0, name.size() - socket_suffix.size()));
    }
    if (failed) return Error(Code::io, "cannot read " + directory + ": " + failed.message());
    std::sort(machines.begin(), machines.end());
    return machines;
}

}  // namespace jetway::attach
