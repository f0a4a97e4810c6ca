#!/usr/bin/python3
"""What is not allowed or makes no sense is refused with the field at fault, over ZeroMQ and HTTP, and nothing is kept."""
import functools
import json
import sys
import time
import urllib.error
import urllib.request
from pathlib import Path

sys.dont_write_bytecode = True
sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "lib"))

import watch
import zmq
from checks import assert_sound, main, report, wait_applied, wait_until
from clients import Client, Department, dealer, decode, encode


def two_replicas(system, shared):
    system.start_all(replicas=2)
    shared["client"] = Client(system.endpoints("intake"), system.server_key(), system.key("client", "app-client"))
    shared["keys"] = {unit: system.key("department", unit, unit) for unit in ("mill_1", "works", "town_hall")}
    shared["threads"] = []
    assert isinstance(shared["client"].ask("good", report(0)), int)


def reports_with_a_bad_field_are_refused_with_the_field(system, shared):
    good = report(0)
    examples = [("channel", {"channel": "pigeon"}), ("channel", {"channel": "fax"}), ("item", {"item": "dragon"}),
                ("area", {"area": "atlantis"}), ("lat", {"lat": 90.5}), ("lat", {"lat": -1000.0}),
                ("long", {"long": 180.001}), ("lat", {"lat": None}), ("long", {"long": None}),
                ("lat", {"lat": float("inf")}), ("channel", {"channel": None}), ("item", {"item": ""}),
                ("title", {"title": "t" * 241}), ("description", {"description": "d" * 4001}),
                ("description", {"description": "bell \x07"}), ("area", {"area": 7})]
    before = system.sql.number("SELECT count(*) FROM intake.report")
    for nth, (field, change) in enumerate(examples):
        answer = shared["client"].ask(f"bad-{nth}", {**good, **change})
        assert isinstance(answer, tuple) and answer[0] == field and answer[1], (field, change, answer)
    assert system.sql.number("SELECT count(*) FROM intake.report") == before


def a_refused_key_may_be_used_again(_, shared):
    assert isinstance(shared["client"].ask("bad-0", report(0)), int)


def an_unknown_key_gets_no_answer_and_is_counted(system, _):
    context = zmq.Context()
    for service, message in (("intake", encode("submit", key="x", **report(0))),
                             ("notification", encode("hello", service="department", protocol=1))):
        replica = system.replica(service, 1)
        before = replica.metric("access_refused_total")
        for endpoint in (replica.public_endpoint, mesh_endpoint(system, replica)[0]):
            socket = dealer(context, endpoint, mesh_endpoint(system, replica)[1], zmq.curve_keypair())
            if endpoint == replica.public_endpoint:
                socket.close()
                socket = dealer(context, endpoint, system.server_key(), zmq.curve_keypair())
            socket.send(message)
            assert socket.poll(1000) == 0, (service, socket.recv_multipart())
            socket.close()
        wait_until(lambda: replica.metric("access_refused_total") >= before + 2, 15, lambda: f"counted in {replica.name}")
        lines = wait_until(lambda: replica.journal("key_refused"), 15, lambda: f"told by {replica.name}")
        assert lines, replica.name
        assert any("127.0.0.1" in line["text"] for line in lines), lines[:3]
    context.destroy(linger=0)


def mesh_endpoint(system, replica):
    endpoint, key = system.sql.rows(f"SELECT endpoint, curve_key FROM mesh.member WHERE member = {replica.member()}")[0]
    return endpoint, key.encode()


def a_department_may_not_submit_and_a_client_may_not_follow(system, shared):
    context = zmq.Context()
    for service, keys in (("intake", shared["keys"]["works"]),
                          ("notification", system.read_key(system.folder / "app-client.key"))):
        socket = dealer(context, system.replica(service, 1).public_endpoint, system.server_key(), keys)
        socket.send(encode("submit", key="x", **report(0)) if service == "intake" else
                    encode("follow", stream="works", credit=10, **{"from": 1}))
        assert socket.poll(1000) == 0, (service, socket.recv_multipart())
        socket.close()
    context.destroy(linger=0)


def ask_to_follow(context, endpoint, server_key, keys, **wish):
    socket = dealer(context, endpoint, server_key, keys)
    socket.send(encode("hello", service="department", protocol=1))
    socket.send(encode("follow", **wish))
    return socket


def follow(system, keys, stream, first=1, credit=10, endpoint=None):
    """The first answer of the replica that serves the stream which is not a sign of life."""
    context = zmq.Context()
    ask = functools.partial(ask_to_follow, context, server_key=system.server_key(), keys=keys,
                            stream=stream, credit=credit, **{"from": first})
    endpoint = endpoint or system.replica("notification", 1).public_endpoint
    socket = ask(endpoint)
    try:
        end = time.monotonic() + 10
        while time.monotonic() < end:
            message = decode(socket.recv_multipart()[0]) if socket.poll(500) else {"t": "head"}
            if message["t"] == "moved":
                time.sleep(0 if message.get("endpoint") else 0.5)
                endpoint = message.get("endpoint", endpoint)
                socket = ask(endpoint)
            elif message["t"] != "head" or message.get("stream"):
                return message
        return {"t": "silence"}
    finally:
        context.destroy(linger=0)


