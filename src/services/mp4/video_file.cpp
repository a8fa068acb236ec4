#include "services/mp4/video_file.hpp"

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

extern "C" {
#include <libavcodec/avcodec.h>
#include <libavformat/avformat.h>
#include <libavutil/opt.h>
}

namespace jetway::mp4 {
namespace {

constexpr int io_buffer_size = 256 * 1024;

struct FreeFormat {
    void operator()(AVFormatContext* format) const { avformat_free_context(format); }
};
struct CloseInput {
    void operator()(AVFormatContext* format) const { avformat_close_input(&format); }
};
struct FreeCodec {
    void operator()(AVCodecContext* codec) const { avcodec_free_context(&codec); }
};
struct FreeFrame {
    void operator()(AVFrame* frame) const { av_frame_free(&frame); }
};
struct FreePacket {
    void operator()(AVPacket* packet) const { av_packet_free(&packet); }
};
struct FreeIo {
    void operator()(AVIOContext* io) const {
        av_freep(static_cast<void*>(&io->buffer));
        avio_context_free(&io);
    }
};
using PacketPtr = std::unique_ptr<AVPacket, FreePacket>;

Error av_error(const std::string& what, int code) {
    char text[AV_ERROR_MAX_STRING_SIZE] = {};
    av_strerror(code, text, sizeof text);
    return {Code::io, what + ": " + text};
}

struct Settings {
    AVDictionary* entries = nullptr;
    ~Settings() { av_dict_free(&entries); }
    void set(const char* key, const std::string& value) {
        av_dict_set(&entries, key, value.c_str(), 0);
    }
};

/// Where the muxer writes. Keeps the first error of the system, which the muxer would only call
/// "input/output error".
struct Sink {
    int descriptor = -1;
    int failed = 0;  // errno
    std::int64_t position = 0;

    static int write(void* self, std::uint8_t* bytes, int size) {
        auto& sink = *static_cast<Sink*>(self);
        for (int done = 0; done < size;) {
            const ssize_t count =
                ::write(sink.descriptor, bytes + done, static_cast<std::size_t>(size - done));
            if (count < 0 && errno == EINTR) continue;
            if (count <= 0) {
                sink.failed = count < 0 ? errno : ENOSPC;
                return AVERROR(sink.failed);
            }
            done += static_cast<int>(count);
            sink.position += count;
        }
        return size;
    }
};

/// Copies the packets of `from` into a file whose index stands in front (faststart).
Result<> make_seekable(const std::string& from, const std::string& to) {
    AVFormatContext* opened = nullptr;
    if (const int code = avformat_open_input(&opened, from.c_str(), nullptr, nullptr); code < 0) {
        return av_error("cannot read back " + from, code);
    }
    const std::unique_ptr<AVFormatContext, CloseInput> input(opened);
    if (const int code = avformat_find_stream_info(opened, nullptr); code < 0) {
        return av_error("cannot read back " + from, code);
    }
    AVFormatContext* made = nullptr;
    avformat_alloc_output_context2(&made, nullptr, "mp4", to.c_str());
    const std::unique_ptr<AVFormatContext, FreeFormat> output(made);
    AVStream* const source = opened->streams[0];
    AVStream* const target = avformat_new_stream(made, nullptr);
    avcodec_parameters_copy(target->codecpar, source->codecpar);
    target->codecpar->codec_tag = 0;
    target->time_base = source->time_base;
    if (const int code = avio_open(&made->pb, to.c_str(), AVIO_FLAG_WRITE); code < 0) {
        return av_error("cannot write " + to, code);
    }
    Settings settings;
    settings.set("movflags", "faststart");
    int code = avformat_write_header(made, &settings.entries);
    const PacketPtr packet(av_packet_alloc());
    while (code >= 0 && av_read_frame(opened, packet.get()) >= 0) {
        av_packet_rescale_ts(packet.get(), source->time_base, target->time_base);
        packet->stream_index = 0;
        packet->pos = -1;
        code = av_write_frame(made, packet.get());
        av_packet_unref(packet.get());
    }
    if (code >= 0) code = av_write_trailer(made);
    const int closed = avio_closep(&made->pb);
    if (code >= 0) code = closed;
    return code < 0 ? Result<>(av_error("cannot write " + to, code)) : success();
}

void copy_plane(const std::uint8_t* from, std::size_t from_width, std::size_t from_height,
                std::uint8_t* to, std::size_t to_stride, std::size_t to_width,
                std::size_t to_height) {
    const std::size_t width = std::min(from_width, to_width);
    const std::size_t height = std::min(from_height, to_height);
    // Centred on even offsets, so that luma and chroma stay together: the caller passes halves for
    // chroma.
    const std::size_t left = (to_width - width) / 2;
    const std::size_t top = (to_height - height) / 2;
    for (std::size_t row = 0; row < height; ++row) {
        std::memcpy(to + (top + row) * to_stride + left, from + row * from_width, width);
    }
}

}  // namespace

struct VideoFile::State {
    std::string path;
    VideoOptions options;
    Sink sink;
    std::unique_ptr<AVIOContext, FreeIo> io;
    std::unique_ptr<AVFormatContext, FreeFormat> format;
    std::unique_ptr<AVCodecContext, FreeCodec> codec;
    std::unique_ptr<AVFrame, FreeFrame> frame;
    PacketPtr packet{av_packet_alloc()};
    AVStream* stream = nullptr;
    bool has_picture = false;         // `frame` shows picture `index`, not encoded yet
    std::int64_t index = 0;           // on the grid of 1/fps
    std::int64_t fragment_start = 0;  // dts of the fragment's first packet
    std::int64_t whole = 0;           // bytes of whole fragments
    std::uint64_t encoded = 0;

