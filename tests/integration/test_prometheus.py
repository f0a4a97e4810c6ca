#!/usr/bin/python3
"""A real Prometheus reads a running city: every page is good, every expression of the alerts and of the dashboard is answered, and what
must have data has."""
import os
import subprocess
import sys
import time
import urllib.request
from pathlib import Path

sys.dont_write_bytecode = True
ROOT = Path(os.environ.get("ZHITONG_ROOT") or Path(__file__).resolve().parents[2])
sys.path.insert(0, str(ROOT / "tests/lib"))
import asked  # noqa: F401,E402 pylint: disable=unused-import,wrong-import-position

subprocess.run([ROOT / "deploy/install-packages", "observe"], check=True)

import observed
from checks import main, report, wait_applied
from clients import Client, Department
from endpoints import add
from prometheus import Prometheus
from system import BUILD, SERVICES, die_with_parent, free_port, wait_until
from webhook_sink import Sink

UNIT = "mill_1"

def everything_runs(system, shared):
    system.start_all(replicas=1, services=SERVICES + ("desk",))
    shared["client"] = Client(system.endpoints("intake"), system.server_key(), system.key("client", "app"))
    shared["sink"] = Sink()
    add(system, "hook", UNIT, shared["sink"].url("ok/hook"))
    shared["department"] = Department(system.endpoints("notification"), system.server_key(), system.key("department", "mill", UNIT), UNIT)
    shared["threads"] = [shared["department"]]
    shared["department"].start()
    port = shared["port"] = free_port()
    shared["exporter"] = subprocess.Popen([BUILD / "zhitong", "exporter", "--port", str(port)], stdout=subprocess.DEVNULL,
                                          env={**os.environ, "ZHITONG_DATABASE_URL": system.url()}, preexec_fn=die_with_parent)
    pages = [replica.operations_url().removeprefix("http://") for replica in system.replicas.values()]
    shared["prometheus"] = Prometheus(system.folder, {"zhitong": pages, "zhitong_city": [f"127.0.0.1:{port}"]})


def work_goes_on_while_it_looks(system, shared):
    """So that rates and histograms have something."""
    prometheus, client = shared["prometheus"], shared["client"]
    desk, intake = system.replica("desk"), system.replica("intake")
    prometheus.wait_scraped()
    for nth in range(8):
        client.submit_all({f"{nth}-{k}": report(nth * 40 + k) for k in range(40)})
        for http in (desk.http, intake.http):
            try:
                urllib.request.urlopen(f"{http}/nothing", timeout=5)
            except urllib.error.HTTPError:
                pass
        time.sleep(0.5)
    wait_applied(system)
    time.sleep(2.5)  # two more scrapes


def every_page_is_good_for_promtool(system, shared):
    pages = {replica.name: replica.get("/metrics")[1] for replica in system.replicas.values()}
    pages["exporter"] = urllib.request.urlopen(f"http://127.0.0.1:{shared['port']}/metrics", timeout=5).read().decode()
    pages["once"] = system.zhitong("exporter", "--once").stdout
    for name, text in pages.items():
        done = subprocess.run(["promtool", "check", "metrics"], input=text, capture_output=True, text=True, check=False)
        assert done.returncode == 0, (name, done.stdout, done.stderr)


def what_is_exposed_is_what_is_documented(_, shared):
    """In both directions; a metric that only the page has is not found in deploy/OPERATIONS.md."""
    exposed = {metric["__name__"] for metric, _ in shared["prometheus"].ask('{__name__=~"zhitong_.+|process_.+"}')}
    documented = observed.metrics()
    for name in exposed:
        assert not observed.unknown_metrics(documented, name), name
    absent = {name for name, (kind, _) in documented.items() if (f"{name}_count" if kind == "histogram" else name) not in exposed}
    assert absent <= {"zhitong_city_key_ends_timestamp_seconds", "zhitong_city_behind_seconds"}, absent


def every_expression_is_answered(_, shared):
    prometheus = shared["prometheus"]
    for where, expression in observed.expressions():
        try:
            prometheus.ask(expression)
        except AssertionError as error:
            raise AssertionError(f"{where}: {error}") from error
    rules = [rule for group in prometheus.get("rules")["data"]["groups"] for rule in group["rules"]]
    assert len(rules) == len(observed.rules()) and all(rule["health"] == "ok" for rule in rules), rules


def every_panel_has_data(_, shared):
    for panel in observed.panels():
        for target in panel["targets"]:
            expression = target["expr"].replace("$__rate_interval", "1m")
            found = shared["prometheus"].ask(expression)
            assert any(value == value for _, value in found), (panel["title"], expression, found)  # a rate of nothing is NaN


def the_numbers_are_true(_, shared):
    ask = shared["prometheus"].ask

    def becomes(expression, value):
        """What it says was read a second ago, or longer on a busy machine."""
        wait_until(lambda: [found for _, found in ask(expression)] == [value], 20, lambda: f"{expression} {value}: {ask(expression)}")
    becomes("sum(zhitong_city_cases_open)", 320)
    becomes('zhitong_city_log_entries_total{of="intake"}', 320)
    shards = {metric["of"]: value for metric, value in ask("zhitong_city_shards_owned")}
    assert shards == dict.fromkeys((*SERVICES, "desk"), 128.0), shards
    becomes('zhitong_commit_seconds_count{service="intake"}', 320)
    resident = ask('process_resident_memory_bytes{service="intake"}')
    assert 0 < resident[0][1] < 200e6, resident
    assert shared["sink"].of("ok/hook"), "the webhook got nothing"
    becomes("sum(zhitong_deliveries_sent_total)", len(shared["sink"].of("ok/hook")))
    becomes("zhitong_city_needs_a_person", 0)
    up, built = ask("zhitong_database_up"), ask("zhitong_build_info")
    assert {value for _, value in up} == {1.0} and len(built) == 6, (up, built)


def in_a_sound_city_nothing_fires(_, shared):
    firing = shared["prometheus"].ask('ALERTS{alertstate="firing"}')
    assert not firing, firing


def an_alert_fires_where_something_is_wrong(system, shared):
    system.sql.rows("INSERT INTO routing.parked (shard, upstream, seq, case_id, type, field, reason, body)"
                    " VALUES (0, 1, 1000000, 1, 1, 'item', 'gone', '') RETURNING shard")
    wait_until(lambda: shared["prometheus"].ask('ALERTS{alertname="ZhitongParked",of="routing"}'), 30, "it is pending at least")


def without_a_database_the_exporter_says_so(system, shared):
    system.cluster("stop")
    wait_until(lambda: shared["prometheus"].ask("zhitong_city_up == 0"), 40, "the exporter sees it")
    assert system.zhitong("exporter", "--once", check=False).returncode == 1
    system.cluster("start")
    wait_until(lambda: shared["prometheus"].ask("zhitong_city_up == 1"), 40, "it comes back by itself")


def it_ends_when_it_is_told(_, shared):
    shared["exporter"].terminate()
    assert shared["exporter"].wait(20) == 0
    shared["prometheus"].close()


if __name__ == "__main__":
    sys.exit(main("prometheus", [
        everything_runs, work_goes_on_while_it_looks, every_page_is_good_for_promtool, what_is_exposed_is_what_is_documented,
        every_expression_is_answered, every_panel_has_data, the_numbers_are_true, in_a_sound_city_nothing_fires,
        an_alert_fires_where_something_is_wrong, without_a_database_the_exporter_says_so, it_ends_when_it_is_told], settings={"notification": {"ZHITONG_PRIVATE_HOSTS": "127.0.0.1"}}))
