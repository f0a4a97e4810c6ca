#!/usr/bin/python3
"""The door of intake: what can be known to be wrong with a report is refused with its field, what is missing is told beforehand and
counted, and a place finds its area."""
import json
import shutil
import sys
import time
import urllib.error
import urllib.parse
import urllib.request
from pathlib import Path

sys.dont_write_bytecode = True
sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "lib"))

from checks import main, report, wait_applied
from clients import Client
from system import SMALL_CITY, wait_until

DAY_MS = 86400000
SQUARE = [[113.9, 33.4], [114.1, 33.4], [114.1, 33.55], [113.9, 33.55], [113.9, 33.4]]
NORTH = [[113.9, 33.55], [114.1, 33.55], [114.1, 33.7], [113.9, 33.7], [113.9, 33.55]]
FILES = {
    "door.csv": "item,text_least,photo,place,happened_days\n,,,,30\nbridge,10,needed,needed,\nlitter,,wanted,,\n",
    "questions.csv": "item,code,datatype,needed,text_en,text_zh,hint_en,hint_zh\n"
                     "lamp,pole,string,no,Which pole?,哪根灯杆？,It has a tag,见铭牌\n"
                     "lamp,state,singlevaluelist,yes,What is wrong?,怎么了？,,\n",
    "choices.csv": "item,question,code,name_en,name_zh\nlamp,state,out,Out,不亮\nlamp,state,flickers,Flickers,闪\n",
    "item_texts.csv": "item,language,description,answer\nlamp,en,Street lamps,They are mended in five minutes\n"
                      "lamp,zh,路灯,五分钟内修好\n",
    "fences.geojson": json.dumps({"type": "FeatureCollection", "features": [
        {"type": "Feature", "properties": {"code": code}, "geometry": {"type": "Polygon", "coordinates": [ring]}}
        for code, ring in (("south", SQUARE), ("north", NORTH))]}),
}


def ask(system, path, body=None, headers=None):
    """Status and JSON; of a refusal what stands in error."""
    data = None if body is None else body if isinstance(body, bytes) else json.dumps(body).encode()
    request = urllib.request.Request(system.replica("intake", 1).http + path, data=data, headers=headers or {})
    try:
        with urllib.request.urlopen(request, timeout=10) as answer:
            return answer.status, json.loads(answer.read())
    except urllib.error.HTTPError as error:
        return error.code, json.loads(error.read())["error"]


def good(**changes):
    whole = {"channel": "app", "item": "lamp", "area": "town", "lat": 33.6111, "long": 114.0111, "title": "a lamp is out",
             "attributes": json.dumps({"state": "out", "pole": "17"})}
    return {key: value for key, value in {**whole, **changes}.items() if value is not None}


def a_city_that_asks(system, shared):
    system.start_all(1)
    folder = system.folder / "city"
    shutil.copytree(SMALL_CITY, folder)
    for name, text in FILES.items():
        (folder / name).write_text(text, encoding="utf-8")
    system.zhitong("city", "load", folder)
    version = system.sql.number("SELECT version FROM city.city")
    for replica in system.replicas.values():
        wait_until(lambda r=replica: any(line["text"].endswith(f"version {version}") for line in r.journal("city_loaded")), 30, "city")
    shared["client"] = Client(system.endpoints("intake"), system.server_key(), system.key("client", "machine"))


def a_place_finds_its_area(system, _):
    for area, place, found in (("town", {}, "n_mill_1"), ("town", {"lat": 33.5111, "long": 114.0111}, "s_hill_1"),
                               ("town", {"lat": 33.45, "long": 113.92}, "south"), ("n_mill", {}, "n_mill"),
                               ("town", {"lat": None, "long": None, "address": "北县上磨村三号"}, "n_mill_2"),
                               ("town", {"lat": None, "long": None, "address": "nowhere"}, "town")):
        status, body = ask(system, "/reports/check", good(area=area, **place))
        assert (status, body.get("area")) == (200, found), (area, place, status, body)
        status, body = ask(system, "/reports", good(area=area, **place))
        assert status == 201, body
        _, kept = ask(system, "/reports/" + body["case"])
        assert kept["area"] == found and kept["attributes"] == good()["attributes"], kept


