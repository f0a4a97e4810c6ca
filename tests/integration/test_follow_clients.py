#!/usr/bin/python3
"""What a department copies: the examples in C, Python and Node follow a real system through kill -9 of notification and of
themselves, alone and in groups; keys are rotated and revoked while they follow."""
import signal
import subprocess
import sys
import time
from pathlib import Path

sys.dont_write_bytecode = True
sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "lib"))

from checks import let_time_stand_still, main, report, wait_applied
from clients import Client, Load
from followers import Example, build_installed, install_node
from system import wait_until

UNIT, OTHER = "town_hall", "north_office"
PER_SECOND = 200
WAIT_SECONDS = 60
REVOKED_SECONDS_MAX = 5
STILL_SECONDS = 5  # that a machine may stand still meanwhile
OVERLAP_SECONDS = 8  # time enough for a program to start in


def a_city_runs(system, shared):
    why = install_node(system)
    if why:
        print(f"skip follow_clients_node {why}")
    shared["languages"] = ["c", "python"] + ([] if why else ["node"])
    for service in ("intake", "routing", "escalation", "notification", "notification"):
        system.replica(service, len(system.of(service)) + 1).start()
    for replica in system.replicas.values():
        replica.wait_ready()
    system.wait_shared()
    let_time_stand_still(system)  # streams are compared with what they were: no clock may add to them
    shared["key"] = system.folder / "hall.key"
    system.zhitong("keys", "department", "add", "hall", "--unit", UNIT, "--out", shared["key"])
    shared["client"] = Client(system.endpoints("intake"), system.server_key(), system.key("client", "load"))
    shared["load"] = Load(shared["client"], report, PER_SECOND)
    shared["load"].start()
    shared["threads"] = [shared["load"]]


def load_begins(shared):
    load = Load(shared["client"], report, PER_SECOND)
    load.sent = shared["load"].sent
    shared["load"] = shared["threads"][0] = load
    load.start()


def load_ends(system, shared):
    shared["load"].finish(WAIT_SECONDS)
    wait_applied(system, WAIT_SECONDS)


def load_again(system, shared, seconds):
    """Some seconds more of reports, all of them in the streams."""
    load_begins(shared)
    time.sleep(seconds)
    load_ends(system, shared)


def stream_of(system, unit=UNIT):
    """seq → id of every entry."""
    return {int(seq): f"{case}.{version}" for seq, case, version in
            system.sql.rows(f"SELECT seq, case_id, version FROM notification.stream_entry WHERE unit = '{unit}' ORDER BY seq")}


def shows(examples):
    return [(example.name, len(example.events()), example.cursor(), example.said()[-300:]) for example in examples]


def every_entry_is_written_once_through_kill_9_of_all(system, shared):
    examples = [Example(system, language, language, shared["key"], UNIT).start() for language in shared["languages"]]
    shared["alone"] = examples
    wait_until(lambda: all(len(example.events()) > 50 for example in examples), WAIT_SECONDS, lambda: shows(examples))
    for turn in range(2):
        replica = system.of("notification")[turn]
        replica.kill()
        for example in examples:
            example.kill().start()
        time.sleep(1)
        replica.start().wait_ready()
        for example in examples:
            time.sleep(0.3)
            example.kill().start()
        system.wait_shared(["notification"])
    examples[0].end()
    examples[0].start()
    load_ends(system, shared)
    wanted = stream_of(system)
    wait_until(lambda: all(example.cursor() == len(wanted) for example in examples), WAIT_SECONDS, lambda: shows(examples))
    for example in examples:
        assert example.events() == sorted(wanted.items()), (example.name, len(example.events()), len(wanted))
    print(f"# {len(wanted)} entries, each once and in order in {len(examples)} files")


