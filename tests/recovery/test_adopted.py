#!/usr/bin/python3
"""A city whose database ran alone gets two standbys: deploy/patroni/run adopt, then Patroni on its folder, then the others. What it had is
there, nothing is accepted without a standby from then on, and when the primary is killed another one takes over.

Needs root, for the network between the nodes."""
import os
import subprocess
import sys
import time
from pathlib import Path

sys.dont_write_bytecode = True
sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "lib"))

from checks import assert_sound, hand_in, let_time_stand_still, main, wait_applied, wait_until
from patroni import OWNER, PASSWORD, START_SECONDS_MAX, Group, GroupSystem, run, why_not
from system import ROOT

REPORTS = 60
HBA = "local all all peer\nhost all all all scram-sha-256\n"


class LateGroup(Group):
    """It begins as one PostgreSQL that knows nothing of the others."""

    def start(self):
        self.prepare()
        node, self.single = self.nodes[0], None
        programs = sorted(Path("/usr/lib/postgresql").glob("*/bin"))[-1]
        self.user = [*self.network.command(node.host), "setpriv", f"--reuid={OWNER}", f"--regid={OWNER}", "--init-groups"]
        run(*self.user, programs / "initdb", "-D", node.folder / "data", "--username=postgres", "--encoding=UTF8", "--locale=C.UTF-8",
            "--data-checksums", f"--pwfile={self.folder / 'password'}")
        (node.folder / "data/pg_hba.conf").write_text(HBA)
        self.control = [*self.user, programs / "pg_ctl", "-D", node.folder / "data", "-l", node.folder / "alone.log", "-w"]
        run(*self.control, "-o", f"-p {node.port} -c listen_addresses={node.address} -c unix_socket_directories={node.folder}", "start")
        run(*self.user, programs / "createdb", "-h", node.folder, "-p", node.port, "-U", OWNER, "zhitong")

    def adopt(self):
        """What the manual says, in its order."""
        node = self.nodes[0]
        words = [*self.user, self.folder / "patroni/run", "adopt", f"postgresql:///zhitong?host={node.folder}&port={node.port}&user={OWNER}"]
        done = subprocess.run(list(map(str, words)), env={**os.environ, **node.settings()}, capture_output=True, text=True, check=False)
        assert done.returncode == 0 and "ready" in done.stdout, done
        again = subprocess.run(list(map(str, words)), env={**os.environ, **node.settings()}, capture_output=True, text=True, check=False)
        assert again.returncode == 1 and "knows a group zhitong already" in again.stderr, again
        run(*self.control, "-m", "fast", "stop")
        for each in reversed(self.nodes):  # the one that has the database last: the others wait for it
            each.start()
            time.sleep(2)


class LateGroupSystem(GroupSystem):
    group_of = LateGroup


def kept(node):
    return {int(case) for (case,) in node.sql.rows("SELECT case_id FROM intake.report")}


def reports_are_taken_on_one_database(system, shared):
    system.let_services_in()
    system.start_all(replicas=1)
    shared["cases"] = hand_in(system, "alone", REPORTS)
    wait_applied(system)
    assert len(shared["cases"]) == REPORTS
    for replica in system.replicas.values():
        replica.kill()


def the_database_is_adopted_and_copied(system, shared):
    group = system.group
    group.adopt()
    first = wait_until(group.primary, START_SECONDS_MAX, lambda: f"a primary: {group.nodes[0].tail(12)}")
    assert first is group.nodes[0], f"{first} is primary, and had nothing"
    group.wait_standbys()
    for node in group.nodes:
        wait_until(lambda: kept(node) == shared["cases"], 20, lambda: f"{node.host} has all: {sorted(kept(node) ^ shared['cases'])[:5]}")
    names, connections = first.sql.one("SHOW synchronous_standby_names"), first.sql.one("SHOW max_connections")
    assert "b" in names and "c" in names and connections == "200", (names, connections)
    print(f"# {first.host} is primary, commits wait for {names}")


def services_go_on_and_the_primary_may_be_killed(system, shared):
    for replica in system.replicas.values():
        replica.start().wait_ready()
    shared["cases"] |= hand_in(system, "before", REPORTS)
    former = system.group.primary()
    log_from = former.log.stat().st_size
    former.kill_all()
    new = wait_until(lambda: system.group.primary() not in (None, former) and system.group.primary(), 40, "another primary")
    assert kept(new) == shared["cases"], sorted(kept(new) ^ shared["cases"])[:5]
    shared["cases"] |= hand_in(system, "after", REPORTS)
    former.start()
    system.group.wait_standbys()
    wait_until(lambda: former in system.group.standbys(), 60, lambda: f"{former} follows: {system.group.standbys()}")
    assert "replica has been created using basebackup" not in former.log.read_text(errors="replace")[log_from:], "it was copied anew"
    print(f"# {former.host} was killed, {new.host} took over, and {former.host} follows it")


def nothing_is_lost_or_doubled(system, shared):
    let_time_stand_still(system)
    assert_sound(system)
    there = kept(system.group.primary())
    assert there == shared["cases"] and len(there) == 3 * REPORTS, (len(there), len(shared["cases"]), sorted(there ^ shared["cases"])[:5])


if __name__ == "__main__":
    subprocess.run([ROOT / "deploy/install-packages", "run", "test", "failover"], check=True)
    if why_not():
        print(f"skip adopted {why_not()}")
        sys.exit(0)
    main("adopted", [reports_are_taken_on_one_database, the_database_is_adopted_and_copied,
                     services_go_on_and_the_primary_may_be_killed, nothing_is_lost_or_doubled], kind=LateGroupSystem)
