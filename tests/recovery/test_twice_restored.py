#!/usr/bin/python3
"""A city that was restored, and again before anything was appended to some stream: that stream has a life without entries. Whoever
reads on from before both restores gets what came after the second, and hears from which seq on his own is void. So does who was away
over yet another restore, with entries before it."""
import sys
from pathlib import Path

sys.dont_write_bytecode = True
sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "lib"))

from checks import assert_sound, hand_in, main, wait_applied, wait_until
from clients import Department

SPAN = 10**12  # seqs of an incarnation
REPORTS = 40
UNIT = "town_hall"


def heads(system):
    return {unit: int(head) for unit, head in system.sql.rows("SELECT unit, head FROM notification.stream")}


def kill_all(system):
    """PostgreSQL sees a moment later that they are gone; begin_incarnation refuses until then."""
    for replica in system.replicas.values():
        replica.kill()
    wait_until(lambda: not system.sql.rows("SELECT pid FROM pg_locks WHERE locktype = 'advisory' AND classid::bigint = mesh.lock_class()"),
               30, "the sessions of killed replicas end")


def two_restores_follow_each_other(system, shared):
    system.start_all(replicas=1)
    hand_in(system, "before", REPORTS)
    wait_applied(system)
    kill_all(system)
    shared["before"] = heads(system)
    assert len(shared["before"]) > 1, shared["before"]
    for _ in range(2):
        system.sql.rows("SELECT what FROM mesh.begin_incarnation()")
    shared["lives"] = [int(life) for (life,) in system.sql.rows("SELECT incarnation FROM mesh.incarnation ORDER BY 1")]
    for replica in system.replicas.values():
        replica.start().wait_ready()
    hand_in(system, "after", REPORTS)
    wait_applied(system)


def streams_are_read_on_behind_the_second(system, shared):
    base = shared["lives"][-1] * SPAN
    for unit, head in heads(system).items():
        ended = shared["before"].get(unit, 0)
        if head == base:
            continue
        seqs = [int(seq) for (seq,) in
                system.sql.rows(f"SELECT seq FROM notification.read_stream('{unit}', {ended + 1}, 100000) WHERE seq <= {head}")]
        assert seqs == list(range(base + 1, head + 1)), (unit, ended, head, seqs[:3])


def what_is_void_begins_where_the_first_found_the_end(system, shared):
    base = shared["lives"][-1] * SPAN
    for unit, ended in shared["before"].items():
        (void,) = system.sql.rows(f"SELECT from_seq, to_seq FROM notification.stream_void('{unit}')")
        assert [int(seq) for seq in void] == [ended + 1, base + 1], (unit, void, ended)


def assert_truncated(system, cuts):
    """cuts: the seq from which a department follows, and what it hears: where it may go on, and from where on its own is void."""
    keys = system.read_key(system.folder / f"{UNIT}.key")
    for first, heard in cuts:
        follower = Department(system.endpoints("notification"), system.server_key(), keys, UNIT, first)
        follower.start()
        wait_until(lambda: follower.truncated, 20, lambda: f"truncated, for {first}; refused: {follower.refused}")
        follower.stop()
        assert (follower.truncated[0], follower.void_from[0]) == heard, (first, heard, follower.truncated, follower.void_from)


def who_was_away_over_two_restores_hears_the_lowest_that_is_void(system, shared):
    kill_all(system)
    ended, again = shared["before"][UNIT], heads(system)[UNIT]
    between = shared["lives"][-1] * SPAN
    system.sql.rows("SELECT what FROM mesh.begin_incarnation()")
    base = system.sql.number("SELECT max(incarnation) FROM mesh.incarnation") * SPAN
    for replica in system.replicas.values():
        replica.start().wait_ready()
    hand_in(system, "once more", REPORTS)
    wait_applied(system)
    system.key("department", UNIT, UNIT)
    assert_truncated(system, ((ended + 6, (between + 1, ended + 1)), (between + 1, (base + 1, again + 1)), (again + 6, (base + 1, again + 1))))
    kept = f"UPDATE notification.stream_kept SET first = %s WHERE unit = '{UNIT}' RETURNING first"
    assert system.sql.rows(kept % (base + 2)), "the stream's first day is noted"
    assert_truncated(system, ((ended - 1, (base + 2, 0)), (ended + 6, (base + 2, ended + 1)), (again + 6, (base + 2, again + 1))))
    system.sql.rows(kept % 1)


def nothing_is_missing(system, _shared):
    assert_sound(system)


main("twice_restored", [two_restores_follow_each_other, streams_are_read_on_behind_the_second,
                        what_is_void_begins_where_the_first_found_the_end,
                        who_was_away_over_two_restores_hears_the_lowest_that_is_void, nothing_is_missing])
