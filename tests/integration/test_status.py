#!/usr/bin/python3
"""`zhitong status` says what is there and what needs a person, and the operations pages have a series for each stream."""
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

sys.dont_write_bytecode = True
sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "lib"))

import exposition
from checks import main, report, wait_applied, wait_until
from clients import Client, Department
from system import BUILD

REPORTS = 300
COUNTY = "north_office"
SECONDS_MAX = 1.0
MIDNIGHT_SECONDS = 30  # in which reports come and are counted


def status(system):
    """The JSON, having seen that page, exit code and JSON agree."""
    page, answer = system.zhitong("status", check=False), system.zhitong("status", "--json", check=False)
    found = json.loads(answer.stdout)
    assert answer.returncode == (0 if found["good"] else 1), (answer.returncode, found["advice"])
    assert ("nothing needs a person" in page.stdout) == (page.returncode == 0), page.stdout
    assert "\x1b" not in page.stdout + answer.stdout, "colours without a terminal"
    return found


def urgent(found):
    return [advice["what"] for advice in found["advice"] if advice["needs_a_person"]]


def wait_for(system, condition, what):
    return wait_until(lambda: (lambda found: found if condition(found) else None)(status(system)), 30, what)


def of(found, service):
    return next(row for row in found["services"] if row["service"] == service)


def before_anything_runs_every_service_is_missed(system, _):
    found = status(system)
    assert found["good"] and found["city"]["code"], found  # nobody was ever started: nothing has broken yet
    assert {row["replicas_alive"] for row in found["services"]} == {0}
    assert sum("was never started" in advice["what"] for advice in found["advice"]) == 5, found["advice"]
    system.start_all(replicas=2)


def a_sound_city_needs_nobody(system, shared):
    shared["client"] = Client(system.endpoints("intake"), system.server_key(), system.key("client", "field-app"))
    left = system.sql.number("SELECT 86400 - floor(extract(epoch FROM (now() AT TIME ZONE 'Asia/Shanghai')::time))")
    if left < MIDNIGHT_SECONDS:  # what came today is counted below
        time.sleep(left + 1)
    shared["client"].submit_all({f"r-{nth}": report(nth) for nth in range(REPORTS)})
    wait_applied(system)
    found = wait_for(system, lambda found: found["good"], "good")
    for service in ("intake", "routing", "escalation", "notification"):
        row = of(found, service)
        assert (row["replicas_alive"], row["shards"], row["parked"]) == (2, 128, 0), row
        assert all(upstream["behind_entries"] == 0 for upstream in row["upstreams"]), row
    assert [upstream["service"] for upstream in of(found, "routing")["upstreams"]] == ["intake", "escalation"]
    assert of(found, "intake")["log_head"] == system.sql.number("SELECT sum(out_seq) FROM intake.shard") >= REPORTS
    assert found["clocks"]["armed"] == {"count": REPORTS}, found["clocks"]
    assert found["cases"]["reports_today"] == {"count": REPORTS}, found["cases"]
    by_tier = {row["tier"]: row["count"] for row in found["cases"]["open"]}
    assert by_tier == {tier: system.sql.number(f"SELECT count(*) FROM routing.case_file WHERE tier = {tier}")
                       for tier in (1, 2, 3, 4)}
    assert found["streams"]["entries_today"] == system.sql.number("SELECT sum(head) FROM notification.stream"), found["streams"]
    assert sorted(int(row["member"]) for row in found["members"]) == sorted(r.member() for r in system.replicas.values())
    assert all(row["alive"] for row in found["members"])
    assert found["disk"]["free_bytes"] > 0 and found["disk"]["schemas_bytes"]["routing"] > 0, found["disk"]


def it_answers_within_a_second(system, _):
    took = []
    for _ in range(5):  # others work on this machine, too
        began = time.monotonic()
        system.zhitong("status")
        took.append(time.monotonic() - began)
    assert min(took) < SECONDS_MAX, took


