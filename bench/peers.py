"""Routers that Jetway is measured beside, each with a client and a service: three processes, each on one connection.

A way is a context manager that starts what routes, in a folder of its own, and gives Ends. The programs of the ends
are bench/peers/*.cpp; they play the same roles with the same arguments."""

import contextlib
import dataclasses
import json
import os
import pathlib
import subprocess
import sys
import tempfile
import threading
import time

from processes import BIN, ROOT, end, free_ports, process, server

TOO_LONG = 60  # seconds for one run


@dataclasses.dataclass
class Ends:
    program: list
    client: str  # its address
    service: str
    environment: dict = None
    routers: list = dataclasses.field(default_factory=list)  # the processes in between

    def start(self, role, *arguments):
        address = self.client if role in ("send", "request", "pace") else self.service
        return subprocess.Popen([*self.program, role, address, *map(str, arguments)], env=self.environment, text=True,
                                stdin=subprocess.PIPE, stdout=subprocess.PIPE)


def result_of(child, what):
    """The line of JSON that it prints."""
    try:
        line = child.stdout.readline()
        while line == "ready\n":  # who listens says it once more when the relay has come
            line = child.stdout.readline()
        return json.loads(line)
    except json.JSONDecodeError:
        sys.exit(f"{what} gave no result but {line!r}, status {child.poll()}")


@contextlib.contextmanager
def running(ends, role, *arguments):
    child = ends.start(role, *arguments)
    watchdog = threading.Timer(TOO_LONG, child.kill)
    watchdog.start()
    try:
        yield child
    finally:
        watchdog.cancel()
        child.stdin.close()
        end(child)
        child.stdout.close()


@contextlib.contextmanager
def receiving(ends, role, *arguments):
    with running(ends, role, *arguments) as child:
        if child.stdout.readline().strip() != "ready":
            sys.exit(f"{ends.program} {role} did not get ready")
        yield child


def one_way(ends, size, count, *more):
    """Messages a second, at the receiver."""
    with receiving(ends, "receive", size, count, *more) as receiver, running(ends, "send", size, count, *more):
        found = result_of(receiver, ends.program)
    return found["messages"] / found["seconds"]


def round_trips(ends, size, count):
    """[percentile, microseconds] pairs."""
    with receiving(ends, "reply", size), running(ends, "request", size, count) as client:
        return {percent: value for percent, value in result_of(client, ends.program)["percentiles"]}


def peer_program(name):
    return [BIN / f"bench_peer_{name}"]


def in_folder(way):
    """The way, with a folder as its first argument."""
    @contextlib.contextmanager
    def made(*arguments, **options):
        with tempfile.TemporaryDirectory(prefix="jetway-bench-") as folder:
            with contextlib.contextmanager(way)(pathlib.Path(folder), *arguments, **options) as ends:
                yield ends
    return made


@contextlib.contextmanager
def router_program(command):
    """One of ours, which says ready."""
    with process([str(part) for part in command], stdout=subprocess.PIPE, text=True) as child:
        if child.stdout.readline().strip() != "ready":
            sys.exit(f"{command} did not get ready")
        yield child


# ---- Jetway

def deployment(ports, joined, services, threads):
    """deployment.yml text: routers r0, r1, ... in a row, or joined as said; `services` (YAML) by router."""
    lines = ["mesh: bench", *([f"threads: {threads}"] if threads else []), "machines:"]
    for index, port in enumerate(ports):
        lines += [f"  r{index}:", f"    listen: 127.0.0.1:{port}"]
        lines += [f"    services: {services[index]}"] if index in services else []
        towards = joined[index] if joined else [index + 1] if index + 1 < len(ports) else []
        lines += ["    terminals:"] if towards else []
        lines += [f"      - {{ name: to-r{other}, type: network, address: '127.0.0.1:{ports[other]}' }}"
                  for other in towards]
    return "\n".join(lines) + "\n"


