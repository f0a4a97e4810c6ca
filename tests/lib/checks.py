"""Runs a script's tests in their order on one system and prints `ok NAME` or `not ok NAME`; and the invariants, in SQL
of their own: `zhitong audit` must come to the same result."""
import sys
import time

import why
from clients import Client
from system import System, wait_until

ITEMS = ("lamp", "litter", "pothole", "bridge")
AREAS = ("n_mill_1", "n_mill_2", "n_lake_1", "s_hill_1", "n_mill", "north")
CHANNELS = ("app", "hotline", "sensor", "desk")


def report(nth):
    """The n-th report of the small city: items, areas and channels in all combinations. Roads need a township."""
    return {"channel": CHANNELS[nth % 4], "item": ITEMS[nth // 4 % 4], "area": AREAS[nth // 16 % 6],
            "address": f"{nth} Long Street 长街", "lat": 33.5 + nth % 100 / 1000, "long": 114.0,
            "title": f"report {nth}", "description": "x" * (nth % 300), "source_id": f"s-{nth}"}


def main(script, tests, kind=System, **options):
    """Each test is called with the system (a System or of the `kind`), a dict that they share, and is named by its function."""
    failed = 0
    sys.stdout.reconfigure(line_buffering=True)
    try:
        with kind(**options) as system:
            shared = {}
            for test in tests:
                try:
                    test(system, shared)
                    print(f"ok {script}_{test.__name__}")
                except Exception as error:  # the next test may still tell something
                    failed += 1
                    print(f"not ok {script}_{test.__name__}")
                    print(why.told(error))
                    print(system.journals_end())
            for thread in shared.get("threads", []):
                thread.stopping.set()
    except Exception as error:
        failed += 1
        print(f"not ok {script}_set_up")
        print(why.told(error))
    sys.exit(1 if failed else 0)


def main_alone(script, tests, *given):
    """The same of tests that need no system; each is called with what is given."""
    failed = 0
    for test in tests:
        try:
            test(*given)
            print(f"ok {script}_{test.__name__}", flush=True)
        except Exception as error:  # the next test may still tell something
            failed += 1
            print(f"not ok {script}_{test.__name__}\n{why.told(error)}", flush=True)
    sys.exit(1 if failed else 0)


PAIRS = (("intake", "routing", 1), ("escalation", "routing", 2), ("routing", "escalation", 1),
         ("routing", "notification", 1))


def unapplied(sql):
    """Entries that the next service has not applied yet, along the whole chain."""
    return sql.number("SELECT " + " + ".join(
        f"(SELECT coalesce(sum(u.out_seq - d.in_seq_{n}), 0) FROM {up}.shard u JOIN {down}.shard d USING (shard))"
        for up, down, n in PAIRS))


def wait_applied(system, seconds=60):
    wait_until(lambda: unapplied(system.sql) == 0, seconds, lambda: f"{unapplied(system.sql)} entries applied")


def hand_in(system, name, count):
    """So many reports of a new client of this name; their cases, as soon as all are accepted."""
    client = Client(system.endpoints("intake"), system.server_key(), system.key("client", name))
    client.submit_all({f"{name}-{nth}": report(nth) for nth in range(count)})
    client.close()
    return set(client.accepted.values())


HEARD_SECONDS = 2  # then every service has heard how quickly time goes on


def let_time_stand_still(system):
    """No deadline passes any more, and none that has is still under way: what is counted now stays as it is."""
    system.zhitong("time", "drive", "--speed", "0.0001")
    time.sleep(HEARD_SECONDS)
    due = "SELECT count(*) FROM escalation.deadline WHERE fired_at IS NULL AND due_at <= mesh.now()"
    wait_until(lambda: system.sql.number(due) == 0 and unapplied(system.sql) == 0, 60,
               lambda: f"at rest: {system.sql.number(due)} deadlines are due, {unapplied(system.sql)} entries not applied")


QUERIES = {
    "reports without a case": """SELECT count(*) FROM intake.report r LEFT JOIN routing.case_file c USING (shard, case_id)
        WHERE c.case_id IS NULL AND NOT EXISTS (SELECT FROM routing.parked p WHERE p.case_id = r.case_id)""",
    "cases without a report": """SELECT count(*) FROM routing.case_file c LEFT JOIN intake.report r USING (shard, case_id)
        WHERE r.case_id IS NULL""",
    "moves lost or doubled": """SELECT count(*) FROM routing.case_file c WHERE version <>
        (SELECT count(*) FROM routing.log l WHERE l.shard = c.shard AND l.case_id = c.case_id)""",
    "open cases without their deadline": """SELECT count(*) FROM routing.case_file c LEFT JOIN escalation.deadline d
        ON d.shard = c.shard AND d.case_id = c.case_id AND d.due_at = c.next_at AND d.version = c.version
        WHERE c.next_at IS NOT NULL AND d.case_id IS NULL""",
    "deadlines of no open case": """SELECT count(*) FROM escalation.deadline d LEFT JOIN routing.case_file c USING (shard, case_id)
        WHERE c.next_at IS NULL""",
    "cases that their unit was not told of": """SELECT count(*) FROM routing.case_file c WHERE NOT EXISTS
        (SELECT FROM notification.stream_entry e WHERE e.unit = c.unit AND e.case_id = c.case_id AND e.version = c.version)""",
    "entries doubled in streams": """SELECT count(*) FROM (SELECT FROM notification.stream_entry
        GROUP BY unit, case_id, version HAVING count(*) > 1) d""",
    "gaps in streams": """SELECT count(*) FROM notification.stream s WHERE notification.entries_between(unit, 0, head) <>
        (SELECT count(*) FROM notification.stream_entry e WHERE e.unit = s.unit AND seq BETWEEN 1 AND head)""",
    "parked": "SELECT " + " + ".join(f"(SELECT count(*) FROM {s}.parked)" for s in
                                     ("intake", "routing", "escalation", "notification")),
}
for log in ("intake", "routing", "escalation"):
    QUERIES[f"gaps in the log of {log}"] = f"""SELECT count(*) FROM {log}.shard s WHERE out_seq <>
        (SELECT count(*) FROM {log}.log l WHERE l.shard = s.shard AND seq BETWEEN 1 AND out_seq)"""


# For a report without a case: is it in intake's log (then routing lost it), and where do both stand?
LOST_WHERE = """SELECT r.case_id, r.received_at, l.seq, u.out_seq, u.owner, u.epoch, d.in_seq_1, d.owner, d.epoch
    FROM intake.report r LEFT JOIN intake.log l USING (shard, case_id) JOIN intake.shard u USING (shard)
    JOIN routing.shard d USING (shard) LEFT JOIN routing.case_file c USING (shard, case_id)
    WHERE c.case_id IS NULL ORDER BY 1 LIMIT 5"""


def broken_invariants(sql):
    """What is wrong with the data when nothing is under way: name → how many."""
    found = {name: sql.number(query) for name, query in QUERIES.items()}
    return {name: count for name, count in found.items() if count}


def assert_sound(system, seconds=60):
    """Waits for the chain to come to rest; then our own invariants hold, and `zhitong audit` finds nothing either."""
    wait_applied(system, seconds)
    broken = broken_invariants(system.sql)
    assert not broken, (broken, system.sql.rows(LOST_WHERE))
    system.zhitong("audit", "--wait", "10")
