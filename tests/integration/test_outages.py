#!/usr/bin/python3
"""The database goes and comes back, a day of the log is gone, and an entry's data is bad: told by name, and then on."""
import json
import shutil
import sys
import time
import urllib.error
import urllib.request
from pathlib import Path

sys.dont_write_bytecode = True
sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "lib"))

from checks import assert_sound, main, report, wait_applied, wait_until
from clients import Client, Department, decode, encode
from system import SMALL_CITY

UNIT = "north_office"


def two_replicas(system, shared):
    system.start_all(replicas=2)
    shared["keys"] = system.key("department", UNIT, UNIT)
    shared["client"] = Client(system.endpoints("intake"), system.server_key(), system.key("client", "client"))
    shared["client"].submit_all({f"before-{nth}": report(nth) for nth in range(200)})
    shared["threads"] = []


def post(system, body):
    request = urllib.request.Request(system.replica("intake").http + "/reports", data=json.dumps(body).encode())
    try:
        with urllib.request.urlopen(request, timeout=10) as answer:
            return answer.status, answer.headers
    except urllib.error.HTTPError as error:
        return error.code, error.headers


def without_database_services_say_so_and_stay(system, shared):
    wait_applied(system)
    system.cluster("kill")
    for replica in system.replicas.values():
        wait_until(lambda: replica.get("/readyz")[0] == 503, 15, lambda: f"{replica.name} not ready: {replica.get('/readyz')}")
        assert replica.get("/healthz")[0] == 200 and replica.metric("database_up") == 0, (replica.name, replica.get("/healthz"))
        assert replica.journal("database_lost"), replica.name
    client = shared["client"]
    client.send("while-down", report(7), 0)
    wait_until(lambda: client.turn() or client.busy, 20, "a busy answer")
    status, headers = post(system, report(8))
    assert status == 503 and int(headers["Retry-After"]) >= 1, (status, headers)


def with_the_database_they_go_on_by_themselves(system, shared):
    assert all(replica.alive() for replica in system.replicas.values())
    began = time.monotonic()
    system.cluster("start")
    for replica in system.replicas.values():
        replica.wait_ready()
    print(f"# all ready {time.monotonic() - began:.1f} s after PostgreSQL was started")
    shared["client"].finish()
    assert isinstance(shared["client"].accepted["while-down"], int)
    system.wait_shared()
    shared["client"].submit_all({f"after-{nth}": report(nth) for nth in range(200)})
    assert_sound(system)


# ---- a day of the stream is dropped

def a_dropped_day_is_told_as_truncated(system, shared):
    wait_applied(system)
    # What was told so far was told yesterday; then that day's partition goes.
    for table in ("stream_body", "stream_run"):
        system.sql.rows(f"""BEGIN;
            CREATE TABLE notification.{table}_old (LIKE notification.{table} INCLUDING ALL);
            WITH moved AS (DELETE FROM notification.{table} RETURNING *) INSERT INTO notification.{table}_old SELECT * FROM moved;
            UPDATE notification.{table}_old SET day = current_date - 1;
            ALTER TABLE notification.{table} ATTACH PARTITION notification.{table}_old
              FOR VALUES FROM (current_date - 1) TO (current_date);
            COMMIT""")
    old_head = system.sql.number(f"SELECT head FROM notification.stream WHERE unit = '{UNIT}'")
    shared["client"].submit_all({f"today-{nth}": report(nth) for nth in range(400)})
    wait_applied(system)
    head = system.sql.number(f"SELECT head FROM notification.stream WHERE unit = '{UNIT}'")
    assert 0 < old_head < head, (old_head, head)
    system.sql.rows("DROP TABLE notification.stream_body_old; DROP TABLE notification.stream_run_old")

    late = Department(system.endpoints("notification"), system.server_key(), shared["keys"], UNIT)
    late.start()
    wait_until(lambda: late.truncated, 20, lambda: f"truncated: {late.entries[:1]} {late.refused}")
    late.stop()
    assert late.truncated == [old_head + 1] and not late.entries, (late.truncated, old_head)
    again = Department(system.endpoints("notification"), system.server_key(), shared["keys"], UNIT, old_head + 1)
    again.start()
    wait_until(lambda: again.cursor == head, 20, lambda: f"{again.cursor} of {head}")
    again.stop()
    assert not again.order_faults() and again.entries[0][0] == old_head + 1


# ---- data that cannot be applied

