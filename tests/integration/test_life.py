#!/usr/bin/python3
"""The whole life of a case in a running city: people of courses.csv act on example reports of Luohe, two replicas of every service
take part, and at the end every move of case_life.def has happened. Then a calendar is corrected under open cases."""
import csv
import re
import shutil
import subprocess
import sys
import time
from pathlib import Path

sys.dont_write_bytecode = True
sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "lib"))

from checks import assert_sound, main, wait_applied
from clients import Client, decode
from system import BUILD, ROOT, wait_until

CITY = ROOT / "deploy/cities/luohe"
RECORDS = 75
SPEED = 14400  # four hours a second: half an hour to sign is an eighth of a second
# Deadlines and calendars make these; the calendar is corrected by a test of its own.
OTHERS_MOVES = {"recalculate"}


def moves_of_the_table():
    return set(re.findall(r"^MOVE\((\w+),", (ROOT / "proto/case_life.def").read_text(), re.M))


def history(system, where="true"):
    """case → its entries in routing's log, in their order."""
    cases = {}
    for case, body in system.sql.rows(f"SELECT case_id, encode(body, 'hex') FROM routing.log WHERE {where} ORDER BY shard, seq"):
        cases.setdefault(int(case), []).append(decode(bytes.fromhex(body)))
    return cases


def short_city(system):
    """Luohe with a clock fast enough for a test: what takes a village half an hour here takes longer than a commit."""
    folder = system.folder / "luohe"
    shutil.copytree(CITY, folder)
    return folder


def replay(system, folder, *words):
    return subprocess.Popen(
        [BUILD / "zhitong", "replay", folder / "records.csv", "--courses", folder / "courses.csv", "--records", str(RECORDS),
         "--endpoint", ",".join(system.endpoints("intake")), "--server-key", system.folder / "service.key",
         "--key", system.folder / "replay.key", *words], env={"ZHITONG_DATABASE_URL": system.url()},
        stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)


def every_move_happens(system, shared):
    folder = shared["folder"] = short_city(system)
    with open(folder / "records.csv", newline="", encoding="utf-8") as file:
        first = next(csv.DictReader(file))["at"]
    system.load_city(folder)
    system.key("client", "replay")
    system.zhitong("time", "drive", "--from", first, "--speed", SPEED)
    system.start_all()
    people = replay(system, folder, "--until", "2026-09-05T00:00:00+08:00")
    # One replica of every service dies under way.
    time.sleep(5)
    for service in ("intake", "routing", "escalation", "notification"):
        system.replica(service, 1).kill()
        system.replica(service, 1).start()
    said, _ = people.communicate(timeout=120)
    assert people.returncode == 0, said[-2000:]
    left = system.sql.rows("SELECT member FROM mesh.member WHERE service = 'zhitong'")
    assert not left, f"replay has ended and is a member still: {left}"
    system.zhitong("time", "drive", "--speed", 200000)  # the archive is a week away
    missing = lambda: sorted(moves_of_the_table() - OTHERS_MOVES - {m["move"] for moves in history(system).values() for m in moves})
    wait_until(lambda: not missing(), 60, lambda: f"never happened: {missing()}\n{said[-3000:]}")
    system.zhitong("time", "drive", "--speed", 1)
    wait_applied(system)


def channels_and_tiers_all_take_part(system, _):
    channels = {row[0] for row in system.sql.rows("SELECT DISTINCT channel FROM routing.case_file")}
    assert len(channels) == 6, channels
    tiers = {row[0] for row in system.sql.rows("SELECT DISTINCT tier FROM routing.case_file")}
    assert tiers == {"1", "2", "3", "4"}, tiers


