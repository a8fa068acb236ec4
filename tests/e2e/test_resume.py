#!/usr/bin/env python3
"""A stream whose machine in the middle dies goes on over another one: `call` from a to c and back, by b or by d, while b
and d are killed in turn and started again. What comes back is what was sent. Prints how long nothing came after each.

JETWAY_E2E_KILLS: how many (6); JETWAY_E2E_RATE: bytes a second in each direction (40,000,000; 0: as fast as it goes)."""

import hashlib
import json
import os
import random
import select
import signal
import statistics
import threading
import time
import unittest

from mesh import SLOWNESS, SQUARE, Mesh, Output, until

KILLS = int(os.environ.get("JETWAY_E2E_KILLS", "6"))
RATE = int(os.environ.get("JETWAY_E2E_RATE", "40000000"))
PARTS = ("delivered", "in_flight", "unconfirmed", "replaced", "late", "unwanted", "ended")  # of what was sent
BLOCK = random.Random(7).randbytes(1 << 16)  # each block of the stream begins with its number


class Traffic:
    """A call that sends without end until told to stop, and looks at each byte that comes back."""

    def __init__(self, mesh):
        self.call = mesh.start("call", "cat", "--machine", "a", stdin=-1, stderr=None)
        self.stop = False
        self.sent = hashlib.sha256()
        self.received = hashlib.sha256()
        self.bytes_sent = self.bytes_received = 0
        self.last = time.monotonic()
        self.longest = 0.0
        self.threads = [threading.Thread(target=self.write), threading.Thread(target=self.read)]
        for thread in self.threads:
            thread.start()

    def write(self):
        begin = time.monotonic()
        number = 0
        while not self.stop:
            block = number.to_bytes(8, "little") + BLOCK[8:]
            self.sent.update(block)
            self.call.stdin.write(block)
            self.bytes_sent += len(block)
            number += 1
            if RATE:
                time.sleep(max(0.0, begin + self.bytes_sent / RATE - time.monotonic()))
        self.call.stdin.close()

    def read(self):
        while chunk := self.call.stdout.read1(1 << 16):
            now = time.monotonic()
            self.longest = max(self.longest, now - self.last)
            self.last = now
            self.received.update(chunk)
            self.bytes_received += len(chunk)

    def pause(self):
        """The longest time without a byte since the last call."""
        longest = max(self.longest, time.monotonic() - self.last)
        self.longest = 0.0
        return longest

    def end(self):
        self.stop = True
        for thread in self.threads:
            thread.join()
        return self.call.wait()


