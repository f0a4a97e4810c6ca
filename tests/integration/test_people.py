#!/usr/bin/python3
"""Reporters in a running system: what somebody says of himself stands nowhere in clear, every look at it is written down and none
goes unwritten, it is sealed anew with another key while everything runs, and it is erased."""
import shutil
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

sys.dont_write_bytecode = True
sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "lib"))

from checks import main, wait_applied, wait_until
from clients import Client
from reporters import NAME, PERSON, PHONE, Receipt, everything_starts, receipt, submit
from staff import ask

CLEAR = (b"Markerperson", b"1234-5678", b"13912345678", b"arker.person@", b"arker.Person@", b"marker-account-77")


def some_report_with_their_names_and_some_without(system, shared):
    shared["named"], shared["anonymous"] = receipt(system, **PERSON), receipt(system)
    parent = shared["parent"] = receipt(system, channel="desk", reporter_name="Parent Person")
    child = shared["child"] = receipt(system, channel="desk", reporter_name="Child Person")
    assert shared["staff"]["hall"].move(child.case, "merge", parent=int(parent.case)).status == 200
    child.state("merged")


def a_client_of_the_public_endpoint_gets_the_receipt_too(system, shared):
    client = Client(system.endpoints("intake"), system.server_key(), system.key("client", "app-client"))
    case = client.ask("from-zmq", {"channel": "app", "item": "litter", "area": "n_mill_1", **PERSON})
    assert isinstance(case, int), case
    own = Receipt(system.of("intake"), str(case), client.receipts["from-zmq"])
    wait_until(lambda: own.see()["state"] != "received", 20, "with routing")
    assert own.ask("GET", "/reporter").json["phone"] == PHONE
    client.close()


def the_same_person_is_one_reporter_however_the_number_is_written(system, shared):
    before = system.sql.number("SELECT count(*) FROM intake.reporter")
    forms = [("+86 138 0000 1111", "a.b@example.org"), ("008613800001111", "A.B@EXAMPLE.ORG"), ("+86-138.0000/1111", "a.B@example.org")]
    with ThreadPoolExecutor(8) as pool:  # on both replicas at once: whoever comes second finds the first
        cases = list(pool.map(lambda nth: submit(system, nth % 2, reporter_name="Li Na", reporter_phone=forms[nth % 3][0],
                                                 reporter_email=forms[nth % 3][1]).json["case"], range(48)))
    assert system.sql.number("SELECT count(*) FROM intake.reporter") == before + 1
    assert system.sql.number(f"SELECT count(DISTINCT reporter) FROM intake.report WHERE case_id IN ({','.join(cases)})") == 1
    # Another detail is another reporter: nobody sees by his own receipt what somebody else said.
    other = receipt(system, reporter_phone="+86 138 0000 1111")
    assert other.ask("GET", "/reporter").json.keys() == {"personal", "first_at", "erase_at", "phone"}


def what_somebody_says_of_himself_is_held_to_its_form(system, _):
    wrong = (("reporter_phone", ("12", "abc", "+", "1" * 21, "138#0000", "１３８００００", "++8613800001111")),
             ("reporter_email", ("a", "@b.c", "a@b", "a@@b.c", "a b@c.d", "a@b.c.", "a@.b", "a@b..c", "<a@b.c>", "a@b.c,d@e.f")),
             ("reporter_name", (" ", "x" * 121, "a\x07b")), ("reporter_account", ("x" * 121, "a\x1fb")),
             ("reporter_phone", (5, ["1"], "1" * 41)), ("reporter_email", ("x" * 161, 7)),
             ("language", ("z", "z1", "zh-", "zh_CN", "zh-123456789", "123456789", "zh\n")))
    for field, values in wrong:
        for value in values:
            answer = ask(system.of("intake")[0], "POST", "/reports",
                         {"channel": "app", "item": "litter", "area": "n_mill_1", field: value})
            assert answer.status == 400 and answer.field == field, (field, value, answer)
    for name in (b"\xff", b"a\\u0000b"):
        broken = b'{"channel":"app","item":"litter","area":"n_mill_1","reporter_name":"%s"}' % name
        answer = ask(system.of("intake")[0], "POST", "/reports", broken)
        assert answer.status == 400 and answer.field == "body", answer
    for fields in ({"reporter_phone": "110"}, {"reporter_phone": "(0395) 313-2345"}, {"language": "zh-Hant"},
                   {"reporter_email": "a+b@例子.中国"}, {"reporter_name": "欧阳<b>娜</b>"}):
        submit(system, **fields)


def looks(system, case):
    return system.sql.rows(f"SELECT login, of_case, reason FROM intake.look WHERE case_id = {case} ORDER BY look")


