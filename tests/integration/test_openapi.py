#!/usr/bin/python3
"""services/desk/openapi.json says what desk does: every route stands in it and no other, and what a running desk answers, good or
refused, is what the file promises."""
import json
import re
import subprocess
import sys
import time
from pathlib import Path

sys.dont_write_bytecode = True
sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "lib"))

from checks import main, wait_applied
from clients import Client
from schema import answer_faults, faults
from sources import small_city_with_sources
from staff import PASSWORD, PEOPLE, Staff, add, ask
from system import BUILD, ROOT, SERVICES

API = json.loads((ROOT / "services/desk/openapi.json").read_text())


def every_route_is_in_the_file_and_no_other(_system, _shared):
    table = subprocess.run([BUILD / "zt-desk", "--routes-markdown"], capture_output=True, text=True, check=True).stdout
    routes = set(re.findall(r"^\| (\w+) \| `([^`]+)`", table, re.MULTILINE))
    documented = {(method.upper(), re.sub(r"{\w+}", "*", path)) for path, methods in API["paths"].items() for method in methods}
    assert routes == documented and len(routes) >= 16, routes ^ documented


def the_checker_bites(_system, _shared):
    schema = {"type": "object", "required": ["a"], "additionalProperties": False,
              "properties": {"a": {"type": "integer", "minimum": 1}, "b": {"type": "array", "items": {"type": "string", "enum": ["x"]}}}}
    assert faults(API, schema, {"a": 1, "b": ["x"]}) == []
    for bad in ({}, {"a": "1"}, {"a": True}, {"a": 0}, {"a": 1, "c": 1}, {"a": 1, "b": ["y"]}, {"a": 1, "b": [1]}, []):
        assert faults(API, schema, bad), bad
    assert faults(API, {"type": "object", "oneOf": []}, {})


def a_city_with_cases(system, shared):
    for person in PEOPLE:
        add(system, *person)
    system.key("client", "council")
    system.replica("intake", 1)
    system.settings["desk"] = {"ZHITONG_INTAKE_KEY": str(system.folder / "council.key"),
                               "ZHITONG_INTAKE_SERVER_KEY": str(system.folder / "service.key"),
                               "ZHITONG_INTAKE_ENDPOINTS": system.endpoints("intake")[0], "ZHITONG_STAFF_SOURCE": "seats"}
    system.start_all(replicas=1, services=SERVICES + ("desk",))
    client = Client(system.endpoints("intake"), system.server_key(), system.key("client", "app-client"))
    shared["cases"] = [client.ask(f"case-{n}", {"channel": "app", "item": "litter", "area": "n_mill_1", "title": f"case {n}", "lat": 33.6,
                                                "long": 114.0, "address": "Mill Lane", "description": "x"}) for n in range(4)]
    client.close()
    wait_applied(system)
    shared["staff"] = {login: Staff(system.of("desk"), login, PASSWORD) for login in ("mill", "hall", "south", "mill_office")}


