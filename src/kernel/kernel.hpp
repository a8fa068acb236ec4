// The kernel: pipes, and a table of services. It has no word for a machine or a route; routing is a
// service like any other. One kernel belongs to one loop; nothing here locks.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/handle.hpp"
#include "base/result.hpp"
#include "kernel/pipe.hpp"

namespace jetway {

enum class ServiceType : std::uint8_t { input, source, transform, output, routing };

/// What a service says of itself.
struct Capabilities {
    ServiceType type = ServiceType::transform;
    std::vector<std::string> accepts{};   // content types
    std::vector<std::string> produces{};  // content types
    std::vector<std::string> features{};
    bool operator==(const Capabilities&) const = default;
};

/// A query matches a service that has everything the query names. An empty query matches every
/// service; a service that declares nothing matches only a query that asks nothing.
struct Query {
    std::optional<ServiceType> type{};
    std::vector<std::string> accepts{};
    std::vector<std::string> produces{};
    std::vector<std::string> features{};
};

struct ServiceEntry {
    std::string name;
    Capabilities capabilities;
    PipePtr pipe;  // what is written here reaches the service
};

class Kernel {
public:
    Kernel();
    ~Kernel();
    Kernel(const Kernel&) = delete;
    Kernel& operator=(const Kernel&) = delete;

    PipePtr create_pipe(PipeOptions options = {}) { return std::make_shared<Pipe>(options); }

    // Joining pipes. A joint is the writer of each pipe that it writes to and the reader of each
    // that it reads. It is undone when its handle goes, or the kernel; what is queued then stays
    // where it is.

    /// Everything written to `from` goes to `to`. A full `to` holds `from` back.
    Handle connect(const PipePtr& from, const PipePtr& to);
    /// Everything written to `from` goes to every branch (each counts once). Each branch keeps its
    /// own policy: one that blocks holds the source back, the others never do.
    Handle split(const PipePtr& from, const std::vector<PipePtr>& branches);
    /// Everything written to any of `sources` goes to `to`, in the order of writing. While a full
    /// `to` holds them back each source keeps its own order, and they take turns.
    Handle merge(std::vector<PipePtr> sources, const PipePtr& to);

    /// The service is in the table until the handle goes. Several may share a name (instances).
    Handle register_service(std::string name, Capabilities capabilities, PipePtr pipe);
    /// In the order of registration.
    std::vector<ServiceEntry> lookup(const Query& query = {}) const;
    /// `changed` is called after each registration and withdrawal, until the handle goes. It may
    /// register and withdraw.
    Handle watch(std::function<void()> changed);

private:
    struct State;
    std::shared_ptr<State> state_;  // handles may outlive the kernel
};

std::string_view to_string(ServiceType type);
Result<ServiceType> parse_service_type(std::string_view text);

}  // namespace jetway
