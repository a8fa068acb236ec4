"""Meshes of real processes for the end-to-end tests: a deployment file, `jetway dev` on it, commands against it.

Everything lives in a temporary folder and on addresses of this test process alone. Nothing sleeps: what is waited for is
an event with a deadline."""

import contextlib
import json
import os
import pathlib
import random
import select
import shutil
import signal
import socket
import subprocess
import tempfile
import time

ROOT = pathlib.Path(__file__).resolve().parents[2]
BIN = pathlib.Path(os.environ.get("JETWAY_BIN", ROOT / "build/dev"))
JETWAY = str(BIN / "jetway")
# How much slower a build with sanitizers may be than what the limits are written for.
SLOWNESS = float(os.environ.get("JETWAY_SLOWNESS", "4"))
# How many loops each machine has; none: as it comes.
THREADS = os.environ.get("JETWAY_THREADS")


def deadline(seconds):
    return time.monotonic() + seconds * SLOWNESS


def until(condition, seconds, what):
    """The first true value of condition(), which itself takes the time between two tries."""
    end = deadline(seconds)
    while True:
        value = condition()
        if value:
            return value
        if time.monotonic() > end:
            raise AssertionError(f"not within {seconds * SLOWNESS:g} s: {what}")
        os.sched_yield()


def own_network():
    """Three octets 127.x.y that no other test process is likely to use."""
    chosen = random.Random(os.getpid() * 7919 + time.monotonic_ns())
    return f"127.{chosen.randrange(100, 250)}.{chosen.randrange(1, 255)}"


def free_port(host):
    with socket.create_server((host, 0)) as probe:
        return probe.getsockname()[1]


def alive(pid):
    try:
        with open(f"/proc/{pid}/stat") as stat:
            return stat.read().rsplit(")", 1)[1].split()[0] not in "ZX"
    except OSError:
        return False


def children(pid):
    """Every process below `pid`."""
    found = []
    try:
        for thread in os.listdir(f"/proc/{pid}/task"):
            with open(f"/proc/{pid}/task/{thread}/children") as listed:
                for child in map(int, listed.read().split()):
                    found += [child, *children(child)]
    except OSError:
        pass
    return found


def resident_mib(pid):
    with open(f"/proc/{pid}/status") as status:
        for line in status:
            if line.startswith("VmRSS"):
                return int(line.split()[1]) / 1024
    raise AssertionError(f"no process {pid}")


class Output:
    """A process's output, read as it comes."""

    def __init__(self, stream):
        self.stream = stream
        self.text = ""
        os.set_blocking(stream.fileno(), False)

    def read(self):
        """False at the end."""
        try:
            chunk = os.read(self.stream.fileno(), 65536)
        except BlockingIOError:
            return True
        self.text += chunk.decode(errors="replace")
        return bool(chunk)

    def wait_for(self, words, seconds):
        end = deadline(seconds)
        while words not in self.text:
            left = end - time.monotonic()
            if left <= 0 or not select.select([self.stream], [], [], left)[0]:
                raise AssertionError(f"no \"{words}\" within {seconds * SLOWNESS:g} s in:\n{self.text}")
            if not self.read() and words not in self.text:
                raise AssertionError(f"ended without \"{words}\":\n{self.text}")
        return self.text


