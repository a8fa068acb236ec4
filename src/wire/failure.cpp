// Bodies that say how something went: NACK, RESET and STOP, outcomes, GOAWAY, OFFERED.
#include "base/text.hpp"
#include "wire/check.hpp"

namespace jetway::wire {
namespace {

const Field nack_fields[] = {
    {2, Field::Kind::text, 1, max_machine_name},
    {3, Field::Kind::text, 1, max_detail},
    {4, Field::Kind::text, 1, max_detail},
    {5, Field::Kind::text, 1, max_detail},
    {6, Field::Kind::body, max_failed, 0, &edge_layout},
};
const Field reset_fields[] = {
    {2, Field::Kind::text, 1, max_machine_name},
    {3, Field::Kind::text, 1, max_detail},
    {5, Field::Kind::body, max_failed, 0, &edge_layout},
};
const Field outcome_fields[] = {
    {4, Field::Kind::text, 1, max_address},
    {5, Field::Kind::text, 1, max_detail},
    {6, Field::Kind::text, 1, max_detail},
    {7, Field::Kind::text, 1, max_detail},
};
const Field goaway_fields[] = {{2, Field::Kind::text, 1, max_detail}};
const Field offered_fields[] = {{3, Field::Kind::text, 1, max_detail}};

const Layout nack_layout{"Nack", nack_fields};
const Layout reset_layout{"Reset", reset_fields};
const Layout outcome_layout{"Outcome", outcome_fields};
const Layout goaway_layout{"Goaway", goaway_fields};
const Layout offered_layout{"Offered", offered_fields};

/// Codes that a later version may have are let through: code_name() says E-UNKNOWN.
Result<> check_code(std::uint32_t code) {
    return require(code <= 0xFFFF, "a code has more than 16 bits");
}

Result<> check_failure(std::uint32_t code, std::string_view machine) {
    JETWAY_TRY(check_code(code));
    JETWAY_TRY(require(code != 0, "a refusal that says success"));
    return machine.empty() ? success() : check_machine(machine, "machine");
}

template <typename T>
Error error_from(const T& body) {
    Error error(static_cast<Code>(body.code()), clean_text(body.detail(), max_detail));
    error.where = clean_text(body.machine(), max_machine_name);
    return error;
}

template <typename T>
T body_from(const Error& error, std::string_view machine) {
    const Code code = error.code == Code::ok ? Code::cancelled : error.code;
    T body;
    body.set_code(static_cast<std::uint32_t>(code));
    body.set_machine(std::string(machine));
    body.set_detail(clean_text(error.detail, max_detail));
    return body;
}

}  // namespace

template <>
const Layout& layout_of<Nack>() {
    return nack_layout;
}
template <>
const Layout& layout_of<Reset>() {
    return reset_layout;
}
template <>
const Layout& layout_of<Outcome>() {
    return outcome_layout;
}
template <>
const Layout& layout_of<Goaway>() {
    return goaway_layout;
}
template <>
const Layout& layout_of<Offered>() {
    return offered_layout;
}

Result<> check(const Nack& nack) {
    for (const Edge& edge : nack.failed()) JETWAY_TRY(check(edge));
    return check_failure(nack.code(), nack.machine());
}

Result<> check(const Reset& reset) {
    for (const Edge& edge : reset.failed()) JETWAY_TRY(check(edge));
    return check_failure(reset.code(), reset.machine());
}

Result<> check(const Outcome& outcome) {
    if (!outcome.stage().empty()) JETWAY_TRY(check_address(outcome.stage(), "stage"));
    return check_code(outcome.code());
}

Result<> check(const Goaway& goaway) {
    return check_code(goaway.code());
}

Result<> check(const Offered& offered) {
    return check_code(offered.code());
}

Error to_error(const Nack& nack) {
    Error error = error_from(nack);
    error.evidence = clean_text(nack.evidence(), max_detail);
    error.next = clean_text(nack.next(), max_detail);
    return error;
}

Error to_error(const Reset& reset) {
    return error_from(reset);
}

Error to_error(const Outcome& outcome) {
    Error error(static_cast<Code>(outcome.code()), clean_text(outcome.detail(), max_detail));
    error.where = clean_text(outcome.stage(), max_address);
    error.evidence = clean_text(outcome.evidence(), max_detail);
    error.next = clean_text(outcome.next(), max_detail);
    return error;
}

Outcome to_outcome(const Error& error, std::string_view stage) {
    Outcome outcome;
    const Code code = error.code == Code::ok ? Code::cancelled : error.code;
    outcome.set_code(static_cast<std::uint32_t>(code));
    outcome.set_stage(std::string(stage));
    outcome.set_detail(clean_text(error.detail, max_detail));
    outcome.set_evidence(clean_text(error.evidence, max_detail));
    outcome.set_next(clean_text(error.next, max_detail));
    return outcome;
}

Nack to_nack(const Error& error, std::string_view machine) {
    Nack nack = body_from<Nack>(error, machine);
    nack.set_evidence(clean_text(error.evidence, max_detail));
    nack.set_next(clean_text(error.next, max_detail));
    return nack;
}

Reset to_reset(const Error& error, std::string_view machine) {
    return body_from<Reset>(error, machine);
}

}  // namespace jetway::wire
