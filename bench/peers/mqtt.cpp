// MQTT 3.1.1 at quality of service 0, spoken directly (OASIS mqtt-v3.1.1, sections 3.1 to 3.8).
#include "bench/peers/roles.hpp"
#include "bench/peers/sockets.hpp"

namespace {

using namespace jetway::bench;

std::string text_field(const std::string& text) {
    return std::string{static_cast<char>(text.size() >> 8U), static_cast<char>(text.size())} + text;
}

std::string packet(char type, const std::string& start, std::size_t more = 0) {
    std::string head{type};
    for (std::size_t rest = start.size() + more;;) {
        const auto low = static_cast<char>(rest & 0x7FU);
        rest >>= 7U;
        head += rest == 0 ? low : static_cast<char>(low | 0x80);
        if (rest == 0) return head + start;
    }
}

class MqttPeer {
public:
    MqttPeer(Role role, const std::string& address, std::size_t size)
        : size_(size),
          descriptor_(connect_to(address)),
          writer_(descriptor_),
          reader_(descriptor_) {
        const bool serves = role == Role::receive || role == Role::reply;
        const std::string own = serves ? "service" : "answers";
        const std::string other = serves ? "answers" : "service";
        // Protocol level 4, a clean session, no keep-alive.
        writer_.add(packet('\x10', text_field("MQTT") + std::string("\x04\x02\x00\x00", 4) +
                                       text_field("bench-" + own)));
        writer_.add(
            packet('\x82', std::string("\x00\x01", 2) + text_field(own) + std::string(1, '\0')));
        writer_.flush();
        reader_.take(4 + 5);  // CONNACK, SUBACK
        head_ = packet('\x30', text_field(other), size);
    }

    void send(const char* bytes) {
        writer_.add(head_);
        writer_.add(bytes, size_);
    }
    void flush() { writer_.flush(); }
    const char* receive() {
        // Both topics are of one length, so each PUBLISH has the head that ours has.
        return reader_.take(head_.size() + size_) + head_.size();
    }

private:
    std::size_t size_;
    int descriptor_;
    Writer writer_;
    Reader reader_;
    std::string head_;
};

}  // namespace

int main(int argc, char** argv) {
    return play<MqttPeer>(argc, argv);
}
