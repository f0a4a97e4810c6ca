#!/usr/bin/python3
"""Shards and streams change hands. Whoever follows hears where they went, also where a view of the mesh is read while it changes, and nobody
counts on a newcomer that is not ready. A lock on a table holds those who read a view for as long as the test wants."""
import signal
import socket
import sys
import time
from pathlib import Path

sys.dont_write_bytecode = True
sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "lib"))

import watch
from checks import main, report, wait_until
from clients import Client, Department, Load
from sql import Sql
from system import SMALL_CITY

UNITS = [line.split(",")[0] for line in (SMALL_CITY / "units.csv").read_text().splitlines()[1:]]
TOLD_SECONDS_MAX = 2.0   # silence is noticed after 3
NOTICED_SECONDS_MAX = 0.15  # whoever does not hear of it looks again after 0.25
SETTLED_SECONDS = 1.5
UNCLAIMED_MAX = 16
TRIES = 6
LATECOMERS = 3
CLAIMED_SECONDS_MAX = 3
ROUNDS = 3
STILL_SECONDS_MAX = 2.0  # without an entry, on a busy machine


class Held:
    """Whoever reads a view waits in its middle while this block lasts: mesh.access is read behind members, placements and shards."""

    def __init__(self, system):
        self.sql = Sql(system.url())

    def __enter__(self):
        self.sql.rows("BEGIN; LOCK mesh.access IN ACCESS EXCLUSIVE MODE")
        return self

    def __exit__(self, *_):
        self.sql.rows("COMMIT")
        self.sql.close()


def follow_all(system, shared):
    shared["client"] = Client(system.endpoints("intake"), system.server_key(), system.key("client", "load"))
    shared["load"] = Load(shared["client"], report, 100)
    keys = shared["keys"] = {unit: system.key("department", unit, unit=unit) for unit in UNITS}
    endpoints = system.endpoints("notification")
    shared["departments"] = [Department(endpoints, system.server_key(), keys[unit], unit) for unit in UNITS]
    shared["threads"] = [shared["load"], *shared["departments"]]
    for thread in shared["threads"]:
        thread.start()


def departments_follow(system, shared):
    system.start_all(replicas=3)
    follow_all(system, shared)
    wait_until(lambda: sum(len(department.entries) > 10 for department in shared["departments"]) > 5, 30,
               "departments have entries")


def served_by(system, replica):
    """Units whose stream lies in a shard of this replica (FNV-1a of the name)."""
    member = str(replica.member())
    owned = {int(shard) for shard, owner in system.sql.rows("SELECT shard, owner FROM notification.shard") if owner == member}
    return [unit for unit in UNITS if fnv(unit) % 128 in owned]


def settled(shared):
    """Stream → how often its department was moved, once nobody is any more."""
    def counts():
        return {department.stream: department.moves for department in shared["departments"]}
    before, since = counts(), time.monotonic()
    while time.monotonic() - since < SETTLED_SECONDS:
        time.sleep(0.05)
        if counts() != before:
            before, since = counts(), time.monotonic()
    return before


def fnv(name):
    value = 2166136261
    for byte in name.encode():
        value = (value ^ byte) * 16777619 % 2**32
    return value


def most_served(system):
    return max((system.replica("notification", n) for n in (2, 3)), key=lambda replica: len(served_by(system, replica)))


def back(system, replica):
    replica.start().wait_ready()
    system.wait_shared(["notification"])


def who_leaves_while_its_view_is_read_tells_its_followers(system, shared):
    """Its shards are claimed between two reads of one view, unless one of the others was at the second of its own before."""
    assert any(leaves_while_its_view_is_read(system, shared) for _ in range(TRIES)), "its shards were not claimed"


def leaves_while_its_view_is_read(system, shared):
    leaves = most_served(system)
    moved = settled(shared)
    units, member = served_by(system, leaves), leaves.member()
    assert units, "no stream lies there"
    with Held(system):
        leaves.signal(signal.SIGTERM)
        began = watch.seconds()
        claimed = happens(lambda: member not in system.owners("notification"), CLAIMED_SECONDS_MAX)
    if claimed:
        await_moves(shared, units, moved, began)
    assert leaves.process.wait(timeout=20) == 0
    back(system, leaves)
    return claimed


def who_can_wait_no_longer_sends_its_followers_to_any_other(system, shared):
    """Nobody tells it in time who has claimed its shards."""
    leaves = most_served(system)
    moved = settled(shared)
    units = served_by(system, leaves)
    assert units, "no stream lies there"
    with Held(system):
        leaves.signal(signal.SIGTERM)
        await_moves(shared, units, moved, watch.seconds())
    assert leaves.process.wait(timeout=20) == 0
    back(system, leaves)


def happens(condition, seconds):
    try:
        return wait_until(condition, seconds, "")
    except AssertionError:
        return False


def await_moves(shared, units, moved, began):
    told = [department for department in shared["departments"] if department.stream in units]
    wait_until(lambda: all(department.moves > moved[department.stream] for department in told), TOLD_SECONDS_MAX + 10, "all are told")
    took = watch.seconds() - began
    print(f"# {len(told)} departments were told after {took:.2f} s")
    assert took < TOLD_SECONDS_MAX, took


