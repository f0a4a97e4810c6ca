#!/usr/bin/python3
"""Thousands of endpoints that fail: what they cost those that work, and the database."""
import subprocess
import sys
import time
from pathlib import Path

sys.dont_write_bytecode = True
sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "lib"))

import watch
from checks import main
from clients import Client
from endpoints import add, send
from system import BUILD, ROOT, wait_until
from webhook_sink import Sink

DEAD = 3000
LATE_SECONDS_MAX = 1.0


def add_dead(system):
    """They refuse, from the beginning of their stream."""
    rows = subprocess.run([BUILD / "zt-bench-webhook_endpoints", system.folder / "secret.keys", "dead", "mill_1", "http://127.0.0.1:9/{}",
                           str(DEAD)], check=True, capture_output=True).stdout
    subprocess.run(["psql", "-qX", "-d", system.url(), "-c",
                    "COPY notification.endpoint (name, unit, carrier, sealed, shown, allow_private) FROM STDIN"], input=rows, check=True)


def one_endpoint_works_alone(system, shared):
    """Long enough for every statement to have a plan, made for tables that are nearly empty and known to be."""
    system.start_all(replicas=1)
    sink = shared["sink"] = Sink()
    shared["client"] = Client(system.endpoints("intake"), system.server_key(), system.key("client", "hotline"))
    add(system, "live", "mill_1", sink.url("ok/live"))
    add(system, "fails", "mill_1", "http://127.0.0.1:9/")
    for nth in range(20):
        send(shared, "mill_1", 2)
        wait_until(lambda: len(sink.of("ok/live")) >= 2 * (nth + 1), 20, "delivered")
        time.sleep(0.06)
        if nth == 5:
            system.sql.rows("VACUUM ANALYZE notification.endpoint")
            system.sql.rows("VACUUM ANALYZE notification.delivery")
    system.zhitong("endpoints", "remove", "fails")
    shared["alone"] = system.sql.number("SELECT count(*) FROM notification.endpoint")


def rows_are_found_by_their_index_even_when_the_tables_seem_empty(system, _):
    """A plan lasts until somebody analyzes the table, also when it has grown a thousandfold meanwhile."""
    named = dict(part.split("\n", 1) for part in (ROOT / "services/notification/courier.sql").read_text().split("-- name: ")[1:])
    looked_up = {"courier_waiting": 2, "courier_blocked": 3, "courier_keep": 8, "courier_promote": 2, "courier_lock": 1}
    words = f"SET search_path = notification; SET plan_cache_mode = force_generic_plan; {named['courier_start']}"
    for name, count in looked_up.items():
        words += f"PREPARE {name} AS {named[name]}\nEXPLAIN EXECUTE {name}({', '.join(['NULL'] * count)});"
    done = subprocess.run(["psql", "-qXAt", "-v", "ON_ERROR_STOP=1", "-d", system.url()], input=words, text=True, capture_output=True)
    assert done.returncode == 0, done.stderr
    assert "Seq Scan" not in done.stdout and "JIT" not in done.stdout, done.stdout


def thousands_that_fail_do_not_delay_it(system, shared):
    sink, before = shared["sink"], len(shared["sink"].of("ok/live"))
    add_dead(system)
    wait_until(lambda: system.replica("notification").metric("endpoints") > DEAD, 30, "endpoints known")
    late = []
    for _ in range(60):
        began = watch.seconds()
        send(shared, "mill_1")
        before += 1
        wait_until(lambda: len(sink.of("ok/live")) >= before, 20, "delivered")
        late.append(watch.seconds() - began)
        time.sleep(0.05)
    failing = wait_until(lambda: (n := system.sql.number("SELECT count(*) FROM notification.endpoint WHERE failures > 0")) > DEAD / 2 and n,
                         60, "most of them have failed")
    assert failing > DEAD / 2, failing
    assert sorted(late)[-6] < LATE_SECONDS_MAX, sorted(late)[-10:]  # of sixty; others work on this machine, too


def they_are_removed_while_they_are_written_to(system, shared):
    """Everybody locks the endpoint first: no two wait for each other."""
    deadlocks = "SELECT deadlocks FROM pg_stat_database WHERE datname = current_database()"
    assert system.sql.number(deadlocks) == 0
    names = [f"{name}" for name, in system.sql.rows("SELECT name FROM notification.endpoint WHERE name LIKE 'dead%' ORDER BY endpoint DESC")]
    statements = "\n".join(f"DELETE FROM notification.endpoint WHERE name = '{name}';" for name in names)
    done = subprocess.run(["psql", "-qX", "-v", "ON_ERROR_STOP=1", "-d", system.url()], input=statements, text=True, capture_output=True)
    assert done.returncode == 0, done.stderr
    time.sleep(1.5)
    assert system.sql.number(deadlocks) == 0
    wait_until(lambda: system.replica("notification").metric("endpoints") == shared["alone"], 15, "forgotten")


main("webhook_crowd", (
    one_endpoint_works_alone,
    rows_are_found_by_their_index_even_when_the_tables_seem_empty,
    thousands_that_fail_do_not_delay_it,
    they_are_removed_while_they_are_written_to,
), settings={"notification": {"ZHITONG_PRIVATE_HOSTS": "127.0.0.1", "ZHITONG_RETRY_SCALE_PERCENT": "1"}})
