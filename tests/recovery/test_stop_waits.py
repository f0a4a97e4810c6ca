#!/usr/bin/python3
"""SIGTERM while commits wait for a synchronous standby that is gone: each replica ends by itself before a supervisor has to kill it, says
why, and after the standby is given up nothing is lost or doubled."""
import signal
import subprocess
import sys
import time
from pathlib import Path

sys.dont_write_bytecode = True
sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "lib"))

from checks import assert_sound, main, report, wait_until
from clients import Client

GRACE_SECONDS = 14  # docker-compose.yml gives 15


def standby(system, names):
    system.sql.rows("ALTER SYSTEM SET synchronous_commit = on")
    system.sql.rows(f"ALTER SYSTEM SET synchronous_standby_names = '{names}'")
    system.sql.rows("SELECT pg_reload_conf()")
    if names:
        await_held_commits(system)


def await_held_commits(system):
    """Until a commit of ours waits. The postmaster tells the sessions of new settings before it tells the process that has commits wait, so
    those of the services have been told by then, and each takes them before its next statement."""
    waits = "SELECT {} FROM pg_stat_activity WHERE wait_event = 'SyncRep' AND usename = 'postgres'"
    commit = ["psql", "-qXd", system.url(), "-c", "SELECT pg_logical_emit_message(true, 'test', 'a commit')"]
    probes = []

    def held():
        if not probes or probes[-1].poll() is not None:
            probes.append(subprocess.Popen(commit, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL))
        return system.sql.number(waits.format("count(*)"))
    wait_until(held, 20, "a commit waits")
    system.sql.rows(waits.format("pg_cancel_backend(pid)"))
    probes[-1].wait(20)


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
    early = [key for key in client.accepted if key.startswith("waits")]
    assert not early, early
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
    assert len(shared["client"].accepted) == 25 and not shared["client"].changed, (len(shared["client"].accepted), shared["client"].changed)
    assert_sound(system)
    assert system.sql.number("SELECT count(*) FROM intake.report") == 25
    shared["client"].close()


main("stop_waits", [who_waits_for_a_standby_ends_in_time, nothing_is_lost_or_doubled])
