"""Jetway beside its peers, work by work: in each round every competitor is started afresh and takes its turn.

Each table says what Jetway's figure is of another's, and what that ratio is meant to be."""

import contextlib
import functools
import json
import os
import pathlib
import statistics
import subprocess
import sys
import tempfile
import time

import peers
from plot import plot
from processes import BIN, answers, free_ports, process, server, wait_until

ROUNDS = int(os.environ.get("JETWAY_BENCH_ROUNDS", "5"))
PICTURE = 1920 * 1080 * 4
BULK = 1 << 30
TCP_RELAYS = {"splice (limit)": peers.splice_command, "socat": peers.socat_command, "HAProxy": peers.haproxy_command,
              "nginx stream": peers.nginx_command}
RELAYS = {name: peers.relay_of_bytes(command) for name, command in TCP_RELAYS.items()}


def turns(competitors, measure, rounds=ROUNDS):
    """{name: results}, a result a round; `measure` gets the competitor."""
    results = {name: [] for name in competitors}
    for number in range(rounds):
        for name, competitor in competitors.items():
            print(f"   {number + 1}/{rounds} {name}", file=sys.stderr)
            results[name].append(measure(competitor))
    return results


def table(title, header, rows, note):
    lines = [f"## {title}", "", note, "", "| " + " | ".join(header) + " |", "|" + "---|" * len(header)]
    lines += ["| " + " | ".join(str(cell) for cell in row) + " |" for row in rows]
    return "\n".join(lines) + "\n"


def compared(results, goals, text):
    """Rows of a table: the figure, its spread, Jetway's ratio to it, the goal. `results`: {name: figures}."""
    own = statistics.median(results["jetway"])
    rows = []
    for name, values in results.items():
        middle = statistics.median(values)
        ratio = "" if name == "jetway" else f"{own / middle:.2f}x"
        rows.append([f"**{name}**" if name == "jetway" else name, text(middle), f"{text(min(values))} to {text(max(values))}",
                     ratio, goals.get(name, "")])
    return rows


HEADER = ["spread", "jetway is", "to beat"]


def rate(value):
    return f"{value / 1e6:.2f} M/s" if value >= 1e6 else f"{value / 1e3:.0f} k/s" if value >= 1e4 else f"{value:.0f}/s"


# ---- one way

def one_way(title, ways, size, count, goals, note, **options):
    """`count`: messages, of each competitor."""
    def measure(way):
        if way is peers.Memory:
            return way.one_way(size, count)
        with way(size, **options) as ends:
            return peers.one_way(ends, size, count)

    rows = compared(turns(ways, measure), goals, rate)
    return table(title, ["router", "messages", *HEADER], rows, note)


def small_tcp():
    ways = {"NATS": peers.nats, "ZeroMQ proxy": peers.zeromq("pipeline"), "limit": peers.limit_tcp,
            "jetway": peers.jetway_tcp}
    return one_way("64 B one way, one router, TCP", ways, 64, 2_000_000,
                   {"NATS": "at least 2x", "limit": "at least 0.8x"},
                   "Messages a second at the receiver, which holds that each came, once and in order.")


def small_unix():
    ways = {"ZeroMQ proxy, IPC": peers.zeromq("pipeline", "ipc"), "limit": peers.limit_unix,
            "jetway": peers.jetway_unix}
    return one_way("64 B one way, one router, Unix sockets", ways, 64, 2_000_000,
                   {"ZeroMQ proxy, IPC": "at least 2.5x", "limit": "at least 0.8x"},
                   "Both ends of Jetway's are attached to one daemon.")


def kilobyte_tcp():
    ways = {"NATS": peers.nats, "ZeroMQ proxy": peers.zeromq("pipeline"), "limit": peers.limit_tcp,
            "jetway": peers.jetway_tcp}
    return one_way("1 KiB one way, one router, TCP", ways, 1024, 500_000,
                   {"NATS": "at least 4x", "limit": "at least 0.8x"}, "As above.")


