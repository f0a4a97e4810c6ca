#!/usr/bin/python3
"""Webhooks end to end: signed, in order per case, tried again by the schedule, and every way in which a receiver fails with its
named outcome."""
import random
import subprocess
import sys
import time
import urllib.error
import urllib.request
from email.utils import formatdate
from pathlib import Path

sys.dont_write_bytecode = True
sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "lib"))

import watch
from checks import let_time_stand_still, main
from clients import Client
from endpoints import add, attempts, remove, secret_of, send, waiting
from system import ROOT, free_port, listens, wait_until
from webhook_sink import Sink, is_signed, server_tls


# ---- what comes

def an_entry_comes_once_signed_as_an_event(system, shared):
    system.start_all(replicas=1)
    let_time_stand_still(system)  # entries are counted: no clock may add to them
    sink = shared["sink"] = Sink()
    shared["client"] = Client(system.endpoints("intake"), system.server_key(), system.key("client", "hotline"))
    add(system, "plain", "mill_1", sink.url("ok/plain"))
    case, = send(shared, "mill_1")
    wait_until(lambda: sink.of("ok/plain"), 20, "delivered")
    got = sink.of("ok/plain")[0]
    assert is_signed(secret_of(system, "plain"), got), got.headers
    assert not is_signed("whsec_" + "A" * 43 + "=", got)
    assert abs(int(got.headers["webhook-timestamp"]) - got.at) < 30, (got.headers["webhook-timestamp"], got.at)
    assert got.headers["content-type"] == "application/cloudevents+json; charset=utf-8"
    event = got.event
    assert (event["specversion"], event["id"], event["subject"], event["source"], event["unit"]) == \
        ("1.0", f"{case}.1", str(case), "/zhitong/smalltown", "mill_1"), event
    assert event["type"] == f"zhitong.case.{event['data']['move']}" and event["sequence"] == f"{1:020}"
    assert event["data"]["case"] == case and got.id.startswith(f"{case}.1."), got.id
    time.sleep(0.3)
    assert len(sink.of("ok/plain")) == 1


def a_backlog_comes_whole_and_in_the_order_of_each_case(system, shared):
    sink = shared["sink"]
    cases = send(shared, "mill_1", 300)
    wait_until(lambda: len(sink.of("ok/plain")) >= 301, 20, lambda: f"{len(sink.of('ok/plain'))} of 301")
    seqs = sorted(int(got.event["sequence"]) for got in sink.of("ok/plain"))
    assert seqs == list(range(1, 302)) and {got.event["data"]["case"] for got in sink.of("ok/plain")} > set(cases)
    wait_until(lambda: system.sql.number("SELECT cursor FROM notification.endpoint WHERE name = 'plain'") == 301, 20, "cursor")
    wait_until(lambda: system.replica("notification").metric("deliveries_sent_total") == 301, 20,
               lambda: f"301 sent: {system.replica('notification').metric('deliveries_sent_total')}")


def a_new_endpoint_begins_where_it_is_told_to(system, shared):
    sink = shared["sink"]
    add(system, "first", "mill_1", sink.url("ok/first"), "--from", "begin")
    add(system, "later", "mill_1", sink.url("ok/later"), "--from", "300")
    wait_until(lambda: len(sink.of("ok/first")) == 301 and len(sink.of("ok/later")) == 2, 20,
               lambda: (len(sink.of("ok/first")), len(sink.of("ok/later"))))
    remove(system, "first", "later")


def an_endpoint_that_is_busy_for_long_is_not_taken_for_a_slow_one(system, shared):
    sink = shared["sink"]
    sink.delays["ok/busy"] = lambda: random.uniform(0.8, 1.6)  # always some under way
    add(system, "busy", "mill_1", sink.url("ok/busy"), "--from", "100")
    wait_until(lambda: len(sink.of("ok/busy")) == 202, 60, lambda: len(sink.of("ok/busy")))
    took = [got.at - sink.of("ok/busy")[0].at for got in sink.of("ok/busy")]
    by_second = [sum(second <= at < second + 1 for at in took) for second in range(2, 10)]
    assert sorted(by_second)[2] >= 5, by_second  # but for two seconds in which the machine stood still
    remove(system, "busy")


