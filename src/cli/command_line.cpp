#include "cli/command_line.hpp"

#include <CLI/CLI.hpp>
#include <csignal>
#include <iostream>

#include "base/settings.hpp"
#include "cli/verbs.hpp"

namespace jetway::cli {
namespace {

constexpr const char* description =
    "Jetway: services that call each other by name, on any machine of a mesh.";

constexpr const char* examples = R"(examples:
  jetway check deployment.yml                     what is wrong with a file
  jetway simulate deployment.yml                  what breaks when a link or a machine fails
  jetway dev deployment.yml                       all its machines on this host
  jetway run deployment.yml --machine machine-a   one of them
  jetway routes -m machine-a                      every service, where it is and how to get there
  jetway trace gpu-server -m machine-a            the way to one, measured
  jetway why gpu-server -m machine-a              what is wrong with it
  jetway timeline -m machine-a                    what happened, when, and why
  echo hi | jetway call upper -m machine-a        a service as if it were a program here
  jetway pipe 'pty-server | recorder' -m machine-a --set pty-server.run=ls
  jetway rec demo.mp4 -- top -d 1 -n 5            a video and a recording of a program
exit status: that of the remote program (call, pipe, rec), else as docs/errors.md says)";

/// What the options of all verbs are read into.
struct Options {
    RunOptions run;
    DevOptions dev;
    CheckOptions check;
    SimulateOptions simulate;
    AskOptions ask;
    TimelineOptions timeline;
    WhyOptions why;
    bool watch = false;
    CallOptions call;
    PipeOptions pipe;
    RecOptions rec;
    std::string shell;
    CompleteOptions complete;
};

/// CLI11 has no words for an optional argument before one that is required.
class WhyFormatter final : public CLI::Formatter {
    std::string make_usage(const CLI::App* /*app*/, std::string name) const override {
        return "Usage: " + name + " [OPTIONS] [FROM] NAME\n";
    }
};

using Verb = std::function<Result<int>(const Options&)>;

class CommandLine {
public:
    CommandLine() : app_(description, "jetway") {
        app_.footer(examples);
        app_.set_version_flag("--version", "jetway " JETWAY_VERSION);
        app_.require_subcommand(1);
        app_.failure_message([](const CLI::App*, const CLI::Error&) { return std::string(); });
        add_running_verbs();
        add_asking_verbs();
        add_stream_verbs();
        add_completion();
    }

    int run(int argc, char** argv) {
        try {
            app_.parse(argc, argv);
        } catch (const CLI::Success& success) {
            return app_.exit(success);  // --help, --version
        } catch (const CLI::ParseError& error) {
            return show_error(usage_error(error, argc, argv), format());
        }
        const Result<int> result = verb_(options_);
        return result ? *result : show_error(for_daemon(result.error()), format());
    }

private:
    CLI::App* add_verb(const std::string& name, const std::string& help, Verb verb) {
        CLI::App* command = app_.add_subcommand(name, help);
        command->callback([this, verb = std::move(verb)] { verb_ = verb; });
        verb_names_.push_back(name);
        return command;
    }

    static void add_file(CLI::App* command, std::string& file) {
        command->add_option("FILE", file, "the deployment file")->required();
    }

    void add_machine(CLI::App* command, std::string& machine) {
        command->add_option(
            "-m,--machine", machine,
            "whose daemon to ask (JETWAY_MACHINE; not needed when only one runs here)");
    }

    void add_format(CLI::App* command, Format& format) {
        const auto take = [&format](const std::string& text) {
            format = text == "json" ? Format::json : Format::text;
        };
        const auto check = [](const std::string& text) {
            return text == "text" || text == "json" ? std::string() : "it is text or json";
        };
        command->add_option_function<std::string>("-o,--output", take, "text or json")
            ->check(check)
            ->option_text("FORMAT");
    }

    static void add_class(CLI::App* command, wire::TrafficClass& traffic_class) {
        static const std::map<std::string, wire::TrafficClass> classes{
            {"interactive", wire::TrafficClass::interactive},
            {"normal", wire::TrafficClass::normal},
            {"bulk", wire::TrafficClass::bulk}};
        const auto take = [&traffic_class](const std::string& text) {
            traffic_class = classes.at(text);
        };
        const auto check = [](const std::string& text) {
            return classes.contains(text) ? std::string() : "it is interactive, normal or bulk";
        };
        command
            ->add_option_function<std::string>(
                "--class", take, "its share of each link: interactive 16, normal 4, bulk 1")
            ->check(check)
            ->option_text("CLASS");
    }

