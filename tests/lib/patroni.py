"""Three PostgreSQL nodes under Patroni, as deploy/patroni starts them, and an etcd, each in a network namespace of its own,
so that any of them can be cut from any other. Private to a test; everything ends with close(). Needs root.

One etcd, not three: what is tried here is the databases. That etcd itself outlives one of three is etcd's promise; what
our part does without it is tried by taking the only one away."""
import ctypes
import json
import os
import shutil
import signal
import subprocess
import threading
import time
import urllib.error
import urllib.request
from pathlib import Path

from sql import Sql
from system import ROOT, System, die_with_parent, free_port, wait_until

NODES = ("a", "b", "c")
OWNER = "postgres"
PASSWORD = "only-for-this-test"
START_SECONDS_MAX = 60
PR_SET_CHILD_SUBREAPER = 36


def run(*words, check=True):
    done = subprocess.run([str(word) for word in words], capture_output=True, text=True, check=False)
    assert not check or done.returncode == 0, f"{' '.join(map(str, words))}: {done.stderr}"
    return done


def why_not():
    """What this machine lacks, '' when nothing."""
    if os.geteuid() != 0:
        return "not root: the nodes need a network of their own"
    if run("ip", "netns", "add", f"zt{os.getpid()}-try", check=False).returncode != 0:
        return "network namespaces cannot be made here"
    inside = ("ip", "netns", "exec", f"zt{os.getpid()}-try")
    enters = run(*inside, "true", check=False).returncode == 0
    filters = run(*inside, "iptables", "-w", "-S", check=False).returncode == 0
    run("ip", "netns", "del", f"zt{os.getpid()}-try")
    if not enters:
        return "network namespaces cannot be entered here: is / no mount of its own?"
    return "" if filters else "packets cannot be filtered here"


def processes():
    """pid → parent, of all."""
    found = {}
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            found[int(stat.parent.name)] = int(stat.read_text().rsplit(")", 1)[1].split()[1])
        except OSError:
            pass
    return found


class Reaper(threading.Thread):
    """PostgreSQL is no child of its Patroni: when it ends, somebody must take note, or it is taken for alive. That is what
    an init does; here the test, to which such processes fall."""

    def __init__(self):
        super().__init__(daemon=True)
        self.stopping = threading.Event()

    def run(self):
        while not self.stopping.wait(0.1):
            for pid, parent in processes().items():
                try:
                    if parent == os.getpid() and Path(f"/proc/{pid}/comm").read_text().strip() == "postgres":
                        os.waitpid(pid, os.WNOHANG)
                except OSError:  # somebody was faster
                    pass


class Network:
    """A namespace for each host, one with a switch between them, and this machine, where the services run, at the switch
    too. The switch is not here, because here others may filter what is forwarded: a Docker engine does."""

    def __init__(self, name, hosts):
        self.name, self.net = f"zt{name}", f"10.{213 + os.getpid() % 40}.{os.getpid() // 40 % 250}"
        self.hosts = {host: f"{self.net}.{nth}" for nth, host in enumerate(hosts, 1)}

    def namespace(self, host):
        return f"{self.name}-{host}"

    def _attach(self, nth, *to):
        """A cable from the switch's port number `nth` to an interface; gives its name."""
        end = f"{self.name}e{nth}"
        run("ip", "link", "add", end, *to, "type", "veth", "peer", "name", f"port{nth}", "netns", self.namespace("switch"))
        run("ip", "-n", self.namespace("switch"), "link", "set", f"port{nth}", "master", "switch", "up")
        return end

    def open(self):
        run("ip", "netns", "add", self.namespace("switch"))
        run("ip", "-n", self.namespace("switch"), "link", "add", "switch", "type", "bridge")
        run("ip", "-n", self.namespace("switch"), "link", "set", "switch", "up")
        here = self._attach(0)
        run("ip", "address", "add", f"{self.net}.254/24", "dev", here)
        run("ip", "link", "set", here, "up")
        for nth, (host, address) in enumerate(self.hosts.items(), 1):
            run("ip", "netns", "add", self.namespace(host))
            inside, end = ["ip", "-n", self.namespace(host)], self._attach(nth, "netns", self.namespace(host))
            run(*inside, "address", "add", f"{address}/24", "dev", end)
            run(*inside, "link", "set", end, "up")
            run(*inside, "link", "set", "lo", "up")
        return self

    def command(self, host):
        return ["ip", "netns", "exec", self.namespace(host)]

    def cut(self, host, others):
        """Packets between the host and these others are dropped, in both directions, without a word to anybody."""
        for other in others:
            for chain, end in (("INPUT", "-s"), ("OUTPUT", "-d")):
                run(*self.command(host), "iptables", "-w", "-A", chain, end, self.hosts[other], "-j", "DROP")

    def heal(self, host):
        run(*self.command(host), "iptables", "-w", "-F")

    def close(self):
        for host in ("switch", *self.hosts):
            run("ip", "netns", "del", self.namespace(host), check=False)
        run("ip", "link", "del", f"{self.name}e0", check=False)


