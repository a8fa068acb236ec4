#!/usr/bin/env python3
"""How meshes begin and end: the seed's file, signals, kills, locks, ports, executables that crash."""

import os
import random
import signal
import socket
import subprocess
import time
import unittest

from mesh import BIN, ROOT, ROW, SLOWNESS, Mesh, Output, Place, alive, children, free_port, resident_mib, until

SEED = (ROOT / "examples/seed.yml").read_text()


class Seed(unittest.TestCase):
    def test_check_accepts_the_file_as_it_stands(self):
        place = Place()
        self.addCleanup(place.close)
        answer = place.run("check", str(ROOT / "examples/seed.yml"))
        self.assertEqual(answer.returncode, 0, answer.stdout)
        self.assertIn(b"0 errors", answer.stdout)

    @unittest.skipUnless((BIN / "jetway-gpu").exists() and (BIN / "jetway-mp4").exists(), "needs all executables")
    def test_dev_brings_up_three_machines_that_know_each_other(self):
        # The addresses are moved to this test's own network; dev maps them as it would map the seed's.
        mesh = Mesh(SEED.replace("10.0.0", "NET"))
        self.addCleanup(mesh.close)
        self.assertLess(mesh.ready_after, 3 * SLOWNESS)
        expected = {("pty-server", "machine-a"): 0, ("parser-server", "machine-b"): 1, ("gpu-server", "machine-c"): 1,
                    ("encoder-server", "machine-c"): 1}
        until(lambda: expected.items() <= mesh.routes("machine-a").items(), 1, "machine-a knows all")


class Ending(unittest.TestCase):
    def setUp(self):
        self.mesh = Mesh(ROW + "\nstreams: { resume: 500ms }\n")
        self.addCleanup(self.mesh.close)
        self.mesh.wait_for("a", "cat")

    def busy(self):
        """A call that keeps a program running on c; every process of the mesh."""
        caller = self.mesh.start("call", "patient", "--machine", "a", stdin=subprocess.PIPE)
        self.assertEqual(caller.stdout.read(8), b"started\n")
        return caller, children(self.mesh.dev.pid)

    def test_term_and_ctrl_c_end_everything_within_half_a_second(self):
        caller, processes = self.busy()
        self.assertGreaterEqual(len(processes), 4)
        self.assertLess(self.mesh.stop(signal.SIGINT), 0.5 * SLOWNESS)
        self.assertEqual(self.mesh.dev.returncode, 0)
        self.assertFalse([pid for pid in processes if alive(pid)])
        self.assertNotEqual(caller.wait(5 * SLOWNESS), 0)

    def test_a_drained_machine_ends_when_nothing_is_open_any_more(self):
        caller = self.mesh.start("call", "cat@c", "--machine", "a", stdin=subprocess.PIPE)
        caller.stdin.write(b"before\n")
        caller.stdin.flush()
        self.assertEqual(caller.stdout.read(7), b"before\n")
        leaving = self.mesh.start("drain", "--machine", "c")
        output = Output(leaving.stdout)
        output.wait_for("c takes no new streams; ", 5)
        refused = lambda: b"E-NO-INSTANCE" in self.mesh.run("call", "cat", "--machine", "a", input=b"new").stderr
        until(refused, 2, "a opens no stream to c")
        self.assertIsNone(leaving.poll())
        caller.stdin.write(b"after\n")
        caller.stdin.close()
        self.assertEqual(caller.stdout.read(), b"after\n")
        self.assertEqual(caller.wait(5 * SLOWNESS), 0)
        output.wait_for("c has left", 5)
        self.assertEqual(leaving.wait(5 * SLOWNESS), 0)
        self.mesh.log.wait_for("c | ended with status 0", 5)

    def test_kill_of_the_parent_ends_its_children(self):
        _, processes = self.busy()
        self.mesh.dev.kill()
        until(lambda: not [pid for pid in processes if alive(pid)], 2, "all processes of the mesh have ended")

    def test_kill_of_a_machine_ends_its_programs_and_is_told_to_callers(self):
        caller, _ = self.busy()
        c = self.mesh.pid("c")
        programs = children(c)
        os.kill(c, signal.SIGKILL)
        until(lambda: not [pid for pid in programs if alive(pid)], 2, "the programs of c have ended")
        self.assertNotEqual(caller.wait(5 * SLOWNESS), 0)
        began = time.monotonic()
        answer = self.mesh.run("call", "cat", "--machine", "a")
        self.assertLess(time.monotonic() - began, SLOWNESS)
        self.assertEqual(answer.returncode, 69)
        self.assertIn(b"E-NO-ROUTE", answer.stderr)
        self.assertRegex(answer.stderr.decode(), r"\bc\b")
        self.mesh.log.wait_for("c | killed by signal 9", 3)

    def test_a_machine_that_comes_back_is_found_again(self):
        os.kill(self.mesh.pid("c"), signal.SIGKILL)
        self.mesh.log.wait_for("c | killed by signal 9", 3)
        again = self.mesh.start("run", self.mesh.path, "--machine", "c")
        Output(again.stdout).wait_for("ready  c", 5)
        until(lambda: self.mesh.run("call", "cat", "--machine", "a", input=b"x").stdout == b"x", 5, "c answers again")
        again.send_signal(signal.SIGTERM)
        self.assertEqual(again.wait(5 * SLOWNESS), 0)


