"""What deploy/prometheus and deploy/grafana say, and which metrics the programs know."""
import json
import os
import re
import subprocess
from pathlib import Path

import yaml

ROOT = Path(os.environ.get("ZHITONG_ROOT") or Path(__file__).resolve().parents[2])
BUILD = Path(os.environ.get("ZHITONG_TEST_BUILD") or ROOT / "build/release")
ALERTS = ROOT / "deploy/prometheus/alerts.yml"
DASHBOARD = ROOT / "deploy/grafana/dashboards/zhitong.json"


def rules():
    return [rule for group in yaml.safe_load(ALERTS.read_text())["groups"] for rule in group["rules"]]


def panels():
    """Those that show something; rows hold none."""
    return [panel for panel in json.loads(DASHBOARD.read_text())["panels"] if panel["type"] != "row"]


def expressions():
    """(where, expression) of every rule and panel; the dashboard's own variables as Grafana fills them in."""
    for rule in rules():
        yield rule["alert"], rule["expr"]
    for panel in panels():
        for target in panel["targets"]:
            yield panel["title"], target["expr"].replace("$__rate_interval", "1m")


def _table(*command):
    done = subprocess.run([BUILD / command[0], *command[1:]], capture_output=True, text=True, check=True)
    return re.findall(r"^\| `(\w+)(?:\{([^}]*)\})?` \| (\w+) \|", done.stdout, re.M)


def metrics():
    """Name → (type, labels) of every metric that some program has."""
    found = {}
    for command in (("zt-intake", "--metrics-markdown"), ("zt-notification", "--series-markdown"), ("zhitong", "exporter", "--markdown")):
        for name, labels, kind in _table(*command):
            found[name] = (kind, labels)
    return found


NAME = re.compile(r"\b(?:zhitong|process)_\w+")


def unknown_metrics(known, expression):
    """The metrics that the expression names and nobody has."""
    names = set()
    for name in NAME.findall(re.sub(r'"[^"]*"', '""', expression)):
        base = re.sub(r"_(bucket|sum|count)$", "", name)
        if name not in known and known.get(base, ("",))[0] != "histogram":
            names.add(name)
    return names
