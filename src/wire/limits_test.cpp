// Every limit of control.hpp: at the limit a body passes, beyond it the body is refused, with the
// code that is promised.
#include <algorithm>
#include <functional>
#include <gtest/gtest.h>
#include <numeric>
#include <vector>

#include "wire/control.hpp"
#include "wire/samples.hpp"

namespace jetway::wire {
namespace {

template <typename T>
T valid();

template <>
Open valid<Open>() {
    Open open;
    open.set_destination("cat@machine-b");
    open.mutable_id()->set_router(1);
    open.set_egress(2);
    open.add_route(1);
    open.add_route(2);
    open.set_hop_limit(hop_limit);
    return open;
}
template <>
Hello valid<Hello>() {
    Hello hello;
    hello.set_version_min(1);
    hello.set_version_max(1);
    hello.set_mesh("home");
    hello.set_router(1);
    hello.set_machine("machine-a");
    hello.set_epoch(1);
    hello.set_desired_tx_us(1);
    hello.set_required_rx_us(1);
    hello.set_multiplier(1);
    return hello;
}
template <>
NodeRecord valid<NodeRecord>() {
    NodeRecord record;
    record.set_router(1);
    record.set_epoch(1);
    record.set_machine("machine-a");
    record.add_adjacencies()->set_peer(2);
    return record;
}
template <>
ServiceRecord valid<ServiceRecord>() {
    ServiceRecord record;
    record.set_service("cat");
    return record;
}
template <>
DirectoryDelta valid<DirectoryDelta>() {
    DirectoryDelta delta;
    delta.set_origin(1);
    delta.set_epoch(1);
    delta.add_ops()->mutable_record()->set_service("cat");
    return delta;
}
template <>
DirectorySnapshot valid<DirectorySnapshot>() {
    DirectorySnapshot snapshot;
    snapshot.set_origin(1);
    snapshot.set_epoch(1);
    snapshot.set_chunks(1);
    snapshot.add_records()->set_service("cat");
    return snapshot;
}
template <>
DirectoryPull valid<DirectoryPull>() {
    DirectoryPull pull;
    pull.set_origin(1);
    return pull;
}
const RouterId first_machine = place(7) < place(50) ? 7 : 50;
const RouterId second_machine = 57 - first_machine;

template <>
Digests valid<Digests>() {
    Digests digests;
    digests.add_digests(1);
    return digests;
}
template <>
Summary valid<Summary>() {
    Summary summary;
    summary.set_from(place(first_machine));
    summary.set_to(place(second_machine));
    for (const RouterId router : {first_machine, second_machine}) {
        summary.add_routers(router);
        summary.add_epochs(1);
        summary.add_sequences(1);
        summary.add_services(0);
        summary.add_contents(9);
    }
    return summary;
}
template <>
Nack valid<Nack>() {
    return to_nack(Error(Code::no_route, "gone"), "machine-a");
}
template <>
Reset valid<Reset>() {
    return to_reset(Error(Code::no_route, "gone"), "machine-a");
}
template <>
Outcome valid<Outcome>() {
    return {};
}
template <>
Goaway valid<Goaway>() {
    return {};
}
template <>
Opened valid<Opened>() {
    return {};
}
template <>
Attach valid<Attach>() {
    Attach attach;
    attach.set_version_min(1);
    attach.set_version_max(1);
    attach.set_process("call");
    return attach;
}
template <>
Attached valid<Attached>() {
    Attached attached;
    attached.set_version(1);
    attached.set_mesh("home");
    attached.set_machine("machine-a");
    return attached;
}
template <>
Offer valid<Offer>() {
    Offer offer;
    offer.set_service("cat");
    return offer;
}
template <>
Offered valid<Offered>() {
    return {};
}
template <>
Withdraw valid<Withdraw>() {
    Withdraw withdraw;
    withdraw.set_service("cat");
    return withdraw;
}
template <>
Account valid<Account>() {
    return {};
}
template <>
Stage valid<Stage>() {
    Stage stage;
    stage.set_address("cat");
    return stage;
}

/// What decode() says of a valid body after `change`.
template <typename T>
Code after(const std::function<void(T&)>& change) {
    T body = valid<T>();
    EXPECT_TRUE(decode<T>(encode(body).bytes()));
    change(body);
    const auto result = decode<T>(encode(body).bytes());
    return result ? Code::ok : result.error().code;
}

std::string letters(std::size_t count) {
    return std::string(count, 'x');
}

void add_settings(google::protobuf::RepeatedPtrField<Setting>& settings, std::size_t count) {
    for (std::size_t i = 0; i < count; ++i) settings.Add()->set_key("k" + std::to_string(i));
}

TEST(Limits, OfNamesAndAddressesInAnOpen) {
    using O = Open;
    EXPECT_EQ(after<O>([](O& o) { o.set_destination(letters(255) + "@" + letters(64)); }),
              Code::ok);
    EXPECT_EQ(after<O>([](O& o) { o.set_destination(letters(256)); }), Code::protocol);
    EXPECT_EQ(after<O>([](O& o) { o.set_destination("a@" + letters(65)); }), Code::protocol);
    EXPECT_EQ(after<O>([](O& o) { o.set_destination(letters(321)); }), Code::too_large);
    EXPECT_EQ(after<O>([](O& o) { o.clear_destination(); }), Code::protocol);
    EXPECT_EQ(after<O>([](O& o) { o.set_destination("a b"); }), Code::protocol);
    EXPECT_EQ(after<O>([](O& o) { o.set_source("a@b@c"); }), Code::protocol);
    EXPECT_EQ(after<O>([](O& o) { o.set_reply_to("@b"); }), Code::protocol);
    EXPECT_EQ(after<O>([](O& o) { o.set_originator("a@"); }), Code::protocol);
    EXPECT_EQ(after<O>([](O& o) { o.set_content_type(letters(255)); }), Code::ok);
    EXPECT_EQ(after<O>([](O& o) { o.set_content_type(letters(256)); }), Code::too_large);
    EXPECT_EQ(after<O>([](O& o) { o.set_content_type("a\x1b"); }), Code::protocol);
}

TEST(Limits, OfNumbersInAnOpen) {
    using O = Open;
    EXPECT_EQ(after<O>([](O& o) { o.set_shape(1); }), Code::ok);
    EXPECT_EQ(after<O>([](O& o) { o.set_shape(2); }), Code::protocol);
    EXPECT_EQ(after<O>([](O& o) { o.set_policy(2); }), Code::protocol) << "no deadline";
    EXPECT_EQ(after<O>([](O& o) {
                  o.set_policy(2);
                  o.set_remaining_us(1);
              }),
              Code::ok);
    EXPECT_EQ(after<O>([](O& o) { o.set_policy(3); }), Code::protocol);
    EXPECT_EQ(after<O>([](O& o) { o.set_first_window(first_window); }), Code::ok);
    EXPECT_EQ(after<O>([](O& o) { o.set_first_window(first_window + 1); }), Code::protocol);
    EXPECT_EQ(after<O>([](O& o) { o.set_remaining_us(max_remaining_us); }), Code::ok);
    EXPECT_EQ(after<O>([](O& o) { o.set_remaining_us(max_remaining_us + 1); }), Code::protocol);
    EXPECT_EQ(after<O>([](O& o) { o.set_hop_limit(hop_limit + 1); }), Code::protocol);
}

TEST(Limits, OfTheRouteInAnOpen) {
    using O = Open;
    const auto route = [](std::size_t count) {
        return [count](O& o) {
            o.clear_route();
            for (std::size_t i = 1; i <= count; ++i) o.add_route(i);
        };
    };
    EXPECT_EQ(after<O>(route(255)), Code::ok);
    EXPECT_EQ(after<O>(route(256)), Code::too_large);
    EXPECT_EQ(after<O>(route(0)), Code::protocol);
    EXPECT_EQ(after<O>([](O& o) { o.set_position(1); }), Code::ok);
    EXPECT_EQ(after<O>([](O& o) { o.set_position(2); }), Code::protocol);
    EXPECT_EQ(after<O>([](O& o) { o.add_route(1); }), Code::protocol);  // twice
    EXPECT_EQ(after<O>([](O& o) { o.add_route(0); }), Code::protocol);
    EXPECT_EQ(after<O>([](O& o) { o.add_route(~RouterId{0}); }), Code::protocol);
}

TEST(Limits, ARouteThatIsNotPackedIsRefused) {
    Open open = valid<Open>();
    open.clear_route();
    const std::string bytes =
        open.SerializeAsString() + std::string("\xC9\x01\x01\0\0\0\0\0\0\0", 10);
    const auto decoded =
        decode<Open>(Bytes(reinterpret_cast<const std::uint8_t*>(bytes.data()), bytes.size()));
    EXPECT_EQ(decoded.error(), Error(Code::protocol, "Open: field 25 has no length"));
}

TEST(Limits, TheIngressWritesAllOfItsFieldsOrNone) {
    using O = Open;
    EXPECT_EQ(after<O>([](O& o) {
                  o.clear_id();
                  o.clear_egress();
                  o.clear_route();
              }),
              Code::ok);
    EXPECT_EQ(after<O>([](O& o) { o.clear_id(); }), Code::protocol);
    EXPECT_EQ(after<O>([](O& o) { o.clear_egress(); }), Code::protocol);
    EXPECT_EQ(after<O>([](O& o) { o.mutable_id()->set_router(0); }), Code::protocol);
    EXPECT_EQ(after<O>([](O& o) { o.mutable_id()->set_router(~RouterId{0}); }), Code::protocol);
    EXPECT_EQ(after<O>([](O& o) { o.set_egress(~RouterId{0}); }), Code::protocol);
    const auto bare = [](const std::function<void(O&)>& change) {
        return after<O>([&change](O& o) {
            o.clear_id();
            o.clear_egress();
            o.clear_route();
            change(o);
        });
    };
    EXPECT_EQ(bare([](O& o) { o.set_position(1); }), Code::protocol);
    EXPECT_EQ(bare([](O& o) { o.add_failed(); }), Code::protocol);
}

TEST(Limits, OfFailedEdges) {
    const auto add = [](auto& body, int count) {
        for (int i = 1; i <= count; ++i) {
            Edge& edge = *body.add_failed();
            edge.set_from(100);
            edge.set_to(static_cast<RouterId>(i));
        }
    };
    EXPECT_EQ(after<Open>([&](Open& o) { add(o, 4); }), Code::ok);
    EXPECT_EQ(after<Open>([&](Open& o) { add(o, 5); }), Code::too_large);
    EXPECT_EQ(after<Nack>([&](Nack& n) { add(n, 4); }), Code::ok);
    EXPECT_EQ(after<Nack>([&](Nack& n) { add(n, 5); }), Code::too_large);
    EXPECT_EQ(after<Nack>([](Nack& n) { n.add_failed()->set_from(1); }), Code::protocol);
    EXPECT_EQ(after<Nack>([](Nack& n) {
                  n.add_failed()->set_from(7);
                  n.mutable_failed(0)->set_to(7);
              }),
              Code::protocol);
}

TEST(Limits, OfSettings) {
    const auto with = [](const std::function<void(Open&)>& change) { return after<Open>(change); };
    EXPECT_EQ(with([](Open& o) { add_settings(*o.mutable_settings(), max_settings); }), Code::ok);
    EXPECT_EQ(with([](Open& o) { add_settings(*o.mutable_settings(), max_settings + 1); }),
              Code::too_large);
    EXPECT_EQ(with([](Open& o) { o.add_settings()->set_key(letters(64)); }), Code::ok);
    EXPECT_EQ(with([](Open& o) { o.add_settings()->set_key(letters(65)); }), Code::too_large);
    EXPECT_EQ(with([](Open& o) { o.add_settings(); }), Code::protocol);
    EXPECT_EQ(with([](Open& o) { o.add_settings()->set_key("a\n"); }), Code::protocol);
    EXPECT_EQ(with([](Open& o) {
                  o.add_settings()->set_key("a");
                  o.add_settings()->set_key("a");
              }),
              Code::protocol);
    const auto values = [](int count) {
        return [count](Open& o) {
            Setting& setting = *o.add_settings();
            setting.set_key("run");
            for (int i = 0; i < count; ++i) setting.add_values("\xFF any");
        };
    };
    EXPECT_EQ(with(values(256)), Code::ok);
    EXPECT_EQ(with(values(257)), Code::too_large);
}

/// A list of `depth` stages, one after the other.
void chain(Stage& stage, std::size_t depth) {
    stage.set_address("cat");
    if (depth > 1) chain(*stage.add_next(), depth - 1);
}

TEST(Limits, OfStages) {
    // The destination is a stage too, so its list has one less in each direction.
    EXPECT_EQ(after<Open>([](Open& o) { chain(*o.add_next(), 15); }), Code::ok);
    EXPECT_EQ(after<Open>([](Open& o) { chain(*o.add_next(), 16); }), Code::too_large);
    EXPECT_EQ(after<Open>([](Open& o) { chain(*o.add_next(), 200); }), Code::too_large);
    EXPECT_EQ(after<Stage>([](Stage& s) { chain(s, 16); }), Code::ok);
    EXPECT_EQ(after<Stage>([](Stage& s) { chain(s, 17); }), Code::too_large);
    const auto wide = [](int count) {
        return [count](Open& o) {
            for (int i = 0; i < count; ++i) o.add_next()->set_address("cat");
        };
    };
    EXPECT_EQ(after<Open>(wide(63)), Code::ok);
    EXPECT_EQ(after<Open>(wide(64)), Code::too_large);
    EXPECT_EQ(after<Open>(wide(65)), Code::too_large);
    EXPECT_EQ(after<Open>([](Open& o) {  // 8 branches of 8 with their heads: 72
                  for (int i = 0; i < 8; ++i) {
                      Stage& head = *o.add_next();
                      head.set_address("cat");
                      for (int j = 0; j < 8; ++j) head.add_next()->set_address("cat");
                  }
              }),
              Code::too_large);
    EXPECT_EQ(after<Open>([](Open& o) { o.add_next(); }), Code::protocol);
    EXPECT_EQ(after<Open>([](Open& o) {
                  o.add_next()->set_address("cat");
                  add_settings(*o.mutable_next(0)->mutable_settings(), max_settings + 1);
              }),
              Code::too_large);
}

TEST(Limits, OfOpened) {
    using O = Opened;
    EXPECT_EQ(after<O>([](O& o) {
                  for (int i = 0; i < 255; ++i) o.add_route("m");
              }),
              Code::ok);
    EXPECT_EQ(after<O>([](O& o) {
                  for (int i = 0; i < 256; ++i) o.add_route("m");
              }),
              Code::too_large);
    EXPECT_EQ(after<O>([](O& o) { o.add_route(""); }), Code::protocol);
    EXPECT_EQ(after<O>([](O& o) { o.set_machine("a b"); }), Code::protocol);
    EXPECT_EQ(after<O>([](O& o) { o.set_service("a@b"); }), Code::protocol);
    EXPECT_EQ(after<O>([](O& o) { o.set_content_type(letters(256)); }), Code::too_large);
}

TEST(Limits, OfRefusals) {
    EXPECT_EQ(after<Nack>([](Nack& n) { n.set_code(0); }), Code::protocol);
    EXPECT_EQ(after<Nack>([](Nack& n) { n.set_code(0xFFFF); }), Code::ok);
    EXPECT_EQ(after<Nack>([](Nack& n) { n.set_code(0x10000); }), Code::protocol);
    EXPECT_EQ(after<Nack>([](Nack& n) { n.set_machine(letters(65)); }), Code::too_large);
    EXPECT_EQ(after<Reset>([](Reset& r) { r.set_code(0); }), Code::protocol);
    EXPECT_EQ(after<Reset>([](Reset& r) { r.set_machine("a b"); }), Code::protocol);
    EXPECT_EQ(after<Outcome>([](Outcome& o) { o.set_code(0x10000); }), Code::protocol);
    EXPECT_EQ(after<Outcome>([](Outcome& o) { o.set_stage("a b"); }), Code::protocol);
    EXPECT_EQ(after<Goaway>([](Goaway& g) { g.set_code(0x10000); }), Code::protocol);
    EXPECT_EQ(after<Offered>([](Offered& o) { o.set_code(0x10000); }), Code::protocol);
}

/// A body of one text field, made without encode(), which would shorten it.
template <typename T>
Code with_text(int field, std::size_t size) {
    const auto text = letters(size);
    std::string bytes = valid<T>().SerializeAsString();
    if constexpr (!std::is_same_v<T, Attach>) {
        T body = valid<T>();
        body.clear_detail();
        bytes = body.SerializeAsString();
    } else {
        Attach attach = valid<Attach>();
        attach.clear_process();
        bytes = attach.SerializeAsString();
    }
    bytes += static_cast<char>(field << 3 | 2);
    bytes += static_cast<char>(size | 0x80U);
    bytes += static_cast<char>(size >> 7U);
    const auto result = decode<T>(Buffer::copy_of(bytes + text).bytes());
    return result ? Code::ok : result.error().code;
}

TEST(Limits, OfTextForPeople) {
    EXPECT_EQ(with_text<Nack>(3, 1024), Code::ok);
    EXPECT_EQ(with_text<Nack>(3, 1025), Code::too_large);
    EXPECT_EQ(with_text<Reset>(3, 1024), Code::ok);
    EXPECT_EQ(with_text<Reset>(3, 1025), Code::too_large);
    EXPECT_EQ(with_text<Outcome>(5, 1025), Code::too_large);
    EXPECT_EQ(with_text<Outcome>(6, 1025), Code::too_large);
    EXPECT_EQ(with_text<Outcome>(7, 1025), Code::too_large);
    EXPECT_EQ(with_text<Goaway>(2, 1025), Code::too_large);
    EXPECT_EQ(with_text<Offered>(3, 1025), Code::too_large);
    EXPECT_EQ(with_text<Attach>(3, 255), Code::ok);
    EXPECT_EQ(with_text<Attach>(3, 256), Code::too_large);
}

TEST(Limits, OfAHello) {
    using H = Hello;
    EXPECT_EQ(after<H>([](H& h) { h.set_version_min(0); }), Code::protocol);
    EXPECT_EQ(after<H>([](H& h) { h.set_version_min(2); }), Code::protocol);
    EXPECT_EQ(after<H>([](H& h) { h.set_router(0); }), Code::protocol);
    EXPECT_EQ(after<H>([](H& h) { h.set_router(~RouterId{0}); }), Code::protocol);
    EXPECT_EQ(after<H>([](H& h) { h.set_mesh(""); }), Code::protocol);
    EXPECT_EQ(after<H>([](H& h) { h.set_machine(letters(64)); }), Code::ok);
    EXPECT_EQ(after<H>([](H& h) { h.set_machine(letters(65)); }), Code::too_large);
    EXPECT_EQ(after<H>([](H& h) { h.set_machine(".."); }), Code::protocol);
    EXPECT_EQ(after<H>([](H& h) { h.set_epoch(0); }), Code::protocol);
    EXPECT_EQ(after<H>([](H& h) { h.set_desired_tx_us(0); }), Code::protocol);
    EXPECT_EQ(after<H>([](H& h) { h.set_required_rx_us(max_interval_us + 1); }), Code::protocol);
    EXPECT_EQ(after<H>([](H& h) { h.set_multiplier(0); }), Code::protocol);
    EXPECT_EQ(after<H>([](H& h) { h.set_multiplier(max_multiplier + 1); }), Code::protocol);
    EXPECT_EQ(after<H>([](H& h) { h.set_pool(max_pool + 1); }), Code::protocol);
    EXPECT_EQ(after<H>([](H& h) { h.set_link_name("a b"); }), Code::protocol);
}

TEST(Limits, OfARecord) {
    using N = NodeRecord;
    const auto peers = [](RouterId count) {
        return [count](N& n) {
            n.clear_adjacencies();
            for (RouterId i = 0; i < count; ++i) n.add_adjacencies()->set_peer(i + 2);
        };
    };
    EXPECT_EQ(after<N>(peers(512)), Code::ok);
    EXPECT_EQ(after<N>(peers(513)), Code::too_large);
    EXPECT_EQ(after<N>([](N& n) { n.add_adjacencies()->set_peer(2); }), Code::protocol);
    EXPECT_EQ(after<N>([](N& n) { n.add_adjacencies()->set_peer(1); }), Code::protocol);  // itself
    EXPECT_EQ(after<N>([](N& n) { n.add_adjacencies(); }), Code::protocol);
    EXPECT_EQ(after<N>([](N& n) { n.mutable_adjacencies(0)->set_cost(max_cost); }), Code::ok);
    EXPECT_EQ(after<N>([](N& n) { n.mutable_adjacencies(0)->set_cost(max_cost + 1); }),
              Code::protocol);
    EXPECT_EQ(after<N>([](N& n) { n.set_router(0); }), Code::protocol);
    EXPECT_EQ(after<N>([](N& n) { n.set_epoch(0); }), Code::protocol);
    EXPECT_EQ(after<N>([](N& n) { n.set_machine(""); }), Code::protocol);
    EXPECT_EQ(after<N>([](N& n) { n.set_load(256); }), Code::protocol);
    EXPECT_EQ(after<N>([](N& n) { n.set_flags(~0U); }), Code::ok);  // flags of a later version
}

TEST(Limits, OfACatalogue) {
    using S = ServiceRecord;
    EXPECT_EQ(after<S>([](S& s) { s.set_service(letters(255)); }), Code::ok);
    EXPECT_EQ(after<S>([](S& s) { s.set_service(letters(256)); }), Code::too_large);
    EXPECT_EQ(after<S>([](S& s) { s.set_service(""); }), Code::protocol);
    EXPECT_EQ(after<S>([](S& s) { s.set_type(255); }), Code::ok);
    EXPECT_EQ(after<S>([](S& s) { s.set_type(256); }), Code::protocol);
    EXPECT_EQ(after<S>([](S& s) { s.add_accepts(letters(256)); }), Code::too_large);
    EXPECT_EQ(after<S>([](S& s) { s.add_features("\x1b[2J"); }), Code::protocol);
    EXPECT_EQ(after<S>([](S& s) {
                  for (std::size_t i = 0; i <= max_capabilities; ++i) s.add_features("f");
              }),
              Code::too_large);
    using D = DirectoryDelta;
    EXPECT_EQ(after<D>([](D& d) { d.set_origin(0); }), Code::protocol);
    EXPECT_EQ(after<D>([](D& d) { d.set_epoch(0); }), Code::protocol);
    EXPECT_EQ(after<D>([](D& d) { d.set_from_sequence(1); }), Code::protocol);
    EXPECT_EQ(after<D>([](D& d) { d.mutable_ops(0)->set_kind(2); }), Code::protocol);
    EXPECT_EQ(after<D>([](D& d) { d.mutable_ops(0)->clear_record(); }), Code::protocol);
    EXPECT_EQ(after<DirectoryPull>([](DirectoryPull& p) { p.set_origin(0); }), Code::protocol);
    using C = DirectorySnapshot;
    EXPECT_EQ(after<C>([](C& c) { c.set_chunk(1); }), Code::protocol);
    EXPECT_EQ(after<C>([](C& c) { c.set_chunks(0); }), Code::protocol);
    EXPECT_EQ(after<C>([](C& c) { c.set_chunks(max_chunks); }), Code::ok);
    EXPECT_EQ(after<C>([](C& c) { c.set_chunks(max_chunks + 1); }), Code::protocol);
    EXPECT_EQ(after<C>([](C& c) { c.set_origin(~RouterId{0}); }), Code::protocol);
    EXPECT_EQ(after<C>([](C& c) { c.mutable_records(0)->set_service("a b"); }), Code::protocol);
}

TEST(Limits, OfDigests) {
    using D = Digests;
    const auto of = [](std::size_t ranges) {
        return after<D>([ranges](D& d) {
            d = D();
            for (std::size_t i = 0; i < ranges; ++i) d.add_digests(~std::uint64_t{0});
        });
    };
    EXPECT_EQ(of(0), Code::protocol);
    EXPECT_EQ(of(3), Code::protocol);
    EXPECT_EQ(of(4), Code::ok);
    EXPECT_EQ(of(max_digests), Code::ok);
    EXPECT_EQ(of(2 * max_digests), Code::too_large);
}

TEST(Limits, OfASummary) {
    using S = Summary;
    EXPECT_EQ(after<S>([](S& s) { s.clear_routers(); }), Code::protocol);
    EXPECT_EQ(after<S>([](S& s) { s.add_services(1); }), Code::protocol);
    EXPECT_EQ(after<S>([](S& s) { s.clear_contents(); }), Code::protocol);
    EXPECT_EQ(after<S>([](S& s) { s.set_from(s.from() + 1); }), Code::protocol);
    EXPECT_EQ(after<S>([](S& s) { s.set_to(s.to() - 1); }), Code::protocol);
    EXPECT_EQ(after<S>([](S& s) { s.set_from(s.to() + 1); }), Code::protocol);
    EXPECT_EQ(after<S>([](S& s) { s.set_routers(1, first_machine); }), Code::protocol);
    EXPECT_EQ(after<S>([](S& s) {
                  s.set_routers(0, second_machine);
                  s.set_routers(1, first_machine);
              }),
              Code::protocol);
    EXPECT_EQ(after<S>([](S& s) { s.set_routers(0, 0); }), Code::protocol);
    EXPECT_EQ(after<S>([](S& s) { s = S(); }), Code::ok);
    const auto of = [](std::size_t machines) {
        return after<S>([machines](S& s) {
            s = S();
            s.set_to(~std::uint64_t{0});
            std::vector<RouterId> routers(machines);
            std::iota(routers.begin(), routers.end(), 1);
            std::ranges::sort(routers, {}, place);
            for (const RouterId router : routers) {
                s.add_routers(router);
                s.add_epochs(~std::uint64_t{0});
                s.add_sequences(~std::uint64_t{0});
                s.add_services(~std::uint64_t{0});
                s.add_contents(~std::uint64_t{0});
            }
        });
    };
    EXPECT_EQ(of(max_summary), Code::ok);
    EXPECT_EQ(of(max_summary + 1), Code::too_large);
}

TEST(Limits, AFullCatalogueOfShortNamesPasses) {
    DirectorySnapshot snapshot = valid<DirectorySnapshot>();
    snapshot.clear_records();
    while (snapshot.ByteSizeLong() < max_record - 20) {
        ServiceRecord& record = *snapshot.add_records();
        record.set_service("s");
        record.set_instance(static_cast<std::uint64_t>(snapshot.records_size()));
    }
    EXPECT_GT(snapshot.records_size(), 3000);
    EXPECT_TRUE(decode<DirectorySnapshot>(encode(snapshot).bytes()));
}

TEST(Limits, OfALocalLink) {
    using A = Attach;
    EXPECT_EQ(after<A>([](A& a) { a.set_version_min(2); }), Code::protocol);
    EXPECT_EQ(after<A>([](A& a) { a.set_pool(max_pool + 1); }), Code::protocol);
    EXPECT_EQ(after<Attached>([](Attached& a) { a.set_version(0); }), Code::protocol);
    EXPECT_EQ(after<Attached>([](Attached& a) { a.set_mesh(""); }), Code::protocol);
    EXPECT_EQ(after<Attached>([](Attached& a) { a.set_machine(""); }), Code::protocol);
    EXPECT_EQ(after<Attached>([](Attached& a) { a.set_pool(max_pool + 1); }), Code::protocol);
    EXPECT_EQ(after<Offer>([](Offer& o) { o.set_service("a|b"); }), Code::protocol);
    EXPECT_EQ(after<Offer>([](Offer& o) { o.set_type(4); }), Code::ok);
    EXPECT_EQ(after<Offer>([](Offer& o) { o.set_type(5); }), Code::protocol);
    EXPECT_EQ(after<Offer>([](Offer& o) { o.add_accepts("\n"); }), Code::protocol);
    EXPECT_EQ(after<Withdraw>([](Withdraw& w) { w.set_service(""); }), Code::protocol);
    EXPECT_EQ(after<Account>([](Account& a) { a.add_bytes(1); }), Code::protocol);
    const auto lines = [](std::size_t count) {
        return after<Account>([count](Account& a) {
            for (std::size_t i = 0; i < count; ++i) {
                a.add_bytes(~std::uint64_t{0});
                a.add_messages(~std::uint64_t{0});
            }
        });
    };
    EXPECT_EQ(lines(max_account), Code::ok);
    EXPECT_EQ(lines(max_account + 1), Code::too_large);
}

}  // namespace
}  // namespace jetway::wire
