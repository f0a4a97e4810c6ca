#!/usr/bin/python3
"""The public feed of warnings: which cases are in it, what each alert says (CAP 1.2), how one follows the other, and that nothing that a
reporter said and no case of another channel ever stands there."""
import json
import re
import shutil
import sys
import tempfile
import time
import urllib.error
import urllib.request
import xml.etree.ElementTree as ElementTree
from pathlib import Path

sys.dont_write_bytecode = True
sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "lib"))

from checks import main, wait_applied
from clients import Client
from system import SMALL_CITY

ATOM, CAP = "{http://www.w3.org/2005/Atom}", "{urn:oasis:names:tc:emergency:cap:1.2}"
KEPT_SECONDS = 5.2
SECRET = "my neighbour Wang"
WARNINGS = """item,severity,category,urgency,certainty,event_en,event_zh,instruction_en,instruction_zh,hours,metres
pothole,,Transport,Immediate,Observed,Hole in the road,路面塌陷,Drive slowly & look.,请慢行。,6,700
bridge,red,Infra,Immediate,Likely,Bridge closed,,Take another way.,,,
"""
FENCE = {"type": "FeatureCollection", "features": [
    {"type": "Feature", "properties": {"code": "n_lake_1"},
     "geometry": {"type": "Polygon", "coordinates": [[[114.02, 33.62], [114.03, 33.62], [114.03, 33.63], [114.02, 33.62]]]}}]}

# Elements in the order of the standard's schema: name, at least, at most, words or pattern.
INSTANT = r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d[-+]\d\d:\d\d"
POINT = r"-?\d+(\.\d+)?,-?\d+(\.\d+)?"
ALERT = [("identifier", 1, 1, r"[^\s,<&]+"), ("sender", 1, 1, r"[^\s,<&]+"), ("sent", 1, 1, INSTANT),
         ("status", 1, 1, "Actual|Exercise|System|Test|Draft"), ("msgType", 1, 1, "Alert|Update|Cancel|Ack|Error"),
         ("source", 0, 1, ".*"), ("scope", 1, 1, "Public|Restricted|Private"), ("restriction", 0, 1, ".*"), ("addresses", 0, 1, ".*"),
         ("code", 0, 99, ".*"), ("note", 0, 1, ".*"), ("references", 0, 1, rf"([^\s,]+,[^\s,]+,{INSTANT})( [^\s,]+,[^\s,]+,{INSTANT})*"),
         ("incidents", 0, 1, ".*"), ("info", 0, 99, None)]
INFO = [("language", 0, 1, r"[a-zA-Z]{1,8}(-[a-zA-Z0-9]{1,8})*"),
        ("category", 1, 99, "Geo|Met|Safety|Security|Rescue|Fire|Health|Env|Transport|Infra|CBRNE|Other"), ("event", 1, 1, ".+"),
        ("responseType", 0, 99, "Shelter|Evacuate|Prepare|Execute|Avoid|Monitor|Assess|AllClear|None"),
        ("urgency", 1, 1, "Immediate|Expected|Future|Past|Unknown"), ("severity", 1, 1, "Extreme|Severe|Moderate|Minor|Unknown"),
        ("certainty", 1, 1, "Observed|Likely|Possible|Unlikely|Unknown"), ("audience", 0, 1, ".*"), ("eventCode", 0, 99, None),
        ("effective", 0, 1, INSTANT), ("onset", 0, 1, INSTANT), ("expires", 0, 1, INSTANT), ("senderName", 0, 1, ".+"),
        ("headline", 0, 1, ".+"), ("description", 0, 1, ".+"), ("instruction", 0, 1, ".+"), ("web", 0, 1, "https?://.+"),
        ("contact", 0, 1, ".+"), ("parameter", 0, 99, None), ("resource", 0, 99, None), ("area", 0, 99, None)]
AREA = [("areaDesc", 1, 1, ".+"), ("polygon", 0, 99, rf"{POINT}( {POINT}){{3,}}"), ("circle", 0, 99, rf"{POINT} \d+(\.\d+)?"),
        ("geocode", 0, 99, None), ("altitude", 0, 1, ".*"), ("ceiling", 0, 1, ".*")]