def a_department_may_not_follow_the_stream_of_another(system, shared):
    for replica in system.of("notification"):
        before = replica.metric("access_refused_total")
        for stream in ("works", "town_hall", "0", "", "' OR 1=1"):
            answer = follow(system, shared["keys"]["mill_1"], stream, endpoint=replica.public_endpoint)
            assert answer["t"] == "refused" and answer["field"] == "stream", (stream, answer)
        assert replica.metric("access_refused_total") >= before + 4, (before, replica.metric("access_refused_total"))
        lines = replica.journal("follow_refused")
        assert any(line["text"].startswith("mill_1/") and "asked for stream works" in line["text"] for line in lines), lines


def a_follow_that_makes_no_sense_is_refused_with_the_field(system, shared):
    keys = shared["keys"]["works"]
    assert follow(system, keys, "works", first=10**9)["field"] == "from"
    assert follow(system, keys, "works", credit=10**9)["field"] == "credit"


def a_revoked_key_ends_the_stream(system, shared):
    follower = Department(system.endpoints("notification"), system.server_key(), shared["keys"]["town_hall"], "town_hall")
    shared["threads"].append(follower)
    follower.start()
    wait_until(lambda: any(r.metric("followers") for r in system.of("notification")), 20, "followed")
    time.sleep(0.5)
    assert not follower.refused, follower.refused
    began = watch.seconds()
    system.zhitong("keys", "revoke", "town_hall")
    wait_until(lambda: follower.refused, 20, "the stream refused")
    took = watch.seconds() - began
    print(f"# a revoked key's stream ended after {took:.2f} s")
    assert took <= 5, f"{took:.2f} s"
    assert follower.refused[0][0] == "key", follower.refused
    follower.stop()
    # and a new connection is not even answered
    assert follow(system, shared["keys"]["town_hall"], "town_hall")["t"] == "silence"


# ---- HTTP

def http(url, body=None, headers=None, method=None):
    """Status, headers and decoded JSON."""
    data = body if body is None or isinstance(body, bytes) else json.dumps(body).encode()
    request = urllib.request.Request(url, data=data, headers={"Content-Type": "application/json", **(headers or {})},
                                     method=method)
    try:
        with urllib.request.urlopen(request, timeout=10) as answer:
            return answer.status, answer.headers, json.loads(answer.read())
    except urllib.error.HTTPError as error:
        return error.code, error.headers, json.loads(error.read())["error"]


def a_report_goes_in_by_http_and_comes_back(system, shared):
    sent = report(4)
    status, _, body = http(system.replica("intake", 1).http + "/reports", sent, {"Idempotency-Key": "web-1"})
    assert status == 201, (status, body)
    shared["http_case"] = body["case"]
    for replica in system.of("intake"):
        status, _, stored = http(f"{replica.http}/reports/{body['case']}", headers={"Authorization": f"Receipt {body['receipt']}"})
        assert status == 200, (status, stored)
        assert stored["case"] == body["case"]
        assert {key: stored[key] for key in sent} == sent, stored
    wait_applied(system)
    assert system.sql.number(f"SELECT count(*) FROM routing.case_file WHERE case_id = {body['case']}") == 1


def a_repeated_idempotency_key_gets_the_first_case(system, shared):
    for replica in system.of("intake"):
        status, _, body = http(replica.http + "/reports", report(4), {"Idempotency-Key": "web-1"})
        assert (status, body["case"]) == (200, shared["http_case"]), (status, body)
    status, _, body = http(system.replica("intake", 1).http + "/reports", report(4))
    assert status == 201 and body["case"] != shared["http_case"], "without a key each is a new report"


def bad_http_reports_are_400_with_the_field(system, _):
    url = system.replica("intake", 1).http + "/reports"
    good = report(0)
    for field, body in (("item", {**good, "item": "dragon"}), ("channel", {**good, "channel": "fax"}),
                        ("area", {key: value for key, value in good.items() if key != "area"}),
                        ("lat", {**good, "lat": 91}), ("lat", {**good, "lat": "north"}),
                        ("title", {**good, "title": "t" * 241}), ("key", {**good, "key": "k"}),
                        ("body", b"{"), ("body", b"[]"), ("body", b""), ("nonsense", {**good, "nonsense": 1})):
        status, _, answer = http(url, body, method="POST")
        assert status == 400 and answer["field"] == field and answer["reason"], (field, status, answer)
    status, _, answer = http(url, good, {"Idempotency-Key": "k" * 65})
    assert status == 400 and answer["field"] == "Idempotency-Key", (status, answer)


def other_http_mistakes_have_their_own_status(system, _):
    base = system.replica("intake", 1).http
    assert http(base + "/reports/999999999999")[0] == 404
    assert http(base + "/reports/abc")[0] == 404
    assert http(base + "/reports/99999999999999999999")[0] == 404
    assert http(base + "/nowhere")[0] == 404
    assert http(base + "/reports", b"x" * 70000, method="POST")[0] == 413
    assert http(base + "/reports", method="DELETE")[0] == 405


def nothing_is_broken(system, shared):
    shared["client"].close()
    assert_sound(system)


main("refusals", [two_replicas, reports_with_a_bad_field_are_refused_with_the_field, a_refused_key_may_be_used_again,
                  an_unknown_key_gets_no_answer_and_is_counted, a_department_may_not_submit_and_a_client_may_not_follow,
                  a_department_may_not_follow_the_stream_of_another,
                  a_follow_that_makes_no_sense_is_refused_with_the_field, a_revoked_key_ends_the_stream,
                  a_report_goes_in_by_http_and_comes_back, a_repeated_idempotency_key_gets_the_first_case,
                  bad_http_reports_are_400_with_the_field, other_http_mistakes_have_their_own_status, nothing_is_broken])