def small_three():
    ways = {"NATS, leaf to hub to leaf": peers.nats, "ZeroMQ proxies": peers.zeromq("pipeline"),
            "limit": peers.limit_tcp, "jetway": peers.jetway_tcp}
    return one_way("64 B one way, three routers, TCP", ways, 64, 1_000_000,
                   {"NATS, leaf to hub to leaf": "at least 5x", "limit": "at least 0.75x"}, "As above.", routers=3)


def pictures_tcp():
    ways = {"ZeroMQ proxy": peers.zeromq("pipeline"), "NATS": peers.nats, "splice (limit)": RELAYS["splice (limit)"],
            "limit": peers.limit_tcp, "jetway": peers.jetway_tcp}
    return one_way("Pictures of 8.3 MB, one router, TCP", ways, PICTURE, 150, {"ZeroMQ proxy": "at least 1.4x"},
                   "1920x1080, four bytes each. NATS with `max_payload` raised.")


def pictures_unix():
    ways = {"ZeroMQ proxy, IPC": peers.zeromq("pipeline", "ipc"), "shared memory (limit)": peers.Memory,
            "jetway": peers.jetway_unix}
    return one_way("Pictures of 8.3 MB between processes of one host", ways, PICTURE, 150,
                   {"shared memory (limit)": "at least 0.8x"},
                   "Shared memory: one copy into a ring of four, read where it lies.")


# ---- there and back

@contextlib.contextmanager
def on_one_core():
    """What is started meanwhile stays on one core."""
    before = os.sched_getaffinity(0)
    os.sched_setaffinity(0, {min(before)})
    try:
        yield
    finally:
        os.sched_setaffinity(0, before)


def requests(title, ways, count, goals, note, **options):
    """The section, and {name: {percentile: median of the rounds}} of what ran on one core."""
    def measure(way):
        with way(64, **options) as ends:
            return peers.round_trips(ends, 64, count)

    def measure_twice(way):
        with on_one_core():
            there = measure(way)
        return there, measure(way)

    def median(name, index, percent):
        return statistics.median(trips[index][percent] for trips in results[name])

    def ratio(name, index):
        return "" if name == "jetway" else f"{median('jetway', index, 50.0) / median(name, index, 50.0):.2f}x"

    results = turns(ways, measure_twice)
    rows = []
    for name, trips in results.items():
        least, most = (function(there[50.0] for there, _ in trips) for function in (min, max))
        rows.append([f"**{name}**" if name == "jetway" else name, f"{median(name, 0, 50.0):.1f} us",
                     f"{least:.1f} to {most:.1f}", f"{median(name, 0, 99.0):.1f} us", ratio(name, 0),
                     f"{median(name, 1, 50.0):.1f} us", ratio(name, 1), goals.get(name, "")])
    curves = {name: {percent: median(name, 0, percent) for percent in trips[0][0]} for name, trips in results.items()}
    header = ["router", "p50", "spread of p50", "p99", "jetway is", "p50, any core", "jetway is", "to beat"]
    return table(title, header, rows, note + " Twice: with everything on one core, and where the scheduler puts it, "
                 "which may be on one core or not and so makes two speeds."), curves


def percentile_plot(name, title, curves):
    """Percentiles as 1 / (1 - p), so that each nine takes the same room."""
    def at(percent):
        return 100 / (100 - percent)

    ticks = ", ".join(f'"{text}" {at(percent)}' for text, percent in
                      (("0", 0), ("50", 50), ("90", 90), ("99", 99), ("99.9", 99.9)))
    return plot(name, title, "percentile", "microseconds",
                {label: [(at(percent), value) for percent, value in curve.items()] for label, curve in curves.items()},
                "xy", [f"set xtics ({ticks})"])


