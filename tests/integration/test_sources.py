#!/usr/bin/python3
"""Channels as rows with credentials and adapters: what webhooks and alerts become, that the same report twice is one, what is
refused and how it is named, and that keys open the door for as long as they are good and no longer."""
import json
import subprocess
import sys
import time
import urllib.request
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "lib"))
sys.dont_write_bytecode = True
import checks
import watch
from clients import Client
from sources import alert, area, body_signed, info, post, signed, small_city_with_sources
from system import BUILD, ROOT, wait_until

EFFECT_SECONDS = 5 + 10  # a key that is given or revoked works or ends within five; what a machine stands still comes on top
OVERLAP_SECONDS = 10  # more than the new secret takes to be known


def secret(system, source, kind, name=None, action="add", *more):
    path = system.folder / (name or f"{source}.{kind}")
    system.zhitong("keys", "source", action, source, "--kind", kind, "--out", path, "--secret-keys",
                   system.folder / "ring", *more)
    assert path.stat().st_mode & 0o777 == 0o600
    return path.read_text().strip()


def url(system, source, what="reports", number=1):
    return f"{system.replica('intake', number).http}/sources/{source}/{what}"


def one(nth, **fields):
    return {"id": f"P{nth}", "type": "LIGHT", "head": f"lamp {nth}", "text": "<script>alert(1)</script>",
            "place": {"code": "P1", "pos": [33.6, 114.01]}, "at": 1700000000, **fields}


def hand_in(system, shared, body, message="m", number=1):
    return post(url(system, "police", number=number), body, signed(shared["hmac"], body, message))


def kept(system, case, key=None):
    request = urllib.request.Request(f"{system.replica('intake').http}/reports/{case}", headers={"X-API-Key": key} if key else {})
    with urllib.request.urlopen(request) as answer:
        return json.load(answer)


def services_and_keys_are_there(system, shared):
    ring = system.folder / "ring"
    system.zhitong("keys", "secret", ring)
    system.settings = {"intake": {"ZHITONG_SECRET_KEYS": str(ring)}}
    shared["hmac"] = secret(system, "police", "hmac")
    shared["body"] = secret(system, "monitor", "hmac-body")
    shared["cap"] = secret(system, "weather", "key")
    system.start_all(replicas=2)
    listed = system.zhitong("keys", "source", "list").stdout
    assert "police" in listed and "monitor" in listed and "weather" in listed
    for value in (shared["hmac"], shared["body"], shared["cap"]):
        assert value not in listed and value not in str(system.sql.rows("SELECT * FROM intake.credential"))


def a_webhooks_report_is_mapped(system, shared):
    status, answer = hand_in(system, shared, one(1, **{"odd/name": "yes \"quoted\""}))
    assert status == 201, (status, answer)
    report = kept(system, answer["case"])
    assert report["channel"] == "hotline" and report["item"] == "lamp" and report["area"] == "n_mill_1", report
    assert report["source_id"] == "P1" and report["description"] == "<script>alert(1)</script>"
    shared["P1"] = answer["case"]


def the_same_report_twice_is_one_also_elsewhere_and_after_a_restart(system, shared):
    for number in (1, 2):
        status, answer = hand_in(system, shared, one(1), message=f"again-{number}", number=number)
        assert (status, answer["case"]) == (200, shared["P1"]), (status, answer)
    replica = system.replica("intake")
    replica.kill()
    replica.start().wait_ready()
    status, answer = wait_until(lambda: (lambda got: got if got[0] != 503 else None)(hand_in(system, shared, one(1))), 20,
                                "an answer")
    assert (status, answer["case"]) == (200, shared["P1"]), (status, answer)


def a_replayed_request_makes_no_second_report(system, shared):
    body = one(2)
    headers = signed(shared["hmac"], body, "replayed")
    first, second = (post(url(system, "police"), body, headers) for _ in range(2))
    assert first[0] == 201 and second[0] == 200 and first[1]["case"] == second[1]["case"], (first, second)
    body = {"alarms": [{"message": "no number of its own"}]}
    first, second = (post(url(system, "monitor"), body, body_signed(shared["body"], body)) for _ in range(2))
    assert [first[1]["reports"][0]["status"], second[1]["reports"][0]["status"]] == [201, 200], (first, second)


