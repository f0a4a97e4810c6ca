#!/usr/bin/python3
"""Desk as the staff meet it: two replicas, routing behind them, a small city. Everybody sees his own part and may do his own
part; a retry gets the first answer; what is refused names the field."""
import sys
import time
from pathlib import Path

sys.dont_write_bytecode = True
sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "lib"))

from checks import main, report, wait_applied, wait_until
from clients import Client
from sql import Sql
from staff import PASSWORD, PEOPLE, Staff, add, ask
from system import SERVICES

IDLE_SECONDS, SESSION_SECONDS = 5, 10  # far from what a machine stands still

def everything_starts(system, shared):
    for person in PEOPLE:
        add(system, *person)
    system.key("client", "council")
    system.settings["desk"] = {"ZHITONG_INTAKE_KEY": str(system.folder / "council.key"),
                               "ZHITONG_INTAKE_SERVER_KEY": str(system.folder / "service.key"),
                               "ZHITONG_INTAKE_ENDPOINTS": ""}
    for number in (1, 2):
        system.replica("intake", number)
    system.settings["desk"]["ZHITONG_INTAKE_ENDPOINTS"] = ",".join(system.endpoints("intake"))
    system.start_all(replicas=2, services=SERVICES + ("desk",))
    client = Client(system.endpoints("intake"), system.server_key(), system.key("client", "app-client"))
    for name, fields in (("lamp", {"area": "n_mill_1"}), ("far", {"area": "s_hill_1"}), ("hole", {"item": "pothole", "area": "n_mill_1"}),
                         ("secret", {"channel": "desk", "area": "n_mill_1"}), ("sensor", {"channel": "sensor", "area": "n_mill_1"}),
                         ("bridge", {"item": "bridge", "area": "n_mill_1"}), ("up", {"item": "pothole", "area": "n_lake_1"})):
        shared[name] = client.ask(name, {"channel": "app", "item": "litter", "title": f"the {name}", **fields})
        assert isinstance(shared[name], int), (name, shared[name])
    wait_applied(system)
    desks = shared["desks"] = system.of("desk")
    shared["staff"] = {person[0]: Staff(desks, person[0], PASSWORD) for person in PEOPLE}
    client.close()


def nobody_gets_in_without_a_session(_, shared):
    desk = shared["desks"][0]
    for method, path in (("GET", "/cases"), ("GET", "/work"), ("GET", "/moves"), ("GET", "/cases/129"), ("GET", "/sessions/current"),
                         ("POST", "/cases/129/moves/sign"), ("DELETE", "/sessions/current"), ("POST", "/councils")):
        for headers in ({}, {"Authorization": "Bearer " + "A" * 43}, {"Authorization": "Basic YTpi"}, {"Cookie": "zhitong=x"}):
            answer = ask(desk, method, path, {} if method == "POST" else None, headers)
            assert answer.status == 401 and answer.field == "session", (method, path, headers, answer)


def a_wrong_password_and_an_unknown_login_are_answered_alike(_, shared):
    answers = [ask(shared["desks"][0], "POST", "/sessions", {"login": login, "password": "wrong wrong wrong"})
               for login in ("mill", "nobody")]
    assert [answer.status for answer in answers] == [401, 401]
    assert answers[0].json == answers[1].json and answers[0].field == "login"


def the_token_is_also_a_cookie(_, shared):
    answer = ask(shared["desks"][0], "POST", "/sessions", {"login": "mill", "password": PASSWORD})
    cookie = answer.headers["Set-Cookie"]
    for word in ("HttpOnly", "Secure", "SameSite=Strict", "Path=/"):
        assert word in cookie, cookie
    mine = ask(shared["desks"][1], "GET", "/sessions/current", None, {"Cookie": "a=b; " + cookie.split(";")[0]})
    assert mine.status == 200 and mine.json["login"] == "mill" and mine.json["role"] == "village_desk", mine


