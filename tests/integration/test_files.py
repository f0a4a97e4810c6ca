#!/usr/bin/python3
"""Photos and files: they come in over HTTP, lose what the camera wrote, are kept once, named by reports, seen by the case's staff, and
by everybody once these publish them. What is no picture, or tries to be more than one, is refused."""
import http.client
import os
import sys
import threading
import time
from pathlib import Path

sys.dont_write_bytecode = True
sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "lib"))

import staff
from checks import assert_sound, main, report, wait_applied, wait_until
from clients import Client
from files import ask, example, field, markers, post, sha256
from staff import PASSWORD, PEOPLE, Staff, add
from system import SERVICES

MEGABYTE = 1 << 20


def kept(shared):
    return sorted(path for path in shared["folder"].rglob("*") if path.is_file() and path.parent.name != "incoming")


def incoming(shared):
    return list((shared["folder"] / "incoming").iterdir())


def two_replicas_and_a_desk(system, shared):
    shared["folder"] = system.folder / "files"
    for person in PEOPLE:
        add(system, *person)
    for service in ("intake", "desk"):
        system.settings[service] = {"ZHITONG_FILES_FOLDER": str(shared["folder"])}
    system.start_all(replicas=2, services=SERVICES + ("desk",))
    shared["intake"] = system.of("intake")
    shared["client"] = Client(system.endpoints("intake"), system.server_key(), system.key("client", "app-client"))
    for login in ("mill", "south", "hall"):
        shared[login] = Staff(system.of("desk"), login, PASSWORD)


def a_photo_loses_what_the_camera_wrote(_system, shared):
    photo = example("camera.jpg")
    assert b"Secret" in photo and b"Exif" in photo
    status, _, told = ask(shared["intake"][0], "POST", "/files", photo, "image/jpeg")
    assert status == 201 and told["type"] == "image/jpeg", told
    assert abs(told["position"]["lat"] - 33.58) < 1e-5 and abs(told["position"]["long"] - 114.04) < 1e-5, told
    assert told["taken_at"] == 1795595400000 and (told["width"], told["height"]) == (16, 16), told
    small, clean = sorted((path.read_bytes() for path in kept(shared)), key=lambda data: sha256(data) == told["file"])
    assert sha256(clean) == told["file"] and len(clean) == told["bytes"]
    for data in (clean, small):
        assert b"Secret" not in data and b"2026" not in data and 0xfe not in markers(data)
    assert markers(clean).count(0xe1) == 1 and clean.count(b"Exif") == 1  # an orientation, and nothing else
    assert clean[clean.index(b"Exif") + 6:][:26].hex() == "4d4d002a00000008000101120003000000010006000000000000"
    assert photo[-300:] == clean[-300:]  # the pixels are those that came
    shared["photo"] = told["file"]


def the_same_content_is_kept_once(system, shared):
    before, rows = kept(shared), system.sql.number("SELECT count(*) FROM intake.file")
    for which in (0, 1):
        status, _, told = post(shared["intake"][which], ("note", None, b"words"), ("media", "other name.png", example("camera.jpg")))
        assert status == 201 and told["file"] == shared["photo"], told
    assert kept(shared) == before and system.sql.number("SELECT count(*) FROM intake.file") == rows
    status, _, told = post(shared["intake"][0], ("a", "1", example("camera.png")), ("b", "2", example("camera.webp")), ("c", "3", example("film.mp4")))
    assert status == 201 and {file["type"] for file in told["files"]} == {"image/png", "image/webp", "video/mp4"}, told
    assert len(kept(shared)) == len(before) + 5  # a film has no small picture


