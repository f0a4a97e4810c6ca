#!/usr/bin/python3
"""Messages to people in a running system: those who reported hear of each step once and in their language, units and staff as they want
it; mail servers that refuse, gateways and robots that limit, quiet hours, digests, bundles, and the link that ends it."""
import datetime
import http.client
import re
import sys
import time
from pathlib import Path

sys.dont_write_bytecode = True
sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "lib"))

from checks import main, wait_applied, wait_until
from mail_sink import MailSink, RobotSink
from reporters import receipt, start
from staff import PASSWORD, Staff
from staff import add as add_staff
from system import ROOT
from webhook_sink import server_tls

NOTICES = {"notices.csv": (ROOT / "deploy/cities/luohe/notices.csv").read_text()}
SECRET = "SEC-of-the-robots"


def finish(shared, case):
    mill, check = shared["staff"]["mill"], shared["staff"]["check"]
    answer = mill.move(case, "sign", plan="sweep the yard")
    assert answer.status == 200, answer
    assert mill.move(case, "note", note="internal: the owner is difficult").status == 200
    assert mill.move(case, "contact", note="spoke with him, he shouted").status == 200
    assert mill.move(case, "claim_done", reply_accepted="today", reply_spoken="with the reporter", reply_done="swept",
                     reply_by="nothing is left", evidence="a picture").status == 200
    assert check.move(case, "verify").status == 200


def add(system, name, unit, carrier, address, *options):
    more = ["--allow-private"] if carrier in ("wecom", "dingtalk", "feishu") else []
    if carrier in ("dingtalk", "feishu"):
        (system.folder / "robot.secret").write_text(SECRET + "\n")
        more += ["--secret-file", system.folder / "robot.secret"]
    system.zhitong("endpoints", "add", name, "--unit", unit, "--carrier", carrier, "--address", address, "--secret-keys",
                   system.folder / "secret.keys", *more, *options)
    time.sleep(0.6)  # the courier hears of it


def outcomes(system, name):
    return [(int(status), *words) for status, *words in system.sql.rows(f"""SELECT a.status, a.outcome, a.told, a.answer FROM notification.attempt a
        JOIN notification.endpoint e USING (endpoint) WHERE e.name = '{name}' ORDER BY a.at""")]


def rows(system, name):
    return [state for state, in system.sql.rows(f"""SELECT d.state FROM notification.delivery d JOIN notification.endpoint e
        USING (endpoint) WHERE e.name = '{name}' ORDER BY d.seq""")]


def settled(system):
    """Every endpoint has dealt with what its stream holds."""
    wait_applied(system)
    wait_until(lambda: not system.sql.rows("""SELECT e.name FROM notification.endpoint e JOIN notification.stream s USING (unit)
        WHERE e.cursor < s.head AND e.disabled_at IS NULL"""), 15, "all told")


def due_now(system, state="held"):
    """What waits need wait no more."""
    system.sql.rows(f"UPDATE notification.delivery SET next_at = now() WHERE state = '{state}' RETURNING 1")
    system.sql.rows("UPDATE notification.endpoint SET changed = changed + 1 RETURNING 1")


def at(minutes):
    """A time of the day, so many minutes from now, on the city's clock."""
    return (datetime.datetime.now(datetime.timezone(datetime.timedelta(hours=8))) + datetime.timedelta(minutes=minutes)).strftime("%H:%M")