def each_report_of_an_array_is_answered_by_itself(system, shared):
    status, answer = hand_in(system, shared, [one(10), one(11, type="MOON"), one(12, place=7), one(10)])
    assert status == 207, (status, answer)
    reports = answer["reports"]
    assert [r["status"] for r in reports] in ([201, 400, 201, 200], [200, 400, 201, 201]), reports
    assert reports[1]["error"]["field"] == "/1/type", reports
    assert reports[0]["case"] == reports[3]["case"]
    status, answer = post(url(system, "monitor"), {"alarms": [{"message": "a"}, {}]},
                          body_signed(shared["body"], {"alarms": [{"message": "a"}, {}]}))
    assert status == 207 and answer["reports"][1]["error"]["field"] == "/alarms/1/message", answer


WRONG = [  # body, field
    ({"id": None}, "/id"), ({"head": None}, "/head"), ({"type": "MOON"}, "/type"), ({"type": ["LIGHT"]}, "/type"),
    ({"head": "x" * 241}, "/head"), ({"text": "x" * 4001}, "/text"), ({"id": "x" * 1001}, "/id"),
    ({"head": {"a": 1}}, "/head"), ({"place": {"code": "MOON"}}, "/place/code"), ({"at": "yesterday"}, "/at"),
    ({"at": -1}, "/at"), ({"place": {"pos": [99, 114]}}, "/place/pos/0"), ({"place": {"pos": ["north", 114]}}, "/place/pos/0"),
    ({"place": {"pos": [33.6]}}, "/place/pos/1"), ({"head": "a\u0007b"}, "/head"), ({"head": True}, "/head"),
]
BROKEN = [b"", b"{", b"[]", b"7", b'{"id":"1","id":"2"}', b'{"head":"\xff"}', b'{"head":"\\u0000"}', b"[[]]", b"[" * 5000]


def what_is_wrong_is_named_by_the_senders_pointer(system, shared):
    for fields, field in WRONG:
        status, answer = hand_in(system, shared, one(99, **fields))
        assert (status, answer["error"]["field"]) == (400, field), (fields, status, answer)
        assert answer["error"]["reason"]
    for body in BROKEN:
        status, answer = hand_in(system, shared, body)
        assert status in (400, 207), (body[:20], status, answer)
        assert status == 400 or answer["reports"][0]["status"] == 400, answer
    assert system.sql.number("SELECT count(*) FROM intake.report WHERE position('x9' in encode(body, 'escape')) > 0") == 0


def nobody_gets_in_without_a_good_signature(system, shared):
    body = one(50)
    good = signed(shared["hmac"], body)
    now = int(time.time())
    wrong = {
        "none": ({}, "Authorization"),
        "other secret": (signed("whsec_" + "A" * 43 + "=", body), "webhook-signature"),
        "other body": (signed(shared["hmac"], one(51)), "webhook-signature"),
        "too old": (signed(shared["hmac"], body, at=now - 305), "webhook-timestamp"),
        "too new": (signed(shared["hmac"], body, at=now + 310), "webhook-timestamp"),
        "no time": ({**good, "webhook-timestamp": "now"}, "webhook-timestamp"),
        "time changed": ({**good, "webhook-timestamp": str(now - 7)}, "webhook-signature"),
        "no id": ({k: v for k, v in good.items() if k != "webhook-id"}, "webhook-id"),
        "another form": (body_signed(shared["hmac"], body), "X-Signature"),
        "another source's key": ({"Authorization": f"Bearer {shared['cap']}"}, "Authorization"),
        "no key": ({"X-API-Key": ""}, "Authorization"),
    }
    for name, (headers, field) in wrong.items():
        status, answer = post(url(system, "police"), body, headers)
        assert (status, answer["error"]["field"]) == (401, field), (name, status, answer)
    several = {**good, "webhook-signature": "v1,AAAA v2,x " + good["webhook-signature"]}
    assert post(url(system, "police"), body, several)[0] == 201
    status, answer = post(url(system, "weather"), body, {"X-API-Key": shared["cap"]})
    assert status == 404, (status, answer)  # the key is good, but the source is no webhook


