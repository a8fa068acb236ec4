// The roles that a peer's process plays, written once for every peer whose calls block:
//
//   bench_peer_NAME send    ADDRESS SIZE COUNT    numbered messages, one way
//   bench_peer_NAME receive ADDRESS SIZE COUNT    counts them and holds them against their numbers
//   bench_peer_NAME request ADDRESS SIZE COUNT    one request in flight
//   bench_peer_NAME reply   ADDRESS SIZE          answers each with its own bytes
//   bench_peer_NAME pace    ADDRESS SIZE COUNT RATE   as send, so many a second
//   bench_peer_NAME watch   ADDRESS SIZE COUNT    as receive, while messages may be lost
//
// A peer is a class with
//
//   Peer(Role role, const std::string& address, std::size_t size)   connected, and heard
//   void send(const char* bytes)       to the service; may wait in a buffer
//   void flush()                       nothing waits any more
//   const char* receive()              the next message, until the next call
//   void answer(const char* bytes)     to whom the last message came from, leaves at once; only
//                                      where send() and flush() do not do that
#pragma once

#include <string>
#include <thread>
#include <vector>

#include "bench/peers/measure.hpp"

namespace jetway::bench {

enum class Role : std::uint8_t { send, receive, request, reply };

template <typename Peer>
void play_sender(Peer& peer, std::size_t size, Number count) {
    std::vector<char> message(size, 'x');
    for (Number number = 0; number < count; ++number) {
        std::memcpy(message.data(), &number, number_size);
        peer.send(message.data());
    }
    peer.flush();
    wait_for_end_of_input();
}

template <typename Peer>
void play_receiver(Peer& peer, std::size_t size, Number count) {
    Arrivals arrivals(count, size);
    say_ready();
    while (!arrivals.take(peer.receive(), size)) {
    }
    arrivals.print();
}

template <typename Peer>
void play_pacer(Peer& peer, std::size_t size, Number count, Number rate) {
    std::vector<char> message(size, 'x');
    const Pace pace(rate);
    for (Number number = 0; number < count;) {
        for (const Number due = std::min(pace.due(), count); number < due; ++number) {
            std::memcpy(message.data(), &number, number_size);
            peer.send(message.data());
        }
        peer.flush();
        std::this_thread::sleep_for(std::chrono::milliseconds(1));
    }
    wait_for_end_of_input();
}

template <typename Peer>
void play_watcher(Peer& peer, Number count) {
    Flow flow(count);
    say_ready();
    Number number = 0;
    do {
        std::memcpy(&number, peer.receive(), number_size);
    } while (!flow.take(number));
    flow.print();
}

template <typename Peer>
void play_client(Peer& peer, std::size_t size, Number count) {
    RoundTrips trips(count);
    const std::vector<char> message(size, 'x');
    do {
        trips.ask();
        peer.send(message.data());
        peer.flush();
        peer.receive();
    } while (!trips.answer());
    trips.print();
}

template <typename Peer>
void play_service(Peer& peer) {
    say_ready();
    for (;;) {
        const char* const bytes = peer.receive();
        if constexpr (requires { peer.answer(bytes); }) {
            peer.answer(bytes);
        } else {
            peer.send(bytes);
            peer.flush();
        }
    }
}

template <typename Peer>
int play(int argc, char** argv) {
    const std::string role = argc > 1 ? argv[1] : "";
    if (argc < 4) die("usage: send|receive|request ADDRESS SIZE COUNT | reply ADDRESS SIZE");
    const std::string address = argv[2];
    const auto size = static_cast<std::size_t>(number(argv[3]));
    const auto count = static_cast<Number>(argc > 4 ? number(argv[4]) : 0);
    if (role == "send") {
        Peer peer(Role::send, address, size);
        play_sender(peer, size, count);
    } else if (role == "receive") {
        Peer peer(Role::receive, address, size);
        play_receiver(peer, size, count);
    } else if (role == "pace") {
        Peer peer(Role::send, address, size);
        play_pacer(peer, size, count, static_cast<Number>(argc > 5 ? number(argv[5]) : 1000));
    } else if (role == "watch") {
        Peer peer(Role::receive, address, size);
        play_watcher(peer, count);
    } else if (role == "request") {
        Peer peer(Role::request, address, size);
        play_client(peer, size, count);
    } else if (role == "reply") {
        Peer peer(Role::reply, address, size);
        play_service(peer);
    } else {
        die("no role: " + role);
    }
    return 0;
}

}  // namespace jetway::bench