def requests_tcp():
    ways = {"NATS": peers.nats, "ZeroMQ proxy": peers.zeromq("requests"), "NNG device": peers.nng, **RELAYS,
            "Redis": peers.redis, "Mosquitto": peers.mosquitto, "Erlang node": peers.erlang, "limit": peers.limit_tcp,
            "jetway": peers.jetway_tcp}
    text, curves = requests("Request and reply of 64 B, one router, TCP", ways, 5_000,
                            {"NATS": "at most 0.45x", "limit": "at most 1.2x"},
                            "One request in flight. Redis: publish and subscribe; Mosquitto: quality of service 0.")
    return text + "\n" + percentile_plot("requests-tcp", "64 B there and back, one router, TCP", curves)


def requests_unix():
    ways = {"ZeroMQ proxy, IPC": peers.zeromq("requests", "ipc"), "limit": peers.limit_unix, "jetway": peers.jetway_unix}
    text, curves = requests("Request and reply of 64 B, one router, Unix sockets", ways, 5_000,
                            {"ZeroMQ proxy, IPC": "at most 0.4x", "limit": "at most 1.2x"}, "One request in flight.")
    return text + "\n" + percentile_plot("requests-unix", "64 B there and back, one router, Unix sockets", curves)


def requests_three():
    ways = {"ZeroMQ proxies": peers.zeromq("requests"), "NATS, leaf to hub to leaf": peers.nats, "limit": peers.limit_tcp,
            "jetway": peers.jetway_tcp}
    text, curves = requests("Request and reply of 64 B, three routers, TCP", ways, 5_000,
                            {"ZeroMQ proxies": "at most 0.4x", "limit": "at most 1.25x"}, "One request in flight.",
                            routers=3)
    return text + "\n" + percentile_plot("requests-three", "64 B there and back, three routers, TCP", curves)


# ---- bytes

def sent_in(*command, environment=None):
    """Seconds until the command has sent BULK zero bytes, and they were all read."""
    with tempfile.TemporaryFile(dir="/dev/shm") as file:
        file.truncate(BULK)
        started = time.monotonic()
        subprocess.run(command, stdin=file, env=environment, check=True, stdout=subprocess.DEVNULL)
        return time.monotonic() - started


def sent_to(port):
    return sent_in(BIN / "bench_round_trip", "send", str(port))


def through_relay(command_of, sink):
    if command_of is None:
        return BULK / sent_to(sink)
    with tempfile.TemporaryDirectory(prefix="jetway-bench-") as folder:
        [front] = free_ports(1)
        with server(command_of(pathlib.Path(folder), front, sink), front, pathlib.Path(folder) / "log"):
            return BULK / sent_to(front)


@peers.in_folder
def sink_mesh(folder, routers):
    """A chain of machines with a program that discards on the last."""
    daemons = peers.JetwayRouters(folder, routers, services={routers - 1: "[ sink: { run: 'cat > /dev/null' } ]"})
    with contextlib.ExitStack() as stack:
        for index in reversed(range(routers)):
            stack.enter_context(daemons.start(index))
        wait_until(lambda: daemons.reaches("sink", "r0"), "the mesh")
        yield daemons


def through_call(routers):
    with sink_mesh(routers) as daemons:
        return BULK / sent_in(BIN / "jetway", "call", "sink", "--machine", "r0", environment=daemons.environment)


def bulk():
    with process([BIN / "bench_round_trip", "sink"], stdout=subprocess.PIPE, text=True) as child:
        sink = int(child.stdout.readline())
        relays = {"no relay": None, "splice (limit)": peers.splice_command, "HAProxy": peers.haproxy_command,
                  "HAProxy with splice": peers.haproxy_splice_command, "socat": peers.socat_command}
        competitors = {name: functools.partial(through_relay, command, sink) for name, command in relays.items()}
        competitors["jetway"] = functools.partial(through_call, 2)
        competitors["jetway, 2 hops"] = functools.partial(through_call, 3)
        results = turns(competitors, lambda measure: measure())
    rows = compared(results, {"HAProxy": "at least 1.5x"}, lambda value: f"{value / 1e6:.0f} MB/s")
    return table("A plain stream of 1 GiB", ["path", "median", *HEADER], rows,
                 "From a file without blocks, until the reader that discards it has had the last byte. Jetway: `jetway call "
                 "sink < FILE`, over one link between two machines, to `cat > /dev/null`; the relays between two plain "
                 "TCP programs.")