class Starting(unittest.TestCase):
    FILE = "machines: { lab: { listen: \"NET.1:PORT\", services: [echo] } }\n"

    def setUp(self):
        self.place = Place()
        self.addCleanup(self.place.close)
        self.port = free_port(self.place.network + ".1")
        text = self.FILE.replace("NET", self.place.network).replace("PORT", str(self.port))
        self.path = self.place.file("lab.yml", text)

    def start(self):
        daemon = self.place.start("run", self.path)
        Output(daemon.stdout).wait_for("ready  lab", 5)
        return daemon

    def test_no_daemon_is_said_at_once(self):
        began = time.monotonic()
        answer = self.place.run("status")
        self.assertLess(time.monotonic() - began, 0.5 * SLOWNESS)
        self.assertEqual(answer.returncode, 69)
        self.assertIn(b"E-NO-DAEMON", answer.stderr)

    def test_one_daemon_needs_no_name(self):
        self.start()
        self.assertEqual(self.place.run("call", "echo", input=b"x").stdout, b"x")

    def test_a_second_daemon_is_told_the_pid_of_the_first(self):
        daemon = self.start()
        answer = self.place.run("run", self.path)
        self.assertEqual(answer.returncode, 75)
        self.assertIn(b"E-ALREADY-RUNNING", answer.stderr)
        self.assertIn(str(daemon.pid).encode(), answer.stderr)
        answer = self.place.run("dev", self.path)
        self.assertEqual(answer.returncode, 75)
        self.assertIn(str(daemon.pid).encode(), answer.stderr)

    def test_a_taken_port_is_named(self):
        with socket.create_server((self.place.network + ".1", self.port)):
            answer = self.place.run("run", self.path)
        self.assertEqual(answer.returncode, 71)
        self.assertIn(f"E-ADDRESS-IN-USE  ", answer.stderr.decode())
        self.assertIn(f"{self.place.network}.1:{self.port}", answer.stderr.decode())

    def test_what_a_killed_daemon_left_is_replaced(self):
        daemon = self.start()
        daemon.kill()
        daemon.wait()
        sockets = list((self.place.folder / "run/jetway").glob("*.sock"))
        self.assertEqual([path.name for path in sockets], ["lab.sock"])
        self.assertEqual(self.place.run("status").returncode, 69)
        self.start()
        self.assertEqual(self.place.run("call", "echo", input=b"x").stdout, b"x")
        self.assertEqual(sockets[0].stat().st_mode & 0o777, 0o600)

    def test_the_router_keeps_its_identity(self):
        routers = set()
        epochs = []
        for _ in range(2):
            daemon = self.start()
            status = self.place.json("status")
            routers.add(status["router"])
            epochs.append(status["epoch"])
            daemon.send_signal(signal.SIGTERM)
            self.assertEqual(daemon.wait(5 * SLOWNESS), 0)
        self.assertEqual(len(routers), 1)
        self.assertLess(*epochs)

    def test_addresses_that_leave_the_host_are_refused(self):
        path = self.place.file("open.yml", "machines: { lab: { listen: \":9001\" } }\n")
        answer = self.place.run("run", path)
        self.assertEqual(answer.returncode, 77)
        self.assertIn(b"E-DENIED", answer.stderr)
        self.assertIn(b"insecure: true", answer.stderr)
        self.assertEqual(self.place.run("check", path).returncode, 0)

    def test_nothing_starts_on_a_file_with_an_error(self):
        path = self.place.file("bad.yml", "machines:\n  lab:\n    services: [pty-sever]\n")
        for verb in ("run", "dev", "check"):
            answer = self.place.run(verb, path)
            self.assertEqual(answer.returncode, 65, verb)
            self.assertIn(b"bad.yml:3:16: error", answer.stdout + answer.stderr)
            self.assertIn(b"pty-server", answer.stdout + answer.stderr)

    def test_a_setting_out_of_range_is_an_error_of_the_file(self):
        path = self.place.file("bad.yml", "machines: { lab: { services: [ pty-server: { columns: 0 } ] } }\n")
        answer = self.place.run("run", path)
        self.assertEqual(answer.returncode, 65)
        self.assertIn(b"bad.yml:1:55: error: \"columns\"", answer.stderr)

    def test_the_folders_are_closed_to_others(self):
        self.start()
        self.assertEqual((self.place.folder / "run/jetway").stat().st_mode & 0o777, 0o700)