INSIDE = {"info": INFO, "area": AREA, "geocode": [("valueName", 1, 1, ".+"), ("value", 1, 1, ".+")]}


def check_cap(element, rules):
    names = [rule[0] for rule in rules]
    order = [names.index(child.tag.removeprefix(CAP)) for child in element]
    assert order == sorted(order), [child.tag for child in element]
    for name, least, most, pattern in rules:
        found = element.findall(CAP + name)
        assert least <= len(found) <= most, (name, len(found))
        for child in found:
            if pattern is None:
                check_cap(child, INSIDE[name])
            else:
                assert re.fullmatch(pattern, child.text or "", re.DOTALL), (name, child.text)
    for polygon in element.findall(CAP + "polygon"):
        points = polygon.text.split()
        assert points[0] == points[-1] and len(points) >= 4


def get(url, **headers):
    request = urllib.request.Request(url, headers={name.replace("_", "-"): value for name, value in headers.items()})
    try:
        with urllib.request.urlopen(request, timeout=10) as answer:
            return answer.status, dict(answer.getheaders()), answer.read()
    except urllib.error.HTTPError as error:
        return error.code, dict(error.headers), error.read()


def warnings(system, which=0):
    """case → (alert, its XML); every entry is fetched by its link and held against the rules."""
    time.sleep(KEPT_SECONDS)
    status, headers, body = get(system.of("intake")[which].http + "/warnings.atom")
    assert status == 200 and headers["Content-Type"].startswith("application/atom+xml"), (status, body)
    found = {}
    for entry in ElementTree.fromstring(body).findall(ATOM + "entry"):
        link = entry.find(ATOM + "link")
        assert link.get("type") == "application/cap+xml"
        status, headers, text = get(link.get("href"))
        assert status == 200 and headers["Content-Type"].startswith("application/cap+xml"), (status, link.get("href"))
        alert = ElementTree.fromstring(text)
        assert alert.tag == CAP + "alert"
        check_cap(alert, ALERT)
        assert entry.find(ATOM + "id").text.endswith(alert.find(CAP + "identifier").text)
        assert SECRET not in text.decode() and SECRET not in body.decode()
        found[int(re.search(r"/(\d+)-\d+\.xml$", link.get("href")).group(1))] = alert
    return found


def text(alert, path):
    found = alert.find("/".join(CAP + name for name in path.split("/")))
    return None if found is None else found.text


def everything_starts(system, shared):
    system.start_all(replicas=1)
    client = Client(system.endpoints("intake"), system.server_key(), system.key("client", "app-client"))
    shared["client"] = client
    for name, fields in (("hole", {"channel": "app", "item": "pothole", "area": "n_mill_1"}),
                         ("lake", {"channel": "app", "item": "pothole", "area": "n_lake_1"}),
                         ("bridge", {"channel": "app", "item": "bridge", "area": "n_mill_1"}),
                         ("litter", {"channel": "app", "item": "litter", "area": "n_mill_1"}),
                         ("sensor", {"channel": "sensor", "item": "pothole", "area": "n_mill_1"}),
                         ("secret", {"channel": "desk", "item": "pothole", "area": "n_mill_1"})):
        shared[name] = client.ask(name, {"title": SECRET, "description": SECRET, "address": SECRET, **fields})
        assert isinstance(shared[name], int), shared[name]
    wait_applied(system)


def only_public_cases_of_the_citys_table_are_warned_of(system, shared):
    found = shared["found"] = warnings(system)
    assert set(found) == {shared["hole"], shared["lake"]}, (found.keys(), shared)
    assert {text(alert, "msgType") for alert in found.values()} == {"Alert"}


def an_alert_says_what_where_and_until_when(_, shared):
    hole, lake = shared["found"][shared["hole"]], shared["found"][shared["lake"]]
    infos = hole.findall(CAP + "info")
    assert [info.find(CAP + "language").text for info in infos] == ["en-US", "zh-CN"]
    assert text(hole, "info/event") == "Hole in the road" and text(hole, "info/severity") == "Moderate"
    assert text(hole, "info/instruction") == "Drive slowly & look." and infos[1].find(CAP + "headline").text == "路面塌陷：磨坊村"
    assert text(hole, "info/area/circle").endswith(" 0.700") and text(hole, "info/area/polygon") is None
    assert text(lake, "info/area/polygon").split()[0] == "33.62000,114.02000" and text(lake, "info/area/circle") is None
    assert text(hole, "references") is None