class Place:
    """A folder with the environment of its own: runtime, state, working directory."""

    def __init__(self):
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="jetway-e2e-"))
        self.environment = dict(os.environ, XDG_RUNTIME_DIR=str(self.folder / "run"),
                                XDG_STATE_HOME=str(self.folder / "state"), NO_COLOR="1")
        self.environment.pop("JETWAY_MACHINE", None)
        # So that resident memory means something in a build with sanitizers too.
        self.environment["ASAN_OPTIONS"] = os.environ.get("ASAN_OPTIONS", "") + ":quarantine_size_mb=4"
        (self.folder / "run").mkdir(mode=0o700)
        self.network = own_network()
        self.processes = []

    def file(self, name, text):
        path = self.folder / name
        path.write_text(text)
        return str(path)

    def start(self, *arguments, **options):
        """A jetway process, killed at the end of the test if it is still there."""
        options.setdefault("stdout", subprocess.PIPE)
        options.setdefault("stderr", subprocess.STDOUT)
        options.setdefault("stdin", subprocess.DEVNULL)
        process = subprocess.Popen([JETWAY, *arguments], env=self.environment, cwd=self.folder, **options)
        self.processes.append(process)
        return process

    def start_program(self, name, *arguments):
        """Another program of the build, with standard input."""
        process = subprocess.Popen([str(BIN / name), *arguments], env=self.environment, stdin=subprocess.PIPE,
                                   stdout=subprocess.PIPE)
        self.processes.append(process)
        return process

    def run(self, *arguments, input=b"", seconds=20, **options):
        return subprocess.run([JETWAY, *arguments], env=self.environment, cwd=self.folder, input=input,
                              capture_output=True, timeout=seconds * SLOWNESS, **options)

    def json(self, *arguments):
        answer = self.run(*arguments, "-o", "json")
        return json.loads(answer.stdout) if answer.returncode == 0 else None

    def close(self):
        for process in self.processes:
            if process.poll() is None:
                process.kill()
            with contextlib.suppress(subprocess.TimeoutExpired):
                process.wait(10)
            for stream in (process.stdin, process.stdout, process.stderr):
                if stream is not None:
                    stream.close()
        shutil.rmtree(self.folder, ignore_errors=True)


class Mesh(Place):
    """`jetway dev` on a file. In the text, NET stands for this test's own network, FOLDER for its folder."""

    def __init__(self, text, *options):
        super().__init__()
        text = text.replace("NET", self.network).replace("FOLDER", str(self.folder))
        if THREADS and "\nthreads:" not in text:
            text += f"\nthreads: {THREADS}\n"
        self.path = self.file("deployment.yml", text)
        self.began = time.monotonic()
        self.dev = self.start("dev", self.path, *options)
        self.log = Output(self.dev.stdout)
        try:
            self.log.wait_for("\nready  ", 10)
        except AssertionError:
            self.close()
            raise
        self.ready_after = time.monotonic() - self.began

    def routes(self, machine):
        """{(service, machine): hops} as `machine` sees them."""
        answer = self.json("routes", "--machine", machine)
        rows = answer["routes"] if answer else []
        return {(row["service"], row["machine"]): row["hops"] for row in rows
                if row["path"] and not row["alternate"]}

    def wait_for(self, machine, *services, seconds=5):
        def known():
            names = {service for service, _ in self.routes(machine)}
            return set(services) <= names
        until(known, seconds, f"{machine} knows {services}")

    def pid(self, machine):
        return self.json("status", "--machine", machine)["pid"]

    def stop(self, how=signal.SIGTERM):
        """Seconds until it ended."""
        began = time.monotonic()
        self.dev.send_signal(how)
        self.dev.wait(5 * SLOWNESS)
        return time.monotonic() - began


# A row a > b > c, services at every distance.
ROW = """
mesh: row
machines:
  a:
    listen: NET.1:9001
    services: [echo]
    terminals:
      - { name: to-b, address: "NET.2:9001" }
  b:
    listen: NET.2:9001
    services:
      - near: { run: cat }
      - upper: { run: "tr a-z A-Z" }
    terminals:
      - { name: to-c, address: "NET.3:9001" }
  c:
    listen: NET.3:9001
    services:
      - cat: { run: cat }
      - sum: { run: sha256sum }
      - fail: { run: "echo wrong >&2; exit 3" }
      - argv: { run: [printf, "%s,", "a b", "$HOME"] }
      - forever: { run: "while :; do echo tick; done" }
      - patient: { run: "echo started; sleep 1000; true" }
      - brief: { run: "echo done" }
pipelines:
  shout: cat | upper
"""

# Two ways from a to c.
SQUARE = """
mesh: square
machines:
  a:
    listen: NET.1:9001
    services: [echo]
    terminals:
      - { name: to-b, address: "NET.2:9001" }
      - { name: to-d, address: "NET.4:9001" }
  b:
    listen: NET.2:9001
    terminals:
      - { name: to-c, address: "NET.3:9001" }
  c:
    listen: NET.3:9001
    services:
      - cat: { run: cat }
  d:
    listen: NET.4:9001
    terminals:
      - { name: to-c, address: "NET.3:9001" }
pipelines:
  shout: cat | echo
"""
