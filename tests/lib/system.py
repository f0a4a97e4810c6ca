"""A whole system of its own for one test: PostgreSQL in a temporary folder, a small city, any number of replicas.

    with System() as system:
        system.start_all(replicas=2)
        ...

Everything ends with the block, also after SIGTERM or SIGINT. Services get fixed public ports, as in a city; their
operations port is read from their journal."""
import ctypes
import json
import os
import random
import shutil
import signal
import socket
import subprocess
import tempfile
import time
import urllib.error
import urllib.request
from pathlib import Path

import asked  # noqa: F401 pylint: disable=unused-import
import why
from sql import Sql

ROOT = Path(os.environ.get("ZHITONG_ROOT") or Path(__file__).resolve().parents[2])
BUILD = Path(os.environ.get("ZHITONG_TEST_BUILD") or ROOT / "build/release")
SMALL_CITY = Path(__file__).resolve().parent / "small_city"
SERVICES = ("intake", "routing", "escalation", "notification")
READY_SECONDS_MAX = 60
WITH_PUBLIC_PORT = ("intake", "notification")
WITH_KEYRING = ("intake", "desk", "notification")
PR_SET_PDEATHSIG = 1

libc = ctypes.CDLL(None)
taken_ports = {}


def _take(port):
    """Whether nobody else of these tests has this port. The kernel keeps the name of a socket for whoever bound it first, and forgets it
    with his process: between choosing a port and listening there, and while a killed replica is away, another script would find it free."""
    name = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
    try:
        name.bind(f"\0zhitong-test-port-{port}")
    except OSError:
        name.close()
        return False
    taken_ports[port] = name
    return True


def listens(port):
    with socket.socket() as tried:
        return tried.connect_ex(("127.0.0.1", port)) == 0


def free_port():
    """Below the range that outgoing connections take their ports from; benchmarks have those from 26000 on."""
    while True:
        port = random.randint(20000, 25999)
        if _take(port) and not listens(port):
            return port


def wait_until(condition, seconds, what):
    """The first true answer of `condition`, asked again and again; fails with `what` after some seconds, and never before it was asked once
    more after them: the machine may have stood still meanwhile."""
    end = time.monotonic() + seconds
    while True:
        late = time.monotonic() > end
        answer = condition()
        if answer:
            return answer
        if late:
            raise AssertionError(f"after {seconds} s still not: {what() if callable(what) else what}")
        time.sleep(0.02)


def die_with_parent():
    libc.prctl(PR_SET_PDEATHSIG, signal.SIGKILL)


