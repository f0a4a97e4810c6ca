#!/usr/bin/python3
"""The measures of a made-up log: as the program folds it whole, as it folds it bit by bit, and as the definitions say it."""
import json
import random
import shutil
import sys
from datetime import datetime, timezone
from pathlib import Path
from zoneinfo import ZoneInfo

sys.dont_write_bytecode = True
sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "lib"))

import histories
import measured
from checks import main
from system import ROOT, SMALL_CITY

SEED = 20260301
BEGAN_AT = int(datetime(2026, 3, 1, tzinfo=timezone.utc).timestamp() * 1000)


def report(system, *words):
    done = system.zhitong("report", "--format", "json", "--quiet", *words)
    return json.loads(done.stdout)


def cells(answer):
    """code → measure → (hit, of), without what nobody asked for; and code → cases."""
    return ({row["code"] or "": {name: (round(one["hit"], 6), one["of"]) for name, one in row["measures"].items() if one["of"]}
             for row in answer["rows"]}, {row["code"] or "": row["cases"] for row in answer["rows"]})


def whole(cells_and_cases):
    """As `cells`: only what was asked for."""
    sums, cases = cells_and_cases
    return {at: {name: pair for name, pair in cell.items() if pair[1]} for at, cell in sums.items()}, cases


def log_is_filled(system, shared):
    # Long before the present, so that the instant at which a report asks decides nothing that is near.
    system.sql.rows("UPDATE city.channel SET proactive = true WHERE code IN ('sensor', 'desk')")
    shared["channels"] = {code: {"callback": callback == "t", "proactive": proactive == "t"} for code, callback, proactive in
                          system.sql.rows("SELECT code, callback, coalesce(proactive, false) FROM city.channel")}
    shared["zone"] = ZoneInfo(system.sql.rows("SELECT timezone FROM city.city")[0][0])
    shared["stories"] = histories.make(SEED, 1500, BEGAN_AT)
    shared["now"] = 1 << 60
    log = histories.logged(shared["stories"])
    shared["rows"] = [(shard, seq, entry) for shard, entries in log.items() for seq, entry in enumerate(entries, 1)]
    rng, steps, left = random.Random(SEED), [], dict.fromkeys(log, 0)
    while any(left[shard] < len(log[shard]) for shard in log):  # every shard goes on by another bit
        step = []
        for shard, entries in log.items():
            to = min(len(entries), left[shard] + rng.randrange(len(entries) // 2 + 2))
            step += [(shard, seq, entries[seq - 1]) for seq in range(left[shard] + 1, to + 1)]
            left[shard] = to
        steps.append(step)
    shared["steps"] = steps


def folding_bit_by_bit_gives_what_folding_whole_gives(system, shared):
    for step in shared["steps"]:
        histories.append(system.sql, step)
        bit_by_bit, at_once = report(system, "--kept", "--by", "unit"), report(system, "--by", "unit")
        bit_by_bit.pop("at"), at_once.pop("at")
        assert bit_by_bit == at_once
    print(f"# {len(shared['rows'])} entries in {len(shared['steps'])} steps")


def folded_anew_it_is_the_same(system, _):
    before = report(system, "--kept", "--by", "unit")
    system.sql.rows("UPDATE measures.cursor SET format = 0")
    after = report(system, "--kept", "--by", "unit")
    before.pop("at"), after.pop("at")
    assert before == after


def every_rate_is_what_its_definition_says(system, shared):
    zone = shared["zone"]

    def month(_, __, ___, instant):
        return datetime.fromtimestamp(instant / 1000, zone).strftime("%Y-%m")

    keys = {"": lambda *_: "", "unit": lambda _, unit, *__: unit, "item": lambda first, *_: first["item"],
            "channel": lambda first, *_: first["channel"],
            "source": lambda first, *_: first.get("source", ""), "tier": lambda _, __, tier, ___: str(tier), "month": month}
    for by, key in keys.items():
        got = cells(report(system, *(["--by", by] if by else [])))
        expected = whole(measured.sums(shared["stories"], shared["now"], shared["channels"], key))
        for at in sorted(set(expected[0]) | set(got[0])):
            assert got[0].get(at) == expected[0].get(at), (by, at, differences(got[0].get(at, {}), expected[0].get(at, {})))
        assert got[1] == expected[1], by
    missing = [one["name"] for one in report(system)["definitions"]
               if not 0 < expected_total(shared)[one["name"]][0] and one["name"] != "slot_receipt"]
    assert not missing, f"the made-up log never counts {missing}"


def differences(got, expected):
    return {name: (got.get(name), expected.get(name)) for name in set(got) | set(expected) if got.get(name) != expected.get(name)}


def expected_total(shared):
    return measured.sums(shared["stories"], shared["now"], shared["channels"], lambda *_: "")[0][""]


def a_period_is_whole_days_of_the_city(system, shared):
    zone = shared["zone"]
    span = [int(datetime(2026, month, 1, tzinfo=zone).timestamp() * 1000) for month in (4, 5)]
    for kept in ([], ["--kept"]):
        got = cells(report(system, "--from", "2026-04-01", "--to", "2026-04-30", "--by", "unit", *kept))
        assert got == whole(measured.sums(shared["stories"], shared["now"], shared["channels"], lambda _, unit, *__: unit, span))


def units_can_be_picked_out(system, _):
    everyone = cells(report(system, "--by", "unit"))[0]
    two = cells(report(system, "--by", "unit", "--unit", "water,mill_town", "--kept"))[0]
    assert two == {code: everyone[code] for code in ("water", "mill_town")}


def an_unknown_unit_is_refused_by_name(system, _):
    done = system.zhitong("report", "--unit", "water,nix", check=False)
    assert done.returncode == 1 and "unit: the city has no unit nix" in done.stderr, done


def a_case_counts_at_each_tier_and_the_table_says_so(system, _):
    assert "a case counts at each tier that held it" in system.zhitong("report", "--by", "tier").stdout
    assert "at each tier" not in system.zhitong("report", "--by", "item").stdout


def where_nobody_can_be_warned_no_warning_is_missed(system, _):
    assert report(system)["total"]["measures"]["slot_moved_up"]["of"] > 0
    system.sql.rows("CREATE TABLE public.ladder_before AS SELECT * FROM city.policy_ladder")
    system.sql.rows("UPDATE city.policy_ladder SET grace_amount = 0")
    assert report(system)["total"]["measures"]["slot_moved_up"]["of"] > 0, "percents that rules.csv does not name are not 0"
    system.sql.rows("INSERT INTO city.policy_rule SELECT version, key, 0 FROM city.policy, "
                    "unnest(ARRAY['warn_first_percent', 'warn_second_percent']) AS key")
    answer = report(system, "--by", "unit")
    assert all(cell["measures"]["slot_moved_up"] == {"hit": 0, "of": 0, "rate": None} for cell in [answer["total"], *answer["rows"]])
    system.sql.rows("UPDATE city.policy_ladder l SET grace_amount = b.grace_amount FROM public.ladder_before b "
                    "WHERE (l.version, l.tier, l.severity, l.clock) = (b.version, b.tier, b.severity, b.clock)")
    system.sql.rows("DELETE FROM city.policy_rule")
    system.sql.rows("DROP TABLE public.ladder_before")


def excluded_cases_are_left_out_and_shown(system, shared):
    path = system.folder / "appeals.csv"
    out = [entries[0]["case"] for entries in shared["stories"][:7]]
    path.write_text("case,reason,approved_by\n" + "".join(f"{case},flood 洪水,city centre\n" for case in out) + "1,never met,x\n")
    answer = report(system, "--exclude", path)
    assert answer["excluded"] == 7 and sorted(one["case"] for one in answer["exclusions"]) == sorted(out)
    left = measured.sums(shared["stories"][7:], shared["now"], shared["channels"], lambda *_: "")
    assert cells(answer) == whole(left)
    path.write_text("case,reason,approved_by\n5,,\n")
    assert system.zhitong("report", "--exclude", path, check=False).returncode == 1, "an appeal that nobody approved"


def nobody_is_ranked_below_thirty_cases(system, _):
    rows = report(system, "--by", "unit", "--from", "2026-03-01", "--to", "2026-03-07")["rows"]
    assert any(row["rank"] is None for row in rows) and all(row["rank"] is None for row in rows if row["cases"] < 30)
    ranked = sorted((row for row in report(system, "--by", "unit")["rows"] if row["rank"]), key=lambda row: row["rank"])
    assert ranked and [row["composite"] for row in ranked] == sorted((row["composite"] for row in ranked), reverse=True)


def a_table_and_csv_say_the_same(system, _):
    table = system.zhitong("report", "--by", "tier", "--lang", "zh", "--quiet").stdout.splitlines()
    assert "签收及时率" in table[0] and table[1].startswith("村（社区）") and table[5].startswith("合计"), table
    widths = {sum(2 if ord(char) >= 0x2e80 else 1 for char in line) for line in table[:6]}
    assert len(widths) == 1, f"columns stand below one another: {widths}"
    csv = system.zhitong("report", "--by", "tier", "--format", "csv", "--slots", "--quiet").stdout.splitlines()
    assert len(csv) == 1 + 4 * 8 and csv[0] == "code,name,measure,title,cases,hit,of,rate"


def the_city_gives_its_own_titles(system, _):
    city = system.folder / "titled"
    shutil.copytree(SMALL_CITY, city)
    (city / "slots.csv").write_text("code,title_en,title_zh\nreceipt,Every report has a number,件件有编号\n")
    channels = (city / "channels.csv").read_text().splitlines()
    (city / "channels.csv").write_text("".join(f"{line},{'proactive' if nth == 0 else 'yes' if nth == 1 else ''}\n"
                                               for nth, line in enumerate(channels)))
    system.load_city(city)
    assert list(system.sql.rows("SELECT count(*) FILTER (WHERE proactive), count(*) FILTER (WHERE proactive IS NULL) > 1 FROM"
                                " city.channel")[0]) == ["1", "t"]
    wording = {one["name"]: (one["zh"], one["wording"]) for one in report(system)["definitions"] if one["kind"] == "slot"}
    assert wording["slot_receipt"] == ("件件有编号", "city") and wording["slot_redo"][1] == "project default"


def what_makes_no_sense_is_refused(system, _):
    for words, status in ((("--by", "hat"), 2), (("--from", "2026-02-30"), 1), (("--from", "2026-05-01", "--to", "2026-04-01"), 1),
                          (("--format", "xml"), 2)):
        assert system.zhitong("report", *words, check=False).returncode == status, words


def the_desk_may_report_and_touches_nothing_else(system, _):
    """With the rights that the migration gives the desk's role, which may not exist yet in this tree."""
    system.sql.rows("DO $$ BEGIN IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'zhitong_desk') THEN"
                    " CREATE ROLE zhitong_desk LOGIN; GRANT zhitong_service TO zhitong_desk; END IF; END $$")
    migration = (ROOT / "services/zhitong/schema/001_measures.sql").read_text()
    system.sql.rows(migration[migration.index("DO $$"):])
    words = ("report", "--kept", "--by", "unit", "--format", "json", "--quiet", "--database", system.url("zhitong_desk"))
    answer = json.loads(system.zhitong(*words, database=False).stdout)
    assert answer["rows"] == report(system, "--by", "unit")["rows"]
    may = system.sql.rows("SELECT p FROM unnest(ARRAY['INSERT', 'UPDATE', 'DELETE', 'TRUNCATE']) p"
                          " WHERE has_table_privilege('zhitong_desk', 'routing.log', p)")
    assert may == [], may


def dropped_days_are_said_and_kept_facts_go_on(system, shared):
    before = report(system, "--kept", "--by", "unit")
    system.sql.rows("DELETE FROM routing.log WHERE at < '2026-04-15Z'")
    done = system.zhitong("report", "--format", "json")
    left = json.loads(done.stdout)
    assert left["log_whole_from"] and "it is whole from" in done.stderr
    assert left["cases_without_beginning"] > 0
    stories = [[entry for entry in entries if entry["at"] >= 1776211200000] for entries in shared["stories"]]
    alive = [entries for entries in stories if entries and entries[0]["version"] == 1]
    assert cells(left) == whole(measured.sums(alive, shared["now"], shared["channels"], lambda *_: ""))
    after = report(system, "--kept", "--by", "unit")
    assert after["rows"] == before["rows"]


main("measures", [log_is_filled, folding_bit_by_bit_gives_what_folding_whole_gives, folded_anew_it_is_the_same,
                  every_rate_is_what_its_definition_says, a_period_is_whole_days_of_the_city, units_can_be_picked_out,
                  an_unknown_unit_is_refused_by_name, a_case_counts_at_each_tier_and_the_table_says_so,
                  where_nobody_can_be_warned_no_warning_is_missed,
                  excluded_cases_are_left_out_and_shown, nobody_is_ranked_below_thirty_cases, a_table_and_csv_say_the_same,
                  the_desk_may_report_and_touches_nothing_else, what_makes_no_sense_is_refused,
                  dropped_days_are_said_and_kept_facts_go_on, the_city_gives_its_own_titles])
