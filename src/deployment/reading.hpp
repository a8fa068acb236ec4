// The steps of load(), in order: each section of the file on its own, then what holds between
// machines. Private to this folder.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "deployment/deployment.hpp"
#include "deployment/document.hpp"
#include "deployment/fields.hpp"

namespace jetway::deployment {

/// What every step needs.
struct Reading {
    const Rules& rules;
    Problems& problems;
};

/// The list under `services:` of one machine.
std::vector<Service> read_services(const Node& node, Reading& reading);

/// One entry of `machines:`.
/// `deployment`: what the file says of all machines.
Machine read_machine(const Node& name, const Node& value, const Deployment& deployment,
                     Reading& reading);

/// The list under `terminals:` of one machine.
std::vector<Terminal> read_terminals(const Node& node, Reading& reading);

/// The list under `expect:`; names machines and services of the file.
void read_expectations(const Fields& fields, Deployment& deployment, Reading& reading);

/// Finds where each terminal leads, and derives what machines without `listen:` listen on.
void join_machines(Deployment& deployment, Reading& reading);

/// What can only be seen with all machines in view: addresses used twice, links used twice, lonely
/// machines.
void check_machines(const Deployment& deployment, Reading& reading);

/// Pipelines name services that the file has.
void check_pipelines(const Deployment& deployment, Reading& reading);

}  // namespace jetway::deployment
