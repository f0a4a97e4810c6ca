#!/usr/bin/python3
"""What the staff enter for somebody: it comes in by the staff's source, once, and only where the post may."""
import sys
from pathlib import Path

sys.dont_write_bytecode = True
sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "lib"))

from checks import main, wait_applied
from sources import small_city_with_sources
from staff import PASSWORD, Staff, add
from system import SERVICES

PEOPLE = [("seat", "hotline_seat", "town_hall", "public,internal,restricted"), ("grid", "grid_worker", "mill_1", "public"),
          ("reader", "auditor", "town_hall", "public")]


def a_city_with_a_staff_source(system, shared):
    for person in PEOPLE:
        add(system, *person)
    system.key("client", "desk-client")
    system.start_all(replicas=1)
    system.settings["desk"] = {"ZHITONG_INTAKE_KEY": str(system.folder / "desk-client.key"),
                               "ZHITONG_INTAKE_SERVER_KEY": str(system.folder / "service.key"),
                               "ZHITONG_INTAKE_ENDPOINTS": ",".join(system.endpoints("intake")),
                               "ZHITONG_STAFF_SOURCE": "seats"}
    system.replica("desk").start().wait_ready()
    shared.update({login: Staff(system.of("desk"), login, PASSWORD) for login, *_ in PEOPLE})


def a_seat_enters_a_report(system, shared):
    body = {"item": "lamp", "area": "n_mill_1", "title": "a caller says it is dark", "language": "zh"}
    first = shared["seat"].ask("POST", "/reports", body, Idempotency_Key="call-1")
    again = shared["seat"].ask("POST", "/reports", body, Idempotency_Key="call-1")
    assert (first.status, again.status) == (201, 200) and first.json["case"] == again.json["case"], (first, again)
    wait_applied(system)
    case = shared["seat"].get(f"/cases/{first.json['case']}")
    assert case.json["channel"] == "desk" and case.json["item"] == "lamp", case
    audit = system.sql.rows(f"SELECT login, what FROM desk.audit WHERE case_id = {first.json['case']} AND what = 'report'")
    assert audit == [("seat", "report")] * 2, audit


def what_is_left_out_is_the_sources(_, shared):
    answer = shared["seat"].ask("POST", "/reports", {"title": "something"}, Idempotency_Key="call-2")
    assert answer.status == 201, answer


def what_is_wrong_is_named(_, shared):
    for nth, (who, body, status, field) in enumerate((
            ("reader", {"title": "x"}, 403, "role"), ("grid", {"area": "s_hill_1"}, 422, "area"),
            ("seat", {"area": "moon"}, 422, "area"), ("seat", {"item": "moon"}, 422, "item"),
            ("seat", {"channel": "app"}, 422, "channel"), ("seat", {"key": "k"}, 422, "key"),
            ("seat", {"title": 7}, 422, "title"), ("seat", {"title": "x" * 241}, 422, "title"),
            ("seat", {"colour": "red"}, 422, "colour"))):
        answer = shared[who].ask("POST", "/reports", body, Idempotency_Key=f"wrong-{nth}")
        assert (answer.status, answer.field) == (status, field), (who, body, answer)
    assert shared["seat"].ask("POST", "/reports", {"title": "x"}).field == "Idempotency-Key"


if __name__ == "__main__":
    main("desk_entry", [a_city_with_a_staff_source, a_seat_enters_a_report, what_is_left_out_is_the_sources,
                        what_is_wrong_is_named], city=small_city_with_sources())
