// jetway rec: a program in a terminal, as a video and as a recording.
#include <csignal>
#include <filesystem>
#include <iostream>
#include <optional>
#include <sys/ioctl.h>
#include <unistd.h>

#include "base/log.hpp"
#include "cli/foreground.hpp"
#include "cli/running_pipeline.hpp"
#include "cli/sink.hpp"
#include "cli/studio_mesh.hpp"
#include "cli/verbs.hpp"

namespace jetway::cli {
namespace {

using namespace std::chrono_literals;

constexpr std::string_view control_c = "\x03";
constexpr int no_program_status = 127;  // of a shell; on a terminal it has said so itself

struct Files {
    std::string video;
    std::string cast;
};

Result<Files> files_of(const std::string& output) {
    std::error_code failed;
    const std::filesystem::path video = std::filesystem::absolute(output, failed);
    if (failed) return Error(Code::io, "cannot tell where " + output + " is: " + failed.message());
    if (video.extension() != ".mp4") {
        return Error(Code::usage, "the video is a file that ends in .mp4, not " + output)
            .then("jetway rec demo.mp4 -- COMMAND");
    }
    const std::string folder = video.parent_path();
    if (access(folder.c_str(), W_OK) != 0)
        return system_error("cannot write into " + folder, errno);
    std::filesystem::path cast = video;
    cast.replace_extension(".cast");
    return Files{video, cast};
}

/// argv as a setting: a list of one would go to the shell, so it is quoted for it.
std::vector<std::string> argv_setting(std::vector<std::string> argv) {
    if (argv.size() > 1) return argv;
    std::string quoted = "exec '";
    for (const char c : argv.front())
        quoted += c == '\'' ? std::string("'\\''") : std::string(1, c);
    return {quoted + "'"};
}

/// Of the terminal that the command was typed in, else 80x24.
winsize terminal_size() {
    winsize size{};
    for (const int descriptor : {STDOUT_FILENO, STDERR_FILENO, STDIN_FILENO}) {
        if (ioctl(descriptor, TIOCGWINSZ, &size) == 0 && size.ws_col > 0 && size.ws_row > 0)
            return size;
    }
    size.ws_col = 80;
    size.ws_row = 24;
    return size;
}

wire::Stage stage(const std::string& address, const Settings& settings = {}) {
    wire::Stage result;
    result.set_address(address);
    wire::from_settings(settings, *result.mutable_settings());
    return result;
}

Settings output_setting(const std::string& path) {
    Settings settings;
    settings.set("output", path);
    return settings;
}

Result<wire::Stage> program_stage(const StudioMesh& mesh, const RecOptions& options) {
    std::error_code failed;
    const std::filesystem::path folder = std::filesystem::current_path(failed);
    if (failed) return Error(Code::io, "the current folder is gone: " + failed.message());
    const winsize size = terminal_size();
    Settings settings;
    settings.set("run", argv_setting(options.command));
    settings.set("directory", folder.string());
    settings.set("columns", std::to_string(size.ws_col));
    settings.set("rows", std::to_string(size.ws_row));
    return stage(mesh.pty, settings);
}

/// pty-server | { recorder ; parser-server | gpu-server | mp4-encoder }
Result<wire::Stage> studio_pipeline(const StudioMesh& mesh, const RecOptions& options,
                                    const Files& files) {
    JETWAY_ASSIGN(wire::Stage first, program_stage(mesh, options));
    *first.add_next() = stage(mesh.recorder, output_setting(files.cast));
    wire::Stage& parser = *first.add_next() = stage(mesh.parser);
    wire::Stage& gpu = *parser.add_next() = stage(mesh.gpu);
    *gpu.add_next() = stage(mesh.encoder, output_setting(files.video));
    return first;
}

class Recording {
public:
    Recording(StudioMesh& mesh, wire::Stage first)
        : mesh_(mesh), loop_(*mesh.loop), first_(std::move(first)) {
        if (isatty(STDOUT_FILENO) == 1) show_live();
        signals_ = loop_.on_signal({SIGINT, SIGTERM}, [this](int number) { on_signal(number); });
        pipeline_.emplace(*mesh.session, first_, wire::TrafficClass::normal, [this] { changed(); });
    }

    Result<int> run() {
        loop_.run();
        if (signal_ != 0) return 128 + signal_;
        return pipeline_->result();
    }

private:
    /// The program's own output, on this terminal too.
    void show_live() {
        sink_.emplace(loop_, *mesh_.session, "rec-" + std::to_string(getpid()),
                      [this] { changed(); });
        *first_.add_next() = stage(sink_->address());
    }

    void changed() {
        if (pipeline_ && pipeline_->over() && (!sink_ || sink_->idle())) loop_.stop();
    }

    /// The first Ctrl-C is typed at the program, which then ends as it likes; the next one ends
    /// everything.
    void on_signal(int number) {
        if (number == SIGINT && !typed_) {
            typed_ = true;
            pipeline_->stream().write(Buffer::copy_of(control_c));
            return;
        }
        signal_ = number;
        pipeline_->cancel();
        patience_ = loop_.after(0ms, [this] { loop_.stop(); });  // the RESET leaves first
    }

    StudioMesh& mesh_;
    io::EventLoop& loop_;
    wire::Stage first_;
    std::optional<Sink> sink_;
    std::optional<RunningPipeline> pipeline_;
    Handle signals_;
    Handle patience_;
    bool typed_ = false;
    int signal_ = 0;
};

Result<int> record(StudioMesh& mesh, const RecOptions& options, const Files& files) {
    JETWAY_ASSIGN(wire::Stage first, studio_pipeline(mesh, options, files));
    return Recording(mesh, std::move(first)).run();
}

}  // namespace

Result<int> rec(const RecOptions& options) {
    log_to_standard_error(log::level::warn);
    JETWAY_ASSIGN(const Files files, files_of(options.output));
    JETWAY_ASSIGN(StudioMesh mesh, find_or_start_studio(options.machine));
    Result<int> result = record(mesh, options, files);
    end_studio(mesh);
    if (result && *result == no_program_status && isatty(STDOUT_FILENO) == 0)
        std::cerr << "status 127: no program " << options.command.front() << " was found\n";
    for (const std::string& file : {files.video, files.cast}) {
        if (access(file.c_str(), F_OK) == 0) std::cerr << file << "\n";
    }
    return result;
}

}  // namespace jetway::cli
