// A core whose neighbour says anything, in every state a link can be in: nothing breaks, nothing
// grows beyond its limits, and the core still answers. The first byte says how far the handshake
// gets and which side decides; then come frames of {type, label and time, length (2 bytes), body}.
#include <cstdint>
#include <cstdlib>
#include <optional>
#include <string>

#include "routing/control.hpp"

namespace {

using namespace jetway;
using namespace jetway::routing;
using wire::FrameType;

constexpr LinkId wild = 0;    // leads to the neighbour that says anything
constexpr LinkId honest = 1;  // leads to another core
constexpr LinkId process = 2;

void require(bool holds) {
    if (!holds) std::abort();
}

Options machine(const std::string& name, RouterId router) {
    Options options;
    options.machine = name;
    options.router = router;
    options.epoch = 100;
    options.boot_nonce = router;
    return options;
}

/// Two cores that know each other; the first has the wild neighbour too.
class Scene {
public:
    explicit Scene(std::uint8_t begin) : stage_(begin % 4), neighbour_(begin % 8 < 4 ? 1 : 9) {
        link(core_, wild, LinkKind::network, false);
        link(core_, honest, LinkKind::network, true);
        link(core_, process, LinkKind::local, false);
        link(other_, honest, LinkKind::network, false);
        core_.offer(now_, {"echo", 0, {}, {}, {}, process, false});
        settle();
        handshake();
    }

    void hear(std::uint8_t type, std::uint32_t label, Bytes body) {
        wire::Frame frame(static_cast<FrameType>(type), label, Buffer::copy_of(body));
        core_.receive(now_, wild, std::move(frame));
        settle();
    }
    void pass(Duration time) {
        now_ += time;
        core_.tick(now_);
        other_.tick(now_);
        settle();
    }
    bool closed() const { return closed_; }
    void check() {
        require(core_.resolve(now_, "echo").has_value());
        require(core_.machines(now_).size() <= max_origins);
        (void)core_.resolve(now_, "nothing@nowhere");
        (void)core_.routes(now_);
        (void)core_.links();
        require(core_.next_deadline() > now_ - std::chrono::hours(1));
        const auto& counts = core_.counts();
        require(counts.balanced());
    }

private:
    void link(Core& core, LinkId id, LinkKind kind, bool dialled) {
        LinkOptions options;
        options.kind = kind;
        options.dialled = dialled;
        options.terminal = "t" + std::to_string(id);
        core.add_link(now_, id, options);
    }
    void handshake() {
        if (stage_ == 0) return;
        say(FrameType::hello, hello_of(machine("wild", neighbour_), {}));
        if (stage_ == 1) return;
        wire::Verdict keep;
        keep.set_keep(true);
        if (neighbour_ < 5) say(FrameType::verdict, keep);
        if (stage_ == 2) return;
        wire::Summary nothing;
        nothing.set_to(~RouterId{0});
        say(FrameType::summary, nothing);
        hear(static_cast<std::uint8_t>(FrameType::sync_done), 0, {});
    }
    template <typename T>
    void say(FrameType type, const T& body) {
        hear(static_cast<std::uint8_t>(type), 0, wire::encode(body).bytes());
    }
    void settle() {
        for (bool busy = true; busy;) {
            busy = turn(core_, &other_);
            busy = turn(other_, &core_) || busy;
        }
    }
    bool turn(Core& core, Core* peer) {
        Actions actions;
        core.take(actions);
        for (const LinkId id : actions.ready) pump(core, peer, id);
        for (const auto& close : actions.close) {
            pump(core, peer, close.link);
            core.remove_link(now_, close.link, close.reason);
            if (close.link == wild) closed_ = true;
        }
        return !actions.ready.empty() || !actions.close.empty();
    }
    void pump(Core& core, Core* peer, LinkId id) {
        wire::Frame frame;
        while (core.pull(now_, id, frame)) {
            if (id == honest) peer->receive(now_, honest, std::move(frame));
        }
    }

    int stage_;
    RouterId neighbour_;
    SeededRandom random_{1};
    Time now_{std::chrono::seconds(1'000)};
    Core core_{machine("core", 5), random_, now_};
    Core other_{machine("other", 6), random_, now_};
    bool closed_ = false;
};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    if (size == 0) return 0;
    Scene scene(data[0]);
    std::size_t at = 1;
    while (!scene.closed() && size - at >= 4) {
        const std::uint8_t type = data[at];
        const std::uint8_t mixed = data[at + 1];
        std::size_t length = data[at + 2] | std::size_t{data[at + 3]} << 8U;
        at += 4;
        length = std::min(length, size - at);
        scene.pass(std::chrono::milliseconds(mixed >> 2U));
        scene.hear(type, (mixed & 3U) == 3 ? 2 : (mixed & 1U), Bytes(data + at, length));
        at += length;
    }
    scene.pass(std::chrono::milliseconds(20));
    scene.check();
    return 0;
}