def a_login_that_fails_too_often_must_wait(_, shared):
    statuses = [ask(shared["desks"][1], "POST", "/sessions", {"login": "guessed", "password": f"wrong {n} wrong"}).status
                for n in range(11)]
    assert statuses == [401] * 10 + [429], statuses
    answer = ask(shared["desks"][1], "POST", "/sessions", {"login": "guessed", "password": "wrong"})
    assert answer.status == 429 and answer.field == "login" and 0 < int(answer.headers["Retry-After"]) <= 300, answer


def cases_of(answer):
    assert answer.status == 200, answer
    return [int(case["case"]) for case in answer.json["cases"]]


def everybody_sees_his_own_part(_, shared):
    staff, all_of = shared["staff"], lambda *names: sorted(shared[name] for name in names)
    seen = {"mill": all_of("lamp", "hole", "bridge"), "mill_office": all_of("lamp", "hole", "bridge", "sensor"),
            "north": all_of("lamp", "hole", "bridge", "sensor", "up"), "south": all_of("far"),
            "hall": all_of("lamp", "far", "hole", "secret", "sensor", "bridge", "up")}
    for login, wanted in seen.items():
        assert sorted(cases_of(staff[login].get("/cases"))) == wanted, (login, wanted)
        for name in ("lamp", "far", "secret", "sensor", "up"):
            status = staff[login].get(f"/cases/{shared[name]}").status
            assert status == (200 if shared[name] in wanted else 404), (login, name, status)


def the_queue_holds_the_unit_s_own_by_due(_, shared):
    for login, wanted in (("mill", ["lamp"]), ("mill_office", ["hole"]), ("works", ["bridge"])):
        cases = shared["staff"][login].get("/work").json["cases"]
        assert sorted(int(case["case"]) for case in cases) == sorted(shared[name] for name in wanted), (login, cases)
        assert [case["due_at"] for case in cases] == sorted(case["due_at"] for case in cases)


def filters_narrow_and_nonsense_is_refused(_, shared):
    hall = shared["staff"]["hall"]
    everything = cases_of(hall.get("/cases"))
    assert cases_of(hall.get("/cases", item="bridge")) == [shared["bridge"]]
    assert cases_of(hall.get("/cases", channel="desk")) == [shared["secret"]]
    assert cases_of(hall.get("/cases", unit="mill_1", open="yes", channel="app", severity="blue")) == [shared["lamp"]]
    assert cases_of(hall.get("/cases", area="south")) == [shared["far"]]
    assert cases_of(hall.get("/cases", open="no")) == []
    assert cases_of(hall.get("/cases", supervised="yes")) == []
    assert sorted(cases_of(hall.get("/cases", tier=2))) == sorted([shared["hole"], shared["up"]])
    opened = {int(case["case"]): case["opened_at"] for case in hall.get("/cases").json["cases"]}
    middle = sorted(opened.values())[3]
    assert sorted(cases_of(hall.get("/cases", opened_from=middle))) == sorted(c for c in everything if opened[c] >= middle)
    assert sorted(cases_of(hall.get("/cases", opened_to=middle))) == sorted(c for c in everything if opened[c] < middle)
    for name, value in (("state", "lost"), ("tier", "5"), ("open", "maybe"), ("severity", "pink"), ("limit", "0"), ("limit", "201"),
                        ("limit", "1x"), ("after", "?"), ("after", "AAAA"), ("overdue", "no"), ("opened_from", "-1"), ("area", "")):
        answer = hall.get("/cases", **{name: value})
        assert answer.status == 400 and answer.field == name, (name, value, answer)
    assert shared["staff"]["north"].get("/cases", area="south").status == 403


