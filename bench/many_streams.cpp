// Many streams at once from a process that is attached to two machines: it opens them at FROM, and
// serves them at TO. For scripts, which look at the machines meanwhile.
//
//   bench_many_streams stalled FROM TO STREAMS RATE SECONDS
//       Each of STREAMS sends RATE messages of 4 KiB a second; each message is answered. So for
//       SECONDS; for SECONDS while the reader of one more stream has stopped, whose writer sends
//       all it may; and once more when that one has finished. Prints for each of the three the
//       answers a second and the 50th and 99th percentile of the round trip in microseconds, then
//       how many bytes of the stopped stream came, in order.
//   bench_many_streams idle FROM TO STREAMS
//       For each line of input: opens STREAMS, says "open 1", and at the next line closes them and
//       says "closed 1"; then the same with 2, and so on.
//   bench_many_streams opens FROM TO COUNT
//       Opens COUNT streams and closes them in order, 64 at a time. Prints how many a second.
//   bench_many_streams ledger FROM TO COUNT SECONDS
//       Spreads COUNT streams over SECONDS, each of 20 messages that are answered; each eighth is
//       reset before its end. Prints as JSON what was written, and the ledgers of both ends.
//   bench_many_streams names MACHINE FIRST COUNT
//       Offers COUNT services, FIRST and so on, says "offered", and keeps them until its input
//       ends.
//   bench_many_streams message FROM TO MEBIBYTES
//       Sends one message of that size. Prints in how many seconds it came, whole.
#include <algorithm>
#include <cstring>
#include <iostream>
#include <list>
#include <poll.h>
#include <unistd.h>
#include <vector>

#include "attach/attach.hpp"
#include "bench/program.hpp"

namespace {

using namespace jetway;
using bench::die;
using bench::number;

constexpr std::string_view service_name = "many-streams";
constexpr std::size_t message_size = 4096;
constexpr Duration patience = std::chrono::minutes(3);

Buffer stamped(Time at, std::size_t size) {
    Buffer message = Buffer::allocate(size);
    std::memset(message.mutable_data(), 0, size);
    const std::int64_t stamp = at.time_since_epoch().count();
    std::memcpy(message.mutable_data(), &stamp, sizeof stamp);
    return message;
}

/// The byte at an offset of the stream that stops.
std::uint8_t byte_at(std::uint64_t offset) {
    return static_cast<std::uint8_t>((offset * 2654435761U) >> 13U);
}

/// The serving end of one stream: answers each message with its first bytes. One that names
/// content type "stalled" is read when `reading`, and answered nothing; one that names "checked" is
/// answered with the size of its message.
class Answer final : public stream::StreamEvents {
public:
    Answer(stream::StreamPtr stream, const bool& reading)
        : stream_(std::move(stream)),
          stalled_(stream_->opening().content_type() == "stalled"),
          checked_(stream_->opening().content_type() == "checked"),
          reading_(reading) {
        stream_->set_events(this);
        stream_->accept();
    }

    void on_data(Buffer bytes, bool end_of_message) override {
        if (stalled_) return take(bytes, reading_);
        if (checked_) return check(bytes, end_of_message);
        stream_->consume(bytes.size());
        if (head_.size() < sizeof(std::int64_t)) head_.append(bytes.text());
        if (!end_of_message) return;
        head_.resize(sizeof(std::int64_t));
        stream_->write(Buffer::copy_of(head_));
        head_.clear();
    }
    void on_finish(const wire::Outcome& /*outcome*/) override { stream_->finish(); }
    void on_end(const Error& reason) override {
        // A RESET that died with a router is not said again: the end waits for its way in vain.
        if (reason.code != Code::cancelled && reason.code != Code::no_route)
            die("a stream ended: " + reason.line());
        over_ = true;
    }
    void on_done() override { over_ = true; }

