#!/usr/bin/python3
"""PostgreSQL is killed while a commit waits for a standby that is gone, and comes back without one: the commit can be seen, but one machine
alone has it. It is told to no department and to no webhook until a standby has it too: were that machine lost now, the standby would give
the same seqs to other entries."""
import signal
import sys
import time
from pathlib import Path

sys.dont_write_bytecode = True
sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "lib"))

from checks import assert_sound, hand_in, main, wait_until
from clients import Department
from endpoints import add
from webhook_sink import Sink

UNIT = "town_hall"
QUIET_SECONDS = 4  # services are back after half a second, and ask again each second
HEAD = f"SELECT coalesce(max(head), 0) FROM notification.stream WHERE unit = '{UNIT}'"


def standby(system, names):
    system.sql.rows(f"ALTER SYSTEM SET synchronous_standby_names = '{names}'")
    system.sql.rows("SELECT pg_reload_conf()")
    time.sleep(1)  # each server process takes it at its next statement


def sent(shared):
    return {got.id for got in shared["sink"].of("ok/alone")}


def all_is_told_while_a_standby_has_it(system, shared):
    system.start_all(replicas=1)
    shared["sink"] = Sink()
    add(system, "alone", UNIT, shared["sink"].url("ok/alone"))
    system.key("department", UNIT, UNIT)
    keys = system.read_key(system.folder / f"{UNIT}.key")
    shared["department"] = Department(system.endpoints("notification"), system.server_key(), keys, UNIT)
    shared["department"].start()
    hand_in(system, "before", 20)
    wait_until(lambda: 0 < system.sql.number(HEAD) == shared["department"].cursor == len(sent(shared)), 20,
               lambda: (system.sql.number(HEAD), shared["department"].cursor, len(sent(shared))))


def what_one_machine_has_is_told_to_nobody(system, shared):
    shared["told"] = shared["department"].cursor
    notification = system.replica("notification")
    notification.signal(signal.SIGSTOP)
    hand_in(system, "alone", 20)
    wait_until(lambda: system.sql.number("SELECT count(*) FROM intake.report r WHERE NOT EXISTS "
                                         "(SELECT FROM routing.case_file c WHERE c.case_id = r.case_id)") == 0, 20, "all routed")
    standby(system, "nobody")
    notification.signal(signal.SIGCONT)
    wait_until(lambda: system.sql.number("SELECT count(*) FROM pg_stat_activity WHERE wait_event = 'SyncRep' "
                                         "AND usename = 'zhitong_notification'"), 20, "its commit waits")
    system.cluster("kill")
    system.sql.close()
    system.cluster("start")
    shared["head"] = system.sql.number(HEAD)
    assert shared["head"] > shared["told"], "the commit cannot be seen"
    time.sleep(QUIET_SECONDS)
    assert notification.alive() and shared["department"].cursor == shared["told"], (shared["department"].cursor, shared["told"])
    assert len(sent(shared)) == shared["told"], (len(sent(shared)), shared["told"])


def it_is_told_as_soon_as_the_standby_has_it(system, shared):
    standby(system, "")
    wait_until(lambda: shared["department"].cursor >= shared["head"] and len(sent(shared)) >= shared["head"], 20,
               lambda: (shared["head"], shared["department"].cursor, len(sent(shared))))
    assert not shared["department"].order_faults(), shared["department"].order_faults()[:3]
    shared["department"].stop()
    assert_sound(system)


if __name__ == "__main__":
    main("one_machine", [all_is_told_while_a_standby_has_it, what_one_machine_has_is_told_to_nobody,
                         it_is_told_as_soon_as_the_standby_has_it], durable=True,
         settings={"notification": {"ZHITONG_PRIVATE_HOSTS": "127.0.0.1", "ZHITONG_RETRY_SCALE_PERCENT": "1"}})
