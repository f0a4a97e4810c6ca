#!/usr/bin/python3
"""What a page needs of desk besides cases: what a form may offer, clocks that can be read, and refusals that say what was wrong."""
import sys
from pathlib import Path

sys.dont_write_bytecode = True
sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "lib"))

from checks import main, wait_applied
from clients import Client
from staff import PASSWORD, Staff, add, ask
from system import SERVICES

PEOPLE = [("mill", "village_desk", "mill_1", "public"), ("north", "county_centre", "north_office", "public,internal"),
          ("hall", "dispatcher", "town_hall", "public,internal,restricted")]


def a_city_with_a_case(system, shared):
    for person in PEOPLE:
        add(system, *person)
    system.zhitong("staff", "post", "mill", "--role", "caller", "--unit", "mill_office", "--privacy", "public")
    system.sql.rows("INSERT INTO city.reason VALUES ('return', 'not_ours', 1, 'Not ours', '不属本辖区'), ('return', 'other', 2, 'Other', NULL)")
    system.sql.rows("INSERT INTO city.template VALUES ('joint', 'works', 2, 'Joint', '联办'), ('joint', 'centre', 1, 'Joint', '联办')")
    system.start_all(replicas=1, services=SERVICES + ("desk",))
    client = Client(system.endpoints("intake"), system.server_key(), system.key("client", "app-client"))
    shared["case"] = client.ask("case-1", {"channel": "app", "item": "litter", "area": "n_mill_1", "title": "litter"})
    client.close()
    wait_applied(system)
    shared["staff"] = {login: Staff(system.of("desk"), login, PASSWORD) for login, *_ in PEOPLE}


def forms_offer_what_the_city_has(_, shared):
    mill = shared["staff"]["mill"]
    items = mill.get("/items").json["items"]
    assert {"item": "lamp", "en": "Street lamp out", "zh": "路灯不亮", "matter": "service", "severity": "blue", "tier": 1} in items, items
    channels = {channel["channel"]: channel for channel in mill.get("/channels").json["channels"]}
    assert channels["sensor"]["privacy"] == "internal" and channels["sensor"]["callback"] is False and channels["app"]["zh"] == "市民应用"
    assert mill.get("/reasons").json == {"reasons": [
        {"move": "return", "reason": "not_ours", "en": "Not ours", "zh": "不属本辖区"},
        {"move": "return", "reason": "other", "en": "Other", "zh": "Other"}]}
    assert mill.get("/templates").json == {"templates": [{"template": "joint", "en": "Joint", "zh": "联办", "parties": ["centre", "works"]}]}


def units_are_those_below_beside_and_above(system, shared):
    seen = {login: {unit["unit"] for unit in staff.get("/units").json["units"]} for login, staff in shared["staff"].items()}
    everyone = {code for code, in system.sql.rows("SELECT code FROM city.unit")}
    assert seen["hall"] == everyone
    assert {"mill_1", "mill_office", "north_office", "town_hall", "works"} <= seen["mill"], seen
    assert not seen["mill"] & {"south_office", "hill_1"} and "mill_1" in seen["north"] and "south_office" not in seen["north"], seen


def the_clocks_of_a_case_are_instants(_, shared):
    mill, path = shared["staff"]["mill"], f"/cases/{shared['case']}"
    assert mill.move(shared["case"], "whistle", parties="works").status == 200
    case = mill.get(path).json
    clocks = {clock["clock"]: clock for clock in case["kept"]["clocks"]}
    resolve = clocks["resolve"]
    assert resolve["due_at"] == case["due_at"] and resolve["held"] is False and resolve["told_percent"] == 0, case
    assert case["opened_at"] <= resolve["started_at"] < resolve["due_at"] <= resolve["moves_up_at"], case
    assert [(task["unit"], task["state"]) for task in case["kept"]["tasks"]] == [("works", "called")], case


def an_unknown_parameter_is_refused_by_name(_, shared):
    mill = shared["staff"]["mill"]
    for path in ("/cases", "/work", f"/cases/{shared['case']}", f"/cases/{shared['case']}/history", "/units", "/moves", "/report", "/councils"):
        answer = mill.get(path, colour="blue")
        assert answer.status == 400 and answer.field == "colour", (path, answer)
    answer = mill.get("/cases", limit=1, sate="handling")
    assert answer.field == "sate" and "state" in answer.json["error"]["reason"], answer
    answer = mill.ask("POST", f"/cases/{shared['case']}/moves/note?dry=yes", {"note": "x"}, Idempotency_Key="k", If_Match="*")
    assert answer.status == 400 and answer.field == "dry", answer
    assert mill.get("/cases", limit=1, item="litter").status == 200


def a_wrong_post_is_named_to_who_has_the_password_only(system, shared):
    desk = system.of("desk")[0]
    posts = {role: int(post) for post, role in system.sql.rows(
        "SELECT post, role FROM desk.post JOIN desk.staff USING (staff) WHERE login = 'mill'")}
    for _ in range(12):  # more often than a wrong password may be tried
        answer = shared["staff"]["mill"].sign_in(post=9999)
        assert answer.status == 422 and answer.field == "post", answer
    assert all(f"{post} ({role} of" in answer.json["error"]["reason"] for role, post in posts.items()), answer
    assert shared["staff"]["mill"].sign_in(post=posts["caller"]).json["unit"] == "mill_office"
    answer = ask(desk, "POST", "/sessions", {"login": "mill", "password": "wrong", "post": 9999})
    assert answer.status == 401 and answer.field == "login", answer
    system.zhitong("staff", "disable", "north")
    answer = shared["staff"]["north"].sign_in(post=9999)
    assert answer.status == 401 and answer.field == "login", answer


def a_reason_that_is_none_is_refused_with_those_there_are(_, shared):
    answer = shared["staff"]["mill"].move(shared["case"], "return", reason="tired", note="x", unit="mill_office")
    assert answer.status == 422 and answer.field == "reason", answer
    assert "tired is none of the 2 reasons for return in reasons.csv: not_ours, other" in answer.json["error"]["reason"], answer


main("desk offers", [a_city_with_a_case, forms_offer_what_the_city_has, units_are_those_below_beside_and_above,
                     a_reason_that_is_none_is_refused_with_those_there_are, the_clocks_of_a_case_are_instants, an_unknown_parameter_is_refused_by_name,
                     a_wrong_post_is_named_to_who_has_the_password_only])