    void add_running_verbs() {
        CLI::App* run = add_verb("run", "run one machine of a file, in the foreground",
                                 [](const Options& options) { return cli::run(options.run); });
        add_file(run, options_.run.file);
        run->add_option("-m,--machine", options_.run.machine,
                        "the machine of the file that this one is")
            ->envname("JETWAY_MACHINE");
        run->footer(
            "Until Ctrl-C. Without --machine: the only one of the file.\n"
            "examples, with the deployment.yml of the README:\n"
            "  jetway run deployment.yml --machine laptop\n"
            "  JETWAY_MACHINE=server jetway run deployment.yml");
        run->add_flag("--loopback", options_.run.on_loopback, "move its addresses as dev does")
            ->group("");
        run->add_flag("--quiet", options_.run.quiet, "do not repeat the file's warnings")
            ->group("");
        CLI::App* dev =
            add_verb("dev", "run all machines of a file on this host, in the foreground",
                     [](const Options& options) { return cli::dev(options.dev); });
        add_file(dev, options_.dev.file);
        dev->add_flag(
            "--one-process", options_.dev.one_process,
            "all routers and light services in one process, without sockets between them");
        dev->footer(
            "Addresses that are not loopback move into 127.0.0.0/8. Each line begins with its "
            "machine.\n"
            "examples:\n"
            "  jetway dev examples/seed.yml\n"
            "  jetway dev examples/hairpin/deployment.yml --one-process");
        CLI::App* check =
            add_verb("check", "say everything that is wrong with a file",
                     [](const Options& options) { return cli::check(options.check); });
        add_file(check, options_.check.file);
        add_format(check, options_.check.format);
        check->footer(
            "exit status: 0, also with warnings; 65 when there is an error\n"
            "examples:\n"
            "  jetway check examples/seed.yml\n"
            "  jetway check examples/seed.yml -o json");
        add_simulate();
    }

    void add_simulate() {
        SimulateOptions& to = options_.simulate;
        CLI::App* simulate =
            add_verb("simulate", "what breaks when a link or a machine of a file fails",
                     [](const Options& options) { return cli::simulate(options.simulate); });
        add_file(simulate, to.file);
        simulate->add_option("--fail", to.fail, "a link (a,b) or a machine (a); may be repeated")
            ->delimiter('\0')
            ->option_text("A[,B]");
        simulate
            ->add_option("--partition", to.partition,
                         "sides that do not hear each other: a,b/c,d; may be repeated")
            ->delimiter('\0')
            ->option_text("A,B/C,D");
        simulate->add_flag("--all-single-failures", to.all_single,
                           "each link and each machine (the default)");
        simulate->add_flag("--all-double-failures", to.all_double, "and every two of them at once");
        simulate->add_option("--rate", to.rate, "calls a second, of each machine to each service")
            ->check(CLI::Range(1, 1000));
        simulate->add_option("--at", to.at, "when it fails, after the calls began")
            ->option_text("TIME");
        simulate
            ->add_option("--for", to.length,
                         "how long it is watched then (5s, or twice discovery.detect)")
            ->option_text("TIME");
        simulate->add_option("--latency", to.latency, "of every link, one way")
            ->option_text("TIME");
        simulate->add_option("--seed", to.seed, "of all chance: the same seed, the same output")
            ->check(CLI::NonNegativeNumber);
        simulate->add_flag("--watch", to.watch, "what each machine notices, and when");
        add_format(simulate, to.format);
        simulate->footer(
            "Nothing is started: the routing code of the daemon runs under virtual time.\n"
            "exit status: 1 when an expectation of the file (expect:) does not hold\n"
            "examples:\n"
            "  jetway simulate examples/seed.yml\n"
            "  jetway simulate examples/seed.yml --fail machine-a,machine-c --watch\n"
            "  jetway simulate examples/seed.yml --partition machine-a/machine-b,machine-c -o "
            "json");
    }

    CLI::App* add_asking_verb(const std::string& name, const std::string& help,
                              Result<int> (*verb)(const AskOptions&), const std::string& footer) {
        CLI::App* command =
            add_verb(name, help, [verb](const Options& options) { return verb(options.ask); });
        add_machine(command, options_.ask.machine);
        add_format(command, options_.ask.format);
        command->footer(footer);
        return command;
    }