    bool over() const { return over_; }
    bool stalled() const { return stalled_; }
    std::uint64_t in_order() const { return in_order_; }
    void go_on() { stream_->consume(std::exchange(unread_, 0)); }

private:
    void take(const Buffer& bytes, bool reading) {
        for (const std::uint8_t byte : bytes.bytes()) {
            if (byte != byte_at(in_order_++)) die("a stream is out of order");
        }
        unread_ += bytes.size();
        if (reading) go_on();
    }
    void check(const Buffer& bytes, bool end_of_message) {
        take(bytes, true);
        if (end_of_message)
            stream_->write(stamped(Time(Duration(in_order_)), sizeof(std::int64_t)));
    }

    stream::StreamPtr stream_;
    bool stalled_;
    bool checked_;
    const bool& reading_;
    std::string head_;
    std::size_t unread_ = 0;
    std::uint64_t in_order_ = 0;
    bool over_ = false;
};

class Answers final : public stream::Service {
public:
    void on_open(stream::StreamPtr stream) override {
        answers_.remove_if([](const Answer& answer) { return answer.over() && !answer.stalled(); });
        Answer& answer = answers_.emplace_back(std::move(stream), reading);
        if (answer.stalled()) stalled = &answer;
    }
    bool reading = false;
    Answer* stalled = nullptr;

private:
    std::list<Answer> answers_;
};

/// The opening end of one stream.
class Call final : public stream::StreamEvents {
public:
    Call(stream::Session& session, std::string_view content_type) {
        wire::Open open;
        open.set_destination(std::string(service_name));
        open.set_content_type(std::string(content_type));
        open.set_shape(static_cast<std::uint32_t>(wire::Shape::messages));
        stream_ = session.open(std::move(open), *this);
    }

    void on_opened(const wire::Opened& /*opened*/) override { opened_ = true; }
    void on_data(Buffer bytes, bool /*end*/) override {
        stream_->consume(bytes.size());
        std::int64_t stamp = 0;
        if (bytes.size() != sizeof stamp) die("an answer in pieces");
        std::memcpy(&stamp, bytes.data(), sizeof stamp);
        answer_ = stamp;
        const auto now = std::chrono::steady_clock::now().time_since_epoch();
        if (samples != nullptr)
            samples->push_back(static_cast<double>((now - Duration(stamp)).count()) / 1000);
    }
    void on_writable() override { writable_ = true; }
    void on_end(const Error& reason) override { die("a stream ended: " + reason.line()); }
    void on_done() override { over_ = true; }

    stream::Stream& stream() { return *stream_; }
    bool opened() const { return opened_; }
    bool over() const { return over_; }
    /// As much as the stream takes.
    void flood() {
        while (writable_) writable_ = stream_->write(piece(message_size));
    }
    /// The same of one message of `size` bytes.
    void say(std::uint64_t size) {
        while (writable_ && written_ < size) {
            Buffer bytes = piece(std::min<std::uint64_t>(64UL * 1024, size - written_));
            writable_ = stream_->write(std::move(bytes), written_ == size);
        }
    }
    std::uint64_t written() const { return written_; }
    std::int64_t answer() const { return answer_; }

    std::vector<double>* samples = nullptr;  // where round trips go

private:
    Buffer piece(std::size_t size) {
        Buffer bytes = Buffer::allocate(size);
        for (std::size_t i = 0; i < size; ++i) bytes.mutable_data()[i] = byte_at(written_++);
        return bytes;
    }