class Program:
    """A process of a host, not as root."""

    def __init__(self, network, host, log):
        self.network, self.host, self.log, self.process = network, host, log, None

    def start(self, words, environment):
        user = ["setpriv", f"--reuid={OWNER}", f"--regid={OWNER}", "--init-groups"]
        with open(self.log, "ab") as log:
            self.process = subprocess.Popen(self.network.command(self.host) + user + [str(word) for word in words],
                                            env={"PATH": os.environ["PATH"], **environment}, cwd="/",
                                            stdin=subprocess.DEVNULL, stdout=log, stderr=log, preexec_fn=die_with_parent)

    def kill(self):
        """kill -9, and reaped."""
        if self.process is not None:
            self.process.kill()
            self.process.wait()
            self.process = None

    def tail(self, lines=5):
        return "\n".join(self.log.read_text(errors="replace").splitlines()[-lines:]) if self.log.exists() else ""


class Node(Program):
    def __init__(self, group, host):
        super().__init__(group.network, host, group.folder / f"{host}.log")
        self.group, self.folder = group, group.folder / host
        self.address, self.port, self.api = group.network.hosts[host], free_port(), free_port()
        self.folder.mkdir()
        shutil.chown(self.folder, OWNER, OWNER)
        self.sql = Sql(self.url("postgres", "&connect_timeout=3&options=-c%20statement_timeout%3D5000"))

    def url(self, role, more=""):
        return f"postgresql://{role}:{PASSWORD}@{self.address}:{self.port}/zhitong?application_name=test{more}"

    def settings(self):
        return {"PATRONI_ETCD3_HOSTS": self.group.etcd_address, "PATRONI_NAME": self.host, "NODE_ADDRESS": self.address,
                "NODE_LISTEN": self.address, "POSTGRES_PORT": str(self.port), "PATRONI_PORT": str(self.api),
                "PGDATA": str(self.folder / "data"), "HOME": str(self.folder),
                "POSTGRES_PASSWORD_FILE": str(self.group.folder / "password"),
                "STANDBY_PASSWORD_FILE": str(self.group.folder / "password")}

    def start(self, *_):
        super().start([self.group.folder / "patroni/run"], self.settings())

    def postgres(self):
        """The postmaster's pid, 0 when it does not run."""
        try:
            pid = int((self.folder / "data/postmaster.pid").read_text().split("\n", 1)[0])
            return pid if Path(f"/proc/{pid}/stat").exists() else 0
        except (OSError, ValueError):
            return 0

    def kill_postgres(self):
        """kill -9 of the postmaster and its children, all at once."""
        postmaster, parents = self.postgres(), processes()
        for pid in [postmaster] + [pid for pid, parent in parents.items() if parent == postmaster]:
            try:
                if postmaster:
                    os.kill(pid, signal.SIGKILL)
            except ProcessLookupError:  # it ended with its postmaster
                pass

    def kill_all(self):
        """What a power cut does to the processes."""
        self.kill()
        self.kill_postgres()

    def _ask(self, path):
        try:
            with urllib.request.urlopen(f"http://{self.address}:{self.api}/{path}", timeout=2) as answer:
                return json.load(answer)
        except urllib.error.HTTPError as error:
            return json.load(error)
        except (OSError, ValueError):
            return {}

    def state(self):
        """What its Patroni says of it: {} when it says nothing."""
        return self._ask("patroni")

    def cluster(self):
        """What its Patroni knows of all nodes."""
        return self._ask("cluster").get("members", [])

    def __repr__(self):
        return self.host

    def ctl(self, *words):
        environment = {**os.environ, **self.settings()}
        done = subprocess.run(self.network.command(self.host) + [str(self.group.folder / "patroni/run"), "ctl", *words],
                              env=environment, capture_output=True, text=True, stdin=subprocess.DEVNULL, check=False)
        assert done.returncode == 0, f"patronictl {words}: {done.stdout}{done.stderr}"
        return done.stdout


