#!/usr/bin/env python3
"""A request of 64 bytes every 10 ms beside a bulk stream over the same link between two machines: the round trip when
the link is idle and when it is full, on a link of 100 Mbit/s (tc tbf) and on one that nothing limits. Everything runs in
two network namespaces of its own.

    bench/beside_bulk.py [REQUESTS [RATE...]]       (default 1000 100mbit none)"""

import contextlib
import json
import os
import pathlib
import subprocess
import sys
import tempfile
import time

ROOT = pathlib.Path(__file__).resolve().parent.parent
BIN = pathlib.Path(os.environ.get("JETWAY_BIN", ROOT / "build/release")).resolve()
NEAR, FAR = "10.213.77.1", "10.213.77.2"
FILE = f"""mesh: bench
insecure: true
machines:
  a:
    listen: {NEAR}:9001
    terminals:
      - {{ name: to-b, type: network, address: '{FAR}:9001' }}
  b:
    listen: {FAR}:9001
    services:
      - echo
      - count: {{ run: wc -c }}
"""


def ip(*arguments):
    subprocess.run(["ip", *arguments], check=True)


class Link:
    """Between this namespace and another, which lives as long as `other`."""

    def __init__(self, rate):
        self.other = subprocess.Popen(["unshare", "--net", "sleep", "infinity"])
        self.there = ["nsenter", "-t", str(self.other.pid), "-n"]
        own = os.readlink("/proc/self/ns/net")
        while os.readlink(f"/proc/{self.other.pid}/ns/net") == own:
            time.sleep(0.01)
        ip("link", "add", "near", "type", "veth", "peer", "name", "far", "netns", str(self.other.pid))
        ip("addr", "add", f"{NEAR}/24", "dev", "near")
        ip("link", "set", "near", "up")
        subprocess.run([*self.there, "ip", "addr", "add", f"{FAR}/24", "dev", "far"], check=True)
        subprocess.run([*self.there, "ip", "link", "set", "far", "up"], check=True)
        if rate != "none":
            shape = ["root", "tbf", "rate", rate, "burst", "16kb", "latency", "50ms"]
            subprocess.run(["tc", "qdisc", "add", "dev", "near", *shape], check=True)
            subprocess.run([*self.there, "tc", "qdisc", "add", "dev", "far", *shape], check=True)

    def close(self):
        self.other.kill()
        self.other.wait()
        subprocess.run(["ip", "link", "del", "near"], check=False, stderr=subprocess.DEVNULL)


class Machines:
    def __init__(self, folder, link):
        file = folder / "deployment.yml"
        file.write_text(FILE)
        self.environment = dict(os.environ, XDG_RUNTIME_DIR=str(folder), XDG_STATE_HOME=str(folder))
        self.log = open(folder / "log", "wb")
        self.daemons = [subprocess.Popen([*where, BIN / "jetway", "run", file, "--machine", name],
                                         env=self.environment, stdout=self.log, stderr=self.log, cwd=folder)
                        for name, where in (("a", []), ("b", link.there))]

    def wait(self):
        end = time.monotonic() + 20
        while "echo" not in self.jetway("routes", "-o", "json").stdout:
            if time.monotonic() > end:
                sys.exit(f"the mesh did not come up: {pathlib.Path(self.log.name).read_text()}")
            time.sleep(0.05)

    def jetway(self, *arguments):
        return subprocess.run([BIN / "jetway", *arguments, "--machine", "a"], env=self.environment, text=True,
                              capture_output=True, check=False)

    def requests(self, count):
        command = [BIN / "bench_round_trip", "mesh", "a", "echo", str(count), "10"]
        result = subprocess.run(command, env=self.environment, capture_output=True, text=True, check=True)
        return tuple(float(x) for x in result.stdout.split())

    def bulk(self):
        return subprocess.Popen([BIN / "jetway", "call", "count", "--machine", "a"], env=self.environment,
                                stdin=open("/dev/zero", "rb"), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)

    def carried(self):
        return json.loads(self.jetway("status", "-o", "json").stdout)["counts"]["bytes_out"]

    def late_heartbeats(self):
        """How often a heartbeat was so late that somebody noticed."""
        events = json.loads(self.jetway("timeline", "-o", "json").stdout)["events"]
        return sum(event["event"] in ("link_doubted", "link_down") for event in events)

    def close(self):
        for daemon in self.daemons:
            daemon.kill()
            daemon.wait()
        self.log.close()


def measure(rate, count):
    """p50 and p99 of a request in microseconds, and what else went over the link meanwhile."""
    with contextlib.closing(Link(rate)) as link, tempfile.TemporaryDirectory() as folder, \
            contextlib.closing(Machines(pathlib.Path(folder), link)) as machines:
        machines.wait()
        idle = machines.requests(count)
        bulk = machines.bulk()
        time.sleep(1)
        before, began = machines.carried(), time.monotonic()
        busy = machines.requests(count)
        speed = (machines.carried() - before) / (time.monotonic() - began)
        bulk.kill()
        bulk.wait()
        return {"rate": rate, "idle_us": idle, "busy_us": busy, "bulk_bytes_per_s": round(speed),
                "late_heartbeats": machines.late_heartbeats()}


def main():
    count = int(sys.argv[2]) if len(sys.argv) > 2 else 1000
    for rate in sys.argv[3:] or ["100mbit", "none"]:
        print(json.dumps(measure(rate, count)), flush=True)


if __name__ == "__main__":
    if sys.argv[1:2] == ["inside"]:
        ip("link", "set", "lo", "up")
        main()
    else:
        # Whatever is started inside ends with it.
        os.execvp("unshare", ["unshare", "--map-root-user", "--net", "--pid", "--mount-proc", "--kill-child",
                              sys.executable, __file__, "inside", *sys.argv[1:]])
