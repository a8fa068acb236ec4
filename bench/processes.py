"""Programs that measurements start, and the files they need."""

import contextlib
import os
import pathlib
import signal
import socket
import subprocess
import sys
import time

ROOT = pathlib.Path(__file__).resolve().parent.parent
BIN = pathlib.Path(os.environ.get("JETWAY_BIN", ROOT / "build/release")).resolve()
PATIENCE = 20  # seconds until something is ready


def free_ports(count):
    sockets = [socket.create_server(("127.0.0.1", 0)) for _ in range(count)]
    ports = [s.getsockname()[1] for s in sockets]
    for s in sockets:
        s.close()
    return ports


def end(child):
    if child.poll() is None:
        child.send_signal(signal.SIGTERM)
    try:
        child.wait(5)
    except subprocess.TimeoutExpired:
        child.kill()
        child.wait()


@contextlib.contextmanager
def process(command, **options):
    child = subprocess.Popen(command, **options)
    try:
        yield child
    finally:
        end(child)


def answers(address):
    """Does somebody accept at a port of this host, or at a Unix socket?"""
    family = socket.AF_INET if isinstance(address, int) else socket.AF_UNIX
    with socket.socket(family) as attempt:
        return attempt.connect_ex(("127.0.0.1", address) if isinstance(address, int) else str(address)) == 0


def wait_until(done, what, every=0.02):
    deadline = time.monotonic() + PATIENCE
    while not done():
        if time.monotonic() > deadline:
            sys.exit(f"{what} did not get ready")
        time.sleep(every)


@contextlib.contextmanager
def server(command, address, log, **options):
    """A server that runs, and accepts at `address`; what it prints goes to `log`."""
    with open(log, "ab") as output, process(command, stdout=output, stderr=output, **options) as child:
        wait_until(lambda: answers(address) or child.poll() is not None, f"{command[0]} ({log})")
        if child.poll() is not None:
            sys.exit(f"{command[0]} ended: {pathlib.Path(log).read_text()}")
        yield child