def pages_join_without_gap_or_double(_, shared):
    hall = shared["staff"]["hall"]
    for path, key in (("/cases", "opened_at"), ("/work", "due_at")):
        whole, paged, after = cases_of(hall.get(path)), [], {}
        for turn in range(20):
            page = hall.get(path, limit=2, which=turn, **after)
            paged += cases_of(page)
            after = {"after": page.json["after"]} if "after" in page.json else None
            if after is None:
                break
        assert paged == whole, (path, paged, whole)


def a_case_page_tells_all_and_offers_moves(_, shared):
    page = shared["staff"]["mill"].get(f"/cases/{shared['lamp']}")
    assert page.headers["ETag"] == '"1"' and page.json["title"] == "the lamp" and page.json["state"] == "dispatched", page
    offered = {move["move"] for move in page.json["moves"]}
    assert {"sign", "return", "pass_up", "note"} <= offered and "verify" not in offered and "press" not in offered, offered
    assert shared["staff"]["reader"].get(f"/cases/{shared['lamp']}").json["moves"] == []


def a_move_needs_a_key_and_a_version(_, shared):
    mill, path = shared["staff"]["mill"], f"/cases/{shared['lamp']}/moves/sign"
    body = {"plan": "new bulb tomorrow"}
    answer = mill.ask("POST", path, body, If_Match='"1"')
    assert answer.status == 400 and answer.field == "Idempotency-Key", answer
    answer = mill.ask("POST", path, body, Idempotency_Key="k")
    assert answer.status == 428 and answer.field == "If-Match", answer
    answer = mill.ask("POST", path, body, Idempotency_Key="k", If_Match="*")
    assert answer.status == 428 and answer.field == "If-Match", answer
    for match in ("1", '"x"', '"1', 'W/"1"', '"0"', '"1"x', ""):
        answer = mill.ask("POST", path, body, Idempotency_Key="k", If_Match=match)
        assert answer.status in (400, 428) and answer.field == "If-Match", (match, answer)


def hostile_bodies_are_refused_with_the_field(_, shared):
    mill = shared["staff"]["mill"]
    path, headers = f"/cases/{shared['lamp']}/moves/sign", {"Idempotency_Key": "h", "If_Match": '"1"'}
    for body, status, field in ((b"", 400, "body"), (b"[]", 400, "body"), (b'{"plan":"a","plan":"b"}', 400, "body"),
                                (b'{"plan":"\xff"}', 400, "body"), (b'{"plan": 7}', 422, "plan"), (b'{"plan":"' + b"x" * 500 + b'"}', 422, "plan"),
                                (b'{"nonsense": 1}', 422, "nonsense"), (b'{"actor": "hall"}', 422, "actor"),
                                (b'{"role": "dispatcher"}', 422, "role"), (b'{"version": 1}', 422, "version"),
                                (b'{"key": "k"}', 422, "key"), (b'{"case": 1}', 422, "case"), (b'{"plan":"a\\u0007"}', 422, "plan"),
                                (b'{"until_at": 1.5}', 422, "until_at"), (b'{"days": -1}', 422, "days")):
        answer = mill.ask("POST", path, body, **headers)
        assert answer.status == status and answer.field == field, (body, answer)
    assert mill.ask("POST", path, b"{" + b" " * 70000 + b"}", **headers).status == 413
    assert mill.ask("POST", f"/cases/{shared['lamp']}/moves/explode", {}, **headers).field == "move"
    assert mill.ask("POST", "/cases/x/moves/sign", {}, **headers).field == "case"
    assert mill.ask("PUT", "/cases", {}).status == 405 and mill.ask("GET", "/cases/1/2/3").status == 404
    assert mill.ask("HEAD", "/work").status == 200
    assert mill.get(f"/cases/{shared['lamp']}").json["version"] == 1


