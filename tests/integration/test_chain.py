#!/usr/bin/python3
"""A report travels the whole way through two replicas of every service, and up the tiers as its deadlines pass."""
import sys
from pathlib import Path

sys.dont_write_bytecode = True
sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "lib"))

from checks import assert_sound, let_time_stand_still, main, report, unapplied, wait_applied, wait_until
from clients import Client, Department, decode

REPORTS = 2000
TOP = "town_hall"
COUNTY = "north_office"


def department(system, shared, unit, first=1):
    keys = shared["department_keys"]
    if unit not in keys:
        keys[unit] = system.key("department", unit, unit)
    follower = Department(system.endpoints("notification"), system.server_key(), keys[unit], unit, first)
    shared["threads"].append(follower)
    follower.start()
    return follower


def two_replicas_share_the_shards(system, shared):
    shared.update(threads=[], department_keys={})
    system.start_all(replicas=2)
    for service in ("intake", "routing", "escalation", "notification"):
        assert sorted(system.owners(service).values()) == [64, 64], (service, system.owners(service))


def every_report_gets_a_number(system, shared):
    shared["county"] = department(system, shared, COUNTY)
    shared["client"] = Client(system.endpoints("intake"), system.server_key(), system.key("client", "field-app"))
    shared["reports"] = {f"report-{nth}": report(nth) for nth in range(REPORTS)}
    shared["client"].submit_all(shared["reports"])
    client = shared["client"]
    assert not client.refused, list(client.refused.items())[:3]
    assert len(client.accepted) == len(set(client.accepted.values())) == REPORTS
    for key, case in list(client.accepted.items())[:20]:
        assert 0 < case < 2**63 and case % 128 < 128, (key, case)


def every_report_becomes_a_case_with_unit_and_deadline(system, _):
    wait_applied(system)
    assert system.sql.number("SELECT count(*) FROM routing.case_file") == REPORTS
    assert system.sql.number("SELECT count(*) FROM escalation.deadline WHERE fired_at IS NULL") == REPORTS
    assert system.sql.number("SELECT count(*) FROM routing.case_file c JOIN notification.stream_entry e"
                             " ON e.case_id = c.case_id AND e.unit = c.unit") == REPORTS
    # Both replicas of every service took part.
    for service in ("intake", "routing", "notification"):
        for replica in system.of(service):
            assert replica.metric("handled_total") > 0, replica.name


def rules_choose_unit_state_and_severity(system, shared):
    def case(channel, item, area):
        for key, sent in shared["reports"].items():
            if (sent["channel"], sent["item"], sent["area"]) == (channel, item, area):
                number = shared["client"].accepted[key]
                return system.sql.rows("SELECT unit, tier, state, severity, extract(epoch FROM due_at - opened_at)::int"
                                       f" FROM routing.case_file WHERE case_id = {number}")[0]
        raise AssertionError(f"no report of {channel}, {item}, {area}")

    def close(row, *want):
        assert row[:4] == want[:4] and want[4] <= int(row[4]) <= want[4] + 20, (row, want)

    close(case("app", "lamp", "n_mill_1"), "mill_1", "1", "dispatched", "blue", 300)
    close(case("hotline", "litter", "s_hill_1"), "hill_1", "1", "dispatched", "blue", 600)
    close(case("app", "pothole", "n_lake_1"), "lake_office", "2", "dispatched", "yellow", 480)
    close(case("hotline", "bridge", "n_mill_2"), "works", "3", "dispatched", "orange", 360)
    close(case("sensor", "litter", "n_mill_2"), "mill_2", "1", "dispatched", "orange", 600)
    close(case("desk", "litter", "n_mill_1"), "mill_1", "1", "reported", "blue", 600)
    close(case("app", "litter", "n_mill"), "mill_office", "2", "dispatched", "blue", 600)


def a_retry_at_the_other_replica_gets_the_first_number(_, shared):
    client = shared["client"]
    for nth in range(20):
        key, first = f"report-{nth}", client.accepted[f"report-{nth}"]
        before = client.repeated
        for which in (0, 1):
            assert client.ask(key, report(nth), which) == first, (key, which)
        assert client.repeated >= before + 2  # more where an earlier one was sent again meanwhile
    # another client's key of the same name is another key
    shared["other"] = "report-0"


def keys_of_another_client_are_other_keys(system, shared):
    other = Client(system.endpoints("intake"), system.server_key(), system.key("client", "other-app"))
    number = other.ask("report-0", report(0))
    other.close()
    assert isinstance(number, int) and number != shared["client"].accepted["report-0"], number
    wait_applied(system)


def supervised(system):
    return system.sql.number("SELECT count(*) FROM routing.case_file WHERE supervised")


def deadlines_move_every_case_up_to_supervision(system, shared):
    total = REPORTS + 1
    shared["top"] = department(system, shared, TOP)
    system.zhitong("time", "drive", "--speed", "200")  # ten minutes in three seconds
    try:
        wait_until(lambda: supervised(system) == total, 90, lambda: f"{supervised(system)} of {total} supervised")
    finally:
        let_time_stand_still(system)  # reminders would go on and on
    assert system.sql.number(f"SELECT count(*) FROM routing.case_file WHERE unit = '{TOP}' AND tier = 4") == total


