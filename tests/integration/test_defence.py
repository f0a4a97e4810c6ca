#!/usr/bin/python3
"""What intake's HTTP API bears: who comes too often, who is blocked and says so, slow clients, floods, and what is no request."""
import gzip
import http.client
import json
import select
import socket
import sys
import time
from pathlib import Path

sys.dont_write_bytecode = True
sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "lib"))

from checks import main, report, wait_until
from sources import small_city_with

PER_MINUTE = 30
CONNECTIONS = 40
BODIES_BYTES = 1 << 20
SLOW_SECONDS_MAX = 20  # a request has 10 s


def ask(system, method, path, body=None, headers=None):
    """Status, JSON (or None) and headers of one request on a connection of its own."""
    intake = system.replica("intake")
    connection = http.client.HTTPConnection("127.0.0.1", intake.ports["ZHITONG_HTTP_PORT"], timeout=20)
    try:
        data = json.dumps(body) if isinstance(body, (dict, list)) else body
        connection.request(method, path, data, headers or {})
        answer = connection.getresponse()
        text = answer.read()
        return answer.status, json.loads(text) if text[:1] == b"{" else None, answer.headers
    finally:
        connection.close()


def post(system, nth, address="192.0.2.1", **more):
    return ask(system, "POST", "/reports", {**report(nth), **more}, {"X-Forwarded-For": address})


def services_run(system, shared):
    system.zhitong("keys", "secret", system.folder / "ring.keys", database=False)
    system.settings["intake"] = {"ZHITONG_ADDRESS_PER_MINUTE": str(PER_MINUTE), "ZHITONG_BEHIND_PROXY": "yes",
                                 "ZHITONG_HTTP_CONNECTIONS": str(CONNECTIONS), "ZHITONG_BODIES_BYTES": str(BODIES_BYTES),
                                 "ZHITONG_SECRET_KEYS": str(system.folder / "ring.keys")}
    system.start_all(replicas=1)
    assert post(system, 0)[0] == 201


def until_limited(send, least=PER_MINUTE):
    """The statuses of requests one after the other up to the first 429. How many are let through grows with the time that they take."""
    statuses = []
    while 429 not in statuses:
        statuses.append(send(len(statuses)))
        assert len(statuses) < 5 * PER_MINUTE, f"nobody is ever limited: {statuses}"
    assert len(statuses) > least, statuses
    return statuses


def whoever_comes_too_often_gets_429_and_when_to_come_again(system, shared):
    answers = []

    def send(nth):
        answers.append(post(system, nth, "192.0.2.2"))
        return answers[-1][0]
    counts = until_limited(send)
    assert counts[:-1] == [201] * (len(counts) - 1), counts
    status, body, headers = answers[-1]
    assert status == 429 and 1 <= int(headers["Retry-After"]) <= 60 // PER_MINUTE + 1, (status, dict(headers))
    assert body["error"]["field"] == "address", body
    time.sleep(int(headers["Retry-After"]))
    assert post(system, 99, "192.0.2.2")[0] == 201
    assert system.replica("intake").metric("http_limited_total") >= 1


def others_are_not_held_up_by_him(system, shared):
    assert post(system, 100, "192.0.2.3")[0] == 201


def an_address_before_the_last_of_x_forwarded_for_counts_for_nothing(system, shared):
    counts = until_limited(lambda nth: post(system, nth, f"10.0.{nth}.1, 192.0.2.4")[0])
    assert counts[:PER_MINUTE] == [201] * PER_MINUTE, counts


def a_proxy_that_adds_a_header_of_its_own_is_believed_and_the_one_before_is_not(system, shared):
    def send(nth):
        body = json.dumps(report(nth)).encode()
        with open_socket(system, b"POST /reports HTTP/1.1\r\nHost: a\r\nX-Forwarded-For: 10.1.%d.1\r\n" % nth +
                         b"X-Forwarded-For: 192.0.2.5\r\nConnection: close\r\nContent-Length: %d\r\n\r\n" % len(body) + body) as sent:
            return int(sent.recv(4000).split()[1])
    counts = until_limited(send)
    assert counts[:PER_MINUTE] == [201] * PER_MINUTE, counts


def one_customer_of_ipv6_is_one_address(system, shared):
    until_limited(lambda nth: post(system, nth, f"2001:db8:1:2::{nth:x}")[0])


def the_port_that_some_proxies_add_makes_no_other_address(system, shared):
    for form in ("192.0.2.6:{}", "[2001:db8:7::1]:{}", "[2001:db8:8::1]"):
        until_limited(lambda nth, form=form: post(system, nth, form.format(1024 + nth))[0])
    counts = until_limited(lambda nth: post(system, nth, "2001:db8:8::2")[0], least=0)
    assert len(counts) < PER_MINUTE, f"the same customer without brackets: {counts}"


