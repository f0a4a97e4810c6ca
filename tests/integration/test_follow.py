#!/usr/bin/python3
"""Departments follow: events, filters, starting points and groups, whatever happens to members and replicas."""
import datetime
import json
import os
import subprocess
import sys
from pathlib import Path

sys.dont_write_bytecode = True
sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "lib"))

from checks import main, report, wait_applied, wait_until
from clients import Client, Department
from system import BUILD

UNIT = "north_office"
REPORTS = 400


def department(system, shared, **wants):
    follower = Department(system.endpoints("notification"), system.server_key(), shared["key"], UNIT, **wants)
    shared["threads"].append(follower)
    follower.start()
    return follower


def head(system):
    return system.sql.number(f"SELECT head FROM notification.stream WHERE unit = '{UNIT}'")


def submit(system, shared, count):
    first = shared["sent"]
    shared["sent"] += count
    shared["client"].submit_all({f"follow-{nth}": report(nth) for nth in range(first, first + count)})
    wait_applied(system)


def follow(system, *words, seconds=20):
    """The lines that `zhitong follow` prints, its exit status and what it says besides."""
    done = subprocess.run([BUILD / "zhitong", "follow", "--unit", UNIT, "--endpoint", ",".join(system.endpoints("notification")),
                           "--server-key", system.folder / "service.key", "--key", system.folder / f"{UNIT}.key",
                           *map(str, words)], capture_output=True, text=True, timeout=seconds, check=False,
                          env={name: value for name, value in os.environ.items() if not name.startswith("ZHITONG_")})
    return [json.loads(line) for line in done.stdout.splitlines()], done.returncode, done.stderr


def two_replicas_and_some_reports(system, shared):
    system.start_all(replicas=2)
    shared.update(threads=[], sent=0, key=system.key("department", UNIT, UNIT))
    shared["client"] = Client(system.endpoints("intake"), system.server_key(), system.key("client", "field-app"))
    submit(system, shared, REPORTS)
    assert head(system) > 100, head(system)


def a_follower_gets_events(system, shared):
    all_of_it = department(system, shared)
    wait_until(lambda: all_of_it.cursor == head(system), 20, lambda: f"{all_of_it.cursor} of {head(system)}")
    assert not all_of_it.order_faults(), all_of_it.order_faults()[:5]
    shared["all"] = all_of_it.stop().entries


def a_filter_leaves_out_and_the_cursor_moves(system, shared):
    wanted = [entry for entry in shared["all"] if entry[1]["item"] != "lamp" and entry[1]["move"] == "open"]
    assert 0 < len(wanted) < len(shared["all"])
    some = department(system, shared, filter="item!=lamp kind=open")
    wait_until(lambda: some.cursor == len(shared["all"]), 20, lambda: f"{some.cursor} of {len(shared['all'])}")
    assert some.stop().entries == wanted and not some.faults, (len(some.entries), len(wanted), some.faults[:3])
    assert some.skips and not some.refused, some.refused


def what_makes_no_sense_is_refused_with_the_field(system, shared):
    for wants, field in (({"filter": "colour=red"}, "filter"), ({"filter": "area=nowhere"}, "filter"),
                         ({"first": len(shared["all"]) + 10**6}, "from"), ({"group": "a b"}, "group"),
                         ({"first": 0, "from_at": 2**62}, "from_at"), ({"first": 0, "from_at": 2**63 - 1}, "from_at")):
        follower = department(system, shared, **wants)
        wait_until(lambda: follower.refused, 10, f"{wants} refused")
        assert follower.stop().refused[0][0] == field, (wants, follower.refused)
        assert not follower.entries, wants


def followers(system):
    return sum(replica.metric("followers") for replica in system.of("notification"))


