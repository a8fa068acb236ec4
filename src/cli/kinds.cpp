#include "cli/kinds.hpp"

#include "services/display/display.hpp"
#include "services/echo/echo.hpp"
#include "services/exec/exec.hpp"
#include "services/gpu/gpu.hpp"
#include "services/mp4/mp4.hpp"
#include "services/parser/parser.hpp"
#include "services/pty/pty.hpp"
#include "services/recorder/recorder.hpp"

namespace jetway::cli {

const std::vector<ServiceMaker>& service_makers() {
    static const std::vector<ServiceMaker> makers{
        {&echo::kind, echo::capabilities, echo::make},
        {&exec::kind, exec::capabilities, exec::make},
        {&pty::kind, pty::capabilities, pty::make},
        {&parser::kind, parser::capabilities, parser::make},
        {&gpu::kind, nullptr, nullptr},
        {&mp4::kind, nullptr, nullptr},
        {&display::kind, display::capabilities, display::make},
        {&recorder::recorder_kind, recorder::recorder_capabilities, recorder::make_recorder},
        {&recorder::replayer_kind, recorder::replayer_capabilities, recorder::make_replayer},
    };
    return makers;
}

const ServiceMaker* find_maker(std::string_view kind) {
    for (const ServiceMaker& maker : service_makers()) {
        if (maker.kind->name == kind) return &maker;
    }
    return nullptr;
}

}  // namespace jetway::cli
