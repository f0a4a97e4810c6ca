#!/usr/bin/python3
"""A replica is stopped under load and loses its shards meanwhile; when it runs on it believes that it still owns them.
The fence rejects what it had begun: nothing is doubled, nothing lost."""
import signal
import sys
import time
from pathlib import Path

sys.dont_write_bytecode = True
sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "lib"))

from checks import assert_sound, main, report, wait_until
from clients import Client, Department, Load

UNIT = "town_hall"


def load_begins(system, shared):
    system.start_all(replicas=2)
    key = system.key("department", UNIT, UNIT)
    shared["department"] = Department(system.endpoints("notification"), system.server_key(), key, UNIT)
    shared["client"] = Client(system.endpoints("intake"), system.server_key(), system.key("client", "load"))
    shared["load"] = Load(shared["client"], report, 500)
    shared["threads"] = [shared["department"], shared["load"]]
    system.zhitong("time", "drive", "--speed", "50")
    shared["department"].start()
    shared["load"].start()
    wait_until(lambda: len(shared["client"].accepted) > 1000, 20, "the first reports accepted")


def cut_off(system, replica):
    """Stopped as a hypervisor would; its connections, and with them its lock, are gone for PostgreSQL."""
    member = replica.member()
    replica.signal(signal.SIGSTOP)
    time.sleep(0.2)
    system.sql.rows("SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
                    f" WHERE usename = 'zhitong_{replica.service}' AND pid IN (SELECT pid FROM pg_locks"
                    f" WHERE locktype = 'advisory' AND classid = mesh.lock_class() AND objid = {member})")
    wait_until(lambda: member not in system.owners(replica.service), 10, f"shards of {replica.name} taken over")
    return member


def a_stopped_owner_loses_its_shards_and_not_the_order(system, shared):
    """Only the connection with the lock is cut: the lanes' own connections still work when the zombie wakes."""
    for service in ("intake", "routing", "escalation", "notification"):
        replica = system.replica(service, 1)
        before = replica.metric("fence_lost_total")
        member = cut_off(system, replica)
        taken_at = len(shared["client"].accepted)
        wait_until(lambda: len(shared["client"].accepted) > taken_at + 500, 30, "reports accepted by the others")
        replica.signal(signal.SIGCONT)
        replica.wait_ready()
        wait_until(lambda: replica.member() != member, 20, f"{replica.name} joined again")
        system.wait_shared([service])
        lost = replica.metric("fence_lost_total") - before
        noticed = len(replica.journal("shard_lost"))
        print(f"# {service}: {lost:.0f} batches rejected at the fence, {noticed} shards found lost")
        shared["fenced"] = shared.get("fenced", 0) + lost + noticed


def the_fence_was_met(_, shared):
    assert shared["fenced"] > 0, "no zombie tried to commit: this test proved nothing"


def nothing_is_lost_or_doubled(system, shared):
    client = shared["client"]
    shared["load"].finish()
    system.zhitong("time", "drive", "--speed", "0.0001")
    assert_sound(system)
    cases = {int(case) for (case,) in system.sql.rows("SELECT case_id FROM routing.case_file")}
    assert set(client.accepted.values()) == cases, (len(client.accepted), len(cases))
    assert not client.changed and not client.refused
    print(f"# tally: {len(cases)} cases, 0 lost, 0 doubled, {client.retried} retries, {client.busy} busy")
    client.close()


def the_department_heard_everything_in_order(system, shared):
    follower = shared["department"]
    head = system.sql.number(f"SELECT head FROM notification.stream WHERE unit = '{UNIT}'")
    wait_until(lambda: follower.cursor == head, 20, lambda: f"{follower.cursor} of {head} at the department")
    assert not follower.order_faults(), follower.order_faults()[:5]
    assert len(follower.entries) == head


main("zombie", [load_begins, a_stopped_owner_loses_its_shards_and_not_the_order, the_fence_was_met,
                nothing_is_lost_or_doubled, the_department_heard_everything_in_order])
