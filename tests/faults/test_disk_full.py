#!/usr/bin/python3
"""The database's disk is full: reports are answered busy, the reason is in the journal, nothing is half applied, and with
space again everything goes on by itself."""
import os
import subprocess
import sys
import tempfile
from pathlib import Path

sys.dont_write_bytecode = True
sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "lib"))

from checks import assert_sound, main, report, wait_until
from clients import Client

LEFT_BYTES = 2_000_000  # what the filler leaves: some hundred reports


def works_while_there_is_space(system, shared):
    shared["threads"] = []
    system.start_all(replicas=1)
    shared["client"] = Client(system.endpoints("intake"), system.server_key(), system.key("client", "client"))
    shared["client"].submit_all({f"before-{nth}": report(nth) for nth in range(500)})


def fill(system):
    """Everything but a little, with a file that any user could have left there."""
    filler = system.folder / "pg" / "filler"
    disk = os.statvfs(filler.parent)
    with open(filler, "wb") as file:
        os.posix_fallocate(file.fileno(), 0, disk.f_bavail * disk.f_frsize - LEFT_BYTES)
    return filler


def complaints(system):
    lines = [str(line) for replica in system.replicas.values()
             for event in ("batch_retried", "database_lost") for line in replica.journal(event)]
    return [line for line in lines if "space" in line or "extend" in line or "write" in line]


def a_full_disk_is_told_and_reports_are_busy(system, shared):
    shared["filler"] = fill(system)
    client = shared["client"]
    for nth in range(6000):
        client.send(f"full-{nth}", report(nth), 0)
    wait_until(lambda: (client.turn(), complaints(system))[1], 30, "a word about the disk in a journal")
    wait_until(lambda: (client.turn(), client.busy)[1], 30, "a busy answer")
    for replica in system.replicas.values():
        assert replica.alive(), replica.name


def with_space_again_everything_goes_on(system, shared):
    shared["filler"].unlink()
    system.cluster("start")  # PostgreSQL ends when its log cannot be written; a no-op when it runs
    for replica in system.replicas.values():
        replica.wait_ready()
    shared["client"].finish()
    assert len([key for key in shared["client"].accepted if key.startswith("full-")]) == 6000


def nothing_was_half_applied(system, shared):
    shared["client"].close()
    assert_sound(system)


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as folder:
        mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=1m", "zhitong-test", folder], capture_output=True)
        if mounted.returncode != 0:
            print("skip disk_full this user may not mount a small disk")
            sys.exit(0)
        subprocess.run(["umount", folder], check=True)
    main("disk_full", [works_while_there_is_space, a_full_disk_is_told_and_reports_are_busy,
                       with_space_again_everything_goes_on, nothing_was_half_applied], durable=True, disk="400m")
