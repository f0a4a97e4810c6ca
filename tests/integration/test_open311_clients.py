#!/usr/bin/python3
"""Open311 clients written by others: the one that npm calls open311, unchanged, in both formats; and the requests of a FixMyStreet
installation, replayed as it sends them."""
import datetime
import json
import shutil
import subprocess
import sys
import tempfile
import xml.etree.ElementTree as tree
from pathlib import Path

sys.dont_write_bytecode = True
sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "lib"))

from checks import main, wait_applied
from open311 import Open311, as_text, city_folder, give_key
from system import ROOT

FOLDER = city_folder()
CLIENT = ROOT / "tests/clients/open311"
INSTALL_SECONDS_MAX = 120


def a_city_runs(system, shared):
    shared["key"] = give_key(system, "nine")
    system.start_all(replicas=1)
    shared["api"] = Open311(system.of("intake")[0])


def installed():
    """A copy of the client's folder with what its lock file names; None and why when it cannot be had."""
    if shutil.which("npm") is None:
        return None, "npm is not installed"
    folder = Path(tempfile.mkdtemp(prefix="zhitong-npm."))
    shutil.copytree(CLIENT, folder, dirs_exist_ok=True, ignore=shutil.ignore_patterns("node_modules"))
    try:
        done = subprocess.run(["npm", "ci", "--no-audit", "--no-fund", "--ignore-scripts", "--fetch-retries=0"], cwd=folder,
                              capture_output=True, text=True, timeout=INSTALL_SECONDS_MAX, check=False)
        why = "" if done.returncode == 0 else (done.stderr.strip().splitlines() or ["npm ci failed"])[0]
    except subprocess.TimeoutExpired:
        why = f"npm ci took more than {INSTALL_SECONDS_MAX} s"
    if why:
        shutil.rmtree(folder, ignore_errors=True)
        return None, why
    return folder, ""


def the_client_of_npm_works_unchanged(system, shared):
    folder, why = installed()
    if folder is None:
        print(f"skip open311_clients_npm {why}")
        return
    try:
        for form in ("json", "xml"):
            url = f"http://127.0.0.1:{shared['api'].port}/open311/discovery.{form}"
            done = subprocess.run(["node", "run.js", url, form, shared["key"]], cwd=folder, capture_output=True, text=True, timeout=60, check=False)
            assert done.returncode == 0, done.stderr
            got = json.loads(done.stdout)
            assert len(got["discovery"]["endpoints"]) >= 2
            assert {"lamp", "litter"} < {service["service_code"] for service in got["services"]}
            assert [one["code"] for one in got["definition"]["attributes"]] == ["pole", "colour"]
            case = got["posted"][0]["service_request_id"]
            assert isinstance(case, str) and got["one"][0]["service_request_id"] == got["several"][0]["service_request_id"] == case
            assert got["one"][0]["description"] == "dark <again> 路灯" and case in [one["service_request_id"] for one in got["list"]]
            assert as_text(got["token"][0])["service_request_id"] == case and got["refused"]["error"]
            wait_applied(system)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def instant(seconds=0):
    return (datetime.datetime.now(datetime.timezone.utc) + datetime.timedelta(seconds=seconds)).strftime("%Y-%m-%dT%H:%M:%S+00:00")


def elements(answer, name):
    assert answer.status == 200 and answer.headers["Content-Type"].startswith("text/xml"), answer
    return [{child.tag: child.text or "" for child in element} for element in tree.fromstring(answer.body).findall(name)]


# What FixMyStreet sends with a report: everything about it goes into attributes, and files as links.
REPORT = {"jurisdiction_id": "smalltown", "service_code": "litter", "lat": "33.6113", "long": "114.0112", "address_id": "B-1",
          "first_name": "Hua", "last_name": "Li", "email": "hua@example.org", "phone": "", "media_url": "https://street.example/photo/1.jpeg",
          "description": "title: Rubbish\n\ndetail: bags by the gate\n\nurl: https://street.example/report/1\n\nSubmitted via FixMyStreet\n",
          "attribute[fixmystreet_id]": "1", "attribute[title]": "Rubbish", "attribute[easting]": "529025", "attribute[northing]": "179716"}


def a_report_of_fixmystreet_is_taken_once(_system, shared):
    api, form = shared["api"], {**REPORT, "api_key": shared["key"]}
    first, again = (elements(api.post("requests.xml", form), "request") for _ in range(2))
    assert first == again, "it sends again when it has not heard"
    shared["case"] = first[0]["service_request_id"]


def an_update_of_fixmystreet_is_taken_once(system, shared):
    wait_applied(system)
    form = {"jurisdiction_id": "smalltown", "api_key": shared["key"], "update_id": "15", "service_request_id": shared["case"], "status": "OPEN",
            "updated_datetime": instant(), "description": "still there", "email": "hua@example.org", "first_name": "Hua", "last_name": "Li",
            "title": "", "public_anonymity_required": "FALSE", "service_code": "litter", "media_url": ""}
    (update,) = elements(shared["api"].post("servicerequestupdates.xml", form), "request_update")
    assert update["update_id"]
    assert shared["api"].post("servicerequestupdates.xml", form).status == 400


def what_fixmystreet_fetches_is_there(_system, shared):
    api = shared["api"]
    window = {"jurisdiction_id": "smalltown", "api_key": shared["key"], "start_date": instant(-3600), "end_date": instant(60)}
    found = {one["service_request_id"]: one for one in elements(api.ask("GET", "requests.xml", window), "request")}
    request = found[shared["case"]]
    assert request["status"] == "open" and request["service_code"] == "litter" and float(request["lat"]) == 33.6113
    datetime.datetime.fromisoformat(request["requested_datetime"])
    updates = elements(api.ask("GET", "servicerequestupdates.xml", window), "request_update")
    assert all(set(one) >= {"update_id", "service_request_id", "status", "updated_datetime", "description"} for one in updates)
    definition = tree.fromstring(api.ask("GET", "services/lamp.xml", {"jurisdiction_id": "smalltown"}).body)
    assert [one.findtext("code") for one in definition.find("attributes")] == ["pole", "colour"]


try:
    main("open311_clients", [a_city_runs, the_client_of_npm_works_unchanged, a_report_of_fixmystreet_is_taken_once,
                             an_update_of_fixmystreet_is_taken_once, what_fixmystreet_fetches_is_there], city=FOLDER)
finally:
    shutil.rmtree(FOLDER, ignore_errors=True)
