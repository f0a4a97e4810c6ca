#!/usr/bin/python3
"""A running system takes over new limits without a restart, from their day on; a case keeps those under which it opened."""
import shutil
import sys
from pathlib import Path

sys.dont_write_bytecode = True
sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "lib"))

from checks import main, report
from clients import Client
from system import SMALL_CITY, wait_until


def load(system, shared, old, new, *options):
    items = system.folder / "city" / "items.csv"
    items.write_text(items.read_text(encoding="utf-8").replace(old, new), encoding="utf-8")
    done = system.zhitong("city", "load", system.folder / "city", *options)
    shared["version"] = system.sql.number("SELECT version FROM city.city")
    for replica in system.replicas.values():
        wait_until(lambda: any(line["text"].endswith(f"version {shared['version']}") for line in replica.journal("city_loaded")),
                   10, lambda: f"{replica.name} has version {shared['version']}: {replica.journal('city_loaded')}")
    return done.stdout


def new_case(system, shared, key):
    """Version of the policy, and the minutes that it gives for a lamp."""
    case = shared["client"].ask(key, {**report(0), "item": "lamp", "channel": "app", "area": "n_mill_1"})
    assert isinstance(case, int), case
    wait_until(lambda: system.sql.number(f"SELECT count(*) FROM routing.case_file WHERE case_id = {case}") == 1, 20, "the case")
    rows = system.sql.rows("SELECT policy, round(extract(epoch FROM due_at - opened_at) / 60) FROM routing.case_file"
                           f" WHERE case_id = {case}")
    return case, [int(float(field)) for field in rows[0]]


def a_case_opens_under_the_first_version(system, shared):
    system.start_all(1)
    shutil.copytree(SMALL_CITY, system.folder / "city")
    shared["client"] = Client(system.endpoints("intake"), system.server_key(), system.key("client", "clerk"))
    shared["first"], is_now = new_case(system, shared, "first")
    assert is_now == [1, 5], is_now


def the_next_one_has_the_new_limit_without_a_restart(system, shared):
    load(system, shared, "centre,,5,", "centre,,60,")
    _, is_now = new_case(system, shared, "second")
    assert is_now == [2, 60], is_now


def the_first_keeps_what_it_was_promised(system, shared):
    assert system.sql.number(f"SELECT policy FROM routing.case_file WHERE case_id = {shared['first']}") == 1


def limits_that_begin_later_do_not_hold_yet(system, shared):
    said = load(system, shared, "centre,,60,", "centre,,90,", "--valid-from", "2099-01-01")
    assert "from 2099-01-01T00:00:00+08:00 on" in said, said
    _, is_now = new_case(system, shared, "third")
    assert is_now == [2, 60], is_now
    shared["client"].close()


main("policy_reload", [a_case_opens_under_the_first_version, the_next_one_has_the_new_limit_without_a_restart,
                       the_first_keeps_what_it_was_promised, limits_that_begin_later_do_not_hold_yet])