def each_stream_has_its_series(system, shared):
    follower = Department(system.endpoints("notification"), system.server_key(),
                          system.key("department", COUNTY, COUNTY), COUNTY, 1)
    follower.start()
    heads = {unit: int(head) for unit, head in system.sql.rows("SELECT unit, head FROM notification.stream")}
    try:
        def pages():
            return [replica.get("/metrics")[1] for replica in system.of("notification")]

        def followed():
            return {name: value for page in pages()
                    for name, value in exposition.series(page, "zhitong_stream_followers", "unit").items() if value}
        wait_until(lambda: followed() == {COUNTY: 1}, 30, followed)
        def shown():
            return [exposition.series(page, "zhitong_stream_head", "unit") for page in pages()]
        assert not set(shown()[0]) & set(shown()[1]), "a stream is served by one replica"
        wait_until(lambda: {unit: head for page in shown() for unit, head in page.items()} == heads, 10,
                   lambda: (shown(), heads))
        wait_until(lambda: {value for page in pages()
                            for value in exposition.series(page, "zhitong_stream_lag_entries", "unit").values()} == {0},
                   10, "nobody is behind")
    finally:
        follower.stop()


def every_services_page_is_good_prometheus(system, _):
    for replica in system.replicas.values():
        page = replica.get("/metrics")[1]
        assert len(exposition.read(page)) > 20, replica.name
        if shutil.which("promtool"):  # Prometheus's own opinion, where it is installed
            checked = subprocess.run(["promtool", "check", "metrics"], input=page, capture_output=True, text=True, check=False)
            assert checked.returncode == 0, (replica.name, checked.stdout, checked.stderr)
    for broken in ("a 1\n", "# TYPE a gauge\na 1\n", '# HELP a b\n# TYPE a gauge\na{b="1"} 1\na{b="1"} 1\n', "a 1"):
        try:
            exposition.read(broken)
        except AssertionError:
            continue
        raise AssertionError(f"the reader takes {broken!r}")


def a_killed_replica_is_said(system, _):
    system.replica("routing", 2).kill()
    found = wait_for(system, lambda found: of(found, "routing")["replicas_alive"] == 1 and of(found, "routing")["shards"] == 128,
                     "one replica of routing has all shards")
    assert any(advice["what"] == "routing: 1 replica is alive, another service has 2" for advice in found["advice"]), found
    assert not urgent(found), found


def a_service_without_a_replica_needs_a_person(system, shared):
    system.replica("routing", 1).kill()
    found = wait_for(system, lambda found: of(found, "routing")["replicas_alive"] == 0, "its session has ended")
    assert urgent(found) == ["routing: no replica is alive"], found["advice"]
    assert of(found, "routing")["shards"] == 0 and of(found, "routing")["replicas_dead"] == 1, found
    shared["client"].submit_all({f"late-{nth}": report(nth) for nth in range(20)})
    found = wait_for(system, lambda found: of(found, "routing")["upstreams"][0]["behind_entries"] == 20, "20 entries behind")
    assert 0 <= of(found, "routing")["upstreams"][0]["oldest_ms"] < 30000, found
    page = system.zhitong("status", check=False).stdout
    assert "! routing: no replica is alive\n      systemctl start zhitong@routing" in page, page
    system.sql.rows("UPDATE intake.log SET at = at - interval '1 minute' WHERE seq > 0 RETURNING seq")
    said = urgent(status(system))  # a minute and what this test took
    assert any(re.match("routing is 20 entries behind intake, the oldest waits for [6-9]", what) for what in said), said
    for number in (1, 2):
        system.replica("routing", number).start().wait_ready()
    system.wait_shared()
    wait_applied(system)
    wait_for(system, lambda found: found["good"], "good again")


