#include "services/gpu/studio.hpp"

#include "base/log.hpp"
#include "services/gpu/opencl_renderer.hpp"

namespace jetway::gpu {
namespace {

Error not_one_of(std::string_view key, const std::string& value, std::string_view choices) {
    return {Code::bad_file,
            std::string(key) + ": \"" + value + "\" is not one of " + std::string(choices)};
}

}  // namespace

Result<StudioOptions> read_studio_options(const Settings& settings) {
    StudioOptions options;
    JETWAY_ASSIGN(options.font, settings.text("font", default_font));
    JETWAY_ASSIGN(const std::int64_t size, settings.number("font_size", options.font_size, 6, 96));
    JETWAY_ASSIGN(const std::string format, settings.text("format", "i420"));
    JETWAY_ASSIGN(const std::string device, settings.text("device", "any"));
    options.font_size = static_cast<std::uint32_t>(size);
    if (format != "i420" && format != "rgba") return not_one_of("format", format, "i420, rgba");
    if (format == "rgba") options.format = screen::Format::rgba8;
    if (device != "any" && device != "opencl" && device != "scalar") {
        return not_one_of("device", device, "any, opencl, scalar");
    }
    if (device != "any") options.device = device == "opencl" ? Device::opencl : Device::scalar;
    return options;
}

Result<std::unique_ptr<Studio>> Studio::make(const std::string& name,
                                             const StudioOptions& options) {
    JETWAY_ASSIGN(std::unique_ptr<Font> font, Font::open(options.font, options.font_size));
    return std::unique_ptr<Studio>(new Studio(name, options, std::move(font)));
}

Result<> Studio::start() {
    if (options_.device != Device::scalar) {
        auto renderer = make_opencl_renderer();
        if (renderer) {
            renderer_ = std::move(*renderer);
            log::info("{}: draws on {} (OpenCL)", name_, renderer_->name());
            return success();
        }
        if (options_.device == Device::opencl) return renderer.error();
        log::warn("{}: {}; draws with the scalar renderer", name_, renderer.error().line());
    }
    renderer_ = make_scalar_renderer();
    scalar_ = true;
    return success();
}

bool Studio::fall_back(const Error& reason) {
    if (scalar_) return false;
    log::error("{}: {}; goes on with the scalar renderer", name_, reason.line());
    renderer_ = make_scalar_renderer();
    scalar_ = true;
    return true;
}

}  // namespace jetway::gpu