def staff_who_handle_a_case_see_its_reporter_and_each_look_is_written_down(system, shared):
    own, staff = shared["named"], shared["staff"]
    already = len(looks(system, own.case))
    for login, reason, status in (("mill", "call-back", 200), ("caller", "call-back", 200), ("hall", "asked by phone", 200),
                                  ("eye", "inspection", 403), ("check", "curious", 403), ("hill", "other village", 404),
                                  ("mill", "", 400), ("mill", " ", 400), ("mill", None, 400), ("mill", "x" * 241, 400)):
        answer = staff[login].get(f"/cases/{own.case}/reporter", **({"reason": reason} if reason is not None else {}))
        assert answer.status == status, (login, reason, answer)
        if status == 200:
            (person,) = answer.json["reporters"]
            assert person["name"] == NAME and person["phone"] == PHONE and person["case"] == own.case, person
    rows = looks(system, own.case)[already:]
    assert rows == [("mill", own.case, "call-back"), ("caller", own.case, "call-back"), ("hall", own.case, "asked by phone")], rows
    assert "call-back" in system.zhitong("people", "looks", "--case", own.case).stdout
    assert [person["name"] for person in staff["hall"].get(f"/cases/{shared['parent'].case}/reporter", reason="both").json["reporters"]] == \
        ["Parent Person", "Child Person"]
    assert {row[1] for row in looks(system, shared["parent"].case)} == {shared["parent"].case, shared["child"].case}
    assert staff["mill"].get(f"/cases/{shared['anonymous'].case}/reporter", reason="who").json == {"reporters": []}


def a_look_that_cannot_be_written_down_shows_nothing(system, shared):
    own, mill = shared["named"], shared["staff"]["mill"]
    system.sql.rows("ALTER TABLE intake.look RENAME TO looks")
    try:
        answer = mill.get(f"/cases/{own.case}/reporter", reason="call-back")
        assert answer.status == 503 and NAME not in str(answer.json), answer
        assert own.ask("GET", "/reporter").status == 503
    finally:
        system.sql.rows("ALTER TABLE intake.looks RENAME TO look")
    for role in ("desk", "intake", "routing"):
        for statement in ("SELECT sealed FROM intake.reporter", "DELETE FROM intake.look", "UPDATE intake.look SET login = ''",
                          "INSERT INTO intake.look (login, case_id, of_case, reporter, reason) VALUES ('', 1, 1, 1, 'x')",
                          "SELECT * FROM intake.look_at('x', 1, 1, ARRAY[1::bigint], 'x')", "TRUNCATE intake.look"):
            done = subprocess.run(["psql", "-qAtc", statement, system.url(f"zhitong_{role}")], capture_output=True, text=True, check=False)
            assert done.returncode != 0 and "permission denied" in done.stderr, (role, statement, done)
    done = subprocess.run(["psql", "-qAtc", "DELETE FROM intake.look", system.url()], capture_output=True, text=True, check=False)
    assert done.returncode != 0 and "only added to" in done.stderr, done


def nothing_that_somebody_says_of_himself_stands_in_clear_anywhere(system, _):
    wait_applied(system)
    system.sql.rows("CHECKPOINT")
    dump = subprocess.run(["pg_dump", "--inserts", system.url()], capture_output=True, check=True).stdout
    assert b"INSERT INTO intake.reporter" in dump and b"bags in the yard".hex().encode() in dump, "the dump shows what is in clear"
    places = {"the dump": dump}
    for path in [*system.folder.glob("*.log"), *(path for path in (system.folder / "pg").rglob("*") if path.is_file())]:
        try:
            places[str(path)] = path.read_bytes()
        except FileNotFoundError:  # PostgreSQL renames and removes files of its own
            pass
    for replica in system.replicas.values():
        places[f"metrics of {replica.name}"] = replica.get("/metrics")[1].encode()
    assert any(b"bags in the yard" in data for data in places.values())
    for place, data in places.items():
        for word in CLEAR:
            assert word not in data and word.hex().encode() not in data, (place, word)


def a_new_key_seals_everything_anew_while_reports_come_in(system, shared):
    own, mill = shared["named"], shared["staff"]["mill"]
    for nth in range(30):
        submit(system, nth % 2, reporter_name=f"Before {nth}")
    before = submit(system, reporter_name="Same Before And After")
    stop, cases = [], []

    def go_on():
        while not stop:
            cases.append(submit(system, len(cases) % 2, reporter_name=f"During {len(cases)}").json["case"])
    with ThreadPoolExecutor(1) as pool:
        running = pool.submit(go_on)
        try:
            ring = system.folder / "secret.keys"
            system.zhitong("keys", "source", "add", shared["source"], "--kind", "hmac", "--secret-keys", ring, "--out", system.folder / "hmac.key")
            system.zhitong("keys", "secret", ring, "--add", database=False)
            after = submit(system, reporter_name="Same Before And After")
            said = system.zhitong("people", "rekey", "--secret-keys", ring).stdout
        finally:
            stop.append(True)
        running.result()
    assert "key 1: no reporter, no source, no endpoint and no block needs it" in said, said
    assert system.sql.number("SELECT count(*) FROM intake.reporter WHERE key = 1") == 0
    assert "1 secrets of sources sealed anew" in said, said
    assert system.sql.rows("SELECT encode(substr(sealed, 1, 4), 'hex') FROM intake.credential WHERE sealed IS NOT NULL") == [("00000002",)]
    assert system.sql.number(f"SELECT count(DISTINCT reporter) FROM intake.report WHERE case_id IN ({before.json['case']}, {after.json['case']})") == 1
    assert mill.get(f"/cases/{own.case}/reporter", reason="after").json["reporters"][0]["name"] == NAME
    assert own.see()["case"] == own.case, "the receipt of the older key holds while its line is there"
    again = receipt(system, **PERSON)
    rows = f"SELECT count(DISTINCT reporter) FROM intake.report WHERE case_id IN ({own.case}, {again.case})"
    assert system.sql.number(rows) == 1, "found again by the new index"
    lines = [line for line in ring.read_text().splitlines() if not line.startswith("1 ")]
    with_one_line = ring.with_suffix(".new")  # nobody may find the file half
    with_one_line.write_text("\n".join(lines) + "\n")
    shutil.copymode(ring, with_one_line)
    with_one_line.rename(ring)
    assert own.ask("GET").status == 403, "the old key is gone, and its receipts"
    assert again.see() and mill.get(f"/cases/{own.case}/reporter", reason="after").status == 200
    shared["named"] = again