class JetwayRouters:
    """Daemons of one deployment, as `jetway run` starts them."""

    def __init__(self, folder, count, joined=None, services=None, threads=None):
        self.folder = folder
        self.ports = free_ports(count)
        self.file = folder / "deployment.yml"
        self.file.write_text(deployment(self.ports, joined, services or {}, threads))
        self.environment = dict(os.environ, XDG_RUNTIME_DIR=str(folder), XDG_STATE_HOME=str(folder))

    def start(self, index):
        return server([BIN / "jetway", "run", self.file, "--machine", f"r{index}"], self.ports[index],
                      self.folder / "log", env=self.environment, cwd=self.folder)

    def reaches(self, name, at):
        """Does the machine know a way to a service or a machine?"""
        found = subprocess.run([BIN / "jetway", "routes", "--machine", at, "-o", "json"], env=self.environment,
                               capture_output=True, text=True, check=False)
        rows = json.loads(found.stdout)["routes"] if found.returncode == 0 else []
        return any(row["path"] and name in (row["service"], row["machine"]) for row in rows)


def jetway_ends(client, service, **more):
    """Machines of one service each, with a link to the router that listens there."""
    return Ends(peer_program("jetway"), f"machine:client@127.0.0.1:{client}", f"machine:service@127.0.0.1:{service}", **more)


@in_folder
def jetway_tcp(folder, size, routers=1, threads=None):
    daemons = JetwayRouters(folder, routers, threads=threads)
    with contextlib.ExitStack() as stack:
        children = [stack.enter_context(daemons.start(index)) for index in reversed(range(routers))]
        yield jetway_ends(daemons.ports[0], daemons.ports[-1], routers=children)


@in_folder
def jetway_unix(folder, size):
    """The ends are processes that attach to the daemon of their machine."""
    daemons = JetwayRouters(folder, 1)
    with daemons.start(0) as child:
        yield Ends(peer_program("jetway"), "attach:r0", "attach:r0", environment=daemons.environment, routers=[child])


# ---- the limit, and relays of bytes

@in_folder
def limit_tcp(folder, size, routers=1):
    ports = free_ports(routers)
    with contextlib.ExitStack() as stack:
        upstream = []
        for port in reversed(ports):
            stack.enter_context(router_program([*peer_program("limit"), "route", f"tcp:{port}", *upstream]))
            upstream = [f"tcp:{port}"]
        yield Ends(peer_program("limit"), f"tcp:{ports[0]}", f"tcp:{ports[-1]}")


@in_folder
def limit_unix(folder, size):
    address = f"unix:{folder}/router"
    with router_program([*peer_program("limit"), "route", address]):
        yield Ends(peer_program("limit"), address, address)


class Memory:
    """Not a router: one copy into memory that two processes share."""

    @staticmethod
    def one_way(size, count):
        output = subprocess.run([*peer_program("limit"), "memory", str(size), str(count)], check=True,
                                capture_output=True, text=True).stdout
        found = json.loads(output)
        return found["messages"] / found["seconds"]


def relay_of_bytes(command_of):
    """From one port to another, where the service listens."""
    @in_folder
    def way(folder, size):
        front, back = free_ports(2)
        with server(command_of(folder, front, back), front, folder / "log"):
            yield Ends(peer_program("limit"), f"tcp:{front}", f"listen:tcp:{back}")
    return way


def splice_command(folder, front, back):
    return [*peer_program("limit"), "relay", f"tcp:{front}", f"tcp:{back}"]


def socat_command(folder, front, back):
    return ["socat", f"TCP-LISTEN:{front},bind=127.0.0.1,reuseaddr,nodelay,fork", f"TCP:127.0.0.1:{back},nodelay"]


def haproxy_command(folder, front, back, options=""):
    file = folder / "haproxy.cfg"
    file.write_text(f"""defaults
    mode tcp
    timeout connect 5s
    timeout client 1h
    timeout server 1h
    {options}
listen relay
    bind 127.0.0.1:{front}
    server service 127.0.0.1:{back}
""")
    return ["haproxy", "-db", "-f", str(file)]


def haproxy_splice_command(folder, front, back):
    return haproxy_command(folder, front, back, "option splice-request\n    option splice-response")


def nginx_command(folder, front, back):
    file = folder / "nginx.conf"
    file.write_text(f"""daemon off;
master_process off;
worker_processes 1;
pid {folder}/nginx.pid;
error_log {folder}/nginx.log;
load_module /usr/lib/nginx/modules/ngx_stream_module.so;
events {{ }}
stream {{
    server {{ listen 127.0.0.1:{front}; proxy_pass 127.0.0.1:{back}; }}
}}
""")
    return ["nginx", "-c", str(file), "-p", str(folder), "-e", str(folder / "nginx.log")]


# ---- buses

