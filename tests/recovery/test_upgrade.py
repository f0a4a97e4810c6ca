#!/usr/bin/python3
"""Upgrade under load: two replicas of every service of the previous release (the commit in tests/recovery/previous) run, the new
`zhitong migrate` changes the schema under them, then replica after replica is replaced. For a while both releases work side by side.
No client sees an error, nothing is lost, nothing is doubled, no log has a gap; who is signed in at desk works on in the same session."""
import http.client
import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

sys.dont_write_bytecode = True
sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "lib"))

from checks import assert_sound, let_time_stand_still, main, report, wait_applied, wait_until
from clients import Client, Department, Load
from sql import Sql
from staff import PASSWORD, Staff, add
from system import BUILD, ROOT, SERVICES

PER_SECOND = int(os.environ.get("UPGRADE_PER_SECOND", "150"))
SIDE_BY_SIDE_SECONDS = float(os.environ.get("UPGRADE_SECONDS", "4"))
BUILD_SECONDS_MAX = 480
DRAIN_SECONDS_MAX = 15
UNIT = "town_hall"
ROLLED = SERVICES + ("desk",)
PREVIOUS = ROOT / "build/previous"
# A loop of that release may ask its reader for more when that has ended, behind its last commit and its last word; not so any more
# (tests/unit/test_loop_reads.c).
PREVIOUS_ENDS_WITH = (0, -signal.SIGSEGV)


def previous_commit():
    return (ROOT / "tests/recovery/previous").read_text().split()[-1]


def call(words, **options):
    return subprocess.run(list(map(str, words)), capture_output=True, text=True, check=False, timeout=BUILD_SECONDS_MAX, **options)


def build_previous():
    """The programs of the previous release under build/previous; "" or why there are none. A second run finds them."""
    commit = previous_commit()
    mark = PREVIOUS / "commit"
    if mark.exists() and mark.read_text() == commit:
        return ""
    source = PREVIOUS / "source"
    source.mkdir(parents=True, exist_ok=True)
    archive = subprocess.run(["git", "-C", ROOT, "archive", "--format=tar", commit], capture_output=True, check=False)
    if archive.returncode != 0:
        return f"this clone has no commit {commit} to upgrade from"
    subprocess.run(["tar", "-x", "-C", source], input=archive.stdout, check=True)
    began = time.monotonic()
    print(f"# builds the programs of {commit} …", flush=True)
    done = call(["cmake", "-S", source, "-B", PREVIOUS / "build", "-G", "Ninja", "-DCMAKE_BUILD_TYPE=Release"])
    if done.returncode == 0:
        done = call(["cmake", "--build", PREVIOUS / "build", "--target", "programs"])
    assert done.returncode == 0, (done.stdout + done.stderr)[-2000:]
    mark.write_text(commit)
    print(f"# built in {time.monotonic() - began:.0f} s", flush=True)
    return ""


def flows(system, shared, seconds=30):
    """Reports that are sent from now on are accepted and become cases."""
    accepted = len(shared["client"].accepted)
    cases = system.sql.number("SELECT count(*) FROM routing.case_file")
    wait_until(lambda: len(shared["client"].accepted) > accepted + 50, seconds, "reports accepted again")
    wait_until(lambda: system.sql.number("SELECT count(*) FROM routing.case_file") > cases + 50, seconds, "cases made again")


