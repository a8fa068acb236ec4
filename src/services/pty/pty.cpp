#include "services/pty/pty.hpp"

#include <cstdlib>
#include <unordered_map>

#include "base/log.hpp"
#include "base/random.hpp"
#include "services/pty/terminal_session.hpp"

namespace jetway::pty {
namespace {

/// What a session is started with: the service's settings, and over them those of the stream that
/// starts it.
struct Program {
    std::vector<std::string> argv;
    std::string directory;
    screen::PtySize size;
};

std::vector<std::string> shell() {
    const char* shell = std::getenv("SHELL");
    return {shell != nullptr && *shell != '\0' ? shell : "/bin/sh"};
}

std::vector<std::string> command(const Settings::Values& run) {
    if (run.size() == 1) return {"/bin/sh", "-c", run.front()};
    return run;
}

Result<Program> read_settings(const Settings& settings, Program program) {
    JETWAY_TRY(check_settings(kind, settings));
    const Settings::Values* run = settings.find("run");
    if (run != nullptr && !run->empty()) program.argv = command(*run);
    JETWAY_ASSIGN(program.directory, settings.text("directory", program.directory));
    JETWAY_ASSIGN(const std::int64_t columns, settings.number("columns", program.size.columns));
    JETWAY_ASSIGN(const std::int64_t rows, settings.number("rows", program.size.rows));
    program.size = {static_cast<std::uint16_t>(columns), static_cast<std::uint16_t>(rows)};
    return program;
}

class PtyService final : public stream::Service {
public:
    PtyService(io::EventLoop& loop, stream::ServiceContext context, Program program,
               std::size_t limit)
        : loop_(loop), context_(std::move(context)), program_(std::move(program)), limit_(limit) {}

    void on_open(stream::StreamPtr stream) override {
        const Settings settings = wire::to_settings(stream->opening().settings());
        auto name = settings.text("session", "");
        if (!name) {
            stream->refuse(name.error());
            return;
        }
        const bool may_join = settings.has("session") || !settings.has("run");
        TerminalSession* session = may_join ? find(*name) : nullptr;
        if (session == nullptr) {
            start(std::move(stream), settings, may_join ? std::optional(*name) : std::nullopt);
        } else if (session->readers() < most_readers) {
            session->join(std::move(stream));
        } else {
            stream->refuse({Code::pressure, "the session has " + std::to_string(most_readers) +
                                                " readers already"});
        }
    }

private:
    static constexpr std::size_t most_readers = 64;

    struct Entry {
        std::optional<std::string> name;  // others may join under it
        std::unique_ptr<TerminalSession> session;
    };

    TerminalSession* find(const std::string& name) {
        for (const auto& [key, entry] : sessions_) {
            if (entry.name == name && key->open()) return key;
        }
        return nullptr;
    }

    void start(stream::StreamPtr stream, const Settings& settings,
               std::optional<std::string> name) {
        if (sessions_.size() >= limit_) {
            stream->refuse(
                Error(Code::pressure, context_.name + " runs as many programs as its limit allows")
                    .because("the limit is " + std::to_string(limit_))
                    .then("try again later, or give it a higher `limit`"));
            return;
        }
        auto program = read_settings(settings, program_);
        if (!program) {
            stream->refuse(program.error());
            return;
        }
        auto child = start_program(*program);
        if (!child) {
            log::warn("{}: {}", context_.name, child.error().line());
            stream->refuse({Code::service_failed, child.error().detail});
            return;
        }
        auto session = std::make_unique<TerminalSession>(
            loop_, context_, std::move(*child), program->size, system_random(),
            [this](TerminalSession* over) { sessions_.erase(over); });
        session->join(std::move(stream));
        TerminalSession* key = session.get();
        sessions_.emplace(key, Entry{std::move(name), std::move(session)});
    }

    Result<std::unique_ptr<io::Child>> start_program(const Program& program) {
        io::ChildOptions options;
        options.argv = program.argv;
        options.environment = {{"TERM", "xterm-256color"}, {"COLORTERM", "truecolor"}};
        options.directory = program.directory;
        options.streams = io::ChildOptions::Streams::terminal;
        options.columns = program.size.columns;
        options.rows = program.size.rows;
        return io::start_child(loop_, options);
    }

    io::EventLoop& loop_;
    stream::ServiceContext context_;
    Program program_;
    std::size_t limit_;
    std::unordered_map<TerminalSession*, Entry> sessions_;
};

}  // namespace

const Kind kind{
    "pty-server",
    {},
    "runs programs in pseudo-terminals",
    {{"run", SettingType::command, "$SHELL",
      "the program: a text goes to /bin/sh -c, a list is argv"},
     {"directory", SettingType::text, "", "where it runs; empty: where the daemon runs"},
     {"columns",
      SettingType::number,
      "80",
      "of the terminal, 1 to 1000",
      {.least = 1, .most = screen::max_columns}},
     {"rows",
      SettingType::number,
      "24",
      "of the terminal, 1 to 1000",
      {.least = 1, .most = screen::max_rows}},
     {"limit",
      SettingType::number,
      "64",
      "how many programs may run at the same time, 1 to 4096",
      {.least = 1, .most = 4096}}},
    {},
    std::string(Kind::nothing),
    std::string(screen::pty_content_type),
    {"run", "directory", "columns", "rows", "session"}};

Capabilities capabilities() {
    return {ServiceType::source, {}, {kind.gives}, {}};
}

Result<std::unique_ptr<stream::Service>> make(io::EventLoop& loop, stream::ServiceContext context) {
    JETWAY_ASSIGN(Program program, read_settings(context.settings, {shell(), {}, {}}));
    JETWAY_ASSIGN(const std::int64_t limit, context.settings.number("limit", 64));
    return std::unique_ptr<stream::Service>(std::make_unique<PtyService>(
        loop, std::move(context), std::move(program), static_cast<std::size_t>(limit)));
}

}  // namespace jetway::pty
