// Redis as a bus: publish and subscribe on one connection (RESP3), its protocol spoken directly.
#include "bench/peers/roles.hpp"
#include "bench/peers/sockets.hpp"

namespace {

using namespace jetway::bench;

class RedisPeer {
public:
    RedisPeer(Role role, const std::string& address, std::size_t size)
        : serves_(role == Role::receive || role == Role::reply),
          size_(size),
          descriptor_(connect_to(address)),
          writer_(descriptor_),
          reader_(descriptor_) {
        const std::string own = serves_ ? "service" : "answers";
        const std::string other = serves_ ? "answers" : "service";
        writer_.add("*2\r\n$5\r\nHELLO\r\n$1\r\n3\r\n*2\r\n$9\r\nSUBSCRIBE\r\n$7\r\n" + own +
                    "\r\n");
        writer_.flush();
        while (reader_.line() != "$9" || reader_.line() != "subscribe") {
        }
        head_ = "*3\r\n$7\r\nPUBLISH\r\n$7\r\n" + other + "\r\n$" + std::to_string(size) + "\r\n";
    }

    void send(const char* bytes) {
        writer_.add(head_);
        writer_.add(bytes, size_);
        writer_.add("\r\n");
    }
    void flush() { writer_.flush(); }
    const char* receive() {
        while (reader_.line() != "$7" || reader_.line() != "message") {
        }
        for (int line = 0; line < 3; ++line) reader_.line();  // its channel, and the size
        return reader_.take(size_ + 2);
    }

private:
    bool serves_;
    std::size_t size_;
    int descriptor_;
    Writer writer_;
    Reader reader_;
    std::string head_;
};

}  // namespace

int main(int argc, char** argv) {
    return play<RedisPeer>(argc, argv);
}