def a_filter_leaves_out_the_rest(system, shared):
    sink = shared["sink"]
    add(system, "litter", "mill_1", sink.url("ok/litter"), "--filter", "item=litter kind=open")
    send(shared, "mill_1", 5)
    wanted = send(shared, "mill_1", 2, item="litter")
    wait_until(lambda: len(sink.of("ok/litter")) == 2, 20, lambda: sink.of("ok/litter"))
    assert {got.event["data"]["case"] for got in sink.of("ok/litter")} == set(wanted)
    remove(system, "litter")


def two_secrets_sign_while_one_replaces_the_other(system, shared):
    sink, old = shared["sink"], secret_of(system, "plain")
    ring = ["--secret-keys", system.folder / "secret.keys"]
    system.zhitong("endpoints", "rotate", "plain", "--secret-out", system.folder / "plain.new", *ring)
    new = (system.folder / "plain.new").read_text().strip()

    def next_one(signatures):
        """The first delivery with so many, once the courier has heard of the change."""
        before = len(sink.of("ok/plain"))
        send(shared, "mill_1")
        wait_until(lambda: len(sink.of("ok/plain")) > before, 20, "delivered")
        got = sink.of("ok/plain")[-1]
        return got if got.headers["webhook-signature"].count("v1,") == signatures else None
    for secrets, foreign in (((old, new), None), ((new,), old)):
        got = wait_until(lambda: next_one(len(secrets)), 20, f"signed {len(secrets)} times")
        assert all(is_signed(secret, got) for secret in secrets), got.headers
        assert foreign is None or not is_signed(foreign, got), got.headers
        if foreign is None:
            system.zhitong("endpoints", "remove-secret", "plain", *ring)
    done = system.zhitong("endpoints", "remove-secret", "plain", *ring, check=False)
    assert done.returncode == 1 and "only one" in done.stderr, done
    assert old not in str(system.sql.rows("SELECT * FROM notification.endpoint"))


# ---- what fails

FAILURES = {  # kind → status and words of the outcome
    "hang": (0, "timed out"), "reset": (0, "connection reset"), "silent": (0, "connection closed"),
    "early": (0, "closed in the middle of the answer"), "redirect": (302, "redirects are not followed"),
    "gigabyte": (500, "xxx"), "drip": (0, "timed out"), "garbage": (0, "not HTTP"), "headers": (0, "headers longer than"),
    "words": (500, "line one ??长街"),
    "ok/404": (404, ""), "ok/500": (500, ""), "ok/301": (301, "redirects are not followed"), "ok/201": (201, ""),
}


def every_failure_has_its_named_outcome_and_delays_nobody(system, shared):
    sink = shared["sink"]
    for status in (404, 500, 301, 201):
        sink.status[f"ok/{status}"] = (status, [])
    tls = shared["tls"] = Sink(tls=server_tls(system.folder))
    addresses = {kind: sink.url(kind) for kind in FAILURES}
    addresses.update({"certificate": tls.url("ok"), "closed": "http://127.0.0.1:9/", "nobody": "http://no.such.host.invalid/"})
    expected = {**FAILURES, "certificate": (0, "certificate refused"), "closed": (0, "cannot connect"),
                "nobody": (0, "host not found")}
    for kind, address in addresses.items():
        add(system, kind.replace("/", "."), "lake_1", address)
    add(system, "fast", "lake_1", sink.url("ok/fast"))
    case, = send(shared, "lake_1")
    wait_until(lambda: sink.of("ok/fast"), 4, "the one that works is told at once")
    for kind, (status, words) in expected.items():
        first = wait_until(lambda: attempts(system, kind.replace("/", ".")), 40, kind)[0]
        outcome = "sent" if status == 201 else "again"
        assert first[:4] == (case, 1, status, outcome) and words in first[4], (kind, first)
    assert getattr(sink, "gigabyte_sent", 0) < 8 << 20 and not sink.of("ok/redirected") and not tls.got
    again = {kind for kind in expected if len(attempts(system, kind.replace("/", "."))) > 1}
    assert len(again) > 10, again
    remove(system, *[kind.replace("/", ".") for kind in addresses], "fast")


