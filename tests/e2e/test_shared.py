#!/usr/bin/env python3
"""Large payloads between the processes of a host go through shared memory: whole and in order, also when one of them is
killed in the middle, when the way leaves the host, and when the descriptors cannot get through."""

import hashlib
import os
import pathlib
import signal
import socket
import subprocess
import threading
import unittest

from mesh import JETWAY, Mesh, until

PAIR = """
mesh: pair
machines:
  a:
    listen: NET.1:9001
    terminals:
      - { name: to-b, address: "NET.2:9001" }
  b:
    listen: NET.2:9001
"""
SIZE = 64_000_000


def shared_memories(pid):
    with open(f"/proc/{pid}/maps") as maps:
        return sum("memfd:jetway" in line for line in maps)


class Relay:
    """A Unix socket whose bytes are passed on to another one, and no descriptors."""

    def __init__(self, path, target):
        self.target = target
        self.listener = socket.socket(socket.AF_UNIX)
        self.listener.bind(str(path))
        self.listener.listen()
        threading.Thread(target=self.accept, daemon=True).start()

    def accept(self):
        while True:
            try:
                near, _ = self.listener.accept()
            except OSError:
                return
            far = socket.socket(socket.AF_UNIX)
            far.connect(str(self.target))
            for ends in ((near, far), (far, near)):
                threading.Thread(target=self.pass_on, args=ends, daemon=True).start()

    @staticmethod
    def pass_on(source, target):
        try:
            while chunk := source.recv(65536):
                target.sendall(chunk)
            target.shutdown(socket.SHUT_WR)
        except OSError:
            pass

    def close(self):
        self.listener.close()


class Shared(unittest.TestCase):
    def setUp(self):
        self.mesh = Mesh(PAIR)
        self.addCleanup(self.mesh.close)
        self.data = os.urandom(1_000_000) * (SIZE // 1_000_000)
        self.sum = hashlib.sha256(self.data).hexdigest()

    def echo(self, machine, name="far-echo"):
        """The service, in a process of its own."""
        process = self.mesh.start_program("echo_process", "--machine", machine, "--name", name)
        self.addCleanup(process.kill)
        self.mesh.wait_for("a", name)
        return process

    def begin(self, environment=None):
        call = subprocess.Popen([JETWAY, "call", "far-echo", "--machine", "a"], stdin=subprocess.PIPE,
                                stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                                env=environment or self.mesh.environment)
        self.mesh.processes.append(call)

        def feed():
            try:
                call.stdin.write(self.data)
                call.stdin.close()
            except OSError:
                pass  # it was killed
        threading.Thread(target=feed, daemon=True).start()
        return call

    def read(self, call, size):
        digest = hashlib.sha256()
        got = 0
        while got < size and (chunk := call.stdout.read1(min(size - got, 1 << 20))):
            digest.update(chunk)
            got += len(chunk)
        return digest.hexdigest(), got

    def row(self, machine):
        """The echo's process, as its daemon knows it."""
        return next(row for row in self.mesh.json("status", "--machine", machine)["links"]
                    if row["machine"] == "echo_process")

    def check_ledger(self, machine):
        """Each byte is somewhere."""
        def balanced():
            tallies = {line: tally["bytes"] for line, tally in
                       self.mesh.json("status", "--machine", machine)["ledger"].items()}
            parts = ("delivered", "in_flight", "unconfirmed", "replaced", "late", "unwanted", "ended")
            return tallies["sent"] == sum(tallies[part] for part in parts)
        until(balanced, 5, f"the ledger of {machine} balances")

    def test_a_large_file_comes_back_as_it_was_by_shared_memory(self):
        echo = self.echo("a")
        call = self.begin()
        self.assertEqual(self.read(call, SIZE), (self.sum, SIZE))
        self.assertEqual(call.wait(20), 0, call.stderr.read())
        row = self.row("a")
        self.assertGreater(row["shared_bytes"], SIZE)  # both ways; of a pipe much comes in small pieces
        until(lambda: self.row("a")["ledger"]["delivered"]["bytes"] == SIZE, 5, "it knows all is delivered")
        self.assertEqual(self.row("a")["ledger"]["received"]["bytes"], SIZE)
        self.check_ledger("a")
        self.assertIn("SHARED MEMORY", self.mesh.run("status", "--machine", "a").stdout.decode())
        self.assertIsNone(echo.poll())

    def test_the_way_may_leave_the_host_in_between(self):
        self.echo("b")
        call = self.begin()
        self.assertEqual(self.read(call, SIZE), (self.sum, SIZE))
        self.assertEqual(call.wait(20), 0, call.stderr.read())
        self.assertGreater(self.row("b")["shared_bytes"], 0)
        self.check_ledger("a")
        self.check_ledger("b")

    def test_a_service_that_is_killed_in_the_middle_ends_its_streams_and_leaves_nothing(self):
        daemon = self.mesh.pid("a")
        for _ in range(3):
            echo = self.echo("a")
            call = self.begin()
            self.read(call, SIZE // 8)
            self.assertGreater(shared_memories(daemon), 0)
            echo.send_signal(signal.SIGKILL)
            echo.wait(5)
            call.stdout.read()
            self.assertNotEqual(call.wait(20), 0)
            self.assertIn(b"E-", call.stderr.read())
        until(lambda: shared_memories(daemon) == 0, 5, "what was shared is gone")
        self.check_ledger("a")

    def test_a_caller_that_is_killed_in_the_middle_leaves_the_service_to_others(self):
        daemon = self.mesh.pid("a")
        self.echo("a")
        for _ in range(3):
            call = self.begin()
            self.read(call, SIZE // 8)
            call.kill()
            call.wait(5)
        call = self.begin()
        self.assertEqual(self.read(call, SIZE), (self.sum, SIZE))
        self.assertEqual(call.wait(20), 0, call.stderr.read())
        self.assertLess(shared_memories(daemon), 16)
        self.check_ledger("a")

    def test_where_descriptors_do_not_get_through_bytes_do(self):
        self.echo("a")
        run = pathlib.Path(self.mesh.environment["XDG_RUNTIME_DIR"]) / "jetway"
        other = self.mesh.folder / "other" / "jetway"
        other.mkdir(parents=True, mode=0o700)
        other.parent.chmod(0o700)
        relay = Relay(other / "a.sock", run / "a.sock")
        self.addCleanup(relay.close)
        call = self.begin(dict(self.mesh.environment, XDG_RUNTIME_DIR=str(other.parent)))
        self.assertEqual(self.read(call, SIZE), (self.sum, SIZE))
        self.assertEqual(call.wait(20), 0, call.stderr.read())
        self.check_ledger("a")


if __name__ == "__main__":
    unittest.main()
