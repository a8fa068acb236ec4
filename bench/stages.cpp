// Pictures a second through each stage of the terminal-to-video pipeline on its own, on one
// recorded session, without sockets: the least that each stage leaves for the others.
//
//   bench_stages RECORDING.cast [Google Benchmark's options]
#include <benchmark/benchmark.h>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <vector>

#include "screen/bytes.hpp"
#include "services/gpu/camera.hpp"
#include "services/gpu/opencl_renderer.hpp"
#include "services/mp4/video_file.hpp"
#include "services/parser/sampler.hpp"
#include "services/recorder/cast_file.hpp"

namespace jetway {
namespace {

constexpr screen::Format format = screen::Format::i420;
constexpr std::uint32_t font_size = 18;

std::string recording;

[[noreturn]] void die(const Error& error) {
    std::fprintf(stderr, "bench_stages: %s\n", error.line().c_str());
    std::exit(1);
}

template <typename T>
T must(Result<T> result) {
    if (!result) die(result.error());
    return std::move(*result);
}

void must(const Result<>& result) {
    if (!result) die(result.error());
}

/// What the recorded program did.
std::vector<screen::PtyMessage> read_session() {
    recorder::CastFile file;
    must(file.open(recording));
    std::vector<screen::PtyMessage> session;
    const auto add = [&session](std::uint64_t us, decltype(screen::PtyMessage::body) body) {
        screen::PtyMessage message;
        message.stamp.us = us;
        message.stamp.offline = true;
        message.body = std::move(body);
        session.push_back(std::move(message));
    };
    add(0, screen::PtySize{file.header().columns, file.header().rows});
    while (const auto event = must(file.next())) {
        if (event->code == recorder::CastCode::output) {
            add(event->at_us, screen::PtyOut{Buffer::copy_of(event->data)});
        } else if (event->code == recorder::CastCode::resize) {
            add(event->at_us, screen::PtySize{event->columns, event->rows});
        }
    }
    return session;
}

const std::vector<screen::PtyMessage>& session() {
    static const std::vector<screen::PtyMessage> messages = read_session();
    return messages;
}

/// The parser's stage: bytes in, a message for each picture out.
std::vector<Buffer> parse() {
    parser::Sampler sampler({.fps = 30, .offline = true});
    std::vector<Buffer> screens;
    const auto take = [&] {
        while (sampler.due()) screens.push_back(sampler.take());
    };
    for (const screen::PtyMessage& message : session()) {
        must(sampler.accept(message));
        take();
    }
    sampler.end();
    take();
    return screens;
}

/// The renderer's stage: screens in, a message for each picture out.
std::vector<Buffer> render(const std::vector<Buffer>& screens, gpu::Atlas& atlas,
                           gpu::Renderer& renderer) {
    gpu::Camera camera(atlas, format);
    screen::Snapshot shown;
    std::vector<Buffer> pictures;
    for (const Buffer& message : screens) {
        auto decoded = must(screen::decode_screen(message.bytes()));
        if (auto* snapshot = std::get_if<screen::Snapshot>(&decoded)) {
            shown = std::move(*snapshot);
        } else {
            must(screen::apply(shown, std::get<screen::Diff>(decoded)));
        }
        pictures.push_back(screen::encode(must(camera.shoot(shown, renderer))));
    }
    return pictures;
}

std::unique_ptr<gpu::Font> font() {
    return must(gpu::Font::open(std::string(gpu::default_font), font_size));
}

const std::vector<Buffer>& screens() {
    static const std::vector<Buffer> messages = parse();
    return messages;
}

const std::vector<Buffer>& pictures() {
    static const std::vector<Buffer> messages = [] {
        gpu::Atlas atlas(font());
        return render(screens(), atlas, *gpu::make_scalar_renderer());
    }();
    return messages;
}

void count(benchmark::State& state, std::size_t made) {
    state.SetItemsProcessed(state.iterations() * static_cast<std::int64_t>(made));
    if (made == 0) state.SkipWithError("no pictures");
}

void parser_stage(benchmark::State& state) {
    session();
    std::size_t made = 0;
    for ([[maybe_unused]] auto _ : state) made = parse().size();
    count(state, made);
}

void render_stage(benchmark::State& state, gpu::Renderer& renderer) {
    gpu::Atlas atlas(font());
    render(screens(), atlas, renderer);  // glyphs are rasterised, kernels are warm
    std::size_t made = 0;
    for ([[maybe_unused]] auto _ : state) made = render(screens(), atlas, renderer).size();
    count(state, made);
}

void scalar_stage(benchmark::State& state) {
    render_stage(state, *gpu::make_scalar_renderer());
}

void opencl_stage(benchmark::State& state) {
    const auto renderer = gpu::make_opencl_renderer();
    if (!renderer) return state.SkipWithError(renderer.error().line().c_str());
    state.SetLabel((*renderer)->name());
    render_stage(state, **renderer);
}

void encoder_stage(benchmark::State& state) {
    const std::string path =
        std::filesystem::temp_directory_path() / ("bench-" + std::to_string(getpid()) + ".mp4");
    for ([[maybe_unused]] auto _ : state) {
        screen::Picture picture;
        std::unique_ptr<mp4::VideoFile> file;
        std::uint64_t us = 0;
        for (const Buffer& message : pictures()) {
            const auto update = must(screen::decode_picture(message));
            if (update.kind == screen::PictureUpdate::Kind::full) {
                picture = screen::Picture(update.format, update.width, update.height);
            }
            must(screen::apply(picture, update));
            if (!file) file = must(mp4::VideoFile::create(path, update.width, update.height, {}));
            us = update.stamp.us;
            must(file->add(picture, us));
        }
        must(file->close(us));
    }
    std::filesystem::remove(path);
    count(state, pictures().size());
}

// Wall time: PoCL and x264 use threads of their own.
BENCHMARK(parser_stage)->Name("parser")->UseRealTime();
BENCHMARK(scalar_stage)->Name("renderer, scalar")->UseRealTime();
BENCHMARK(opencl_stage)->Name("renderer, OpenCL")->UseRealTime();
BENCHMARK(encoder_stage)->Name("encoder, H.264 veryfast")->UseRealTime();

}  // namespace
}  // namespace jetway

int main(int argc, char** argv) {
    benchmark::Initialize(&argc, argv);
    if (argc != 2) {
        std::fprintf(stderr, "usage: bench_stages RECORDING.cast [--benchmark_...]\n");
        return 64;
    }
    jetway::recording = argv[1];
    benchmark::RunSpecifiedBenchmarks();
    return 0;
}