def only_what_the_filter_names_comes_and_the_cursor_stays_true(system, shared):
    wanted = stream_of(system)
    example = Example(system, "c", "filtered", shared["key"], UNIT, "filter=severity=red kind=open").start()
    python = Example(system, "python", "filtered-python", shared["key"], UNIT, "filter=severity=red kind=open").start()
    wait_until(lambda: example.cursor() == len(wanted) == python.cursor(), WAIT_SECONDS, lambda: shows([example, python]))
    assert example.events() == python.events() and set(example.events()) <= set(wanted.items()), shows([example, python])
    assert len(example.events()) < len(wanted) / 2, (len(example.events()), len(wanted))
    assert example.end() == 0 == python.end()


def who_begins_at_the_end_gets_what_comes_from_now_on(system, shared):
    head = len(stream_of(system))
    late = [Example(system, "c", "late-c", shared["key"], UNIT, "from=0").start(),
            Example(system, "python", "late-python", shared["key"], UNIT, "from=end").start()]
    wait_until(lambda: all(example.cursor() == head for example in late), WAIT_SECONDS, lambda: shows(late))
    load_again(system, shared, 1)
    wanted = [(seq, event) for seq, event in stream_of(system).items() if seq > head]
    wait_until(lambda: all(len(example.events()) >= len(wanted) for example in late), WAIT_SECONDS, lambda: shows(late))
    for example in late:
        assert example.events() == wanted, (len(wanted), shows(late))
        assert example.end() == 0, example.said()


def group_of(system, shared, group, languages):
    """Members of a group from the beginning of the stream, each of them with something to do; the load goes on."""
    members = [Example(system, language, f"{group}-{nth}", shared["key"], UNIT, f"group={group}").start()
               for nth, language in enumerate(languages)]
    load_begins(shared)
    wait_until(lambda: all(member.events() for member in members), WAIT_SECONDS, lambda: shows(members))
    return members


def is_whole(system, members):
    wanted = set(stream_of(system).values())
    return wanted == {event for member in members for _, event in member.events()}


def in_a_group_nothing_is_lost_when_a_member_is_killed(system, shared):
    members = group_of(system, shared, "night", ["python", "python"])
    members[0].process.send_signal(signal.SIGSTOP)  # it is dealt entries that it does not handle any more
    time.sleep(1)
    members[0].kill()
    load_ends(system, shared)
    wait_until(lambda: is_whole(system, members), WAIT_SECONDS, lambda: shows(members))
    both = [[event for _, event in member.events()] for member in members]
    doubles = len(both[0]) + len(both[1]) - len(stream_of(system))
    assert all(len(events) == len(set(events)) for events in both)
    assert doubles <= 1000, doubles  # what the killed one had done and not told
    print(f"# {len(both[0])} and {len(both[1])} entries, {doubles} of them handled by both")
    assert members[1].end() == 0


def members_in_different_languages_share_a_stream(system, shared):
    members = group_of(system, shared, "mixed", shared["languages"])
    time.sleep(1)
    load_ends(system, shared)
    wait_until(lambda: is_whole(system, members), WAIT_SECONDS, lambda: shows(members))
    counts = [len(member.events()) for member in members]
    assert sum(counts) == len(stream_of(system)) and min(counts) > 0, counts
    print(f"# shares of {', '.join(shared['languages'])}: {counts}")
    for member in members:
        assert member.end() == 0
    later = [member.start() for member in members]
    load_again(system, shared, 1)
    wait_until(lambda: is_whole(system, later), WAIT_SECONDS, lambda: shows(later))
    assert sum(len(member.events()) for member in later) == len(stream_of(system)), shows(later)  # nothing came a second time
    for member in later:
        member.end()


def journal_of(system, event, words):
    return [line for replica in system.of("notification") for line in replica.journal(event)
            if all(word in line["text"] for word in words)]


def another_stream_is_refused_and_told(system, shared):
    for language in shared["languages"]:
        example = Example(system, language, f"other-{language}", shared["key"], OTHER).start()
        assert example.process.wait(WAIT_SECONDS) == 1
        assert "stream" in example.said() and UNIT in example.said(), example.said()
    wait_until(lambda: len(journal_of(system, "follow_refused", ["hall/", OTHER])) >= len(shared["languages"]), 10,
               lambda: f"all are in the journal: {journal_of(system, 'follow_refused', [])}")


