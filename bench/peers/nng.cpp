// NNG: PUSH to PULL one way, REQ to REP for requests, through nng_device. Addresses are its own.
//
//   bench_peer_nng route pipeline|requests FRONT BACK     clients dial FRONT, services BACK
#include <nng/nng.h>
#include <nng/protocol/pipeline0/pull.h>
#include <nng/protocol/pipeline0/push.h>
#include <nng/protocol/reqrep0/rep.h>
#include <nng/protocol/reqrep0/req.h>

#include "bench/peers/roles.hpp"

namespace {

using namespace jetway::bench;

void must(int result) {
    if (result != 0) die(nng_strerror(result));
}

class NngPeer {
public:
    NngPeer(Role role, const std::string& address, std::size_t size) : size_(size) {
        switch (role) {
            case Role::send:
                must(nng_push0_open(&socket_));
                break;
            case Role::receive:
                must(nng_pull0_open(&socket_));
                break;
            case Role::request:
                must(nng_req0_open(&socket_));
                break;
            case Role::reply:
                must(nng_rep0_open(&socket_));
                break;
        }
        must(nng_socket_set_size(socket_, NNG_OPT_RECVMAXSZ, 0));
        must(nng_dial(socket_, address.c_str(), nullptr, 0));
    }

    void send(const char* bytes) {
        nng_msg* message = nullptr;
        must(nng_msg_alloc(&message, size_));
        std::memcpy(nng_msg_body(message), bytes, size_);
        must(nng_sendmsg(socket_, message, 0));
    }
    void flush() {}
    const char* receive() {
        if (last_ != nullptr) nng_msg_free(last_);
        must(nng_recvmsg(socket_, &last_, 0));
        return static_cast<const char*>(nng_msg_body(last_));
    }
    void answer(const char* bytes) { send(bytes); }

private:
    std::size_t size_;
    nng_socket socket_{};
    nng_msg* last_ = nullptr;
};

int route(const std::string& kind, const char* front, const char* back) {
    nng_socket clients{};
    nng_socket services{};
    if (kind == "requests") {
        must(nng_rep0_open_raw(&clients));
        must(nng_req0_open_raw(&services));
    } else {
        must(nng_pull0_open_raw(&clients));
        must(nng_push0_open_raw(&services));
    }
    must(nng_listen(clients, front, nullptr, 0));
    must(nng_listen(services, back, nullptr, 0));
    say_ready();
    return nng_device(clients, services);
}

}  // namespace

int main(int argc, char** argv) {
    if (argc >= 5 && std::string(argv[1]) == "route") return route(argv[2], argv[3], argv[4]);
    return play<NngPeer>(argc, argv);
}