def a_parked_entry_needs_a_person(system, _):
    system.sql.rows("INSERT INTO routing.parked (shard, upstream, seq, case_id, type, field, reason, body)"
                    " VALUES (0, 1, 1000000, 1, 1, 'item', 'gone', '') RETURNING shard")
    found = status(system)
    assert urgent(found) == ["routing: 1 entry is parked, and what follows of the same cases waits"], found["advice"]
    assert of(found, "routing")["parked"] == 1
    system.sql.rows("DELETE FROM routing.parked RETURNING shard")
    assert status(system)["good"]


def an_endpoint_that_is_dead_needs_a_person(system, _):
    for replica in system.of("notification"):  # so that the courier leaves these rows alone
        replica.signal(signal.SIGSTOP)
    try:
        number = int(system.sql.one(
            "INSERT INTO notification.endpoint (name, unit, carrier, sealed, shown, disabled_at, disabled_why, cursor)"
            f" VALUES ('fire_hook', '{COUNTY}', 'webhook', '', 'https://fire', now(), '410', 3) RETURNING endpoint"))
        system.sql.rows("INSERT INTO notification.delivery (endpoint, seq, case_id, state, next_at)"
                        f" VALUES ({number}, 1, 1, 'dead', now()), ({number}, 2, 2, 'behind', now()) RETURNING seq")
        found = status(system)
        assert urgent(found) == ["1 endpoint is disabled: fire_hook",
                                 "1 delivery was given up (dead letters), of fire_hook"], found["advice"]
        assert (found["endpoints"]["disabled"], found["endpoints"]["waiting"], found["endpoints"]["dead_letters"]) == (
            1, {"count": 1}, {"count": 1}), found["endpoints"]
        system.sql.rows(f"UPDATE notification.endpoint SET disabled_why = 'ended by its link' WHERE endpoint = {number} RETURNING endpoint")
        assert "1 endpoint is disabled: fire_hook" not in urgent(status(system)), "who ended it for himself needs nobody"
        system.sql.rows(f"UPDATE notification.endpoint SET disabled_at = NULL WHERE endpoint = {number} RETURNING endpoint")
        found = status(system)
        head = system.sql.number(f"SELECT head FROM notification.stream WHERE unit = '{COUNTY}'")
        assert found["endpoints"]["furthest_behind"] == {"name": "fire_hook", "behind_entries": head - 3}, found["endpoints"]
    finally:
        system.sql.rows("DELETE FROM notification.endpoint WHERE name = 'fire_hook' RETURNING endpoint")
        for replica in system.of("notification"):
            replica.signal(signal.SIGCONT)
    wait_for(system, lambda found: found["good"], "good again")


def each_endpoint_has_its_series(system, _):
    system.sql.rows("INSERT INTO notification.endpoint (name, unit, carrier, sealed, shown)"
                    f" VALUES ('off', '{COUNTY}', 'webhook', '', 'https://off') RETURNING endpoint")

    def shown(name):
        return [value for replica in system.of("notification")
                for endpoint, value in exposition.series(replica.get("/metrics")[1], name, "endpoint").items() if endpoint == "off"]
    # An address that cannot be opened: nothing is dealt with, and one replica says so.
    wait_until(lambda: len(shown("zhitong_endpoint_lag_entries")) == 1, 20, "it is shown by one replica")
    for name in ("zhitong_endpoint_waiting", "zhitong_endpoint_dead_letters", "zhitong_endpoint_retries_total"):
        assert len(shown(name)) == 1, name
    system.sql.rows("DELETE FROM notification.endpoint WHERE name = 'off' RETURNING endpoint")


