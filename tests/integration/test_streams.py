#!/usr/bin/python3
"""Each unit's stream holds exactly what concerns it: a case that is transferred, returned and climbs from the village to the city, and
many that only come in. What concerns whom is worked out here anew, from the city's files and routing's log."""
import csv
import itertools
import sys
from pathlib import Path

sys.dont_write_bytecode = True
sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "lib"))

from checks import assert_sound, main, report, wait_applied, wait_until
from clients import Client, Department, decode
from sql import Sql
from staff import PASSWORD, PEOPLE, Staff, add
from system import SERVICES, SMALL_CITY

LEFT_ADDRESS = {"reporter_phone": "13800000001", "reporter_name": "Wang"}
RECEIPTS = {"open", "report", "dispatch", "transfer", "designate", "pass_up"}  # of the moves below, what reporters hear of


def table(folder, name):
    with open(folder / name, newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))


AREAS = {row["code"]: row["parent"] for row in table(SMALL_CITY, "areas.csv")}
CENTRES = {row["area"]: row["code"] for row in table(SMALL_CITY, "units.csv") if row["kind"] == "centre"}


def concerned(entry):
    """Names of streams."""
    area, names = entry["area"], {entry["unit"]}
    for field in ("support", "overseers", "former"):
        names.update(entry.get(field, "").split())
    while area:
        names.update({CENTRES[area]} if area in CENTRES else ())
        area = AREAS[area]
    if entry.get("reporter") and entry["move"] in RECEIPTS:
        names.add("@reporters")
    return names


def moves_of_the_log(system, where="true"):
    return [decode(bytes.fromhex(body)) for body, in
            system.sql.rows(f"SELECT encode(body, 'hex') FROM routing.log WHERE {where} ORDER BY shard, seq")]


def streams(system):
    """Stream → [(seq, entry)] as it is read by services."""
    found = {}
    for unit, head in system.sql.rows("SELECT unit, head FROM notification.stream"):
        found[unit] = [(int(seq), decode(bytes.fromhex(body))) for seq, body in system.sql.rows(
            f"SELECT seq, encode(body, 'hex') FROM notification.read_stream('{unit}', 1, {int(head) + 10})")]
        assert [seq for seq, _ in found[unit]] == list(range(1, int(head) + 1)), (unit, head)
    return found


def check_streams(system):
    expected = {}
    for entry in moves_of_the_log(system):
        for name in concerned(entry):
            expected.setdefault(name, set()).add((entry["case"], entry["version"]))
    found = streams(system)
    assert set(found) == set(expected), (set(found), set(expected))
    for name, entries in found.items():
        told = [(entry["case"], entry["version"]) for _, entry in entries]
        assert len(told) == len(set(told)), (name, "doubled")
        assert set(told) == expected[name], (name, len(told), len(expected[name]))
        last = {}
        for case, version in told:  # in the order of the case
            assert version > last.get(case, 0), (name, case, version)
            last[case] = version
    return found


def everything_starts(system, shared):
    people = PEOPLE + [("mill2", "village_desk", "mill_2", "public,internal")]
    for person in people:
        add(system, *person)
    system.key("client", "council")
    system.settings["desk"] = {"ZHITONG_INTAKE_KEY": str(system.folder / "council.key"),
                               "ZHITONG_INTAKE_SERVER_KEY": str(system.folder / "service.key"), "ZHITONG_INTAKE_ENDPOINTS": ""}
    for number in (1, 2):
        system.replica("intake", number)
    system.settings["desk"]["ZHITONG_INTAKE_ENDPOINTS"] = ",".join(system.endpoints("intake"))
    system.start_all(replicas=2, services=SERVICES + ("desk",))
    shared["client"] = Client(system.endpoints("intake"), system.server_key(), system.key("client", "app-client"))
    desks = system.of("desk")
    shared["staff"] = {person[0]: Staff(desks, person[0], PASSWORD) for person in people}


def a_case_that_goes_round_and_climbs_is_told_to_whom_it_concerns(system, shared):
    case = shared["client"].ask("round", {"channel": "app", "item": "lamp", "area": "n_mill_1", "title": "lamp", **LEFT_ADDRESS})
    assert isinstance(case, int), case
    wait_applied(system)
    for who, move, fields in (("hall", "transfer", {"unit": "works", "note": "the pole is theirs"}),
                              ("works", "return", {"reason": "not_ours", "unit": "mill_office", "note": "the lamp is not"}),
                              ("hall", "designate", {"unit": "mill_office", "note": "you answer"}),
                              ("mill_office", "pass_up", {"note": "too large"}),
                              ("hall", "note", {"note": "seen"})):
        answer = shared["staff"][who].move(case, move, **fields)
        assert answer.status == 200, (who, move, answer)
    wait_applied(system)
    moves = moves_of_the_log(system, f"case_id = {case}")
    assert moves[-1]["unit"] == "town_hall" and "works" in moves[-1].get("former", "").split(), moves[-1]
    found = check_streams(system)
    heard = {name: [entry["move"] for _, entry in entries if entry["case"] == case] for name, entries in found.items()}
    everything = ["open", "transfer", "return", "designate", "pass_up", "note"]
    for name in ("town_hall", "north_office", "mill_office", "mill_1"):  # the centres around it
        assert heard[name] == everything, (name, heard[name])
    assert heard["works"] == everything[1:], heard["works"]  # since it held it, also when it has no part in it any more
    assert heard["@reporters"] == ["open", "transfer", "designate", "pass_up"], heard["@reporters"]
    assert not any(heard.get(name) for name in ("south_office", "mill_2", "lake_office", "hill_1")), heard