def two_hundred_addresses_are_counted_apart(system, shared):
    for nth in range(200):
        assert post(system, nth, f"198.51.100.{nth % 250}")[0] == 201, nth


def whoever_tries_keys_over_open311_is_counted_by_his_address(system, shared):
    answers = until_limited(lambda _: ask(system, "POST", "/open311/v2/requests.json", "api_key=wrong&service_code=x",
                                          {"X-Forwarded-For": "192.0.2.7", "Content-Type": "application/x-www-form-urlencoded"})[0])
    assert answers[:PER_MINUTE] == [403] * PER_MINUTE, answers


def a_source_is_counted_by_its_key_and_its_own_limit(system, shared):
    key = system.folder / "kiosk.apikey"
    system.zhitong("keys", "source", "add", "kiosk", "--kind", "key", "--out", key, "--secret-keys", system.folder / "ring.keys")
    shared["kiosk"] = {"X-API-Key": key.read_text().strip()}
    def hand_in(nth):
        return ask(system, "POST", "/reports", {**report(nth), "channel": "app"},
                   {**shared["kiosk"], "X-Forwarded-For": f"198.51.100.{nth % 250}"})
    wait_until(lambda: hand_in(0)[0] == 201, 10, "its key is known")
    answers = []

    def send(nth):
        answers.append(hand_in(nth + 1))
        return answers[-1][0]
    until_limited(send, least=0)
    refused = answers[-1]
    assert refused[1]["error"]["field"] == "source" and "20 a minute" in refused[1]["error"]["reason"], refused
    shared["hand_in"] = hand_in


def a_blocked_source_hears_it(system, shared):
    number = block(system, "--source", "kiosk", "--reason", "the same report all day", "--days", "2")
    refused = wait_until(lambda: (lambda answer: answer if answer[0] == 403 else None)(shared["hand_in"](1)), 12, "blocked")
    assert refused[1]["error"]["field"] == "source" and f"/blocks/{number}/appeals" in refused[1]["error"]["reason"], refused


def a_blocked_reporter_hears_it(system, shared):
    block(system, "--email", "Bad@Example.org", "--reason", "threats")
    block(system, "--phone", "0086 395-1234567", "--reason", "threats")
    for fields, wanted in (({"reporter_email": "bad@example.ORG"}, "email"), ({"reporter_phone": "+863951234567"}, "phone")):
        _, body, _ = until(system, 403, "192.0.2.77", **fields)
        assert body["error"]["field"] == wanted, body
    assert post(system, 9, "192.0.2.77", reporter_email="good@example.org")[0] == 201


def block(system, *words):
    done = system.zhitong("block", "add", *words, "--by", "wang", "--secret-keys", system.folder / "ring.keys")
    return int(done.stdout.split()[1].rstrip(":"))


def until(system, status, address, **fields):
    """The first answer with that status; asked seldom enough for the limit, which is one in two seconds after the first thirty."""
    def asked():
        time.sleep(1)
        answer = post(system, 1, address, **fields)
        return answer if answer[0] == status else None
    return wait_until(asked, 25, f"{status} for {address}")


def a_blocked_address_hears_why_and_until_when(system, shared):
    shared["block"] = block(system, "--address", "192.0.2.66", "--reason", "spam: 300 adverts")
    refused = until(system, 403, "192.0.2.66")
    reason = refused[1]["error"]["reason"]
    assert refused[1]["error"]["field"] == "address" and "spam: 300 adverts" in reason, refused
    assert f"/blocks/{shared['block']}/appeals" in reason and "until 2" in reason, reason
    assert post(system, 2, "192.0.2.67")[0] == 201
    kept = system.sql.rows("SELECT subject, ends_at - added_at > interval '29 days', added_by FROM intake.block WHERE kind = 'address'")
    assert "192.0.2.66" not in str(kept) and str(kept[0][2]) == "wang", kept  # only its blind index is kept


