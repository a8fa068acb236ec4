"""The terminal-to-video pipeline with real processes: the same pictures however it is deployed, a video that is right,
and what a failure in the middle looks like to whoever started it."""

import os
import pathlib
import signal
import subprocess
import unittest

from mesh import Mesh, Place, ROOT, SLOWNESS, children, until

RECORDING = ROOT / "tests/data/session.cast"
PIPELINE = "replayer | parser-server | gpu-server | mp4-encoder"
SERVICES = ("replayer", "parser-server", "gpu-server", "mp4-encoder")


def picture_hashes(path):
    """The hash of every decoded picture."""
    lines = subprocess.run(["ffmpeg", "-v", "error", "-i", path, "-f", "framemd5", "-"], check=True,
                           capture_output=True, text=True).stdout.splitlines()
    return [line.split(",")[-1].strip() for line in lines if not line.startswith("#")]


def probe(path, entry):
    return subprocess.run(["ffprobe", "-v", "error", "-select_streams", "v", "-show_entries", entry, "-of", "csv=p=0",
                           str(path)], check=True, capture_output=True, text=True).stdout.strip()


def deployment(address):
    """Three machines; `address(machine)` is where each listens."""
    return f"""
mesh: video
machines:
  a:
    listen: "{address('a')}"
    services:
      - replayer: {{ input: '{RECORDING}', speed: max }}
      - mp4-encoder: {{ output: out.mp4, preset: ultrafast }}
    terminals:
      - {{ name: to-b, type: network, address: "{address('b')}" }}
      - {{ name: to-c, type: network, address: "{address('c')}" }}
  b:
    listen: "{address('b')}"
    services: [parser-server]
    terminals:
      - {{ name: to-c, type: network, address: "{address('c')}" }}
  c:
    listen: "{address('c')}"
    services:
      - gpu-server: {{ device: scalar }}
"""


def over_tcp(machine):
    return f"NET.{'abc'.index(machine) + 1}:9001"


def over_unix(machine):
    return f"unix:FOLDER/{machine}.link"


class VideoTest(unittest.TestCase):
    def pictures(self, text, *options):
        running = Mesh(text, *options)
        try:
            running.wait_for("a", *SERVICES, seconds=10)
            answer = running.run("pipe", "--machine", "a", PIPELINE, seconds=30)
            self.assertEqual(answer.returncode, 0, answer.stderr.decode() + running.log.text)
            return picture_hashes(running.folder / "out.mp4")
        finally:
            running.close()

    def test_the_same_pictures_in_one_process_over_unix_sockets_and_over_tcp(self):
        place = Place()
        self.addCleanup(place.close)
        tcp = self.pictures(deployment(over_tcp))
        one = self.pictures(deployment(over_tcp), "--one-process")
        unix = self.pictures(deployment(over_unix).replace("FOLDER", str(place.folder)))
        self.assertGreater(len(tcp), 60)
        self.assertGreater(len(set(tcp)), 15)
        self.assertEqual(tcp, one)
        self.assertEqual(tcp, unix)

    def test_the_same_pictures_on_an_opencl_device(self):
        scalar = self.pictures(deployment(over_tcp))
        opencl = self.pictures(deployment(over_tcp).replace("device: scalar", "device: opencl"))
        self.assertGreater(len(scalar), 60)
        self.assertEqual(scalar, opencl)

    def test_rec_films_a_program_and_ends_with_its_status(self):
        place = Place()
        self.addCleanup(place.close)
        answer = place.run("rec", "out.mp4", "--", "sh", "-c", "printf '\\033[41;97m hello \\033[0m'; exit 7", seconds=30)
        self.assertEqual(answer.returncode, 7, answer.stderr.decode())
        self.assertEqual(probe(place.folder / "out.mp4", "stream=codec_name"), "h264")
        self.assertIn("hello", (place.folder / "out.cast").read_text())

    def test_a_dead_encoder_ends_the_pipeline_with_its_cause(self):
        running = Mesh(deployment(over_tcp).replace("speed: max", "speed: 1"))
        self.addCleanup(running.close)
        running.wait_for("a", *SERVICES, seconds=10)
        pipe = running.start("pipe", "--machine", "a", PIPELINE)
        output = running.folder / "out.mp4"
        until(lambda: output.exists() and output.stat().st_size > 2000, 10, "the video grows")
        encoder = next(pid for pid in children(running.dev.pid)
                       if b"jetway-mp4" in pathlib.Path(f"/proc/{pid}/cmdline").read_bytes())
        os.kill(encoder, signal.SIGKILL)
        self.assertNotEqual(pipe.wait(10 * SLOWNESS), 0)
        self.assertIn("E-", pipe.stdout.read().decode())
        self.assertGreater(len(picture_hashes(output)), 0)


if __name__ == "__main__":
    unittest.main()
