#!/usr/bin/python3
"""Webhooks, what comes behind what: time is driven, so that a case's clocks bring its next entries while the first cannot be told; and
a stream of which an entry is missing."""
import sys
import time
from pathlib import Path

sys.dont_write_bytecode = True
sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "lib"))

from checks import main
from clients import Client
from endpoints import add, attempts, send, waiting
from system import wait_until
from webhook_sink import Sink


def a_later_entry_of_a_case_waits_behind_an_earlier_one(system, shared):
    system.start_all(replicas=1)
    sink = Sink()
    shared["client"] = Client(system.endpoints("intake"), system.server_key(), system.key("client", "hotline"))
    sink.status["ok/order"] = (500, [])
    add(system, "order", "hill_1", sink.url("ok/order"))
    system.zhitong("time", "drive", "--speed", "300")  # a lamp's clocks speak after 150 s and 240 s
    case, = send(shared, "hill_1")
    wait_until(lambda: "behind" in waiting(system, "order"), 15, lambda: waiting(system, "order"))
    assert {got.event["id"] for got in sink.of("ok/order")} == {f"{case}.1"}
    wait_until(lambda: system.replica("notification").metric("deliveries_waiting") >= 2, 20, "counted")
    del sink.status["ok/order"]
    wait_until(lambda: len({got.event["id"] for got in sink.of("ok/order")}) >= 3, 30,
               lambda: (waiting(system, "order"), attempts(system, "order")))
    system.zhitong("time", "real")
    wait_until(lambda: waiting(system, "order") == [], 20, lambda: waiting(system, "order"))
    versions = [int(got.event["id"].split(".")[1]) for got in sink.of("ok/order")]
    assert versions == sorted(versions), versions


def an_entry_that_is_missing_is_waited_for_and_never_passed_over(system, shared):
    def cursor():
        return system.sql.number("SELECT cursor FROM notification.endpoint WHERE name = 'holes'")

    def unread():
        return [line["text"] for line in system.replica("notification").journal() if line["event"] == "stream_unread"]
    sink, head = Sink(), "UPDATE notification.stream SET head = head {} WHERE unit = 'lake_1'"
    add(system, "holes", "lake_1", sink.url("ok/holes"))
    send(shared, "lake_1", 2)
    wait_until(lambda: cursor() == 2, 20, cursor)
    system.sql.rows(head.format("+ 5"))
    wait_until(unread, 15, "said")
    time.sleep(2.5)  # it is asked for again
    assert cursor() == 2 and len(unread()) == 1 and "entry 3 of lake_1, whose head is 7" in unread()[0], (cursor(), unread())
    system.sql.rows(head.format("- 5"))
    cases = send(shared, "lake_1", 8)
    wait_until(lambda: cursor() == 10, 20, cursor)
    assert {got.event["data"]["case"] for got in sink.of("ok/holes")} >= set(cases), "not told"


main("webhook_order", (a_later_entry_of_a_case_waits_behind_an_earlier_one,
                       an_entry_that_is_missing_is_waited_for_and_never_passed_over),
     settings={"notification": {"ZHITONG_PRIVATE_HOSTS": "127.0.0.1", "ZHITONG_RETRY_SCALE_PERCENT": "1"}})
