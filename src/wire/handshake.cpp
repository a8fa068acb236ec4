// What the two ends of a link say of themselves, on label 0: HELLO, HEARTBEAT, VERDICT between
// machines; ATTACH, ATTACHED, OFFER, WITHDRAW and ACCOUNT between a process and its machine.
#include "base/text.hpp"
#include "wire/check.hpp"

namespace jetway::wire {
namespace {

const Field hello_fields[] = {
    {3, Field::Kind::text, 1, max_machine_name},
    {5, Field::Kind::text, 1, max_machine_name},
    {13, Field::Kind::text, 1, max_machine_name},
};
const Field attach_fields[] = {{3, Field::Kind::text, 1, max_process}};
const Field attached_fields[] = {
    {2, Field::Kind::text, 1, max_machine_name},
    {3, Field::Kind::text, 1, max_machine_name},
};
const Field offer_fields[] = {
    {2, Field::Kind::text, 1, max_service_name},
    {4, Field::Kind::text, max_capabilities, max_content_type},
    {5, Field::Kind::text, max_capabilities, max_content_type},
    {6, Field::Kind::text, max_capabilities, max_content_type},
};
const Field withdraw_fields[] = {{1, Field::Kind::text, 1, max_service_name}};

const Field account_fields[] = {
    {1, Field::Kind::numbers, 1, 10 * max_account},
    {2, Field::Kind::numbers, 1, 10 * max_account},
};

const Layout hello_layout{"Hello", hello_fields};
const Layout heartbeat_layout{"Heartbeat", {}};
const Layout verdict_layout{"Verdict", {}};
const Layout attach_layout{"Attach", attach_fields};
const Layout attached_layout{"Attached", attached_fields};
const Layout offer_layout{"Offer", offer_fields};
const Layout withdraw_layout{"Withdraw", withdraw_fields};
const Layout account_layout{"Account", account_fields};

Result<> check_versions(std::uint32_t least, std::uint32_t most) {
    return require(least >= 1 && least <= most, "the range of versions is empty");
}

Result<> check_interval(std::uint32_t us) {
    return require(us >= 1 && us <= max_interval_us, "a heartbeat interval is 0 or above an hour");
}

Result<> check_pool(std::uint32_t pool) {
    return require(pool <= max_pool, "the pool is above 1 GiB");
}

}  // namespace

template <>
const Layout& layout_of<Hello>() {
    return hello_layout;
}
template <>
const Layout& layout_of<Heartbeat>() {
    return heartbeat_layout;
}
template <>
const Layout& layout_of<Verdict>() {
    return verdict_layout;
}
template <>
const Layout& layout_of<Attach>() {
    return attach_layout;
}
template <>
const Layout& layout_of<Attached>() {
    return attached_layout;
}
template <>
const Layout& layout_of<Offer>() {
    return offer_layout;
}
template <>
const Layout& layout_of<Withdraw>() {
    return withdraw_layout;
}
template <>
const Layout& layout_of<Account>() {
    return account_layout;
}

Result<> check(const Hello& hello) {
    JETWAY_TRY(check_versions(hello.version_min(), hello.version_max()));
    JETWAY_TRY(check_machine(hello.mesh(), "mesh"));
    JETWAY_TRY(check_router(hello.router(), "router"));
    JETWAY_TRY(check_machine(hello.machine(), "machine"));
    JETWAY_TRY(require(hello.epoch() != 0, "the epoch is 0"));
    JETWAY_TRY(check_interval(hello.desired_tx_us()));
    JETWAY_TRY(check_interval(hello.required_rx_us()));
    JETWAY_TRY(require(hello.multiplier() >= 1 && hello.multiplier() <= max_multiplier,
                       "the multiplier is 0 or above 100"));
    JETWAY_TRY(check_pool(hello.pool()));
    return hello.link_name().empty() ? success() : check_machine(hello.link_name(), "link_name");
}

Result<> check(const Heartbeat& /*heartbeat*/) {
    return success();
}

Result<> check(const Verdict& /*verdict*/) {
    return success();
}

Result<> check(const Attach& attach) {
    JETWAY_TRY(check_versions(attach.version_min(), attach.version_max()));
    JETWAY_TRY(require(is_clean(attach.process(), max_process), "process is not printable"));
    return check_pool(attach.pool());
}

Result<> check(const Attached& attached) {
    JETWAY_TRY(require(attached.version() != 0, "the version is 0"));
    JETWAY_TRY(check_machine(attached.mesh(), "mesh"));
    JETWAY_TRY(check_machine(attached.machine(), "machine"));
    return check_pool(attached.pool());
}

Result<> check(const Offer& offer) {
    constexpr std::uint32_t last_type = 4;  // ServiceType::routing
    JETWAY_TRY(check_service(offer.service(), "service"));
    JETWAY_TRY(check_content_types(offer.accepts()));
    JETWAY_TRY(check_content_types(offer.produces()));
    JETWAY_TRY(check_content_types(offer.features()));
    return require(offer.type() <= last_type, "the type of service is unknown");
}

Result<> check(const Withdraw& withdraw) {
    return check_service(withdraw.service(), "service");
}

Result<> check(const Account& account) {
    if (static_cast<std::size_t>(account.bytes_size()) > max_account)
        return Error(Code::too_large, "an account of more than 64 lines");
    return require(account.bytes_size() == account.messages_size(),
                   "an account with columns of different lengths");
}

}  // namespace jetway::wire