# ---- nothing to do

def memory_of(pid, line):
    """Megabytes: VmRSS now, VmHWM at most."""
    status = pathlib.Path(f"/proc/{pid}/status").read_text(encoding="utf-8")
    return next(int(each.split()[1]) for each in status.splitlines() if each.startswith(line)) / 1024


def idle_server(make):
    """Milliseconds until it accepts, and megabytes that it then holds."""
    with tempfile.TemporaryDirectory(prefix="jetway-bench-") as folder:
        folder = pathlib.Path(folder)
        command, ready, environment = make(folder)
        with open(folder / "log", "ab") as log:
            started = time.monotonic()
            with process(command, stdout=log, stderr=log, env=environment, cwd=folder) as child:
                wait_until(ready, command[0], every=0.0005)
                took = time.monotonic() - started
                time.sleep(0.5)
                return took * 1e3, memory_of(child.pid, "VmRSS")


def on_port(command_of):
    def make(folder):
        [port] = free_ports(1)
        return command_of(folder, port), lambda: answers(port), None
    return make


def idle_jetway(folder):
    daemons = peers.JetwayRouters(folder, 1)
    return ([BIN / "jetway", "run", daemons.file, "--machine", "r0"], lambda: answers(daemons.ports[0]),
            daemons.environment)


def idle_erlang(folder):
    evaluate = 'file:write_file("ready", "")'
    return (["erl", "-noshell", "-kernel", "inet_dist_use_interface", "{127,0,0,1}", "-eval", evaluate],
            (folder / "ready").exists, dict(os.environ, HOME=str(folder)))


def idle():
    servers = {"NATS": on_port(lambda folder, port: peers.nats_file(folder, "one", port)),
               "HAProxy": on_port(lambda folder, port: peers.haproxy_command(folder, port, 1)),
               "Mosquitto": on_port(peers.mosquitto_command), "Redis": on_port(peers.redis_command),
               "Erlang": idle_erlang, "jetway": idle_jetway}
    results = turns(servers, idle_server)
    rows = []
    for name, values in results.items():
        times, sizes = zip(*values)
        rows.append([f"**{name}**" if name == "jetway" else name, f"{statistics.median(sizes):.1f} MB",
                     f"{statistics.median(times):.0f} ms", f"{min(times):.0f} to {max(times):.0f}",
                     "at most 12 MB, 30 ms" if name == "jetway" else ""])
    return table("A daemon that does nothing", ["daemon", "resident", "start", "spread", "to beat"], rows,
                 "From exec until it accepts connections; resident memory half a second later.")


# ---- a failure

RATE, SECONDS = 10_000, 4


def through_failure(ends, fail):
    """Milliseconds without a message, and messages that never came."""
    count = RATE * SECONDS
    with peers.receiving(ends, "watch", 64, count) as watcher, peers.running(ends, "pace", 64, count, RATE):
        time.sleep(SECONDS / 3)
        fail()
        found = peers.result_of(watcher, ends.program)
    return found["longest_gap_ms"], found["lost"]


@peers.in_folder
def failing_hub(folder):
    """NATS: the hub is started again at once."""
    leaves = peers.NatsLeaves(folder)
    with contextlib.ExitStack() as stack:
        hub = stack.enter_context(leaves.hub())
        for index in (0, 2):
            stack.enter_context(leaves.leaf(index))
        time.sleep(0.5)

        def fail():
            hub.kill()
            hub.wait()
            stack.enter_context(leaves.hub())
        yield leaves.ends(), fail


