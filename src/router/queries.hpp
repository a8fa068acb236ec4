// Queries: the service `router` of every machine. A stream of messages carries one JSON object,
// {"query": ..., "name": ..., "from": ..., "after": ...}, and gets one back. Commands of this
// machine and of others use the same. The query "changes" gets an empty object at once and
// another, at most every 50 ms, whenever there is something new to ask for, until it is finished.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <string>

#include "stream/session.hpp"

namespace jetway::router {

struct Query {
    std::string what;
    std::string name;         // of a service, or empty
    std::string from;         // a machine, or empty
    std::uint64_t after = 0;  // the number of the last event that is known already
};

class Answers {
public:
    /// The answer to one query, as JSON text.
    virtual std::string answer(const Query& query) = 0;

protected:
    ~Answers() = default;
};

class Queries final : public stream::Service {
public:
    Queries(stream::Session& session, Answers& answers);
    ~Queries() override;
    void on_open(stream::StreamPtr stream) override;

    /// Does anybody wait for changes?
    bool watched() const { return watching_ > 0; }
    /// Something changed.
    void ring();

private:
    class Asking;
    void tell();

    stream::Session& session_;
    Answers& answers_;
    std::map<Asking*, std::unique_ptr<Asking>> asking_;
    std::size_t watching_ = 0;
    Handle bell_;  // set while it is to ring soon
    Handle offer_;
};

/// {"error": {code, name, detail, where, evidence, next}} as JSON text.
std::string error_answer(const Error& error);

}  // namespace jetway::router