def people_follow_from_a_seq_an_instant_or_the_end(system, shared):
    middle = len(shared["all"]) // 2
    events, status, said = follow(system, "--from", middle, "--count", 3)
    assert status == 0 and [int(event["sequence"]) for event in events] == [middle, middle + 1, middle + 2], said
    data = events[0]["data"]
    assert data == shared["all"][middle - 1][1], (data, shared["all"][middle - 1][1])
    assert events[0]["id"] == f"{data['case']}.{data['version']}" and events[0]["type"] == f"zhitong.case.{data['move']}"
    assert events[0]["specversion"] == "1.0" and events[0]["unit"] == UNIT and events[0]["source"].startswith("/zhitong/")
    at = shared["all"][middle - 1][1]["at"]
    instant = datetime.datetime.fromtimestamp(at / 1000, datetime.timezone.utc).isoformat()
    events, status, said = follow(system, "--from", instant, "--count", 1)
    began = int(events[0]["sequence"])
    earlier = [(seq, entry["at"]) for seq, entry in shared["all"][:began - 1] if entry["at"] >= at]
    assert status == 0 and began <= middle and not earlier, (began, middle, at, earlier[:3], said)
    wait_until(lambda: followers(system) == 0, 30, lambda: f"those before have left: {followers(system)}")
    process = subprocess.Popen([BUILD / "zhitong", "follow", "--unit", UNIT, "--endpoint", ",".join(system.endpoints("notification")),
                                "--server-key", system.folder / "service.key", "--key", system.folder / f"{UNIT}.key",
                                "--from", "end", "--count", "1"], stdout=subprocess.PIPE, text=True,
                               env={name: value for name, value in os.environ.items() if not name.startswith("ZHITONG_")})
    wait_until(lambda: followers(system) == 1, 20, "it follows")
    submit(system, shared, 20)
    event = json.loads(process.communicate(timeout=20)[0])
    assert int(event["sequence"]) == len(shared["all"]) + 1, event
    _, status, said = follow(system, "--filter", "colour=red", "--count", 1)
    assert status != 0 and "filter" in said, said
    _, status, said = follow(system, "--group", "g", "--cursor", system.folder / "c", "--count", 1)
    assert status != 0 and "--cursor" in said, said


def no_entry_of_an_instant_or_later_lies_before_where_it_leads(system, shared):
    """Of every entry's instant. Entries of different shards do not come in the order of their instants."""
    instants = sorted({entry["at"] for _, entry in shared["all"]})
    found = system.sql.rows(f"SELECT at, notification.stream_at('{UNIT}', to_timestamp(at / 1000.0))"
                            f" FROM unnest(ARRAY{instants}::bigint[]) at")
    wrong = []
    for at, seq in found:
        first = next(number for number, entry in shared["all"] if entry["at"] >= int(at))
        if int(seq) > first:
            wrong.append((int(at), int(seq), first))
    assert not wrong, (len(wrong), len(found), wrong[:5])


def finished_everywhere(members, last):
    return set(range(1, last + 1)) <= {seq for member in members for seq, _ in member.entries}


def members_share_the_stream_and_one_is_killed(system, shared):
    members = [department(system, shared, group="printers") for _ in range(3)]
    wait_until(lambda: finished_everywhere(members, head(system)), 20,
               lambda: f"{[len(member.entries) for member in members]} of {head(system)}")
    assert sum(len(member.entries) for member in members) == head(system), f"one to each: {[len(member.entries) for member in members]}"
    submit(system, shared, 200)  # dealt to all three: the first to come may have had everything until now
    wait_until(lambda: finished_everywhere(members, head(system)), 20,
               lambda: f"{[len(member.entries) for member in members]} of {head(system)}")
    members[0].stop()  # what it has under way goes to the others
    submit(system, shared, 200)
    wait_until(lambda: finished_everywhere(members, head(system)), 20,
               lambda: f"{[len(member.entries) for member in members]} of {head(system)}")
    assert all(len(member.entries) > 20 for member in members), [len(member.entries) for member in members]
    shared["members"] = members


def mark(system):
    return system.sql.number("SELECT coalesce(max(applied), 0) FROM notification.stream_group WHERE name = 'printers'")


def a_group_goes_on_behind_its_mark_when_its_replica_dies(system, shared):
    wait_until(lambda: mark(system) == head(system), 20, lambda: f"mark {mark(system)} of {head(system)}")
    serving = max(system.of("notification"), key=lambda replica: replica.metric("followers"))
    serving.kill()
    submit(system, shared, 200)
    wait_until(lambda: finished_everywhere(shared["members"], head(system)), 30,
               lambda: f"{[len(member.entries) for member in shared['members']]} of {head(system)}")
    wait_until(lambda: mark(system) == head(system), 20, lambda: f"mark {mark(system)} of {head(system)}")
    last = head(system)
    for member in shared["members"]:
        member.stop()
    late = department(system, shared, group="printers")
    submit(system, shared, 20)
    wait_until(lambda: late.entries, 20, "the group goes on")
    assert min(seq for seq, _ in late.entries) == last + 1, late.entries[0]
    late.stop()
    shared["client"].close()


CHECKS = [two_replicas_and_some_reports, a_follower_gets_events, a_filter_leaves_out_and_the_cursor_moves,
          what_makes_no_sense_is_refused_with_the_field, people_follow_from_a_seq_an_instant_or_the_end,
          no_entry_of_an_instant_or_later_lies_before_where_it_leads, members_share_the_stream_and_one_is_killed, a_group_goes_on_behind_its_mark_when_its_replica_dies]

if __name__ == "__main__":
    main("follow", CHECKS)
