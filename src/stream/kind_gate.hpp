// A KindGate stands before a service: a stream that brings settings which the service's kind does
// not know, or values it cannot have, is refused before the service hears of it.
#pragma once

#include <utility>

#include "stream/session.hpp"

namespace jetway::stream {

class KindGate final : public Service {
public:
    /// Both outlive the gate.
    KindGate(const Kind& kind, Service& service) : kind_(kind), service_(service) {}

    void on_open(StreamPtr stream) override {
        const auto checked = check_brought(kind_, wire::to_settings(stream->opening().settings()));
        if (!checked) return stream->refuse(checked.error());
        service_.on_open(std::move(stream));
    }

private:
    const Kind& kind_;
    Service& service_;
};

}  // namespace jetway::stream