@unittest.skipUnless((BIN / "jetway-gpu").exists(), "needs jetway-gpu")
class Executables(unittest.TestCase):
    def setUp(self):
        self.mesh = Mesh("machines: { lab: { services: [ gpu-server: { device: scalar } ] } }\n")
        self.addCleanup(self.mesh.close)
        self.mesh.wait_for("lab", "gpu-server")

    def program(self):
        """The pid of jetway-gpu, once it runs."""
        for pid in children(self.mesh.dev.pid):
            with open(f"/proc/{pid}/cmdline", "rb") as line:
                if b"jetway-gpu" in line.read():
                    return pid
        return None

    def test_one_that_crashes_is_started_again(self):
        first = self.program()
        os.kill(first, signal.SIGKILL)
        self.mesh.log.wait_for("gpu-server: killed by signal 9; starting it again", 3)
        until(lambda: ("gpu-server", "lab") in self.mesh.routes("lab") and self.program() != first, 5, "it is back")
        self.assertIn(str(self.program()), self.mesh.json("status")["notes"]["service gpu-server"])

    def test_one_ends_with_its_daemon(self):
        program = self.program()
        os.kill(self.mesh.pid("lab"), signal.SIGKILL)
        until(lambda: not alive(program), 2, "jetway-gpu has ended")

    def test_one_that_cannot_start_says_why_and_the_machine_is_ready_without_it(self):
        place = Place()
        self.addCleanup(place.close)
        path = place.file("bad.yml", "machines: { lab: { services: [ gpu-server: { font: /nowhere.ttf } ] } }\n")
        daemon = place.start("run", path)
        log = Output(daemon.stdout)
        log.wait_for("cannot read the font /nowhere.ttf", 5)
        log.wait_for("ready  lab of mesh home, 0 services", 4)


