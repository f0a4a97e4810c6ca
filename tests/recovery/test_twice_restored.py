#!/usr/bin/python3
"""A city that was restored, and again before anything was appended to some stream: that stream has a life without entries. Whoever
reads on from before both restores gets what came after the second, and hears from which seq on his own is void."""
import sys
from pathlib import Path

sys.dont_write_bytecode = True
sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "lib"))

from checks import assert_sound, main, report, wait_applied
from clients import Client

SPAN = 10**12  # seqs of an incarnation
REPORTS = 40


def hand_in(system, name):
    client = Client(system.endpoints("intake"), system.server_key(), system.key("client", name))
    client.submit_all({f"{name}-{nth}": report(nth) for nth in range(REPORTS)})
    client.close()
    wait_applied(system)


def heads(system):
    return {unit: int(head) for unit, head in system.sql.rows("SELECT unit, head FROM notification.stream")}


def two_restores_follow_each_other(system, shared):
    system.start_all(replicas=1)
    hand_in(system, "before")
    for replica in system.replicas.values():
        replica.kill()
    shared["before"] = heads(system)
    assert len(shared["before"]) > 1, shared["before"]
    for _ in range(2):
        system.sql.rows("SELECT what FROM mesh.begin_incarnation()")
    shared["lives"] = [int(life) for (life,) in system.sql.rows("SELECT incarnation FROM mesh.incarnation ORDER BY 1")]
    for replica in system.replicas.values():
        replica.start().wait_ready()
    hand_in(system, "after")


def streams_are_read_on_behind_the_second(system, shared):
    base = shared["lives"][-1] * SPAN
    for unit, head in heads(system).items():
        ended = shared["before"].get(unit, 0)
        if head == base:
            continue
        seqs = [int(seq) for (seq,) in
                system.sql.rows(f"SELECT seq FROM notification.read_stream('{unit}', {ended + 1}, 100000)")]
        assert seqs == list(range(base + 1, head + 1)), (unit, ended, head, seqs[:3])


def what_is_void_begins_where_the_first_found_the_end(system, shared):
    base = shared["lives"][-1] * SPAN
    for unit, ended in shared["before"].items():
        (void,) = system.sql.rows(f"SELECT from_seq, to_seq FROM notification.stream_void('{unit}')")
        assert [int(seq) for seq in void] == [ended + 1, base + 1], (unit, void, ended)


def nothing_is_missing(system, _shared):
    assert_sound(system)


main("twice_restored", [two_restores_follow_each_other, streams_are_read_on_behind_the_second,
                        what_is_void_begins_where_the_first_found_the_end, nothing_is_missing])
