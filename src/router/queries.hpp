// Queries: the service `router` of every machine. A stream of messages carries one JSON object,
// {"query": ..., "name": ...}, and gets one back. Commands of this machine and of others use the
// same.
#pragma once

#include <map>
#include <memory>
#include <string>

#include "stream/session.hpp"

namespace jetway::router {

class Answers {
public:
    /// The answer to one query, as JSON text. `name` may be empty.
    virtual std::string answer(const std::string& query, const std::string& name) = 0;

protected:
    ~Answers() = default;
};

class Queries final : public stream::Service {
public:
    Queries(stream::Session& session, Answers& answers);
    ~Queries() override;
    void on_open(stream::StreamPtr stream) override;

private:
    class Asking;
    Answers& answers_;
    std::map<Asking*, std::unique_ptr<Asking>> asking_;
    Handle offer_;
};

/// {"error": {code, name, detail, where, evidence, next}} as JSON text.
std::string error_answer(const Error& error);

}  // namespace jetway::router