def the_slowest_group_is_named(system, _):
    system.sql.rows("INSERT INTO notification.stream_group (unit, name, applied) SELECT unit, 'quick', head FROM notification.stream"
                    f" WHERE unit = '{COUNTY}' RETURNING name")
    assert status(system)["streams"]["groups"] == 1 and "slowest_group" not in status(system)["streams"]
    system.sql.rows("INSERT INTO notification.stream_group (unit, name, applied) SELECT unit, 'night', head - 7 FROM notification.stream"
                    f" WHERE unit = '{COUNTY}' RETURNING name")
    found = status(system)["streams"]
    assert found["groups"] == 2 and found["slowest_group"]["name"] == f"{COUNTY} night", found
    assert found["slowest_group"]["behind_entries"] == 7 and found["slowest_group"]["moved_at"], found
    system.sql.rows("DELETE FROM notification.stream_group RETURNING name")


def clocks_that_do_not_fire_need_a_person(system, _):
    for replica in system.of("escalation"):
        replica.signal(signal.SIGSTOP)
    try:
        system.sql.rows("UPDATE escalation.deadline SET due_at = now() + interval '1 day' RETURNING shard")  # none comes due by itself
        system.sql.rows("UPDATE escalation.deadline SET due_at = now() - interval '1 minute'"
                        " WHERE (shard, case_id) IN (SELECT shard, case_id FROM escalation.deadline LIMIT 3) RETURNING shard")
        found = status(system)
        assert found["clocks"]["due"] == {"count": 3} and found["clocks"]["late_ms"] >= 60000, found["clocks"]
        assert any(re.search("a clock should have fired [6-9]", what) for what in urgent(found)), found["advice"]
    finally:
        for replica in system.of("escalation"):
            replica.signal(signal.SIGCONT)
    wait_for(system, lambda found: found["clocks"]["due"] == {"count": 0}, "they fired")


def driven_time_and_keys_that_end_are_told(system, _):
    system.zhitong("time", "drive", "--speed", "60")
    system.sql.rows("INSERT INTO intake.credential (credential, source, kind, digest, expires_at)"
                    " VALUES ('c', 'police', 'key', '\\x00', now() + interval '3 days') RETURNING source")
    found = status(system)
    assert found["city"]["driven"] and found["city"]["speed"] == 60, found["city"]
    assert [(key["name"], key["kind"]) for key in found["keys"]] == [("police", "key")]
    system.zhitong("keys", "department", "rotate", COUNTY, "--out", system.folder / "newer.key", "--overlap", "86400")
    assert [(key["name"], key["kind"]) for key in status(system)["keys"]] == [(COUNTY, "department"), ("police", "key")]
    told = [advice["what"] for advice in found["advice"]]
    assert any("time is driven, 60 times" in what for what in told) and any("1 key ends" in what for what in told), told
    system.zhitong("time", "real")


def it_can_be_watched(system, _):
    environment = {**os.environ, "ZHITONG_DATABASE_URL": system.url()}
    watching = subprocess.Popen([BUILD / "zhitong", "status", "--json", "--watch", "1"], env=environment,
                                stdout=subprocess.PIPE, text=True)
    try:
        lines = [watching.stdout.readline() for _ in range(2)]
        assert all(json.loads(line)["city"]["code"] for line in lines), lines
        watching.terminate()
        lines += watching.communicate(timeout=20)[0].splitlines()  # it may have looked once more
        assert watching.returncode == (0 if json.loads(lines[-1])["good"] else 1), (watching.returncode, lines[-1])
    finally:
        watching.kill()
    for words in (("--watch", "0"), ("--watch", "x"), ("--watch", "3601"), ("more",)):
        assert system.zhitong("status", *words, check=False).returncode == 2, words


if __name__ == "__main__":
    sys.exit(main("status", [
        before_anything_runs_every_service_is_missed, a_sound_city_needs_nobody, it_answers_within_a_second,
        each_stream_has_its_series, every_services_page_is_good_prometheus, a_killed_replica_is_said,
        a_service_without_a_replica_needs_a_person, a_parked_entry_needs_a_person, an_endpoint_that_is_dead_needs_a_person,
        each_endpoint_has_its_series, the_slowest_group_is_named, clocks_that_do_not_fire_need_a_person,
        driven_time_and_keys_that_end_are_told, it_can_be_watched]))