class Supervisor(threading.Thread):
    """Signed in once, before the upgrade: looks at the list and urges cases, through whichever desk answers, as a proxy in front would. What
    was not answered, or answered busy, is sent again with the same key."""

    PAUSE_SECONDS, AGAIN_SECONDS_MAX = 0.1, 10

    def __init__(self, system, client):
        super().__init__(daemon=True)
        self.client, self.stopping = client, threading.Event()
        add(system, "eye", "supervisor", UNIT, "public,internal,restricted")
        self.staff = Staff(system.of("desk"), "eye", PASSWORD)
        self.faults, self.looks, self.again = [], 0, 0
        self.done = {}  # key → case

    def _until(self, ask):
        """The first answer that is none of a replica that stops, or is busy."""
        end, turn, answer = time.monotonic() + self.AGAIN_SECONDS_MAX, 0, None
        while time.monotonic() < end:
            try:
                answer = ask(turn)
                if answer.status != 503:
                    return answer
            except (OSError, http.client.HTTPException):
                pass
            turn, self.again = turn + 1, self.again + 1
            time.sleep(self.PAUSE_SECONDS)
        return answer

    def run(self):
        for turn in iter(lambda: len(self.done), None):
            if self.stopping.wait(self.PAUSE_SECONDS):
                return
            case, key = list(self.client.accepted.values())[-1], f"urge-{turn}-{self.looks}"
            look = self._until(lambda which: self.staff.get("/cases", which=turn + which))
            self.looks += 1
            move = self._until(lambda which: self.staff.move(case, "urge", version="*", key=key, which=turn + which, note="how is it?"))
            if look is None or look.status != 200:
                self.faults.append(("list", look))
            if move is not None and move.status == 200:
                self.done[key] = case
            elif move is None or move.status != 404:  # routing has not made it a case yet
                self.faults.append((key, case, move))


def the_previous_release_runs_under_load(system, shared):
    system.start_all(replicas=2, services=ROLLED)
    key = system.key("department", UNIT, UNIT)
    shared["client"] = Client(system.endpoints("intake"), system.server_key(), system.key("client", "load"))
    shared["load"] = Load(shared["client"], report, PER_SECOND)
    shared["department"] = Department(system.endpoints("notification"), system.server_key(), key, UNIT)
    shared["threads"] = [shared["load"], shared["department"]]
    system.zhitong("time", "drive", "--speed", "20")  # deadlines pass, cases climb
    for thread in shared["threads"]:
        thread.start()
    wait_until(lambda: len(shared["client"].accepted) > PER_SECOND, 30, "the first reports accepted")
    shared["supervisor"] = Supervisor(system, shared["client"])
    shared["threads"].append(shared["supervisor"])
    shared["supervisor"].start()
    wait_until(lambda: len(shared["supervisor"].done) > 5, 30, lambda: f"cases are urged: {shared['supervisor'].faults[:3]}")


def the_schema_changes_while_all_runs(system, shared):
    system.build = BUILD
    dry = system.zhitong("migrate", "--dry-run").stdout
    assert "would run" in dry, "there is no difference between the releases to try"
    # Somebody holds a lock that a migration needs, until it has been told once: it waits a second, lets everybody pass and tries again.
    holder, began = Sql(system.url()), time.monotonic()
    holder.rows("BEGIN; LOCK TABLE public.zhitong_migration IN SHARE MODE")
    with subprocess.Popen([BUILD / "zhitong", "migrate"], env={**os.environ, "ZHITONG_DATABASE_URL": system.url()}, stdin=subprocess.DEVNULL,
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True) as migrate:
        said = ""
        for line in migrate.stdout:
            said += line
            if "tried again" in line:
                holder.rows("COMMIT")
    holder.close()
    print("# " + said.rstrip().replace("\n", "\n# "))
    print(f"# migrated in {time.monotonic() - began:.1f} s, with a lock in its way")
    assert migrate.returncode == 0 and "tried again" in said, (migrate.returncode, said)
    flows(system, shared)
    assert system.zhitong("migrate").stdout.startswith("nothing to do")
    for replica in system.replicas.values():
        assert replica.alive(), f"{replica.name} of the previous release ended with {replica.process.poll()}"


def the_previous_program_says_that_the_database_is_newer(system, _):
    system.build = PREVIOUS / "build"
    refused = system.zhitong("migrate", check=False)
    system.build = BUILD
    assert refused.returncode == 1 and "newer one" in refused.stderr, refused


def replace(system, replica):
    """SIGTERM: it finishes what is under way and gives its shards back; then the new program starts with the same ports."""
    began = time.monotonic()
    replica.process.terminate()
    code = replica.process.wait(DRAIN_SECONDS_MAX)
    assert code in PREVIOUS_ENDS_WITH, f"{replica.name} ended with {code}"
    replica.build = BUILD
    replica.start().wait_ready()
    system.wait_shared([service for service in SERVICES if service == replica.service])  # desk has no shards
    print(f"# {replica.name} replaced in {time.monotonic() - began:.1f} s")


