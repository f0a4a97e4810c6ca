#!/usr/bin/python3
"""What a stranger tries at intake's HTTP API: to read what is not for him, to get the receipt of somebody else, and to fill the disk."""
import sys
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "lib"))
sys.dont_write_bytecode = True
import checks
import files
import open311
from staff import ask

PER_MINUTE = 30
HIDDEN = {"item": "lamp", "area": "n_mill_1", "title": "a letter", "description": "about the neighbour"}
TRIES = 3 * PER_MINUTE


def two_replicas_with_files_and_keys(system, shared):
    system.settings["intake"] = {"ZHITONG_FILES_FOLDER": str(system.folder / "files"), "ZHITONG_OPEN311_SOURCE": "public",
                                 "ZHITONG_ADDRESS_PER_MINUTE": str(PER_MINUTE), "ZHITONG_BEHIND_PROXY": "yes"}
    shared["keys"] = {source: open311.give_key(system, source) for source in ("nine", "house")}
    system.start_all(replicas=2)
    shared["intake"], shared["api"] = system.of("intake"), open311.Open311(system.replica("intake"))


def hand_in(shared, channel, address, **headers):
    answer = ask(shared["intake"][0], "POST", "/reports", {"channel": channel, **HIDDEN}, {"X-Forwarded-For": address, **headers})
    assert answer.status == 201, answer
    return answer.json["case"]


def only_reports_of_public_channels_are_for_everybody(_, shared):
    seen = {channel: [ask(replica, "GET", f"/reports/{case}").status for replica in shared["intake"]]
            for channel, case in ((name, hand_in(shared, name, "10.1.0.1")) for name in ("app", "hotline", "desk"))}
    assert seen == {"app": [200, 200], "hotline": [200, 200], "desk": [404, 404]}, seen


def nobody_passes_for_a_source_of_a_hidden_channel(_, shared):
    answer = ask(shared["intake"][0], "POST", "/reports", {"channel": "sensor", **HIDDEN}, {"X-Forwarded-For": "10.1.0.1"})
    assert answer.status == 400 and answer.json["error"]["field"] == "channel", answer


def a_source_reads_what_it_handed_in_and_no_other_does(_, shared):
    house, nine = ({"Authorization": f"Bearer {shared['keys'][source]}"} for source in ("house", "nine"))
    case = hand_in(shared, "sensor", "10.1.0.2", **house)
    answers = [ask(shared["intake"][1], "GET", f"/reports/{case}", headers=headers) for headers in (house, nine, {}, {"X-API-Key": "zt_x"})]
    assert [answer.status for answer in answers] == [200, 404, 404, 404], answers
    none = ask(shared["intake"][1], "GET", "/reports/999", headers=nine)
    assert none.json == answers[1].json, "hidden is told from unknown"


def open311_does_not_tell_whether_a_hidden_request_exists(_, shared):
    case = hand_in(shared, "desk", "10.1.0.3")
    for what in ("tokens", "requests"):
        assert shared["api"].get(f"{what}/{case}.json").status == 404, what


def a_guessed_key_at_open311_gets_no_receipt_of_another(_, shared):
    for key, again in (("1", False), ("order 7", False), ("0c9e6a0e-8f0d-4e0e", True)):
        first, second = (shared["api"].post("requests.json", open311.LAMP, Idempotency_Key=key).json[0] for _ in range(2))
        assert first["service_request_id"] == second["service_request_id"] and first["receipt"], (first, second)
        assert second.get("receipt") == (first["receipt"] if again else None), (key, second)
    number = "2026-11-25-000017"  # of a sender's own counting: long, and the next one is known
    first, second = (shared["api"].post("requests.json", {**open311.LAMP, "attribute[external_id]": number}).json[0] for _ in range(2))
    third = shared["api"].post("requests.json", open311.LAMP, Idempotency_Key=f"id:{number}").json[0]
    assert first["receipt"] and first["service_request_id"] == second["service_request_id"] == third["service_request_id"]
    assert "receipt" not in second and "receipt" not in third, (second, third)
    own = {**open311.LAMP, "api_key": shared["keys"]["nine"]}  # nobody else has this source's keys
    first, second = (shared["api"].post("requests.json", own, Idempotency_Key="1").json[0] for _ in range(2))
    assert first["receipt"] == second["receipt"], (first, second)