class Replica:
    def __init__(self, system, service, number):
        self.system, self.service, self.number = system, service, number
        self.name = f"{service}-{number}"
        self.journal_path = system.folder / f"{self.name}.log"
        self.build = system.build  # whose program it runs; another one after an upgrade
        self.process = None
        self.operations = ""
        self.ports = {}
        if service in WITH_PUBLIC_PORT:
            self.ports["ZHITONG_PUBLIC_PORT"] = free_port()
        if service in ("intake", "desk"):
            self.ports["ZHITONG_HTTP_PORT"] = free_port()

    @property
    def public_endpoint(self):
        return f"tcp://127.0.0.1:{self.ports['ZHITONG_PUBLIC_PORT']}"

    @property
    def http(self):
        return f"http://127.0.0.1:{self.ports['ZHITONG_HTTP_PORT']}"

    def start(self, settings=None):
        environment = {"PATH": os.environ["PATH"], "ZHITONG_DATABASE_URL": self.system.url(f"zhitong_{self.service}")}
        environment.update({name: value for name, value in os.environ.items() if name.endswith("SAN_OPTIONS")})
        environment.update({name: str(port) for name, port in self.ports.items()})
        if self.service in WITH_KEYRING:
            environment["ZHITONG_SECRET_KEYS"] = str(self.system.folder / "secret.keys")
        if self.service in WITH_PUBLIC_PORT:
            environment["ZHITONG_PUBLIC_KEYS"] = str(self.system.folder / "service.key")
        if self.service == "intake":
            environment["ZHITONG_ADDRESS_PER_MINUTE"] = "0"  # a test is one address
        environment.update(self.system.settings.get(self.service, {}))
        environment.update(settings or {})
        self.journal_from = self.journal_path.stat().st_size if self.journal_path.exists() else 0
        with open(self.journal_path, "ab") as journal:
            self.process = subprocess.Popen([self.build / f"zt-{self.service}"], env=environment, stdin=subprocess.DEVNULL,
                                            stdout=journal, stderr=journal, preexec_fn=die_with_parent)
        self.operations = ""
        return self

    @property
    def pid(self):
        return self.process.pid

    def alive(self):
        return self.process is not None and self.process.poll() is None

    def journal(self, event=None):
        """Lines of this life, as dicts; what is no JSON (a sanitizer's report, an assert) as {"event": "?"}."""
        if not self.journal_path.exists():
            return []
        with open(self.journal_path, "rb") as file:
            file.seek(self.journal_from)
            lines = []
            for line in file.read().decode(errors="replace").splitlines():
                try:
                    lines.append(json.loads(line))
                except ValueError:
                    lines.append({"event": "?", "text": line})
        return [line for line in lines if event is None or line.get("event") == event]

    def operations_url(self):
        if not self.operations:
            for line in self.journal("operations"):
                self.operations = line["text"].removesuffix("/metrics")
        return self.operations

    def get(self, path, seconds=5):
        """Status and body of a GET on the operations port; (0, why) when nobody answers."""
        if not self.operations_url():
            return 0, "no operations port in the journal"
        try:
            with urllib.request.urlopen(self.operations_url() + path, timeout=seconds) as answer:
                return answer.status, answer.read().decode()
        except urllib.error.HTTPError as error:
            return error.code, error.read().decode()
        except OSError as error:
            return 0, str(error)

    def ready(self):
        assert self.alive(), f"{self.name} ended with {self.process.poll()}: {self.journal()[-3:]}"
        return self.get("/readyz")[0] == 200

    def wait_ready(self):
        wait_until(self.ready, READY_SECONDS_MAX, lambda: f"{self.name} ready ({self.get('/readyz')})")
        return self

    def metric(self, name):
        page = self.get("/metrics", seconds=20)[1]
        for line in page.splitlines():
            if line.startswith(f"zhitong_{name}{{"):
                return float(line.rsplit(" ", 1)[1])
        raise AssertionError(f"{self.name} has no metric {name}: {page[:200]}")

    def member(self):
        joined = self.journal("joined")
        return int(joined[-1]["text"].split()[1]) if joined else 0

    def signal(self, number):
        os.kill(self.pid, number)

    def kill(self):
        """kill -9, and reaped."""
        if self.alive():
            self.process.kill()
        if self.process is not None:
            self.process.wait()

    def resident_kb(self):
        for line in Path(f"/proc/{self.pid}/status").read_text().splitlines():
            if line.startswith("VmRSS:"):
                return int(line.split()[1])
        return 0

    def cpu_seconds(self):
        fields = Path(f"/proc/{self.pid}/stat").read_text().rsplit(")", 1)[1].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


