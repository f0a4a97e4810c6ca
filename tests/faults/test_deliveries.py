#!/usr/bin/python3
"""kill -9 of notification during 10,000 deliveries, of both replicas, one after the other: none is lost, what comes twice has the same
id, and the entries of a case come in their order."""
import sys
from collections import Counter
from pathlib import Path

sys.dont_write_bytecode = True
sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "lib"))

from checks import main
from endpoints import add
from streams import fill
from system import wait_until
from webhook_sink import Sink

UNITS, ENTRIES, VERSIONS = 20, 500, 5
QUICKLY_SECONDS, SLOWLY_SECONDS = 0.01, 1.5  # of an answer; from two seconds on an endpoint is taken for a slow one
NAMES = [f"unit_{nth}" for nth in range(UNITS)]


def count(sink):
    with sink.lock:
        return len(sink.got)


def everything_is_told_although_both_replicas_are_killed(system, shared):
    sink, pace = Sink(), {"seconds": QUICKLY_SECONDS}
    shared["sink"] = sink
    fill(system, NAMES, ENTRIES, VERSIONS)
    system.sql.rows(f"""INSERT INTO city.unit SELECT (jsonb_populate_record(u, jsonb_build_object('code', n, 'kind', n, 'position', 100 + nth))).*
        FROM city.unit u, unnest(ARRAY{NAMES}) WITH ORDINALITY AS x (n, nth) WHERE u.code = 'mill_1'""")
    for name in NAMES:
        sink.delays[f"ok/{name}"] = lambda: pace["seconds"]
        add(system, name, name, sink.url(f"ok/{name}"), "--from", "begin")
    system.start_all(replicas=2, services=("notification",))
    one, two = system.of("notification")
    wait_until(lambda: count(sink) > 1500, 60, lambda: count(sink))
    one.kill()
    at_first = count(sink)
    wait_until(lambda: count(sink) > at_first + 2000, 60, lambda: count(sink))
    pace["seconds"] = SLOWLY_SECONDS  # until it is back something must be left to tell, however long that takes
    one.start()
    one.wait_ready()
    system.wait_shared(("notification",))
    pace["seconds"] = QUICKLY_SECONDS
    assert count(sink) < 9000, f"too fast for this test: {count(sink)}"
    two.kill()
    at_second = count(sink)
    print(f"# killed after {at_first} and {at_second} deliveries")
    done = lambda: system.sql.number("SELECT count(*) FROM notification.endpoint WHERE cursor = 500")
    wait_until(lambda: done() == UNITS, 120, lambda: (done(), count(sink)))
    wait_until(lambda: system.sql.number("SELECT count(*) FROM notification.delivery WHERE state <> 'dead'") == 0, 30,
               lambda: system.sql.rows("SELECT state, count(*), min(why) FROM notification.delivery GROUP BY 1"))


def none_is_lost_and_doubles_have_the_same_id(system, shared):
    got = shared["sink"].got
    told = Counter((entry.path, entry.event["id"]) for entry in got)
    assert len(told) == UNITS * ENTRIES, len(told)
    ids = {(entry.path, entry.event["id"]): set() for entry in got}
    for entry in got:
        ids[entry.path, entry.event["id"]].add(entry.id)
    several = {event: of_one for event, of_one in ids.items() if len(of_one) > 1}
    assert not several, list(several.items())[:5]
    doubles = sum(times - 1 for times in told.values())
    print(f"# {len(got)} requests, {doubles} of them doubles")
    assert doubles < 2500, doubles  # what was under way and not written yet, at each change of owner
    left = system.sql.rows("SELECT state, count(*) FROM notification.delivery GROUP BY 1")
    assert not left, left
    sent = system.sql.number("SELECT count(DISTINCT (endpoint, seq)) FROM notification.attempt WHERE outcome = 'sent'")
    assert sent == UNITS * ENTRIES, sent


def the_entries_of_a_case_came_in_their_order(_, shared):
    last = {}
    for entry in shared["sink"].got:
        case, version = entry.event["id"].split(".")
        key, version = (entry.path, case), int(version)
        assert version <= last.get(key, 0) + 1, (entry, last.get(key))  # a double may begin again, nothing is left out
        last[key] = max(version, last.get(key, 0))


main("deliveries", (
    everything_is_told_although_both_replicas_are_killed,
    none_is_lost_and_doubles_have_the_same_id,
    the_entries_of_a_case_came_in_their_order,
), settings={"notification": {"ZHITONG_PRIVATE_HOSTS": "127.0.0.1", "ZHITONG_RETRY_SCALE_PERCENT": "1"}})