def whoever_sends_a_published_photo_does_not_hear_where_it_was_taken(system, shared):
    told = files.post(shared["intake"][0], ("file", "1.jpg", files.example("camera.jpg")))[2]
    assert told["position"] and told["taken_at"], told
    system.sql.rows(f"UPDATE intake.file SET published_at = now() WHERE sha256 = '\\x{told['file']}'")
    status, _, photo = files.ask(shared["intake"][1], "GET", f"/files/{told['file']}")
    assert status == 200, status
    again = files.post(shared["intake"][1], ("file", "2.jpg", photo))[2]
    assert again == {name: value for name, value in told.items() if name not in ("position", "taken_at")}, again
    mine = files.post(shared["intake"][1], ("file", "3.jpg", files.example("camera.jpg")))[2]
    assert mine == told, mine  # who has the camera's own file knows already


def nobody_moves_a_published_photo(system, shared):
    photo = files.example("camera.jpg")
    told = files.post(shared["intake"][0], ("file", "1.jpg", photo))[2]
    row = f"FROM intake.file WHERE sha256 = '\\x{told['file']}'"
    system.sql.rows(f"UPDATE intake.file SET lat = NULL, long = NULL, taken_at = NULL WHERE sha256 = '\\x{told['file']}'")
    assert system.sql.number(f"SELECT count(*) {row} AND published_at IS NOT NULL") == 1
    files.post(shared["intake"][0], ("file", "1.jpg", photo))
    assert system.sql.number(f"SELECT count(*) {row} AND lat IS NULL AND taken_at IS NULL") == 1


def stored(system):
    return sum(1 for path in (system.folder / "files").rglob("*") if path.is_file())


def uploads_that_lead_to_nothing_are_counted_too(system, shared):
    """Refused for another reason than how often he comes, a sender could store as many files as he likes."""
    png = files.example("camera.png")
    form = [(name, None, value.encode()) for name, value in open311.LAMP.items()]
    for nth, (path, parts) in enumerate((("/open311/v2/requests.json", form + [("api_key", None, b"wrong")]),
                                         ("/open311/v2/bridges.json", form), ("/files", []))):
        before, statuses, began = stored(system), [], time.monotonic()
        for number in range(TRIES):
            body, kind = files.multipart(*parts, ("media", "1.png", png[:-12] + b"\0\0\0\4tEXt" + b"zt%02d" % number + png[-12:]))
            statuses.append(files.ask(shared["intake"][0], "POST", path, body, kind, {"X-Forwarded-For": f"10.2.0.{nth}"})[0])
        allowed = PER_MINUTE + (time.monotonic() - began) * PER_MINUTE / 60 + 1  # it grows while he tries
        assert statuses.count(429) >= TRIES - allowed > 0, (path, allowed, statuses)
        assert stored(system) - before <= 2 * allowed, (path, stored(system) - before, allowed)


def a_blocked_sender_stores_nothing(system, shared):
    system.zhitong("block", "add", "--address", "10.3.0.1", "--reason", "spam", "--secret-keys", system.folder / "secret.keys")
    def send():
        return files.ask(shared["intake"][0], "POST", "/files", *files.multipart(("file", "1.webp", files.example("camera.webp"))),
                         {"X-Forwarded-For": "10.3.0.1"})
    def refused():
        time.sleep(1)
        return ask(shared["intake"][0], "POST", "/reports", {}, {"X-Forwarded-For": "10.3.0.1"}).status == 403
    checks.wait_until(refused, 12, "blocked")
    before = stored(system)
    status, _, answer = send()
    assert status == 403 and answer["error"]["field"] == "address" and "/appeals" in answer["error"]["reason"], (status, answer)
    assert stored(system) == before


checks.main("abuse", [two_replicas_with_files_and_keys, only_reports_of_public_channels_are_for_everybody,
                      nobody_passes_for_a_source_of_a_hidden_channel, a_source_reads_what_it_handed_in_and_no_other_does, open311_does_not_tell_whether_a_hidden_request_exists,
                      a_guessed_key_at_open311_gets_no_receipt_of_another,
                      whoever_sends_a_published_photo_does_not_hear_where_it_was_taken, nobody_moves_a_published_photo,
                      uploads_that_lead_to_nothing_are_counted_too, a_blocked_sender_stores_nothing],
            city=open311.city_folder())