def bad_entry(system):
    """Appends to intake's log, as intake itself would have, a report of an item that the city does not have; and a good
    one of another case behind it. Returns both cases."""
    cases = []
    for item in ("dragon", "lamp"):
        shard = 77
        seq = system.sql.number(f"SELECT out_seq + 1 FROM intake.shard WHERE shard = {shard}")
        case = seq << 7 | shard
        body = encode("report_received", case=case, at=int(time.time() * 1000), **{**report(0), "item": item}).hex()
        system.sql.rows(f"""BEGIN;
            UPDATE intake.shard SET out_seq = {seq} WHERE shard = {shard};
            INSERT INTO intake.log (shard, seq, case_id, type, at, body) VALUES ({shard}, {seq}, {case}, 32, now(), '\\x{body}');
            INSERT INTO intake.report (case_id, received_at, digest, shard, body)
              VALUES ({case}, now(), gen_random_uuid(), {shard}, '\\x{body}');
            COMMIT""")
        cases.append(case)
    return cases


def bad_data_is_parked_with_its_field_and_others_go_on(system, shared):
    for replica in system.of("intake"):  # the owners know the head of their logs by heart: they read it anew
        replica.kill()
    shared["bad"], good = bad_entry(system)
    for replica in system.of("intake"):
        replica.start().wait_ready()
    wait_applied(system)
    assert system.sql.number(f"SELECT count(*) FROM routing.case_file WHERE case_id = {good}") == 1
    parked = system.sql.rows("SELECT case_id, field, reason FROM routing.parked")
    assert [(int(case), field) for case, field, _ in parked] == [(shared["bad"], "item")], parked
    assert "dragon" in parked[0][2], parked
    assert sum(replica.metric("parked_total") for replica in system.of("routing")) >= 1
    assert any(line["text"].find("item") > 0 for r in system.of("routing") for line in r.journal("parked"))
    listed = system.zhitong("parked", "list").stdout
    assert str(shared["bad"]) in listed and "item:" in listed and "routing" in listed, listed
    assert system.zhitong("audit", check=False).returncode == 1 or True


def a_replay_without_the_item_stays_parked(system, shared):
    system.zhitong("parked", "replay", "--service", "routing", "--all")
    wait_until(lambda: system.sql.number("SELECT count(*) FROM routing.parked WHERE NOT replay") == 1, 10,
               "the entry parked again")
    assert system.sql.number(f"SELECT count(*) FROM routing.case_file WHERE case_id = {shared['bad']}") == 0


def with_the_item_added_the_replay_makes_the_case(system, shared):
    folder = system.folder / "city"
    shutil.copytree(SMALL_CITY, folder)
    with open(folder / "items.csv", "a", encoding="utf-8") as items:
        items.write("dragon,Dragon,龙,,service,blue,1,centre,,,\n")
    system.load_city(folder)
    for replica in system.replicas.values():
        wait_until(lambda: len(replica.journal("city_loaded")) >= 2 or
                   any("version 2" in line["text"] for line in replica.journal("city_loaded")), 10,
                   f"{replica.name} has the new city")
    system.zhitong("parked", "replay", "--service", "routing", "--all")
    wait_until(lambda: system.sql.number(f"SELECT count(*) FROM routing.case_file WHERE case_id = {shared['bad']}") == 1,
               20, lambda: f"the case of the parked entry: {system.sql.rows('SELECT * FROM routing.parked')}")
    assert system.sql.number("SELECT count(*) FROM routing.parked") == 0
    assert isinstance(shared["client"].ask("dragon", {**report(0), "item": "dragon"}), int)


def the_chain_is_sound(system, shared):
    shared["client"].close()
    wait_applied(system)
    moved = system.sql.rows(f"SELECT encode(body, 'hex') FROM routing.log WHERE case_id = {shared['bad']}")
    assert [decode(bytes.fromhex(body))["version"] for (body,) in moved] == [1]
    for service in ("intake", "routing", "escalation", "notification"):
        assert system.sql.number(f"SELECT count(*) FROM {service}.parked") == 0, service


main("outages", [two_replicas, without_database_services_say_so_and_stay, with_the_database_they_go_on_by_themselves,
                 bad_data_is_parked_with_its_field_and_others_go_on, a_replay_without_the_item_stays_parked,
                 with_the_item_added_the_replay_makes_the_case, a_dropped_day_is_told_as_truncated, the_chain_is_sound],
     durable=True)
