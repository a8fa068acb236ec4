// Studio: what all cameras of one gpu-server share: the font's atlas and the renderer, with its
// fallback.
#pragma once

#include <memory>
#include <string>

#include "base/result.hpp"
#include "base/settings.hpp"
#include "services/gpu/atlas.hpp"
#include "services/gpu/renderer.hpp"

namespace jetway::gpu {

enum class Device : std::uint8_t { any, opencl, scalar };

struct StudioOptions {
    std::string font;
    std::uint32_t font_size = 18;
    screen::Format format = screen::Format::i420;
    Device device = Device::any;
};

/// E-BAD-FILE names the setting.
Result<StudioOptions> read_studio_options(const Settings& settings);

class Studio {
public:
    /// E-IO when the font cannot be read. No device is touched yet.
    static Result<std::unique_ptr<Studio>> make(const std::string& name,
                                                const StudioOptions& options);

    /// The device, or the scalar renderer when there is none, which is logged. E-UNSUPPORTED only
    /// when the options insist on OpenCL.
    Result<> start();
    bool started() const { return renderer_ != nullptr; }
    /// The renderer failed: log why and go on with the scalar one. False when it was that one
    /// already.
    bool fall_back(const Error& reason);

    Atlas& atlas() { return atlas_; }
    Renderer& renderer() { return *renderer_; }
    const StudioOptions& options() const { return options_; }

private:
    Studio(std::string name, StudioOptions options, std::unique_ptr<Font> font)
        : name_(std::move(name)), options_(std::move(options)), atlas_(std::move(font)) {}

    std::string name_;
    StudioOptions options_;
    Atlas atlas_;
    std::unique_ptr<Renderer> renderer_;
    bool scalar_ = false;
};

}  // namespace jetway::gpu
