#!/usr/bin/python3
"""GET /report tells what `zhitong report --kept` tells, to those who may know it, and about their own units only."""
import json
import sys
import threading
import time
from pathlib import Path

sys.dont_write_bytecode = True
sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "lib"))

import watch
from checks import main, wait_applied, wait_until
from clients import Client
from sql import Sql
from staff import PASSWORD, PEOPLE, Staff, add, ask
from system import SERVICES


def told(system, *words):
    return json.loads(system.zhitong("report", "--format", "json", "--kept", "--quiet", *words).stdout)


def alike(answer):
    """Without when it was made, and with rates as exact as the command prints them."""
    answer = json.loads(json.dumps(answer), parse_float=lambda text: round(float(text), 5))
    return {name: value for name, value in answer.items() if name != "at"}


def cases_and_moves(system, shared):
    for person in PEOPLE + [("numbers", "analyst", "north_office", "public"), ("somebody", "caller", "town_hall", "public"),
                            ("other", "analyst", "north_office", "public")]:
        add(system, *person)
    system.settings["desk"] = {"ZHITONG_REPORTS_WAITING": "1"}
    system.start_all(replicas=1, services=SERVICES + ("desk",))
    client = Client(system.endpoints("intake"), system.server_key(), system.key("client", "app-client"))
    shared["cases"] = [client.ask(f"case-{n}", {"channel": "app", "item": "litter", "area": area, "title": f"case {n}"})
                       for n, area in enumerate(["n_mill_1"] * 5 + ["s_hill_1"] * 3 + ["n_lake_1"] * 2)]
    client.close()
    wait_applied(system)
    shared["staff"] = {login: Staff(system.of("desk"), login, PASSWORD)
                       for login in ("mill", "north", "south", "hall", "works", "numbers", "other", "somebody")}
    for case in shared["cases"][:2]:
        answer = shared["staff"]["mill"].move(case, "sign", plan="sweep")
        assert answer.status == 200, answer
    wait_applied(system)


def the_numbers_are_those_of_the_command(system, shared):
    hall = shared["staff"]["hall"]
    for query, words in (({}, ()), ({"by": "unit"}, ("--by", "unit")), ({"by": "item"}, ("--by", "item")),
                         ({"by": "day", "unit": "mill_1"}, ("--by", "day", "--unit", "mill_1")),
                         ({"from": "2020-01-01", "to": "2020-12-31"}, ("--from", "2020-01-01", "--to", "2020-12-31"))):
        answer = hall.get("/report", **query)
        assert answer.status == 200, answer
        assert alike(answer.json) == alike(told(system, *words)), (query, answer)
    assert hall.get("/report").json["total"]["cases"] == 10


def everybody_gets_his_own_units(system, shared):
    staff = shared["staff"]
    for login, cases in (("hall", 10), ("north", 7), ("south", 3), ("mill", 5), ("numbers", 7)):
        answer = staff[login].get("/report", by="unit")
        assert answer.status == 200 and answer.json["total"]["cases"] == cases, (login, answer)
    rows = {row["code"] for row in staff["north"].get("/report", by="unit").json["rows"]}
    assert "mill_1" in rows and not any(code.startswith(("hill", "south")) for code in rows), rows
    assert staff["north"].get("/report", unit="mill_1").json["total"]["cases"] == 5
    for unit in ("south_office", "town_hall", "mill_1,south_office", "no_such_unit"):
        answer = staff["north"].get("/report", unit=unit)
        assert answer.status == 403 and answer.field == "unit", (unit, answer)
    for login in ("works", "somebody"):
        answer = staff[login].get("/report")
        assert answer.status == 403 and answer.field == "role", (login, answer)
    assert ask(system.of("desk")[0], "GET", "/report").status == 401


def nonsense_is_refused_with_its_field(_, shared):
    for field, text in (("by", "weather"), ("from", "yesterday"), ("from", "2026-13-01"), ("to", "2026-01-01x"), ("to", "")):
        answer = shared["staff"]["hall"].get("/report", **{field: text})
        assert (answer.status, answer.field) == ((200, None) if text == "" else (400, field)), (field, text, answer)
    answer = shared["staff"]["hall"].get("/report", **{"from": "2026-02-01", "to": "2026-01-01"})
    assert answer.status == 400 and answer.field == "to", answer


def an_answer_is_told_again_without_reading_anew(_, shared):
    """The instant at which it was made tells; two who may see the same get the same."""
    one = shared["staff"]["numbers"].get("/report", by="tier").json
    time.sleep(1.1)
    assert shared["staff"]["other"].get("/report", by="tier").json == one
    assert shared["staff"]["hall"].get("/report", by="tier").json["total"]["cases"] == 10


def wait_held(system):
    """Until a report waits for whoever folds."""
    wait_until(lambda: system.sql.number("SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND usename = 'zhitong_desk'"),
               15, "a report waits")


def a_report_that_waits_holds_nobody_up_but_reports(system, shared):
    """Somebody else folds a shard: one report waits for him, the same question waits with it, another is refused."""
    hall, numbers = shared["staff"]["hall"], shared["staff"]["numbers"]
    other = Sql(system.url())
    other.rows("BEGIN")
    other.rows("SELECT FROM measures.cursor FOR UPDATE")
    answers = []
    waiting = [threading.Thread(target=lambda: answers.append(hall.get("/report", by="channel"))) for _ in range(3)]
    for thread in waiting:
        thread.start()
    wait_held(system)
    answer = numbers.get("/report", by="channel")
    assert answer.status == 503 and int(answer.headers["Retry-After"]) > 0, answer
    began = watch.seconds()
    answer, took = hall.get("/cases"), watch.seconds() - began
    assert answer.status == 200 and took < 2, (answer, took)
    other.rows("COMMIT")
    for thread in waiting:
        thread.join()
    assert [answer.status for answer in answers] == [200] * 3 and answers[0].json == answers[1].json == answers[2].json, answers
    wait_until(lambda: numbers.get("/report", by="channel").status == 200, 15, "there is room again")


def a_replica_stops_though_a_report_waits(system, shared):
    other = Sql(system.url())
    other.rows("BEGIN")
    other.rows("SELECT FROM measures.cursor FOR UPDATE")
    desk = system.of("desk")[0]

    def hang():
        try:
            shared["staff"]["hall"].get("/report", by="month")
        except OSError:
            pass
    thread = threading.Thread(target=hang)
    thread.start()
    wait_held(system)
    desk.signal(15)
    wait_until(lambda: not desk.alive(), 15, "it has stopped")
    other.rows("ROLLBACK")
    thread.join()


main("desk report", [cases_and_moves, the_numbers_are_those_of_the_command, everybody_gets_his_own_units,
                     nonsense_is_refused_with_its_field, an_answer_is_told_again_without_reading_anew,
                     a_report_that_waits_holds_nobody_up_but_reports, a_replica_stops_though_a_report_waits])