    stream::StreamPtr stream_;
    bool opened_ = false;
    bool writable_ = true;
    bool over_ = false;
    std::uint64_t written_ = 0;
    std::int64_t answer_ = 0;
};

/// Writes messages of many sizes, one at a time, then finishes, or resets the stream.
class Speaker final : public stream::StreamEvents {
public:
    Speaker(stream::Session& session, std::size_t number) : number_(number) {
        wire::Open open;
        open.set_destination(std::string(service_name));
        open.set_shape(static_cast<std::uint32_t>(wire::Shape::messages));
        stream_ = session.open(std::move(open), *this);
    }
    void speak() {
        if (over_ || said_.messages == messages) return;
        const std::size_t size =
            sizeof(std::int64_t) + (number_ * 7919 + said_.messages * 104729) % 6000;
        said_ += {size, 1};
        stream_->write(stamped({}, size));
        if (said_.messages < messages) return;
        if (number_ % 8 != 7) return stream_->finish();
        stream_->reset({Code::cancelled, "not to its end"});
        over_ = true;
    }
    void on_data(Buffer bytes, bool /*end*/) override { stream_->consume(bytes.size()); }
    void on_end(const Error& reason) override { die("a stream ended: " + reason.line()); }
    void on_done() override { over_ = true; }

    bool over() const { return over_; }
    const wire::Tally& said() const { return said_; }

private:
    static constexpr std::uint64_t messages = 20;

    std::size_t number_;
    stream::StreamPtr stream_;
    wire::Tally said_;
    bool over_ = false;
};

/// Asks again until a machine knows the service.
class Probe final : public stream::StreamEvents {
public:
    explicit Probe(stream::Session& session) : session_(session) { ask(); }

    void on_data(Buffer /*bytes*/, bool /*end_of_message*/) override {}
    void on_opened(const wire::Opened& /*opened*/) override { stream_->finish(); }
    void on_done() override { known_ = true; }
    void on_end(const Error& reason) override {
        if (reason.code != Code::no_service) die(reason.text());
        again_ = session_.timer().after(std::chrono::milliseconds(5), [this] { ask(); });
    }
    bool known() const { return known_; }

private:
    void ask() {
        wire::Open open;
        open.set_destination(std::string(service_name));
        stream_ = session_.open(std::move(open), *this);
    }

    stream::Session& session_;
    stream::StreamPtr stream_;
    Handle again_;
    bool known_ = false;
};

void print_tally(const wire::Tally& tally) {
    std::cout << "{\"bytes\": " << tally.bytes << ", \"messages\": " << tally.messages << "}";
}

void print_ledger(const wire::Ledger& ledger) {
    const char* before = "{";
    for (const auto& [name, line] : wire::ledger_lines) {
        std::cout << std::exchange(before, ", ") << "\"" << name << "\": ";
        print_tally(ledger.*line);
    }
    std::cout << "}";
}

/// A process with a loop, and attached.
class Process {
protected:
    std::unique_ptr<stream::Session> attach(const std::string& machine) {
        std::unique_ptr<stream::Session> session;
        const Handle attaching =
            attach::connect(loop_, machine, {"many-streams", static_cast<std::uint64_t>(getpid())},
                            [&](Result<std::unique_ptr<stream::Session>> attached) {
                                if (!attached) die(attached.error().text());
                                session = std::move(*attached);
                            });
        wait([&] { return session != nullptr; }, "attached to " + machine);
        session->set_on_closed([](const Error& reason) { die(reason.text()); });
        return session;
    }
    void wait(const std::function<bool()>& done, const std::string& what) {
        if (!loop_.run_until(done, loop_.now() + patience)) die("not in time: " + what);
    }
    /// Whoever started this looks at the machines until it closes our input.
    void wait_for_end_of_input() {
        Handle timer;
        const std::function<void()> look = [&] {
            timer = loop_.after(std::chrono::milliseconds(20), look);
        };
        look();
        pollfd input{STDIN_FILENO, POLLIN, 0};
        wait([&] { return ::poll(&input, 1, 0) > 0; }, "the end of input");
    }

    io::EventLoop loop_;
};

class Names : Process, stream::Service {
public:
    Names(const std::string& machine, std::size_t first, std::size_t count) {
        std::vector<std::unique_ptr<stream::Session>> sessions;
        std::vector<Handle> offers;
        std::size_t offered = 0;
        while (offered < count) {
            sessions.push_back(attach(machine));
            const std::size_t all = std::min(count, offered + of_one_session);
            const auto turn = [&] {
                while (offers.size() < std::min(all, offered + at_once))
                    offers.push_back(offer(*sessions.back(), first + offers.size(), offered));
                return offered == all;
            };
            wait(turn, "every name is offered");
        }
        std::cout << "offered" << std::endl;
        wait_for_end_of_input();
        std::_Exit(0);
    }

private:
    static constexpr std::size_t of_one_session = 1000;
    static constexpr std::size_t at_once = 500;