def a_retry_at_the_other_replica_gets_the_first_answer(_, shared):
    mill, case = shared["staff"]["mill"], shared["lamp"]
    first = mill.move(case, "sign", version=1, key="sign-it", plan="new bulb tomorrow")
    assert first.status == 200 and first.json == {"state": "handling", "version": 2} and first.headers["ETag"] == '"2"', first
    for which in (0, 1):
        again = mill.move(case, "sign", version=1, key="sign-it", which=which, plan="new bulb tomorrow")
        assert again.status == 200 and again.json == first.json, again
    assert mill.get(f"/cases/{case}").json["plan"] == "new bulb tomorrow"


def a_key_of_one_move_says_nothing_of_another(_, shared):
    """Whoever used it again by mistake is not told that what he asks was done."""
    mill, case = shared["staff"]["mill"], shared["lamp"]
    answer = mill.move(case, "contact", version=1, key="sign-it", note="she is glad")
    assert answer.status == 409 and answer.field == "version", answer


def a_stale_version_is_a_conflict_that_tells_the_new_one(_, shared):
    answer = shared["staff"]["mill"].move(shared["lamp"], "contact", version=1, note="spoke with her")
    assert answer.status == 409 and answer.field == "version" and answer.json["version"] == 2 and answer.headers["ETag"] == '"2"', answer


def refusals_have_the_status_that_fits(_, shared):
    staff, lamp, hole = shared["staff"], shared["lamp"], shared["hole"]
    for login, case, move, fields, status, field in (
            ("mill", lamp, "sign", {"plan": "x"}, 409, "move"),            # signed already
            ("reader", lamp, "contact", {"note": "x"}, 403, "role"),       # an auditor reads
            ("mill_office", lamp, "contact", {"note": "x"}, 403, "actor_unit"),  # another unit has it
            ("mill", lamp, "contact", {}, 422, "note"),
            ("mill", hole, "sign", {"plan": "x"}, 403, "actor_unit"),
            ("south", lamp, "note", {"note": "x"}, 404, "case"),           # not of his county
            ("mill", shared["secret"], "note", {"note": "x"}, 404, "case"),  # not of his classes
            ("mill_office", 128 * 999999, "note", {"note": "x"}, 404, "case")):
        answer = staff[login].move(case, move, **fields)
        assert answer.status == status and answer.field == field, (login, move, answer)


def a_note_may_be_made_whatever_the_version(_, shared):
    answer = shared["staff"]["eye"].move(shared["lamp"], "urge", version="*", note="she called twice")
    assert answer.status == 200, answer
    digest = "ab" * 32
    answer = shared["staff"]["mill"].move(shared["lamp"], "attach", version="*", file=f"{digest} image/jpeg 52311 before the repair.jpg")
    assert answer.status == 200, answer
    files = shared["staff"]["mill"].get(f"/cases/{shared['lamp']}/files").json["files"]
    assert [(file["sha256"], file["type"], file["bytes"], file["name"]) for file in files] == \
        [(digest, "image/jpeg", 52311, "before the repair.jpg")], files


def the_history_tells_every_move(system, shared):
    mill = shared["staff"]["mill"]
    whole = mill.get(f"/cases/{shared['lamp']}/history").json["entries"]
    assert [entry["version"] for entry in whole] == list(range(1, len(whole) + 1)), whole
    sign = next(entry for entry in whole if entry["move"] == "sign")
    assert sign["actor"] == "mill" and sign["role"] == "village_desk" and sign["move_zh"] == "签收" and sign["move_en"], sign
    paged, after = [], {}
    while after is not None:
        page = mill.get(f"/cases/{shared['lamp']}/history", limit=2, **after).json
        paged += page["entries"]
        after = {"after": page["after"]} if "after" in page else None
    assert paged == whole
    assert shared["staff"]["south"].get(f"/cases/{shared['lamp']}/history").status == 404
    assert shared["staff"]["mill"].get(f"/cases/{shared['secret']}/files").status == 404