def each_wrong_form_is_refused_with_its_field_and_nothing_is_kept(system, _):
    now = int(time.time() * 1000)
    wrong = [("channel", {"channel": None}), ("channel", {"channel": "pigeon"}), ("channel", {"channel": "fax"}), ("item", {"item": None}),
             ("item", {"item": "dragon"}), ("area", {"area": None}), ("area", {"area": "moon"}), ("area", {"area": 7}), ("lat", {"lat": 91}), ("lat", {"lat": "north"}),
             ("long", {"long": None}), ("long", {"long": 181}), ("lat", {"lat": 30.0}), ("lat", {"lat": 0, "long": 0}),
             ("area", {"area": "s_hill"}), ("datum", {"datum": "mars"}), ("datum", {"datum": "x" * 17}),
             ("title", {"title": "t" * 241}), ("description", {"description": "d" * 4001}), ("address", {"address": "\x07"}),
             ("occurred_at", {"occurred_at": now + DAY_MS}), ("occurred_at", {"occurred_at": now - 31 * DAY_MS}),
             ("occurred_at", {"occurred_at": "soon"}), ("attributes", {"attributes": "{"}), ("attributes", {"attributes": "[]"}),
             ("attribute.state", {"attributes": {"state": {"is": "out"}}}), ("attributes", {"attributes": {"pole": "x" * 2000}}), ("attributes", {"attributes": "x" * 2001}),
             ("attribute.state", {"attributes": json.dumps({"state": "purple"})}), ("attribute.state", {"attributes": json.dumps({"state": 1})}),
             ("attribute.state", {"attributes": json.dumps({"state": ["out", "flickers"]})}),
             ("attribute.colour", {"attributes": json.dumps({"state": "out", "colour": "<b>"})}),
             ("attribute.pole", {"attributes": json.dumps({"state": "out", "pole": "1\n2"})}),
             ("attribute." + "c" * 48, {"attributes": json.dumps({"state": "out", "c" * 48: "no such question, and the longest code"})}),
             ("wing", {"wing": 1}), ("key", {"key": "k"})]
    before = system.sql.number("SELECT count(*) FROM intake.report")
    for field, change in wrong:
        for path in ("/reports", "/reports/check"):
            status, body = ask(system, path, good(**change))
            assert (status, body.get("field")) == (400, field) and body["reason"], (path, change, status, body)
    for body in (b"", b"{", b"[]", b'"x"', b'{"title":"\xff"}', b'{"title":"a","title":"b"}', b'{"title":"\\u0000"}'):
        for path in ("/reports", "/reports/check"):
            status, answer = ask(system, path, body)
            assert status == 400 and answer["field"] in ("body", "title"), (path, body, status, answer)
    assert system.sql.number("SELECT count(*) FROM intake.report") == before


def what_is_needed_is_refused_at_the_end_and_told_before(system, _):
    bare = {"channel": "app", "item": "lamp", "area": "n_mill_1", "title": "out"}
    bridge = {"channel": "app", "item": "bridge", "area": "north", "title": "broken"}
    for body, field, missing in ((bare, "attribute.state", ["address", "attribute.state", "attribute.pole"]),
                                 (bridge, "description", ["description", "address", "files"])):
        status, refused = ask(system, "/reports", body)
        assert (status, refused["field"]) == (400, field), refused
        status, told = ask(system, "/reports/check", body)
        assert status == 200 and told["ready"] is False and [m["field"] for m in told["missing"]] == missing, told
        assert told["score"] < 70, told
    status, told = ask(system, "/reports/check?lang=zh", bare)
    assert told["missing"][1] == {"field": "attribute.state", "text": "怎么了？"} and told["answer"] == "五分钟内修好", told
    status, told = ask(system, "/reports/check", bare, {"Accept-Language": "en-GB,en;q=0.9"})
    assert told["missing"][1]["text"] == "What is wrong?" and told["answer"].startswith("They"), told
    status, told = ask(system, "/reports/check", {key: value for key, value in good().items()})
    assert status == 200 and told["ready"] is True and told["score"] == 100 and told["missing"] == [], told