@peers.in_folder
def failing_router(folder):
    """Jetway: r0 > r1 > r2 is the way, r0 > r3 > r4 > r2 another; r1 dies and stays dead."""
    daemons = peers.JetwayRouters(folder, 5, [[1, 3], [2], [], [4], [2]], {index: "[echo]" for index in range(5)})
    with contextlib.ExitStack() as stack:
        children = {index: stack.enter_context(daemons.start(index)) for index in (2, 1, 4, 3, 0)}
        wait_until(lambda: all(daemons.reaches(f"r{index}", "r0") for index in (1, 2, 3, 4)), "the mesh")
        yield peers.jetway_ends(daemons.ports[0], daemons.ports[2]), children[1].kill


def failure():
    def measure(way):
        with way() as (ends, fail):
            return through_failure(ends, fail)

    results = turns({"NATS, leaf to hub to leaf": failing_hub, "jetway": failing_router}, measure)
    rows = []
    for name, values in results.items():
        gaps, lost = zip(*values)
        rows.append([f"**{name}**" if name == "jetway" else name, f"{statistics.median(gaps):.1f} ms",
                     f"{min(gaps):.1f} to {max(gaps):.1f}", f"{statistics.median(lost):.0f}", f"{max(lost)}",
                     "at most 50 ms, 0 lost" if name == "jetway" else ""])
    return table("The middle router dies", ["routers", "outage", "spread", "lost", "at most", "to beat"], rows,
                 f"`kill -9` under {RATE:,} messages of 64 B a second: the longest time without a message, and messages "
                 "that never came. NATS's hub is started again at once; Jetway's middle router stays dead, and there is "
                 "another way, one router longer.")


# ---- growth

def hops():
    """64 B there and back between two daemons, by the links between them."""
    most = 5

    @peers.in_folder
    def echoing(folder):
        daemons = peers.JetwayRouters(folder, most + 1, services={index: "[echo]" for index in range(most + 1)})
        with contextlib.ExitStack() as stack:
            for index in reversed(range(most + 1)):
                stack.enter_context(daemons.start(index))
            wait_until(lambda: daemons.reaches(f"r{most}", "r0"), "the mesh")
            yield daemons

    found = {count: [] for count in range(1, most + 1)}
    with echoing() as daemons:
        for number in range(ROUNDS):
            for count, values in found.items():
                output = subprocess.run([BIN / "bench_round_trip", "mesh", "r0", f"echo@r{count}", "3000"], check=True,
                                        env=daemons.environment, capture_output=True, text=True).stdout
                values.append(tuple(float(value) for value in output.split()))
    middle = {count: [statistics.median(column) for column in zip(*values)] for count, values in found.items()}
    rows = [[count, f"{p50:.1f} us", f"{min(v[0] for v in found[count]):.1f} to {max(v[0] for v in found[count]):.1f}",
             f"{p99:.1f} us"] for count, (p50, p99) in middle.items()]
    return table("Growth: round trip by hops", ["links", "p50", "spread of p50", "p99"], rows,
                 "64 B from a process to the echo service of a daemon so many links away, and back.") + "\n" + plot(
        "hops", "64 B there and back, by links on the way", "links", "microseconds",
        {"jetway, p50": [(count, p50) for count, (p50, _) in middle.items()],
         "jetway, p99": [(count, p99) for count, (_, p99) in middle.items()]}, "", ["set yrange [0:*]", "set xtics 1"])