    ~State() {
        if (sink.descriptor >= 0) ::close(sink.descriptor);
    }

    Result<> open_file() {
        sink.descriptor = ::open(path.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
        if (sink.descriptor < 0) return system_error("cannot write " + path, errno);
        auto* buffer = static_cast<std::uint8_t*>(av_malloc(io_buffer_size));
        io.reset(
            avio_alloc_context(buffer, io_buffer_size, 1, &sink, nullptr, &Sink::write, nullptr));
        return success();
    }

    Result<> open_encoder(std::uint32_t width, std::uint32_t height) {
        const AVCodec* x264 = avcodec_find_encoder_by_name("libx264");
        if (x264 == nullptr) return Error(Code::unsupported, "this FFmpeg has no libx264");
        codec.reset(avcodec_alloc_context3(x264));
        codec->width = static_cast<int>((width + 1) & ~1U);
        codec->height = static_cast<int>((height + 1) & ~1U);
        codec->pix_fmt = AV_PIX_FMT_YUV420P;
        codec->time_base = {1, static_cast<int>(options.fps)};
        codec->framerate = {static_cast<int>(options.fps), 1};
        codec->gop_size = static_cast<int>(options.fps) * 2;
        codec->max_b_frames = 0;  // the first picture is at 0 and every fragment stands alone
        codec->color_range = AVCOL_RANGE_MPEG;
        codec->colorspace = AVCOL_SPC_BT709;
        codec->color_primaries = AVCOL_PRI_BT709;
        codec->color_trc = AVCOL_TRC_BT709;
        codec->flags |= AV_CODEC_FLAG_GLOBAL_HEADER;
        Settings settings;
        settings.set("preset", options.preset);
        settings.set("crf", std::to_string(options.crf));
        if (const int code = avcodec_open2(codec.get(), x264, &settings.entries); code < 0) {
            return Error(Code::usage,
                         av_error("x264 refuses preset \"" + options.preset + "\", crf " +
                                      std::to_string(options.crf) + ", " + std::to_string(width) +
                                      "x" + std::to_string(height),
                                  code)
                             .detail);
        }
        frame.reset(av_frame_alloc());
        frame->format = codec->pix_fmt;
        frame->width = codec->width;
        frame->height = codec->height;
        if (const int code = av_frame_get_buffer(frame.get(), 0); code < 0)
            return av_error("no memory", code);
        return success();
    }

    Result<> open_muxer() {
        AVFormatContext* made = nullptr;
        avformat_alloc_output_context2(&made, nullptr, "mp4", nullptr);
        format.reset(made);
        made->pb = io.get();
        made->flags |= AVFMT_FLAG_CUSTOM_IO;
        stream = avformat_new_stream(made, nullptr);
        stream->time_base = codec->time_base;
        stream->avg_frame_rate = codec->framerate;
        avcodec_parameters_from_context(stream->codecpar, codec.get());
        Settings settings;
        settings.set("movflags", "empty_moov+default_base_moof+frag_custom");
        if (const int code = avformat_write_header(made, &settings.entries); code < 0)
            return write_error(code);
        return flush_fragment();
    }

    Error write_error(int code) const {
        if (sink.failed == ENOSPC)
            return Error(Code::io, "the disk is full: " + path + " ends here, and plays");
        if (sink.failed != 0) return system_error("cannot write " + path, sink.failed);
        return av_error("cannot write " + path, code);
    }

    /// Everything muxed so far is a whole fragment in the file; or the file ends with the one
    /// before.
    Result<> flush_fragment() {
        const int code = av_write_frame(format.get(), nullptr);
        avio_flush(io.get());
        if (code < 0 || sink.failed != 0) return cut_back(code);
        whole = sink.position;
        return success();
    }

    Result<> cut_back(int code) {
        Error error = write_error(code);
        if (::ftruncate(sink.descriptor, whole) != 0)
            return system_error("cannot cut back " + path, errno);
        return error;
    }

    void draw(const screen::Picture& picture) {
        av_frame_make_writable(frame.get());
        const screen::Picture converted =
            picture.format == screen::Format::i420 ? screen::Picture() : screen::to_i420(picture);
        const screen::Picture& source =
            picture.format == screen::Format::i420 ? picture : converted;
        const auto stride = [this](int plane) {
            return static_cast<std::size_t>(frame->linesize[plane]);
        };
        const std::size_t width = source.width;
        const std::size_t height = source.height;
        const auto to_width = static_cast<std::size_t>(frame->width);
        const auto to_height = static_cast<std::size_t>(frame->height);
        std::memset(frame->data[0], 16, stride(0) * to_height);
        const std::uint8_t* bytes = source.pixels.data();
        // Luma is placed at twice the place of chroma, whatever the rounding.
        for (std::size_t row = 0; row < std::min(height, to_height); ++row) {
            const std::size_t left = (to_width / 2 - std::min(width, to_width) / 2) / 2 * 2;
            const std::size_t top = (to_height / 2 - std::min(height, to_height) / 2) / 2 * 2;
            std::memcpy(frame->data[0] + (top + row) * stride(0) + left, bytes + row * width,
                        std::min(width, to_width));
        }
        bytes += width * height;
        for (const int plane : {1, 2}) {
            std::memset(frame->data[plane], 128, stride(plane) * (to_height / 2));
            copy_plane(bytes, width / 2, height / 2, frame->data[plane], stride(plane),
                       to_width / 2, to_height / 2);
            bytes += (width / 2) * (height / 2);
        }
    }

    /// Encodes `frame` for every place of the grid before `end`.
    Result<> show_until(std::int64_t end) {
        for (; index < end; ++index) {
            frame->pts = index;
            JETWAY_TRY(encode(frame.get()));
            ++encoded;
        }
        return success();
    }

    Result<> encode(AVFrame* picture) {
        if (const int code = avcodec_send_frame(codec.get(), picture); code < 0)
            return av_error("x264", code);
        for (;;) {
            const int code = avcodec_receive_packet(codec.get(), packet.get());
            if (code == AVERROR(EAGAIN) || code == AVERROR_EOF) return success();
            if (code < 0) return av_error("x264", code);
            JETWAY_TRY(mux());
        }
    }

    Result<> mux() {
        packet->stream_index = 0;
        packet->duration = 1;  // or the last picture would not be shown
        const std::int64_t dts = packet->dts;
        av_packet_rescale_ts(packet.get(), codec->time_base, stream->time_base);
        if (const int code = av_write_frame(format.get(), packet.get()); code < 0)
            return cut_back(code);
        if (dts - fragment_start + 1 < static_cast<std::int64_t>(options.fps)) return success();
        fragment_start = dts + 1;
        return flush_fragment();
    }

    std::int64_t place(std::uint64_t us) const {
        return static_cast<std::int64_t>((us * options.fps + 500'000) / 1'000'000);
    }
};

VideoFile::VideoFile(std::unique_ptr<State> state) : state_(std::move(state)) {}
VideoFile::~VideoFile() = default;

Result<std::unique_ptr<VideoFile>> VideoFile::create(const std::string& path, std::uint32_t width,
                                                     std::uint32_t height,
                                                     const VideoOptions& options) {
    av_log_set_level(AV_LOG_ERROR);
    auto state = std::make_unique<State>();
    state->path = path;
    state->options = options;
    JETWAY_TRY(state->open_encoder(width, height));
    JETWAY_TRY(state->open_file());
    JETWAY_TRY(state->open_muxer());
    return std::unique_ptr<VideoFile>(new VideoFile(std::move(state)));
}

Result<> VideoFile::add(const screen::Picture& picture, std::uint64_t us) {
    State& state = *state_;
    if (state.has_picture) JETWAY_TRY(state.show_until(state.place(us)));
    state.draw(picture);
    state.has_picture = true;
    return success();
}

Result<VideoSummary> VideoFile::close(std::uint64_t us) {
    State& state = *state_;
    if (state.has_picture) JETWAY_TRY(state.show_until(std::max(state.place(us), state.index + 1)));
    JETWAY_TRY(state.encode(nullptr));
    JETWAY_TRY(state.flush_fragment());
    if (const int code = av_write_trailer(state.format.get()); code < 0)
        return state.write_error(code);
    avio_flush(state.io.get());
    VideoSummary summary{
        state.path, state.encoded,
        static_cast<double>(state.encoded) / static_cast<double>(state.options.fps)};
    // The fragmented file is whole and playable: failing to make it seekable is no reason to lose
    // it.
    const std::string seekable = state.path + ".tmp";
    if (const auto made = make_seekable(state.path, seekable); !made) {
        ::unlink(seekable.c_str());
        return Error(Code::io, state.path + " is complete, but cannot be made seekable")
            .because(made.error().detail);
    }
    if (std::rename(seekable.c_str(), state.path.c_str()) != 0) {
        return system_error("cannot replace " + state.path, errno);
    }
    return summary;
}

}  // namespace jetway::mp4