def a_machine_is_not_refused_what_it_cannot_be_asked(system, shared):
    sent = {**report(0), "item": "lamp", "area": "n_mill_1", "lat": 33.45, "long": 113.92, "occurred_at": int(time.time() * 1000) - 400 * DAY_MS,
            "attributes": json.dumps({"state": "purple"})}
    case = shared["client"].ask("machine-1", sent)
    assert isinstance(case, int), case
    _, kept = ask(system, f"/reports/{case}")
    assert kept["missing"] == "occurred_at area attribute.state attribute.pole" and 40 <= kept["score"] <= 70, kept
    assert kept["area"] == "n_mill_1" and kept["occurred_at"] == sent["occurred_at"], kept
    for field, change in (("lat", {"lat": 1.0}), ("occurred_at", {"occurred_at": sent["occurred_at"] + 800 * DAY_MS}),
                          ("attributes", {"attributes": "{"}), ("datum", {"datum": "mars"})):
        answer = shared["client"].ask(f"machine-{field}", {**sent, **change})
        assert isinstance(answer, tuple) and answer[0] == field, answer


def positions_of_chinese_maps_are_turned(system, _):
    status, told = ask(system, "/reports/check", good(datum="gcj02", lat=33.6102, long=114.0172))
    assert status == 200 and told["area"].startswith("n_mill"), told
    assert 0.0003 < abs(told["lat"] - 33.6102) < 0.003 and 0.004 < abs(told["long"] - 114.0172) < 0.008, told
    status, body = ask(system, "/reports", good(attributes={"state": "out"}, datum="gcj02", lat=33.6102, long=114.0172))
    _, kept = ask(system, "/reports/" + body["case"])
    assert (kept["lat"], kept["long"]) == (told["lat"], told["long"]), kept


def items_are_told_in_two_languages(system, _):
    status, body = ask(system, "/items?lang=en")
    assert body["area"] == "town" and status == 200 and [item["code"] for item in body["items"]] == ["lamp", "litter", "pothole", "bridge"], body
    status, body = ask(system, "/items/lamp", headers={"Accept-Language": "zh-CN"})
    assert status == 200 and body["name"] == "路灯不亮" and body["questions"][1]["choices"][0] == {"code": "out", "name": "不亮"}, body
    status, body = ask(system, "/items/lamp?lang=en")
    assert body["questions"][0] == {"code": "pole", "datatype": "string", "needed": False, "text": "Which pole?", "hint": "It has a tag"}
    status, body = ask(system, "/items/bridge")
    assert body["asks"] == {"text_least": 10, "photo": "needed", "place": "needed", "happened_days": 366}, body
    assert ask(system, "/items/dragon")[0] == 404
    assert ask(system, "/items?language=en")[0] == 400
    assert ask(system, "/items/" + urllib.parse.quote("<b>"))[0] == 404


def all_that_was_taken_reaches_routing(system, shared):
    wait_applied(system)
    assert system.sql.number("SELECT count(*) FROM intake.report") == system.sql.number("SELECT count(*) FROM routing.case_file")
    shared["client"].close()


main("door", [a_city_that_asks, a_place_finds_its_area, each_wrong_form_is_refused_with_its_field_and_nothing_is_kept,
              what_is_needed_is_refused_at_the_end_and_told_before, a_machine_is_not_refused_what_it_cannot_be_asked,
              positions_of_chinese_maps_are_turned, items_are_told_in_two_languages, all_that_was_taken_reaches_routing])
