#!/usr/bin/python3
"""The receiver of webhooks that departments copy: an event's work is done once, one event at a time, and not lost when it fails."""
import sys
import threading
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.dont_write_bytecode = True
sys.path[:0] = [str(ROOT / "tests/lib"), str(ROOT / "clients/python")]

from checks import main_alone
from receive_webhook import Store

AT_ONCE = 8


def keep(store, nth, take):
    return store.keep(f"id-{nth}", {"unit": "works", "sequence": f"{nth:020}"}, "{}", take)


def each_event_is_taken_once():
    store, taken = Store(":memory:"), []
    for nth in (1, 2, 1):
        keep(store, nth, taken.append)
    assert [int(event["sequence"]) for event in taken] == [1, 2], taken


def what_failed_is_taken_when_it_comes_again():
    store, taken = Store(":memory:"), []

    def fail(event):
        raise RuntimeError(event)
    try:
        keep(store, 1, fail)
        raise AssertionError("what went wrong was kept to itself: the event would be answered, and never come again")
    except RuntimeError:
        pass
    keep(store, 1, taken.append)
    assert len(taken) == 1, taken


def events_that_come_at_once_are_taken_one_by_one():
    store, under_way, met = Store(":memory:"), [], []

    def take(event):
        under_way.append(event)
        time.sleep(0.02)
        met.append(len(under_way))
        under_way.remove(event)
    threads = [threading.Thread(target=keep, args=(store, nth, take)) for nth in range(AT_ONCE)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert met == [1] * AT_ONCE, met


main_alone("receiver", [each_event_is_taken_once, what_failed_is_taken_when_it_comes_again, events_that_come_at_once_are_taken_one_by_one])