def every_answer_is_what_the_file_promises(system, shared):
    staff, (first, second, *_) = shared["staff"], shared["cases"]
    mill, hall, south, office = (staff[name] for name in ("mill", "hall", "south", "mill_office"))
    desk, key, found, seen = system.of("desk")[0], {"Idempotency_Key": "k"}, [], set()
    any_case, any_move = "/cases/{case}", "/cases/{case}/moves/{move}"
    held = {"topic": "lamps", "attendees": "12", "resolution": "two more", "unit": "mill_1", "held_at": int(time.time() * 1000)}

    def check(method, template, status, answer):
        assert answer.status == status, (method, template, status, answer)
        seen.add((method, template, status))
        found.extend(answer_faults(API, method, template, answer))
        return answer

    check("POST", "/sessions", 201, mill.sign_in())
    for status, body in ((400, b"{"), (401, {"login": "mill", "password": "no"}), (422, {"login": 7})):
        check("POST", "/sessions", status, ask(desk, "POST", "/sessions", body))
    check("POST", "/sessions", 403, ask(desk, "POST", "/sessions", {"login": "mill"}, {"Sec-Fetch-Site": "cross-site"}))
    for path in ("/cases", "/work", "/moves", "/roles", "/states", "/items", "/channels", "/units", "/reasons", "/templates", "/sessions/current", "/councils", "/report"):
        check("GET", path, 200, hall.get(path))
        check("GET", path, 401, ask(desk, "GET", path))
    for by in ("unit", "month"):
        check("GET", "/report", 200, hall.get("/report", by=by))
    check("GET", "/report", 400, hall.get("/report", by="weather"))
    check("GET", "/report", 403, south.get("/report", unit="mill_1"))
    check("GET", "/cases", 200, hall.get("/cases", limit=2))
    check("GET", "/cases", 400, hall.get("/cases", limit=0))
    check("GET", "/units", 400, hall.get("/units", colour="blue"))
    check("POST", "/sessions", 422, mill.sign_in(post=9999))
    check("GET", "/cases", 403, south.get("/cases", area="north"))
    check("POST", any_move, 200, mill.move(first, "sign", plan="sweep"))
    check("POST", any_move, 200, mill.move(first, "whistle", parties="works"))
    check("POST", any_move, 200, mill.move(first, "attach", version="*", file="ab" * 32 + " image/png 12 a.png"))
    check("POST", any_move, 200, mill.move(second, "pass_up", note="beyond us"))
    check("POST", any_move, 409, mill.move(first, "contact", version=1, note="x"))
    check("POST", any_move, 403, office.move(first, "contact", note="x"))
    check("POST", any_move, 404, south.move(first, "note", version=1, note="x"))
    check("POST", any_move, 422, mill.move(first, "contact"))
    check("POST", any_move, 400, mill.ask("POST", f"/cases/{first}/moves/note", {}, If_Match="*"))
    check("POST", any_move, 428, mill.ask("POST", f"/cases/{first}/moves/note", {}, **key))
    for case in (first, second):
        check("GET", any_case, 200, mill.get(f"/cases/{case}"))
        check("GET", any_case + "/history", 200, mill.get(f"/cases/{case}/history", limit=2))
        check("GET", any_case + "/files", 200, mill.get(f"/cases/{case}/files"))
    one_file, hash_of_none = any_case + "/files/{file}", "ab" * 32
    check("GET", one_file, 404, mill.get(f"/cases/{first}/files/{hash_of_none}"))
    check("GET", one_file + "/thumbnail", 404, mill.get(f"/cases/{first}/files/{hash_of_none}/thumbnail"))
    for change in ("publish", "withdraw"):
        check("POST", one_file + "/" + change, 404, mill.ask("POST", f"/cases/{first}/files/{hash_of_none}/{change}"))
        check("GET", any_case + "/reporter", 200, mill.get(f"/cases/{case}/reporter", reason="call-back"))
    check("GET", any_case, 404, south.get(f"/cases/{first}"))
    check("GET", any_case + "/history", 404, south.get(f"/cases/{first}/history"))
    check("GET", any_case + "/history", 400, mill.get(f"/cases/{first}/history", after="x"))
    check("GET", any_case + "/files", 404, south.get(f"/cases/{first}/files"))
    council = check("POST", "/councils", 201, office.ask("POST", "/councils", held, **key)).json["council"]
    check("POST", "/councils", 200, office.ask("POST", "/councils", held, **key))
    check("POST", "/councils", 422, office.ask("POST", "/councils", {}, **key))
    check("POST", "/councils", 400, office.ask("POST", "/councils", held))
    matter = {"channel": "app", "item": "lamp", "area": "n_mill_1", "title": "a lamp"}
    for status in (201, 200):
        check("POST", "/councils/{council}/cases", status, office.ask("POST", f"/councils/{council}/cases", matter, **key))
    check("POST", "/councils/{council}/cases", 422, office.ask("POST", f"/councils/{council}/cases", {}, **key))
    check("POST", "/councils/{council}/cases", 404, office.ask("POST", "/councils/999/cases", matter, **key))
    for status in (201, 200):
        check("POST", "/reports", status, mill.ask("POST", "/reports", {"item": "lamp", "area": "n_mill_1"}, **key))
    check("POST", "/reports", 422, mill.ask("POST", "/reports", {"item": "moon", "area": "n_mill_1"}, Idempotency_Key="moon"))
    check("POST", "/reports", 400, mill.ask("POST", "/reports", {}))
    feed = check("POST", "/feeds", 201, mill.ask("POST", "/feeds", {"name": "reader"})).json
    check("POST", "/feeds", 422, mill.ask("POST", "/feeds", {}))
    check("GET", "/feeds", 200, mill.get("/feeds"))
    check("GET", "/feeds/{token}/cases.atom", 404, ask(desk, "GET", "/feeds/x/cases.atom"))
    check("GET", "/feeds/{token}/deadlines.ics", 404, ask(desk, "GET", "/feeds/x/deadlines.ics"))
    check("GET", "/feeds/{token}/deadlines.ics", 400, ask(desk, "GET", f"/feeds/{feed['token']}/deadlines.ics?as=poem"))
    check("DELETE", "/feeds/{feed}", 200, mill.ask("DELETE", f"/feeds/{feed['feed']}"))
    check("DELETE", "/feeds/{feed}", 404, mill.ask("DELETE", f"/feeds/{feed['feed']}"))
    check("GET", "/notices", 200, mill.get("/notices"))  # test_notices_units.py has the rest
    check("PUT", "/notices/{endpoint}", 404, mill.ask("PUT", "/notices/999", {"off": True}))
    check("PUT", "/notices/{endpoint}", 422, mill.ask("PUT", "/notices/999", {"digest_at": "8"}))
    check("GET", "/live", 401, ask(desk, "GET", "/live"))
    check("GET", "/live", 400, mill.get("/live", filter="colour=red"))  # what they answer when all is well: test_live.py, test_feeds.py
    check("GET", "/councils", 200, office.get("/councils"))
    check("GET", "/councils/{council}", 200, office.get(f"/councils/{council}"))
    check("GET", "/councils/{council}", 404, office.get("/councils/999"))
    check("DELETE", "/sessions/current", 200, south.ask("DELETE", "/sessions/current"))
    assert not found, "\n".join(found)
    for path, template in (("/blocks", "/blocks"), ("/blocks/1/keep", "/blocks/{block}/keep"), ("/blocks/1/remove", "/blocks/{block}/remove")):
        check("POST", template, 403, hall.ask("POST", path, {}))  # test_desk_blocks.py has the rest
    check("GET", "/blocks/appeals", 403, hall.get("/blocks/appeals"))
    asked = {(method, path) for method, path, _ in seen}
    assert asked == {(method.upper(), path) for path, methods in API["paths"].items() for method in methods}


main("openapi", [every_route_is_in_the_file_and_no_other, the_checker_bites, a_city_with_cases,
                 every_answer_is_what_the_file_promises], city=small_city_with_sources())
