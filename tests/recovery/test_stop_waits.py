#!/usr/bin/python3
"""SIGTERM while commits wait for a synchronous standby that is gone: each replica ends by itself before a supervisor has to kill it, says
why, and after the standby is given up nothing is lost or doubled."""
import signal
import sys
import time
from pathlib import Path

sys.dont_write_bytecode = True
sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "lib"))

from checks import assert_sound, main, report, wait_until
from clients import Client

GRACE_SECONDS = 12  # docker-compose.yml gives 15


def standby(system, names):
    system.sql.rows("ALTER SYSTEM SET synchronous_commit = on")
    system.sql.rows(f"ALTER SYSTEM SET synchronous_standby_names = '{names}'")
    system.sql.rows("SELECT pg_reload_conf()")
    time.sleep(1)  # each server process takes it at its next statement; the mesh asks some four times a second


def who_waits_for_a_standby_ends_in_time(system, shared):
    system.start_all(replicas=1)
    client = shared["client"] = Client(system.endpoints("intake"), system.server_key(), system.key("client", "load"))
    client.submit_all({f"before-{nth}": report(nth) for nth in range(20)})
    standby(system, "nobody")
    for nth in range(5):
        client.send(f"waits-{nth}", report(nth))

    def waits():
        client.turn()
        return system.sql.number("SELECT count(*) FROM pg_stat_activity WHERE wait_event = 'SyncRep' AND usename = 'zhitong_intake'")

    wait_until(waits, 20, "a commit waits for the standby")
    assert not any(key.startswith("waits") for key in client.accepted)
    began = time.monotonic()
    for replica in system.replicas.values():
        replica.signal(signal.SIGTERM)
    for replica in system.replicas.values():
        replica.process.wait(timeout=max(0.1, began + GRACE_SECONDS - time.monotonic()))
    print(f"# all ended {time.monotonic() - began:.1f} s after SIGTERM")
    assert system.replica("intake").journal("cut_off"), system.replica("intake").journal()[-3:]


def nothing_is_lost_or_doubled(system, shared):
    standby(system, "")
    for replica in system.replicas.values():
        replica.start().wait_ready()
    shared["client"].finish()
    assert len(shared["client"].accepted) == 25 and not shared["client"].changed
    assert_sound(system)
    assert system.sql.number("SELECT count(*) FROM intake.report") == 25
    shared["client"].close()


main("stop_waits", [who_waits_for_a_standby_ends_in_time, nothing_is_lost_or_doubled])
