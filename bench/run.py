#!/usr/bin/env python3
"""Measures Jetway beside its peers, in one run on one machine, and rewrites docs/benchmarks.md.

Every row is the median of several rounds in which the competitors take turns, with the spread (least to most) and the
command. Absolute figures depend on the machine; compare within a table."""

import contextlib
import json
import os
import pathlib
import platform
import statistics
import subprocess
import sys
import tempfile
import time

import comparisons
from processes import BIN, ROOT, free_ports, process

ROUNDS = int(os.environ.get("JETWAY_BENCH_ROUNDS", "5"))
PAGE = ROOT / "docs/benchmarks.md"
RECORDING = ROOT / "tests/data/session.cast"
PINGS = 5000


def chain(machines, services):
    """deployment.yml text: machines in a row, `services` (YAML lines) on the last."""
    ports = free_ports(len(machines))
    lines = ["mesh: bench", "machines:"]
    for index, name in enumerate(machines):
        lines += [f"  {name}:", f"    listen: 127.0.0.1:{ports[index]}"]
        if index == len(machines) - 1:
            lines += ["    services:"] + [f"      - {service}" for service in services]
        else:
            lines += ["    terminals:",
                      f"      - {{ name: to-{machines[index + 1]}, type: network, address: '127.0.0.1:{ports[index + 1]}' }}"]
    return "\n".join(lines) + "\n"


@contextlib.contextmanager
def mesh(text, names):
    """`jetway dev` on the file; ready when the first machine reaches every name."""
    with tempfile.TemporaryDirectory() as folder:
        path = pathlib.Path(folder) / "deployment.yml"
        path.write_text(text)
        environment = dict(os.environ, XDG_RUNTIME_DIR=folder, XDG_STATE_HOME=folder)
        with open(path.with_suffix(".log"), "wb") as log, \
                process([BIN / "jetway", "dev", path], env=environment, stdout=log, stderr=log, cwd=folder):
            deadline = time.monotonic() + 20
            while True:
                routes = subprocess.run([BIN / "jetway", "routes", "--machine", "a", "-o", "json"], env=environment,
                                        capture_output=True, check=False)
                rows = json.loads(routes.stdout)["routes"] if routes.returncode == 0 else []
                known = {row["service"] for row in rows if row["path"]}
                if set(names) <= known:
                    break
                if time.monotonic() > deadline:
                    sys.exit(f"the mesh did not come up: {path.with_suffix('.log').read_text()}")
                time.sleep(0.05)
            yield environment


def spread(values, unit, digits=1):
    return f"{statistics.median(values):.{digits}f} {unit}", f"{min(values):.{digits}f} to {max(values):.{digits}f}"


def google(program, *arguments, value="items_per_second"):
    """Google Benchmark's results by name: one of their values, of every round."""
    command = [BIN / program, *arguments, f"--benchmark_repetitions={ROUNDS}", "--benchmark_format=json",
               "--benchmark_enable_random_interleaving=true"]
    found = {}
    report = json.loads(subprocess.run(command, check=True, capture_output=True).stdout)
    for row in report["benchmarks"]:
        if row["run_type"] == "iteration" and value in row:
            name = row["run_name"].removesuffix("/real_time").removesuffix("/iterations:1")
            found.setdefault(name, []).append(row[value])
    return found


def table(title, command, header, rows, note=""):
    lines = [f"## {title}", "", f"`{command}`", ""]
    if note:
        lines += [note, ""]
    lines += ["| " + " | ".join(header) + " |", "|" + "---|" * len(header)]
    lines += ["| " + " | ".join(str(cell) for cell in row) + " |" for row in rows]
    return "\n".join(lines) + "\n"


def kernel():
    rows = []
    for name, values in google("bench_kernel").items():
        rows.append([name, *spread([v / 1e6 for v in values], "M/s")])
    return table("Kernel messages", "build/release/bench_kernel", ["case", "median", "spread"], rows,
                 "Messages a second on one thread, beside the plain call or queue that bounds them.")


def forwarder():
    rows = []
    for name, values in google("bench_forwarder").items():
        rows.append([name, *spread([v / 1e6 for v in values], "M/s", 2)])
    return table("Forwarding", "build/release/bench_forwarder", ["case", "median", "spread"], rows,
                 "Frames a second through one router's data plane, without sockets; streams/bytes a frame.")