    Handle offer(stream::Session& session, std::size_t number, std::size_t& offered) {
        return session.offer("name-" + std::to_string(number), {}, *this,
                             [&offered](const Result<>& done) {
                                 if (!done) die(done.error().text());
                                 ++offered;
                             });
    }
    void on_open(stream::StreamPtr /*stream*/) override {}
};

class Load : Process {
public:
    Load(const std::string& from, const std::string& to) {
        here_ = attach(from);
        there_ = attach(to);
        bool offered = false;
        offer_ = there_->offer(std::string(service_name), {}, answers_, [&](const Result<>& done) {
            if (!done) die(done.error().text());
            offered = true;
        });
        wait([&] { return offered; }, "the service is offered");
        const Probe probe(*here_);
        wait([&] { return probe.known(); }, "the service is known");
    }

    void stalled(std::size_t streams, int rate, int seconds) {
        std::vector<Call*> calls = open(streams, {});
        run(calls, rate, std::chrono::milliseconds(500), false);  // warm up
        run(calls, rate, std::chrono::seconds(seconds), true);
        stopped_ = open(1, "stalled").front();
        run(calls, rate, std::chrono::seconds(seconds), true);
        answers_.reading = true;
        answers_.stalled->go_on();
        stopped_->stream().finish();
        wait([&] { return stopped_->over(); }, "the stopped stream finishes");
        const std::uint64_t written = std::exchange(stopped_, nullptr)->written();
        run(calls, rate, std::chrono::seconds(seconds), true);
        std::cout << answers_.stalled->in_order() << " " << written << "\n";
        close();
    }

    void message(std::uint64_t size) {
        Call& call = *open(1, "checked").front();
        const Time began = loop_.now();
        wait(
            [&] {
                call.say(size);
                return call.answer() == static_cast<std::int64_t>(size);
            },
            "the message has come");
        const std::chrono::duration<double> took = loop_.now() - began;
        std::cout << took.count() << std::endl;
        close();
    }

    void idle(std::size_t streams) {
        std::string line;
        for (int round = 1; std::getline(std::cin, line); ++round) {
            open(streams, {});
            std::cout << "open " << round << std::endl;
            if (!std::getline(std::cin, line)) return;
            close();
            std::cout << "closed " << round << std::endl;
        }
    }

    void opens(std::size_t count) {
        const Time began = loop_.now();
        std::size_t begun = 0;
        const auto turn = [&] {
            calls_.remove_if([](const Call& call) { return call.over(); });
            for (; calls_.size() < 64 && begun < count; ++begun)
                calls_.emplace_back(*here_, "").stream().finish();
            return calls_.empty();
        };
        wait(turn, "every stream is over");
        const std::chrono::duration<double> took = loop_.now() - began;
        std::cout << static_cast<double>(count) / took.count() << "\n";
    }

    void ledger(std::size_t count, int seconds) {
        std::list<Speaker> speakers;
        const Time began = loop_.now();
        const Duration interval = Duration(std::chrono::seconds(seconds)) / static_cast<int>(count);
        Handle timer;
        std::size_t begun = 0;
        const std::function<void()> turn = [&] {
            for (; begun < count && began + begun * interval <= loop_.now(); ++begun)
                speakers.emplace_back(*here_, begun);
            for (Speaker& speaker : speakers) speaker.speak();
            timer = loop_.after(std::chrono::milliseconds(50), turn);
        };
        turn();
        const auto over = [&] {
            return begun == count && std::ranges::all_of(speakers, &Speaker::over);
        };
        wait(over, "every stream is over");
        timer.reset();
        const auto still = [&] {
            return here_->ledger().in_flight == wire::Tally{} &&
                   there_->ledger().in_flight == wire::Tally{};
        };
        wait(still, "nothing is under way");
        wire::Tally said;
        for (const Speaker& speaker : speakers) said += speaker.said();
        std::cout << "{\"written\": ";
        print_tally(said);
        std::cout << ", \"near\": ";
        print_ledger(here_->ledger());
        std::cout << ", \"far\": ";
        print_ledger(there_->ledger());
        std::cout << "}" << std::endl;
        wait_for_end_of_input();
    }

private:
    static constexpr std::size_t opening_at_once = 512;