def a_reporter_is_forgotten_on_his_own_wish_and_the_report_stays(system, shared):
    own = receipt(system, reporter_name="Forget Me", reporter_phone="13700000000")
    twin = receipt(system, reporter_name="Forget Me", reporter_phone="13700000000")
    assert own.ask("DELETE", "/reporter").json == {"personal": False}
    assert own.see()["kept"] == {"personal": False} and own.see()["report"]["title"] == "bags in the yard"
    assert twin.ask("GET", "/reporter").json["name"] == "Forget Me", "of another report of the same name he stays the reporter"
    number = system.sql.number(f"SELECT reporter FROM intake.report WHERE case_id = {twin.case}")
    assert twin.ask("DELETE", "/reporter").status == 200 and twin.ask("DELETE", "/reporter").status == 200
    assert_empty(system, number)
    # and by telephone
    other = receipt(system, reporter_name="Call Me", reporter_phone="+8613711111111")
    said = system.zhitong("people", "forget", "--phone", "0086 137-1111-1111", "--secret-keys", system.folder / "secret.keys").stdout
    assert said.startswith("1 reporters erased"), said
    assert other.ask("GET", "/reporter").json == {"personal": False} and "erased_at" in other.see()["kept"]


def assert_empty(system, number):
    (row,) = system.sql.rows(f"""SELECT erased_at IS NOT NULL, num_nonnulls(person, phone, email, account, key, sealed, language)
                                 FROM intake.reporter WHERE reporter = {number}""")
    assert row == ("t", "0"), row


def after_the_channels_period_what_is_kept_is_erased_unless_a_case_is_open(system, shared):
    month, year = receipt(system, channel="hotline", reporter_name="A Month"), receipt(system, reporter_name="A Year")
    for own, days in ((month, 30), (year, 365)):
        assert system.sql.number(f"""SELECT extract(day FROM p.erase_at - r.received_at) FROM intake.report r JOIN intake.reporter p
                                     USING (reporter) WHERE r.case_id = {own.case}""") == days
    # The same person through the hotline again, and once through the app: the longest counts.
    receipt(system, reporter_name="A Month")
    number = system.sql.number(f"SELECT reporter FROM intake.report WHERE case_id = {month.case}")
    assert system.sql.number(f"SELECT extract(day FROM erase_at - first_at) FROM intake.reporter WHERE reporter = {number}") == 365
    done = receipt(system, channel="desk", reporter_name="Over And Done")
    assert done.ask("POST", "/withdraw", {}).status == 200
    done.state("closed")
    ended, still = (system.sql.number(f"SELECT reporter FROM intake.report WHERE case_id = {own.case}") for own in (done, year))
    system.sql.rows(f"UPDATE intake.reporter SET erase_at = mesh.now() - interval '1 second' WHERE reporter IN ({ended}, {still})")
    wait_until(lambda: system.sql.number(f"SELECT count(*) FROM intake.reporter WHERE reporter = {ended} AND erased_at IS NOT NULL"),
               10, "erased by intake itself")
    assert_empty(system, ended)
    assert done.see()["report"]["title"] == "bags in the yard" and "erased_at" in done.see()["kept"]
    assert year.ask("GET", "/reporter").json["name"] == "A Year", "its case is open"
    assert sum(replica.metric("reporters_erased_total") for replica in system.of("intake")) >= 1
    assert system.zhitong("people", "erase").stdout == "0 reporters erased\n"


main("people", [everything_starts, some_report_with_their_names_and_some_without,
              a_client_of_the_public_endpoint_gets_the_receipt_too,
              the_same_person_is_one_reporter_however_the_number_is_written,
              what_somebody_says_of_himself_is_held_to_its_form,
              staff_who_handle_a_case_see_its_reporter_and_each_look_is_written_down,
              a_look_that_cannot_be_written_down_shows_nothing,
              nothing_that_somebody_says_of_himself_stands_in_clear_anywhere,
              a_new_key_seals_everything_anew_while_reports_come_in,
              a_reporter_is_forgotten_on_his_own_wish_and_the_report_stays,
              after_the_channels_period_what_is_kept_is_erased_unless_a_case_is_open])
