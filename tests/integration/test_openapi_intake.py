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

from checks import main, wait_applied, wait_until
from files import example
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
    system.settings["intake"] = {"ZHITONG_FILES_FOLDER": str(system.folder / "files")}
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
    check("POST", "/reports/check", 200, body=report, headers=kind)
    check("POST", "/reports/check", 400, body="{}", headers=kind)
    check("GET", "/items", 200)
    check("GET", "/items/{code}", 200, "/items/lamp")
    check("GET", "/items/{code}", 404, "/items/x")
    check("GET", "/warnings.atom", 200)
    check("GET", "/warnings/{warning}", 404, "/warnings/1-1.xml")  # test_warnings.py has those that are there
    assert not found, "\n".join(found)
    shared["seen"] = seen


def what_the_rest_answers_is_what_the_file_promises(system, shared):
    api, found, seen = Open311(system.of("intake")[0]), [], shared["seen"]

    def check(method, template, status, path=None, body=None, kind="application/json", **headers):
        data = body if body is None or isinstance(body, bytes) else json.dumps(body).encode()
        headers = {name.replace("_", "-"): value for name, value in headers.items()}
        answer = api.ask(method, path or template, body=data, headers={**({"Content-Type": kind} if data else {}), **headers})
        assert answer.status == status, (method, path or template, status, answer)
        seen.add((method, template))
        found.extend(answer_faults(API, method, template, answer))
        return answer

    report = {"channel": "app", "item": "lamp", "area": "n_mill_1", "title": "a dark lamp", "lat": 33.6, "long": 114.0,
              "reporter_name": "Zhao", "reporter_phone": "0395-1", "attributes": {"pole": "7"}}
    taken = check("POST", "/reports", 201, body=report).json
    case, code = taken["case"], f"Receipt {taken['receipt']}"
    path = f"/receipts/{case}"
    wait_applied(system)

    check("GET", "/reports/{case}", 200, f"/reports/{case}", Authorization=code)
    check("GET", "/reports/{case}", 400, f"/reports/{case}", Authorization="Receipt x")
    likely = "/reports/likely"
    assert check("GET", likely, 200, likely + "?item=lamp&lat=33.6&long=114.0&text=a%20dark%20lamp").json["likely"]
    check("GET", likely, 400, likely + "?item=lamp")
    check("GET", likely, 404, likely + "?item=x&lat=33.6&long=114")
    check("POST", "/assist/classify", 501, body={"text": "a dark lamp"})

    receipt, kept, action = "/receipts/{case}", "/receipts/{case}/reporter", "/receipts/{case}/{action}"
    photo = check("POST", "/files", 201, body=example("camera.jpg"), kind="image/jpeg").json["file"]
    check("POST", "/files", 415, body=b"no picture", kind="image/jpeg")
    check("POST", action, 200, path + "/supplement", {"note": "by the gate", "attributes": {"colour": ["red"]}}, Authorization=code, Idempotency_Key="1")
    check("POST", action, 200, path + "/urge", {"note": "please"}, Authorization=code, Idempotency_Key="2")
    check("POST", action, 400, path + "/urge", {"note": "please"}, Authorization=code)
    check("POST", action, 404, path + "/bless", {}, Authorization=code, Idempotency_Key="3")
    check("POST", action, 409, path + "/reopen", {"note": "x"}, Authorization=code, Idempotency_Key="4")
    check("POST", action, 422, path + "/rate", {"rating": 9}, Authorization=code, Idempotency_Key="5")
    check("POST", action, 401, path + "/urge", {}, Idempotency_Key="6")
    wait_until(lambda: len(check("GET", receipt, 200, path, Authorization=code).json["history"]) >= 3, 30, "its history")
    check("GET", receipt, 400, path, Authorization="Receipt x")
    check("GET", receipt, 401, path)
    check("GET", receipt, 403, "/receipts/1", Authorization=code)
    assert check("GET", kept, 200, path + "/reporter", Authorization=code).json["personal"]
    assert not check("DELETE", kept, 200, path + "/reporter", Authorization=code).json["personal"]
    check("DELETE", kept, 401, path + "/reporter")

    for template in ("/files/{file}", "/files/{file}/thumbnail"):  # it is not published
        check("GET", template, 404, template.replace("{file}", photo))
    for template in ("/sources/{source}/reports", "/sources/{source}/cap"):
        check("POST", template, 401, template.replace("{source}", "nobody"), {})
    done = system.zhitong("block", "add", "--address", "192.0.2.9", "--reason", "spam", "--by", "wang", "--secret-keys", system.folder / "secret.keys")
    block = "/blocks/" + str(int(done.stdout.split()[1].rstrip(":")))
    check("GET", "/blocks/{block}", 200, block)
    check("GET", "/blocks/{block}", 404, "/blocks/x")
    check("POST", "/blocks/{block}/appeals", 201, block + "/appeals", {"text": "we are the school"})
    check("POST", "/blocks/{block}/appeals", 400, block + "/appeals", {"text": ""})
    assert not found, "\n".join(found)


def links_that_end_messages(system, shared):
    api = Open311(system.of("intake")[0])
    system.sql.rows("UPDATE notification.endpoint SET token = repeat('a', 32) WHERE name = 'reporters' RETURNING 1")
    for method in ("GET", "POST"):
        for token, status in (("x", 404), ("0" * 32, 404), ("a" * 32, 200)):
            answer = api.ask(method, f"/unsubscribe/{token}")
            assert answer.status == status, (method, token, answer)
            shared["seen"].add((method, "/unsubscribe/{token}"))


def every_path_was_asked(_system, shared):
    wanted = {(method.upper(), path) for path, methods in API["paths"].items() for method in methods}
    assert wanted <= shared["seen"], wanted - shared["seen"]


try:
    main("openapi_intake", [every_route_is_in_the_file_and_no_other, every_answer_is_what_the_file_promises,
                            what_the_rest_answers_is_what_the_file_promises, links_that_end_messages, every_path_was_asked], city=FOLDER)
finally:
    shutil.rmtree(FOLDER, ignore_errors=True)
