#!/usr/bin/env python3
"""Routing seen from outside: timeline, routes --watch, why; and what the other commands say of machines that are gone."""

import json
import os
import signal
import unittest

from mesh import ROW, SLOWNESS, SQUARE, Mesh, Output, Place, until

def json_lines(text):
    return [json.loads(line) for line in text.splitlines()]


class Outage(unittest.TestCase):
    def setUp(self):
        self.mesh = Mesh(SQUARE)
        self.addCleanup(self.mesh.close)
        self.mesh.wait_for("a", "cat")
        until(lambda: len(self.ways()) == 2, 5, "a has two ways to c")

    def ways(self):
        rows = self.mesh.json("routes", "cat", "--machine", "a")["routes"]
        return [row["path"] for row in rows if row["path"]]

    def kill(self, machine):
        os.kill(self.mesh.pid(machine), signal.SIGKILL)
        self.mesh.log.wait_for(f"{machine} | killed by signal 9", 3)

    def kill_transit(self):
        """Kills the machine between a and c: its name, and that of the other one. Costs are young, so the way may have
        become the other one a moment before: then again."""
        for _ in range(5):
            path = self.ways()[0]
            self.assertEqual(len(path), 3, path)
            dead, alive = path[1], {"b": "d", "d": "b"}[path[1]]
            seen = len(self.events())
            self.kill(dead)
            until(lambda: [row for row in self.events()[seen:] if row["event"] == "machine_lost"], 5, f"a has lost {dead}")
            if [row for row in self.events()[seen:] if row["cause"] == f"link a>{dead} is dead" and row["subject"] == "c"]:
                return dead, alive
            Output(self.mesh.start("run", self.mesh.path, "--machine", dead).stdout).wait_for(f"ready  {dead}", 5)
            until(lambda: len(self.ways()) == 2, 5, "a has two ways to c")
        self.fail("the way to c was never the one that was killed")

    def events(self, *options):
        return self.mesh.json("timeline", "--machine", "a", *options)["events"]

    def test_the_timeline_tells_what_happened_and_why(self):
        dead, alive = self.kill_transit()
        def to_c():
            return [row for row in self.events() if row["event"] == "path_changed" and row["subject"] == "c"
                    and row["cause"] == f"link a>{dead} is dead"]

        row = to_c()[-1]
        self.assertRegex(row["detail"], rf"^a > {alive} > c, cost \d+, was a > {dead} > c, cost \d+$")
        self.assertRegex(row["time"], r"^20\d\d-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$")
        text = self.mesh.run("timeline", "--machine", "a").stdout.decode()
        for line in (f"link down: {dead}: E-CLOSED", f"lost {dead}: was a > ", "a: started, epoch "):
            self.assertIn(line, text)
        times = [row["time_us"] for row in self.events()]
        self.assertEqual(times, sorted(times))

    def test_the_timeline_of_another_machine_is_asked_over_the_mesh(self):
        text = self.mesh.run("timeline", "c", "--machine", "a").stdout.decode()
        self.assertIn("c: started, epoch ", text)
        self.assertIn("service cat: c", text)

    def test_the_timeline_can_be_short(self):
        last = self.events("-n", "2")
        self.assertEqual(len(last), 2)
        later = self.events()  # there may be more by now
        self.assertEqual(later[last[0]["number"] - 1:last[1]["number"]], last)
        self.assertTrue(all(row["number"] > later[-1]["number"] for row in self.events("--since", "1us")))
        self.assertEqual(self.events("--since", "1h")[:len(later)], later)
        answer = self.mesh.run("timeline", "--machine", "a", "--since", "yesterday")
        self.assertEqual(answer.returncode, 64)
        self.assertIn(b"--since", answer.stderr)

    def test_the_timeline_is_followed_until_ctrl_c(self):
        process = self.mesh.start("timeline", "--machine", "a", "--follow", "-o", "json")
        output = Output(process.stdout)
        output.wait_for("epoch_taken", 5)
        self.kill_transit()
        output.wait_for('"event":"machine_lost"', 5)
        process.send_signal(signal.SIGINT)
        self.assertEqual(process.wait(5 * SLOWNESS), 0)
        numbers = [row["number"] for row in json_lines(output.text)]
        self.assertEqual(numbers, list(range(1, len(numbers) + 1)))

    def test_routes_are_watched_while_links_die_and_return(self):
        text = self.mesh.start("routes", "--watch", "--machine", "a")
        shown = Output(text.stdout)
        shown.wait_for("cat ", 5)
        objects = self.mesh.start("routes", "cat", "--watch", "--machine", "a", "-o", "json")
        rows = Output(objects.stdout)
        rows.wait_for("\n", 5)
        dead, alive = self.kill_transit()
        shown.wait_for(f"cat on c: to-{alive} > c, cost ", 5)
        shown.wait_for(f"(link a>{dead} is dead)", 5)
        rows.wait_for(f'"cause":"link a>{dead} is dead"', 5)  # each watch at its own pace
        self.kill("c")
        shown.wait_for("cat on c: no path", 5)
        again = self.mesh.start("run", self.mesh.path, "--machine", "c")
        Output(again.stdout).wait_for("ready  c", 5)
        until(lambda: self.mesh.run("call", "cat", "--machine", "a", input=b"x").stdout == b"x", 5, "c answers again")
        rows.wait_for(" is up", 5)
        first, *changes = json_lines(rows.text)
        self.assertEqual({row["service"] for row in first["routes"]}, {"cat"})
        # Before that, a cost of a link that is young may have changed.
        other_way = next(row for row in changes if row["cause"] == f"link a>{dead} is dead")
        self.assertEqual(other_way["route"]["path"], ["a", alive, "c"])
        self.assertEqual(other_way["was"]["path"], ["a", dead, "c"])
        os.kill(self.mesh.pid("a"), signal.SIGTERM)
        self.assertEqual(text.wait(5 * SLOWNESS), 74)
        while shown.read():
            pass
        self.assertIn("E-CLOSED  the daemon of a has ended", shown.text)

    def test_a_watch_ends_with_ctrl_c(self):
        process = self.mesh.start("routes", "--watch", "--machine", "a")
        Output(process.stdout).wait_for("cat ", 5)
        process.send_signal(signal.SIGINT)
        self.assertEqual(process.wait(5 * SLOWNESS), 0)


