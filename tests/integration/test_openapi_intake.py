#!/usr/bin/python3
"""services/intake/openapi.json says what intake does: every route stands in it and no other, and what a running intake answers, good or
refused, is what the file promises."""
import json
import re
import shutil
import subprocess
import sys
import time
from pathlib import Path

sys.dont_write_bytecode = True
sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "lib"))

from checks import main, wait_applied
from open311 import Open311, city_folder, give_key
from schema import answer_faults
from system import BUILD, ROOT

API = json.loads((ROOT / "services/intake/openapi.json").read_text())
FOLDER = city_folder()
V2 = "/open311/v2/"


def every_route_is_in_the_file_and_no_other(_system, _shared):
    table = subprocess.run([BUILD / "zt-intake", "--routes-markdown"], capture_output=True, text=True, check=True).stdout
    routes = re.findall(r"^\| (\w+) \| `([^`]+)`", table, re.MULTILINE)
    documented = [(method.upper(), path) for path, methods in API["paths"].items() for method in methods]

    def has(route, path):
        wanted, given = route.split("/"), path.split("/")
        return len(wanted) == len(given) and all(w in ("*", g) for w, g in zip(wanted, given))

    for method, route in routes:
        assert any(m == method and has(route, path) for m, path in documented), f"{method} {route} is not in the file"
    for method, path in documented:
        assert any(m == method and has(route, path) for m, route in routes), f"there is no route {method} {path}"


def every_answer_is_what_the_file_promises(system, shared):
    key = give_key(system, "nine")
    system.start_all(replicas=1)
    api, found, seen = Open311(system.of("intake")[0]), [], set()

    def check(method, template, status, path=None, **words):
        answer = api.ask(method, (path or template).replace("{format}", "json"), **words)
        assert answer.status == status, (method, template, status, answer)
        seen.add((method, template))
        found.extend(answer_faults(API, method, template, answer))
        return answer

    form = {"service_code": "lamp", "lat": 33.6, "long": 114, "api_key": key, "attribute[pole]": "7", "account_id": "a"}
    requests, one, updates = V2 + "requests.{format}", V2 + "requests/{service_request_id}.{format}", V2 + "servicerequestupdates.{format}"
    case = check("POST", requests, 200, form=form).value[0]["service_request_id"]
    check("POST", requests, 400, form={"api_key": key})
    check("POST", requests, 403, form={**form, "api_key": "x"})
    check("POST", requests, 404, form={**form, "service_code": "x"})
    wait_applied(system)
    for query in ({}, {"extensions": "true"}, {"page": "2"}):
        check("GET", requests, 200, query=query)
    check("GET", requests, 400, query={"page": "x"})
    check("GET", requests, 404, query={"service_code": "x"})
    check("GET", one, 200, V2 + f"requests/{case}.json", query={"extensions": "true"})
    check("GET", one, 404, V2 + "requests/1.json")
    check("GET", V2 + "tokens/{token}.{format}", 200, V2 + f"tokens/{case}.json")
    check("GET", V2 + "tokens/{token}.{format}", 404, V2 + "tokens/x.json")
    for path in ("/open311/discovery.{format}", V2 + "discovery.{format}", V2 + "services.{format}"):
        check("GET", path, 200)
    check("GET", V2 + "services.{format}", 404, query={"jurisdiction_id": "x"})
    definition = V2 + "services/{service_code}.{format}"
    check("GET", definition, 200, V2 + "services/lamp.json")
    check("GET", definition, 404, V2 + "services/x.json")
    now = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())
    update = {"api_key": key, "service_request_id": case, "update_id": "1", "updated_datetime": now, "status": "open", "description": "x"}
    check("POST", updates, 200, form=update)
    check("POST", updates, 400, form=update)
    check("POST", updates, 403, form={**update, "api_key": ""})
    check("POST", updates, 404, form={**update, "update_id": "2", "service_request_id": "1"})
    check("GET", updates, 200)
    check("GET", updates, 400, query={"start_date": "x"})
    kind = {"Content-Type": "application/json"}
    report = json.dumps({"channel": "app", "item": "lamp", "area": "n_mill_1"})
    check("POST", "/reports", 201, body=report, headers={**kind, "Idempotency-Key": "k"})
    case = check("POST", "/reports", 200, body=report, headers={**kind, "Idempotency-Key": "k"}).value["case"]
    check("POST", "/reports", 400, body="{}", headers=kind)
    check("GET", "/reports/{case}", 200, f"/reports/{case}")
    check("GET", "/reports/{case}", 404, "/reports/1")
    assert not found, "\n".join(found)
    shared["seen"] = seen


def every_path_of_open311_was_asked(_system, shared):
    wanted = {(method.upper(), path) for path, methods in API["paths"].items() for method in methods if "open311" in path}
    assert wanted <= shared["seen"], wanted - shared["seen"]


try:
    main("openapi_intake", [every_route_is_in_the_file_and_no_other, every_answer_is_what_the_file_promises, every_path_of_open311_was_asked],
         city=FOLDER)
finally:
    shutil.rmtree(FOLDER, ignore_errors=True)
