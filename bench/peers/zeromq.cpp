// ZeroMQ: PUSH to PULL one way, REQ to REP for requests, through its own proxy. Addresses are its
// own, tcp://127.0.0.1:PORT or ipc://PATH.
//
//   bench_peer_zeromq route pipeline|requests FRONT BACK SIZE [next]
//                         clients connect to FRONT, services to BACK; with "next" BACK is the FRONT
//                         of another proxy
#include <atomic>
#include <memory>
#include <zmq.h>

#include "bench/peers/roles.hpp"

namespace {

using namespace jetway::bench;

void* context() {
    static void* made = zmq_ctx_new();
    return made;
}

void must(int result, const char* what) {
    if (result < 0) die(std::string(what) + ": " + zmq_strerror(zmq_errno()));
}

void* make_socket(int type, int most_waiting) {
    void* socket = zmq_socket(context(), type);
    zmq_setsockopt(socket, ZMQ_SNDHWM, &most_waiting, sizeof most_waiting);
    zmq_setsockopt(socket, ZMQ_RCVHWM, &most_waiting, sizeof most_waiting);
    return socket;
}

/// Messages that may wait in one queue: many small ones, few large ones.
int most_waiting_of(std::size_t size) {
    return std::clamp(static_cast<int>((64U << 20U) / size), 4, 100'000);
}

/// Memory for large messages, which are sent without a copy.
class Blocks {
public:
    struct Block {
        explicit Block(std::size_t size) : bytes(size, 'x') {}
        std::vector<char> bytes;
        std::atomic<bool> in_use = false;
    };
    Block& take(std::size_t size) {
        for (const auto& block : blocks_) {
            if (!block->in_use.exchange(true)) return *block;
        }
        blocks_.push_back(std::make_unique<Block>(size));
        blocks_.back()->in_use = true;
        return *blocks_.back();
    }

private:
    std::vector<std::unique_ptr<Block>> blocks_;
};

class ZeromqPeer {
public:
    ZeromqPeer(Role role, const std::string& address, std::size_t size)
        : size_(size), socket_(make_socket(type_of(role), most_waiting_of(size))) {
        must(zmq_connect(socket_, address.c_str()), "connect");
        zmq_msg_init(&last_);
    }

    void send(const char* bytes) {
        zmq_msg_t message;
        if (size_ < large) {
            zmq_msg_init_size(&message, size_);
            std::memcpy(zmq_msg_data(&message), bytes, size_);
        } else {
            Blocks::Block& block = blocks_.take(size_);
            std::memcpy(block.bytes.data(), bytes, number_size);
            zmq_msg_init_data(
                &message, block.bytes.data(), size_,
                [](void*, void* used) { static_cast<Blocks::Block*>(used)->in_use = false; },
                &block);
        }
        must(zmq_msg_send(&message, socket_, 0), "send");
    }
    void flush() {}
    const char* receive() {
        must(zmq_msg_recv(&last_, socket_, 0), "receive");
        return static_cast<const char*>(zmq_msg_data(&last_));
    }
    void answer(const char* bytes) { send(bytes); }

private:
    static constexpr std::size_t large = 64UL * 1024;

    static int type_of(Role role) {
        switch (role) {
            case Role::send:
                return ZMQ_PUSH;
            case Role::receive:
                return ZMQ_PULL;
            case Role::request:
                return ZMQ_REQ;
            default:
                return ZMQ_REP;
        }
    }

    std::size_t size_;
    void* socket_;
    zmq_msg_t last_{};
    Blocks blocks_;
};

int route(const std::string& kind, const char* front, const char* back, bool next,
          std::size_t size) {
    const bool requests = kind == "requests";
    void* clients = make_socket(requests ? ZMQ_ROUTER : ZMQ_PULL, most_waiting_of(size));
    void* services = make_socket(requests ? ZMQ_DEALER : ZMQ_PUSH, most_waiting_of(size));
    must(zmq_bind(clients, front), "bind");
    must(next ? zmq_connect(services, back) : zmq_bind(services, back), "bind");
    say_ready();
    return zmq_proxy(clients, services, nullptr);
}

}  // namespace

int main(int argc, char** argv) {
    if (argc >= 6 && std::string(argv[1]) == "route")
        return route(argv[2], argv[3], argv[4], argc > 6,
                     static_cast<std::size_t>(number(argv[5])));
    return play<ZeromqPeer>(argc, argv);
}
