#!/usr/bin/python3
"""Receipts in a running system: whoever has one is the reporter of its case, sees it and acts on it, and nobody else does."""
import sys
import time
from pathlib import Path

sys.dont_write_bytecode = True
sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "lib"))

from checks import main, wait_until
from files import ask as ask_file
from files import example
from reporters import ACCOUNT, EMAIL, NAME, PERSON, PHONE, everything_starts, receipt
from staff import ask

SPAN_SECONDS = 8  # a dozen requests take a tenth of a second, on a machine that does not stand still


def a_named_and_an_anonymous_report_are_taken_and_both_get_a_receipt(system, shared):
    named = shared["named"] = receipt(system, **PERSON)
    anonymous = shared["anonymous"] = receipt(system)
    for own, kept in ((named, True), (anonymous, False)):
        assert len(own.code) == 16 and own.code.count("-") == 3, own.code
        page = own.see()
        assert page["kept"]["personal"] == kept and page["report"]["title"] == "bags in the yard", page
        assert "reporter" not in page["report"], page
    assert named.ask("GET", "/reporter").json.items() >= {"name": NAME, "phone": PHONE, "email": EMAIL, "account": ACCOUNT,
                                                          "language": "zh"}.items()
    assert anonymous.ask("GET", "/reporter").json == {"personal": False}
    assert "reporter" not in ask(system.of("intake")[0], "GET", f"/reports/{named.case}").json


def a_receipt_opens_its_own_case_and_no_other(system, shared):
    own, other = shared["named"], shared["anonymous"]
    swapped = own.code[:-1] + ("0" if own.code[-1] != "0" else "1")
    spoken = own.code.lower().replace("-", " ").replace("0", "o").replace("1", "l")
    cases = ((own.case, f"Receipt {own.code}", 200, None), (own.case, f"Receipt {spoken}", 200, None),
             (own.case, f"Receipt {other.code}", 403, "receipt"), (other.case, f"Receipt {own.code}", 403, "receipt"),
             (own.case, f"Receipt {swapped}", 400, "receipt"), (own.case, "Receipt XXXX", 400, "receipt"),
             (own.case, "Receipt " + "U" * 13, 400, "receipt"), (own.case, "Receipt ", 400, "receipt"),
             (own.case, "Receipt " + own.code * 9, 400, "receipt"), (own.case, f"Bearer {own.code}", 401, "Authorization"),
             (own.case, None, 401, "Authorization"), ("999999999999", f"Receipt {own.code}", 403, "receipt"),
             ("x", f"Receipt {own.code}", 403, "receipt"), ("0", f"Receipt {own.code}", 403, "receipt"),
             ("9" * 19, f"Receipt {own.code}", 403, "receipt"))
    for case, authorization, status, field in cases:
        answer = ask(system.of("intake")[1], "GET", f"/receipts/{case}", headers={"Authorization": authorization} if authorization else {})
        assert answer.status == status, (case, authorization, answer)
        if field:
            assert answer.field == field, (case, authorization, answer)


def a_repeated_key_gets_the_receipt_again_unless_others_could_guess_it(system, _):
    body = {"channel": "app", "item": "litter", "area": "n_mill_1"}
    for key, again in (("1", False), ("order 7", False), ("0c9e6a0e-8f0d-4e0e", True)):
        first, second = (ask(system.of("intake")[n], "POST", "/reports", body, {"Idempotency-Key": key}) for n in (0, 1))
        assert (first.status, second.status) == (201, 200) and first.json["case"] == second.json["case"]
        assert "receipt" in first.json and (second.json.get("receipt") == first.json["receipt"]) == again, (key, second)


def trying_codes_ends_in_429_for_the_address_and_for_the_case(system, shared):
    own = shared["anonymous"]
    few = system.replica("intake", 3).start({"ZHITONG_ADDRESS_FAILURES": "5", "ZHITONG_RECEIPT_FAILURES": "8",
                                             "ZHITONG_RECEIPT_SPAN_SECONDS": str(SPAN_SECONDS), "ZHITONG_BEHIND_PROXY": "yes"}).wait_ready()
    wrong = shared["named"].code

    def at(address, case=own.case, code=wrong):
        return ask(few, "GET", f"/receipts/{case}", headers={"Authorization": f"Receipt {code}", "X-Forwarded-For": f"1.1.1.1, {address}"})
    statuses = [at("10.0.0.1").status for _ in range(7)]
    assert statuses == [403] * 5 + [429] * 2, statuses
    refused = at("10.0.0.1", code=own.code)  # the right one is not looked at either
    assert refused.status == 429 and refused.field == "address" and int(refused.headers["Retry-After"]) <= SPAN_SECONDS, refused
    assert at("10.0.0.2", code=own.code).status == 200
    statuses = [at("10.0.0.2").status for _ in range(4)]
    assert statuses == [403] * 3 + [429], f"the case has had its eight: {statuses}"
    assert at("10.0.0.3", code=own.code).field == "case"
    assert at("10.0.0.3", shared["named"].case, wrong).status == 200, "another case is not held up"
    time.sleep(SPAN_SECONDS + 0.1)
    assert [at("10.0.0.1", code=own.code).status for _ in range(20)] == [200] * 20, "right codes do not count"
    few.kill()
    del system.replicas["intake-3"]
    system.wait_shared(("intake",))