class System:
    def __init__(self, city=SMALL_CITY, durable=False, settings=None, disk=None, build=BUILD):
        self.build = build  # folder of the programs
        self.disk = disk  # size of a file system of the database's own, "300m": so that a test can fill it (root only)
        self.city, self.durable = city, durable
        self.settings = settings or {}  # service → environment of each of its replicas
        self.replicas = {}
        self.folder = None
        self.sql = None

    def __enter__(self):
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, self._stop)
        self.folder = Path(tempfile.mkdtemp(prefix="zhitong-test.", dir="/tmp"))
        self.folder.chmod(0o755)
        try:
            if self.disk:
                (self.folder / "pg").mkdir(mode=0o755)
                subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={self.disk}", "zhitong-test", self.folder / "pg"],
                               check=True)
            self.cluster("start")
            self.sql = Sql(self.url())
            self.zhitong("migrate")
            self.load_city(self.city)
            self.zhitong("keys", "service", self.folder / "service.key")
            self.zhitong("keys", "secret", self.folder / "secret.keys")
        except BaseException:
            self.close()
            raise
        return self

    def __exit__(self, *_):
        self.close()

    @staticmethod
    def _hear_no_more():
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, signal.SIG_IGN)

    @staticmethod
    def _stop(number, _frame):
        System._hear_no_more()  # `timeout` sends two, and the second must not end the clearing up
        raise SystemExit(128 + number)

    def close(self):
        self._hear_no_more()
        for replica in self.replicas.values():
            replica.kill()
        if self.sql is not None:
            self.sql.close()
        subprocess.run([ROOT / "deploy/postgres/cluster", "remove", self.folder / "pg"], check=False,
                       stderr=subprocess.DEVNULL if self.disk else None,
                       start_new_session=True)  # `timeout` signals the whole process group
        if self.disk:
            subprocess.run(["umount", "-l", self.folder / "pg"], check=False)
        if not os.environ.get("ZHITONG_TEST_KEEP"):  # journals stay for a look
            shutil.rmtree(self.folder, ignore_errors=True)

    # ---- PostgreSQL and the operator's command

    def cluster(self, command, *words):
        if command == "start" and not self.durable:
            words = ("--fast",) + words
        done = subprocess.run([ROOT / "deploy/postgres/cluster", command, self.folder / "pg", *words],
                              capture_output=True, text=True, check=False)
        assert done.returncode == 0, f"cluster {command}: {done.stderr}"
        return done.stdout.strip()

    def url(self, role="postgres"):
        return self.cluster("url", role)

    def zhitong(self, *words, check=True, database=True):
        environment = dict(os.environ)
        if database:
            environment["ZHITONG_DATABASE_URL"] = self.url()
        done = subprocess.run([self.build / "zhitong", *map(str, words)], env=environment, capture_output=True, text=True,
                              stdin=subprocess.DEVNULL, check=False)
        why.note(f"zhitong {' '.join(map(str, words))}", done)
        if check:
            assert done.returncode == 0, f"zhitong {' '.join(map(str, words))}: {done.returncode}\n{done.stdout}{done.stderr}"
        return done

    def load_city(self, folder):
        return self.zhitong("city", "load", folder)

    def key(self, kind, name, unit=None):
        """A key pair that mesh.access knows: (public, secret)."""
        path = self.folder / f"{name}.key"
        self.zhitong("keys", kind, *(["add"] if unit else []), name, *(["--unit", unit] if unit else []), "--out", path)
        return self.read_key(path)

    @staticmethod
    def read_key(path):
        pairs = dict(line.split() for line in Path(path).read_text().splitlines() if " " in line)
        return pairs["public"].encode(), pairs["secret"].encode()

    def server_key(self):
        return self.read_key(self.folder / "service.key")[0]

    # ---- replicas

    def replica(self, service, number=1):
        name = f"{service}-{number}"
        if name not in self.replicas:
            self.replicas[name] = Replica(self, service, number)
        return self.replicas[name]

    def of(self, service):
        return [replica for replica in self.replicas.values() if replica.service == service]

    def start_all(self, replicas=2, services=SERVICES):
        for service in services:
            for number in range(1, replicas + 1):
                self.replica(service, number).start()
        for replica in self.replicas.values():
            replica.wait_ready()
        self.wait_shared(services)

    def owners(self, service):
        """member → how many shards it owns."""
        return {int(member): int(count) for member, count in
                self.sql.rows(f"SELECT owner, count(*) FROM {service}.shard GROUP BY 1 ORDER BY 1")}

    def is_shared(self, service):
        living = sorted(replica.member() for replica in self.of(service) if replica.alive())
        owners = self.owners(service)
        fair = -(-128 // max(1, len(living)))
        return sorted(owners) == living and max(owners.values()) <= fair

    def wait_shared(self, services=SERVICES, seconds=30):
        """Until the living replicas of each service share its shards fairly."""
        for service in services:
            wait_until(lambda: self.is_shared(service), seconds, lambda: f"{service} shared: {self.owners(service)}")

    def endpoints(self, service):
        return [replica.public_endpoint for replica in self.of(service)]

    def journals_end(self, lines=6):
        """What the services said last, for a failed test."""
        out = []
        for replica in self.replicas.values():
            notable = [line for line in replica.journal() if line.get("level") != "info"][-lines:]
            state = "alive" if replica.alive() else f"ended {replica.process.poll() if replica.process else ''}"
            out.append(f"# {replica.name} ({state})")
            out += [f"#   {line.get('at', '')[11:]} {line.get('event')}: {line.get('text')}" for line in notable]
        return "\n".join(out)