class Why(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.mesh = Mesh(ROW)
        cls.addClassCleanup(cls.mesh.close)
        cls.mesh.wait_for("a", "near", "cat", "sum")

    def why(self, *words):
        answer = self.mesh.run("why", *words, "--machine", "a")
        return answer.returncode, answer.stdout.decode(), answer.stderr.decode()

    def test_all_is_well(self):
        status, text, _ = self.why("cat")
        self.assertEqual(status, 0, text)
        for line in (r"ok +name +offered by c\n", r"ok +instance +on c: the nearest, cost \d+\n",
                     r"ok +policy +no rules in this version: everyone may\n", r"ok +path +a > b > c, cost \d+\n",
                     r"ok +link +a > b: up .*, cost \d+\n", r"ok +link +b > c: up .*, cost \d+\n",
                     r"ok +answer +c takes streams to it: .* round trip\n", r"nothing is wrong\n$"):
            self.assertRegex(text, line)

    def test_from_another_machine_its_own_view_counts(self):
        status, text, _ = self.why("c", "near")
        self.assertEqual(status, 0, text)
        self.assertRegex(text, r"ok +path +c > b, cost")
        self.assertNotIn("reckoned", text)

    def test_an_unknown_name_is_the_first_thing_wrong(self):
        status, text, error = self.why("uper")
        self.assertEqual(status, 69)
        self.assertRegex(text, r'WRONG +name +nobody offers "uper"\n$')
        self.assertIn('did you mean "upper"?', error)

    def test_a_machine_that_does_not_offer_it_is_wrong(self):
        status, text, error = self.why("cat@b")
        self.assertEqual(status, 69)
        self.assertRegex(text, r"WRONG +instance +b does not offer")
        self.assertIn("it is on c", error)

    def test_a_machine_nobody_has_heard_of_is_an_error(self):
        status, text, error = self.why("bb", "cat")
        self.assertEqual((status, text), (69, ""))
        self.assertIn('no machine is called "bb"', error)

    def test_as_json(self):
        answer = self.mesh.json("why", "cat", "--machine", "a")
        self.assertTrue(answer["ok"])
        self.assertEqual([step["step"] for step in answer["steps"]],
                         ["name", "instance", "policy", "path", "link", "link", "answer"])

    def test_what_makes_no_sense_is_usage(self):
        self.assertEqual(self.why("a b")[0], 64)
        self.assertEqual(self.why()[0], 64)
        self.assertEqual(self.why("a", "b", "c")[0], 64)


class AfterADeath(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.mesh = Mesh(ROW)
        cls.addClassCleanup(cls.mesh.close)
        cls.mesh.wait_for("a", "near", "cat", "sum")
        os.kill(cls.mesh.pid("c"), signal.SIGKILL)
        cls.mesh.log.wait_for("c | killed by signal 9", 3)
        until(lambda: ("cat", "c") not in cls.mesh.routes("a"), 5, "a knows that c is gone")

    def test_why_names_the_dead_link_and_what_the_machine_before_it_sees(self):
        def refused():
            answer = self.mesh.run("why", "cat", "--machine", "a")
            return answer if b"refused" in answer.stderr else None
        answer = until(refused, 5, "b has tried to dial c again")
        self.assertEqual(answer.returncode, 69)
        text, error = answer.stdout.decode(), answer.stderr.decode()
        self.assertRegex(text, r'WRONG +path +cannot reach "cat" on c from a, no path for')
        self.assertRegex(text, r"b: terminal to-c to [\d.:]+ is (waiting|dialling), E-")
        self.assertRegex(error, r"  where +b\n")
        self.assertIn("jetway run FILE --machine c", error)

    def test_why_from_a_lost_machine_is_reckoned_here(self):
        answer = self.mesh.run("why", "c", "near", "--machine", "a")
        text = answer.stdout.decode()
        self.assertRegex(text, r"\? +from +c cannot be asked; what follows is reckoned on the map of a\n")
        self.assertEqual(answer.returncode, 69)
        self.assertRegex(text, r"WRONG +path")

    def test_services_show_what_state_they_are_in(self):
        text = self.mesh.run("services", "--machine", "a").stdout.decode()
        self.assertRegex(text, r"cat +transform +c +c: no path for ")
        self.assertRegex(text, r"near +transform +b +ok ")

    def test_no_last_error_is_shown_of_a_terminal_that_is_up(self):
        terminals = self.mesh.json("status", "--machine", "a")["terminals"]
        self.assertEqual([(row["name"], row["state"], row["last_error"]) for row in terminals],
                         [("to-b", "up", None)])


class Alone(unittest.TestCase):
    def test_why_shows_the_terminals_behind_which_the_name_may_be(self):
        place = Place()
        self.addCleanup(place.close)
        path = place.file("deployment.yml", SQUARE.replace("NET", place.network))
        Output(place.start("run", path, "--machine", "a").stdout).wait_for("ready  a", 5)
        until(lambda: all(row["last_error"] for row in place.json("status")["terminals"]), 5, "nobody is there")
        answer = place.run("why", "cat")
        self.assertEqual(answer.returncode, 69)
        self.assertRegex(answer.stdout.decode(), r'WRONG +name +nobody offers "cat"\n +terminal to-b to .* is waiting, E-IO')
        self.assertIn(b"is b running? there: jetway run FILE --machine b", answer.stderr)


class Hints(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.mesh = Mesh(ROW)
        cls.addClassCleanup(cls.mesh.close)
        cls.mesh.wait_for("a", "near", "cat", "sum")

    def said(self, *arguments):
        return self.mesh.run(*arguments).stderr.decode()

    def test_what_to_do_next_names_the_daemon(self):
        self.assertIn("jetway services --machine a\n", self.said("call", "nobody-at-all", "--machine", "a"))

    def test_the_beginning_of_a_verb_is_enough_for_a_hint(self):
        self.assertIn("did you mean jetway routes?", self.said("rout"))
        self.assertIn("did you mean jetway timeline?", self.said("timelin"))

    def test_a_machine_that_lacks_the_service_is_not_suggested(self):
        said = self.said("call", "cat@bb", "--machine", "a")
        self.assertIn('no machine is called "bb"', said)
        self.assertNotIn("did you mean", said)

    def test_a_pipeline_is_suggested_for_a_typo(self):
        answer = self.mesh.run("pipe", "shoot", "--machine", "a", input=b"x")
        self.assertEqual(answer.returncode, 69)
        self.assertIn(b'did you mean "shout"?', answer.stderr)

    def test_completion_knows_every_verb(self):
        text = self.mesh.run("completion", "bash").stdout.decode()
        shown = self.mesh.run("--help").stdout.decode()
        listed = text.split('verbs="')[1].split('"')[0].split()
        for verb in listed:
            self.assertRegex(shown, rf"(?m)^ +{verb} ")
        self.assertIn("timeline", listed)

    def test_machines_of_the_mesh_are_completed(self):
        names = self.mesh.run("complete", "peers", "--", "jetway", "why", "--machine", "a").stdout.decode()
        self.assertEqual(names.split(), ["a", "b", "c"])


if __name__ == "__main__":
    unittest.main()
