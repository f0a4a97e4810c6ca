#!/usr/bin/python3
"""When everybody was stopped for a while (a machine that was suspended, a database that stood still), everybody was silent: none of them
may take the others for hung, and nothing moves."""
import os
import signal
import sys
import time
from pathlib import Path

sys.dont_write_bytecode = True
sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "lib"))

from checks import assert_sound, main
from system import SERVICES, wait_until

STOPPED_SECONDS = 6.5  # more than ZHITONG_HUNG_MS
REPLICAS = 3


def processes_of_postgres(system):
    server = int((system.folder / "pg/data/postmaster.pid").read_text().split()[0])
    found = [server]
    for folder in Path("/proc").iterdir():
        if folder.name.isdigit():
            try:
                if int((folder / "stat").read_text().rsplit(")", 1)[1].split()[1]) == server:
                    found.append(int(folder.name))
            except OSError:  # it has ended
                pass
    return found


def stop_for_a_while(processes):
    for process in processes:
        os.kill(process, signal.SIGSTOP)
    time.sleep(STOPPED_SECONDS)
    for process in processes:
        os.kill(process, signal.SIGCONT)


def nobody_is_put_out(system, processes):
    members = {replica: replica.member() for replica in system.replicas.values()}
    owners = {service: system.owners(service) for service in SERVICES}
    stop_for_a_while(processes)
    time.sleep(3)
    for replica in members:
        wait_until(replica.ready, 20, f"{replica.name} ready")
    hung = [line["text"] for replica in members for line in replica.journal("replica_hung")]
    assert not hung, hung
    now = {replica: replica.member() for replica in members}
    assert now == members, [(replica.name, member, now[replica]) for replica, member in members.items() if now[replica] != member]
    shares = {service: system.owners(service) for service in SERVICES}
    assert shares == owners, (owners, shares)


def after_the_database_stood_still_nobody_is_put_out(system, _shared):
    system.start_all(replicas=REPLICAS)
    nobody_is_put_out(system, processes_of_postgres(system))


def after_all_replicas_stood_still_nobody_is_put_out(system, _shared):
    nobody_is_put_out(system, [replica.pid for replica in system.replicas.values()])


def one_that_stands_still_alone_is_put_out(system, _shared):
    replica = system.replica("routing", 1)
    member = replica.member()
    replica.signal(signal.SIGSTOP)
    wait_until(lambda: member not in system.owners("routing"), 30, "its shards taken over")
    replica.signal(signal.SIGCONT)
    system.wait_shared(["routing"])
    assert_sound(system)


main("hung_together", [after_the_database_stood_still_nobody_is_put_out, after_all_replicas_stood_still_nobody_is_put_out,
                       one_that_stands_still_alone_is_put_out])