def each_case_rises_once_a_tier_and_is_told_once_of_each_percent(system, shared):
    for case, moves in history(system).items():
        tier, told = 0, set()
        for before, move in zip([None] + moves, moves):
            assert move["tier"] >= tier, (case, move)
            if move["move"] == "escalate":
                assert move["tier"] > tier, (case, move)
            if move["move"] == "supervise":
                assert not before.get("supervised"), (case, move)
            tier = move["tier"]
            # One clock says each of its percents once, until it starts anew: with another limit, a word of the unit, a tier.
            if move["move"] in ("warn", "alarm"):
                word = (move.get("clock"), move.get("percent"))
                assert word not in told or word[0] == "arrive", (case, word, moves)
                told.add(word)
            else:
                told.clear()


def a_red_case_is_told_to_every_tier_at_once(system, _):
    reds = [moves[0] for moves in history(system).values() if moves[0]["severity"] == "red"]
    assert reds, "no red report among the records"
    for opened in reds:
        concerned = [opened["unit"], *opened.get("overseers", "").split()]
        tiers = {int(row[0]) for row in system.sql.rows(
            "SELECT tier FROM city.unit WHERE code IN ('" + "','".join(concerned) + "')")}
        assert tiers >= set(range(max(2, opened["tier"]), 5)), (opened, tiers)


def a_merged_case_ended_like_its_parent(system, _):
    children = [moves for moves in history(system).values() if any(m["move"] == "conclude" for m in moves)]
    assert children, "nobody was concluded"
    for moves in children:
        end = next(m for m in moves if m["move"] == "conclude")
        parent = system.sql.one(f"SELECT state FROM routing.case_file WHERE case_id = {end['parent']}")
        assert parent in ("closed", "archived"), (end, parent)


def a_corrected_calendar_moves_open_deadlines_and_says_so(system, shared):
    folder = shared["folder"]
    before = dict(system.sql.rows("SELECT case_id, due_at FROM routing.case_file WHERE state IN ('dispatched', 'handling')"
                                  " AND due_at > mesh.now() + interval '2 days' AND NOT supervised LIMIT 5"))
    if not before:
        report = {"channel": "sheqing", "item": "road_damage", "area": "411121107231", "title": "坑"}
        client = Client(system.endpoints("intake"), system.server_key(), system.key("client", "late"))
        assert isinstance(client.ask("late-1", report), int)
        client.close()
        wait_applied(system)
        before = dict(system.sql.rows("SELECT case_id, due_at FROM routing.case_file WHERE state = 'dispatched' ORDER BY opened_at DESC LIMIT 1"))
    assert before
    today = system.sql.one("SELECT mesh.now()::date")
    with open(folder / "calendar.csv", newline="", encoding="utf-8") as file:
        days = list(csv.DictReader(file))
    coming = {system.sql.one(f"SELECT date '{today}' + {day}") for day in range(1, 40)}
    days = [day for day in days if day["date"] not in coming] + [{"date": date, "kind": "off"} for date in sorted(coming)]
    with open(folder / "calendar.csv", "w", newline="", encoding="utf-8") as file:
        table = csv.DictWriter(file, days[0].keys())
        table.writeheader()
        table.writerows(days)
    system.load_city(folder)
    changed = lambda: [case for case, due in before.items()
                       if system.sql.one(f"SELECT due_at FROM routing.case_file WHERE case_id = {case}") != due]
    wait_until(changed, 40, lambda: f"{before} stays")
    for case in changed():
        moves = history(system, f"case_id = {case}")[int(case)]
        said = [m for m in moves if m["move"] == "recalculate"]
        assert said and said[-1]["actor"] == "calendar" and said[-1]["due_before"] != said[-1]["due_at"], moves[-3:]


def nothing_is_broken(system, _):
    assert_sound(system)


if __name__ == "__main__":
    main("life", [every_move_happens, channels_and_tiers_all_take_part,
                  each_case_rises_once_a_tier_and_is_told_once_of_each_percent, a_red_case_is_told_to_every_tier_at_once,
                  a_merged_case_ended_like_its_parent, a_corrected_calendar_moves_open_deadlines_and_says_so,
                  nothing_is_broken], city=CITY)
