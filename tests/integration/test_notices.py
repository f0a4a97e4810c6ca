#!/usr/bin/python3
"""Messages to those who reported, in a running system: each step once, in their language, to their own address, until they end it; over
kill -9 too; and the audit."""
import sys
import re
import time
from pathlib import Path

sys.dont_write_bytecode = True
sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "lib"))

from checks import main, wait_until
from notices import everything_starts, finish, heard, outcomes, page, settled
from reporters import receipt


def a_reporter_hears_of_each_step_once_in_chinese(system, shared):
    own = receipt(system, channel="desk", reporter_email="li@example.com", reporter_name="Li", language="zh", address="长街 7 号")
    hall = shared["staff"]["hall"]
    assert hall.move(own.case, "ask", note="哪个院子？").status == 200
    assert own.ask("POST", "/supplement", {"note": "磨坊后面"}).status == 200
    assert hall.move(own.case, "accept").status == 200
    assert hall.move(own.case, "dispatch").status == 200
    finish(shared, own.case)
    assert own.ask("POST", "/rate", {"rating": 5}).status == 200
    own.state("closed")
    subjects = heard(shared, "li@example.com", 6)
    settled(system)
    time.sleep(0.5)
    case = own.case
    assert subjects == [mail.subject for mail in shared["mail"].to("li@example.com")] == [
        f"已收到您反映的事项（编号 {case}）", f"请补充材料（编号 {case}）", f"您反映的事项（编号 {case}）由磨坊村委办理",
        f"您反映的事项（编号 {case}）已处理，正在核查", f"请评价：您反映的事项（编号 {case}）办得怎么样？", f"您反映的事项（编号 {case}）已办结"], subjects
    first = shared["mail"].to("li@example.com")[0]
    assert own.code in first.text and f"https://city.example/r/{case}?code={own.code}" in first.text and "长街 7 号" in first.text
    assert f"<a href=\"https://city.example/r/{case}?code={own.code}\">" in first.html and "<td>垃圾</td>" in first.html, first.html
    assert str(first.message["From"]) == "小城直通 <city@example.org>" and first.message["Auto-Submitted"] == "auto-generated"
    words = " ".join(mail.text for mail in shared["mail"].to("li@example.com"))
    assert "哪个院子？" in words and "swept" in words and "difficult" not in words and "shouted" not in words, words
    ids = [mail.message["Message-ID"] for mail in shared["mail"].to("li@example.com")]
    assert len(set(ids)) == 6


def a_reporter_hears_of_each_step_once_in_english(system, shared):
    own = receipt(system, reporter_email="ann@example.com", language="en")
    finish(shared, own.case)
    assert own.ask("POST", "/rate", {"rating": 5}).status == 200
    own.state("closed")
    subjects = heard(shared, "ann@example.com", 4)
    case = own.case
    assert subjects == [f"We have your report ({case}); Mill Village Committee handles it", f"Your report ({case}) is done, says Mill Village Committee",
                        f"Are you content? Your report ({case})", f"Your report ({case}) is closed"], subjects


def who_left_a_number_gets_short_messages(system, shared):
    own = receipt(system, reporter_phone="+86 139-0000-4711", language="zh")
    sent = wait_until(lambda: [post.json for post in shared["robots"].of("sms")], 20, "an SMS")
    assert sent[0]["phone"] == "+86 139-0000-4711" and f"编号{own.case}" in sent[0]["text"] and own.code in sent[0]["text"], sent
    told = wait_until(lambda: [told for _, outcome, told, _ in outcomes(system, "reporters") if told.startswith("+86")], 20, "written")
    assert "0000" not in told[0], told


def nobody_without_an_address_is_tried_and_looks_are_logged(system, shared):
    receipt(system)
    named = receipt(system, reporter_name="Only A Name")
    settled(system)
    wait_until(lambda: [o for o in outcomes(system, "reporters") if o[1] == "nobody"], 20, "settled")
    assert [o[3] for o in outcomes(system, "reporters") if o[1] == "nobody"][0] == \
        "no address: neither an e-mail address nor a number was left"
    looks = [tuple(row) for row in system.sql.rows(f"SELECT login, reason FROM intake.look WHERE case_id = {named.case}")]
    assert looks == [("notification", "message: opened")], looks


def a_forgotten_reporter_is_told_nothing_more(system, shared):
    own = receipt(system, reporter_email="gone@example.com", language="en")
    heard(shared, "gone@example.com", 1)
    assert own.ask("DELETE", "/reporter").status in (200, 204)
    finish(shared, own.case)
    settled(system)
    wait_until(lambda: any("forgotten" in o[3] for o in outcomes(system, "reporters")), 20, "settled")
    assert len(shared["mail"].to("gone@example.com")) == 1


def the_reporter_of_a_merged_report_hears_of_his_own(system, shared):
    parent = receipt(system, channel="desk", title="the first", reporter_email="parent@example.com", language="en")
    child = receipt(system, channel="desk", title="the second", reporter_email="child@example.com", language="en")
    if child.see()["state"] != "merged":
        answer = shared["staff"]["hall"].move(child.case, "merge", parent=int(parent.case))
        assert answer.status == 200, answer
        child.state("merged")
    heard(shared, "child@example.com", 2)
    hall = shared["staff"]["hall"]
    assert hall.move(parent.case, "accept").status == 200 and hall.move(parent.case, "dispatch").status == 200
    finish(shared, parent.case)
    heard(shared, "parent@example.com", 4)
    assert parent.ask("POST", "/rate", {"rating": 5}).status == 200
    subjects = heard(shared, "child@example.com", 3)
    assert any("part of another case" in subject for subject in subjects) and "Are you content" in subjects[-1], subjects
    assert all(str(parent.case) not in mail.message["To"] and "the first" not in mail.text for mail in shared["mail"].to("child@example.com"))