def wrong_files_are_refused_with_the_reason(system, shared):
    photo, rows, before = example("camera.jpg"), system.sql.number("SELECT count(*) FROM intake.file"), kept(shared)
    huge_png = bytearray(example("camera.png"))
    huge_png[16:24] = (20000).to_bytes(4, "big") * 2
    examples = [
        (415, "file", ("photo.jpg", b"PK\x03\x04" + bytes(40))), (415, "file", ("photo.jpg", b"<svg xmlns='http://www.w3.org/2000/svg'/>")),
        (415, "file", ("x.html", b"<!DOCTYPE html><script>1</script>")), (415, "file", ("x.gif", b"GIF89a" + bytes(40))),
        (415, "file", ("x.docx", b"\xd0\xcf\x11\xe0" + bytes(40))), (415, "file", ("x", b"")), (415, "file", ("x", b"\xff\xd8")),
        (415, "file", ("x.heic", b"\0\0\0\x18ftypheic" + bytes(40))), (415, "file", ("x.gz", b"\x1f\x8b" + bytes(40))),
        (400, "file", ("x.jpg", photo[:-2])), (400, "file", ("x.jpg", photo[:len(photo) // 2])), (400, "file", ("x.jpg", photo[:20])),
        (400, "file", ("x.jpg", b"\xff\xd8\xff\xe0" + bytes(100))), (400, "file", ("x.png", example("camera.png")[:-9])),
        (400, "file", ("x.png", bytes(huge_png))), (400, "file", ("x.webp", example("camera.webp")[:-4])),
        (400, "file", ("x.mp4", example("film.mp4")[:-3])), (400, "body", ("nul\0.jpg", photo)),
        (413, "file", ("x.jpg", photo[:600] + bytes(10 * MEGABYTE))),
    ]
    for status, name, (file_name, data) in examples:
        answer = post(shared["intake"][0], ("media", file_name, data))
        assert answer[0] == status and field(answer) == name, (file_name, data[:20], answer)
    answer = post(shared["intake"][0], *[("media", f"{n}.jpg", photo) for n in range(11)])
    assert answer[0] == 400 and "10 files" in answer[2]["error"]["reason"], answer
    answer = post(shared["intake"][0], ("note", None, b"no file at all"))
    assert answer[0] == 400 and field(answer) == "file", answer
    answer = ask(shared["intake"][0], "POST", "/files", bytes(13 * MEGABYTE), "image/jpeg")
    assert answer[0] == 413 and field(answer) == "body", answer
    wait_until(lambda: not incoming(shared), 30, lambda: f"incoming empty: {incoming(shared)}")
    assert kept(shared) == before and system.sql.number("SELECT count(*) FROM intake.file") == rows


def no_name_leads_out_of_the_store(_system, shared):
    outside = shared["folder"].parent
    before = sorted(os.listdir(outside))
    for name in ("../../../etc/passwd", "..\\..\\x", "/etc/passwd", "a/b", "%2e%2e%2f"):
        assert post(shared["intake"][0], ("media", name, example("camera.jpg")))[0] == 201, name
    assert sorted(os.listdir(outside)) == before
    for path in ("..%2F..%2Fetc%2Fpasswd", "incoming", shared["photo"].upper(), shared["photo"][:-1], shared["photo"] + "0",
                 shared["photo"] + ".thumbnail", shared["photo"] + "%2F", "0" * 64):
        for rest in ("", "/thumbnail"):
            answer = ask(shared["intake"][0], "GET", f"/files/{path}{rest}")
            assert answer[0] == 404, (path, answer)


def a_report_names_only_files_that_are_stored(system, shared):
    client, photo = shared["client"], shared["photo"]
    for files in ("0" * 64, photo + "  " + photo, photo.upper(), photo[:-1], photo + ",", photo + " " + "1" * 64, "../" + photo,
                  " ".join([photo] * 11)):
        answer = client.ask(f"bad-{files}"[:40], {**report(0), "files": files})
        assert isinstance(answer, tuple) and answer[0] == "files", (files, answer)
    good = {**report(1), "channel": "app", "item": "litter", "area": "n_mill_1"}
    shared["case"] = client.ask("with-photo", {**good, "files": photo})
    shared["other"] = client.ask("without-photo", good)
    shared["restricted"] = client.ask("restricted", {**good, "channel": "desk", "files": photo})
    assert all(isinstance(shared[name], int) for name in ("case", "other", "restricted")), shared
    assert client.ask("with-photo", {**good, "files": photo}) == shared["case"]
    assert system.sql.number("SELECT count(*) FROM intake.file_use") == 2
    wait_applied(system)


def desk_file(who, method, case, rest, **query):
    replica = who.replicas[0]
    return ask(replica, method, f"/cases/{case}/files/{rest}", headers={"Authorization": f"Bearer {who.token}"}, **query)


def a_file_is_private_until_staff_publish_it(system, shared):
    photo, mill, south = shared["photo"], shared["mill"], shared["south"]
    public = f"/files/{photo}"
    assert ask(shared["intake"][0], "GET", public)[0] == 404
    status, headers, data = desk_file(mill, "GET", shared["case"], photo)
    assert status == 200 and sha256(data) == photo and headers["Content-Type"] == "image/jpeg", (status, data[:200])
    assert headers["Cache-Control"] == "private, no-store" and headers["X-Content-Type-Options"] == "nosniff"
    status, _, small = desk_file(mill, "GET", shared["case"], photo + "/thumbnail")
    assert status == 200 and small[:3] == b"\xff\xd8\xff" and small != data
    for who, case in ((south, "case"), (mill, "other"), (mill, "restricted")):
        for method, rest in (("GET", ""), ("GET", "/thumbnail"), ("POST", "/publish"), ("POST", "/withdraw")):
            answer = desk_file(who, method, shared[case], photo + rest)
            assert answer[0] == 404, (who.login, case, method, rest, answer)
    for rest in (photo + "/publish", "..%2F/publish", "0" * 64 + "/publish"):
        assert staff.ask(system.of("desk")[0], "POST", f"/cases/{shared['case']}/files/{rest}").status == 401
    assert ask(shared["intake"][0], "GET", public)[0] == 404
    answer = desk_file(mill, "POST", shared["case"], photo + "/publish")
    assert answer[0] == 200 and answer[2] == {"file": photo, "published": True}, answer
    for which in (0, 1):
        status, headers, published = ask(shared["intake"][which], "GET", public)
        assert status == 200 and published == data
        assert headers["Content-Security-Policy"] == "default-src 'none'; sandbox" and headers["X-Content-Type-Options"] == "nosniff"
        assert headers["Content-Disposition"] == f'inline; filename="{photo}.jpg"' and headers["Cache-Control"] == "public, max-age=600"
        assert ask(shared["intake"][which], "GET", public + "/thumbnail")[2] == small
    assert desk_file(mill, "POST", shared["case"], photo + "/withdraw")[0] == 200
    assert ask(shared["intake"][0], "GET", public)[0] == 404
    rows = system.sql.rows("SELECT login, what, case_id, outcome FROM desk.audit WHERE what IN ('publish', 'withdraw_file') ORDER BY entry")
    assert [tuple(map(str, row)) for row in rows] == [("mill", what, str(shared["case"]), f"done {photo}") for what in ("publish", "withdraw_file")], rows


def a_look_at_a_file_of_a_restricted_case_is_written_down(system, shared):
    before = system.sql.number("SELECT count(*) FROM desk.audit WHERE what = 'file' AND outcome = 'shown'")
    assert desk_file(shared["hall"], "GET", shared["restricted"], shared["photo"])[0] == 200
    assert system.sql.number("SELECT count(*) FROM desk.audit WHERE what = 'file' AND outcome = 'shown'") == before + 1


def what_was_answered_is_kept_through_a_kill(system, shared):
    """Different films from many senders while the replica is killed: each that got its 201 lies in the store, whole."""
    film, answered, stop = example("film.mp4"), [], threading.Event()
    replica = system.replica("intake", 1)

    def send(sender):
        for nth in range(1000):
            if stop.is_set():
                return
            try:
                answer = post(replica, ("media", "x.mp4", film + b"\0\0\0\x10mdat" + sender.to_bytes(4, "big") + nth.to_bytes(4, "big")))
            except (OSError, http.client.HTTPException):
                return
            if answer[0] == 201:
                answered.append(answer[2]["file"])

    threads = [threading.Thread(target=send, args=(sender,)) for sender in range(8)]
    for thread in threads:
        thread.start()
    wait_until(lambda: len(answered) > 30, 20, lambda: f"{len(answered)} answered")
    replica.kill()
    stop.set()
    for thread in threads:
        thread.join()
    files = {path.name: path.read_bytes() for path in kept(shared)}
    lost = [name for name in answered if name not in files or sha256(files[name]) != name]
    assert not lost and len(set(answered)) == len(answered), lost
    rows = system.sql.number("SELECT count(*) FROM intake.file WHERE encode(sha256, 'hex') IN ('" + "','".join(answered) + "')")
    assert rows == len(answered)
    replica.start()
    replica.wait_ready()


def a_file_that_no_report_names_is_removed_after_a_day(system, shared):
    names = {path.name for path in kept(shared)}
    system.sql.rows("UPDATE intake.file SET stored_at = stored_at - interval '25 hours'")
    long_ago = time.time() - 90000
    for path in kept(shared):
        os.utime(path, (long_ago, long_ago))
    left_over = shared["folder"] / "incoming" / "left"
    left_over.write_bytes(b"x")
    os.utime(left_over, (long_ago, long_ago))
    replica = system.replica("intake", 1)
    replica.kill()
    replica.start()
    replica.wait_ready()
    assert not left_over.exists()
    wait_until(lambda: len(kept(shared)) == 2, 20, lambda: kept(shared))
    assert {path.name for path in kept(shared)} == {shared["photo"], shared["photo"] + ".thumbnail"} < names
    assert system.sql.number("SELECT count(*) FROM intake.file") == 1
    for which in (0, 1):
        post(shared["intake"][which], ("media", "x.jpg", example("camera.jpg")))
        post(shared["intake"][which], ("media", "x.zip", b"PK\x03\x04" + bytes(40)))
        assert shared["intake"][which].metric("files_stored_total") >= 1


def without_a_folder_files_are_refused_and_reports_are_not(system, shared):
    replica = system.replica("intake", 1)
    replica.kill()
    replica.start({"ZHITONG_FILES_FOLDER": ""})
    replica.wait_ready()
    answer = post(replica, ("media", "x.jpg", example("camera.jpg")))
    assert answer[0] == 501 and "ZHITONG_FILES_FOLDER" in answer[2]["error"]["reason"], answer
    assert ask(replica, "GET", f"/files/{shared['photo']}")[0] == 404
    assert isinstance(shared["client"].ask("still", report(2)), int)
    shared["client"].close()
    assert_sound(system)


if __name__ == "__main__":
    main("files", [two_replicas_and_a_desk, a_photo_loses_what_the_camera_wrote, the_same_content_is_kept_once,
                   wrong_files_are_refused_with_the_reason, no_name_leads_out_of_the_store, a_report_names_only_files_that_are_stored,
                   a_file_is_private_until_staff_publish_it, a_look_at_a_file_of_a_restricted_case_is_written_down,
                   what_was_answered_is_kept_through_a_kill, a_file_that_no_report_names_is_removed_after_a_day, without_a_folder_files_are_refused_and_reports_are_not])