def everything_starts(system, shared):
    shared["mail"] = MailSink(tls=server_tls(system.folder), login=("city", "mail-password"))
    shared["robots"] = RobotSink(SECRET)
    (system.folder / "mail.password").write_text("mail-password")
    (system.folder / "sms.headers").write_text("X-Gateway-Key: k1\nAccept: application/json\n")
    system.settings["notification"] = {
        "ZHITONG_SMTP_URL": shared["mail"].url, "ZHITONG_SMTP_USER": "city", "ZHITONG_SMTP_PASSWORD_FILE": str(system.folder / "mail.password"),
        "ZHITONG_CA_FILE": str(system.folder / "tls.crt"), "ZHITONG_MAIL_FROM": "小城直通 <city@example.org>",
        "ZHITONG_SMS_URL": shared["robots"].url("sms"), "ZHITONG_SMS_HEADERS_FILE": str(system.folder / "sms.headers"),
        "ZHITONG_SMS_GOOD": '"code": 0', "ZHITONG_PUBLIC_URL": "https://city.example/",
        "ZHITONG_RECEIPT_URL": "https://city.example/r/{case}?code={receipt}", "ZHITONG_PRIVATE_HOSTS": "127.0.0.1",
        "ZHITONG_RETRY_SCALE_PERCENT": "1"}
    start(system, shared, NOTICES)
    for login, role, unit in (("miller", "village_desk", "mill_1"), ("checker", "verifier", "north_office")):
        add_staff(system, login, role, unit, "public,internal,restricted")
    shared["staff"].update(mill=Staff(system.of("desk"), "miller", PASSWORD), check=Staff(system.of("desk"), "checker", PASSWORD))


# ---- those who reported

def heard(shared, address, count):
    wait_until(lambda: len(shared["mail"].to(address)) >= count, 15, lambda: (address, shared["mail"].to(address)))
    return [mail.subject for mail in shared["mail"].to(address)]


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
    sent = wait_until(lambda: [post.json for post in shared["robots"].of("sms")], 10, "an SMS")
    assert sent[0]["phone"] == "+86 139-0000-4711" and f"编号{own.case}" in sent[0]["text"] and own.code in sent[0]["text"], sent
    told = wait_until(lambda: [told for _, outcome, told, _ in outcomes(system, "reporters") if told.startswith("+86")], 5, "written")
    assert "0000" not in told[0], told


def nobody_without_an_address_is_tried_and_looks_are_logged(system, shared):
    receipt(system)
    named = receipt(system, reporter_name="Only A Name")
    settled(system)
    wait_until(lambda: [o for o in outcomes(system, "reporters") if o[1] == "nobody"], 5, "settled")
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
    wait_until(lambda: any("forgotten" in o[3] for o in outcomes(system, "reporters")), 5, "settled")
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


# ---- units and their people

def open_case(system, **fields):
    return int(receipt(system, **fields).case)