def what_failed_is_tried_again_with_the_same_id(system, shared):
    sink = shared["sink"]
    sink.status["ok/fails"] = (500, [])

    def better_the_third_time():
        if len(sink.of("ok/fails")) > 2:
            sink.status.pop("ok/fails", None)
        return 0
    sink.delays["ok/fails"] = better_the_third_time
    add(system, "fails", "hill_1", sink.url("ok/fails"))
    case, = send(shared, "hill_1")
    wait_until(lambda: len(attempts(system, "fails")) == 2, 20, "two attempts")  # 50 ms; the next after 3 s
    assert waiting(system, "fails") == ["retry"], waiting(system, "fails")
    wait_until(lambda: [row[1:4] for row in attempts(system, "fails")] == [(1, 500, "again"), (2, 500, "again"), (3, 204, "sent")],
               10, lambda: attempts(system, "fails"))
    times = [row[5] for row in attempts(system, "fails")]
    assert 50 <= times[1] - times[0] < 3000 <= times[2] - times[1] < 18000, times  # each before the next step of the schedule
    assert len({got.id for got in sink.of("ok/fails")}) == 1, sink.of("ok/fails")
    wait_until(lambda: waiting(system, "fails") == [], 20, lambda: waiting(system, "fails"))
    shown = system.zhitong("deliveries", "show", "fails", "1").stdout
    assert shown.count("attempt ") == 3 and "status 500" in shown and f"case {case}" in shown, shown
    remove(system, "fails")


def a_receiver_that_asks_for_time_gets_it(system, shared):
    sink = shared["sink"]
    for nth, (status, after) in enumerate(((429, lambda: "6"), (503, lambda: formatdate(time.time() + 8, usegmt=True)))):
        name, path = f"busy{nth}", f"ok/busy{nth}"
        sink.status[path] = (status, [f"Retry-After: {after()}"])
        add(system, name, "hill_1", sink.url(path))
        send(shared, "hill_1", 1)
        wait_until(lambda: len(sink.of(path)) == 1, 20, "first attempt")
        del sink.status[path]
        send(shared, "hill_1", 3)  # others wait too
        time.sleep(1.5)
        assert len(sink.of(path)) == 1, [got.at for got in sink.of(path)]
        wait_until(lambda: len(sink.of(path)) == 5, 20, lambda: sink.of(path))
        remove(system, name)


def who_is_gone_is_disabled_and_somebody_hears_of_it(system, shared):
    sink = shared["sink"]
    sink.status["ok/gone"] = (410, [])
    add(system, "watch", "mill_2", sink.url("ok/watch"))
    add(system, "gone", "hill_1", sink.url("ok/gone"), "--announce", "watch")
    send(shared, "hill_1", 3)
    wait_until(lambda: sink.of("ok/watch"), 20, "announced")
    event = sink.of("ok/watch")[0].event
    assert event["type"] == "zhitong.endpoint.disabled" and event["subject"] == "gone", event
    assert event["data"] == {"endpoint": "gone", "unit": "hill_1", "why": "it answered 410 Gone"}, event
    assert is_signed(secret_of(system, "watch"), sink.of("ok/watch")[0])
    listed = system.zhitong("endpoints", "list").stdout
    assert [line for line in listed.splitlines() if line.startswith("gone ") and " disabled " in line], listed
    assert system.replica("notification").journal("endpoint_disabled")
    count = len(sink.of("ok/gone"))
    send(shared, "hill_1", 3)
    time.sleep(1)
    assert len(sink.of("ok/gone")) == count
    del sink.status["ok/gone"]
    system.zhitong("endpoints", "enable", "gone")
    told = lambda: {got.event["sequence"] for got in sink.of("ok/gone")}
    wait_until(lambda: len(told()) == 6, 20, lambda: (len(told()), attempts(system, "gone"), waiting(system, "gone")))
    remove(system, "gone", "watch")


# ---- slowness, private addresses

