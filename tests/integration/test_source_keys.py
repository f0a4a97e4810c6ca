#!/usr/bin/python3
"""The CURVE keys of sources: replaced whole or not at all, listed and revoked with the source's other keys, and no client's."""
import json
import sys
import time
import urllib.error
import urllib.request
from pathlib import Path

sys.dont_write_bytecode = True
sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "lib"))

from checks import main
from clients import Client
from sources import small_city_with_sources
from system import READY_SECONDS_MAX

REPORT = {"channel": "sensor", "item": "lamp", "area": "north"}


def give(system, action, out, check=True):
    return system.zhitong("keys", "source", action, "meter", "--kind", "curve", "--out", system.folder / out, check=check)


def states(system, source):
    lines = system.zhitong("keys", "source", "list", source).stdout.splitlines()
    return [line.split()[4] for line in lines if " curve " in line]


def hands_in(system, key, number):
    client = Client(system.endpoints("intake"), system.server_key(), system.read_key(system.folder / key))
    try:
        return isinstance(client.ask(f"id:{number}", REPORT, seconds=20), int)
    finally:
        client.close()


def a_source_hands_in_with_its_key(system, _):
    system.start_all(replicas=1)
    give(system, "add", "meter.key")
    assert hands_in(system, "meter.key", 1) and states(system, "meter") == ["good"]


def a_key_that_cannot_be_replaced_goes_on(system, _):
    done = give(system, "rotate", "meter.key", check=False)  # the file is there already
    assert done.returncode == 1 and "exists already" in done.stderr, done
    assert states(system, "meter") == ["good"] and hands_in(system, "meter.key", 2)


def a_replaced_key_works_at_once(system, _):
    give(system, "rotate", "meter.new")
    assert states(system, "meter") == ["revoked", "good"] and hands_in(system, "meter.new", 3)


def post_until_taken(replica, key):
    """The statuses of the same report from the moment on that somebody listens, until it is taken."""
    statuses, end = [], time.monotonic() + READY_SECONDS_MAX
    while 201 not in statuses[-1:]:
        assert time.monotonic() < end and replica.alive(), (len(statuses), statuses[-5:])
        request = urllib.request.Request(replica.http + "/reports", json.dumps({"item": "lamp", "area": "north", "title": "dark", "source_id": "early"}).encode(),
                                         {"X-API-Key": key, "Idempotency-Key": "early", "Content-Type": "application/json"})
        try:
            with urllib.request.urlopen(request, timeout=10) as answer:
                statuses.append(answer.status)
        except urllib.error.HTTPError as error:
            statuses.append(error.code)
        except OSError:
            pass
    return statuses


def a_new_replica_refuses_no_key_that_it_has_not_read(system, _):
    system.zhitong("keys", "source", "add", "page", "--out", system.folder / "api.key")
    replica = system.replica("intake", 2).start()
    statuses = post_until_taken(replica, (system.folder / "api.key").read_text().strip())
    assert set(statuses) <= {201, 503}, statuses
    replica.kill()


def a_revoked_source_has_no_key_left(system, _):
    assert "meter: 1 revoked" in system.zhitong("keys", "source", "revoke", "meter").stdout
    assert states(system, "meter") == ["revoked", "revoked"]
    assert give(system, "rotate", "meter.third", check=False).returncode == 1
    assert not (system.folder / "meter.third").exists()
    give(system, "add", "meter.fourth")
    assert states(system, "meter") == ["revoked", "revoked", "good"] and hands_in(system, "meter.fourth", 4)


def a_client_that_is_no_source_is_left_alone(system, _):
    system.zhitong("keys", "client", "council", "--out", system.folder / "council.key")
    assert system.zhitong("keys", "source", "revoke", "council", check=False).returncode == 1
    assert states(system, "council") == [] and "council" not in system.zhitong("keys", "source", "list").stdout


if __name__ == "__main__":
    main("source_keys", [a_source_hands_in_with_its_key, a_key_that_cannot_be_replaced_goes_on, a_replaced_key_works_at_once,
                         a_new_replica_refuses_no_key_that_it_has_not_read, a_revoked_source_has_no_key_left, a_client_that_is_no_source_is_left_alone], city=small_city_with_sources())