def a_unit_hears_by_mail_in_text_and_html(system, shared):
    add(system, "mill-mail", "mill_1", "email", "mill@example.com", "--language", "en", "--events", "assigned closed")
    case = open_case(system, title="bags <b>&</b>", description="x")
    subject, = heard(shared, "mill@example.com", 1)
    mail = shared["mail"].to("mill@example.com")[0]
    assert subject == f"New case {case}: Litter" and "Matter: bags <b>&</b>" in mail.text, mail.text
    assert "bags &lt;b&gt;&amp;&lt;/b&gt;" in mail.html and "<th align=\"left\" scope=\"row\">Responsible</th><td>Mill Village Committee</td>" in mail.html
    assert mail.message["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    assert re.fullmatch(r"<https://city\.example/unsubscribe/[0-9a-f]{32}>", mail.message["List-Unsubscribe"])
    finish(shared, case)
    time.sleep(1)
    assert len(shared["mail"].to("mill@example.com")) == 1, "what the unit did itself it is not told"


REFUSALS = {"nobody": (550, "dead"), "spam": (554, "dead"), "later": (450, "again"), "full": (452, "again"), "hang": (0, "again")}


def a_mail_server_that_refuses_has_its_named_outcomes(system, shared):
    for name in REFUSALS:
        add(system, name, "mill_1", "email", f"{name}@example.com", "--events", "assigned")
    open_case(system)
    for name, (status, outcome) in REFUSALS.items():
        wait_until(lambda: outcomes(system, name), 25, lambda: f"{name} tried")
        first = outcomes(system, name)[0]
        assert first[:2] == (status, outcome), (name, first)
        assert rows(system, name) == ["dead" if outcome == "dead" else "retry"], (name, rows(system, name))
    assert "timed out" in outcomes(system, "hang")[0][3], outcomes(system, "hang")
    for name in REFUSALS:
        system.zhitong("endpoints", "remove", name)


def without_tls_or_with_a_foreign_certificate_no_mail_goes_out(system, shared):
    (system.folder / "foreign").mkdir()
    plain, foreign = MailSink(), MailSink(tls=server_tls(system.folder / "foreign"))
    for sink, words in ((plain, "no TLS"), (foreign, "certificate refused")):
        system.replica("notification", 1).kill()
        system.replica("notification", 2).kill()
        for number in (1, 2):
            system.replica("notification", number).start({"ZHITONG_SMTP_URL": sink.url, "ZHITONG_SMTP_USER": ""}).wait_ready()
        system.wait_shared(("notification",))
        before = len(outcomes(system, "mill-mail"))
        open_case(system)
        wait_until(lambda: len(outcomes(system, "mill-mail")) > before, 15, "tried")
        last = outcomes(system, "mill-mail")[-1]
        assert last[:2] == (0, "again") and words in last[3], outcomes(system, "mill-mail")
        assert not sink.got
        sink.close()
    for number in (1, 2):
        system.replica("notification", number).kill()
        system.replica("notification", number).start().wait_ready()
    system.wait_shared(("notification",))
    wait_until(lambda: rows(system, "mill-mail") == [], 30, lambda: ("told in the end", rows(system, "mill-mail"), outcomes(system, "mill-mail")[-3:]))


def robots_check_the_signature_and_limit(system, shared):
    robots = shared["robots"]
    for kind in ("wecom", "dingtalk", "feishu"):
        add(system, kind, "mill_1", kind, robots.url(kind), "--language", "zh", "--events", "assigned")
    robots.limited = 3
    case = open_case(system, title="袋子 *粗* <at user_id=\"all\">")
    for kind in ("wecom", "dingtalk", "feishu"):
        wait_until(lambda: rows(system, kind) == ["retry"], 10, lambda: (kind, outcomes(system, kind)))
        wait = system.sql.number(f"""SELECT max(extract(epoch FROM d.next_at - now()))::integer FROM notification.delivery d
            JOIN notification.endpoint e USING (endpoint) WHERE e.name = '{kind}'""")
        assert 40 < wait <= 61, f"{kind} waits for {wait} s"
    due_now(system, "retry")
    for kind in ("wecom", "dingtalk", "feishu"):
        wait_until(lambda: robots.of(kind), 15, lambda: (kind, outcomes(system, kind)))
        wait_until(lambda: [o[1] for o in outcomes(system, kind)] == ["again", "sent"], 5, lambda: outcomes(system, kind))
        assert str(case) in str(robots.of(kind)[0].json)
    assert r"袋子 \*粗\* \<at user\_id" in robots.of("dingtalk")[0].json["markdown"]["text"]
    for kind in ("wecom", "dingtalk", "feishu"):
        system.zhitong("endpoints", "remove", kind)


def quiet_hours_hold_what_is_not_urgent_until_they_end(system, shared):
    system.zhitong("endpoints", "set", "mill-mail", "--quiet", f"{at(-60)}-{at(8)}")
    time.sleep(0.6)
    before = len(shared["mail"].to("mill@example.com"))
    ordinary = open_case(system, item="litter")
    wait_until(lambda: rows(system, "mill-mail") == ["held"], 10, lambda: rows(system, "mill-mail"))
    assert len(shared["mail"].to("mill@example.com")) == before, ordinary
    soon = open_case(system, item="lamp")  # due in 5 minutes: it would pass in the night
    heard(shared, "mill@example.com", before + 1)
    assert str(soon) in shared["mail"].to("mill@example.com")[-1].subject
    system.zhitong("endpoints", "set", "mill-mail", "--quiet", "none")
    due_now(system)
    heard(shared, "mill@example.com", before + 2)
    assert str(ordinary) in shared["mail"].to("mill@example.com")[-1].subject


def a_digest_tells_a_day_in_one_message(system, shared):
    add(system, "digest", "mill_1", "email", "digest@example.com", "--language", "zh", "--digest", at(8), "--events", "assigned")
    cases = [open_case(system, item="litter") for _ in range(4)]
    wait_until(lambda: rows(system, "digest") == ["held"] * 4, 10, lambda: rows(system, "digest"))
    due = system.sql.rows("SELECT DISTINCT to_char(next_at AT TIME ZONE 'Asia/Shanghai', 'HH24:MI') FROM notification.delivery WHERE state = 'held'")
    assert [tuple(row) for row in due] in ([(at(8),)], [(at(7),)]), due
    due_now(system)
    assert heard(shared, "digest@example.com", 1) == ["4 条消息"]
    mail = shared["mail"].to("digest@example.com")[0]
    assert all(f"新派单 {case}：垃圾" in mail.text for case in cases), mail.text
    wait_until(lambda: rows(system, "digest") == [], 5, "settled")
    assert [o[1] for o in outcomes(system, "digest")] == ["sent"] * 4
    system.zhitong("endpoints", "remove", "digest")


def more_than_so_many_an_hour_are_bundled(system, shared):
    add(system, "few", "mill_1", "email", "few@example.com", "--language", "en", "--per-hour", "2", "--events", "assigned")
    if time.localtime().tm_min == 59:
        time.sleep(61)
    for _ in range(6):
        open_case(system, item="litter")
    wait_until(lambda: rows(system, "few") == ["held"] * 4, 10, lambda: rows(system, "few"))
    heard(shared, "few@example.com", 2)
    due_now(system)
    assert heard(shared, "few@example.com", 3)[2] == "4 messages"
    system.zhitong("endpoints", "remove", "few")


# ---- ending it

def page(system, method, path, body=None):
    connection = http.client.HTTPConnection("127.0.0.1", system.of("intake")[0].ports["ZHITONG_HTTP_PORT"], timeout=10)
    connection.request(method, path, body, {"Content-Type": "application/x-www-form-urlencoded"} if body else {})
    answer = connection.getresponse()
    out = answer.status, answer.getheader("Content-Type"), answer.read().decode()
    connection.close()
    return out


def one_click_ends_an_endpoint_and_looking_does_not(system, shared):
    link = str(shared["mail"].to("mill@example.com")[-1].message["List-Unsubscribe"]).strip("<>").removeprefix("https://city.example")
    for _ in range(2):
        status, kind, text = page(system, "GET", link)
        assert status == 200 and kind.startswith("text/html") and 'lang="en"' in text and "<button>No more messages</button>" in text, text
    assert system.sql.number("SELECT count(*) FROM notification.endpoint WHERE name = 'mill-mail' AND disabled_at IS NULL") == 1
    for _ in range(2):
        status, _, text = page(system, "POST", link, "List-Unsubscribe=One-Click")
        assert status == 200 and "You will hear no more" in text, text
    (why,), = system.sql.rows("SELECT disabled_why FROM notification.endpoint WHERE name = 'mill-mail'")
    assert why == "ended by its link", why
    before = len(shared["mail"].to("mill@example.com"))
    time.sleep(0.6)
    open_case(system)
    settled(system)
    time.sleep(0.5)
    assert len(shared["mail"].to("mill@example.com")) == before
    for token in ("x", "0" * 32, "r1-" + "0" * 32, "r" + "9" * 30):
        assert page(system, "GET", f"/unsubscribe/{token}")[0] == 404 == page(system, "POST", f"/unsubscribe/{token}")[0], token
    system.zhitong("endpoints", "remove", "mill-mail")


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


# ---- nobody twice, nobody forgotten

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


TESTS = [everything_starts, a_reporter_hears_of_each_step_once_in_chinese, a_reporter_hears_of_each_step_once_in_english,
         who_left_a_number_gets_short_messages, nobody_without_an_address_is_tried_and_looks_are_logged,
         a_forgotten_reporter_is_told_nothing_more, the_reporter_of_a_merged_report_hears_of_his_own,
         a_unit_hears_by_mail_in_text_and_html, a_mail_server_that_refuses_has_its_named_outcomes,
         without_tls_or_with_a_foreign_certificate_no_mail_goes_out, robots_check_the_signature_and_limit,
         quiet_hours_hold_what_is_not_urgent_until_they_end, a_digest_tells_a_day_in_one_message, more_than_so_many_an_hour_are_bundled,
         one_click_ends_an_endpoint_and_looking_does_not, a_reporter_ends_messages_about_one_report_or_all,
         nobody_is_told_twice_or_forgotten_over_kill_9, the_audit_finds_who_should_have_been_told_and_was_not]
main("notices", TESTS)
