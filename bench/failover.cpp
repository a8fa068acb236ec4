// Requests at a steady rate through the mesh, whatever happens to it: each opens a stream to a
// service, sends 64 bytes, and waits for the echo. One that fails is tried once more at once.
// Prints a line for each: when it was asked and answered (ns of the monotonic clock), in how many
// tries, over how many hops, and the error of the last try.
//
//   bench_failover MACHINE SERVICE RATE SECONDS
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <list>
#include <string>
#include <unistd.h>
#include <vector>

#include "attach/attach.hpp"
#include "bench/program.hpp"

namespace {

using namespace jetway;
using bench::die;
using bench::number;

constexpr int most_tries = 2;

std::int64_t nanoseconds() {
    return std::chrono::steady_clock::now().time_since_epoch().count();
}

class Request final : public stream::StreamEvents {
public:
    Request(stream::Session& session, std::string service)
        : session_(session), service_(std::move(service)), asked_(nanoseconds()) {
        attempt();
    }

    bool over() const { return answered_ != 0 || tries_ > most_tries; }
    void print() const {
        std::printf("%lld %lld %d %d %s\n", static_cast<long long>(asked_),
                    static_cast<long long>(answered_), std::min(tries_, most_tries), hops_,
                    answered_ != 0 ? "ok" : error_.c_str());
    }
    /// Begins the next try of one that failed. Not from inside its stream's events.
    void go_on() {
        if (!failed_) return;
        failed_ = false;
        if (tries_ < most_tries) {
            attempt();
        } else {
            ++tries_;
        }
    }

    void on_opened(const wire::Opened& opened) override { hops_ = opened.route_size() - 1; }
    void on_data(Buffer bytes, bool /*end*/) override { stream_->consume(bytes.size()); }
    void on_done() override { answered_ = nanoseconds(); }
    void on_end(const Error& reason) override {
        error_ = reason.line();
        failed_ = true;
    }

private:
    void attempt() {
        ++tries_;
        wire::Open open;
        open.set_destination(service_);
        stream_ = session_.open(std::move(open), *this);
        stream_->write(Buffer::copy_of(std::string(64, 'x')));
        stream_->finish();
    }

    stream::Session& session_;
    std::string service_;
    stream::StreamPtr stream_;
    std::int64_t asked_;
    std::int64_t answered_ = 0;
    int tries_ = 0;
    int hops_ = 0;
    bool failed_ = false;
    std::string error_;
};

class Client {
public:
    Client(io::EventLoop& loop, std::string service, int rate, int seconds)
        : loop_(loop), service_(std::move(service)), rate_(rate), left_(rate * seconds) {}

    void start(stream::Session& session) {
        session_ = &session;
        next_ = loop_.now();
        turn();
    }

private:
    void turn() {
        for (; left_ > 0 && next_ <= loop_.now();
             next_ += Duration(std::chrono::seconds(1)) / rate_) {
            requests_.emplace_back(*session_, service_);
            --left_;
        }
        for (auto request = requests_.begin(); request != requests_.end();) {
            request->go_on();
            if (!request->over()) {
                ++request;
                continue;
            }
            request->print();
            request = requests_.erase(request);
        }
        if (left_ == 0 && requests_.empty()) return loop_.stop();
        timer_ = loop_.at(loop_.now() + std::chrono::milliseconds(1), [this] {
            timer_.release();
            turn();
        });
    }

    io::EventLoop& loop_;
    std::string service_;
    int rate_;
    int left_;
    stream::Session* session_ = nullptr;
    std::list<Request> requests_;
    Time next_{};
    Handle timer_;
};

}  // namespace

int main(int argc, char** argv) {
    if (argc != 5) die("usage: bench_failover MACHINE SERVICE RATE SECONDS");
    std::setvbuf(stdout, nullptr, _IOLBF, 0);
    io::EventLoop loop;
    std::unique_ptr<stream::Session> session;
    Client client(loop, argv[2], number(argv[3]), number(argv[4]));
    const Handle attaching =
        attach::connect(loop, argv[1], {"failover", static_cast<std::uint64_t>(getpid())},
                        [&](Result<std::unique_ptr<stream::Session>> attached) {
                            if (!attached) die(attached.error().text());
                            session = std::move(*attached);
                            std::puts("attached");
                            client.start(*session);
                        });
    loop.run();
    return 0;
}