def a_reporter_supplements_urges_and_withdraws(system, shared):
    own = receipt(system, channel="desk")  # the desk accepts first
    assert own.see()["actions"] == ["supplement", "withdraw", "urge"]
    answer = own.ask("POST", "/supplement", {"note": "they are blue"})
    assert answer.status == 200 and answer.json["move"] == "note", answer
    assert own.ask("POST", "/urge", {"note": "please"}).status == 200
    hall = shared["staff"]["hall"]
    assert hall.move(own.case, "ask", note="which yard?").status == 200
    page = own.state("needs_info")
    assert [entry["note"] for entry in page["history"] if entry["move"] == "ask"] == ["which yard?"]
    status, _, told = ask_file(system.of("intake")[0], "POST", "/files", example("camera.jpg"), "image/jpeg")
    assert status == 201, told
    body = {"note": "the one behind the mill", "attributes": {"yard": "mill", "colour": ["blue", "green"]}, "file": f"{told['file']} yard.jpg"}
    first, again = (own.ask("POST", "/supplement", body, key="same", which=which) for which in (0, 1))
    assert first.status == 200 and again.status == 200, (first, again)
    history = own.state("reported")["history"]
    assert [entry["attributes"] for entry in history if entry["move"] == "answer"] == [body["attributes"]], history
    moves = [entry["move"] for entry in history]
    assert moves.count("answer") == 1 and moves.count("attach") == 1, moves
    assert own.ask("POST", "/supplement", {"file": body["file"]}).json["move"] == "attach"
    assert own.ask("POST", "/withdraw", {"note": "gone by itself"}).status == 200
    page = own.state("closed")
    assert page["history"][-1]["note"] == "gone by itself" and page["history"][-1]["by_reporter"] is True
    assert page["actions"] == ["reopen"] and "due_at" not in page


def a_reporter_appeals(system, shared):
    own = receipt(system, channel="desk")
    hall = shared["staff"]["hall"]
    assert hall.move(own.case, "decline", reason="elsewhere", note="the water board").status == 200
    page = own.state("declined")
    assert page["history"][-1]["note"] == "the water board" and page["history"][-1]["reason"] == "elsewhere"
    assert own.ask("POST", "/appeal", {"note": "it is yours"}).status == 200
    own.state("reported")


def finish(shared, case):
    mill, check = shared["staff"]["mill"], shared["staff"]["check"]
    assert mill.move(case, "sign", plan="sweep the yard").status == 200
    assert mill.move(case, "progress", note="swept half").status == 200
    assert mill.move(case, "note", note="internal: the owner is difficult").status == 200
    assert mill.move(case, "contact", note="spoke with him, he shouted").status == 200
    assert mill.move(case, "claim_done", reply_accepted="today", reply_spoken="with the reporter", reply_done="swept",
                     reply_by="nothing is left", evidence="a picture").status == 200
    assert check.move(case, "verify").status == 200


