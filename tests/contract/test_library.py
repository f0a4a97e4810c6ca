#!/usr/bin/python3
"""What every script of the tests leans on: ports that two scripts never share, waits that look once more after the machine stood still,
time that does not count that, and a bare assertion that says what it saw."""
import os
import subprocess
import sys
import time
from pathlib import Path

sys.dont_write_bytecode = True
sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "lib"))

import system
import watch
import why
from checks import main_alone

STOPPED_SECONDS = 1.5


def ports_of_two_scripts_are_never_the_same():
    port = system.free_port()
    other = [sys.executable, "-B", "-c", f"import sys; sys.path.insert(0, {str(Path(system.__file__).parent)!r}); import system; "
             f"print(system._take({port}), system._take({port} + 10000))"]
    said = subprocess.run(other, capture_output=True, text=True, check=True).stdout
    assert said == "False True\n", said


def stand_still():
    """This process, as its machine would."""
    subprocess.run(["sh", "-c", f"kill -STOP {os.getpid()}; sleep {STOPPED_SECONDS}; kill -CONT {os.getpid()}"], check=True)


def a_wait_looks_once_more_after_the_machine_stood_still():
    came = []

    def asked():
        if not came:
            came.append(True)
            stand_still()
            return False
        return True
    assert system.wait_until(asked, 0.5, "it has come meanwhile")


def a_wait_for_what_never_comes_ends():
    try:
        system.wait_until(lambda: False, 0.1, lambda: "ever")
    except AssertionError as error:
        assert "still not: ever" in str(error), error
        return
    raise AssertionError("it took nothing for something")


def what_the_machine_stood_still_is_not_counted():
    began, counted = time.monotonic(), watch.seconds()
    stand_still()
    passed, counted = time.monotonic() - began, watch.seconds() - counted
    assert passed >= STOPPED_SECONDS > 1 > counted, (passed, counted)
    began, counted = time.monotonic(), watch.seconds()
    time.sleep(0.5)
    passed, counted = time.monotonic() - began, watch.seconds() - counted
    assert counted > 0.4, (passed, counted)


def a_bare_assertion_says_what_it_saw():
    class Case:
        state = "open"
    case, wanted = Case(), {"state": "closed"}
    why.note("GET /cases/1", (404, "no such case"))
    try:
        assert case.state == wanted["state"] or \
            len([one for one in wanted if one]) > 7
    except AssertionError as error:
        said = why.told(error)
    for words in ("case.state = 'open'", "wanted['state'] = 'closed'", "GET /cases/1 → (404, 'no such case')", "len([one"):
        assert words in said, (words, said)


TESTS = (ports_of_two_scripts_are_never_the_same, a_wait_looks_once_more_after_the_machine_stood_still, a_wait_for_what_never_comes_ends,
         what_the_machine_stood_still_is_not_counted, a_bare_assertion_says_what_it_saw)

main_alone("library", TESTS)