def a_slow_endpoint_delays_no_other(system, shared):
    sink = shared["sink"]
    sink.delays["ok/slow"] = 6
    add(system, "slow", "mill_2", sink.url("ok/slow"))
    add(system, "quick", "mill_2", sink.url("ok/quick"))
    began = watch.seconds()
    send(shared, "mill_2", 60)
    wait_until(lambda: len(sink.of("ok/quick")) == 60, 20, lambda: len(sink.of("ok/quick")))
    took = watch.seconds() - began
    assert took < 5, took
    sink.delays["ok/slow"] = 0
    wait_until(lambda: len(sink.of("ok/slow")) == 60, 20, lambda: len(sink.of("ok/slow")))
    remove(system, "slow", "quick")


def private_addresses_are_refused_unless_allowed_by_name(system, shared):
    sink = shared["sink"]
    before = len(sink.got)
    port = sink.port
    hosts = ("127.0.0.1", "[::1]", "[::ffff:127.0.0.1]", "169.254.169.254", "localhost", "2130706433", "0x7f000001", "0177.0.0.1",
             "0.0.0.0", "[64:ff9b::7f00:1]", "10.0.0.1", "127.1")
    for nth, host in enumerate(hosts):
        add(system, f"inside{nth}", "mill_2", f"http://{host}:{port}/ok/inside", private=False)
    add(system, "unnamed", "mill_2", f"http://localhost:{port}/ok/inside", private=True)  # only 127.0.0.1 is in the setting
    send(shared, "mill_2")
    for name in [f"inside{nth}" for nth in range(len(hosts))] + ["unnamed"]:
        first = wait_until(lambda: attempts(system, name), 20, name)[0]
        assert first[2:4] == (0, "again") and "address refused" in first[4], (name, first)
    assert len(sink.got) == before
    # A connection that an allowed endpoint left open is not used by one that is not allowed.
    add(system, "allowed", "mill_2", sink.url("ok/allowed"))
    send(shared, "mill_2", 3)
    wait_until(lambda: len(sink.of("ok/allowed")) == 3, 20, "allowed")
    assert not sink.of("ok/inside")
    remove(system, *[f"inside{nth}" for nth in range(len(hosts))], "unnamed", "allowed")


# ---- dead letters

def the_last_failure_is_a_dead_letter_which_can_be_told_again(system, shared):
    sink = shared["sink"]
    sink.status["ok/dead"] = (500, [])
    add(system, "dead", "hill_1", sink.url("ok/dead"))
    case, = send(shared, "hill_1")
    wait_until(lambda: waiting(system, "dead") == ["retry"], 20, lambda: waiting(system, "dead"))
    system.zhitong("endpoints", "disable", "dead")
    time.sleep(1)  # an attempt under way is written first
    system.sql.rows("UPDATE notification.delivery SET attempts = 9, next_at = now() WHERE state = 'retry'")  # three days later
    system.zhitong("endpoints", "enable", "dead")
    wait_until(lambda: waiting(system, "dead") == ["dead"], 20, lambda: waiting(system, "dead"))
    wait_until(lambda: "disabled" in system.zhitong("endpoints", "list").stdout, 20, "nothing was taken: disabled")
    assert "nothing was taken" in system.zhitong("endpoints", "show", "dead").stdout
    listed = system.zhitong("deliveries", "list", "--dead", "--endpoint", "dead").stdout
    assert str(case) in listed and " dead " in listed, listed
    assert str(case) in system.zhitong("deliveries", "list", "--case", case).stdout
    del sink.status["ok/dead"]
    system.zhitong("endpoints", "enable", "dead")
    assert "1 tried again" in system.zhitong("deliveries", "retry", "dead", "--dead").stdout
    wait_until(lambda: waiting(system, "dead") == [], 20, lambda: waiting(system, "dead"))
    assert attempts(system, "dead")[-1][1:4] == (1, 204, "sent") and len({got.id for got in sink.of("ok/dead")}) == 1
    assert "dead letters" in system.zhitong("deliveries", "retry", "dead", "--dead", check=False).stderr
    remove(system, "dead")


