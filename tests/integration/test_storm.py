#!/usr/bin/python3
"""Fifty people report one dark lamp at once, in their own words, to two replicas of intake: there is one open case, each has an own
number, and all hear of the one result. Another lamp, and the same one after it was mended, are cases of their own."""
import json
import random
import shutil
import sys
import threading
import urllib.error
import urllib.parse
import urllib.request
from pathlib import Path

sys.dont_write_bytecode = True
sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "lib"))

import staff
from checks import assert_sound, main, wait_applied
from clients import Client
from system import SERVICES, SMALL_CITY, wait_until

REPORTERS = 50
FLOOD = 2000
LAT, LONG = 33.611, 114.011
METRE = 1 / 111195
DOOR = "item,duplicate_metres,duplicate_hours,link_percent,suggest_percent\n,,,,20\nlamp,100,336,30,20\n"
WORDS = ("The street lamp at the school gate is out", "lamp dark since last night, dangerous for children", "学校门口路灯不亮了",
         "校门口的路灯坏了两天", "No light in front of the school", "street light broken near school gate", "路灯坏了，晚上看不见路",
         "please mend the lamp by the school", "Lamp out!!", "门口那盏灯一直不亮，请尽快维修")


def post(replica, report, key=None):
    request = urllib.request.Request(replica.http + "/reports", json.dumps(report).encode(),
                                     {"Idempotency-Key": key} if key else {}, method="POST")
    try:
        with urllib.request.urlopen(request, timeout=20) as answer:
            return answer.status, json.load(answer)
    except urllib.error.HTTPError as error:
        return error.code, json.load(error)


def get(replica, path, **query):
    try:
        with urllib.request.urlopen(replica.http + path + "?" + urllib.parse.urlencode(query), timeout=20) as answer:
            return answer.status, json.load(answer)
    except urllib.error.HTTPError as error:
        return error.code, json.load(error)


def lamp(text="lamp out", north=0.0, **fields):
    return {"channel": "app", "item": "lamp", "area": "n_mill_1", "lat": LAT + north * METRE, "long": LONG, "description": text,
            **fields}


def states(system, where="true"):
    return {int(case): (state, int(parent)) for case, state, parent in
            system.sql.rows(f"SELECT case_id, state, coalesce(parent, 0) FROM routing.case_file WHERE {where}")}


def root_of(cases, case):
    while cases[case][1]:
        case = cases[case][1]
    return case