def routing():
    """How the routing core grows: paths, names, frames, memory."""
    program = "bench_routing"

    def times(names):
        found = {}
        for name, values in google(program, f"--benchmark_filter=^({names})/").items():
            ns = [1e9 / value for value in values]
            found[name] = f"{statistics.median(ns):,.0f} ns", f"{min(ns):,.0f} to {max(ns):,.0f}"
        return found

    def sized(results, cases):
        """The rows of `cases`, by size: {"case/10/100": cells} gives [case, "10", "100", *cells]."""
        rows = [[*name.split("/"), *cells] for name, cells in results.items()]
        rows.sort(key=lambda row: (cases.index(row[0]), [int(cell) for cell in row[1:] if cell.isdigit()]))
        return [[f"{int(cell):,}" if cell.isdigit() else cell for cell in row] for row in rows]

    paths = ["shortest_paths", "textbook"]
    found = ["resolve", "resolve_at", "miss", "carry"]
    memory = ["memory_each_its_name", "memory_each_its_name_by_changes", "memory_of_1000_names"]
    taken = {name: (f"{statistics.median(values):.0f} B", f"{statistics.median(values) * int(name.split('/')[1]) / 1e6:.1f} MB")
             for name, values in google(program, "--benchmark_filter=^memory", value="each").items()}
    return "\n".join([
        table("Routing: shortest paths", f"build/release/{program}", ["case", "machines", "median", "spread"],
              sized(times("|".join(paths)), paths),
              "All ways from one machine, with about eight links each; beside Dijkstra's algorithm without hops, ties and "
              "transit."),
        table("Routing: names and frames", f"build/release/{program}",
              ["case", "machines known", "names known", "median", "spread"], sized(times("|".join(found)), found),
              "`resolve`: from a name to the route an OPEN carries (longer in a larger mesh); `resolve_at`: the same with "
              "`@machine`; `miss`: a name that nobody offers, with a suggestion out of the first thousand. `carry`: a frame "
              "of 1,000 bytes through the whole core, from link to link."),
        table("Routing: one name", f"build/release/{program}", ["case", "instances", "machines", "median", "spread"],
              sized(times("resolve_popular"), ["resolve_popular"]),
              "To one instance of a name that several machines offer: each of these is looked at, their instances are not."),
        table("Routing: memory of the directory", f"build/release/{program}", ["case", "instances", "each", "in all"],
              sized(taken, memory),
              "Catalogues, names and index together, with what malloc adds; names of 23 letters, over 100 to 1,000 "
              "machines, learned whole or change by change."),
    ])


def round_trips():
    samples = {"raw TCP": [], "jetway, 1 hop": [], "jetway, 2 hops": []}
    client = BIN / "bench_round_trip"
    one, two = chain("ab", ["echo"]), chain("abc", ["echo"])
    with process([client, "serve"], stdout=subprocess.PIPE, text=True) as server:
        port = server.stdout.readline().strip()
        for _ in range(ROUNDS):
            samples["raw TCP"].append(ping([client, "tcp", port, str(PINGS)], None))
            for label, text in (("jetway, 1 hop", one), ("jetway, 2 hops", two)):
                with mesh(text, ["echo"]) as environment:
                    samples[label].append(ping([client, "mesh", "a", "echo", str(PINGS)], environment))
    base = statistics.median(p50 for p50, _ in samples["raw TCP"])
    rows = []
    for label, values in samples.items():
        p50s = [p50 for p50, _ in values]
        rows.append([label, *spread(p50s, "us"), spread([p99 for _, p99 in values], "us")[0],
                     f"{statistics.median(p50s) / base:.1f}x"])
    return table("Round trip of 64 bytes", f"build/release/bench_round_trip mesh a echo {PINGS}",
                 ["path", "p50", "spread", "p99", "of raw TCP"], rows,
                 "One request in flight. A hop is a link between machines: with one hop a request crosses the client's "
                 "Unix socket, two daemons and one TCP link; raw TCP crosses one socket.")


def ping(command, environment):
    return tuple(float(x) for x in subprocess.run(command, env=environment, check=True, capture_output=True,
                                                  text=True).stdout.split())


def beside_bulk():
    """Of each kind of link as many rounds as of everything else, in turns."""
    found = {}
    for _ in range(ROUNDS):
        lines = subprocess.run([ROOT / "bench/beside_bulk.py", "500"], check=True, capture_output=True, text=True).stdout
        for row in map(json.loads, lines.splitlines()):
            found.setdefault(row["rate"], []).append(row)
    rows = []
    for rate, results in found.items():
        def median(key, index=None):
            return statistics.median(result[key] if index is None else result[key][index] for result in results)
        rows.append(["nothing limits it" if rate == "none" else rate, f"{median('idle_us', 0):.0f} / {median('idle_us', 1):.0f} us",
                     f"{median('busy_us', 0):.0f} / {median('busy_us', 1):.0f} us",
                     f"{min(r['busy_us'][1] for r in results):.0f} to {max(r['busy_us'][1] for r in results):.0f}",
                     f"{median('bulk_bytes_per_s') / 1e6:.1f} MB/s", sum(r["late_heartbeats"] for r in results)])
    return table("A request beside a bulk stream", "bench/beside_bulk.py 500",
                 ["link", "idle p50 / p99", "beside bulk p50 / p99", "spread of p99", "bulk meanwhile", "late heartbeats"], rows,
                 "64 bytes there and back every 10 ms, over the same link between two machines as a stream that never ends; "
                 "network namespaces, `tc tbf`.")


