// Moves a whole deployment onto this host, for `jetway dev`: every address that would leave it gets
// one in 127.0.0.0/8.
#pragma once

#include <string>
#include <vector>

#include "deployment/deployment.hpp"

namespace jetway::deployment {

struct MappedHost {
    std::string from;  // "10.0.0.3", "lab.local"; "any address of lab" for a wildcard
    std::string to;    // "127.0.0.3"
};

struct LoopbackMap {
    Deployment deployment;          // the same with its addresses moved
    std::vector<MappedHost> hosts;  // what moved, in the order of the file
};

/// The last three octets of an IPv4 address are kept; when that one is taken by another host of the
/// file, and for other families and wildcards, the next free one is used. Loopback addresses and
/// Unix sockets stay. Every terminal dials an address that its machine listens on afterwards.
LoopbackMap map_to_loopback(const Deployment& deployment);

}  // namespace jetway::deployment