class Resume(unittest.TestCase):
    def setUp(self):
        self.mesh = Mesh(SQUARE)
        self.addCleanup(self.mesh.close)
        self.mesh.wait_for("a", "cat")
        until(lambda: self.ways() == 2, 5, "a has two ways to c")
        self.outputs = []

    def ways(self):
        rows = self.mesh.json("routes", "cat", "--machine", "a")["routes"]
        return len([row for row in rows if row["path"]])

    def start(self, machine):
        process = self.mesh.start("run", self.mesh.path, "--machine", machine)
        self.outputs.append(Output(process.stdout))
        self.outputs[-1].wait_for(f"ready  {machine}", 5)

    def break_in_turn(self, strike, mend):
        traffic = Traffic(self.mesh)
        self.addCleanup(traffic.end)
        until(lambda: traffic.bytes_received > 1_000_000, 5, "bytes come back")
        pauses = []
        for number in range(KILLS):
            machine = "bd"[number % 2]
            # The other one must be there, or nobody is.
            until(lambda: self.ways() == 2, 10, "a has two ways to c")
            so_far = traffic.bytes_received
            traffic.pause()
            strike(machine)
            until(lambda: traffic.bytes_received > so_far + 4_000_000, 20, "bytes come back again")
            pauses.append(traffic.pause())
            mend(machine)
        self.assertEqual(traffic.end(), 0)
        self.assertEqual(traffic.bytes_received, traffic.bytes_sent)
        self.assertEqual(traffic.received.hexdigest(), traffic.sent.hexdigest())
        self.check_ledgers(traffic)
        pauses.sort()
        at = lambda share: pauses[min(len(pauses) - 1, int(share * len(pauses)))] * 1000
        print(f"{self._testMethodName}: {KILLS} times, {traffic.bytes_sent:,} bytes each way; nothing came for "
              f"{statistics.median(pauses) * 1000:.0f} ms, p99 {at(0.99):.0f} ms, at most {pauses[-1] * 1000:.0f} ms")
        return pauses

    def check_ledgers(self, traffic):
        """Each byte is accounted for: at c to the byte, at a nothing was lost."""
        def of_cat():
            rows = [row for row in self.mesh.json("status", "--machine", "c")["links"] if row["machine"] == "cat"]
            return {line: tally["bytes"] for line, tally in rows[0]["ledger"].items()}
        until(lambda: of_cat()["delivered"] == traffic.bytes_received, 2, "c has told of all that it sent")
        at_c = of_cat()
        self.assertEqual(at_c["received"], traffic.bytes_sent)
        self.assertEqual(at_c["sent"], traffic.bytes_received)
        at_a = self.mesh.json("status", "--machine", "a")["ledger"]
        self.assertGreaterEqual(at_a["delivered"]["bytes"], traffic.bytes_sent)
        for line in ("unconfirmed", "replaced", "late", "unwanted", "ended", "unread"):
            self.assertEqual((line, at_c[line], at_a[line]), (line, 0, {"bytes": 0, "messages": 0}))

    def test_the_ledgers_of_a_thousand_streams_are_right_whatever_was_killed(self):
        load = self.mesh.start_program("bench_many_streams", "ledger", "a", "c", "1000", "6")
        found = Output(load.stdout)
        kills = 0
        while not select.select([load.stdout], [], [], 0.2)[0]:
            machine = "bd"[kills % 2]
            until(lambda: self.ways() == 2 or select.select([load.stdout], [], [], 0)[0], 10, "a has two ways to c")
            os.kill(self.mesh.pid(machine), signal.SIGKILL)
            self.start(machine)
            kills += 1
        ledgers = json.loads(found.wait_for("\n", 10))
        near, far, written = ledgers["near"], ledgers["far"], ledgers["written"]
        for unit in ("bytes", "messages"):
            for end in (near, far):
                self.assertEqual(end["sent"][unit], sum(end[line][unit] for line in PARTS))
            self.assertEqual(near["sent"][unit], written[unit])
            self.assertLessEqual(near["delivered"][unit], far["received"][unit])
            self.assertLessEqual(far["received"][unit], near["delivered"][unit] + near["unconfirmed"][unit])
            self.assertLessEqual(far["delivered"][unit], near["received"][unit])
            # Seven of eight finished in order.
            self.assertGreater(near["delivered"][unit] / written[unit], 0.8)
        for machine, told in (("a", near), ("c", far)):
            def shown(machine=machine):
                rows = self.mesh.json("status", "--machine", machine)["links"]
                return [row["ledger"] for row in rows if row["machine"] == "many-streams"]
            until(lambda shown=shown, told=told: shown() == [told], 2, f"{machine} shows what its process counted")
        load.stdin.close()
        self.assertEqual(load.wait(), 0)
        self.assertGreater(kills, 2)
        print(f"{kills} kills, {written['messages']:,} messages of {written['bytes']:,} bytes: "
              + ", ".join(f"{near[line]['messages']:,} {line}" for line in PARTS))

    def test_nothing_is_lost_when_the_machine_in_the_middle_is_killed(self):
        pauses = self.break_in_turn(lambda machine: os.kill(self.mesh.pid(machine), signal.SIGKILL), self.start)
        self.assertLess(statistics.median(pauses), 0.1 * SLOWNESS)

    def test_nothing_is_lost_when_the_machine_in_the_middle_freezes(self):
        frozen = {}

        def freeze(machine):
            frozen[machine] = self.mesh.pid(machine)
            os.kill(frozen[machine], signal.SIGSTOP)

        def thaw(machine):
            os.kill(frozen.pop(machine), signal.SIGCONT)

        pauses = self.break_in_turn(freeze, thaw)
        self.assertLess(statistics.median(pauses), 0.7 * SLOWNESS)


if __name__ == "__main__":
    unittest.main()
