// jetway drain: a machine leaves the mesh so that nobody notices.
#include <algorithm>
#include <cerrno>
#include <csignal>
#include <cstring>
#include <iostream>

#include "base/text.hpp"
#include "cli/foreground.hpp"
#include "cli/output.hpp"
#include "cli/query.hpp"
#include "cli/verbs.hpp"

namespace jetway::cli {
namespace {

/// Those that the machine waits for: questions to its router end with it.
std::size_t open_streams(const boost::json::object& status) {
    const auto streams = objects_of(status, "streams");
    return static_cast<std::size_t>(std::ranges::count_if(streams, [](const auto& row) {
        return !text_of(row, "destination").starts_with(router_prefix);
    }));
}

}  // namespace

Result<int> drain(const AskOptions& options) {
    JETWAY_ASSIGN(Attachment attachment, attach_to(options.machine, "drain"));
    JETWAY_ASSIGN(const boost::json::object status, ask(attachment, "", "status"));
    const std::string machine = clean_text(text_of(status, "machine"), wire::max_machine_name);
    const auto process = static_cast<pid_t>(number_of(status, "pid"));
    Changes changes(attachment, "");
    JETWAY_TRY(changes.wait());  // from now on its end is noticed
    if (process <= 1 || kill(process, drain_signal) != 0) {
        return Error(Code::denied, "cannot ask " + machine + " to leave")
            .because("process " + std::to_string(process) + ": " + std::strerror(errno))
            .then("run it as the user that runs the daemon");
    }
    std::cout << machine << " takes no new streams; " << counted(open_streams(status), "stream")
              << " open\n"
              << std::flush;
    for (;;) {
        const Result<bool> news = changes.wait();
        if (!news && news.error().code == Code::closed) break;
        JETWAY_TRY(news);
        if (!*news) return 130;  // Ctrl-C: the machine leaves all the same
    }
    std::cout << machine << " has left\n";
    return 0;
}

}  // namespace jetway::cli