def a_case_that_climbs_tier_by_tier_is_told_to_all_of_them_from_the_start(system, shared):
    case = shared["client"].ask("climb", {"channel": "app", "item": "litter", "area": "n_mill_2", "title": "litter"})
    assert isinstance(case, int), case
    wait_applied(system)
    for tier, login in enumerate(("mill2", "mill_office", "north"), start=1):
        answer = shared["staff"][login].move(case, "pass_up", note=f"beyond tier {tier}")
        assert answer.status == 200, (login, answer)
    wait_applied(system)
    found = check_streams(system)
    for name in ("mill_2", "mill_office", "north_office", "town_hall"):
        assert [entry["tier"] for _, entry in found[name] if entry["case"] == case] == [1, 2, 3, 4], name
    assert not any(entry["case"] == case for name in ("works", "mill_1", "@reporters") for _, entry in found.get(name, []))


def many_cases_of_all_areas_are_told_to_their_centres(system, shared):
    shared["client"].submit_all({f"many-{nth}": report(nth) for nth in range(1500)})
    wait_applied(system)
    found = check_streams(system)
    assert len(found["town_hall"]) == system.sql.number("SELECT count(*) FROM routing.log")
    assert_sound(system)


def a_body_lies_once(system, _):
    entries = system.sql.number("SELECT count(*) FROM routing.log")
    assert system.sql.number("SELECT count(*) FROM notification.stream_body") == entries
    assert system.sql.number("SELECT count(DISTINCT (case_id, version)) FROM notification.stream_body") == entries
    assert system.sql.number("SELECT count(*) FROM notification.stream_entry") > 3 * entries


def a_part_of_a_stream_is_read_as_it_lies_in_the_whole(system, _):
    whole = [seq_body for seq_body in system.sql.rows("SELECT seq, md5(body) FROM notification.read_stream('town_hall', 1, 100000)")]
    for first, most in ((1, 1), (2, 3), (499, 500), (500, 1), (777, 2000), (len(whole), 5), (len(whole) + 1, 5)):
        part = system.sql.rows(f"SELECT seq, md5(body) FROM notification.read_stream('town_hall', {first}, {most})")
        assert part == whole[first - 1:first - 1 + most], (first, most, part[:1])
    assert system.sql.rows("SELECT * FROM notification.read_stream('nobody', 1, 10)") == []


def an_instant_is_found_in_every_stream(system, _):
    for unit, entries in streams(system).items():
        instants = [entry["at"] for _, entry in entries]
        apart = max(latest - at for latest, at in zip(itertools.accumulate(instants, max), instants))  # how far they are out of their order
        for instant in sorted({instants[0] - 1, instants[len(instants) // 2], max(instants), max(instants) + 1,
                               *(at + 1 for at in instants[::97])}):
            first = next((seq for seq, entry in entries if entry["at"] >= instant), len(entries) + 1)
            found = system.sql.number(f"SELECT notification.stream_at('{unit}', to_timestamp({instant} / 1000.0))")
            # Never later, so that nothing is missed; earlier only over entries that a later one of another stream stands before.
            assert found <= first and all(at >= instant - 2000 - apart for at in instants[found - 1:first - 1]), \
                (unit, instant, found, first, apart)
    assert system.sql.number("SELECT notification.stream_at('nobody', now())") == 1


def what_is_older_than_a_units_days_is_truncated_for_it_alone(system, shared):
    folder = system.folder / "days"
    folder.mkdir()
    for path in SMALL_CITY.iterdir():
        lines = path.read_text(encoding="utf-8").splitlines()
        if path.name == "units.csv":
            lines = [lines[0] + ",stream_days"] + [line + (",2" if line.startswith("mill_1,") else ",") for line in lines[1:]]
        (folder / path.name).write_text("\n".join(lines) + "\n", encoding="utf-8")
    system.load_city(folder)
    old = {unit: system.sql.number(f"SELECT head FROM notification.stream WHERE unit = '{unit}'") for unit in ("mill_1", "town_hall")}
    for name in ("stream_body", "stream_run"):  # all of it was three days ago
        system.sql.rows(f"UPDATE notification.{name} SET day = day - 3")
    system.sql.rows("UPDATE notification.stream_day SET day = day - 3, since = since - 3")
    shared["client"].submit_all({f"late-{nth}": report(nth) for nth in range(300)})
    wait_applied(system)
    with_role = Sql(system.url("zhitong_notification"))
    with_role.rows("SET search_path = notification; SELECT tend(400)")
    with_role.close()
    assert system.sql.number("SELECT notification.stream_first('mill_1')") == old["mill_1"] + 1
    assert system.sql.number("SELECT notification.stream_first('town_hall')") == 1
    for unit, truncated in (("mill_1", [old["mill_1"] + 1]), ("town_hall", [])):
        follower = Department(system.endpoints("notification"), system.server_key(), system.key("department", unit, unit), unit)
        follower.start()
        head = system.sql.number(f"SELECT head FROM notification.stream WHERE unit = '{unit}'")
        wait_until(lambda: follower.truncated or follower.cursor == head, 20, lambda: f"{unit}: {follower.cursor} of {head}")
        follower.stop()
        assert follower.truncated == truncated, (unit, follower.truncated, old)
    shared["client"].close()
    assert_sound(system)


main("streams", [everything_starts, a_case_that_goes_round_and_climbs_is_told_to_whom_it_concerns,
                 a_case_that_climbs_tier_by_tier_is_told_to_all_of_them_from_the_start,
                 many_cases_of_all_areas_are_told_to_their_centres, a_body_lies_once,
                 a_part_of_a_stream_is_read_as_it_lies_in_the_whole, an_instant_is_found_in_every_stream,
                 what_is_older_than_a_units_days_is_truncated_for_it_alone])
