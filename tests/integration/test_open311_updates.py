#!/usr/bin/python3
"""Open311: whose report it is, updates as FixMyStreet sends and reads them, and what is not shown."""
import re
import shutil
import struct
import sys
import tempfile
import zlib
from pathlib import Path

sys.dont_write_bytecode = True
sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "lib"))

from checks import assert_sound, main, wait_applied
from open311 import LAMP, Open311, both, city_folder, give_key, ids, now, post
from system import wait_until

INSTANT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\+08:00")
FOLDER = city_folder()
FILES = Path(tempfile.mkdtemp(prefix="zhitong-files."))


def a_city_runs(system, shared):
    shared["keys"] = {source: give_key(system, source) for source in ("public", "nine", "walkin", "box")}
    system.start_all(replicas=1)
    shared["api"] = Open311(system.of("intake")[0])
    shared["first"] = post(shared["api"])


def a_key_says_whose_report_it_is(system, shared):
    api, keys = shared["api"], shared["keys"]
    case = post(api, api_key=keys["nine"], **{"attribute[external_id]": "77"})
    assert post(api, api_key=keys["nine"], **{"attribute[external_id]": "77"}) == case
    assert post(api, api_key=keys["walkin"], **{"attribute[external_id]": "77"}) != case, "numbers are a source's own"
    answer = api.ask("POST", "requests.json", {"api_key": keys["walkin"]}, {"address_string": "Mill Lane"})
    other = answer.value[0]["service_request_id"]
    answer = api.post("requests.json", LAMP, X_API_Key=keys["nine"])
    assert answer.status == 200, answer
    wait_applied(system)
    (request,) = both(api, f"requests/{case}", extensions="true")
    assert request["extended_attributes"]["channel"] == "hotline"
    (request,) = both(api, f"requests/{other}", extensions="true")
    assert (request["service_code"], request["address_id"]) == ("lamp", "n_mill"), "what the source's row says, where it says nothing"
    assert request["extended_attributes"]["state"] == "reported" and request["status_notes"] == "已上报"


def updated(case, **changes):
    form = {"api_key": "key-of-public", "service_request_id": case, "update_id": f"u-{case}", "updated_datetime": now(), "status": "OPEN", "description": "still dark"}
    return {name: value for name, value in {**form, **changes}.items() if value is not None}


def an_update_is_taken_once(system, shared):
    api, case = shared["api"], post(shared["api"])
    wait_applied(system)
    answer = api.post("servicerequestupdates.xml", updated(case, description="still dark " * 60, media_url="https://p.example/1.jpg"))
    assert answer.status == 200 and answer.value[0]["update_id"].startswith(f"{case}."), answer
    other = api.post("servicerequestupdates.xml", updated(case, api_key=shared["keys"]["nine"]))
    assert other.codes == [403], ("a source speaks for its own reports only", other)
    again = api.post("servicerequestupdates.xml", updated(case))
    assert again.codes == [400] and again.value[0]["description"].startswith("update_id"), again
    notes = system.sql.number(f"SELECT count(*) FROM routing.command WHERE case_id = {case}")
    assert notes == 3, "660 bytes and an address go in three notes"
    assert both(api, "servicerequestupdates", start_date=now(-60), end_date=now(60)) == [], "what was said is not shown, what changed is"


def states_are_told_as_updates_and_a_closed_request_is_taken_up_again(system, shared):
    api, key = shared["api"], shared["keys"]["walkin"]
    case = post(api, api_key=key)
    wait_applied(system)
    answer = api.post("servicerequestupdates.json", updated(case, api_key=key, status="closed", description="it shines"))
    assert answer.status == 200, answer
    wait_applied(system)
    assert case in ids(both(api, "requests", status="closed"))
    (request,) = both(api, f"requests/{case}")
    assert request["status"] == "closed" and request["expected_datetime"] is None
    assert api.post("servicerequestupdates.json", updated(case, api_key=key, update_id="2", status="closed")).codes == [400]
    answer = api.post("servicerequestupdates.json", updated(case, api_key=key, update_id="3", description="dark again"))
    assert answer.status == 200, answer
    wait_applied(system)
    closed, opened = [one for one in both(api, "servicerequestupdates", start_date=now(-60)) if one["service_request_id"] == case]
    assert (closed["status"], opened["status"]) == ("closed", "open") and INSTANT.fullmatch(opened["updated_datetime"])
    assert (closed["description"], opened["description"]) == ("撤回", "重启") and opened["update_id"] == answer.value[0]["update_id"]
    assert len(both(api, "servicerequestupdates")) == 2 and "dark" not in repr(both(api, "servicerequestupdates"))
    assert case in ids(both(api, "requests", status="open"))
    assert both(api, "servicerequestupdates", start_date=now(-86400), end_date=now(-3600)) == []
    assert both(api, "servicerequestupdates", wanted=400, start_date="x")


