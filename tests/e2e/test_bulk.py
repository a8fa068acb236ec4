#!/usr/bin/env python3
"""What a stream costs the daemons on its way: 200 MB two hops away and back, byte for byte, and each daemon's resident
memory below 64 MiB all the while, also when the reader of the answer is stopped in the middle. For a release build."""

import hashlib
import os
import signal
import subprocess
import threading
import time
import unittest

from mesh import ROW, Mesh, resident_mib, until

SIZE = int(os.environ.get("JETWAY_E2E_BULK", str(200_000_000)))
MOST_MIB = 64


class Bulk(unittest.TestCase):
    def setUp(self):
        self.mesh = Mesh(ROW)
        self.addCleanup(self.mesh.close)
        self.mesh.wait_for("a", "cat", "sum")
        self.pids = {machine: self.mesh.pid(machine) for machine in "abc"}
        self.data = os.urandom(1_000_000) * (SIZE // 1_000_000)
        self.sum = hashlib.sha256(self.data).hexdigest()
        self.most = 0.0

    def watch(self):
        self.most = max(self.most, *(resident_mib(pid) for pid in self.pids.values()))

    def begin(self, service):
        """A call that is fed from a thread of its own."""
        call = self.mesh.start("call", service, "--machine", "a", stdin=subprocess.PIPE, stderr=None)

        def feed():
            call.stdin.write(self.data)
            call.stdin.close()
        feeding = threading.Thread(target=feed)
        feeding.start()
        self.addCleanup(feeding.join)
        return call

    def read(self, call, size):
        """The digest of the next `size` bytes of the answer, or of all that is left."""
        digest = hashlib.sha256()
        left = size
        while left and (chunk := call.stdout.read1(min(left, 1 << 20))):
            digest.update(chunk)
            left -= len(chunk)
            self.watch()
        return digest.hexdigest(), size - left

    def test_what_arrives_two_hops_away_is_what_was_sent(self):
        call = self.begin("sum")
        until(lambda: self.watch() or call.poll() is not None, 60, "the sum")
        self.assertEqual(call.stdout.read().split()[0].decode(), self.sum)
        self.assertLess(self.most, MOST_MIB)

    def test_what_comes_back_is_what_was_sent(self):
        call = self.begin("cat")
        self.assertEqual(self.read(call, SIZE), (self.sum, SIZE))
        self.assertEqual(call.wait(10), 0)
        self.assertLess(self.most, MOST_MIB)

    def test_a_reader_that_stops_in_the_middle_costs_nothing_and_may_go_on(self):
        call = self.begin("cat")
        half = SIZE // 2
        first = self.read(call, half)
        call.send_signal(signal.SIGSTOP)
        still = [0, time.monotonic()]  # bytes that have left c, and since when

        def stalled():
            self.watch()
            rows = self.mesh.json("status", "--machine", "c")["streams"]
            sent = sum(row["backward_bytes"] for row in rows)
            if sent != still[0]:
                still[:] = [sent, time.monotonic()]
            return sent > 0 and time.monotonic() - still[1] > 1
        until(stalled, 30, "nothing moves any more")
        call.send_signal(signal.SIGCONT)
        rest = self.read(call, SIZE - half)
        self.assertEqual(first, (hashlib.sha256(self.data[:half]).hexdigest(), half))
        self.assertEqual(rest, (hashlib.sha256(self.data[half:]).hexdigest(), SIZE - half))
        self.assertEqual(call.wait(10), 0)
        self.assertLess(self.most, MOST_MIB)


if __name__ == "__main__":
    unittest.main()