class Group:
    def __init__(self, folder):
        self.folder = folder
        ctypes.CDLL(None).prctl(PR_SET_CHILD_SUBREAPER, 1)
        self.reaper = Reaper()
        self.reaper.start()
        self.network = Network(f"{os.getpid() % 100000}", [*NODES, "etcd"])
        shutil.copytree(ROOT / "deploy/patroni", folder / "patroni")  # where the other user can reach it
        (folder / "password").write_text(PASSWORD + "\n")
        self.etcd_port = free_port()
        self.etcd_address = f"{self.network.hosts['etcd']}:{self.etcd_port}"
        self.etcd = Program(self.network, "etcd", folder / "etcd.log")
        self.nodes = []

    def start_etcd(self):
        client, peer = f"http://{self.etcd_address}", f"http://127.0.0.1:{self.etcd_port + 1}"
        self.etcd.start(["etcd", "--name", "one", "--data-dir", self.folder / "etcd", "--listen-client-urls", client,
                         "--advertise-client-urls", client, "--listen-peer-urls", peer, "--initial-advertise-peer-urls",
                         peer, "--initial-cluster", f"one={peer}", "--logger", "zap"], {})

    def prepare(self):
        """Networks, etcd and what is known of the nodes, none of which runs."""
        self.network.open()
        (self.folder / "etcd").mkdir(mode=0o700)
        shutil.chown(self.folder / "etcd", OWNER, OWNER)
        self.start_etcd()
        self.nodes = [Node(self, host) for host in NODES]

    def start(self):
        self.prepare()
        for node in self.nodes:
            node.start()
        wait_until(self.primary, START_SECONDS_MAX, lambda: f"a primary: {[node.tail() for node in self.nodes]}")
        self.wait_standbys()

    def primary(self):
        """The node that Patroni holds for the primary and that takes writes, None when there is none."""
        for node in self.nodes:
            state = node.state()
            if state.get("role") in ("master", "primary") and state.get("state") == "running":
                return node
        return None

    def others(self, node):
        return [other for other in self.nodes if other is not node]

    def standbys(self):
        """Those that stream from the primary and that, as Patroni knows, commits wait for."""
        primary = self.primary()
        members = primary.cluster() if primary else []
        synchronous = [member["name"] for member in members if member["role"] == "sync_standby"]
        try:
            follow = {name for (name,) in primary.sql.rows(
                "SELECT application_name FROM pg_stat_replication WHERE state = 'streaming'")} if synchronous else set()
        except RuntimeError:
            return []
        return [node for node in self.nodes if node.host in synchronous and node.host in follow]

    def wait_standbys(self, count=len(NODES) - 1, seconds=START_SECONDS_MAX):
        """Until so many follow the primary, and commits wait for them; one of them."""
        wait_until(lambda: len(self.standbys()) >= count, seconds,
                   lambda: f"{count} standbys: {self.standbys()} {[node.tail() for node in self.nodes]}")
        return self.standbys()[0]

    def url(self, role):
        hosts = ",".join(f"{node.address}:{node.port}" for node in self.nodes)
        return f"postgresql://{role}:{PASSWORD}@{hosts}/zhitong?target_session_attrs=read-write&connect_timeout=3"

    def close(self):
        for node in self.nodes:
            node.sql.close()
            node.kill_all()
        self.reaper.stopping.set()
        self.reaper.join()
        self.etcd.kill()
        self.network.close()


class GroupSystem(System):
    """A system on a group of databases instead of one."""

    group_of = Group

    def __init__(self, **options):
        super().__init__(durable=True, **options)
        self.group = None

    def cluster(self, command, *words):
        if command == "start":
            self.group = self.group_of(self.folder)
            self.group.start()
            return ""
        assert command == "url", command
        return self.group.url(*words)

    def let_services_in(self):
        """The services' roles get passwords: between machines nobody comes without one."""
        for service in ("intake", "routing", "escalation", "notification", "desk"):
            self.sql.rows(f"ALTER ROLE zhitong_{service} PASSWORD '{PASSWORD}'")

    def close(self):
        self._hear_no_more()
        for replica in self.replicas.values():
            replica.kill()
        if self.group is not None:
            self.group.close()
        super().close()


def seconds_until(condition, seconds, what):
    began = time.monotonic()
    wait_until(condition, seconds, what)
    return time.monotonic() - began
