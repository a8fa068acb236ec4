// The answer to the query `routes` as people and programs see it.
#pragma once

#include <boost/json/object.hpp>
#include <string>

#include "cli/verbs.hpp"

namespace jetway::cli {

/// "local", else the terminal and the machines after the first hop.
std::string shown_via(const boost::json::object& row);
bool is_wanted(const boost::json::object& row, const std::string& service);
/// A table, or one line of JSON, of the rows that are wanted.
std::string shown_routes(boost::json::object answer, const AskOptions& options);

}  // namespace jetway::cli
