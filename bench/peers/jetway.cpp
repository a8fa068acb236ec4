// Jetway, in the roles of roles.hpp. ADDRESS says what the process is:
//
//   attach:MACHINE        attached to the daemon of MACHINE over its Unix socket
//   machine:NAME@HOST:PORT  a machine of its own, with one link over TCP to the one that listens
//                           there
//
//   bench_peer_jetway send|receive|request|reply|watch ADDRESS SIZE COUNT [STREAMS]
//   bench_peer_jetway pace ADDRESS SIZE COUNT RATE
//
// A message is one of a stream of messages. With STREAMS, COUNT messages go over so many at once.
#include <memory>
#include <optional>

#include "base/log.hpp"
#include "bench/peers/measure.hpp"
#include "jetway/attach.hpp"
#include "jetway/embed.hpp"

namespace {

using namespace jetway;
using namespace jetway::bench;

constexpr const char* service_name = "service";
constexpr Duration retry_after = std::chrono::milliseconds(10);

struct Run {
    io::EventLoop& loop;
    stream::Session& session;
    std::size_t size;
    Number count;
    Number streams;  // or the rate of a pace
};

/// Messages of one size, numbered in their first bytes. Small ones share a block; a large one's
/// memory is used again when nobody refers to it.
class MessageSource {
public:
    explicit MessageSource(std::size_t size) : size_(size) {}

    Buffer next(Number number) {
        std::uint8_t* bytes = nullptr;
        Buffer message = size_ > block_size ? whole(bytes) : slice(bytes);
        std::memcpy(bytes, &number, number_size);
        return message;
    }

private:
    static constexpr std::size_t block_size = 64UL * 1024;

    Buffer slice(std::uint8_t*& bytes) {
        if (block_.size() < used_ + size_) {
            block_ = Buffer::allocate(block_size);
            begin_ = block_.mutable_data();
            used_ = 0;
        }
        bytes = begin_ + used_;
        used_ += size_;
        return block_.slice(used_ - size_, size_);
    }
    Buffer whole(std::uint8_t*& bytes) {
        for (Buffer& buffer : large_) {
            if (!buffer.unique()) continue;
            bytes = buffer.mutable_data();
            return buffer;
        }
        large_.push_back(Buffer::allocate(size_));
        bytes = large_.back().mutable_data();
        return large_.back();
    }

    std::size_t size_;
    Buffer block_;
    std::uint8_t* begin_ = nullptr;
    std::size_t used_ = 0;
    std::vector<Buffer> large_;
};

/// Cuts what arrives into messages.
class MessageReader {
public:
    /// True when it was the end of a message; number() and size() are that one's.
    bool take(const Buffer& bytes, bool end) {
        if (begin_) size_ = 0;
        if (size_ < number_size) {
            const std::size_t part = std::min(number_size - size_, bytes.size());
            std::memcpy(reinterpret_cast<char*>(&number_) + size_, bytes.data(), part);
        }
        size_ += bytes.size();
        begin_ = end;
        return end;
    }
    Number number() const { return number_; }
    std::size_t size() const { return size_; }

private:
    Number number_ = 0;
    std::size_t size_ = 0;
    bool begin_ = true;
};

/// The opening side of one stream: opened again while the service is not known, or while too many
/// are being opened.
class Caller : public stream::StreamEvents {
public:
    explicit Caller(Run& run) : run_(run) { open(); }
    virtual ~Caller() = default;

    void on_end(const Error& reason) override {
        if (opened_) return run_.loop.stop();
        const bool later = reason.code == Code::no_service || reason.code == Code::no_route ||
                           reason.code == Code::pressure;
        if (!later) die(reason.text());
        retry_ = run_.loop.after(retry_after, [this] { open(); });
    }
    void on_opened(const wire::Opened& /*opened*/) override {
        opened_ = true;
        begin();
    }

protected:
    virtual void begin() = 0;

    Run& run_;
    stream::StreamPtr stream_;

private:
    void open() {
        wire::Open open;
        open.set_destination(service_name);
        open.set_shape(static_cast<std::uint32_t>(wire::Shape::messages));
        stream_ = run_.session.open(std::move(open), *this);
    }

    bool opened_ = false;
    Handle retry_;
};

class Sender final : public Caller {
public:
    Sender(Run& run, Number count) : Caller(run), count_(count), source_(run.size) {}