def a_reporter_ends_messages_about_one_report_or_all(system, shared):
    person = {"reporter_email": "tired@example.com", "reporter_name": "Tired", "language": "en"}
    first, second = receipt(system, title="one", **person), receipt(system, title="two", **person)
    heard(shared, "tired@example.com", 2)
    mails = {own.case: [m for m in shared["mail"].to("tired@example.com") if f"({own.case})" in m.subject][0] for own in (first, second)}
    link = str(mails[first.case].message["List-Unsubscribe"]).strip("<>").removeprefix("https://city.example")
    assert re.fullmatch(rf"/unsubscribe/r{first.case}-[0-9a-f]{{32}}", link), link
    text = page(system, "GET", link)[2]
    assert "No more about this report" in text and "No more about any report" in text, text
    assert page(system, "POST", link, "List-Unsubscribe=One-Click")[0] == 200
    finish(shared, first.case)
    finish(shared, second.case)
    heard(shared, "tired@example.com", 4)
    settled(system)
    assert [f"({first.case})" in m.subject for m in shared["mail"].to("tired@example.com")].count(True) == 1
    assert page(system, "POST", link + "?all=yes")[0] == 200
    third = receipt(system, title="three", **person)
    settled(system)
    time.sleep(0.5)
    assert not [m for m in shared["mail"].to("tired@example.com") if f"({third.case})" in m.subject]
    assert any(o[3].startswith("ended:") for o in outcomes(system, "reporters")), outcomes(system, "reporters")[-3:]


def what_is_announced_goes_to_nobody_who_reported(system, shared):
    receipt(system, reporter_email="bystander@example.com", language="en", title="mine")
    heard(shared, "bystander@example.com", 1)
    done = system.zhitong("endpoints", "test", "reporters", check=False)
    assert done.returncode != 0 and "address of its own" in done.stderr, done
    system.sql.rows("""WITH told AS (INSERT INTO notification.announcement (kind, about, unit, why) VALUES ('disabled', 'hook', 'mill_1', 'gone')
                                     RETURNING announcement),
                         sent AS (INSERT INTO notification.delivery (endpoint, seq, case_id, state, next_at)
                                  SELECT e.endpoint, -t.announcement, 0, 'retry', clock_timestamp()
                                  FROM told t, notification.endpoint e WHERE e.name = 'reporters')
                       UPDATE notification.endpoint SET changed = changed + 1 WHERE name = 'reporters' RETURNING 1""")
    wait_until(lambda: outcomes(system, "reporters")[-1][1] == "nobody", 20, lambda: outcomes(system, "reporters")[-1])
    assert len(shared["mail"].to("bystander@example.com")) == 1


def nobody_is_told_twice_or_forgotten_over_kill_9(system, shared):
    people = [f"storm{n}@example.com" for n in range(120)]
    cases = {}
    for n, address in enumerate(people):
        cases[address] = receipt(system, reporter_email=address, language="en", title=f"storm {n}").case
        if n in (40, 80):
            victim = system.replica("notification", n // 40)
            victim.kill()
            victim.start()
    for replica in system.of("notification"):
        replica.wait_ready()
    wait_until(lambda: all(shared["mail"].to(address) for address in people), 40, lambda: [a for a in people if not shared["mail"].to(a)][:5])
    settled(system)
    time.sleep(1)
    doubled = {}
    for address in people:
        ids = [mail.message["Message-ID"] for mail in shared["mail"].to(address)]
        assert len(set(ids)) == 1, "the same thing has the same Message-ID"
        doubled[address] = len(ids) - 1
    assert sum(doubled.values()) <= 16, "only what was under way at the kill"


def the_audit_finds_who_should_have_been_told_and_was_not(system, shared):
    settled(system)
    time.sleep(0.3)
    done = system.zhitong("audit", "--wait", "10", check=False)
    assert done.returncode == 0 and "endpoints_told" in done.stdout, done.stdout + done.stderr
    row = system.sql.rows("""SELECT a.endpoint, a.seq FROM notification.attempt a JOIN notification.endpoint e USING (endpoint)
        WHERE e.name = 'reporters' AND a.outcome = 'sent' ORDER BY a.seq DESC LIMIT 1""")[0]
    where = f"endpoint = {row[0]} AND seq = {row[1]}"
    system.sql.rows(f"CREATE TABLE public.kept AS SELECT * FROM notification.attempt WHERE {where}")
    system.sql.rows(f"DELETE FROM notification.attempt WHERE {where}")
    done = system.zhitong("audit", check=False)
    assert done.returncode == 1 and f"endpoint reporters, seq {row[1]}" in done.stdout and "not told" in done.stdout, done.stdout
    for _ in range(2):
        system.sql.rows("INSERT INTO notification.attempt SELECT * FROM public.kept")
    done = system.zhitong("audit", check=False)
    assert done.returncode == 1 and "sent 2 times" in done.stdout, done.stdout


main("notices", [everything_starts, a_reporter_hears_of_each_step_once_in_chinese, a_reporter_hears_of_each_step_once_in_english,
     who_left_a_number_gets_short_messages, nobody_without_an_address_is_tried_and_looks_are_logged,
     a_forgotten_reporter_is_told_nothing_more, the_reporter_of_a_merged_report_hears_of_his_own,
     a_reporter_ends_messages_about_one_report_or_all, what_is_announced_goes_to_nobody_who_reported, nobody_is_told_twice_or_forgotten_over_kill_9,
     the_audit_finds_who_should_have_been_told_and_was_not])
