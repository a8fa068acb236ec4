#!/usr/bin/env python3
"""Strangers at every listening port of a daemon: random bytes, truncated frames, oversized lengths, a real conversation
with a byte changed. It keeps serving, its memory does not grow, and every bad link is closed with a reason in its log.

JETWAY_E2E_STRANGERS says how many for each port (100000 for the full storm)."""

import os
import random
import re
import socket
import struct
import unittest

from mesh import ROOT, SLOWNESS, Mesh, resident_mib, until

STRANGERS = int(os.environ.get("JETWAY_E2E_STRANGERS", "5000"))
AT_ONCE = 32

TWO = """
mesh: home
machines:
  lab:
    listen: [ "NET.1:9001", "unix:FOLDER/port" ]
    services: [ echo, display-server, near: { run: cat } ]
    terminals: [ { name: to-peer, address: "NET.2:9001" } ]
  peer:
    listen: NET.2:9001
    services: [ far: { run: cat } ]
discovery: { detect: DETECT }
"""

# How a link of a stranger ends: closed by us; before it was one (the log sums up); hung up after it was.
CLOSED = re.compile(r"lab +\|.*(link on \S+ ?\w* ?\w* \(.*\) closed: E-|link down: (?!peer).*: E-CLOSED )")
STRANGER = re.compile(r"lab +\|.*ended before it was a link: E-.*?(?:\(and (\d+) more\))?$")


def conversation():
    """The frames that machine-a sends in docs/protocol.md."""
    frames = []
    ours = False
    for block in (ROOT / "docs/protocol.md").read_text().split("```frames")[1:]:
        for line in block.split("```")[0].splitlines():
            if not line.startswith(" "):
                ours = line.startswith("A > B")
                frames += [b""] if ours else []
            elif ours:
                frames[-1] += bytes.fromhex(re.match(r" +([0-9a-f]{2}(?: [0-9a-f]{2})*)(?: |$)", line).group(1))
    return frames


class Mischief:
    """What strangers say; the same for the same seed."""

    def __init__(self, seed):
        self.random = random.Random(seed)
        self.frames = conversation()
        assert self.frames[0][2] == 0x10, "the first frame is HELLO"

    def next(self):
        return self.random.choice((self.noise, self.oversized, self.truncated, self.mutated, self.frame))()

    def noise(self):
        return self.random.randbytes(self.random.randrange(1, 400))

    def oversized(self):
        """A length that nothing follows up, of a type that may exist."""
        header = struct.pack("<HBBI", self.random.randrange(32_768, 65_536), self.random.randrange(256), 0,
                             self.random.choice((0, 1, 2, 65_536, 0xFFFF_FFFF)))
        return header + self.noise()

    def truncated(self):
        whole = b"".join(self.frames)
        return whole[:self.random.randrange(1, len(whole))]

    def mutated(self):
        said = bytearray(b"".join(self.frames[:self.random.randrange(1, len(self.frames) + 1)]))
        for _ in range(self.random.randrange(1, 4)):
            said[self.random.randrange(len(said))] = self.random.randrange(256)
        return bytes(said)

    def frame(self):
        body = self.noise()
        return struct.pack("<HBBI", len(body), self.random.randrange(256), self.random.randrange(4),
                           self.random.randrange(8)) + body


class Strangers(unittest.TestCase):
    def setUp(self):
        self.mesh = Mesh(TWO.replace("DETECT", f"{400 * SLOWNESS:.0f}ms"))
        self.addCleanup(self.mesh.close)
        self.mesh.wait_for("lab", "far", "display-server")
        self.pid = self.mesh.pid("lab")
        self.mischief = Mischief(os.environ.get("JETWAY_E2E_SEED", "1"))
        self.seen = 0
        self.reasons = 0

    def read_log(self):
        """Counts the reasons; whoever does not read a daemon's log holds it up."""
        log = self.mesh.log
        before = -1
        while before != len(log.text):
            before = len(log.text)
            self.assertTrue(log.read(), "the daemons have ended:\n" + log.text[-2000:])
        end = log.text.rfind("\n") + 1
        for line in log.text[self.seen:end].splitlines():
            if CLOSED.search(line):
                self.reasons += 1
            elif stranger := STRANGER.search(line):
                self.reasons += 1 + int(stranger.group(1) or 0)
        self.seen = end

    def visit(self, address, count):
        """`count` strangers, each of whom says its piece, ends, and is hung up on."""
        family = socket.AF_UNIX if isinstance(address, str) else socket.AF_INET
        for first in range(0, count, AT_ONCE):
            visitors = []
            for i in range(first, min(first + AT_ONCE, count)):
                visitor = socket.socket(family)
                visitor.settimeout(5 * SLOWNESS)
                if family == socket.AF_INET:
                    visitor.bind((f"{self.mesh.network}.{10 + i % 240}", 0))
                visitor.connect(address)
                visitors.append(visitor)
                try:
                    visitor.sendall(self.mischief.next())
                    visitor.shutdown(socket.SHUT_WR)
                except (BrokenPipeError, ConnectionResetError, OSError):
                    pass  # hung up on already
            for visitor in visitors:
                try:
                    while visitor.recv(65536):
                        pass
                except ConnectionResetError:
                    pass
                visitor.close()
            self.read_log()

    def storm(self, address):
        self.visit(address, STRANGERS // 10)
        before = resident_mib(self.pid)
        self.visit(address, STRANGERS - STRANGERS // 10)
        self.assertLess(resident_mib(self.pid) - before, 4 * SLOWNESS, "MiB of growth")
        for service in ("near", "far", "echo"):
            answer = self.mesh.run("call", service, "--machine", "lab", input=b"still here")
            self.assertEqual(answer.stdout, b"still here", answer.stderr)
        self.assertEqual(self.mesh.pid("lab"), self.pid)
        self.assertNotIn("lost peer", self.mesh.log.text)

    def expect_a_reason_for_each(self, address):
        """The log may sum up what comes too fast; the rest of a sum is in the next line."""
        visits = STRANGERS

        def counted():
            nonlocal visits
            if self.reasons < visits:
                self.visit(address, 1)
                visits += 1
            return self.reasons >= visits
        until(counted, 5, "a reason in the log for every bad link")

    def test_a_tcp_port(self):
        address = (f"{self.mesh.network}.1", 9001)
        self.storm(address)
        self.expect_a_reason_for_each(address)

    def test_a_unix_port(self):
        address = str(self.mesh.folder / "port")
        self.storm(address)
        self.expect_a_reason_for_each(address)

    def test_the_socket_of_the_daemon(self):
        self.storm(str(self.mesh.folder / "run/jetway/lab.sock"))

    def test_the_port_of_the_live_page(self):
        url = self.mesh.json("status", "--machine", "lab")["notes"]["display"]
        host, port = re.match(r"http://([\d.]+):(\d+)/", url).groups()
        self.storm((host, int(port)))


if __name__ == "__main__":
    unittest.main()
