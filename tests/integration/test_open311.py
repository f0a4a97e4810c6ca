#!/usr/bin/python3
"""Open311 GeoReport v2: every resource in both formats, every parameter and error form, and the extensions that clients use."""
import re
import shutil
import sys
import time
from pathlib import Path

sys.dont_write_bytecode = True
sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "lib"))

from checks import assert_sound, main, wait_applied
from open311 import LAMP, Open311, both, city_folder, give_key, ids, now, post

INSTANT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\+08:00")
FOLDER = city_folder()


def a_city_runs(system, shared):
    shared["keys"] = {source: give_key(system, source) for source in ("public", "nine", "walkin", "box")}
    system.start_all(replicas=1)
    shared["api"] = Open311(system.of("intake")[0])
    assert shared["api"].get("services.json").headers["Access-Control-Allow-Origin"] == "*", "pages of others may ask"


def discovery_lists_two_endpoints_in_two_formats(_system, shared):
    api = shared["api"]
    for path in ("discovery", "/open311/discovery"):
        found = both(api, path)
        assert len(found["endpoints"]) >= 2
        for endpoint in found["endpoints"]:
            assert endpoint["formats"] == ["text/xml", "application/json"] and endpoint["url"].endswith(f":{api.port}/open311/v2")
        assert found["endpoints"][0]["specification"] == "http://wiki.open311.org/GeoReport_v2"
        assert found["contact"] == "the town hall <office> & \"desk\"" and found["key_service"] is None


def services_have_names_groups_and_words_in_the_language_asked_for(_system, shared):
    api = shared["api"]
    services = {service["service_code"]: service for service in both(api, "services")}
    assert set(services) == {"lamp", "litter", "pothole", "bridge"}
    lamp = services["lamp"]
    assert (lamp["service_name"], lamp["description"], lamp["metadata"], lamp["type"]) == ("路灯不亮", "路灯不亮了", True, "realtime")
    assert services["pothole"]["metadata"] is False and services["pothole"]["description"] is None
    english = api.ask("GET", "services.json", headers={"Accept-Language": "en-GB,zh;q=0.5"}).value[0]
    assert (english["service_name"], english["keywords"]) == ("Street lamp out", "light,dark")


def a_service_says_what_is_asked(_system, shared):
    definition = both(shared["api"], "services/lamp")
    assert definition["service_code"] == "lamp"
    pole, colour = definition["attributes"]
    assert (pole["code"], pole["order"], pole["required"], pole["values"], pole["variable"]) == ("pole", 1, False, [], True)
    assert colour["datatype"] == "multivaluelist" and [value["key"] for value in colour["values"]] == ["red", "green"]
    assert both(shared["api"], "services/bridge")["attributes"] == []


def what_is_not_there_is_404_in_the_format_of_the_path(_system, shared):
    api = shared["api"]
    for path in ("services/none", "requests/12", "requests/abc", "requests/99999999999999999999", "tokens/12", "tokens/x-y", "bridges"):
        (error,) = both(api, path, wanted=404)
        assert error["code"] == 404 and error["description"]
    for path in ("services", "services.html", "services/lamp", "requests.JSON", "services.xml.", ".xml", "services/.json",
                 "/open311/services.json", "/open311/v2.json"):
        assert api.get(path).codes == [404], path
    (error,) = both(api, "services", wanted=404, jurisdiction_id="elsewhere")
    assert error["description"].startswith("jurisdiction_id")
    assert api.post("requests.json", {**LAMP, "jurisdiction_id": "elsewhere"}).codes == [404]
    assert len(both(api, "services", jurisdiction_id="smalltown")) == 4
    assert api.post("services.json", {}).codes == [405]