def what_was_done_and_looked_at_is_written_down(system, shared):
    shared["staff"]["hall"].get(f"/cases/{shared['secret']}")
    rows = system.sql.rows(f"SELECT login, what, outcome FROM desk.audit WHERE case_id IN ({shared['secret']}, {shared['lamp']})")
    for wanted in (("hall", "look", "shown"), ("mill", "sign", "done 2"), ("mill", "contact", "refused version"),
                   ("reader", "contact", "refused role")):
        assert wanted in rows, (wanted, rows)
    assert not [row for row in rows if row[:2] == ("mill", "look")], "a look at what is public is nobody's business"
    assert system.sql.number("SELECT count(*) FROM desk.audit WHERE what = 'login' AND login = 'nobody' AND outcome LIKE 'refused%'")


def the_database_shows_nothing_to_a_query_that_forgets_who_asks(system, shared):
    desk = Sql(system.url("zhitong_desk"))
    post = {login: system.sql.number(f"SELECT post FROM desk.post JOIN desk.staff USING (staff) WHERE login = '{login}'")
            for login in ("mill", "hall")}
    seen = "SELECT count(*) FROM desk.case_seen"
    assert desk.rows(seen) == [("0",)] and desk.rows("SELECT * FROM desk.queue('-infinity', 0, 10)") == []
    assert desk.rows(f"SELECT * FROM desk.history({shared['lamp']}, 0, 10)") == []
    assert desk.rows("SELECT * FROM desk.council_seen") == []
    counts = [int(desk.rows(f"SET zhitong.post = {number}; {seen}")[0][0]) for number in post.values()]
    assert counts == [3, 7], counts
    desk.rows("RESET zhitong.post")
    for forbidden in ("SELECT * FROM routing.case_file", "SELECT * FROM routing.log", "UPDATE desk.case_seen SET plan = ''",
                      "UPDATE desk.post SET privacy = '{restricted}'", "UPDATE desk.staff SET enabled = true",
                      "DELETE FROM desk.audit", "UPDATE desk.audit SET login = 'x'", "SELECT topic FROM desk.council"):
        try:
            desk.rows(forbidden)
        except RuntimeError as error:
            assert "permission denied" in str(error) or "cannot update view" in str(error), (forbidden, error)
        else:
            raise AssertionError(forbidden)
    desk.close()


def a_council_spawns_a_case(_, shared):
    office, held = shared["staff"]["mill_office"], {"topic": "street lamps", "attendees": "12 households", "resolution": "two more lamps",
                                                    "unit": "mill_1", "held_at": int(time.time() * 1000)}
    answer = office.ask("POST", "/councils", held, Idempotency_Key="c1")
    assert answer.status == 201, answer
    council = answer.json["council"]
    again = office.ask("POST", "/councils", held, which=1, Idempotency_Key="c1")
    assert again.status == 200 and again.json["council"] == council, again
    assert office.ask("POST", "/councils", {**held, "unit": "hill_1"}, Idempotency_Key="c2").field == "unit"
    assert office.ask("POST", "/councils", {**held, "topic": ""}, Idempotency_Key="c2").field == "topic"
    assert office.ask("POST", "/councils", held).field == "Idempotency-Key"
    matter = {"channel": "app", "item": "lamp", "area": "n_mill_1", "title": "two more lamps"}
    answer = office.ask("POST", f"/councils/{council}/cases", matter, Idempotency_Key="cc1")
    assert answer.status == 201, answer
    again = office.ask("POST", f"/councils/{council}/cases", matter, which=1, Idempotency_Key="cc1")
    assert again.status == 200 and again.json == answer.json, again
    assert office.get(f"/councils/{council}").json["cases"] == [answer.json["case"]]
    for change, field in (({"item": "dragon"}, "item"), ({"source_id": "x"}, "source_id"), ({"area": "s_hill_1"}, "area")):
        assert office.ask("POST", f"/councils/{council}/cases", {**matter, **change}, Idempotency_Key="cc2").field == field, change
    for path, body in (("/councils", held), (f"/councils/{council}/cases", matter)):
        refused = shared["staff"]["reader"].ask("POST", path, body, Idempotency_Key="read-only")
        assert refused.status == 403 and refused.field == "role", (path, refused)
    assert shared["staff"]["south"].get(f"/councils/{council}").status == 404
    assert shared["staff"]["south"].get("/councils").json["councils"] == []
    assert [row["council"] for row in office.get("/councils").json["councils"]] == [council]


