#!/usr/bin/python3
"""A supervisor of the whole city blocks, and answers what is said against it, at desk; nobody else does, and each of it stands in the
audit trail."""
import json
import sys
from pathlib import Path

sys.dont_write_bytecode = True
sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "lib"))

from checks import main, wait_until
from schema import answer_faults
from sources import small_city_with
from staff import PASSWORD, Staff, add, ask
from system import ROOT, SERVICES

API = json.loads((ROOT / "services/desk/openapi.json").read_text())
REPORT = {"channel": "app", "item": "litter", "area": "n_mill_1"}
PEOPLE = [("eye", "supervisor", "town_hall", "public"), ("north_eye", "supervisor", "north_office", "public"),
          ("hall", "dispatcher", "town_hall", "public"), ("reader", "auditor", "town_hall", "public")]


def checked(method, template, status, answer):
    assert answer.status == status, (method, template, status, answer)
    faults = answer_faults(API, method, template, answer)
    assert not faults, faults
    return answer.json


def services_run(system, shared):
    for person in PEOPLE:
        add(system, *person)
    system.settings["intake"] = {"ZHITONG_BEHIND_PROXY": "yes"}
    system.start_all(replicas=1, services=SERVICES + ("desk",))
    shared["staff"] = {person[0]: Staff(system.of("desk"), person[0], PASSWORD) for person in PEOPLE}


def report_from(system, address, **fields):
    return ask(system.of("intake")[0], "POST", "/reports", {**REPORT, **fields}, {"X-Forwarded-For": address})


def until(system, status, address, **fields):
    def asked():
        answer = report_from(system, address, **fields)
        return answer if answer.status == status else None
    return wait_until(asked, 12, f"{status} for {address}")


def who_is_blocked_appeals_and_is_answered(system, shared):
    eye, intake = shared["staff"]["eye"], system.of("intake")[0]
    assert report_from(system, "192.0.2.7").status == 201
    added = checked("POST", "/blocks", 201, eye.ask("POST", "/blocks", {"address": "192.0.2.7", "reason": "300 adverts", "days": 2}))
    block = added["block"]
    refused = until(system, 403, "192.0.2.7")
    assert "300 adverts" in str(refused.json) and f"/blocks/{block}/appeals" in str(refused.json), refused
    assert report_from(system, "192.0.2.8").status == 201
    assert checked("GET", "/blocks/appeals", 200, eye.get("/blocks/appeals"))["appeals"] == []
    checked("POST", "/blocks/{block}/keep", 404, eye.ask("POST", f"/blocks/{block}/keep", {"text": "nobody asked"}))
    assert ask(intake, "POST", f"/blocks/{block}/appeals", {"text": "We are the school. 我们是学校。"}).status == 201
    (appeal,) = checked("GET", "/blocks/appeals", 200, eye.get("/blocks/appeals"))["appeals"]
    assert (appeal["block"], appeal["kind"], appeal["text"]) == (block, "address", "We are the school. 我们是学校。"), appeal
    kept = checked("POST", "/blocks/{block}/keep", 200, eye.ask("POST", f"/blocks/{block}/keep", {"text": "They came from you"}))
    assert kept == {"appeals": 1}
    assert ask(intake, "GET", f"/blocks/{block}").json["answer"] == "They came from you"
    assert ask(intake, "POST", f"/blocks/{block}/appeals", {"text": "It was a virus"}).status == 201
    assert checked("POST", "/blocks/{block}/remove", 200, eye.ask("POST", f"/blocks/{block}/remove", {"text": "Mended, thank you"})) == {"appeals": 1}
    checked("POST", "/blocks/{block}/remove", 404, eye.ask("POST", f"/blocks/{block}/remove", {"text": "again"}))
    until(system, 201, "192.0.2.7")
    rows = [(login, outcome) for login, outcome in system.sql.rows("SELECT login, outcome FROM desk.audit WHERE what = 'block' ORDER BY entry")]
    assert rows == [("eye", f"added {block}: address"), ("eye", f"kept {block}, 1 appeals answered"), ("eye", f"lifted {block}, 1 appeals answered")], rows
    assert "192.0.2.7" not in str(system.sql.rows("SELECT * FROM intake.block")), "only its blind index is kept"


def sources_and_reporters_are_blocked(system, shared):
    eye = shared["staff"]["eye"]
    checked("POST", "/blocks", 201, eye.ask("POST", "/blocks", {"phone": "+86 395-1234567", "reason": "threats"}))
    until(system, 403, "192.0.2.9", reporter_phone="+863951234567")
    checked("POST", "/blocks", 201, eye.ask("POST", "/blocks", {"source": "kiosk", "reason": "broken"}))
    assert system.sql.rows("SELECT subject, added_by, ends_at - added_at FROM intake.block WHERE kind = 'source'")[0][:2] == ("kiosk", "eye")


def what_makes_no_sense_is_refused(_system, shared):
    eye = shared["staff"]["eye"]
    for body, field in (({"reason": "x"}, "body"), ({"address": "1.1.1.1", "phone": "1", "reason": "x"}, "body"),
                        ({"address": "1.1.1.1", "reason": "x", "until": 1}, "body"), ({"address": "1.1.1.1"}, "body"),
                        ({"address": "1.1.1.1", "reason": ""}, "reason"), ({"address": "1.1.1.1", "reason": "x" * 201}, "reason"),
                        ({"address": "1.1.1.1", "reason": 7}, "reason"), ({"address": "", "reason": "x"}, "address"),
                        ({"address": "1" * 201, "reason": "x"}, "address"), ({"source": "nobody", "reason": "x"}, "source"),
                        ({"phone": "11", "reason": "x"}, "phone"), ({"address": "1.1.1.0/24", "reason": "x"}, "address"),
                        ({"address": "1.1.1.1", "reason": "x", "days": 0}, "days"), ({"address": "1.1.1.1", "reason": "x", "days": 366}, "days"),
                        ({"address": "1.1.1.1", "reason": "x", "days": "2"}, "days"), ({"address": "1.1.1.1", "reason": "x", "days": None}, "days")):
        answer = eye.ask("POST", "/blocks", body)
        checked("POST", "/blocks", 422, answer)
        assert answer.field == field, (body, answer)
    for body, field in (({}, "text"), ({"text": ""}, "text"), ({"text": "x" * 2001}, "text")):
        answer = eye.ask("POST", "/blocks/1/keep", body)
        assert (answer.status, answer.field) == (422, field), (body, answer)
    for number in ("x", "0", "9" * 19):
        assert eye.ask("POST", f"/blocks/{number}/remove", {"text": "x"}).status == 404, number


def nobody_else_blocks(system, shared):
    before = system.sql.number("SELECT count(*) FROM intake.block")
    for login in ("north_eye", "hall", "reader"):
        person = shared["staff"][login]
        checked("POST", "/blocks", 403, person.ask("POST", "/blocks", {"source": "kiosk", "reason": "x"}))
        checked("GET", "/blocks/appeals", 403, person.get("/blocks/appeals"))
        checked("POST", "/blocks/{block}/remove", 403, person.ask("POST", "/blocks/2/remove", {"text": "x"}))
    checked("POST", "/blocks", 401, ask(system.of("desk")[0], "POST", "/blocks", {"source": "kiosk", "reason": "x"}))
    assert system.sql.number("SELECT count(*) FROM intake.block") == before


main("desk_blocks", [services_run, who_is_blocked_appeals_and_is_answered, sources_and_reporters_are_blocked,
                     what_makes_no_sense_is_refused, nobody_else_blocks], city=small_city_with("kiosk,app,Kiosk,,http,,,,\n"))
