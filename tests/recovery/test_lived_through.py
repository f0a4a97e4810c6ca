#!/usr/bin/python3
"""Replicas that live through a restore: none of them asks the restored database for anything, becomes a member or claims a shard in it.
They end, and those that are started after them go on. (tests/recovery/test_restore.py restores for real, this one only what the database
says of itself: its lives.)"""
import signal
import sys
from pathlib import Path

sys.dont_write_bytecode = True
sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "lib"))

from checks import assert_sound, hand_in, main, wait_applied, wait_until

REPORTS = 40
SERVICES = ("intake", "routing", "escalation", "notification", "desk")


def registered(system):
    return system.sql.number("SELECT last_value FROM mesh.member_member_seq")


def owned(system):
    return sum(system.sql.number(f"SELECT count(*) FROM {service}.shard WHERE owner > 0") for service in SERVICES[:-1])


def looked_at(system):
    """Tables of which rows were read since the statistics were reset."""
    return [name for (name,) in system.sql.rows(
        "SELECT schemaname || '.' || relname FROM pg_stat_user_tables WHERE coalesce(seq_tup_read, 0) + coalesce(idx_tup_fetch, 0) > 0 "
        "AND schemaname IN ('intake', 'routing', 'escalation', 'notification', 'desk')")]


def all_live_through_a_restore(system, shared):
    system.start_all(replicas=1, services=SERVICES)
    hand_in(system, "before", REPORTS)
    wait_applied(system)
    for replica in system.replicas.values():
        replica.signal(signal.SIGSTOP)
    system.sql.rows("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename LIKE 'zhitong_%'")
    wait_until(lambda: not system.sql.rows("SELECT pid FROM pg_stat_activity WHERE usename LIKE 'zhitong_%'"), 10, "their sessions end")
    system.sql.rows("SELECT what FROM mesh.begin_incarnation()")
    shared["registered"] = registered(system)
    system.sql.rows("SELECT pg_stat_force_next_flush()")  # what this connection has read itself
    system.sql.rows("SELECT pg_stat_reset()")


def they_end_and_ask_it_for_nothing(system, shared):
    for replica in system.replicas.values():
        replica.signal(signal.SIGCONT)
    for replica in system.replicas.values():
        wait_until(lambda replica=replica: not replica.alive(), 20, f"{replica.name} ends by itself")
        assert replica.journal("city_restored"), (replica.name, replica.journal()[-3:])
    assert not looked_at(system), looked_at(system)
    assert registered(system) == shared["registered"], "one of them joined the restored city"
    assert owned(system) == 0, owned(system)


def who_is_started_after_them_goes_on(system, _shared):
    for replica in system.replicas.values():
        replica.start()
    for replica in system.replicas.values():
        replica.wait_ready()
    hand_in(system, "after", REPORTS)
    wait_applied(system)
    assert_sound(system)


if __name__ == "__main__":
    main("lived_through", [all_live_through_a_restore, they_end_and_ask_it_for_nothing, who_is_started_after_them_goes_on])