def sizes():
    ways = {"NATS": peers.nats, "ZeroMQ proxy": peers.zeromq("pipeline"), "limit": peers.limit_tcp,
            "jetway": peers.jetway_tcp}
    names = {16: "16 B", 128: "128 B", 1 << 10: "1 KiB", 1 << 13: "8 KiB", 1 << 16: "64 KiB", 1 << 19: "512 KiB",
             1 << 22: "4 MiB", 1 << 24: "16 MiB"}
    found, most_rounds = {}, min(ROUNDS, 3)
    for size in names:
        def measure(way, size=size):
            with way(size) as ends:
                return peers.one_way(ends, size, max(32, min(1_000_000, (512 << 20) // size))) * size

        found[size] = {name: statistics.median(values) for name, values in turns(ways, measure, most_rounds).items()}
    rows = [[names[size], *(f"{value / 1e6:.0f} MB/s" for value in values.values())] for size, values in found.items()]
    ticks = ", ".join(f'"{name}" {size}' for size, name in names.items())
    return table("Growth: throughput by message size", ["size", *ways], rows,
                 f"One way through one router over TCP; medians of {most_rounds} rounds.") + "\n" + plot(
        "sizes", "One way through one router over TCP", "message size", "MB/s",
        {name: [(size, values[name] / 1e6) for size, values in found.items()] for name in ways}, "xy",
        [f"set xtics ({ticks}) rotate by -30"])


def threads():
    """Jetway alone: one loop, and two."""
    ways = {count: functools.partial(peers.jetway_tcp, threads=count) for count in (1, 2)}
    works = {"64 B one way": (64, 2_000_000), "1 KiB one way": (1 << 10, 500_000),
             "pictures of 8.3 MB one way": (PICTURE, 150)}
    rows = []

    def add(name, found, text, unit_of):
        one, two = (statistics.median(found[count]) for count in ways)
        spreads = [f"{text(min(found[count]))} to {text(max(found[count]))}" for count in ways]
        rows.append([name, text(one), spreads[0], text(two), spreads[1], unit_of(one, two)])

    for name, (size, count) in works.items():
        def measure(way, size=size, count=count):
            with way(size) as ends:
                return peers.one_way(ends, size, count)
        add(name, turns(ways, measure), rate, lambda one, two: f"{two / one:.2f}x as many")

    def there_and_back(way):
        with way(64) as ends:
            return peers.round_trips(ends, 64, 5_000)[50.0]
    add("64 B there and back, p50", turns(ways, there_and_back), lambda value: f"{value:.1f} us",
        lambda one, two: f"{two / one:.2f}x as long")
    cores = len(os.sched_getaffinity(0))
    return table("One loop and two", ["one router, TCP", "threads: 1", "spread", "threads: 2", "spread", "two loops"], rows,
                 f"Client, router and service share {cores} cores.")


def peak_memory(child):
    return memory_of(child.pid, "VmHWM")


def streams():
    counts, messages = [1, 10, 100, 1_000, 10_000], 1_000_000

    def measure(way):
        def with_streams(count):
            with way(64) as ends:
                return peers.one_way(ends, 64, messages, count), peak_memory(ends.routers[0])
        return with_streams

    ways = {"TCP": measure(peers.jetway_tcp), "Unix sockets": measure(peers.jetway_unix)}
    found = {(name, count): [] for name in ways for count in counts}
    for number in range(ROUNDS):
        for (name, count), values in found.items():
            print(f"   {number + 1}/{ROUNDS} {name}, {count} streams", file=sys.stderr)
            values.append(ways[name](count))
    rows, series = [], {name: [] for name in ways}
    for (name, count), values in found.items():
        speeds, memory = zip(*values)
        rows.append([name, f"{count:,}", rate(statistics.median(speeds)), f"{rate(min(speeds))} to {rate(max(speeds))}",
                     f"{statistics.median(memory):.1f} MB"])
        series[name].append((count, statistics.median(speeds) / 1e6))
    return table("Growth: streams", ["over", "streams", "messages", "spread", "router's peak memory"], rows,
                 "A million messages of 64 B in all, over so many streams at once through one router; with more than one "
                 "stream, opening them is in the time.") + "\n" + plot(
        "streams", "64 B one way through one router, all streams together", "streams", "M messages/s",
        {f"jetway, {name}": points for name, points in series.items()}, "x", ["set yrange [0:*]"])


def services():
    """Streams to one service while the mesh knows ever more other ones, of ten machines, beside a router and an ingress."""
    counts, holders, opens = [1, 10, 100, 1_000, 10_000], 10, 5_000
    star = [[1], [], *([1] for _ in range(holders))]

    def known(daemons, name):
        output = subprocess.run([BIN / "jetway", "call", name, "--machine", "r0"], env=daemons.environment, text=True,
                                stdin=subprocess.DEVNULL, capture_output=True, check=False).stderr
        return "E-NO-SERVICE" not in output

    def run(daemons, *command):
        return subprocess.run(list(command), check=True, env=daemons.environment, capture_output=True, text=True).stdout

    @peers.in_folder
    def measured(folder):
        daemons = peers.JetwayRouters(folder, len(star), star, {1: "[echo]"})
        with contextlib.ExitStack() as stack:
            for index in (1, 0, *range(2, len(star))):
                stack.enter_context(daemons.start(index))
            wait_until(lambda: daemons.reaches("echo", "r0"), "the mesh")
            found, offered = [], 1
            for count in counts:
                began = time.monotonic()
                while offered < count:  # holder by holder
                    holder = 2 + offered // (counts[-1] // holders)
                    more = min(count, (holder - 1) * (counts[-1] // holders)) - offered
                    command = [BIN / "bench_many_streams", "names", f"r{holder}", str(offered), str(more)]
                    child = stack.enter_context(process(command, env=daemons.environment, text=True,
                                                        stdin=subprocess.PIPE, stdout=subprocess.PIPE))
                    if child.stdout.readline().strip() != "offered":
                        sys.exit(f"{command} offered nothing")
                    offered += more
                if count > 1:
                    wait_until(lambda: known(daemons, f"name-{count - 1}"), f"{count} names")
                learned = time.monotonic() - began
                speeds = [float(run(daemons, BIN / "bench_many_streams", "opens", "r0", "r1", str(opens)))
                          for _ in range(ROUNDS)]
                trips = [float(run(daemons, BIN / "bench_round_trip", "mesh", "r0", "echo", "2000").split()[0])
                         for _ in range(ROUNDS)]
                status = json.loads(run(daemons, BIN / "jetway", "status", "-o", "json", "--machine", "r0"))
                found.append((count, learned, speeds, trips, memory_of(status["pid"], "VmRSS")))
            yield found

    with measured() as found:
        rows = [[f"{count:,}", rate(statistics.median(speeds)), f"{rate(min(speeds))} to {rate(max(speeds))}",
                 f"{statistics.median(trips):.1f} us", f"{min(trips):.1f} to {max(trips):.1f}", f"{memory:.1f} MB",
                 f"{learned:.1f} s"] for count, learned, speeds, trips, memory in found]
        points = [(count, statistics.median(speeds) / 1e3) for count, _, speeds, _, _ in found]
    return table("Growth: services",
                 ["services", "streams opened a second", "spread", "round trip of 64 B, p50", "spread",
                  "memory of the ingress", "until it knew the last"], rows,
                 "Twelve daemons on these cores: an ingress, a router whose service is called, and ten machines that offer the "
                 "others, a thousand each. The last column is from the first of the row's new names offered.") + "\n" + plot(
        "services", "Streams opened over one link, by services in the mesh", "services", "thousand a second",
        {"jetway": points}, "x", ["set yrange [0:*]"])


PARTS = {"small_tcp": small_tcp, "small_unix": small_unix, "kilobyte_tcp": kilobyte_tcp, "small_three": small_three,
         "requests_tcp": requests_tcp, "requests_unix": requests_unix, "requests_three": requests_three,
         "pictures_tcp": pictures_tcp, "pictures_unix": pictures_unix, "bulk": bulk, "failure": failure, "idle": idle, "hops": hops,
         "sizes": sizes, "streams": streams, "services": services, "threads": threads}