def stages():
    rows = []
    for name, values in google("bench_stages", RECORDING).items():
        rows.append([name, *spread(values, "pictures/s", 0)])
    return table("Pictures a second, stage by stage", "build/release/bench_stages tests/data/session.cast",
                 ["stage", "median", "spread"], rows,
                 "A recorded session of 80x24 cells through one stage at a time, offline: a picture for each 1/30 s.")


def pipeline():
    """The whole: a recording replayed as fast as it goes through parser, renderer and encoder, three machines."""
    ports = free_ports(3)
    rates = []
    for _ in range(ROUNDS):
        with tempfile.TemporaryDirectory() as folder:
            video = pathlib.Path(folder) / "out.mp4"
            text = f"""mesh: bench
machines:
  a:
    listen: 127.0.0.1:{ports[0]}
    services:
      - replayer: {{ input: '{RECORDING}', speed: max }}
      - mp4-encoder: {{ output: '{video}' }}
    terminals:
      - {{ name: to-b, type: network, address: '127.0.0.1:{ports[1]}' }}
      - {{ name: to-c, type: network, address: '127.0.0.1:{ports[2]}' }}
  b:
    listen: 127.0.0.1:{ports[1]}
    services: [parser-server]
    terminals:
      - {{ name: to-c, type: network, address: '127.0.0.1:{ports[2]}' }}
  c:
    listen: 127.0.0.1:{ports[2]}
    services: [gpu-server]
"""
            with mesh(text, ["replayer", "parser-server", "gpu-server", "mp4-encoder"]) as environment:
                started = time.monotonic()
                subprocess.run([BIN / "jetway", "pipe", "--machine", "a",
                                "replayer | parser-server | gpu-server | mp4-encoder"], env=environment, check=True,
                               capture_output=True)
                took = time.monotonic() - started
            pictures = int(subprocess.run(
                ["ffprobe", "-v", "error", "-count_packets", "-select_streams", "v", "-show_entries",
                 "stream=nb_read_packets", "-of", "csv=p=0", video], check=True, capture_output=True, text=True).stdout)
            rates.append(pictures / took)
    return table("Pictures a second, the whole pipeline",
                 "jetway pipe 'replayer | parser-server | gpu-server | mp4-encoder'", ["path", "median", "spread"],
                 [["three machines over TCP, start-up included", *spread(rates, "pictures/s", 0)]])


def machine():
    model = next((line.split(":")[1].strip() for line in open("/proc/cpuinfo") if line.startswith("model name")), "?")
    return f"{os.cpu_count()} cores, {model}, Linux {platform.release()}, {ROUNDS} rounds, {time.strftime('%Y-%m-%d')}"


def sections_of(text):
    """{title: section} of Markdown, in order; what is above the first has no title."""
    found, title = {"": ""}, ""
    for line in text.splitlines(keepends=True):
        if line.startswith("## "):
            title = line[3:].strip()
            found[title] = ""
        found[title] += line
    return found


def main():
    """All parts, or those that are named: the others stay in the page as they are."""
    parts = {**comparisons.PARTS, "beside_bulk": beside_bulk, "round_trips": round_trips, "kernel": kernel,
             "forwarder": forwarder, "routing": routing, "stages": stages, "pipeline": pipeline}
    wanted = sys.argv[1:] or list(parts)
    sections = sections_of(PAGE.read_text()) if sys.argv[1:] else {"": ""}
    congestion = pathlib.Path("/proc/sys/net/ipv4/tcp_congestion_control").read_text().strip()
    sections[""] = f"""# Benchmarks

Written by `./dev bench` on {machine()}. Everything ran on this one machine, clients and peers included; figures compare
within a table, not with other machines. `./dev bench PART...` measures some of the parts again ({", ".join(parts)}).

Nothing is pinned to a core, for anybody, unless the table says so. TCP uses {congestion} and TCP_NODELAY for all. Where
routers are compared, a client, each router and a service are processes of their own, each end on one connection; in each
round every competitor is started afresh and takes its turn. "jetway is" is Jetway's median beside the other's, "to beat"
what that is meant to be. The limit is a router written for this purpose (`bench/peers/limit.cpp`): epoll, one hash lookup
a frame, 64 frames a write, no flow control, no names: a floor, not a product.

"""
    for name in wanted:
        began = time.monotonic()
        print(f"== {name}", file=sys.stderr)
        text = parts[name]()
        print(text)
        print(f"== {name} took {time.monotonic() - began:.0f} s", file=sys.stderr)
        measured = sections_of(text)
        del measured[""]
        sections.update({title: section.rstrip() + "\n\n" for title, section in measured.items()})
        PAGE.write_text("".join(sections.values()).rstrip() + "\n")


if __name__ == "__main__":
    main()