class NamedLinks(unittest.TestCase):
    FILE = """
mesh: pair
machines:
  a:
    terminals:
      - { name: to-b, address: "NET.2:9001", link: one }
      - { name: to-b-too, address: "NET.2:9002", link: two }
  b:
    listen: [ "NET.2:9001", "NET.2:9002" ]
    services: [ cat: { run: cat } ]
"""

    def test_links_with_different_names_run_side_by_side(self):
        mesh = Mesh(self.FILE)
        self.addCleanup(mesh.close)
        mesh.wait_for("a", "cat")

        def terminals():
            links = mesh.json("status", "--machine", "a")["links"]
            return {row["terminal"] for row in links if row["kind"] == "network" and row["state"] == "up"}
        until(lambda: terminals() == {"to-b", "to-b-too"}, 5, "both links are up")
        self.assertEqual(mesh.run("call", "cat", "--machine", "a", input=b"x").stdout, b"x")


class OneProcess(unittest.TestCase):
    def test_all_routers_in_one_process_do_the_same(self):
        mesh = Mesh(ROW, "--one-process")
        self.addCleanup(mesh.close)
        mesh.wait_for("a", "cat")
        self.assertEqual(mesh.pid("a"), mesh.pid("c"))
        self.assertEqual(mesh.routes("a")[("cat", "c")], 2)
        self.assertEqual(mesh.run("pipe", "cat | upper", "--machine", "a", input=b"hi").stdout, b"HI")
        self.assertLess(mesh.stop(), 0.5 * SLOWNESS)


class Threads(unittest.TestCase):
    def test_a_machine_has_as_many_as_the_file_says(self):
        mesh = Mesh(ROW.replace("  b:\n", "  b:\n    threads: 4\n") + "\nthreads: 2\n")
        self.addCleanup(mesh.close)
        mesh.wait_for("a", "cat")
        for machine, count in {"a": 2, "b": 4, "c": 2}.items():
            status = mesh.json("status", "--machine", machine)
            self.assertEqual(status["threads"], count)
            self.assertGreaterEqual(len(os.listdir(f"/proc/{status['pid']}/task")), count)
        self.assertIn(b"   4 threads   ", mesh.run("status", "--machine", "b").stdout)
        data = random.Random(5).randbytes(5_000_000)
        self.assertEqual(mesh.run("call", "cat", "--machine", "a", input=data).stdout, data)
        self.assertLess(mesh.stop(), 0.5 * SLOWNESS)
        self.assertEqual(mesh.dev.returncode, 0)


class Hostile(unittest.TestCase):
    COUNT = int(os.environ.get("JETWAY_E2E_HOSTILE", "2000"))

    def test_random_bytes_at_a_port_close_that_link_and_nothing_else(self):
        mesh = Mesh(ROW)
        self.addCleanup(mesh.close)
        mesh.wait_for("a", "cat")
        host = mesh.network + ".3"
        dice = random.Random(4711)
        before = resident_mib(mesh.pid("c"))
        for number in range(self.COUNT):
            with socket.create_connection((host, 9001), timeout=5 * SLOWNESS) as peer:
                kind = number % 3
                if kind == 0:  # small lengths, so that frames are whole: wrong from the first on
                    data = bytes([dice.randrange(64), 0]) + dice.randbytes(400)
                elif kind == 1:  # a length that nothing follows
                    data = bytes([0xff, 0xff, dice.randrange(256), 0, 0, 0, 0, 0])
                else:  # a header cut short
                    data = dice.randbytes(dice.randrange(1, 8))
                peer.sendall(data)
                if kind == 0:
                    peer.shutdown(socket.SHUT_WR)
        self.assertEqual(mesh.run("call", "cat", "--machine", "a", input=b"still here").stdout, b"still here")
        until(lambda: len([row for row in mesh.json("status", "--machine", "c")["links"]
                           if row["kind"] == "network"]) == 1, 10, "the bad links are closed")
        mesh.log.wait_for("E-PROTOCOL", 5)
        mesh.log.wait_for("in the middle of a frame", 5)
        self.assertLess(resident_mib(mesh.pid("c")) - before, 32)


if __name__ == "__main__":
    unittest.main()