def what_was_told_can_be_replayed_with_the_same_ids(system, shared):
    sink = shared["sink"]
    first = {got.id for got in sink.of("ok/plain")}
    seqs = [int(got.event["sequence"]) for got in sink.of("ok/plain")]
    done = system.zhitong("deliveries", "replay", "plain", "--from", "1", "--to", "1000000")
    assert f"{len(set(seqs))} entries" in done.stdout, done
    wait_until(lambda: len(sink.of("ok/plain")) == 2 * len(seqs), 20, lambda: (len(sink.of("ok/plain")), len(seqs)))
    assert {got.id for got in sink.of("ok/plain")} == first
    done = system.zhitong("deliveries", "replay", "plain", "--from", "2000-01-01T00:00:00Z", "--to", "2001-01-01T00:00:00Z", check=False)
    assert done.returncode == 1 and "nothing that was told" in done.stderr, done


def a_test_delivery_shows_the_answer(system, shared):
    sink = shared["sink"]
    done = system.zhitong("endpoints", "test", "plain")
    assert "taken: status 204" in done.stdout, done
    assert sink.of("ok/plain")[-1].event["type"] == "zhitong.test"
    sink.status["ok/plain"] = (418, [])
    done = system.zhitong("endpoints", "test", "plain", check=False)
    assert done.returncode == 1 and "not taken: status 418" in done.stdout, done
    time.sleep(0.5)
    assert waiting(system, "plain") == [] and not [got for got in sink.of("ok/plain") if got.event["type"] == "zhitong.test"][2:]
    del sink.status["ok/plain"]


def the_example_receiver_takes_each_event_once(system, shared):
    port, store = free_port(), system.folder / "events.db"
    add(system, "example", "mill_1", f"http://127.0.0.1:{port}/")
    receiver = subprocess.Popen([ROOT / "clients/python/receive_webhook.py", "--secret-file", system.folder / "example.secret", "--port",
                                 str(port), "--store", store], stdout=subprocess.PIPE, text=True)
    try:
        wait_until(lambda: listens(port), 30, "the receiver listens")
        cases = send(shared, "mill_1", 5)
        wait_until(lambda: len(attempts(system, "example")) == 5, 20, lambda: attempts(system, "example"))
        system.zhitong("deliveries", "replay", "example", "--from", "1", "--to", "1000000")
        wait_until(lambda: waiting(system, "example") == [] and len(attempts(system, "example")) > 100, 20, "replayed")
        statuses = {row[2] for row in attempts(system, "example")}
        assert statuses == {204}, statuses
        forged = urllib.request.Request(f"http://127.0.0.1:{port}/", b"{}", {"webhook-id": "1", "webhook-timestamp": str(int(time.time())),
                                                                             "webhook-signature": "v1,AAAA"})
        try:
            raise AssertionError(urllib.request.urlopen(forged).status)
        except urllib.error.HTTPError as error:
            assert error.code == 401
    finally:
        receiver.kill()
    lines = receiver.communicate()[0].splitlines()
    subjects = [line.split()[2] for line in lines]
    assert set(map(str, cases)) <= set(subjects), lines[-5:]
    assert len({line.split()[0] for line in lines}) == len(lines), "each once"
    remove(system, "example")


main("webhooks", (
    an_entry_comes_once_signed_as_an_event,
    a_backlog_comes_whole_and_in_the_order_of_each_case,
    a_new_endpoint_begins_where_it_is_told_to,
     an_endpoint_that_is_busy_for_long_is_not_taken_for_a_slow_one,
    a_filter_leaves_out_the_rest,
    two_secrets_sign_while_one_replaces_the_other,
    every_failure_has_its_named_outcome_and_delays_nobody,
    what_failed_is_tried_again_with_the_same_id,
    a_receiver_that_asks_for_time_gets_it,
    who_is_gone_is_disabled_and_somebody_hears_of_it,
    a_slow_endpoint_delays_no_other,
    private_addresses_are_refused_unless_allowed_by_name,
    the_last_failure_is_a_dead_letter_which_can_be_told_again,
    what_was_told_can_be_replayed_with_the_same_ids,
    a_test_delivery_shows_the_answer,
    the_example_receiver_takes_each_event_once,
), settings={"notification": {"ZHITONG_PRIVATE_HOSTS": "127.0.0.1,no.such.host.invalid", "ZHITONG_RETRY_SCALE_PERCENT": "1"}})
