"""Where plays are played: two replicas of each service and PostgreSQL with fsync, a relay in front of every connection, reports at a
steady rate, two followers, a webhook and uploads; and the audit of it all."""
import json
import os
import subprocess
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path

from checks import HEARD_SECONDS, LOST_WHERE, QUERIES, unapplied
from clients import Client, Department
from endpoints import add
from faketime import skewed_by
from play_load import Reports, Uploads
from system import SERVICES, System, die_with_parent, free_port, wait_until
from webhook_sink import Sink

REPLICAS = 2
FOLLOWED = ("town_hall", "mill_1")
TOLD = "hill_1"        # the unit whose stream the webhooks get
HOOKS = ("ok/hook", "moody/hook")
DATA_DISK, FILES_DISK = "500m", "12m"
SETTLE_SECONDS_MAX = 120  # on a machine that has much else to do
PLANNED_SECONDS_MAX = 240  # the sixth attempt comes 216 s at most after the fifth, at the scale below
REPEATED = 200         # keys that are sent once more at an audit
SERVICE_SETTINGS = {"notification": {"ZHITONG_PRIVATE_HOSTS": "127.0.0.1", "ZHITONG_RETRY_SCALE_PERCENT": "1"}}


def may_mount():
    with tempfile.TemporaryDirectory() as folder:
        mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=1m", "zhitong-test", folder], capture_output=True, check=False)
        if mounted.returncode == 0:
            subprocess.run(["umount", folder], check=True)
        return mounted.returncode == 0


class Relay:
    """Runs relay.py; every link is between everybody and one listening place."""

    def __init__(self):
        self.process = subprocess.Popen([sys.executable, Path(__file__).with_name("relay.py")], stdin=subprocess.PIPE,
                                        stdout=subprocess.PIPE, text=True, preexec_fn=die_with_parent)

    def say(self, *words):
        self.process.stdin.write(json.dumps(words) + "\n")
        self.process.stdin.flush()
        assert self.process.stdout.readline() == "ok\n", f"the relay did not do {words}"

    def close(self):
        self.process.kill()
        self.process.wait()


