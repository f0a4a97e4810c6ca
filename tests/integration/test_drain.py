#!/usr/bin/python3
"""SIGTERM under load: the replica finishes what it has begun, ends with 0, and the others have its shards at once."""
import signal
import sys
import time
from pathlib import Path

sys.dont_write_bytecode = True
sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "lib"))

import watch
from checks import assert_sound, main, report, wait_until
from clients import Client, Department, Load
from system import SERVICES, SMALL_CITY

DRAIN_SECONDS_MAX = 6
END_SECONDS_MAX = 14  # docker-compose.yml gives 15
UNITS = [line.split(",")[0] for line in (SMALL_CITY / "units.csv").read_text().splitlines()[1:]]


def load_begins(system, shared):
    system.start_all(replicas=2)
    shared["client"] = Client(system.endpoints("intake"), system.server_key(), system.key("client", "load"))
    shared["load"] = Load(shared["client"], report, 300)
    shared["threads"] = [shared["load"]]
    shared["load"].start()
    wait_until(lambda: len(shared["client"].accepted) > 300, 20, "the first reports accepted")


def sigterm_ends_with_0_and_hands_over(system, shared):
    for service in SERVICES:
        replica = system.replica(service, 1)
        member, began = replica.member(), watch.seconds()
        replica.signal(signal.SIGTERM)
        status = replica.process.wait(timeout=20)
        ended = watch.seconds() - began
        wait_until(lambda: member not in system.owners(service), 30, f"shards of {replica.name} taken over")
        print(f"# {service}: ended after {ended:.2f} s, its shards elsewhere after {watch.seconds() - began:.2f} s")
        assert status == 0, f"{replica.name} ended with {status}: {replica.journal()[-3:]}"
        assert ended < DRAIN_SECONDS_MAX, ended
        assert replica.journal("stopped"), replica.journal()[-3:]
        assert system.sql.number(f"SELECT count(*) FROM mesh.member WHERE member = {member}") == 0
        accepted = len(shared["client"].accepted)
        wait_until(lambda: len(shared["client"].accepted) > accepted + 100, 20, "reports accepted by the other one")
        replica.start().wait_ready()
        system.wait_shared([service])


def departments_are_told_where_their_streams_went(system, shared):
    """By the replica that ends; else they would wait for three seconds of its silence."""
    keys = {unit: system.key("department", unit, unit=unit) for unit in UNITS}
    departments = [Department(system.endpoints("notification"), system.server_key(), keys[unit], unit) for unit in UNITS]
    shared["threads"] += departments
    for department in departments:
        department.start()
    wait_until(lambda: sum(department.head > 0 for department in departments) > 3, 20, "streams are followed")
    time.sleep(1)  # whoever asked the wrong replica has been sent on by now
    moves, silences = (sum(getattr(department, name) for department in departments) for name in ("moves", "silences"))
    ends = system.replica("notification", 1)
    ends.signal(signal.SIGTERM)
    assert ends.process.wait(timeout=20) == 0
    wait_until(lambda: sum(department.moves for department in departments) > moves, 20, "somebody was told")
    assert sum(department.silences for department in departments) == silences, "nobody was told, they noticed"
    heads = [department.head for department in departments]
    wait_until(lambda: any(department.head > head for department, head in zip(departments, heads)), 20, "streams go on")
    for department in departments:
        department.stop()
        assert not department.faults, (department.stream, department.faults[:3])
    ends.start().wait_ready()
    system.wait_shared(["notification"])


def all_end_in_any_order(system, shared):
    shared["load"].finish()
    for replica in system.replicas.values():
        replica.signal(signal.SIGTERM)
    for replica in system.replicas.values():
        assert replica.process.wait(timeout=END_SECONDS_MAX) == 0, (replica.name, replica.journal()[-3:])


def nothing_is_lost(system, shared):
    for replica in system.replicas.values():
        replica.start()
    for replica in system.replicas.values():
        replica.wait_ready()
    assert_sound(system)
    cases = {int(case) for (case,) in system.sql.rows("SELECT case_id FROM routing.case_file")}
    accepted = set(shared["client"].accepted.values())
    assert accepted == cases, (len(accepted), len(cases), sorted(accepted ^ cases)[:5])
    shared["client"].close()


main("drain", [load_begins, sigterm_ends_with_0_and_hands_over, departments_are_told_where_their_streams_went,
               all_end_in_any_order, nothing_is_lost])