def a_key_can_be_rotated_and_revoked(system, shared):
    rotated = secret(system, "police", "hmac", "police.new", "rotate", "--overlap", OVERLAP_SECONDS)
    body = one(60)
    wait_until(lambda: post(url(system, "police"), body, signed(rotated, body))[0] in (200, 201), EFFECT_SECONDS,
               "the new secret works")
    assert post(url(system, "police"), body, signed(shared["hmac"], body))[0] == 200  # both, for a while
    wait_until(lambda: post(url(system, "police"), body, signed(shared["hmac"], body))[0] == 401, OVERLAP_SECONDS + EFFECT_SECONDS,
               "the old secret ends")
    system.zhitong("keys", "source", "revoke", "police")
    began = watch.seconds()
    for number in (1, 2):
        wait_until(lambda n=number: post(url(system, "police", number=n), body, signed(rotated, body))[0] == 401,
                   EFFECT_SECONDS, "the revoked secret ends")
    took = watch.seconds() - began
    print(f"# revoked everywhere after {took:.2f} s")
    assert took <= 5, f"{took:.2f} s"
    done = system.zhitong("keys", "source", "revoke", "police", check=False)
    assert done.returncode == 1
    done = system.zhitong("keys", "source", "add", "nobody", "--out", system.folder / "x", check=False)
    assert done.returncode == 1 and "no source nobody" in done.stderr and not (system.folder / "x").exists()
    assert "revoked" in system.zhitong("keys", "source", "list", "police").stdout


def warn(system, shared, body, number=1):
    return post(url(system, "weather", "cap", number), body, {"Authorization": f"Bearer {shared['cap']}",
                                                              "Content-Type": "application/cap+xml"})


def an_alert_becomes_a_report(system, shared):
    english = info(event="Rain", language="en-US", headline="Heavy rain")
    status, answer = warn(system, shared, alert("A1", infos=english + info()))
    assert status == 201, (status, answer)
    report = kept(system, answer["case"], shared["cap"])
    assert report["item"] == "bridge" and report["area"] == "north" and report["title"] == "暴雨橙色预警", report
    assert abs(report["lat"] - 33.65) < 1e-9 and abs(report["long"] - 114.05) < 1e-9, report
    assert "<b>" in report["description"]
    again = warn(system, shared, alert("A1", infos=english + info()), number=2)
    assert again[0] == 200 and again[1]["case"] == answer["case"], again
    shared["A1"] = answer["case"]


def an_alert_of_several_areas_becomes_several(system, shared):
    areas = area("411102") + area("411103", "<circle>33.5,114.0 10</circle>") + area("411102", "")
    status, answer = warn(system, shared, alert("A2", infos=info(event="Wind", areas=areas)))
    assert status == 207 and [r["status"] for r in answer["reports"]] == [201, 201], (status, answer)
    second = kept(system, answer["reports"][1]["case"], shared["cap"])
    assert (second["area"], second["lat"], second["item"]) == ("south", 33.5, "litter"), second


def an_update_says_which_case_it_is_about(system, shared):
    status, answer = warn(system, shared, alert("A3", "Update", references="w@x,A1,2026-11-20T08:00:00+08:00"))
    assert status == 201 and answer["case"] != shared["A1"], (status, answer)


def a_cancellation_is_noted_on_the_cases(system, shared):
    gone = warn(system, shared, alert("A9", "Cancel", references="w@x,A0,2026-11-20T08:00:00+08:00", infos=""))
    assert gone[0] == 404 and gone[1]["error"]["field"] == "references", gone
    checks.wait_applied(system)
    status, answer = warn(system, shared, alert("A4", "Cancel", references="w@x,A1,2026-11-20T08:00:00+08:00", infos=""))
    life = (Path(__file__).resolve().parents[2] / "proto/case_life.def").read_text()
    may = any(line.startswith("MOVE(note") and "HAT_reporter" in line for line in life.splitlines())
    assert status == (200 if may else 409) and len(answer["noted"]) == 1, (status, answer)