def a_request_comes_back_as_it_was_posted(system, shared):
    api = shared["api"]
    text = "Tief \"dunkel\" <b>&amp;</b> ]]> 路灯\tdark\nsecond line 𝄞"
    case = shared["first"] = post(api, description=text, address_string="Mill Lane 磨坊", address_id="n_mill_1", email="a@b.example", first_name="Li",
                                  last_name="Hua", phone="+86 (395) 123", device_id="d-1",
                                  media_url="https://pictures.example/1.jpg", **{"attribute[pole]": "7", "attribute[colour][]": ["red", "green"], "attribute[title]": "a lamp"})
    wait_applied(system)
    (request,) = both(api, f"requests/{case}")
    assert request["service_request_id"] == case and request["status"] == "open" and request["service_code"] == "lamp"
    assert request["description"] == text and request["address"] == "Mill Lane 磨坊" and request["address_id"] == "n_mill_1"
    assert request["agency_responsible"] == "磨坊村委" and request["lat"] == 33.611 and request["long"] == 114.011
    assert INSTANT.fullmatch(request["requested_datetime"]) and INSTANT.fullmatch(request["expected_datetime"])
    assert request["updated_datetime"] >= request["requested_datetime"] and request["zipcode"] is None
    assert request["media_url"] is None, "nobody has published the picture"
    assert "Hua" not in repr(request) and "extended_attributes" not in request
    (more,) = both(api, f"requests/{case}", extensions="true")
    assert more["extended_attributes"]["title"] == "a lamp" and more["extended_attributes"]["channel"] == "app"
    given = {one["code"]: one["values"] for one in more["extended_attributes"]["attributes"]}
    assert given == {"pole": ["7"], "colour": ["red", "green"]}, given
    assert len(more["notes"]) == 2
    assert both(api, f"tokens/{case}") == [{"service_request_id": case, "token": case}]


def a_request_is_shown_at_once(_system, shared):
    case = post(shared["api"])
    for kind in ("json", "xml"):
        (request,) = shared["api"].get(f"requests/{case}.{kind}").value
        assert request["service_request_id"] == case and request["status"] == "open"


def an_address_alone_is_enough_and_a_form_may_be_multipart(_system, shared):
    api = shared["api"]
    post(api, lat=None, long=None, address_string="Mill Lane")
    post(api, lat=None, long=None, address_id="n_mill_2")
    parts = "".join(f'--xx\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n{value}\r\n' for name, value in LAMP.items())
    answer = api.ask("POST", "requests.xml", headers={"Content-Type": "multipart/form-data; boundary=xx"}, body=(parts + "--xx--\r\n").encode())
    assert answer.status == 200 and answer.value[0]["service_request_id"].isdigit(), answer


def the_same_report_twice_is_one(_system, shared):
    api = shared["api"]
    first, again = (api.post("requests.json", LAMP, Idempotency_Key="k-1").value for _ in range(2))
    assert first[0]["service_request_id"] == again[0]["service_request_id"]
    assert post(api, **{"attribute[fixmystreet_id]": "77"}) == post(api, **{"attribute[fixmystreet_id]": "77"})
    assert post(api, **{"attribute[external_id]": "x" * 64}) == post(api, **{"attribute[external_id]": "x" * 64})
    assert post(api) != post(api)


WRONG = [  # changes of a good form, codes, and the fields that the errors begin with
    ({"service_code": None}, [400], ["service_code"]), ({"service_code": ""}, [400], ["service_code"]),
    ({"service_code": "none"}, [404], ["service_code"]), ({"service_code": "x" * 5000}, [404], ["service_code"]),
    ({"service_code": "<b>"}, [404], ["service_code"]),
    ({"lat": None}, [400], ["lat"]), ({"long": None}, [400], ["long"]), ({"lat": None, "long": None}, [400], ["lat"]),
    ({"lat": "north"}, [400], ["lat"]), ({"lat": "91"}, [400], ["lat"]), ({"long": "-181"}, [400], ["long"]),
    ({"lat": "nan"}, [400], ["lat"]), ({"lat": "0x10"}, [400], ["lat"]), ({"lat": "1e999"}, [400], ["lat"]),
    ({"long": "114,0"}, [400], ["long"]), ({"lat": " 33"}, [400], ["lat"]),
    ({"address_id": "nowhere", "lat": None, "long": None}, [400], ["address_id"]), ({"address_string": "x" * 241}, [400], ["address_string"]),
    ({"description": "x" * 4001}, [400], ["description"]),
    ({"media_url": "javascript:alert(1)"}, [400], ["media_url"]), ({"media_url": "http://" + "x" * 480}, [400], ["media_url"]),
    ({"email": "nobody"}, [400], ["email"]), ({"email": "@"}, [400], ["email"]), ({"email": "a@" + "b" * 160}, [400], ["email"]),
    ({"phone": "call me"}, [400], ["phone"]), ({"phone": "1" * 41}, [400], ["phone"]),
    ({"first_name": "x" * 121}, [400], ["first_name"]), ({"first_name": "x" * 70, "last_name": "y" * 70}, [400], ["last_name"]),
    ({"account_id": "x" * 121}, [400], ["account_id"]), ({"device_id": "x" * 121}, [400], ["device_id"]),
    ({"attribute[]": "x"}, [400], ["attribute[]"]), ({"attribute[a": "x"}, [400], ["attribute[a"]), ({"attributes": "x"}, [400], ["attributes"]),
    ({"attribute[a]b": "x"}, [400], ["attribute[a]b"]), ({"attribute[" + "c" * 49 + "]": "x"}, [400], ["attribute["]),
    ({"attribute[pole]": "x" * 2000}, [400], ["attribute"]), ({"attribute[title]": "x" * 241}, [400], ["attribute[title]"]),
    ({"attribute[external_id]": "x" * 65}, [400], ["attribute[external_id]"]),
    ({"lat": "x", "email": "y", "service_code": "z"}, [404, 400, 400], ["service_code", "lat", "email"]),
    ({"api_key": "wrong"}, [403], ["api_key"]), ({"api_key": "key-of-box"}, [403], ["api_key"]), ({"api_key": "<script>"}, [403], ["api_key"]),
]


