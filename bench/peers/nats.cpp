// NATS, its text protocol spoken directly: no client library is faster. One connection a process.
#include <algorithm>

#include "bench/peers/roles.hpp"
#include "bench/peers/sockets.hpp"

namespace {

using namespace jetway::bench;

class NatsPeer {
public:
    NatsPeer(Role role, const std::string& address, std::size_t size)
        : size_(size),
          descriptor_(connect_to(address)),
          writer_(descriptor_),
          reader_(descriptor_) {
        reader_.line();  // INFO
        writer_.add("CONNECT {\"verbose\":false,\"pedantic\":false,\"echo\":false}\r\n");
        std::string head = "PUB service ";
        if (role == Role::request) {
            writer_.add("SUB answers 1\r\n");
            head += "answers ";
        } else if (role != Role::send) {
            writer_.add("SUB service 1\r\n");
        }
        head_ = head + std::to_string(size) + "\r\n";
        writer_.add("PING\r\n");
        writer_.flush();
        while (reader_.line() != "PONG") {
        }
    }

    void send(const char* bytes) { publish(head_, bytes); }
    void flush() { writer_.flush(); }
    const char* receive() {
        for (;;) {
            const std::string_view line = reader_.line();
            if (line.starts_with("MSG ")) {
                note_asker(line);
                return reader_.take(size_ + 2);
            }
            if (line == "PING") {
                writer_.add("PONG\r\n");
                flush();
            } else if (line.starts_with("-ERR")) {
                die(std::string(line));
            }
        }
    }
    void answer(const char* bytes) {
        publish(answer_, bytes);
        flush();
    }

private:
    void publish(const std::string& head, const char* bytes) {
        writer_.add(head);
        writer_.add(bytes, size_);
        writer_.add("\r\n");
    }
    /// MSG subject sid [asker] size
    void note_asker(std::string_view line) {
        if (std::count(line.begin(), line.end(), ' ') != 4) return;
        const std::size_t last = line.rfind(' ');
        const std::size_t before = line.rfind(' ', last - 1);
        answer_.assign("PUB ").append(line.substr(before + 1, last - before));
        answer_.append(line.substr(last + 1)).append("\r\n");
    }

    std::size_t size_;
    int descriptor_;
    Writer writer_;
    Reader reader_;
    std::string head_;
    std::string answer_;
};

}  // namespace

int main(int argc, char** argv) {
    return play<NatsPeer>(argc, argv);
}