def fifty_reports_of_one_lamp_are_one_open_case(system, shared):
    city = system.folder / "city"
    shutil.copytree(SMALL_CITY, city)
    (city / "door.csv").write_text(DOOR)
    system.load_city(city)
    system.start_all(services=SERVICES + ("desk",))
    dice = random.Random(4)
    answers, together = {}, threading.Barrier(REPORTERS)
    reports = [lamp(f"{WORDS[n % len(WORDS)]} {'!' * (n // 10)}", dice.uniform(-3, 3)) for n in range(REPORTERS)]

    def send(number):
        together.wait()
        answers[number] = post(system.of("intake")[number % 2], reports[number], f"reporter-{number}")

    threads = [threading.Thread(target=send, args=(number,)) for number in range(REPORTERS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert all(status == 201 for status, _ in answers.values()), answers
    numbers = {int(answer["case"]) for _, answer in answers.values()}
    assert len(numbers) == REPORTERS, "each has a number of its own"
    is_open = lambda: [case for case, (state, _) in states(system).items() if state not in ("merged", "closed")]
    wait_until(lambda: len(states(system)) == REPORTERS and len(is_open()) == 1, 15, lambda: f"one open case: {states(system)}")
    shared["parent"] = is_open()[0]
    cases = states(system)
    assert {root_of(cases, case) for case in cases} == {shared["parent"]}, cases
    linked = sum(1 for _, answer in answers.values() if "parent" in answer)
    second = system.sql.number("SELECT count(*) FROM intake.log WHERE type = 35")
    print(f"# {linked} were linked as they came, {second} by the second look")
    assert linked + second == REPORTERS - 1, (linked, second)
    told = system.sql.rows(f"SELECT DISTINCT parent FROM intake.report WHERE parent IS NOT NULL AND case_id <> {shared['parent']}")
    assert told and int(system.sql.number("SELECT count(*) FROM intake.report WHERE parent IS NOT NULL")) == REPORTERS - 1


def post_at_one_moment(system, reports):
    """One through each replica. Nobody can insert while both are decided: each has looked and found nothing when the first one is there."""
    answers = []
    system.sql.rows("BEGIN")
    system.sql.rows("LOCK TABLE intake.report IN SHARE MODE")
    threads = [threading.Thread(target=lambda n=n: answers.append(post(system.of("intake")[n], reports[n]))) for n in (0, 1)]
    for thread in threads:
        thread.start()
    wait_until(lambda: system.sql.number("SELECT count(*) FROM pg_locks l JOIN pg_class c ON c.oid = l.relation"
                                         " WHERE c.relname = 'report' AND NOT granted") == 2, 10, "both wait")
    system.sql.rows("COMMIT")
    for thread in threads:
        thread.join()
    return answers


def two_that_could_not_see_each_other_are_found_by_the_second_look(system, _):
    before = set(states(system))
    answers = post_at_one_moment(system, [lamp(WORDS[0], 1000), lamp(WORDS[1], 1003)])
    assert [status for status, _ in answers] == [201, 201] and not any("parent" in answer for _, answer in answers), answers
    new = lambda: {case: of for case, of in states(system).items() if case not in before}
    wait_until(lambda: sorted(state for state, _ in new().values()) == ["dispatched", "merged"], 15, lambda: f"one merged: {new()}")
    (younger, parent), = [(case, of[1]) for case, of in new().items() if of[0] == "merged"]
    assert parent in new() and parent != younger
    assert system.sql.number(f"SELECT parent FROM intake.report WHERE case_id = {younger}") == parent
    assert system.sql.number(f"SELECT count(*) FROM intake.log WHERE type = 35 AND case_id = {younger}") == 1


def many_at_once_at_places_of_their_own_are_cases_of_their_own(system, shared):
    client = Client(system.endpoints("intake"), system.server_key(), system.key("client", "flood"))
    for number in range(FLOOD):
        client.send(f"flood-{number}", {**lamp(f"lamp {number}", area="s_hill_1"), "lat": 33.5 - number % 50 / 500,
                                        "long": 113.95 - number // 50 / 500}, number)
    wait_until(lambda: client.turn() or not client.waiting, 30, lambda: f"{len(client.waiting)} answered")
    assert len(client.accepted) == FLOOD and not client.refused, client.refused
    client.close()
    assert system.sql.number("SELECT count(*) FROM intake.report WHERE place IS NOT NULL AND parent IS NULL") >= FLOOD


def the_unit_gets_one_lamp_to_mend_and_the_desk_sees_how_many_wait_for_it(system, shared):
    wait_applied(system)
    for person in staff.PEOPLE + [("seat", "hotline_seat", "town_hall", "public")]:
        staff.add(system, *person)
    signed_in = shared["staff"] = {login: staff.Staff(system.of("desk"), login, staff.PASSWORD)
                                   for login in ("mill", "check", "seat", "north")}
    page = signed_in["north"].get(f"/cases/{shared['parent']}")
    assert page.status == 200 and page.json["merged"] == REPORTERS - 1, page
    queue = signed_in["mill"].get("/work")
    assert [case["case"] for case in queue.json["cases"]] [:1] == [str(shared["parent"])] and len(queue.json["cases"]) == 2, queue
    child = next(case for case, (state, _) in states(system).items() if state == "merged")
    entries = signed_in["north"].get(f"/cases/{child}/history").json["entries"]
    assert entries[-1]["move"] == "merge" and "m" in entries[-1]["note"], entries
    assert "同一事项" in entries[-1]["note"] and "same item" in entries[-1]["note"], entries


def another_lamp_is_a_case_of_its_own(system, shared):
    status, answer = post(system.of("intake")[0], lamp("the street lamp at the school gate is out", 300))
    assert status == 201 and "parent" not in answer, answer
    wait_until(lambda: int(answer["case"]) in states(system), 20, "it is known")
    assert states(system)[int(answer["case"])][0] == "dispatched"
    # So is one of which its reporter says so, and it names what it was likely to be.
    status, answer = post(system.of("intake")[0], lamp(WORDS[0], 2, distinct=True))
    assert status == 201 and "parent" not in answer, answer
    wait_until(lambda: int(answer["case"]) in states(system), 20, "it is known")
    page = shared["staff"]["north"].get(f"/cases/{answer['case']}")
    assert page.json["state"] == "dispatched" and page.json["likely"][0].startswith(f"{shared['parent']}:"), page
    shared["distinct"] = int(answer["case"])


def who_says_of_which_case_it_is_part_is_believed_where_it_looks_like_it(system, shared):
    status, answer = post(system.of("intake")[1], lamp("", 8, same_as=shared["parent"]))
    assert status == 201 and int(answer["parent"]) == shared["parent"], answer
    status, answer = post(system.of("intake")[1], lamp("another one", 300, same_as=shared["parent"]))
    assert status == 201 and "parent" not in answer, answer
    wait_until(lambda: int(answer["case"]) in states(system), 20, "it is known")
    page = shared["staff"]["north"].get(f"/cases/{answer['case']}")
    assert f"{shared['parent']}:0" in page.json["likely"], page


def who_asks_before_sending_hears_of_it(system, shared):
    intake = system.of("intake")[0]
    status, answer = get(intake, "/reports/likely", item="lamp", lat=LAT, long=LONG, text=WORDS[0])
    first = next(case for case in answer["likely"] if case["case"] == str(shared["parent"]))
    assert status == 200 and first["percent"] >= 30 and first["state"] == "dispatched" and first["at"] > 0, answer
    assert "same item" in first["because"]["en"] and "同一事项" in first["because"]["zh"], answer
    assert get(intake, "/reports/likely", item="lamp", lat=LAT + 0.1, long=LONG)[1] == {"likely": []}
    for query, expected, field in ((dict(item="moon", lat=LAT, long=LONG), 404, "item"), (dict(lat=LAT, long=LONG), 400, "item"),
                                   (dict(item="lamp"), 400, "lat"), (dict(item="lamp", lat=91, long=0), 400, "lat"),
                                   (dict(item="lamp", lat=LAT, long="x"), 400, "long")):
        status, answer = get(intake, "/reports/likely", **query)
        assert (status, answer["error"]["field"]) == (expected, field), (query, status, answer)


def reports_of_a_channel_that_not_everybody_may_see_stay_among_themselves(system, shared):
    for channel in ("sensor", "desk"):
        status, answer = post(system.of("intake")[0], lamp(WORDS[0], 1, channel=channel))
        assert status == 201 and "parent" not in answer, answer
    cases = states(system)
    likely = get(system.of("intake")[0], "/reports/likely", item="lamp", lat=LAT, long=LONG)[1]["likely"]
    channels = dict(system.sql.rows("SELECT case_id::text, channel FROM routing.case_file"))
    assert all(channels[found["case"]] == "app" for found in likely), (likely, cases)


def all_of_them_hear_when_it_is_done(system, shared):
    people, parent = shared["staff"], shared["parent"]
    reply = {f"reply_{part}": part for part in ("accepted", "spoken", "done", "by")}
    for login, move, fields in (("mill", "sign", {"plan": "a new lamp"}), ("mill", "claim_done", {**reply, "evidence": "it shines"}),
                                ("check", "verify", {})):
        moved = people[login].move(parent, move, **fields)
        assert moved.status == 200, (move, moved)
    # One is part of another that is part of the first, as when the second look joins them in that order.
    first, second = [case for case, (state, of) in sorted(states(system).items()) if of == parent and state == "merged"][:2]
    system.sql.rows(f"UPDATE routing.case_file SET parent = {first} WHERE case_id = {second}")
    # Said to be done: what is reported now has happened since.
    status, answer = post(system.of("intake")[0], lamp(WORDS[0]))
    linked = answer.get("parent")
    assert status == 201 and linked != str(parent), answer
    moved = people["seat"].move(parent, "satisfied", rating=5, result="solved")
    assert moved.status == 200, moved
    children = lambda: [state for case, (state, of) in states(system).items() if of and root_of(states(system), case) == parent]
    wait_until(lambda: set(children()) == {"callback"}, 15, lambda: f"every child concluded: {children()}")
    assert len(children()) == REPORTERS, "and the one that said so"


def what_a_replica_had_not_looked_at_again_when_it_died_is_found_by_the_next(system, _):
    for north in (4000, 5000, 6000):  # a machine that stands still for a second has them looked at before they die
        before = set(states(system))
        answers = post_at_one_moment(system, [lamp(WORDS[0], north), lamp(WORDS[1], north + 3)])
        for replica in system.of("intake"):
            replica.kill()
        assert [status for status, _ in answers] == [201, 201], answers
        seen = system.sql.number("SELECT count(*) FROM intake.report WHERE parent IS NOT NULL AND case_id IN "
                                 f"({answers[0][1]['case']}, {answers[1][1]['case']})")
        for replica in system.of("intake"):
            replica.start().wait_ready()
        if seen == 0:
            break
    assert seen == 0, "neither was looked at again"
    new = lambda: {case: of for case, of in states(system).items() if case not in before}
    wait_until(lambda: sorted(state for state, _ in new().values()) == ["dispatched", "merged"], 15, lambda: f"one merged: {new()}")


def the_invariants_hold(system, _):
    assert_sound(system)


if __name__ == "__main__":
    main("storm", [fifty_reports_of_one_lamp_are_one_open_case, two_that_could_not_see_each_other_are_found_by_the_second_look,
                   many_at_once_at_places_of_their_own_are_cases_of_their_own, the_unit_gets_one_lamp_to_mend_and_the_desk_sees_how_many_wait_for_it,
                   another_lamp_is_a_case_of_its_own, who_says_of_which_case_it_is_part_is_believed_where_it_looks_like_it,
                   who_asks_before_sending_hears_of_it, reports_of_a_channel_that_not_everybody_may_see_stay_among_themselves,
                   all_of_them_hear_when_it_is_done, what_a_replica_had_not_looked_at_again_when_it_died_is_found_by_the_next,
                   the_invariants_hold])