def every_wrong_field_is_named_and_several_are_told_at_once(_system, shared):
    for changes, codes, fields in WRONG:
        form = {name: value for name, value in {**LAMP, **changes}.items() if value is not None}
        for kind in ("json", "xml"):
            answer = shared["api"].post(f"requests.{kind}", form)
            assert answer.codes == codes, (changes, answer)
            for field, error in zip(fields, answer.value):
                assert error["description"].startswith(field), (changes, answer)


def broken_bytes_are_refused(_system, shared):
    api = shared["api"]
    form = {"Content-Type": "application/x-www-form-urlencoded"}
    for body in (b"service_code=lamp&lat=33&long=114&description=%FF%FE", b"description=%00", b"description=%zz", b"lat=%", b"description=a%C2%85b"):
        for kind in ("json", "xml"):
            assert api.ask("POST", f"requests.{kind}", headers=form, body=body).codes == [400], body
    for kind, body in (("application/json", b"{}"), ("text/plain", b"x"), ("", b"")):
        assert api.ask("POST", "requests.json", headers={"Content-Type": kind} if kind else {}, body=body).status == 400
    assert api.post("requests.json", LAMP, Idempotency_Key="x" * 65).codes == [400]
    for path in ("requests.json?status=%FF", "requests.json?status=%00", "services/%FF.json", "services/%00.json"):
        assert api.ask("GET", path).status == 400, path


def lists_are_filtered_and_paged(system, shared):
    api = shared["api"]
    for nth in range(30):
        post(api, service_code="pothole", lat=str(33.5 + nth / 1000), description=f"hole {nth}")
    wait_applied(system)
    every = both(api, "requests")
    times = [one["requested_datetime"] for one in every]
    assert times == sorted(times, reverse=True) and len(set(ids(every))) == len(every)
    holes = both(api, "requests", service_code="pothole")
    assert {hole["description"] for hole in holes} == {f"hole {nth}" for nth in range(30)}
    pages = [both(api, "requests", service_code="pothole", page=page, page_size=12) for page in (1, 2, 3, 4, 1000000)]
    assert [len(page) for page in pages] == [12, 12, 6, 0, 0] and sum(map(ids, pages), []) == ids(holes)
    assert len(both(api, "requests", service_code="pothole,lamp", page_size=1)) == 1
    assert len(both(api, "requests", page=1)) == min(50, len(every))
    near = both(api, "requests", service_code="pothole", lat=33.5, long=114.011, radius=350)
    assert {hole["description"] for hole in near} == {"hole 3", "hole 2", "hole 1", "hole 0"}
    assert ids(both(api, "requests", service_code="pothole", lat=33.5, long=114.011, radius=350, page=2, page_size=3)) == ids(near[3:])
    two = [ids(holes)[0], shared["first"]]
    assert sorted(ids(both(api, "requests", service_request_id=",".join([*two, "x", "99999", ""]), status="closed"))) == sorted(two)
    assert both(api, "requests", service_request_id="x") == []
    assert both(api, "requests", status="closed") == [] and len(both(api, "requests", status="open,closed")) == len(every)