def a_blocked_caller_appeals_and_hears_what_came_of_it(system, shared):
    path, caller = f"/blocks/{shared['block']}", {"X-Forwarded-For": "192.0.2.66"}
    status, body, _ = ask(system, "POST", path + "/appeals", {"text": "We are the school. 我们是学校。"}, caller)
    assert status == 201, (status, body)
    assert "学校" in system.zhitong("block", "appeals").stdout
    status, body, _ = ask(system, "GET", path, None, caller)
    assert status == 200 and body["holds"] and body["appeals_waiting"] == 1, body
    system.zhitong("block", "keep", shared["block"], "--text", "The adverts came from you", "--by", "li")
    status, body, _ = ask(system, "GET", path, None, caller)
    assert body["answer"] == "The adverts came from you" and body["holds"] and body["appeals_waiting"] == 0, body
    assert ask(system, "POST", path + "/appeals", {"text": "It was a virus"}, caller)[0] == 201
    system.zhitong("block", "remove", shared["block"], "--by", "li")
    until(system, 201, "192.0.2.66")
    rows = system.sql.rows("SELECT lifted_by, (SELECT count(*) FROM intake.appeal WHERE answered_by = 'li') FROM intake.block"
                           " WHERE kind = 'address'")
    assert str(rows[0][0]) == "li" and int(rows[0][1]) == 2, rows  # who did what stays written
    assert system.zhitong("block", "remove", shared["block"], check=False).returncode == 1


def a_wrong_appeal_is_refused(system, shared):
    number = block(system, "--address", "192.0.2.68", "--reason", "abuse", "--days", "1")
    for nth, (path, body, wanted) in enumerate((
            (f"/blocks/{number}/appeals", {"text": ""}, 400), (f"/blocks/{number}/appeals", {}, 400),
            (f"/blocks/{number}/appeals", {"text": "x" * 2001}, 400), (f"/blocks/{number}/appeals", {"text": 1}, 400),
            (f"/blocks/{number}/appeals", {"text": "a\u0000b"}, 400), (f"/blocks/{number}/appeals", "nothing", 400),
            ("/blocks/999999/appeals", {"text": "x"}, 404), ("/blocks/x/appeals", {"text": "x"}, 404),
            (f"/blocks/{shared['block']}/appeals", {"text": "x"}, 404))):
        status, answer, _ = ask(system, "POST", path, body, {"X-Forwarded-For": f"203.0.113.{nth}"})
        assert status == wanted, (path, body, status, answer)
    for nth, wanted in enumerate((201, 201, 201, 409)):
        assert ask(system, "POST", f"/blocks/{number}/appeals", {"text": "x"},
                   {"X-Forwarded-For": f"203.0.113.{100 + nth}"})[0] == wanted, nth
    floods = [ask(system, "POST", "/blocks/999999/appeals", {"text": "x"}, {"X-Forwarded-For": "203.0.113.200"})[0]
              for _ in range(10)]
    assert 429 in floods, floods


def a_key_by_which_somebody_is_blocked_is_still_needed(system, shared):
    """Without it the block would end, and nobody would hear of it."""
    ring = system.folder / "ring.keys"
    system.zhitong("keys", "secret", "--add", ring, database=False)
    def unused():
        return "needs it any more" in system.zhitong("people", "rekey", "--secret-keys", ring).stdout
    assert not unused()
    for row in system.sql.rows("SELECT block FROM intake.block WHERE kind <> 'source' AND lifted_at IS NULL"):
        system.zhitong("block", "remove", row[0], "--by", "li")
    assert unused()


def wrong_use_of_the_command_is_told(system, shared):
    for words in (("--reason", "x"), ("--address", "a"), ("--address", "a", "--phone", "1", "--reason", "x"),
                  ("--address", "a", "--reason", "x", "--days", "0"), ("--address", "a", "--reason", "x", "--days", "400")):
        assert system.zhitong("block", "add", *words, check=False).returncode == 2, words
    assert system.zhitong("block", "add", "--source", "nobody", "--reason", "x", check=False).returncode == 1
    assert "secret-keys" in system.zhitong("block", "add", "--address", "::1", "--reason", "x", check=False).stderr
    for kind, text in (("address", "192.0.2.0/24"), ("phone", "11"), ("email", "a@b")):
        assert f"{kind}: must be" in system.zhitong("block", "add", f"--{kind}", text, "--reason", "x", check=False).stderr, kind


def packed_bodies_are_not_opened(system, shared):
    bomb = gzip.compress(b"0" * 10_000_000)
    before = system.replica("intake").resident_kb()
    status, body, _ = ask(system, "POST", "/reports", bomb, {"Content-Encoding": "gzip"})
    assert status == 415 and body["error"]["field"] == "Content-Encoding", (status, body)
    assert system.replica("intake").resident_kb() < before + 5000


def broken_bodies_are_refused_with_400(system, shared):
    good = json.dumps(report(7))
    for nth, body in enumerate((
            b"", b"{", b"[]", b"null", good.encode()[:-1], good.replace("report 7", "a\\u0000b").encode(),
            good.encode().replace(b"report 7", b"a\x00b"), good.encode().replace(b"report 7", b"\xff\xfe"),
            good.encode().replace(b"report 7", b"\xed\xa0\x80"), good.encode().replace(b"report 7", b"\xc0\x80"),
            good.replace("report 7", "\\ud800").encode(), (good[:-1] + ', "title": "twice"}').encode(),
            b'{"a":' * 5000 + b"1" + b"}" * 5000, good.replace('"lat": 33', '"lat": 1e999, "x": 33').encode())):
        status, answer, _ = ask(system, "POST", "/reports", body, {"X-Forwarded-For": f"203.0.114.{nth}"})
        assert status == 400 and answer["error"]["reason"], (nth, body[:60], status, answer)