def a_session_ends_everywhere(system, shared):
    short = Staff(shared["desks"], "check", PASSWORD)
    assert short.get("/sessions/current", which=1).status == 200
    assert short.ask("DELETE", "/sessions/current").status == 200
    assert short.get("/sessions/current").status == 401
    wait_until(lambda: short.get("/sessions/current", which=1).status == 401, 15, "the other replica knows")
    mine = Staff(shared["desks"], "check", PASSWORD)
    system.zhitong("staff", "disable", "check")
    wait_until(lambda: mine.get("/sessions/current").status == 401, 15, "a disabled person is signed out")
    assert mine.sign_in().status == 401


def an_expired_session_is_over(system, shared):
    replica = shared["desks"][1]
    replica.kill()
    replica.start({"ZHITONG_SESSION_IDLE_SECONDS": str(IDLE_SECONDS), "ZHITONG_SESSION_SECONDS": str(SESSION_SECONDS)}).wait_ready()
    idle, began = Staff([replica], "mill", PASSWORD), time.monotonic()
    busy = Staff([replica], "mill", PASSWORD)
    while time.monotonic() - began < IDLE_SECONDS + 1:
        answer = busy.get("/sessions/current")
        assert answer.status == 200, (time.monotonic() - began, answer)
        time.sleep(0.3)
    assert idle.get("/sessions/current").status == 401, "idle for so long"
    wait_until(lambda: time.sleep(0.3) or busy.get("/sessions/current").status == 401, SESSION_SECONDS + 10, "however busy, it ends")
    assert time.monotonic() - began >= SESSION_SECONDS - 1, "it ended early"


def without_routing_the_outcome_is_unknown_and_the_key_tells_later(system, shared):
    replica = shared["desks"][1]
    replica.kill()
    replica.start({"ZHITONG_COMMAND_MS": "1500"}).wait_ready()
    office = Staff([replica], "mill_office", PASSWORD)
    for routing in system.of("routing"):
        routing.kill()
    answer = office.move(shared["hole"], "sign", version=1, key="later", plan="asphalt")
    assert answer.status == 504, answer
    for routing in system.of("routing"):
        routing.start()
    answer = wait_until(lambda: (a := office.move(shared["hole"], "sign", version=1, key="later", plan="asphalt")).status == 200 and a,
                        40, "routing is back")
    assert answer.json == {"state": "handling", "version": 2}, answer


main("desk", [everything_starts, nobody_gets_in_without_a_session, a_wrong_password_and_an_unknown_login_are_answered_alike,
              the_token_is_also_a_cookie, a_login_that_fails_too_often_must_wait, everybody_sees_his_own_part,
              the_queue_holds_the_unit_s_own_by_due, filters_narrow_and_nonsense_is_refused, pages_join_without_gap_or_double,
              a_case_page_tells_all_and_offers_moves, a_move_needs_a_key_and_a_version, hostile_bodies_are_refused_with_the_field,
              a_retry_at_the_other_replica_gets_the_first_answer, a_key_of_one_move_says_nothing_of_another,
              a_stale_version_is_a_conflict_that_tells_the_new_one,
              refusals_have_the_status_that_fits, a_note_may_be_made_whatever_the_version, the_history_tells_every_move,
              what_was_done_and_looked_at_is_written_down, the_database_shows_nothing_to_a_query_that_forgets_who_asks,
              a_council_spawns_a_case, a_session_ends_everywhere, an_expired_session_is_over,
              without_routing_the_outcome_is_unknown_and_the_key_tells_later])
