#include "attach/program.hpp"

#include <cstdio>
#include <string>
#include <string_view>
#include <unistd.h>

#include "attach/attach.hpp"
#include "base/log.hpp"
#include "io/byte_stream.hpp"
#include "stream/kind_gate.hpp"

namespace jetway::attach {

namespace {

struct Arguments {
    std::string program;
    std::string machine;
    std::string name;
    Settings settings;
};

Result<Arguments> read_arguments(int argc, char** argv) {
    Arguments arguments;
    const std::string path = argc > 0 ? argv[0] : "service";
    arguments.program = path.substr(path.rfind('/') + 1);
    std::map<std::string, Settings::Values> values;
    Error usage = Error(Code::usage, "expected --machine MACHINE --name NAME [--set KEY=VALUE]...")
                      .then("let the daemon start it: name the service in deployment.yml");
    for (int i = 1; i < argc; i += 2) {
        const std::string_view option = argv[i];
        if (i + 1 == argc) return usage;
        const std::string value = argv[i + 1];
        if (option == "--machine") {
            arguments.machine = value;
        } else if (option == "--name") {
            arguments.name = value;
        } else if (const auto equals = value.find('=');
                   option == "--set" && equals != std::string::npos) {
            values[value.substr(0, equals)].push_back(value.substr(equals + 1));
        } else {
            return usage;
        }
    }
    if (arguments.name.empty()) return usage;
    for (auto& [key, list] : values) arguments.settings.set(key, std::move(list));
    return arguments;
}

/// One run: from attaching to the end of the daemon.
class Program {
public:
    Program(Arguments arguments, const Kind& kind, const Capabilities& capabilities,
            const MakeService& make)
        : arguments_(std::move(arguments)), kind_(kind), capabilities_(capabilities), make_(make) {}

    int run() {
        const Handle signals = loop_.on_signal({SIGTERM, SIGINT}, [this](int) { loop_.stop(); });
        attaching_ = connect(loop_, arguments_.machine,
                             {arguments_.program, static_cast<std::uint64_t>(getpid())},
                             [this](Result<std::unique_ptr<stream::Session>> session) {
                                 if (!session) return fail(session.error());
                                 begin(std::move(*session));
                             });
        loop_.run();
        return status_;
    }

private:
    void begin(std::unique_ptr<stream::Session> session) {
        session_ = std::move(session);
        session_->set_on_closed([this](const Error& reason) { fail(reason); });
        auto service = make_(loop_, {*session_, arguments_.name, arguments_.settings,
                                     [](const std::string& key, const std::string& text) {
                                         log::info("{}: {}", key, text);
                                     }});
        if (!service) return fail(service.error());
        service_ = std::move(*service);
        gate_.emplace(kind_, *service_);
        offer_ = session_->offer(arguments_.name, capabilities_, *gate_,
                                 [this](const Result<>& offered) {
                                     if (!offered) fail(offered.error());
                                 });
    }
    void fail(const Error& error) {
        std::fprintf(stderr, "%s\n", error.text().c_str());
        status_ = exit_status(error.code);
        loop_.stop();
    }

    Arguments arguments_;
    const Kind& kind_;
    const Capabilities& capabilities_;
    const MakeService& make_;
    io::EventLoop loop_;
    int status_ = 0;
    Handle attaching_;
    std::unique_ptr<stream::Session> session_;
    std::unique_ptr<stream::Service> service_;
    std::optional<stream::KindGate> gate_;
    Handle offer_;
};

}  // namespace

int run_service(int argc, char** argv, const Kind& kind, const Capabilities& capabilities,
                const MakeService& make) {
    io::open_missing_standard_descriptors();
    auto arguments = read_arguments(argc, argv);
    if (!arguments) {
        std::fprintf(stderr, "%s\n", arguments.error().text().c_str());
        return exit_status(arguments.error().code);
    }
    // The daemon reads our lines and puts them into its own log: no time, no colour.
    log::set_pattern("%v");
    return Program(std::move(*arguments), kind, capabilities, make).run();
}

}  // namespace jetway::attach
