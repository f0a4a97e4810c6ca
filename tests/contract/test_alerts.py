#!/usr/bin/python3
"""The alert rules: good for promtool, each fires when it must and only then, each leads to its heading of OPERATIONS.md, and names no
metric that nobody has; the dashboard likewise."""
import json
import os
import re
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(os.environ.get("ZHITONG_ROOT") or Path(__file__).resolve().parents[2])
sys.path.insert(0, str(ROOT / "tests/lib"))
from checks import main_alone  # noqa: E402 pylint: disable=wrong-import-position

subprocess.run([ROOT / "deploy/install-packages", "observe"], check=True)
import alert_examples  # noqa: E402 pylint: disable=wrong-import-position
import observed  # noqa: E402 pylint: disable=wrong-import-position


def promtool(*words):
    done = subprocess.run(["promtool", *map(str, words)], capture_output=True, text=True, check=False)
    return done.returncode, done.stdout + done.stderr


def example(name, changes, firing):
    """One of promtool's unit tests: at the end exactly these alerts fire."""
    series = {**alert_examples.HEALTHY, **changes}
    return {"interval": "1m", "name": name,
            "input_series": [{"series": key, "values": values} for key, values in series.items() if values is not None],
            "promql_expr_test": [{"expr": 'count by (alertname) (ALERTS{alertstate="firing"})', "eval_time": f"{alert_examples.MINUTES}m",
                                  "exp_samples": [{"labels": f'{{alertname="{alert}"}}', "value": 1} for alert in firing]}]}


def run_examples(examples):
    """JSON is YAML, too."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "tests.json"
        path.write_text(json.dumps({"rule_files": [str(observed.ALERTS)], "evaluation_interval": "5m", "tests": examples}))
        return promtool("test", "rules", path)


def promtool_takes_the_rules_and_the_configuration():
    status, said = promtool("check", "config", ROOT / "deploy/prometheus/prometheus.yml")
    assert status == 0, said


def no_alert_fires_in_a_healthy_city():
    status, said = run_examples([example("healthy", {}, ())])
    assert status == 0, said


def every_alert_fires_when_it_must_and_alone():
    assert sorted(alert_examples.EXAMPLES) == sorted(rule["alert"] for rule in observed.rules())
    status, said = run_examples([example(alert, changes, (alert,)) for alert, changes in alert_examples.EXAMPLES.items()])
    assert status == 0, said


def an_alert_that_does_not_fire_is_noticed():
    status, said = run_examples([example("silent", {}, ("ZhitongParked",))])
    assert status != 0 and "ZhitongParked" in said, said


def every_alert_says_what_and_where_to_read_on():
    page = (ROOT / "deploy/OPERATIONS.md").read_text()
    anchors = {re.sub(r"[^\w -]", "", heading).strip().lower().replace(" ", "-") for heading in re.findall(r"^#+ (.*)$", page, re.M)}
    for rule in observed.rules():
        notes = rule["annotations"]
        assert rule["labels"]["severity"] in ("page", "ticket"), rule
        assert sorted(notes) == ["description", "runbook", "summary"] and all(notes.values()), rule
        path, _, anchor = notes["runbook"].partition("#")
        assert path == "deploy/OPERATIONS.md" and anchor in anchors, f"{rule['alert']}: no heading {anchor}"
    named = set(re.findall(r"^#+ (Zhitong[A-Z]\w+)$", page, re.M))
    assert named == {rule["alert"] for rule in observed.rules()}, "a heading without its alert"


def every_metric_that_is_named_exists():
    known = observed.metrics()
    assert observed.unknown_metrics(known, "rate(zhitong_nothing_total[5m]) > zhitong_parked_total") == {"zhitong_nothing_total"}
    for where, expression in observed.expressions():
        assert not observed.unknown_metrics(known, expression), (where, observed.unknown_metrics(known, expression))


def the_dashboard_is_made_of_its_table():
    made = subprocess.run([ROOT / "deploy/grafana/make-dashboard"], capture_output=True, text=True, check=True).stdout
    assert made == observed.DASHBOARD.read_text(), "run: deploy/grafana/make-dashboard > deploy/grafana/dashboards/zhitong.json"


def the_dashboard_is_one_that_grafana_takes():
    dashboard = json.loads(observed.DASHBOARD.read_text())
    assert {"uid", "title", "schemaVersion", "time", "panels"} <= set(dashboard)
    taken = set()
    for panel in dashboard["panels"]:
        place = panel["gridPos"]
        cells = {(x, y) for x in range(place["x"], place["x"] + place["w"]) for y in range(place["y"], place["y"] + place["h"])}
        assert place["x"] + place["w"] <= 24 and not cells & taken, ("one lies upon another", panel["title"])
        taken |= cells
    for panel in observed.panels():
        assert panel["targets"] and len({target["refId"] for target in panel["targets"]}) == len(panel["targets"]), panel["title"]
        assert all(target["datasource"]["uid"] == "zhitong" and target["expr"] for target in panel["targets"]), panel["title"]
    assert len({panel["id"] for panel in dashboard["panels"]}) == len(dashboard["panels"])
    assert "uid: zhitong" in (ROOT / "deploy/grafana/provisioning/datasources/zhitong.yml").read_text()


def names_keep_to_the_rules_of_prometheus():
    """Base units, and counters alone end in _total: https://prometheus.io/docs/practices/naming/."""
    for name, (kind, _) in observed.metrics().items():
        assert name.endswith("_total") == (kind == "counter"), name
        assert not re.search(r"_(ms|milliseconds|minutes|kb|mb|kilobytes)(_total)?$", name), name


TESTS = [promtool_takes_the_rules_and_the_configuration, no_alert_fires_in_a_healthy_city, every_alert_fires_when_it_must_and_alone,
         an_alert_that_does_not_fire_is_noticed, every_alert_says_what_and_where_to_read_on, every_metric_that_is_named_exists,
         the_dashboard_is_made_of_its_table, the_dashboard_is_one_that_grafana_takes, names_keep_to_the_rules_of_prometheus]

main_alone("alerts", TESTS)