def history(system):
    """case → its entries in routing's log, in their order."""
    cases = {}
    for case, body in system.sql.rows("SELECT case_id, encode(body, 'hex') FROM routing.log ORDER BY shard, seq"):
        cases.setdefault(int(case), []).append(decode(bytes.fromhex(body)))
    return cases


def each_deadline_moved_its_case_one_tier(system, _):
    cases = history(system)
    assert len(cases) == REPORTS + 1
    for case, moves in cases.items():
        assert [move["version"] for move in moves] == list(range(1, len(moves) + 1)), (case, moves)
        for before, move in zip(moves, moves[1:]):
            what = f"case {case}: {before} → {move}"
            assert move["actor"] == "deadline" and move["from"] == before["state"] == move["state"], what
            assert move["at"] >= before["next_at"] and move["next_at"] > move["at"], what
            if move["move"] == "escalate":
                assert move["tier"] == before["tier"] + 1 and move["due_at"] > move["at"], what
                units = (before.get("support", "") + " " + before["unit"]).split()
                assert move["support"].split() == units and move["unit"] not in units, what
                for fact in ("title", "description", "address"):  # the new unit has not heard of them
                    assert move.get(fact) == moves[0].get(fact) and moves[0]["title"], what
                continue
            assert (move["unit"], move["tier"], move["due_at"]) == (before["unit"], before["tier"], before["due_at"]), what
            if move["move"] == "warn":
                assert move["percent"] in (50, 80) and move["clock"] == ("accept" if move["state"] == "reported" else "resolve"), what
            else:
                assert move["tier"] == 4, what
                assert move["move"] in (("remind", "alarm") if before.get("supervised") else ("supervise",)), what
        tiers = [move["tier"] for move in moves if move["move"] in ("report", "open", "escalate")]
        assert tiers == list(range(tiers[0], 5)), (case, tiers)  # exactly once a tier
        assert sum(move["move"] == "supervise" for move in moves) == 1 and moves[-1]["supervised"], (case, moves[-1])


def departments_hear_everything_in_order(system, shared):
    for follower, unit in ((shared["county"], COUNTY), (shared["top"], TOP)):
        head = system.sql.number(f"SELECT head FROM notification.stream WHERE unit = '{unit}'")
        assert head > 0
        wait_until(lambda: follower.cursor == head, 20, lambda: f"{unit}: {follower.cursor} of {head}")
        assert follower.entries[0][0] == 1 and len(follower.entries) == head, (follower.entries[0][0], len(follower.entries), head)
        assert not follower.order_faults(), follower.order_faults()[:5]
        assert not follower.refused, follower.refused
    # The top centre hears of every move there is, a county's of every one in the county.
    heard = "SELECT count(*) FROM notification.stream_entry WHERE unit = '{}'"
    assert system.sql.number(heard.format(TOP)) == system.sql.number("SELECT count(*) FROM routing.log")
    assert system.sql.number(heard.format(COUNTY)) == system.sql.number(
        """SELECT count(*) FROM routing.log l JOIN routing.case_file c ON c.shard = l.shard AND c.case_id = l.case_id
           WHERE c.area = 'north' OR c.area LIKE 'n\\_%'""")


def a_department_resumes_from_the_middle(system, shared):
    middle = shared["top"].cursor // 2
    again = department(system, shared, TOP, middle)
    wait_until(lambda: again.cursor == shared["top"].cursor, 20, lambda: f"{again.cursor} of {shared['top'].cursor}")
    assert again.entries == shared["top"].entries[middle - 1:]
    again.stop()


def nothing_is_broken(system, shared):
    shared["client"].close()
    assert unapplied(system.sql) == 0
    assert_sound(system)


def tampering_with_the_history_is_found_and_named(system, _):
    """One letter of a case's first and of its last entry is changed in the table."""
    case, last = system.sql.rows("SELECT case_id, version FROM routing.case_file WHERE version >= 4 LIMIT 1")[0]
    body = f"""UPDATE routing.log l SET body = set_byte(body, length(body) - 1, get_byte(body, length(body) - 1) # 1)
               FROM (SELECT shard, seq FROM routing.log WHERE case_id = {case} ORDER BY seq {{order}} LIMIT 1) n
               WHERE l.shard = n.shard AND l.seq = n.seq"""
    for order, version in (("", 1), ("DESC", last)):
        one = body.format(order=order)
        system.sql.rows(one)
        said = system.zhitong("audit", check=False).stdout
        system.sql.rows(one)  # and back again
        assert "history_chained" in said and f"case {case}: version {version}" in said, said
    assert_sound(system)


CHECKS = [two_replicas_share_the_shards, every_report_gets_a_number,
          every_report_becomes_a_case_with_unit_and_deadline, rules_choose_unit_state_and_severity,
          a_retry_at_the_other_replica_gets_the_first_number, keys_of_another_client_are_other_keys,
          deadlines_move_every_case_up_to_supervision, each_deadline_moved_its_case_one_tier,
          departments_hear_everything_in_order, a_department_resumes_from_the_middle, nothing_is_broken,
          tampering_with_the_history_is_found_and_named]

if __name__ == "__main__":
    main("chain", CHECKS)