def windows_match_when_it_came_or_moved(system, shared):
    api = shared["api"]
    system.sql.rows("UPDATE intake.report SET received_at = received_at - interval '40 days'; "
                   "UPDATE routing.case_file SET opened_at = opened_at - interval '40 days'")
    old = post(api, service_code="bridge", description="old")
    wait_applied(system)
    system.sql.rows(f"UPDATE intake.report SET received_at = received_at - interval '200 days' WHERE case_id = {old}")
    new = post(api, service_code="bridge", description="new")
    wait_applied(system)
    day = 86400
    assert ids(both(api, "requests", service_code="bridge")) == [new], "by default what came in the last 90 days"
    assert ids(both(api, "requests", service_code="bridge", start_date=now(-day), end_date=now(day))) == [new, old], "old moved then"
    assert both(api, "requests", service_code="bridge", start_date=now(-60 * day), end_date=now(-30 * day)) == []
    assert ids(both(api, "requests", service_code="bridge", start_date=now(-day))) == [new, old]
    pages = [ids(both(api, "requests", service_code="bridge", start_date=now(-day), page=page, page_size=1)) for page in (1, 2, 3)]
    assert pages == [[new], [old], []]
    assert ids(both(api, "requests", service_code="bridge", end_date=now(-199 * day))) == [old]
    assert len(both(api, "requests", start_date=now(-60 * day), end_date=now(-30 * day), page_size=1000)) > 30
    assert set(ids(both(api, "requests", service_code="bridge", updated_after=now(-day)))) == {new, old}
    assert both(api, "requests", updated_after=now(day)) == [] and both(api, "requests", updated_before=now(-day)) == []
    assert ids(both(api, "requests", service_code="bridge", updated_after=now(-day), updated_before=now(day), page=2, page_size=1)) == [old]


WRONG_QUERY = [("start_date", "yesterday"), ("start_date", "2026-13-01T00:00:00Z"), ("end_date", "2026-02-30"), ("end_date", "1999-01-01"),
               ("updated_after", "2026-01-01T25:00:00Z"), ("updated_before", "2026-01-01T00:00:00+15:00"), ("status", "done"),
               ("status", "<b>"), ("page", "0"), ("page", "-1"), ("page", "1.5"), ("page", "x"), ("page_size", "1001"), ("page_size", "0"),
               ("lat", "91"), ("lat", "33"), ("long", "x"), ("radius", "5"), ("radius", "99999999"), ("extensions", "perhaps"),
               ("service_request_id", "1," * 2500)]


def every_wrong_parameter_is_named(_system, shared):
    for name, value in WRONG_QUERY:
        (error,) = both(shared["api"], "requests", wanted=400, **{name: value})
        assert error["code"] == 400, (name, value)
    (error,) = both(shared["api"], "requests", wanted=404, service_code="lamp,none")
    assert "none" in error["description"]
    (error,) = both(shared["api"], "requests", wanted=400, start_date="2026-01-01", end_date="2026-06-01")
    assert error["description"].startswith("end_date")
    assert len(both(shared["api"], "requests", wanted=400, start_date="x", page="x", lat="x")) == 3
    assert both(shared["api"], "requests", wanted=400, start_date="2026-02-01", end_date="2026-01-01")
    assert both(shared["api"], "requests", start_date="", status="", page="", colour="blue")


def a_thousand_requests_are_listed(system, shared):
    api = shared["api"]
    for nth in range(1100):
        post(api, description=f"{nth} " + "x" * 200)
    wait_applied(system)
    best = 9.0
    for _ in range(10):
        began = time.monotonic()
        answer = api.get("requests.json")
        best = min(best, time.monotonic() - began)
    assert len(answer.value) == 1000
    print(f"# 1,000 requests as JSON, {len(answer.body)} bytes: {best * 1000:.1f} ms")


def all_is_sound(system, _shared):
    assert_sound(system)


try:
    main("open311", [
        a_city_runs, discovery_lists_two_endpoints_in_two_formats, services_have_names_groups_and_words_in_the_language_asked_for,
        a_service_says_what_is_asked, what_is_not_there_is_404_in_the_format_of_the_path, a_request_comes_back_as_it_was_posted,
        a_request_is_shown_at_once, an_address_alone_is_enough_and_a_form_may_be_multipart, the_same_report_twice_is_one,
        every_wrong_field_is_named_and_several_are_told_at_once, broken_bytes_are_refused, lists_are_filtered_and_paged,
        every_wrong_parameter_is_named, a_thousand_requests_are_listed, all_is_sound, windows_match_when_it_came_or_moved],
        city=FOLDER, settings={"intake": {"ZHITONG_OPEN311_SOURCE": "public", "ZHITONG_OPEN311_CONTACT": "the town hall <office> & \"desk\""}})
finally:
    shutil.rmtree(FOLDER, ignore_errors=True)
