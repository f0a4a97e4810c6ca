#!/usr/bin/python3
"""All plays, then made-up ones, until 200 faults were done: nothing accepted is lost, nothing doubled, no log has a gap, everybody was told.
On a machine that is too slow for that, what was not played is skipped by name.

    tests/faults/test_plays.py [SEED]   another seed for the made-up ones
    tests/faults/play --help            plays one by one, and long runs"""
import http.client
import os
import signal
import subprocess
import sys
import time
from importlib.machinery import SourceFileLoader
from pathlib import Path

sys.dont_write_bytecode = True
HERE = Path(__file__).resolve().parent
tool = SourceFileLoader("play_tool", str(HERE / "play")).load_module()

import play
from system import SERVICES
from webhook_sink import Sink

FAULTS = 200
SEED = 4
BEGIN_SECONDS_MAX = 400  # no play and no round of made-up faults begins later
SECONDS_MAX = 570        # then whatever waits has failed; a script may take 600 s

WRONG = (  # a line and what must stand in its refusal
    ("kil routing 1", "play:7: word 1, 'kil', is no act"),
    ("kill rooting 1", "word 2, 'rooting', must be one of intake, routing, escalation, notification"),
    ("kill routing 3", "word 3, '3', must be a replica's number, 1 to 2, or all"),
    ("kill routing", "after the last word a replica's number, 1 to 2, or all is missing"),
    ("kill routing 1 now", "word 4, 'now', is one word too many"),
    ("wait 200", "word 2, '200', must be a time"),
    ("wait takeover of routing 1 within", "after the last word a time"),
    ("at nowhere in routing 1 kill", "word 2, 'nowhere', must be a point of common/fault_points.def"),
    ("at attempt_begin in routing 1 sleep", "after the last word a time"),
    ("cut routing 1 to intake x for 1s", "word 6, 'x', must be a replica's number"),
)


def check(name, ok, why=""):
    print(f"ok plays_{name}" if ok else f"not ok plays_{name}: {why}", flush=True)
    return 0 if ok else 1


def wrong_lines_are_refused_with_file_line_and_word():
    missed = []
    for line, wanted in WRONG:
        try:
            play.read_line(line, 7)
            missed.append(line)
        except play.Refused as refused:
            if wanted not in str(refused):
                missed.append(str(refused))
    return check("wrong_lines_are_refused_with_file_line_and_word", not missed, missed)


def points(preset):
    """Names of points that stand in the programs."""
    found = set()
    for service in SERVICES:
        program = (tool.ROOT / "build" / preset / f"zt-{service}").read_bytes()
        found |= {point for point in play.POINTS if point.encode() + b"\0" in program}
    return found


def programs_have_points_only_where_asked_for():
    release = points("release") if (tool.ROOT / "build/release/zt-intake").exists() else set()
    faults = points("faults")
    return check("programs_have_points_only_where_asked_for", not release and faults == set(play.POINTS), (release, faults))


def every_point_is_in_the_code_once():
    code = subprocess.run(["grep", "-rhoE", r"FAULT_POINT\(\w+\)", "--include=*.c", "common", "services"], cwd=tool.ROOT,
                          capture_output=True, text=True, check=False).stdout.split()
    wanted = [f"FAULT_POINT({point})" for point in play.POINTS]
    return check("every_point_is_in_the_code_once", sorted(code) == sorted(wanted), set(code) ^ set(wanted))


def a_closed_sink_takes_nothing_that_is_for_the_next_one():
    closed, answered = Sink(), 0
    time.sleep(0.1)
    closed.close()
    sink = Sink()
    time.sleep(0.1)
    os.system("true")  # a child's end restarts calls that wait, by the number of their socket
    for _ in range(50):
        connection = http.client.HTTPConnection("127.0.0.1", sink.port, timeout=5)
        connection.request("POST", "/ok/hook", "{}")
        answered += connection.getresponse().status == 204
        connection.close()
    sink.close()
    got = (answered, len(sink.got), len(closed.got))
    return check("a_closed_sink_takes_nothing_that_is_for_the_next_one", got == (50, 50, 0), got)


def plays(seed, in_time):
    made, failed = tool.play_files(sorted(play.PLAYS.glob("*.play")), True, in_time)
    if not failed and in_time():
        more, failed = tool.play_random_faults(max(1, FAULTS - made), seed, True, in_time)
        made += more
    print(f"# {made} faults in all", flush=True)
    if made < FAULTS and not failed:
        print(f"skip plays_at_least_{FAULTS}_faults only {made} were begun in {BEGIN_SECONDS_MAX} s: this machine is too slow", flush=True)
        return 0
    return failed + check(f"at_least_{FAULTS}_faults", made >= FAULTS, f"{made} before a play failed")


def too_long(_number, _frame):
    raise AssertionError(f"not at its end after {SECONDS_MAX} s")


if __name__ == "__main__":
    seed = int(sys.argv[1]) if len(sys.argv) > 1 else SEED
    began = time.monotonic()
    signal.signal(signal.SIGALRM, too_long)
    signal.alarm(SECONDS_MAX)
    tool.build()
    failed = wrong_lines_are_refused_with_file_line_and_word()
    failed += programs_have_points_only_where_asked_for() + every_point_is_in_the_code_once()
    failed += a_closed_sink_takes_nothing_that_is_for_the_next_one()
    sys.exit(1 if failed + plays(seed, lambda: time.monotonic() - began < BEGIN_SECONDS_MAX) else 0)
