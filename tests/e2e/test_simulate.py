#!/usr/bin/env python3
"""jetway simulate: what a person learns of a file before anything runs."""

import json
import os
import subprocess
import tempfile
import unittest

from mesh import JETWAY

SEED = os.path.join(os.path.dirname(__file__), "..", "..", "examples", "seed.yml")
ROW = """
machines:
  a:
    listen: 127.0.0.1:9001
    services: [echo]
  b:
    listen: 127.0.0.1:9002
    services: [cat: { run: cat }]
    terminals: [{ name: to-a, type: network, address: 127.0.0.1:9001 }]
  c:
    services: [echo]
    terminals: [{ name: to-b, type: network, address: 127.0.0.1:9002 }]
"""


def simulate(*arguments):
    return subprocess.run([JETWAY, "simulate", *arguments], capture_output=True, text=True, timeout=120)


class Simulate(unittest.TestCase):
    def row(self, expectations=""):
        file = tempfile.NamedTemporaryFile("w", suffix=".yml")
        self.addCleanup(file.close)
        file.write(ROW + expectations)
        file.flush()
        return file.name

    def test_the_seeds_file_names_every_single_point_of_failure(self):
        answer = simulate(SEED, "-o", "json")
        self.assertEqual(answer.returncode, 0, answer.stderr)
        found = json.loads(answer.stdout)
        points = {point["failure"]: sorted(lost["service"] for lost in point["unreachable"])
                  for point in found["single_points_of_failure"]}
        self.assertEqual(points, {
            "machine machine-a": ["display-server", "mp4-encoder", "pty-server"],
            "machine machine-b": ["parser-server"],
            "machine machine-c": ["encoder-server", "gpu-server"],
        })
        for failure in found["failures"]:
            # A closed socket is noticed at once; silence takes as long as `detect`, 400 ms.
            self.assertLess(failure["noticed"]["recovers_us"], 100_000, failure["failure"])
            self.assertLess(failure["silent"]["recovers_us"], 600_000, failure["failure"])
            self.assertEqual(failure["noticed"]["lost"], 0, failure["failure"])
            self.assertEqual(failure["silent"]["duplicated"], 0, failure["failure"])

    def test_the_same_seed_gives_the_same_bytes(self):
        first, second, other = (simulate(SEED, "--fail", "machine-b", "--watch", "--seed", seed).stdout
                                for seed in ("1", "1", "2"))
        self.assertEqual(first, second)
        self.assertNotEqual(first, other)

    def test_a_bridge_is_found_and_the_link_that_would_help(self):
        text = simulate(self.row()).stdout
        self.assertIn("link a,b: cat from a\n", text)
        self.assertIn("what helps most: a link between a and c\n", text)
        self.assertIn("not modelled: what services take of a CPU", text)

    def test_the_new_way_is_shown(self):
        text = simulate(SEED, "--fail", "machine-a,machine-c").stdout
        self.assertIn("machine-a reaches gpu-server by machine-a > machine-b > machine-c (cost +13)", text)

    def test_watch_shows_who_notices_what(self):
        text = simulate(SEED, "--fail", "machine-a,machine-c", "--watch").stdout
        self.assertRegex(text, r"3\d\d\.\d ms  machine-a: link down: machine-c: E-TIMEOUT no heartbeat for 0.4 s")

    def test_a_partition_puts_each_side_out_of_reach(self):
        found = json.loads(simulate(SEED, "--partition", "machine-a/machine-b,machine-c", "-o", "json").stdout)
        self.assertEqual(len(found["failures"]), 1)
        self.assertIn({"service": "gpu-server", "from": ["machine-a"]}, found["failures"][0]["unreachable"])

    def test_expectations_that_hold_are_success(self):
        answer = simulate(self.row('expect: [{ fail: any-one-link, then: "reachable(echo, from: a)", within: 1s }]'))
        self.assertEqual(answer.returncode, 0, answer.stderr)
        self.assertIn("holds   fail: any-one-link", answer.stdout)

    def test_a_broken_expectation_is_status_1_and_says_why(self):
        answer = simulate(self.row('expect: [{ fail: any-one-link, then: "reachable(cat, from: c)" }]'))
        self.assertEqual(answer.returncode, 1)
        self.assertIn("BROKEN  fail: any-one-link", answer.stdout)
        self.assertIn("link b,c: cat is out of reach", answer.stdout)
        answer = simulate(self.row('expect: [{ fail: "a,b", then: "unreachable(cat, from: a)", within: 300ms }]'))
        self.assertEqual(answer.returncode, 1)
        self.assertIn("in silence", answer.stdout)

    def test_an_expectation_about_what_is_not_there_is_an_error_of_the_file(self):
        file = self.row('expect: [{ fail: "a,c", then: "reachable(echo, from: a)" }]')
        for verb in (["simulate", file], ["check", file], ["run", file, "--machine", "a"], ["dev", file]):
            answer = subprocess.run([JETWAY, *verb], capture_output=True, text=True, timeout=120)
            self.assertEqual(answer.returncode, 65, verb)
            self.assertIn("no link joins a and c", answer.stdout + answer.stderr)
            self.assertIn("a has links to b", answer.stdout + answer.stderr)

    def test_what_cannot_be_is_said(self):
        for arguments, status, what in (
                (["--fail", "machine-d"], 64, 'did you mean "machine-a"?'),
                (["--fail", "machine-a,machine-a"], 64, "no link joins"),
                (["--partition", "machine-a"], 64, "has one side only"),
                (["--for", "soon"], 64, "--for"),
                (["--rate", "0"], 64, "--rate"),
        ):
            answer = simulate(SEED, *arguments)
            self.assertEqual(answer.returncode, status, arguments)
            self.assertIn(what, answer.stderr)
        self.assertEqual(simulate("/no/such/file.yml").returncode, 74)


if __name__ == "__main__":
    unittest.main()
