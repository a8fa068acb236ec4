#!/bin/sh
# Checks that what include/jetway offers also compiles with g++ 12 as C++20: each header alone, and a program that uses
# them. Usage: public_headers.sh SOURCE_DIR. Exit status 77 (skipped) when there is no g++.
set -eu
source_dir=$(cd "${1:-.}" && pwd)
compiler=$(command -v g++-12 || command -v g++ || true)
if [ -z "$compiler" ]; then
    echo "public headers: no g++ here, skipped"
    exit 77
fi

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
mkdir -p "$work/generated/wire"
protoc --cpp_out="$work/generated/wire" -I "$source_dir/src/wire" "$source_dir/src/wire/control.proto"

cat > "$work/program.cpp" <<'PROGRAM'
#include "jetway/jetway.hpp"

struct Greeter final : jetway::stream::Service, jetway::stream::StreamEvents {
    void on_open(jetway::stream::StreamPtr stream) override {
        current = std::move(stream);
        current->set_events(this);
        current->accept("text/plain");
        current->write(jetway::Buffer::copy_of("hello"));
        current->finish();
    }
    void on_data(jetway::Buffer bytes, bool) override { current->consume(bytes.size()); }
    void on_end(const jetway::Error&) override { current.reset(); }
    void on_done() override { current.reset(); }
    jetway::stream::StreamPtr current;
};

int main() {
    jetway::io::EventLoop loop;
    jetway::Kernel kernel;
    jetway::SeededRandom random(jetway::system_random());
    jetway::routing::Options options;
    options.machine = "machine-a";
    jetway::router::RoutingServer router(kernel, loop, random, jetway::router::Transport{}, options);
    if (!router.create_terminal("to-machine-b", jetway::router::TerminalType::network, "10.0.0.2:9001")) return 1;
    jetway::stream::Session session(router.connect_local("greeter"), loop, {"greeter", 0});
    Greeter greeter;
    const jetway::Handle offer = session.offer("greeter", {jetway::ServiceType::source, {}, {"text/plain"}, {}}, greeter);
    jetway::wire::Envelope envelope;
    envelope.destination = "gpu-server";
    envelope.reply_to = "mp4-encoder@machine-a";
    router.route(std::move(envelope));
    const jetway::Handle attaching = jetway::attach::connect(loop, "", {"program", 0}, [](auto result) { (void)result; });
    loop.run();
}
PROGRAM

failed=0
check() {
    "$compiler" -std=c++20 -fsyntax-only -Wall -Wextra -Werror -DSPDLOG_COMPILED_LIB -DSPDLOG_FMT_EXTERNAL \
        -I "$source_dir/include" -I "$source_dir/src" -isystem "$work/generated" "$1" || {
        echo "public headers: $2 does not compile with $compiler"
        failed=1
    }
}
for header in "$source_dir"/include/jetway/*.hpp; do
    name=jetway/$(basename "$header")
    printf '#include "%s"\n#include "%s"\n' "$name" "$name" > "$work/alone.cpp"
    check "$work/alone.cpp" "$name"
done
check "$work/program.cpp" "a program that embeds and attaches"
[ "$failed" = 0 ] && echo "public headers: all compile with $("$compiler" -dumpfullversion)"
exit "$failed"