    void on_data(Buffer /*bytes*/, bool /*end*/) override {}
    void on_writable() override { begin(); }

private:
    void begin() override {
        while (sent_ < count_) {
            if (!stream_->write(source_.next(sent_++))) return;
        }
    }

    Number count_;
    Number sent_ = 0;
    MessageSource source_;
};

class Pacer final : public Caller {
public:
    explicit Pacer(Run& run) : Caller(run), source_(run.size) {}

    void on_data(Buffer /*bytes*/, bool /*end*/) override {}

private:
    void begin() override {
        pace_.emplace(run_.streams);
        turn();
    }
    void turn() {
        for (const Number due = std::min(pace_->due(), run_.count); sent_ < due; ++sent_)
            stream_->write(source_.next(sent_));
        if (sent_ < run_.count)
            timer_ = run_.loop.after(std::chrono::milliseconds(1), [this] { turn(); });
    }

    MessageSource source_;
    std::optional<Pace> pace_;
    Number sent_ = 0;
    Handle timer_;
};

class Client final : public Caller {
public:
    explicit Client(Run& run)
        : Caller(run), trips_(run.count), message_(Buffer::allocate(run.size)) {
        std::memset(message_.mutable_data(), 'x', run.size);
    }

    void on_data(Buffer bytes, bool end) override {
        stream_->consume(bytes.size());
        if (!reader_.take(bytes, end)) return;
        if (!trips_.answer()) return begin();
        trips_.print();
        run_.loop.stop();
    }

private:
    void begin() override {
        trips_.ask();
        stream_->write(message_);
    }

    RoundTrips trips_;
    Buffer message_;
    MessageReader reader_;
};

/// Takes streams until `count` messages have come over them, in equal parts.
class Receiver final : public stream::Service {
public:
    explicit Receiver(Run& run) : run_(run), left_(run.streams) {}

    void on_open(stream::StreamPtr stream) override {
        inputs_.push_back(std::make_unique<Input>(*this, std::move(stream)));
        if (inputs_.size() > 1) return;
        first_ = Clock::now();
    }

private:
    struct Input final : stream::StreamEvents {
        Input(Receiver& owner, stream::StreamPtr taken)
            : receiver(owner),
              stream(std::move(taken)),
              arrivals(owner.run_.count / owner.run_.streams, owner.run_.size) {
            stream->set_events(this);
            stream->accept({}, wire::Shape::messages);
        }
        void on_data(Buffer bytes, bool end) override {
            stream->consume(bytes.size());
            if (!reader.take(bytes, end)) return;
            if (arrivals.take(reader.number(), reader.size())) receiver.one_less(arrivals);
        }
        void on_end(const Error& reason) override { die(reason.text()); }

        Receiver& receiver;
        stream::StreamPtr stream;
        Arrivals arrivals;
        MessageReader reader;
    };

    /// One stream's messages are counted from the first of them, many streams' from the first OPEN.
    void one_less(const Arrivals& arrivals) {
        if (--left_ > 0) return;
        const std::chrono::duration<double> took = Clock::now() - first_;
        if (run_.streams == 1) {
            arrivals.print();
        } else {
            say("{\"messages\": " + std::to_string(run_.count / run_.streams * run_.streams) +
                ", \"seconds\": " + std::to_string(took.count()) + "}");
        }
        wait_for_end_of_input();
        run_.loop.stop();
    }

    Run& run_;
    Number left_;
    std::vector<std::unique_ptr<Input>> inputs_;
    Clock::time_point first_{};
};

/// Takes one stream, which may suffer.
class Watcher final : public stream::Service, stream::StreamEvents {
public:
    explicit Watcher(Run& run) : run_(run), flow_(run.count) {}

    void on_open(stream::StreamPtr stream) override {
        stream_ = std::move(stream);
        stream_->set_events(this);
        stream_->accept({}, wire::Shape::messages);
    }

private:
    void on_data(Buffer bytes, bool end) override {
        stream_->consume(bytes.size());
        if (!reader_.take(bytes, end) || !flow_.take(reader_.number())) return;
        flow_.print();
        run_.loop.stop();
    }
    void on_end(const Error& reason) override { die(reason.text()); }

    Run& run_;
    Flow flow_;
    stream::StreamPtr stream_;
    MessageReader reader_;
};

class Answerer final : public stream::Service {
public:
    void on_open(stream::StreamPtr stream) override {
        answers_.push_back(std::make_unique<Answer>(std::move(stream)));
    }

private:
    struct Answer final : stream::StreamEvents {
        explicit Answer(stream::StreamPtr taken) : stream(std::move(taken)) {
            stream->set_events(this);
            stream->accept({}, wire::Shape::messages);
        }
        void on_data(Buffer bytes, bool end) override {
            stream->consume(bytes.size());
            stream->write(std::move(bytes), end);
        }
        void on_end(const Error& /*reason*/) override {}