def both_releases_work_side_by_side(system, shared):
    for service in ROLLED:
        replace(system, system.replica(service, 1))
        flows(system, shared)
    time.sleep(SIDE_BY_SIDE_SECONDS)
    flows(system, shared)
    versions = {replica.name: "new" if replica.build == BUILD else "previous" for replica in system.replicas.values()}
    assert sorted(versions.values()) == ["new"] * len(ROLLED) + ["previous"] * len(ROLLED), versions


def the_last_of_the_previous_release_is_replaced(system, shared):
    for service in reversed(ROLLED):
        replace(system, system.replica(service, 2))
        flows(system, shared)


def who_was_signed_in_worked_on_in_the_same_session(system, shared):
    supervisor = shared["supervisor"]
    before = len(supervisor.done)
    wait_until(lambda: len(supervisor.done) > before + 5, 30, "cases are urged through the new desks")
    supervisor.stopping.set()
    supervisor.join()
    print(f"# {supervisor.looks} looks at the list and {len(supervisor.done)} cases urged in one session, {supervisor.again} sent again")
    assert not supervisor.faults, supervisor.faults[:5]
    session = supervisor.staff.get("/sessions/current")
    assert session.status == 200 and session.json["login"] == "eye", session
    urged = list(supervisor.done.values())
    for case in set(urged):
        moves = [entry["move"] for entry in supervisor.staff.get(f"/cases/{case}/history").json["entries"]]
        assert moves.count("urge") == urged.count(case), (case, moves, urged.count(case))  # each once, also what was sent again


def no_client_saw_an_error_and_nothing_is_lost(system, shared):
    load, client = shared["load"], shared["client"]
    load.finish()
    wait_applied(system)
    assert not client.refused, list(client.refused.items())[:3]
    assert set(client.accepted) == set(load.keys) and not client.changed, (sorted(set(client.accepted) ^ set(load.keys))[:5], client.changed[:5])
    cases = [int(case) for (case,) in system.sql.rows("SELECT case_id FROM routing.case_file")]
    lost, doubled = set(client.accepted.values()) - set(cases), len(cases) - len(set(client.accepted.values()))
    print(f"# {len(client.accepted)} cases over {2 * len(ROLLED)} replacements: {len(lost)} lost, {doubled} doubled; "
          f"{client.busy} busy, {client.retried} asked again")
    assert not lost and not doubled, (sorted(lost)[:5], doubled)
    let_time_stand_still(system)
    assert_sound(system)  # with the new `zhitong audit`


def the_department_heard_everything_in_order(system, shared):
    follower = shared["department"]
    head = system.sql.number(f"SELECT head FROM notification.stream WHERE unit = '{UNIT}'")
    wait_until(lambda: follower.cursor >= head, 20, lambda: f"{follower.cursor} of {head} at the department")
    faults = follower.order_faults()
    print(f"# {head} entries at the department over {follower.connections} connections, {len(faults)} gaps")
    assert not faults and len(follower.entries) == head, (faults[:5], len(follower.entries), head)
    assert not follower.refused and not follower.truncated, (follower.refused, follower.truncated)


if __name__ == "__main__":
    why_not = build_previous()
    if why_not:
        print(f"skip upgrade {why_not}")
        sys.exit(0)
    main("upgrade", [the_previous_release_runs_under_load, the_schema_changes_while_all_runs,
                     the_previous_program_says_that_the_database_is_newer, both_releases_work_side_by_side,
                     the_last_of_the_previous_release_is_replaced, who_was_signed_in_worked_on_in_the_same_session,
                     no_client_saw_an_error_and_nothing_is_lost,
                     the_department_heard_everything_in_order],
         durable=True, build=PREVIOUS / "build", city=PREVIOUS / "source/tests/lib/small_city")