WRONG_ALERTS = [
    (alert(status="Test"), "status"), (alert(status="Exercise"), "status"), (alert(status="Nonsense"), "status"),
    (alert(kind="Ack"), "msgType"), (alert(kind="Update"), "references"), (alert(infos=""), "info"),
    (alert(identifier=""), "identifier"), (alert(identifier="x" * 251), "identifier"),
    (alert(infos=info(event="")), "event"), (alert(infos=info(areas=area("", "<circle>99,114 1</circle>"))), "circle"),
    (alert(infos=info(areas=area("", "<polygon>1,2 3,4</polygon>"))), "polygon"),
    (alert("A7", infos=info(areas=area("999999"))), "geocode"),
    (alert().replace(b":cap:1.2", b":cap:1.0"), "alert"),
    (alert().replace(b"<alert", b'<!DOCTYPE alert [<!ENTITY a "b">]><alert'), "DOCTYPE"),
    (alert().replace(b"Immediate", b"Soon"), "urgency"), (alert()[:-9], "body"), (b"", "body"),
    (alert().replace("三".encode(), b"\xff"), "body"), (alert().replace(b"Likely", b"Lik\0ly"), "body"),
    (alert(infos=info(areas=area() * 33)), "area"),
]


def what_is_wrong_with_an_alert_is_named_by_its_element(system, shared):
    for body, field in WRONG_ALERTS:
        status, answer = warn(system, shared, body)
        assert status == 400 and answer["error"]["field"] == field, (field, status, answer, body[:400])


def a_source_over_zeromq_may_use_its_own_channel_only(system, shared):
    path = system.folder / "meter.key"
    system.zhitong("keys", "source", "add", "meter", "--kind", "curve", "--out", path)
    client = Client(system.endpoints("intake"), system.server_key(), system.read_key(path))
    try:
        report = {"channel": "sensor", "item": "lamp", "area": "north", "source_id": "M1"}
        case = client.ask("id:M1", report, seconds=20)  # a key that was refused a moment ago is tried again
        assert isinstance(case, int), case
        assert client.ask("id:M1", report, which=1) == case
        field, reason = client.ask("id:M2", {**report, "channel": "hotline"})
        assert field == "channel" and "meter" in reason, (field, reason)
    finally:
        client.close()


def clients_for_others_hand_in(system, shared):
    path = system.folder / "meter.key"
    places = ",".join(system.endpoints("intake")), system.folder / "service.key", path
    for program, words in ((BUILD / "clients/zhitong-submit-example", ("sensor", "lamp", "north")),
                           (ROOT / "clients/python/submit.py", ("channel=sensor", "item=lamp", "area=north", "lat=33.6", "long=114"))):
        def run(number, *fields):
            return subprocess.run([program, *places, number, *fields], capture_output=True, text=True, check=False)
        first, again = run(f"{program.name}-1", *words), run(f"{program.name}-1", *words)
        assert first.returncode == again.returncode == 0, (first, again)
        assert again.stdout == first.stdout.strip() + " again\n", (first, again)
        wrong = run("W", words[0].replace("sensor", "app"), *words[1:])
        assert wrong.returncode == 1 and wrong.stdout.startswith("refused: channel: "), wrong


def write_calls(path, rows, encoding="utf-8", separator=",", end="\r\n"):
    names = ("工单编号", "类别", "区域", "标题", "内容", "受理时间")
    text = end.join([separator.join(names)] + [separator.join(row) for row in rows]) + end
    path.write_bytes(text.encode(encoding))
    return path


def take_in(system, path, key, *words):
    return system.zhitong("import", path, "--source", "calls", "--endpoint", ",".join(system.endpoints("intake")),
                          "--server-key", system.folder / "service.key", "--key", key, "--rejects", f"{path}.rejects",
                          *words, check=False)


