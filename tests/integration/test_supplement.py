#!/usr/bin/python3
"""One round of more facts: a reporter answers the item's questions and sends a photo with his receipt. What he says is checked as it is
at the door, the report becomes more complete, and a unit that becomes responsible later hears of all of it."""
import json
import shutil
import sys
from pathlib import Path

sys.dont_write_bytecode = True
sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "lib"))

from checks import main, wait_applied
from files import ask as ask_file
from files import example
from reporters import receipt, start

DOOR = {"door.csv": "item,text_least,photo,place\nlitter,20,wanted,no\n",
        "questions.csv": "item,code,datatype,needed,text_en,text_zh\nlitter,yard,string,yes,Which yard,哪个院子\n"
                         "litter,colour,multivaluelist,no,Colour,颜色\nlitter,bags,number,no,How many bags,几袋\n",
        "choices.csv": "item,question,code,name_en,name_zh\nlitter,colour,blue,Blue,蓝\nlitter,colour,green,Green,绿\n"}
REPORT = {"title": "bags of litter in the yard", "attributes": {"yard": "mill"}}


def everything_starts_where_litter_has_questions(system, shared):
    start(system, shared, DOOR)


def photo_of(system):
    status, _, told = ask_file(system.of("intake")[0], "POST", "/files", example("camera.jpg"), "image/jpeg")
    assert status == 201, told
    return told


def a_supplement_makes_the_report_more_complete(system, shared):
    own = shared["own"] = receipt(system, channel="desk", **REPORT)
    before = own.see()
    assert before["missing"] == ["files", "attribute.colour", "attribute.bags"], before["missing"]
    scores = []
    photo = shared["photo"] = photo_of(system)
    for body, missing in (({"attributes": {"colour": ["blue"]}}, ["files", "attribute.bags"]),
                          ({"note": "by the wall", "attributes": {"bags": "12"}}, ["files"]),
                          ({"file": photo["file"]}, [])):
        for which in (0, 1):  # the second is a retry
            answer = own.ask("POST", "/supplement", body, key=json.dumps(body), which=which)
            assert answer.status == 200 and answer.json["missing"] == missing, (body, answer)
            wait_applied(system)
        scores.append(answer.json["score"])
    assert scores == sorted(set(scores)) and scores[-1] == 100, scores
    page = own.see()
    assert page["missing"] == [] and [entry["move"] for entry in page["history"]].count("attach") == 1, page
    assert page["report"]["attributes"] == REPORT["attributes"], "the report stays as it came"


def the_file_is_kept_and_the_desk_shows_it(system, shared):
    own, hall, photo = shared["own"], shared["staff"]["hall"], shared["photo"]
    used = system.sql.rows(f"SELECT case_id FROM intake.file_use WHERE sha256 = '\\x{photo['file']}'")
    assert [str(row[0]) for row in used] == [own.case], used
    (file,) = hall.get(f"/cases/{own.case}/files").json["files"]
    assert (file["sha256"], file["type"], int(file["bytes"])) == (photo["file"], "image/jpeg", photo["bytes"]), file
    token = {"Authorization": f"Bearer {hall.token}"}
    status, _, data = ask_file(system.of("desk")[0], "GET", f"/cases/{own.case}/files/{photo['file']}", headers=token)
    assert status == 200 and len(data) == photo["bytes"], (status, data)
    facts = hall.get(f"/cases/{own.case}").json
    assert photo["file"] in str(facts) and "'bags': '12'" in str(facts) and "'yard': 'mill'" in str(facts), facts


def a_unit_that_becomes_responsible_later_hears_of_it(system, shared):
    own, hall = shared["own"], shared["staff"]["hall"]
    assert hall.move(own.case, "accept").status == 200
    assert hall.move(own.case, "dispatch", unit="mill_1").status == 200
    wait_applied(system)
    rows = system.sql.rows("SELECT encode(body, 'escape') FROM routing.log WHERE case_id = " + own.case + " ORDER BY seq DESC LIMIT 1")
    assert "dispatch" in str(rows) and shared["photo"]["file"] in str(rows) and "bags" in str(rows) and "blue" in str(rows) and "mill" in str(rows), rows


def what_is_no_answer_and_no_file_is_refused(system, shared):
    own = receipt(system, channel="desk", **REPORT)
    for body, field in (({"attributes": {"weight": "1"}}, "attribute.weight"), ({"attributes": {"colour": ["red"]}}, "attribute.colour"),
                        ({"attributes": {"bags": "many"}}, "attribute.bags"), ({"attributes": {"yard": ["a", "b"]}}, "attribute.yard"),
                        ({"attributes": {"yard": "two\nlines"}}, "attribute.yard"), ({"attributes": {"yard": "x" * 1990}}, "attributes"),
                        ({"note": "x", "attributes": {"bags": ""}, "file": "x"}, "file"), ({"file": "ab" * 32}, "file"), ({"file": "AB" * 32}, "file"),
                        ({"file": shared["photo"]["file"] + "x"}, "file"), ({"file": shared["photo"]["file"] + " " + "x" * 170}, "file")):
        answer = own.ask("POST", "/supplement", body)
        assert answer.status == 422 and answer.field == field, (body, answer)
    assert [entry["move"] for entry in own.see()["history"]] == ["report"], "nothing was written down"


def of_a_merged_report_the_answers_fill_gaps_and_replace_nothing(system, shared):
    parent = receipt(system, channel="desk", **REPORT)
    child = receipt(system, channel="desk", title="litter, the second of these", attributes={"yard": "hill"})
    hall = shared["staff"]["hall"]
    assert hall.move(child.case, "merge", parent=int(parent.case)).status == 200
    child.state("merged")
    assert child.ask("POST", "/supplement", {"attributes": {"yard": "church", "bags": "3"}}).status == 200
    file = child.ask("POST", "/supplement", {"file": shared["photo"]["file"] + " my yard.jpg"})
    assert file.status == 200, file
    wait_applied(system)
    facts = str(hall.get(f"/cases/{parent.case}").json)
    assert "'yard': 'mill'" in facts and "'bags': '3'" in facts and shared["photo"]["file"] in facts, facts
    (named,) = hall.get(f"/cases/{parent.case}/files").json["files"]
    assert named["name"] == "my yard.jpg", named
    token = {"Authorization": f"Bearer {hall.token}"}
    for case in (parent.case, child.case):
        assert ask_file(system.of("desk")[0], "GET", f"/cases/{case}/files/{shared['photo']['file']}", headers=token)[0] == 200, case


main("supplement", [everything_starts_where_litter_has_questions, a_supplement_makes_the_report_more_complete,
                    the_file_is_kept_and_the_desk_shows_it, a_unit_that_becomes_responsible_later_hears_of_it,
                    what_is_no_answer_and_no_file_is_refused, of_a_merged_report_the_answers_fill_gaps_and_replace_nothing])