class Stage:
    def __init__(self, needs=frozenset()):
        self.needs = needs
        self.system = System(durable=True, disk=DATA_DISK if "data" in needs else None, settings=dict(SERVICE_SETTINGS))
        self.faults, self.takeovers = Counter(), []
        self.lost = self.doubled = self.gaps = self.cases = 0
        self.gone = {}    # replica → (its member, when it was killed or paused)
        self.paused, self.armed = set(), {}
        self.skewed = {}  # replica → seconds
        self.fenced = {}  # replica → batches rejected when last looked at
        self.rate, self.driven = 0, False

    def __enter__(self):
        self.system.__enter__()
        try:
            self._open()
        except BaseException:
            self.close()
            raise
        return self

    def __exit__(self, *_):
        self.close()

    def _open(self):
        system = self.system
        self.files = system.folder / "files"
        self.files.mkdir()
        if "files" in self.needs:
            subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={FILES_DISK}", "zhitong-test", self.files], check=True)
        self.relay, self.settings = Relay(), {}
        for nth, service in enumerate(SERVICES, 1):
            for number in range(1, REPLICAS + 1):
                self._place(system.replica(service, number), f"127.1.{nth}.{number}")
        self.sink = Sink()
        for path in HOOKS:
            add(system, path.replace("/", "_"), TOLD, self.sink.url(path))
        for replica in system.replicas.values():
            self.start(replica)
        for replica in system.replicas.values():
            replica.wait_ready()
        system.wait_shared(SERVICES)
        self.client = Client(self.public("intake"), system.server_key(), system.key("client", "load"))
        self.reports = Reports(self.client)
        self.uploads = Uploads(system.of("intake"), self.files)
        self.departments = [Department(self.public("notification"), system.server_key(),
                                       system.key("department", unit, unit), unit) for unit in FOLLOWED]
        for thread in (self.reports, self.uploads, *self.departments):
            thread.start()

    def _place(self, replica, host):
        """Its addresses: what it listens on, and in front of each the relay."""
        port, name, folder = free_port(), replica.name, self.system.folder / "relay" / replica.name
        folder.mkdir(parents=True)
        url = self.system.url(f"zhitong_{replica.service}")
        place, _, tail = url.partition("host=")
        socket, _, number = tail.partition("&port=")
        real = socket.replace("%2F", "/")
        self.relay.say("listen", f"database {name}", f"{folder}/.s.PGSQL.{number}", f"{real}/.s.PGSQL.{number}")
        self.relay.say("listen", f"mesh {name}", [host, port], ["127.0.0.1", port])
        if "ZHITONG_PUBLIC_PORT" in replica.ports:
            public = replica.ports["ZHITONG_PUBLIC_PORT"]
            self.relay.say("listen", f"public {name}", [host, public], ["127.0.0.1", public])
            replica.public_host = host
        self.settings[replica] = {"ZHITONG_DATABASE_URL": f"{place}host={folder}&port={number}", "ZHITONG_MESH_PORT": str(port),
                                  "ZHITONG_ADVERTISE_HOST": host, "FAULT_POINT_FILE": str(folder / "point")}
        if replica.service == "intake":
            self.settings[replica]["ZHITONG_FILES_FOLDER"] = str(self.files)

    def public(self, service):
        return [f"tcp://{replica.public_host}:{replica.ports['ZHITONG_PUBLIC_PORT']}" for replica in self.system.of(service)]

    def one(self, act, suffix=""):
        """The replica that an act names."""
        return self.system.replica(act.values["service" + suffix], act.values["n" + suffix])

    def point(self, replica):
        return Path(self.settings[replica]["FAULT_POINT_FILE"])

    def start(self, replica):
        settings = dict(self.settings[replica])
        if replica in self.skewed:
            settings |= skewed_by(self.skewed[replica])
        replica.start(settings)

    def close(self):
        threads = [getattr(self, name) for name in ("reports", "uploads") if hasattr(self, name)] + getattr(self, "departments", [])
        for thread in threads:
            thread.stopping.set()
        for replica in self.system.replicas.values():
            replica.kill()
        for thread in threads:
            thread.join(5)
        if hasattr(self, "sink"):
            self.sink.close()
        if hasattr(self, "relay"):
            self.relay.close()
        if "files" in self.needs:
            subprocess.run(["umount", "-l", self.files], check=False, stderr=subprocess.DEVNULL)
        self.system.close()

    # ---- the audit

    def told(self):
        """Entries of the webhooks' unit that one was not told, and events that came under two ids. Ticks and late commands go on while
        somebody looks, so what is stored now is looked for among what was delivered when all is at rest again."""
        stored = {f"{case}.{version}" for case, version in self.system.sql.rows(
            f"SELECT DISTINCT case_id, version FROM notification.stream_entry WHERE unit = '{TOLD}'")}
        self.wait_at_rest()
        with self.sink.lock:
            got = list(self.sink.got)
        untold, doubled = set(), []
        for path in HOOKS:
            ids = {}
            for entry in got:
                if entry.path == path:
                    ids.setdefault(entry.event["id"], set()).add(entry.id)
            taken = {entry.event["id"] for entry in got if entry.path == path and getattr(entry, "taken", True)}
            untold |= stored - taken
            doubled += [event for event, of_one in ids.items() if len(of_one) > 1]
        return untold, doubled

    def _due(self):
        return self.system.sql.number("SELECT count(*) FROM escalation.deadline WHERE fired_at IS NULL AND due_at <= mesh.now()")

    def at_rest(self):
        """In this order: what is due fires, is applied, and is then looked for among what is delivered."""
        if not self.reports.at_rest() or self._due() != 0 or unapplied(self.system.sql) != 0:
            return False
        return self.system.sql.number("""SELECT (SELECT count(*) FROM notification.endpoint e JOIN notification.stream s USING (unit)
            WHERE e.cursor < s.head) + (SELECT count(*) FROM notification.delivery)""") == 0

    def _planned(self):
        """Seconds until the last attempt that is planned; one that is planned for later than any may be is waited for in vain."""
        planned = max(0, self.system.sql.number("""SELECT coalesce(ceil(extract(epoch FROM max(next_at) - clock_timestamp())), 0)::bigint
            FROM notification.delivery WHERE state IN ('retry', 'held')"""))
        return min(planned, PLANNED_SECONDS_MAX)

    def wait_at_rest(self):
        wait_until(self.at_rest, self._planned() + SETTLE_SECONDS_MAX, lambda: f"at rest: {len(self.client.waiting)} reports wait,"
                   f" {self._due()} deadlines are due, {unapplied(self.system.sql)} entries are not applied, deliveries: {self._deliveries()}")

    def _deliveries(self):
        return self.system.sql.rows("""SELECT e.name, s.head - e.cursor, e.disabled_why, d.state, count(d.*) FROM notification.endpoint e
            JOIN notification.stream s USING (unit) LEFT JOIN notification.delivery d USING (endpoint) GROUP BY 1, 2, 3, 4""")

    def settle(self):
        self.rate = self.reports.per_second = 0
        self.uploads.wanted.clear()
        if self.driven:
            self.system.zhitong("time", "drive", "--speed", "0.0001")
            time.sleep(HEARD_SECONDS)
        self.reports.again(REPEATED)
        self.wait_at_rest()

    def audit(self):
        """What is lost stays lost: whatever seems to be is looked for once more, after a tick that came in between is dealt with."""
        broken, untold = self._add_up()
        if broken:
            time.sleep(HEARD_SECONDS)
            self.wait_at_rest()
            broken, untold = self._add_up()
        if broken:
            raise AssertionError(f"{broken} {self.system.sql.rows(LOST_WHERE)} {list(self.client.refused.items())[:2]}"
                                 f" {[one.faults[:2] for one in self.departments]} {self._history(sorted(untold)[:3])}")
        self.system.zhitong("audit", "--wait", "10")

    def _add_up(self):
        """→ what is lost, doubled or missing, and the entries that a webhook was not told."""
        sql, client = self.system.sql, self.client
        cases = [int(case) for case, in sql.rows("SELECT case_id FROM routing.case_file")]
        accepted = set(client.accepted.values())
        found = {name: sql.number(query) for name, query in QUERIES.items()}
        untold, under_two_ids = self.told()
        stored = {name for name, in sql.rows("SELECT encode(sha256, 'hex') FROM intake.file")}
        lost = {"accepted reports without a case": len(accepted - set(cases)), "photos": len(self.uploads.lost(stored)),
                "entries that the webhook was not told": len(untold)}
        doubled = {"cases": len(cases) - len(accepted), "keys with two cases": len(client.changed),
                   "events with two ids": len(under_two_ids)}
        gaps = {f"faults at {one.stream}": len(self._heard(one)) for one in self.departments}
        other = {"refused reports": len(client.refused), "entries of the future": self._early()}
        for name, count in found.items():
            kind = doubled if "doubled" in name else gaps if name.startswith("gaps") else lost if "without" in name else other
            kind[name] = count
        self.lost, self.doubled, self.gaps = (sum(kind.values()) for kind in (lost, doubled, gaps))
        self.cases = len(cases)
        return {name: count for kind in (lost, doubled, gaps, other) for name, count in kind.items() if count}, untold

    def _history(self, events):
        """What was tried to tell these, for a failed audit: their places in the stream, and all attempts."""
        rows = self.system.sql.rows
        return [(event, rows(f"""SELECT e.seq, a.endpoint, a.at, a.attempt, a.outcome, a.took_ms, a.answer
            FROM notification.stream_entry e LEFT JOIN notification.attempt a USING (seq, case_id)
            WHERE e.unit = '{TOLD}' AND e.case_id = {case} AND e.version = {version} ORDER BY a.at"""),
            [(got.path, got.at, got.id, getattr(got, "taken", True)) for got in self.sink.got if got.event["id"] == event])
            for event, (case, version) in ((event, event.split(".")) for event in events)]

    def _heard(self, department):
        head = self.system.sql.number(f"SELECT coalesce(max(head), 0) FROM notification.stream WHERE unit = '{department.stream}'")
        wait_until(lambda: department.cursor >= head, 60, lambda: f"{department.cursor} of {head} at {department.stream}")
        faults, heard = department.order_faults(), sum(seq <= head for seq, _ in list(department.entries))
        if heard != head:
            faults.append(f"{heard} entries of {head}")
        return faults

    def _early(self):
        """Log entries whose time has not come: some program believed its own clock. Not on a stage whose clock was driven: when that
        is slowed down, the services go on until they hear of it."""
        if self.driven:
            return 0
        return self.system.sql.number("SELECT " + " + ".join(
            f"(SELECT count(*) FROM {log}.log WHERE at > mesh.now() + interval '2 seconds')" for log in ("intake", "routing", "escalation")))

    def tally(self):
        kinds = ", ".join(f"{count} {kind}" for kind, count in sorted(self.faults.items()))
        worst = {kind: max((seconds for which, seconds in self.takeovers if which == kind), default=0) for kind in ("kill", "pause")}
        return (f"# tally: {sum(self.faults.values())} faults ({kinds}); {self.cases} cases, {self.lost} lost, {self.doubled} doubled,"
                f" {self.gaps} gaps; worst takeover {worst['kill']:.2f} s after a kill, {worst['pause']:.2f} s of a hung process;"
                f" {len(self.uploads.stored)} photos, {len(self.sink.got)} webhook requests, {self.client.retried} retries,"
                f" {self.client.busy} busy")
