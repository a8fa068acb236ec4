#!/usr/bin/env python3
"""The commands against one mesh of three machines in a row: calls, pipes, routes, errors, exit statuses."""

import hashlib
import json
import os
import signal
import subprocess
import time
import unittest

from mesh import JETWAY, ROW, SLOWNESS, Mesh, Output, alive, children, resident_mib, until

BULK = int(os.environ.get("JETWAY_E2E_BULK", str(24 * 1024 * 1024)))


class Commands(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.mesh = Mesh(ROW)
        cls.addClassCleanup(cls.mesh.close)
        cls.mesh.wait_for("a", "near", "cat", "sum")

    def call(self, name, data=b"", **options):
        return self.mesh.run("call", name, "--machine", "a", input=data, **options)

    def test_a_service_two_hops_away_answers(self):
        self.assertEqual(self.call("cat", b"hello\n").stdout, b"hello\n")

    def test_a_service_of_this_machine_answers(self):
        self.assertEqual(self.call("echo", b"hello\n").stdout, b"hello\n")

    def test_a_named_machine_answers(self):
        self.assertEqual(self.call("cat@c", b"x").stdout, b"x")
        self.assertEqual(self.call("cat@b", b"x").returncode, 69)

    def test_nothing_in_gives_nothing_out(self):
        self.assertEqual(self.call("cat").stdout, b"")

    def test_bulk_comes_back_byte_for_byte(self):
        data = os.urandom(1024) * (BULK // 1024)
        answer = self.call("cat", data, seconds=60)
        self.assertEqual(answer.returncode, 0, answer.stderr)
        self.assertEqual(hashlib.sha256(answer.stdout).digest(), hashlib.sha256(data).digest())

    def test_bulk_arrives_byte_for_byte(self):
        data = os.urandom(1024) * (BULK // 1024)
        answer = self.call("sum", data, seconds=60)
        self.assertEqual(answer.stdout.split()[0].decode(), hashlib.sha256(data).hexdigest())

    def test_the_exit_status_is_that_of_the_program(self):
        self.assertEqual(self.call("fail").returncode, 3)

    def test_what_a_program_says_on_stderr_is_in_the_log_of_its_machine(self):
        self.call("fail")
        self.mesh.log.wait_for("fail: wrong", 3)

    def test_a_list_is_argv(self):
        self.assertEqual(self.call("argv").stdout, b"a b,$HOME,")

    def test_call_ends_when_the_answer_ends_although_the_input_is_open(self):
        process = self.mesh.start("call", "brief", "--machine", "a", stdin=subprocess.PIPE)
        self.assertEqual(process.stdout.read(), b"done\n")
        self.assertEqual(process.wait(5 * SLOWNESS), 0)

    def test_a_reader_that_has_enough_ends_the_program(self):
        process = self.mesh.start("call", "forever", "--machine", "a")
        self.assertEqual(process.stdout.read(5), b"tick\n")
        c = self.mesh.pid("c")
        self.assertTrue(children(c))
        process.stdout.close()
        self.assertNotEqual(process.wait(5 * SLOWNESS), 0)
        process.stdout = None
        until(lambda: not children(c), 5, "the program on c has ended")

    def test_ctrl_c_reaches_the_program(self):
        process = self.mesh.start("call", "patient", "--machine", "a", stdin=subprocess.PIPE)
        self.assertEqual(process.stdout.read(8), b"started\n")
        c = self.mesh.pid("c")
        self.assertTrue(children(c))
        process.send_signal(signal.SIGINT)
        self.assertEqual(process.wait(5 * SLOWNESS), 130)
        until(lambda: not children(c), 5, "the program on c has ended")

    def test_a_caller_that_is_killed_leaves_nothing_behind(self):
        process = self.mesh.start("call", "patient", "--machine", "a", stdin=subprocess.PIPE)
        self.assertEqual(process.stdout.read(8), b"started\n")
        c = self.mesh.pid("c")
        process.kill()
        until(lambda: not children(c), 5, "the program on c has ended")

    def test_a_stopped_reader_stops_the_writer_and_costs_no_memory(self):
        process = self.mesh.start("call", "forever", "--machine", "a")
        self.assertEqual(process.stdout.read(5), b"tick\n")
        pids = [self.mesh.pid(machine) for machine in "abc"]

        def flowing():
            rows = self.mesh.json("status", "--machine", "c")["streams"]
            return sum(row["backward_bytes"] for row in rows)
        last = [-1]

        def stalled():
            now, before = flowing(), last[0]
            last[0] = now
            return now == before
        until(stalled, 20, "the stream stands still")
        for pid in pids:
            self.assertLess(resident_mib(pid), 64 * SLOWNESS)
        process.kill()

    def test_an_unknown_service_is_named_with_the_nearest(self):
        began = time.monotonic()
        answer = self.call("uper")
        self.assertLess(time.monotonic() - began, SLOWNESS)
        self.assertEqual(answer.returncode, 69)
        self.assertIn(b"E-NO-SERVICE", answer.stderr)
        self.assertIn(b"upper", answer.stderr)

    def test_errors_come_as_json_too(self):
        answer = self.mesh.run("trace", "uper", "--machine", "a", "-o", "json")
        self.assertEqual(json.loads(answer.stderr)["error"]["name"], "E-NO-SERVICE")

    def test_services_and_routes_show_hops(self):
        routes = self.mesh.routes("a")
        self.assertEqual(routes[("echo", "a")], 0)
        self.assertEqual(routes[("near", "b")], 1)
        self.assertEqual(routes[("cat", "c")], 2)
        text = self.mesh.run("routes", "--machine", "a").stdout.decode()
        self.assertRegex(text, r"cat +c +to-b > c +2 +\d+ +best")
        self.assertIn("echo", self.mesh.run("services", "--machine", "c").stdout.decode())

    def test_trace_says_what_happens_if_the_first_link_fails(self):
        text = self.mesh.run("trace", "cat", "--machine", "a").stdout.decode()
        self.assertIn(" if a > b fails: no other way   -> jetway simulate FILE --fail a,b\n", text)

    def test_trace_shows_the_way_and_its_time(self):
        text = self.mesh.run("trace", "cat", "--machine", "a").stdout.decode()
        self.assertRegex(text, r"^a > b > c   [\d.]+ (us|ms) round trip")
        text = self.mesh.run("trace", "cat | upper | { echo ; sum }", "--machine", "a").stdout.decode()
        self.assertIn("a > b > c", text)
        self.assertIn("c > b", text)
        self.assertIn("b > a", text)

    def test_status_shows_links_and_pipelines(self):
        status = self.mesh.json("status", "--machine", "b")
        self.assertEqual({row["machine"] for row in status["links"] if row["kind"] == "network"}, {"a", "c"})
        self.assertEqual(status["notes"]["pipeline shout"], "cat | upper")
        text = self.mesh.run("status", "--machine", "b").stdout.decode()
        self.assertIn("mesh row", text)

    def test_a_pipeline_runs_where_its_services_are(self):
        answer = self.mesh.run("pipe", "cat | upper | near", "--machine", "a", input=b"hello\n")
        self.assertEqual((answer.returncode, answer.stdout), (0, b"HELLO\n"), answer.stderr)

    def test_a_pipeline_of_the_file_runs_by_its_name(self):
        self.assertEqual(self.mesh.run("pipe", "shout", "--machine", "a", input=b"hello").stdout, b"HELLO")

    def test_bulk_goes_through_a_pipeline(self):
        data = b"abcdefgh" * (BULK // 32)
        answer = self.mesh.run("pipe", "cat | upper | echo", "--machine", "a", input=data, seconds=60)
        self.assertEqual(answer.returncode, 0, answer.stderr)
        self.assertEqual(hashlib.sha256(answer.stdout).digest(), hashlib.sha256(data.upper()).digest())

    def test_a_pipeline_fails_with_the_status_of_its_program(self):
        self.assertEqual(self.mesh.run("pipe", "cat | fail", "--machine", "a", input=b"x").returncode, 3)

    def test_a_pipeline_to_nobody_names_the_stage(self):
        answer = self.mesh.run("pipe", "cat | nobody", "--machine", "a", input=b"x")
        self.assertEqual(answer.returncode, 69)
        self.assertIn(b"nobody", answer.stderr)

    def test_the_answering_service_of_a_command_is_hidden(self):
        process = self.mesh.start("pipe", "forever", "--machine", "a")
        self.assertEqual(process.stdout.read(5), b"tick\n")
        self.assertFalse([name for name, _ in self.mesh.routes("a") if name.startswith("pipe-")])
        process.send_signal(signal.SIGINT)
        self.assertEqual(process.wait(5 * SLOWNESS), 130)

    def test_a_failing_stage_says_why_whatever_its_program_says(self):
        answer = self.mesh.run("pipe", "cat | nobody", "--machine", "a", input=b"x")
        self.assertEqual(answer.returncode, 69)
        lines = answer.stderr.decode().splitlines()
        self.assertEqual(lines[0], 'E-NO-SERVICE  nobody offers "nobody"')
        self.assertRegex(lines[1], r"^  where +nobody")
        self.assertRegex(lines[-1], r"^  next +jetway services")

    def test_a_setting_that_a_stage_does_not_know_is_refused(self):
        answer = self.mesh.run("pipe", "cat | upper", "--machine", "a", "--set", "upper.rum=x", input=b"x")
        self.assertEqual(answer.returncode, 64)
        self.assertIn(b'a stream cannot set "rum" of exec', answer.stderr)

    def test_an_output_that_cannot_be_written_is_an_error(self):
        for command in (["call", "cat"], ["pipe", "cat"], ["services"], ["status"]):
            with open("/dev/full", "wb") as full:
                process = self.mesh.start(*command, "--machine", "a", stdin=subprocess.PIPE, stdout=full,
                                          stderr=subprocess.PIPE)
                _, said = process.communicate(b"x\n", timeout=10 * SLOWNESS)
            self.assertEqual(process.returncode, 74, command)
            self.assertIn(b"cannot write standard output", said)

    def test_an_input_that_cannot_be_read_is_an_error(self):
        folder = os.open("/", os.O_RDONLY)
        self.addCleanup(os.close, folder)
        for command in ("call", "pipe"):
            process = self.mesh.start(command, "cat", "--machine", "a", stdin=folder, stderr=subprocess.PIPE)
            _, said = process.communicate(timeout=10 * SLOWNESS)
            self.assertEqual(process.returncode, 74)
            self.assertIn(b"cannot read standard input", said)

    def test_closed_standard_descriptors_are_an_empty_input_and_a_lost_output(self):
        command = f"{JETWAY} call cat --machine a"
        for redirection, status, output in (("<&-", 0, b""), ("<&- >&-", 0, b"")):
            answer = subprocess.run(["/bin/sh", "-c", f"{command} {redirection}"], env=self.mesh.environment,
                                    capture_output=True, timeout=10 * SLOWNESS)
            self.assertEqual((answer.returncode, answer.stdout), (status, output), redirection)

    def test_several_daemons_want_a_name(self):
        answer = self.mesh.run("status")
        self.assertEqual(answer.returncode, 78)
        self.assertIn(b"a, b, c", answer.stderr)
        environment = dict(self.mesh.environment, JETWAY_MACHINE="b")
        answer = subprocess.run([JETWAY, "status", "-o", "json"], env=environment, capture_output=True)
        self.assertEqual(json.loads(answer.stdout)["machine"], "b")


if __name__ == "__main__":
    unittest.main()