def a_rotated_key_goes_on_until_the_overlap_is_over(system, shared):
    key = system.folder / "hall-2.key"
    began = time.monotonic()
    system.zhitong("keys", "department", "rotate", "hall", "--out", key, "--overlap", OVERLAP_SECONDS)
    newer = Example(system, "python", "newer", key, UNIT, "from=end").start()
    wait_until(lambda: newer.cursor() > 0, WAIT_SECONDS, newer.said)
    assert all(example.process.poll() is None for example in shared["alone"])
    assert time.monotonic() - began < OVERLAP_SECONDS, "the machine is too slow for this overlap"
    for example in shared["alone"]:
        assert example.process.wait(WAIT_SECONDS) == 1
        assert "key" in example.said().splitlines()[-1], example.said()
    took = time.monotonic() - began - OVERLAP_SECONDS
    assert -0.1 < took < REVOKED_SECONDS_MAX + STILL_SECONDS, took
    assert newer.process.poll() is None
    old = system.read_key(shared["key"])[0].decode()
    assert journal_of(system, "follow_ended", [f"hall/{old[:10]}", UNIT])
    print(f"# the end came {took:.1f} s after the overlap")
    newer.end()
    shared["old"], shared["key"] = shared["key"], key


def a_revoked_key_ends_all_that_follow_by_it(system, shared):
    examples = [Example(system, language, f"revoked-{language}", shared["key"], UNIT).start()
                for language in shared["languages"]]
    head = len(stream_of(system))
    wait_until(lambda: all(example.cursor() == head for example in examples), WAIT_SECONDS, lambda: shows(examples))
    began = time.monotonic()
    system.zhitong("keys", "department", "revoke", "hall")
    for example in examples:
        assert example.process.wait(REVOKED_SECONDS_MAX + STILL_SECONDS) == 1
        assert "key" in example.said().splitlines()[-1], example.said()
    print(f"# all had ended {time.monotonic() - began:.1f} s after the revocation")
    unknown = Example(system, "c", "unknown", shared["key"], UNIT).start()
    public = system.read_key(shared["key"])[0].decode()
    wait_until(lambda: journal_of(system, "key_refused", [public]), WAIT_SECONDS, "the handshake's refusal in the journal")
    wait_until(lambda: "no answer" in unknown.said(), WAIT_SECONDS, unknown.said)
    assert unknown.end() == 0


def the_installed_library_builds_the_example(system, shared):
    key = system.folder / "installed.key"
    system.zhitong("keys", "department", "add", "hall", "--unit", UNIT, "--out", key)
    prefix, program, environment = build_installed(system.folder)
    folder = system.folder / "follow-installed"
    folder.mkdir()
    words = [program, ",".join(system.endpoints("notification")), system.folder / "service.key", key, UNIT, folder]
    process = subprocess.Popen(list(map(str, words)), env=environment, stderr=subprocess.DEVNULL)
    head = str(len(stream_of(system)))
    try:
        wait_until(lambda: (folder / "cursor").exists() and (folder / "cursor").read_text().strip() == head, WAIT_SECONDS,
                   "all entries through the installed library")
    finally:
        process.kill()
        process.wait()
    for page in ("zhitong-follow.3", "zhitong-submit.3"):
        assert (prefix / "share/man/man3" / page).exists()


if __name__ == "__main__":
    main("follow_clients", [a_city_runs, every_entry_is_written_once_through_kill_9_of_all,
                            only_what_the_filter_names_comes_and_the_cursor_stays_true,
                            who_begins_at_the_end_gets_what_comes_from_now_on, in_a_group_nothing_is_lost_when_a_member_is_killed,
                            members_in_different_languages_share_a_stream, another_stream_is_refused_and_told,
                            a_rotated_key_goes_on_until_the_overlap_is_over, a_revoked_key_ends_all_that_follow_by_it,
                            the_installed_library_builds_the_example])