def csv_files_come_in_as_spreadsheets_write_them(system, shared):
    key = system.folder / "calls.key"
    system.zhitong("keys", "source", "add", "calls", "--kind", "curve", "--out", key)
    rows = [(f"G{n}", "路灯", "n_mill_1", "路灯不亮", f'"第{n}盏\n""东"""', "2026/9/1 8:30") for n in range(20)]
    forms = {"bom": ("utf-8-sig", ",", ()), "semicolon": ("utf-8", ";", ()), "tab": ("utf-8", "\t", ()),
             "gb18030": ("gb18030", ",", ("--encoding", "GB18030"))}
    for nth, (name, (encoding, separator, words)) in enumerate(forms.items()):
        done = take_in(system, write_calls(system.folder / f"{name}.csv", rows, encoding, separator), key, *words)
        accepted = f"{0 if nth else 20} accepted, {20 if nth else 0} accepted before, 0 refused"
        assert done.returncode == 0 and accepted in done.stdout, (name, done)
    assert system.sql.number("SELECT count(*) FROM intake.report WHERE position('G7'::bytea IN body) > 0") == 1
    words = "第7盏\n\"东\"".encode().hex()
    assert system.sql.number(f"SELECT count(*) FROM intake.report WHERE position(decode('{words}', 'hex') IN body) > 0") == 1


def what_is_wrong_in_a_csv_file_is_named_by_its_column(system, shared):
    good = ("H1", "路灯", "n_mill_1", "t", "x", "")
    wrong = {"类别": ("H2", "飞碟", "", "", "", ""), "工单编号": ("", "路灯", "", "", "", ""),
             "区域": ("H3", "路灯", "moon", "", "", ""), "受理时间": ("H4", "路灯", "", "", "", "yesterday"),
             "标题": ("H5", "路灯", "", "x" * 241, "", "")}
    path = write_calls(system.folder / "wrong.csv", [good, *wrong.values()])
    done = take_in(system, path, system.folder / "calls.key")
    assert done.returncode == 1 and "1 accepted" in done.stdout and "5 refused" in done.stdout, done
    rejects = Path(f"{path}.rejects").read_text()
    for column in wrong:
        assert column in rejects, (column, rejects)
    done = take_in(system, path, system.folder / "meter.key")
    assert done.returncode == 1 and "the key of meter" in done.stderr, done
    bad = write_calls(system.folder / "bad.csv", [good], "gb18030")
    done = take_in(system, bad, system.folder / "calls.key")
    assert done.returncode == 1 and "UTF-8" in done.stderr, done
    done = take_in(system, path, system.folder / "calls.key", "--encoding", "klingon")
    assert done.returncode == 1 and "--encoding" in done.stderr, done


def an_api_key_says_which_source_posts(system, shared):
    key = secret(system, "page", "key")
    headers, place = {"Authorization": f"Bearer {key}"}, system.replica("intake").http + "/reports"
    body = {"item": "lamp", "title": "dark", "source_id": "W1"}
    first = wait_until(lambda: (lambda got: got if got[0] == 201 else None)(post(place, body, headers)), EFFECT_SECONDS, "taken")
    assert post(place, body, headers) == (200, first[1])
    assert kept(system, first[1]["case"])["channel"] == "app" and kept(system, first[1]["case"])["area"] == "town"
    status, answer = post(place, {**body, "source_id": "W2", "channel": "sensor"}, headers)
    assert (status, answer["error"]["field"]) == (400, "channel"), answer
    status, answer = post(place, body, {"X-API-Key": "x" * 43})
    assert (status, answer["error"]["field"]) == (401, "Authorization"), answer


def all_of_it_is_sound(system, shared):
    checks.assert_sound(system)


if __name__ == "__main__":
    checks.main("sources", [services_and_keys_are_there, a_webhooks_report_is_mapped,
                            the_same_report_twice_is_one_also_elsewhere_and_after_a_restart,
                            a_replayed_request_makes_no_second_report, each_report_of_an_array_is_answered_by_itself,
                            what_is_wrong_is_named_by_the_senders_pointer, nobody_gets_in_without_a_good_signature,
                            an_alert_becomes_a_report, an_alert_of_several_areas_becomes_several,
                            an_update_says_which_case_it_is_about, a_cancellation_is_noted_on_the_cases,
                            what_is_wrong_with_an_alert_is_named_by_its_element,
                            a_source_over_zeromq_may_use_its_own_channel_only, clients_for_others_hand_in,
                            csv_files_come_in_as_spreadsheets_write_them,
                            what_is_wrong_in_a_csv_file_is_named_by_its_column, an_api_key_says_which_source_posts, a_key_can_be_rotated_and_revoked,
                            all_of_it_is_sound], city=small_city_with_sources())
