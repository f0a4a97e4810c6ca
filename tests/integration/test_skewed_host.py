#!/usr/bin/python3
"""Replicas on hosts whose clocks are an hour off: what time it is, the database says. Attempts are signed with it and planned by it, so that
any replica goes on with them, and a signature of this minute is good."""
import sys
import time
from pathlib import Path

sys.dont_write_bytecode = True
sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "lib"))

from checks import main
from clients import Client
from endpoints import add, attempts, send, waiting
from faketime import skewed_by
from sources import post, signed, small_city_with_sources
from system import wait_until
from webhook_sink import Sink

HOUR = 3600


def an_hour_ahead_nothing_is_planned_for_later(system, shared):
    ring = system.folder / "secret.keys"
    system.settings = {"intake": {"ZHITONG_SECRET_KEYS": str(ring), **skewed_by(HOUR)}, "notification": {"ZHITONG_PRIVATE_HOSTS": "127.0.0.1", **skewed_by(HOUR)}}
    system.zhitong("keys", "source", "add", "police", "--kind", "hmac", "--out", system.folder / "police.hmac", "--secret-keys", ring)
    shared["hmac"] = (system.folder / "police.hmac").read_text().strip()
    system.start_all(replicas=1)
    sink = shared["sink"] = Sink()
    shared["client"] = Client(system.endpoints("intake"), system.server_key(), system.key("client", "hotline"))
    add(system, "hook", "mill_1", sink.url("ok/hook"))
    sink.status["ok/hook"] = (503, [])
    send(shared, "mill_1")
    wait_until(lambda: waiting(system, "hook") == ["retry"], 20, lambda: (waiting(system, "hook"), attempts(system, "hook")))
    ahead = system.sql.number("SELECT ceil(extract(epoch FROM max(next_at) - clock_timestamp()))::bigint FROM notification.delivery")
    assert ahead <= 10, f"the next attempt is {ahead} s away, not 5 or 6"


def a_replica_an_hour_behind_goes_on_with_it(system, shared):
    sink = shared["sink"]
    replica = system.replica("notification")
    replica.kill()
    sink.status.clear()
    replica.start(skewed_by(-HOUR)).wait_ready()
    wait_until(lambda: waiting(system, "hook") == [], 20, lambda: (waiting(system, "hook"), attempts(system, "hook")))


def what_is_sent_is_signed_with_the_time_that_it_is(system, shared):
    came = shared["sink"].of("ok/hook")
    assert len(came) >= 2, came  # of either replica
    for got in came:
        assert abs(int(got.headers["webhook-timestamp"]) - got.at) < 5, (got.headers, got.at)


def what_comes_in_is_judged_by_the_time_that_it_is(system, shared):
    url = f"{system.replica('intake').http}/sources/police/reports"
    body = {"id": "P1", "type": "LIGHT", "head": "lamp", "text": "dark", "place": {"code": "P1"}}
    status, answer = post(url, body, signed(shared["hmac"], body, "now"))
    assert status == 201, (status, answer)
    status, answer = post(url, body, signed(shared["hmac"], body, "later", at=int(time.time()) + HOUR))
    assert (status, answer["error"]["field"]) == (401, "webhook-timestamp"), (status, answer)


if __name__ == "__main__":
    main("skewed_host", [an_hour_ahead_nothing_is_planned_for_later, a_replica_an_hour_behind_goes_on_with_it,
                         what_is_sent_is_signed_with_the_time_that_it_is, what_comes_in_is_judged_by_the_time_that_it_is],
         city=small_city_with_sources())