        stream::StreamPtr stream;
    };
    std::vector<std::unique_ptr<Answer>> answers_;
};

void play(const std::string& role, Run& run) {
    std::vector<std::unique_ptr<Caller>> callers;
    std::unique_ptr<stream::Service> service;
    Handle offer;
    if (role == "send") {
        for (Number i = 0; i < run.streams; ++i)
            callers.push_back(std::make_unique<Sender>(run, run.count / run.streams));
    } else if (role == "request") {
        callers.push_back(std::make_unique<Client>(run));
    } else if (role == "pace") {
        callers.push_back(std::make_unique<Pacer>(run));
    } else if (role == "watch") {
        service = std::make_unique<Watcher>(run);
    } else if (role == "receive") {
        service = std::make_unique<Receiver>(run);
    } else if (role == "reply") {
        service = std::make_unique<Answerer>();
    } else {
        die("no role: " + role);
    }
    if (service) {
        offer = run.session.offer(service_name, {}, *service, [](const Result<>& offered) {
            if (!offered) die(offered.error().text());
            say_ready();
        });
    }
    run.loop.run();
    if (role == "send") wait_for_end_of_input();
    std::_Exit(0);  // streams that are open are nobody's loss
}

routing::Options machine_options(const std::string& name) {
    using namespace std::chrono;
    const auto now = system_clock::now().time_since_epoch();
    routing::Options options;
    options.mesh = "bench";
    options.machine = name;
    options.router = system_random();
    options.epoch = static_cast<std::uint64_t>(duration_cast<milliseconds>(now).count());
    options.boot_nonce = system_random();
    options.boot_time_us = static_cast<std::uint64_t>(duration_cast<microseconds>(now).count());
    return options;
}

/// This process is a machine, and its session one in it.
void as_machine(const std::string& name, const std::string& address, const auto& with_session) {
    io::EventLoop loop;
    Kernel kernel;
    SeededRandom random(system_random());
    const auto sockets = transport::make_socket_transport(loop);
    router::Transport carrier;
    carrier.listen = [&](const std::string& where, std::function<void(ConnectionPtr)> accepted) {
        return sockets->listen(where, std::move(accepted));
    };
    carrier.dial = [&](const std::string& where,
                       std::function<void(Result<ConnectionPtr>)> connected) {
        return sockets->dial(where, std::move(connected));
    };
    router::RoutingServer router(kernel, loop, random, carrier, machine_options(name));
    const auto made =
        router.create_terminal("to-router", router::TerminalType::network, address, {});
    if (!made) die(made.error().text());
    router.start_heartbeat();
    stream::Session session(router.connect_local("bench"), loop, {"bench", 0});
    with_session(loop, session);
}

void as_process(const std::string& machine, const auto& with_session) {
    io::EventLoop loop;
    std::unique_ptr<stream::Session> session;
    const Handle attaching =
        attach::connect(loop, machine, {"bench", static_cast<std::uint64_t>(::getpid())},
                        [&](Result<std::unique_ptr<stream::Session>> attached) {
                            if (!attached) die(attached.error().text());
                            session = std::move(*attached);
                            loop.stop();
                        });
    loop.run();
    with_session(loop, *session);
}

}  // namespace

int main(int argc, char** argv) {
    if (argc < 4) die("usage: ROLE attach:MACHINE|machine:NAME@HOST:PORT SIZE COUNT [STREAMS]");
    log_to_standard_error(log::level::warn);
    const std::string role = argv[1];
    const std::string address = argv[2];
    const auto with_session = [&](io::EventLoop& loop, stream::Session& session) {
        Run run{loop, session, static_cast<std::size_t>(number(argv[3])),
                static_cast<Number>(argc > 4 ? number(argv[4]) : 0),
                static_cast<Number>(argc > 5 ? number(argv[5]) : 1)};
        play(role, run);
    };
    const std::string where = address.substr(address.find(':') + 1);
    if (address.starts_with("attach:")) {
        as_process(where, with_session);
    } else if (const auto at = where.find('@'); at != std::string::npos) {
        as_machine(where.substr(0, at), where.substr(at + 1), with_session);
    } else {
        die("no address: " + address);
    }
    return 0;
}