def who_is_sent_to_one_that_has_just_left_is_sent_on(system, shared):
    """By another replica, which had not heard of it. A machine that stands still may make somebody too late; not each time."""
    sent_on = [latecomer_is_sent_on(system, shared, most_served(system)) for _ in range(LATECOMERS)]
    assert any(sent_on), "nobody answered them"


def latecomer_is_sent_on(system, shared, leaves):
    late = Department([leaves.public_endpoint], system.server_key(), shared["keys"][UNITS[0]], UNITS[0])
    shared["threads"].append(late)
    member = leaves.member()
    leaves.signal(signal.SIGTERM)
    wait_until(lambda: member not in system.owners("notification"), 15, "its shards are claimed")
    late.start()
    wait_until(lambda: late.moves or late.silences, 15, "the latecomer is sent on, or gives up")
    late.stop()
    assert leaves.process.wait(timeout=20) == 0
    back(system, leaves)
    return late.moves > 0


def no_department_is_still_while_replicas_go_and_come(system, shared):
    going = [system.replica("notification", n) for n in (2, 3)]
    busy = sorted(shared["departments"], key=lambda department: -len(department.entries))[:3]
    for nth in range(ROUNDS):
        for replica in going:
            replica.signal(signal.SIGTERM)
        worst = longest_still(busy, 3)
        for replica in going:
            assert replica.process.wait(timeout=20) == 0
            replica.start()
        worst = max(worst, longest_still(busy, 3))
        system.wait_shared(["notification"])
        print(f"# round {nth + 1}: {worst:.2f} s without an entry at most")
        assert worst < STILL_SECONDS_MAX, worst


def longest_still(departments, seconds):
    """Of the departments that get entries all the time: how long one got none."""
    end = watch.seconds() + seconds
    last = {department: (department.cursor, watch.seconds()) for department in departments}
    worst = 0.0
    while watch.seconds() < end:
        for department in departments:
            cursor, since = last[department]
            worst = max(worst, watch.seconds() - since)
            if department.cursor != cursor:
                last[department] = department.cursor, watch.seconds()
        time.sleep(0.02)
    return worst


def what_is_announced_while_a_view_is_read_is_looked_at_at_once(system, shared):
    """A member of an upstream joins while a view is read, behind the place where members are: it is connected to soon, not at the next round."""
    shared["load"].finish()
    for replica in system.replicas.values():
        if replica.name != "notification-1":
            replica.signal(signal.SIGTERM)
    for replica in system.replicas.values():
        assert replica.name == "notification-1" or replica.process.wait(timeout=20) == 0, (replica.name, replica.journal()[-3:])
    public = system.key("client", "nobody")[0].decode()
    quickest = min(noticed_after(system, public) for _ in range(TRIES))
    print(f"# connected {quickest * 1000:.0f} ms after the view was read")
    assert quickest < NOTICED_SECONDS_MAX, quickest


def noticed_after(system, public):
    with socket.create_server(("127.0.0.1", 0)) as listener:
        listener.settimeout(15)
        endpoint = f"tcp://127.0.0.1:{listener.getsockname()[1]}"
        with Held(system):
            system.sql.rows("SELECT pg_notify('mesh', '')")
            wait_until(lambda: system.sql.number("SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock'"), 15, "a view is read")
            system.sql.rows(f"""INSERT INTO mesh.member (service, endpoint, public_endpoint, curve_key, version, ring)
                VALUES ('routing', '{endpoint}', '', $k${public}$k$, '', ''); SELECT pg_notify('mesh', 'notification')""")
        began = time.monotonic()
        listener.accept()[0].close()
        took = time.monotonic() - began
    system.sql.rows("DELETE FROM mesh.member WHERE service = 'routing'; SELECT pg_notify('mesh', '')")
    time.sleep(0.3)
    return took


def few_shards_are_without_an_owner_while_a_newcomer_is_slow(system, shared):
    """Alone until now, notification-1 has half of the shards to give away."""
    slow = system.replica("notification", 2).start()
    wait_until(lambda: slow.journal("joined"), 20, "it joins")
    slow.signal(signal.SIGSTOP)
    time.sleep(1)
    unowned = system.owners("notification").get(0, 0)
    slow.signal(signal.SIGCONT)
    print(f"# {unowned} shards had no owner")
    assert unowned <= UNCLAIMED_MAX, unowned
    slow.wait_ready()
    system.wait_shared(["notification"])


def no_newcomer_refuses_keys_that_it_does_not_know_yet(system, shared):
    """Handshakes wait for its first view, which brings the city too."""
    for replica in system.replicas.values():
        events = [line.get("event") for line in replica.journal()]
        assert "key_refused" not in events[:events.index("city_loaded")], (replica.name, events)


def departments_have_everything_in_order(system, shared):
    for department in shared["departments"]:
        department.stop()
        assert not department.order_faults(), (department.stream, department.order_faults()[:3])
    shared["client"].close()


main("hand_over", [departments_follow, who_leaves_while_its_view_is_read_tells_its_followers,
                   who_can_wait_no_longer_sends_its_followers_to_any_other,
                   who_is_sent_to_one_that_has_just_left_is_sent_on, no_department_is_still_while_replicas_go_and_come,
                   what_is_announced_while_a_view_is_read_is_looked_at_at_once, few_shards_are_without_an_owner_while_a_newcomer_is_slow,
                   no_newcomer_refuses_keys_that_it_does_not_know_yet, departments_have_everything_in_order])