WRONG_UPDATE = [({"service_request_id": None}, 400), ({"service_request_id": "x"}, 404), ({"service_request_id": "12"}, 404),
                ({"update_id": None}, 400), ({"update_id": "x" * 121}, 400), ({"updated_datetime": None}, 400),
                ({"updated_datetime": "now"}, 400), ({"updated_datetime": now(86400)}, 400), ({"status": None}, 400),
                ({"status": "fixed"}, 400), ({"description": None}, 400), ({"description": "x" * 4001}, 400),
                ({"media_url": "ftp://x"}, 400), ({"api_key": "wrong"}, 403), ({"api_key": None}, 403), ({"api_key": ""}, 403)]


def every_wrong_field_of_an_update_is_refused(_system, shared):
    for changes, code in WRONG_UPDATE:
        for kind in ("json", "xml"):
            answer = shared["api"].post(f"servicerequestupdates.{kind}", updated(shared["first"], **{"update_id": "w", **changes}))
            assert answer.codes == [code], (changes, answer)


def channels_that_are_not_public_are_not_shown(system, shared):
    api, case = shared["api"], post(shared["api"])
    wait_applied(system)
    assert case in ids(both(api, "requests"))
    (FOLDER / "channels.csv").write_text((FOLDER / "channels.csv").read_text().replace("app,App,市民应用,yes,yes,,public", "app,App,市民应用,yes,yes,,internal"))
    system.load_city(FOLDER)
    try:
        wait_until(lambda: api.get(f"requests/{case}.json").status == 404, 15, "hidden")
        assert case not in ids(api.get("requests.json").value) and api.get("requests.json", service_request_id=case).value == []
        assert api.post("servicerequestupdates.json", updated(case)).codes == [404]
    finally:
        (FOLDER / "channels.csv").write_text((FOLDER / "channels.csv").read_text().replace("yes,yes,,internal,336", "yes,yes,,public,336"))
        system.load_city(FOLDER)
        wait_until(lambda: api.get(f"requests/{case}.json").status == 200, 15, "shown again")


def without_a_source_for_them_posts_need_a_key(system, shared):
    intake = system.of("intake")[0]
    intake.kill()
    intake.start({"ZHITONG_OPEN311_SOURCE": ""}).wait_ready()
    system.wait_shared(("intake",))
    api = Open311(intake)
    assert api.post("requests.xml", LAMP).codes == [403]
    assert api.get("services.json").status == 200
    intake.kill()
    intake.start({"ZHITONG_OPEN311_SOURCE": "box"}).wait_ready()
    system.wait_shared(("intake",))
    assert Open311(intake).post("requests.xml", LAMP).codes == [403], "a mailbox is no source of adapter http"
    intake.kill()
    intake.start().wait_ready()
    system.wait_shared(("intake",))


def a_picture_is_shown_once_it_is_published(system, shared):
    api, pixel = shared["api"], zlib.compress(b"\0\xff\0\0")
    chunks = [(b"IHDR", struct.pack(">IIBBBBB", 1, 1, 8, 2, 0, 0, 0)), (b"IDAT", pixel), (b"IEND", b"")]
    picture = b"\x89PNG\r\n\x1a\n" + b"".join(struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))
                                             for name, data in chunks)
    parts = [f'Content-Disposition: form-data; name="{name}"\r\n\r\n{value}'.encode() for name, value in LAMP.items()]
    parts.append(b'Content-Disposition: form-data; name="media"; filename="1.png"\r\nContent-Type: image/png\r\n\r\n' + picture)
    body = b"".join(b"--xx\r\n" + part + b"\r\n" for part in parts) + b"--xx--\r\n"
    answer = api.ask("POST", "requests.json", headers={"Content-Type": "multipart/form-data; boundary=xx"}, body=body)
    assert answer.status == 200, answer
    case = answer.value[0]["service_request_id"]
    wait_applied(system)
    assert both(api, f"requests/{case}")[0]["media_url"] is None
    system.sql.rows("UPDATE intake.file SET published_at = now(), published_by = 'test'")
    url = both(api, f"requests/{case}")[0]["media_url"]
    assert re.fullmatch(rf"http://127.0.0.1:{api.port}/files/[0-9a-f]{{64}}", url), url
    shown = api.ask("GET", url.removeprefix(f"http://127.0.0.1:{api.port}"))
    assert shown.status == 200 and shown.headers["Content-Type"] == "image/png", shown
    assert url in [one["media_url"] for one in both(api, "requests")]


def all_is_sound(system, _shared):
    assert_sound(system)


try:
    main("open311_updates", [
        a_city_runs, a_key_says_whose_report_it_is, an_update_is_taken_once, every_wrong_field_of_an_update_is_refused,
        states_are_told_as_updates_and_a_closed_request_is_taken_up_again, channels_that_are_not_public_are_not_shown,
        a_picture_is_shown_once_it_is_published, without_a_source_for_them_posts_need_a_key, all_is_sound],
        city=FOLDER, settings={"intake": {"ZHITONG_OPEN311_SOURCE": "public", "ZHITONG_FILES_FOLDER": str(FILES)}})
finally:
    shutil.rmtree(FOLDER, ignore_errors=True)
    shutil.rmtree(FILES, ignore_errors=True)
