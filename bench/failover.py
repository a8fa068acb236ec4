#!/usr/bin/env python3
"""Five machines in a ring with one chord, as real processes; 200 requests a second from a to c. The transit machine is
killed, or frozen (SIGSTOP), or a link is cut (a relay under it freezes), so many times each, in a fresh mesh each time:
links that keep failing are a last resort for a while. Prints when new requests flow again, median and maximum, whether
each request that was tried once more was answered, and the hops.

    bench/failover.py [TIMES]          (default 20)"""

import os
import pathlib
import shutil
import signal
import socket
import statistics
import subprocess
import sys
import tempfile
import threading
import time

from processes import free_ports

ROOT = pathlib.Path(__file__).resolve().parent.parent
BIN = pathlib.Path(os.environ.get("JETWAY_BIN", ROOT / "build/release")).resolve()
RATE = 200
BEFORE, AFTER = 0.5, 1.5  # seconds around each failure
MACHINES = "abcde"
RING = [("a", "b"), ("b", "c"), ("c", "d"), ("d", "e"), ("e", "a"), ("b", "e")]


class Relay:
    """Between b and c: hands bytes on until it is frozen, as a cable that is cut without a word."""

    def __init__(self, port, target):
        self.child = subprocess.Popen([sys.executable, __file__, "relay", str(port), str(target)])

    def freeze(self):
        os.kill(self.child.pid, signal.SIGSTOP)

    def close(self):
        self.child.kill()
        self.child.wait()


def relay(port, target):
    def pump(source, sink):
        try:
            while data := source.recv(65536):
                sink.sendall(data)
        except OSError:
            pass
        for end in (source, sink):
            try:
                end.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass

    server = socket.create_server(("127.0.0.1", port))
    while True:
        near, _ = server.accept()
        try:
            far = socket.create_connection(("127.0.0.1", target), 2)
        except OSError:
            near.close()
            continue
        for end in (near, far):
            end.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        threading.Thread(target=pump, args=(near, far), daemon=True).start()
        threading.Thread(target=pump, args=(far, near), daemon=True).start()


class Mesh:
    def __init__(self):
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="jetway-failover-"))
        (self.folder / "run").mkdir(mode=0o700)
        self.environment = dict(os.environ, XDG_RUNTIME_DIR=str(self.folder / "run"),
                                XDG_STATE_HOME=str(self.folder / "state"))
        ports = dict(zip(MACHINES, free_ports(5)))
        [through] = free_ports(1)
        # As b sees it, c listens where the relay does.
        self.files = {name: self.write(name, dict(ports, c=through) if name == "b" else ports) for name in MACHINES}
        self.relay = Relay(through, ports["c"])
        self.daemons = {}
        for name in MACHINES:
            self.start(name)
        self.wait_for("a > b > c")

    def write(self, name, ports):
        lines = ["mesh: ring", "machines:"]
        for machine in MACHINES:
            lines += [f"  {machine}:", f"    listen: 127.0.0.1:{ports[machine]}"]
            lines += ["    services: [echo]"] if machine == "c" else []
            lines += ["    terminals:"]
            lines += [f"      - {{ name: to-{other}, type: network, address: 127.0.0.1:{ports[other]} }}"
                      for one, other in RING if one == machine]
        file = self.folder / f"as-{name}-sees-it.yml"
        file.write_text("\n".join(lines) + "\n")
        return file

    def start(self, name):
        with open(self.folder / f"{name}.log", "ab") as log:
            self.daemons[name] = subprocess.Popen([BIN / "jetway", "run", self.files[name], "--machine", name],
                                                  env=self.environment, cwd=self.folder, stdout=log, stderr=log)

    def trace(self):
        return subprocess.run([BIN / "jetway", "trace", "echo", "--machine", "a"], env=self.environment,
                              capture_output=True, text=True).stdout.split("   ")[0]

    def wait_for(self, path):
        end = time.monotonic() + 20
        while self.trace() != path:
            if time.monotonic() > end:
                raise SystemExit(f"no way {path}, but {self.trace()!r}; logs in {self.folder}")
            time.sleep(0.05)

    def close(self):
        for daemon in self.daemons.values():
            daemon.kill()
            daemon.wait()
        self.relay.close()
        shutil.rmtree(self.folder)


def kill(mesh):
    mesh.daemons["b"].kill()


def freeze(mesh):
    mesh.daemons["b"].send_signal(signal.SIGSTOP)


def cut(mesh):
    mesh.relay.freeze()


class Course:
    """Requests around one failure."""

    def __init__(self, mesh, fail):
        client = subprocess.Popen([BIN / "bench_failover", "a", "echo", str(RATE), str(int(BEFORE + AFTER + 1))],
                                  env=mesh.environment, stdout=subprocess.PIPE, text=True)
        client.stdout.readline()
        time.sleep(BEFORE)
        struck = time.monotonic_ns()
        fail(mesh)
        requests = [line.split(None, 4) for line in client.stdout]
        client.wait()
        self.asked = len(requests)
        self.unanswered = [fields[4].strip() for fields in requests if fields[1] == "0"]
        self.retried = sum(fields[2] == "2" for fields in requests)
        self.most_hops = max(int(fields[3]) for fields in requests)
        # New requests flow from when on each is answered in its first try and without delay.
        slow = [int(asked) for asked, answered, tries, _, _ in requests
                if int(asked) > struck and (tries != "1" or int(answered) - int(asked) > 20_000_000)]
        self.flows_after = (max(slow) - struck) / 1e6 + 1000 / RATE if slow else 0.0


def report(what, courses):
    times = [course.flows_after for course in courses]
    unanswered = [error for course in courses for error in course.unanswered]
    print(f"{what:10} {len(courses)} times: flows again after {statistics.median(times):.0f} ms, "
          f"at most {max(times):.0f} ms; {sum(c.asked for c in courses)} requests, "
          f"{sum(c.retried for c in courses)} tried twice, {len(unanswered)} unanswered; "
          f"at most {max(c.most_hops for c in courses)} hops", flush=True)
    for error in sorted(set(unanswered)):
        print(f"           {unanswered.count(error)} x {error}")
    return not unanswered


def main():
    times = int(sys.argv[1]) if len(sys.argv) > 1 else 20
    good = True
    for what, fail in (("kill -9", kill), ("SIGSTOP", freeze), ("link cut", cut)):
        courses = []
        for _ in range(times):
            mesh = Mesh()
            try:
                courses.append(Course(mesh, fail))
            finally:
                mesh.close()
        good = report(what, courses) and good
    return 0 if good else 1


if __name__ == "__main__":
    if sys.argv[1:2] == ["relay"]:
        relay(int(sys.argv[2]), int(sys.argv[3]))
    else:
        sys.exit(main())