def a_reporter_rates_and_reopens_and_sees_no_word_of_the_staff_for_each_other(system, shared):
    own = receipt(system)
    finish(shared, own.case)
    page = own.state("callback")
    assert page["unit"] == "mill_1" and page["unit_zh"] == "磨坊村委" and page["plan"] == "sweep the yard" and page["due_at"] > 0
    assert page["state_zh"] == "待回访" and "called back" in page["state_en"]
    words = str(page)
    assert "swept half" in words and "with the reporter" in words, page
    assert "difficult" not in words and "shouted" not in words and "'mill'" not in words, page
    for body, status, field in (({}, 422, "rating"), ({"rating": 0}, 422, "rating"), ({"rating": 6}, 422, "rating"),
                                ({"rating": "5"}, 422, "rating"), ({"rating": 2}, 422, "note"), ({"rating": 5, "unit": "x"}, 422, "unit"),
                                ({"rating": 5, "result": "fine"}, 422, "result"), ({"rating": 5, "note": "x" * 241}, 422, "note"),
                                ({"rating": 5, "role": "auditor"}, 422, "role"), ([], 400, "body"), (b"{", 400, "body"),
                                (b'{"rating":5,"rating":5}', 400, "body"), (b'{"note":"\xff"}', 400, "body"),
                                ({"rating": 5, "note": "a\0b"}, 400, "body"), ({"rating": 5, "note": "a\x07b"}, 422, "note")):
        answer = own.ask("POST", "/rate", body)
        assert answer.status == status and answer.field == field, (body, answer)
    for path, body, status, field in (("/bless", {}, 404, "action"), ("/reopen", {"note": "x"}, 409, "move"), ("/appeal", {"note": "x"}, 409, "move"),
                                      ("/withdraw", {}, 409, "move"), ("/supplement", {}, 422, "note"), ("/urge", {}, 422, "note"),
                                      ("/supplement", {"file": "x.jpg"}, 422, "file"),
                                      ("/supplement", {"attributes": {}}, 422, "attributes"), ("/supplement", {"attributes": "x"}, 422, "attributes"),
                                      ("/supplement", {"attributes": {"a": 1}}, 422, "attributes"), ("/supplement", {"attributes": {"a": [None]}}, 422, "attributes"),
                                      ("/supplement", {"attributes": {"a": "x" * 2000}}, 422, "attributes"), ("/supplement", {"note": "x" * 241}, 422, "note")):
        answer = own.ask("POST", path, body)
        assert answer.status == status and answer.field == field, (path, body, answer)
    answer = ask(own.replicas[0], "POST", f"/receipts/{own.case}/rate", {"rating": 5}, {"Authorization": f"Receipt {own.code}"})
    assert answer.status == 400 and answer.field == "Idempotency-Key", answer
    assert own.ask("POST", "/rate", {"rating": 1, "note": "half of it is still there"}).json["move"] == "dissatisfied"
    own.state("handling")
    mill, check = shared["staff"]["mill"], shared["staff"]["check"]
    assert mill.move(own.case, "claim_done", reply_accepted="today", reply_spoken="nobody", reply_done="swept all", reply_by="-",
                     evidence="a picture").status == 200
    assert check.move(own.case, "verify").status == 200
    own.state("callback")
    answers = [own.ask("POST", "/rate", {"rating": 5, "result": "solved"}, key="rated", which=which) for which in (0, 1)]
    assert [answer.status for answer in answers] == [200, 200] and answers[0].json["move"] == "satisfied", answers
    own.state("closed")
    assert own.ask("POST", "/reopen", {"note": "they are back"}).status == 200
    own.state("accepted")


def the_reporter_of_a_merged_report_sees_how_the_other_goes_and_not_its_reporter(system, shared):
    parent = receipt(system, channel="desk", title="the first", reporter_name="Parent Person")
    child = receipt(system, channel="desk", title="the second", reporter_name="Child Person")
    hall = shared["staff"]["hall"]
    assert parent.ask("POST", "/supplement", {"note": "secret of the parent"}).status == 200
    assert hall.move(child.case, "merge", parent=int(parent.case)).status == 200
    child.state("merged")
    assert child.ask("POST", "/supplement", {"note": "said by the child"}).status == 200
    assert hall.move(parent.case, "accept").status == 200
    page = child.see()
    assert page["part_of"]["case"] == parent.case and page["part_of"]["state"] == "accepted", page
    assert "accept" in [entry["move"] for entry in page["history"]], page
    assert "said by the child" in str(page) and "secret of the parent" not in str(page), page
    assert "said by the child" not in str(parent.see())
    shared["parent"], shared["child"] = parent, child


def without_a_keyring_only_anonymous_reports_are_taken_and_no_receipts_given(system, _):
    bare = system.replica("intake", 3).start({"ZHITONG_SECRET_KEYS": ""}).wait_ready()
    system.wait_shared(("intake",))
    body = {"channel": "app", "item": "litter", "area": "n_mill_1"}
    for field, value in PERSON.items():
        if field != "language":
            answer = ask(bare, "POST", "/reports", {**body, field: value})
            assert answer.status == 400 and answer.field == field and "ZHITONG_SECRET_KEYS" in str(answer.json), answer
    taken = ask(bare, "POST", "/reports", body)
    assert taken.status == 201 and "receipt" not in taken.json, taken
    answer = ask(bare, "GET", f"/receipts/{taken.json['case']}", headers={"Authorization": "Receipt 0000-0000-0000-0"})
    assert answer.status == 404 and answer.field == "receipt", answer
    bare.kill()
    del system.replicas["intake-3"]
    system.wait_shared(("intake",))
    for text in ("1 short\n", "rubbish"):
        path = system.folder / "bad.keys"
        path.write_text(text)
        path.chmod(0o600)
        other = system.replica("intake", 3).start({"ZHITONG_SECRET_KEYS": str(path)})
        wait_until(lambda: not other.alive(), 20, "it does not start with a bad keyring")
        del system.replicas["intake-3"]


main("receipts", [everything_starts,
                a_named_and_an_anonymous_report_are_taken_and_both_get_a_receipt,
                a_receipt_opens_its_own_case_and_no_other,
                a_repeated_key_gets_the_receipt_again_unless_others_could_guess_it,
                trying_codes_ends_in_429_for_the_address_and_for_the_case,
                a_reporter_supplements_urges_and_withdraws,
                a_reporter_appeals,
                a_reporter_rates_and_reopens_and_sees_no_word_of_the_staff_for_each_other,
                the_reporter_of_a_merged_report_sees_how_the_other_goes_and_not_its_reporter,
                without_a_keyring_only_anonymous_reports_are_taken_and_no_receipts_given])
