#!/usr/bin/python3
"""Lists are whole: whatever the cases' density in time, pages join to exactly what a plain query over the table says, in its order,
for every kind of staff and filter."""
import sys
from pathlib import Path

sys.dont_write_bytecode = True
sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "lib"))

from checks import main
from staff import PASSWORD, PEOPLE, Staff, add

# Sparse over ten years, a busy week, 7,000 in one second (an import), and 6,000 that share one instant.
FILL = """
INSERT INTO routing.case_file (case_id, opened_at, due_at, version, shard, tier, state, severity, unit, channel, item, area, opening,
                               next_at, supervised, plan)
SELECT (n / 128 + 1) * 128 + n % 128, date_trunc('milliseconds', at), due, 1, n % 128, 1 + n % 4,
       CASE WHEN due IS NULL THEN 'closed' ELSE 'handling' END, (ARRAY['blue', 'yellow', 'red'])[1 + n % 3],
       (ARRAY['mill_1', 'mill_office', 'works', 'hill_1'])[1 + n % 4], (ARRAY['app', 'sensor', 'desk'])[1 + n / 7 % 3],
       CASE WHEN n % 997 = 0 THEN 'bridge' ELSE 'litter' END, (ARRAY['n_mill_1', 'n_mill_2', 'n_lake_1', 's_hill_1', 'north'])[1 + n / 3 % 5],
       '', due, n % 499 = 0, 'a plan'
FROM (SELECT n, CASE WHEN n % 5 > 1 THEN date_trunc('second', now()) + interval '1 hour' * (n % 200 - 100) END AS due,
             CASE WHEN n < 1000 THEN now() - interval '3600 days' + n * interval '3.5 days'
                  WHEN n < 4000 THEN now() - interval '20 days' + n * interval '3 minutes'
                  WHEN n < 11000 THEN date_trunc('second', now()) - interval '3 days' + n * interval '0.1 ms'
                  ELSE date_trunc('second', now()) - interval '40 days' END AS at
      FROM generate_series(0, 16999) n) c"""

SCOPES = {"mill": (["n_mill_1"], ["app"]), "north": (["n_mill_1", "n_mill_2", "n_lake_1", "north"], ["app", "sensor"]),
          "hall": (["n_mill_1", "n_mill_2", "n_lake_1", "s_hill_1", "north"], ["app", "sensor", "desk"])}


def a_city_with_a_past(system, shared):
    for person in PEOPLE:
        if person[0] in SCOPES:
            add(system, *person)
    system.start_all(replicas=1, services=("desk",))
    system.sql.rows(FILL)
    shared["staff"] = {login: Staff(system.of("desk"), login, PASSWORD) for login in SCOPES}


def pages(staff, path, **query):
    found, count, after = [], 0, {}
    while after is not None and count < 500:
        page = staff.get(path, limit=200, **query, **after)
        assert page.status == 200, page
        found += [int(case["case"]) for case in page.json["cases"]]
        after = {"after": page.json["after"]} if "after" in page.json else None
        count += 1
    return found


def wanted(system, login, where, order="opened_at DESC, case_id DESC"):
    areas, channels = SCOPES[login]
    return [int(row[0]) for row in system.sql.rows(
        f"SELECT case_id FROM routing.case_file WHERE area = ANY ('{{{','.join(areas)}}}') AND channel = ANY ('{{{','.join(channels)}}}')"
        f" AND {where} ORDER BY {order}")]


def pages_of_every_list_join_to_the_whole(system, shared):
    lists = [({}, "true"), ({"open": "yes"}, "due_at IS NOT NULL"), ({"open": "no"}, "due_at IS NULL"), ({"item": "bridge"}, "item = 'bridge'"),
             ({"supervised": "yes"}, "supervised"), ({"supervised": "yes", "open": "no"}, "supervised AND due_at IS NULL"),
             ({"overdue": "yes"}, "due_at < now()"), ({"severity": "red", "tier": 3}, "severity = 'red' AND tier = 3"),
             ({"area": "n_mill"}, "area LIKE 'n_mill%'"), ({"unit": "mill_1"}, "unit = 'mill_1' AND area = 'n_mill_1'")]
    for login, staff in shared["staff"].items():
        for query, where in lists:
            if "area" in query and login == "mill":
                continue
            found, right = pages(staff, "/cases", **query), wanted(system, login, where)
            assert found == right, (login, query, len(found), len(right), sorted(set(right) ^ set(found))[:5])


def the_queue_joins_to_the_whole(system, shared):
    login, unit = "mill", "mill_1"
    right = [int(row[0]) for row in system.sql.rows(
        f"SELECT case_id FROM routing.case_file WHERE unit = '{unit}' AND channel = 'app' AND due_at IS NOT NULL ORDER BY due_at, case_id")]
    found = pages(shared["staff"][login], "/work")
    assert len(right) > 400 and found == right, (len(found), len(right))


main("desk_lists", [a_city_with_a_past, pages_of_every_list_join_to_the_whole, the_queue_joins_to_the_whole])