def a_feed_is_the_same_until_something_changes(system, _):
    url = system.of("intake")[0].http + "/warnings.atom"
    _, headers, _ = get(url)
    time.sleep(KEPT_SECONDS)
    assert get(url, If_None_Match=headers["ETag"])[0] == 304
    assert "max-age" in headers["Cache-Control"]


def what_nobody_has_looked_at_yet_is_no_warning(system, shared):
    system.sql.rows(f"UPDATE routing.case_file SET state = 'reported' WHERE case_id = {shared['lake']}")
    found = warnings(system)
    assert text(found[shared["lake"]], "msgType") == "Cancel"
    system.sql.rows(f"UPDATE routing.case_file SET state = 'dispatched' WHERE case_id = {shared['lake']}")
    again = warnings(system)
    assert text(again[shared["lake"]], "msgType") == "Alert" and text(again[shared["lake"]], "references") is None
    assert text(again[shared["lake"]], "identifier") != text(found[shared["lake"]], "identifier")


def a_case_that_gets_worse_is_updated_with_a_reference(system, shared):
    before = warnings(system)[shared["hole"]]
    system.sql.rows(f"UPDATE routing.case_file SET severity = 'red' WHERE case_id IN ({shared['hole']}, {shared['bridge']})")
    found = warnings(system)
    hole, bridge = found[shared["hole"]], found[shared["bridge"]]
    assert text(hole, "msgType") == "Update" and text(hole, "info/severity") == "Extreme"
    assert text(hole, "references") == ",".join(text(before, name) for name in ("sender", "identifier", "sent"))
    assert text(bridge, "msgType") == "Alert" and len(bridge.findall(CAP + "info")) == 1


def an_alert_that_is_about_to_expire_is_followed_by_the_next(system, shared):
    system.sql.rows(f"UPDATE intake.warning SET expires_at = clock_timestamp() + interval '1 hour' WHERE case_id = {shared['hole']}")
    hole = warnings(system)[shared["hole"]]
    assert text(hole, "msgType") == "Update" and len(text(hole, "references").split()) == 2, text(hole, "references")


def a_finished_case_is_cancelled_for_a_day(system, shared):
    last = warnings(system)[shared["hole"]]
    system.sql.rows(f"UPDATE routing.case_file SET state = 'closed', due_at = NULL, next_at = NULL WHERE case_id = {shared['hole']}")
    hole = warnings(system)[shared["hole"]]
    assert text(hole, "msgType") == "Cancel" and text(hole, "info/responseType") == "AllClear"
    assert text(last, "identifier") in text(hole, "references") and text(hole, "info/instruction") is None
    system.sql.rows(f"UPDATE intake.warning SET expires_at = clock_timestamp() - interval '1 second' WHERE case_id = {shared['hole']}")
    assert shared["hole"] not in warnings(system)
    assert system.sql.number(f"SELECT count(*) FROM intake.warning WHERE case_id = {shared['hole']} AND kind = 'Cancel'") == 1


def other_names_are_not_found(system, _):
    for name in ("1-1.xml", "x", "128.xml", "..%2f", "%F0%9F%98%80"):
        assert get(system.of("intake")[0].http + "/warnings/" + name)[0] == 404, name


def city():
    folder = Path(tempfile.mkdtemp(prefix="zhitong-warnings.", dir="/tmp"))
    shutil.copytree(SMALL_CITY, folder, dirs_exist_ok=True)
    (folder / "warnings.csv").write_text(WARNINGS)
    (folder / "fences.geojson").write_text(json.dumps(FENCE))
    return folder


if __name__ == "__main__":
    main("warnings", [everything_starts, only_public_cases_of_the_citys_table_are_warned_of, an_alert_says_what_where_and_until_when,
                    a_feed_is_the_same_until_something_changes, what_nobody_has_looked_at_yet_is_no_warning,
                    a_case_that_gets_worse_is_updated_with_a_reference, an_alert_that_is_about_to_expire_is_followed_by_the_next,
                    a_finished_case_is_cancelled_for_a_day, other_names_are_not_found], city=city())
