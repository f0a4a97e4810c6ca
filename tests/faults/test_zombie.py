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
STEALS_MAX = 8  # whether the zombie begins something before it looks around is a race


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


def freeze(system, replica):
    """Stopped as a hypervisor would. What it has open in PostgreSQL would hold its row locks for as long as it sleeps
    (no timeout of PostgreSQL 15 ends a pipeline that waits for its client): ended, as an operator would."""
    replica.signal(signal.SIGSTOP)
    time.sleep(0.3)
    system.sql.rows(f"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = 'zhitong_{replica.service}'"
                    " AND xact_start < clock_timestamp() - interval '200 ms'")


def cut_off(system, replica):
    """Frozen, and the connection with its lock is gone for PostgreSQL."""
    member = replica.member()
    freeze(system, replica)
    system.sql.rows("SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
                    f" WHERE usename = 'zhitong_{replica.service}' AND pid IN (SELECT pid FROM pg_locks"
                    f" WHERE locktype = 'advisory' AND classid = mesh.lock_class() AND objid = {member})")
    wait_until(lambda: member not in system.owners(replica.service), 10, f"shards of {replica.name} taken over")
    return member


def a_stopped_owner_loses_its_shards_and_not_the_order(system, shared):
    """Only the connection with the lock is cut: the lanes' own connections still work when the zombie wakes."""
    for service in ("intake", "routing", "escalation", "notification"):
        replica = system.replica(service, 1)
        member = cut_off(system, replica)
        taken_at = len(shared["client"].accepted)
        wait_until(lambda: len(shared["client"].accepted) > taken_at + 500, 30, "reports accepted by the others")
        replica.signal(signal.SIGCONT)
        replica.wait_ready()
        wait_until(lambda: replica.member() != member, 20, f"{replica.name} joined again")
        system.wait_shared([service])


def steal(system, replica, other):
    """Gives the shards to another replica behind the stopped one's back, whose lock and connections stay."""
    freeze(system, replica)
    system.sql.rows(f"UPDATE {replica.service}.shard SET owner = {other.member()}, epoch = epoch + 1"
                    f" WHERE owner = {replica.member()};"
                    f" UPDATE mesh.placement SET member = {other.member()} WHERE service = '{replica.service}';"
                    " SELECT pg_notify('mesh', '')")
    time.sleep(0.5)
    replica.signal(signal.SIGCONT)


def what_a_zombie_begins_is_rejected_at_the_fence(system, shared):
    for service in ("intake", "routing", "escalation", "notification"):
        replica, other = system.of(service)
        before, rounds, lost = replica.metric("fence_lost_total"), 0, 0
        while not lost and rounds < STEALS_MAX:
            rounds += 1
            steal(system, replica, other)
            replica.wait_ready()
            system.wait_shared([service])
            lost = replica.metric("fence_lost_total") - before
        print(f"# {service}: shards stolen {rounds} times, {lost:.0f} batches rejected at the fence,"
              f" {len(replica.journal('shard_lost'))} shards found lost")
        shared["fenced"] = shared.get("fenced", 0) + lost
    assert shared["fenced"] > 0, "no zombie tried to commit: this test proved nothing"


def nothing_is_lost_or_doubled(system, shared):
    client = shared["client"]
    shared["load"].finish()
    system.zhitong("time", "drive", "--speed", "0.0001")
    assert_sound(system)
    cases = {int(case) for (case,) in system.sql.rows("SELECT case_id FROM routing.case_file")}
    assert set(client.accepted.values()) == cases, (len(client.accepted), len(cases))
    assert not client.changed and not client.refused, (client.changed[:3], list(client.refused.items())[:3])
    print(f"# tally: {len(cases)} cases, 0 lost, 0 doubled, {client.retried} retries, {client.busy} busy")
    client.close()


def the_department_heard_everything_in_order(system, shared):
    follower = shared["department"]
    head = system.sql.number(f"SELECT head FROM notification.stream WHERE unit = '{UNIT}'")
    wait_until(lambda: follower.cursor == head, 20, lambda: f"{follower.cursor} of {head} at the department")
    assert not follower.order_faults(), follower.order_faults()[:5]
    assert len(follower.entries) == head


main("zombie", [load_begins, a_stopped_owner_loses_its_shards_and_not_the_order, what_a_zombie_begins_is_rejected_at_the_fence,
                nothing_is_lost_or_doubled, the_department_heard_everything_in_order])