    std::vector<Call*> open(std::size_t count, std::string_view content_type) {
        std::vector<Call*> calls;
        std::size_t answered = 0;
        const auto turn = [&] {
            while (answered < calls.size() && calls[answered]->opened()) ++answered;
            while (calls.size() < std::min(count, answered + opening_at_once))
                calls.push_back(&calls_.emplace_back(*here_, content_type));
            return answered == count;
        };
        wait(turn, "every stream is open");
        return calls;
    }
    void close() {
        for (Call& call : calls_) {
            if (!call.over()) call.stream().finish();
        }
        wait(
            [&] {
                return std::all_of(calls_.begin(), calls_.end(),
                                   [](const Call& call) { return call.over(); });
            },
            "every stream is over");
        calls_.clear();
    }

    /// The calls in turn, evenly over each second.
    void run(const std::vector<Call*>& calls, int rate, Duration length, bool print) {
        std::vector<double> samples;
        for (Call* call : calls) call->samples = &samples;
        const Time began = loop_.now();
        const Duration interval =
            Duration(std::chrono::seconds(1)) / rate / static_cast<int>(calls.size());
        std::size_t sent = 0;
        const auto count = static_cast<std::size_t>(length / interval);
        Handle timer;
        const std::function<void()> turn = [&] {
            for (; sent < count && began + sent * interval <= loop_.now(); ++sent) {
                calls[sent % calls.size()]->stream().write(
                    stamped(began + sent * interval, message_size));
            }
            if (stopped_ != nullptr) stopped_->flood();
            timer = loop_.after(std::chrono::milliseconds(1), turn);
        };
        turn();
        wait([&] { return samples.size() >= count; }, "every message is answered");
        const std::chrono::duration<double> took = loop_.now() - began;
        if (!print) return;
        std::sort(samples.begin(), samples.end());
        std::cout << static_cast<double>(count) / took.count() << " " << samples[count / 2] << " "
                  << samples[count * 99 / 100] << std::endl;
    }

    Answers answers_;
    std::unique_ptr<stream::Session> here_;
    std::unique_ptr<stream::Session> there_;
    Handle offer_;
    std::list<Call> calls_;
    Call* stopped_ = nullptr;
};

}  // namespace

int main(int argc, char** argv) {
    const std::string mode = argc > 4 ? argv[1] : "";
    const auto count = [&](int i) { return static_cast<std::size_t>(number(argv[i])); };
    if (mode == "stalled" && argc == 7) {
        Load(argv[2], argv[3]).stalled(count(4), number(argv[5]), number(argv[6]));
    } else if (mode == "idle" && argc == 5) {
        Load(argv[2], argv[3]).idle(count(4));
    } else if (mode == "opens" && argc == 5) {
        Load(argv[2], argv[3]).opens(count(4));
    } else if (mode == "names" && argc == 5) {
        Names(argv[2], count(3), count(4));
    } else if (mode == "message" && argc == 5) {
        Load(argv[2], argv[3]).message(count(4) << 20U);
    } else if (mode == "ledger" && argc == 6) {
        Load(argv[2], argv[3]).ledger(count(4), number(argv[5]));
    } else {
        die("usage: as the head of bench/many_streams.cpp has it");
    }
    return 0;
}