    void add_asking_verbs() {
        const std::string while_hairpin_runs =
            "examples, while jetway dev examples/hairpin/deployment.yml runs:\n";
        add_asking_verb("status", "links, terminals, streams and notes of a daemon", cli::status,
                        while_hairpin_runs +
                            "  jetway status -m machine-a\n"
                            "  jetway status -m machine-a -o json");
        add_asking_verb("services", "every service that can be called by name", cli::services,
                        while_hairpin_runs +
                            "  jetway services gpu-server -m machine-a\n"
                            "  jetway services -m machine-a -o json")
            ->add_option("NAME", options_.ask.name, "only this one");
        CLI::App* routes = add_verb(
            "routes", "where each instance is, how to get there, and which one is used",
            [](const Options& options) {
                return options.watch ? cli::watch_routes(options.ask) : cli::routes(options.ask);
            });
        add_machine(routes, options_.ask.machine);
        add_format(routes, options_.ask.format);
        routes->add_option("NAME", options_.ask.name, "only this service");
        routes->add_flag("--watch", options_.watch,
                         "and each change with its cause, a line each, until Ctrl-C");
        routes->footer(while_hairpin_runs +
                       "  jetway routes gpu-server -m machine-a\n"
                       "  jetway routes --watch -m machine-a\n"
                       "  jetway routes -m machine-a -o json");
        add_asking_verb("trace", "the way to a service, or through a pipeline, measured",
                        cli::trace,
                        while_hairpin_runs +
                            "  jetway trace gpu-server -m machine-a\n"
                            "  jetway trace 'pty-server | parser-server | gpu-server' -m machine-a")
            ->add_option("NAME", options_.ask.name, "a service, or 'a | b | c'")
            ->required();
        add_why(while_hairpin_runs);
        add_timeline(while_hairpin_runs);
        add_drain();
    }

    void add_drain() {
        CLI::App* drain =
            add_verb("drain", "a machine leaves: no new streams, then it ends when none is open",
                     [](const Options& options) { return cli::drain(options.ask); });
        add_machine(drain, options_.ask.machine);
        drain->footer(
            "Waits until the daemon has ended, at most half a minute for what is open. All "
            "machines "
            "of its process leave.\n\nexamples:\n  jetway drain -m machine-b");
    }

    void add_why(const std::string& setting) {
        CLI::App* why =
            add_verb("why", "from a name to its instance, step by step, up to what is wrong",
                     [](const Options& options) { return cli::why(options.why); });
        why->add_option("NAME", options_.why.words,
                        "the service, or service@machine; before it, if not from this one, the "
                        "machine of the mesh to start from")
            ->required()
            ->expected(1, 2)
            ->option_text(" ");
        why->formatter(std::make_shared<WhyFormatter>());
        add_machine(why, options_.why.ask.machine);
        add_format(why, options_.why.ask.format);
        why->footer("exit status: 0 when nothing is wrong, else that of the error\n" + setting +
                    "  jetway why gpu-server -m machine-a\n"
                    "  jetway why machine-b gpu-server -m machine-a");
    }

    void add_timeline(const std::string& setting) {
        TimelineOptions& to = options_.timeline;
        CLI::App* timeline =
            add_verb("timeline", "what happened at a router, when, and why",
                     [](const Options& options) { return cli::timeline(options.timeline); });
        timeline->add_option("AT", to.ask.name, "another machine of the mesh, asked over it");
        timeline->add_option("-n,--last", to.last, "only the last N of the 1,024 that are kept")
            ->option_text("N");
        timeline->add_option("--since", to.since, "only of the last 10m, 2h ...")
            ->option_text("TIME");
        timeline->add_flag("-f,--follow", to.follow, "and what comes, until Ctrl-C");
        add_machine(timeline, to.ask.machine);
        add_format(timeline, to.ask.format);
        timeline->footer("Newest last. With --follow and -o json: one object a line.\n" + setting +
                         "  jetway timeline --since 10m -m machine-a\n"
                         "  jetway timeline machine-b -f -m machine-a");
    }