def nats_file(folder, name, port, more=""):
    file = folder / f"{name}.conf"
    file.write_text(f"""server_name: {name}
host: 127.0.0.1
port: {port}
max_payload: 33554432
max_pending: 268435456
write_deadline: "60s"
{more}
""")
    return ["nats-server", "-c", str(file)]


class NatsLeaves:
    """A hub with two leaf nodes, where the ends are."""

    def __init__(self, folder):
        self.folder = folder
        self.ports = free_ports(4)
        self.leaves_at = self.ports[3]

    def hub(self):
        more = f'leafnodes {{ host: 127.0.0.1, port: {self.leaves_at} }}'
        return server(nats_file(self.folder, "hub", self.ports[1], more), self.leaves_at, self.folder / "log")

    def leaf(self, index):
        more = f'leafnodes {{ remotes: [ {{ url: "nats-leaf://127.0.0.1:{self.leaves_at}" }} ] }}'
        return server(nats_file(self.folder, f"leaf{index}", self.ports[index], more), self.ports[index],
                      self.folder / "log")

    def ends(self):
        return Ends(peer_program("nats"), f"tcp:{self.ports[0]}", f"tcp:{self.ports[2]}")


@in_folder
def nats(folder, size, routers=1):
    if routers == 1:
        [port] = free_ports(1)
        with server(nats_file(folder, "one", port), port, folder / "log"):
            yield Ends(peer_program("nats"), f"tcp:{port}", f"tcp:{port}")
        return
    leaves = NatsLeaves(folder)
    with leaves.hub(), leaves.leaf(0), leaves.leaf(2):
        time.sleep(0.5)  # leaves tell the hub of their subscriptions, and it tells nobody when
        yield leaves.ends()


def redis_command(folder, port):
    return ["redis-server", "--port", str(port), "--bind", "127.0.0.1", "--save", "", "--appendonly", "no", "--dir",
            str(folder)]


@in_folder
def redis(folder, size):
    [port] = free_ports(1)
    with server(redis_command(folder, port), port, folder / "log"):
        yield Ends(peer_program("redis"), f"tcp:{port}", f"tcp:{port}")


def mosquitto_command(folder, port):
    file = folder / "mosquitto.conf"
    file.write_text(f"listener {port} 127.0.0.1\nallow_anonymous true\nset_tcp_nodelay true\npersistence false\n")
    folder.chmod(0o755)
    return ["mosquitto", "-c", str(file)]


@in_folder
def mosquitto(folder, size):
    [port] = free_ports(1)
    with server(mosquitto_command(folder, port), port, folder / "log"):
        yield Ends(peer_program("mqtt"), f"tcp:{port}", f"tcp:{port}")


# ---- sockets on steroids

def zeromq_addresses(folder, transport, count):
    if transport == "ipc":
        return [f"ipc://{folder}/{index}" for index in range(count)]
    return [f"tcp://127.0.0.1:{port}" for port in free_ports(count)]


def zeromq(kind, transport="tcp"):
    @in_folder
    def way(folder, size, routers=1):
        addresses = zeromq_addresses(folder, transport, routers + 1)
        with contextlib.ExitStack() as stack:
            for index in reversed(range(routers)):
                last = index == routers - 1
                stack.enter_context(router_program(
                    [*peer_program("zeromq"), "route", kind, addresses[index], addresses[index + 1], size,
                     *([] if last else ["next"])]))
            yield Ends(peer_program("zeromq"), addresses[0], addresses[-1])
    return way


@in_folder
def nng(folder, size):
    front, back = free_ports(2)
    addresses = f"tcp://127.0.0.1:{front}", f"tcp://127.0.0.1:{back}"
    with router_program([*peer_program("nng"), "route", "requests", *addresses]):
        yield Ends(peer_program("nng"), *addresses)


@in_folder
def erlang(folder, size):
    """Three nodes; whoever sends, sends to the one in the middle."""
    [port] = free_ports(1)
    environment = dict(os.environ, ERL_EPMD_PORT=str(port), ERL_EPMD_ADDRESS="127.0.0.1", HOME=str(folder))
    script = ROOT / "bench/peers/erlang.escript"
    with server(["epmd"], port, folder / "log", env=environment), \
            process(["escript", script, "route"], env=environment, stdout=subprocess.PIPE, text=True) as middle:
        if middle.stdout.readline().strip() != "ready":
            sys.exit("the Erlang node did not get ready")
        yield Ends(["escript", script], "router", "router", environment=environment)