def open_socket(system, data=b""):
    connection = socket.create_connection(("127.0.0.1", system.replica("intake").ports["ZHITONG_HTTP_PORT"]), timeout=20)
    connection.sendall(data)
    return connection


def slow_clients_are_cut(system, shared):
    """A head and a body of which a byte comes now and then: answered 408 and closed in time, however lively they look."""
    head = b"POST /reports HTTP/1.1\r\nHost: a\r\n"
    slow = [open_socket(system, head), open_socket(system, head + b"Content-Length: 5000\r\n\r\n{")]
    began, answers = time.monotonic(), {}
    while len(answers) < len(slow) and time.monotonic() - began < SLOW_SECONDS_MAX:
        for nth, connection in enumerate(slow):
            if nth in answers:
                continue
            connection.settimeout(0.3)
            try:
                connection.sendall(b"X")
                answers[nth] = connection.recv(1000)
            except TimeoutError:
                pass
            except OSError:
                answers[nth] = b""
    assert len(answers) == 2 and all(b" 408 " in answer for answer in answers.values()), answers
    assert post(system, 5, "192.0.2.90")[0] == 201


def more_connections_than_there_may_be_wait_and_the_rest_is_served(system, shared):
    held = [open_socket(system) for _ in range(CONNECTIONS + 20)]
    time.sleep(0.5)
    for connection in held:
        connection.close()
    wait_until(lambda: post(system, 6, "192.0.2.91")[0] == 201, 15, "served again")


def a_flood_of_bodies_stays_within_its_memory(system, shared):
    """Each sends all but the last byte of the longest body: the memory for all is less than what they want."""
    intake = system.replica("intake")
    before = intake.resident_kb()
    body = b" " * 65500
    flood = []
    for _ in range(CONNECTIONS - 5):
        flood.append(open_socket(system, b"POST /reports HTTP/1.1\r\nHost: a\r\nContent-Length: 65501\r\n\r\n" + body))
    without_room = len(flood) - BODIES_BYTES // len(body)
    wait_until(lambda: len(select.select(flood, [], [], 0)[0]) >= without_room, 8, lambda: f"{without_room} are answered")
    time.sleep(0.5)
    grown = intake.resident_kb() - before
    answers = []
    for connection in flood:
        connection.settimeout(0.05)
        try:
            answers.append(connection.recv(1000))
        except OSError:
            answers.append(b"")
        connection.close()
    busy = [answer for answer in answers if b" 503 " in answer]
    assert busy and all(b"Retry-After: 1" in answer for answer in busy), answers
    assert len(busy) < len(answers), "none was given room"
    assert grown * 1024 < 3 * BODIES_BYTES, f"grew by {grown} kB"
    wait_until(lambda: post(system, 8, "192.0.2.92")[0] == 201, 15, "served again")


def all_are_alive(system, shared):
    for replica in system.replicas.values():
        assert replica.alive() and replica.get("/healthz")[0] == 200, replica.name


main("defence", [services_run, whoever_comes_too_often_gets_429_and_when_to_come_again, others_are_not_held_up_by_him,
                 an_address_before_the_last_of_x_forwarded_for_counts_for_nothing,
                 a_proxy_that_adds_a_header_of_its_own_is_believed_and_the_one_before_is_not, one_customer_of_ipv6_is_one_address,
                 the_port_that_some_proxies_add_makes_no_other_address, two_hundred_addresses_are_counted_apart,
                 whoever_tries_keys_over_open311_is_counted_by_his_address,
                 a_source_is_counted_by_its_key_and_its_own_limit, a_blocked_source_hears_it, a_blocked_reporter_hears_it,
                 a_blocked_address_hears_why_and_until_when,
                 a_blocked_caller_appeals_and_hears_what_came_of_it, a_wrong_appeal_is_refused,
                 a_key_by_which_somebody_is_blocked_is_still_needed,
                 wrong_use_of_the_command_is_told, packed_bodies_are_not_opened, broken_bodies_are_refused_with_400,
                 slow_clients_are_cut, more_connections_than_there_may_be_wait_and_the_rest_is_served,
                 a_flood_of_bodies_stays_within_its_memory, all_are_alive],
     city=small_city_with("kiosk,app,Kiosk,,http,,,,20\n"))