    void add_stream_verbs() {
        CLI::App* call =
            add_verb("call", "standard input to a service, its answer to standard output",
                     [](const Options& options) { return cli::call(options.call); });
        call->add_option("NAME", options_.call.ask.name, "the service, or service@machine")
            ->required();
        add_machine(call, options_.call.ask.machine);
        add_class(call, options_.call.traffic_class);
        call->footer(
            "Ends when the answer ends, with the status of the remote program.\n"
            "examples, while jetway dev runs the deployment.yml of the README:\n"
            "  echo hi | jetway call upper -m laptop\n"
            "  echo hi | jetway call upper@server -m laptop");
        CLI::App* pipe = add_verb("pipe", "standard input through a pipeline to standard output",
                                  [](const Options& options) { return cli::pipe(options.pipe); });
        pipe->add_option("PIPELINE", options_.pipe.pipeline,
                         "'a | b', or the name of one in the daemon's file")
            ->required();
        pipe->add_option("--set", options_.pipe.settings,
                         "STAGE.KEY=VALUE: a setting for one stage of this run")
            ->allow_extra_args(false)
            ->option_text("STAGE.KEY=VALUE ...");
        add_machine(pipe, options_.pipe.machine);
        add_class(pipe, options_.pipe.traffic_class);
        pipe->footer(
            "examples, while jetway dev examples/hairpin/deployment.yml runs:\n"
            "  jetway pipe demo -m machine-a --set 'pty-server.run=ls -lR --color /etc'\n"
            "  jetway pipe 'pty-server | recorder' -m machine-a --set pty-server.run=ls");
        add_rec();
    }

    void add_rec() {
        CLI::App* rec =
            add_verb("rec", "a video (and a .cast recording) of a program in a terminal",
                     [](const Options& options) { return cli::rec(options.rec); });
        rec->add_option("OUT", options_.rec.output,
                        "the video: OUT.mp4; OUT.cast is written beside it")
            ->required();
        rec->add_option("COMMAND", options_.rec.command, "the program and its arguments, after --")
            ->required();
        add_machine(rec, options_.rec.machine);
        rec->footer(
            "Uses the services of the daemon here, or starts its own. Ends with the program's "
            "status.\n"
            "examples:\n"
            "  jetway rec demo.mp4 -- top -d 1 -n 5\n"
            "  jetway rec demo.mp4 -- sh -c 'for i in 1 2 3; do date; sleep 1; done'");
    }

    void add_completion() {
        CLI::App* completion =
            add_verb("completion", "the completion script for bash, zsh or fish",
                     [](const Options& options) { return cli::completion(options.shell); });
        completion->add_option("SHELL", options_.shell, "bash, zsh or fish")->required();
        completion->footer("example: source <(jetway completion bash)");
        CLI::App* names = add_verb("complete", "names for completion", [](const Options& options) {
            return cli::complete_names(options.complete);
        });
        names->add_option("WHAT", options_.complete.what)->required();
        names->add_option("WORDS", options_.complete.words);
        names->group("");
        verb_names_.pop_back();
    }

    Format format() const {
        for (const Format format :
             {options_.ask.format, options_.check.format, options_.simulate.format,
              options_.timeline.ask.format, options_.why.ask.format}) {
            if (format == Format::json) return Format::json;
        }
        return Format::text;
    }

    Error usage_error(const CLI::ParseError& error, int argc, char** argv) const {
        const std::string word = argc > 1 ? argv[1] : "";
        const bool is_verb =
            std::find(verb_names_.begin(), verb_names_.end(), word) != verb_names_.end();
        if (word.empty()) return Error(Code::usage, "what shall it do?").then("jetway --help");
        if (is_verb)
            return Error(Code::usage, word + ": " + error.what())
                .then("jetway " + word + " --help");
        const std::string near = nearest_verb(word);
        return Error(Code::usage, "there is no verb \"" + word + "\"")
            .then(near.empty() ? "jetway --help" : "did you mean jetway " + near + "?");
    }

    /// What to do next is asked of the same daemon.
    Error for_daemon(Error error) const {
        for (const std::string* machine : {&options_.ask.machine, &options_.pipe.machine,
                                           &options_.rec.machine, &options_.timeline.ask.machine,
                                           &options_.why.ask.machine, &options_.call.ask.machine}) {
            if (machine->empty()) continue;
            for (const std::string_view verb : {"status", "services", "timeline"}) {
                if (error.next.starts_with("jetway " + std::string(verb)) &&
                    error.next.find("--machine") == std::string::npos)
                    error.next += " --machine " + *machine;
            }
        }
        return error;
    }
    /// One that begins with the word, else the nearest.
    std::string nearest_verb(const std::string& word) const {
        const auto begins =
            std::find_if(verb_names_.begin(), verb_names_.end(),
                         [&word](const std::string& verb) { return verb.starts_with(word); });
        return begins == verb_names_.end() ? nearest(word, verb_names_) : *begins;
    }

    CLI::App app_;
    Options options_;
    Verb verb_;
    std::vector<std::string> verb_names_;
};

}  // namespace

int run_command_line(int argc, char** argv) {
    // A reader of ours that went away is an error to be handled, not the end of the process.
    std::signal(SIGPIPE, SIG_IGN);
    return CommandLine().run(argc, argv);
}

}  // namespace jetway::cli
