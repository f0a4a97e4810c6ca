#!/usr/bin/python3
"""Messages to units and their staff in a running system: mail servers that refuse, robots that limit, quiet hours, digests, bundles, and the
link that ends it."""
import sys
import re
import time
from pathlib import Path

sys.dont_write_bytecode = True
sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "lib"))

from checks import main, wait_until
from notices import add, due_now, everything_starts, finish, heard, at, open_case, outcomes, page, rows, settled
from mail_sink import MailSink
from webhook_sink import server_tls


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


def a_mail_server_that_hangs_delays_nobody_else(system, _):
    add(system, "hang", "mill_1", "email", "hang@example.com", "--events", "assigned")
    open_case(system)
    time.sleep(1)
    add(system, "quick", "mill_1", "email", "quick@example.com", "--events", "assigned")
    open_case(system)
    wait_until(lambda: outcomes(system, "quick"), 10, "told meanwhile")
    assert outcomes(system, "hang") == []
    for name in ("hang", "quick"):
        system.zhitong("endpoints", "remove", name)


REFUSALS = {"nobody": (550, "dead"), "spam": (554, "dead"), "later": (450, "again"), "full": (452, "again"), "hang": (0, "again")}


def a_mail_server_that_refuses_has_its_named_outcomes(system, shared):
    for name in REFUSALS:
        add(system, name, "mill_1", "email", f"{name}@example.com", "--events", "assigned")
    open_case(system)
    for name, (status, outcome) in REFUSALS.items():
        wait_until(lambda: outcomes(system, name), 40, lambda: f"{name} tried")
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
        wait_until(lambda: rows(system, kind) == ["retry"], 20, lambda: (kind, outcomes(system, kind)))
        wait = system.sql.number(f"""SELECT max(extract(epoch FROM d.next_at - now()))::integer FROM notification.delivery d
            JOIN notification.endpoint e USING (endpoint) WHERE e.name = '{kind}'""")
        assert 40 < wait <= 61, f"{kind} waits for {wait} s"
    due_now(system, "retry")
    for kind in ("wecom", "dingtalk", "feishu"):
        wait_until(lambda: robots.of(kind), 15, lambda: (kind, outcomes(system, kind)))
        wait_until(lambda: [o[1] for o in outcomes(system, kind)] == ["again", "sent"], 20, lambda: outcomes(system, kind))
        assert str(case) in str(robots.of(kind)[0].json)
    assert r"袋子 \*粗\* \<at user\_id" in robots.of("dingtalk")[0].json["markdown"]["text"]
    for kind in ("wecom", "dingtalk", "feishu"):
        system.zhitong("endpoints", "remove", kind)


def quiet_hours_hold_what_is_not_urgent_until_they_end(system, shared):
    system.zhitong("endpoints", "set", "mill-mail", "--quiet", f"{at(-60)}-{at(8)}")
    time.sleep(2)  # the courier hears of it
    before = len(shared["mail"].to("mill@example.com"))
    ordinary = open_case(system, item="litter")
    wait_until(lambda: rows(system, "mill-mail") == ["held"], 20, lambda: rows(system, "mill-mail"))
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
    wait_until(lambda: rows(system, "digest") == ["held"] * 4, 20, lambda: rows(system, "digest"))
    due = system.sql.rows("SELECT DISTINCT to_char(next_at AT TIME ZONE 'Asia/Shanghai', 'HH24:MI') FROM notification.delivery WHERE state = 'held'")
    assert [tuple(row) for row in due] in ([(at(8),)], [(at(7),)]), due
    due_now(system)
    assert heard(shared, "digest@example.com", 1) == ["4 条消息"]
    mail = shared["mail"].to("digest@example.com")[0]
    assert all(f"新派单 {case}：垃圾" in mail.text for case in cases), mail.text
    wait_until(lambda: rows(system, "digest") == [], 20, "settled")
    assert [o[1] for o in outcomes(system, "digest")] == ["sent"] * 4
    system.zhitong("endpoints", "remove", "digest")


def a_digest_that_fails_is_tried_again_as_one_message(system, shared):
    add(system, "digest", "mill_1", "email", "twice@example.com", "--language", "en", "--digest", at(8), "--events", "assigned")
    cases = [open_case(system, item="litter") for _ in range(4)]
    wait_until(lambda: rows(system, "digest") == ["held"] * 4, 20, lambda: rows(system, "digest"))
    shared["mail"].sick = True
    due_now(system)
    wait_until(lambda: [o[1] for o in outcomes(system, "digest")].count("again") >= 4, 20, "failed once")
    shared["mail"].sick = False
    due_now(system)
    heard(shared, "twice@example.com", 1)
    wait_until(lambda: rows(system, "digest") == [], 15, lambda: rows(system, "digest"))
    assert heard(shared, "twice@example.com", 1) == ["4 messages"]
    assert all(str(case) in shared["mail"].to("twice@example.com")[0].text for case in cases)
    system.zhitong("endpoints", "remove", "digest")


def what_failed_before_the_quiet_hours_is_not_tried_within_them(system, shared):
    add(system, "sleeper", "mill_1", "email", "sleeper@example.com", "--language", "en", "--events", "assigned")
    shared["mail"].sick = True
    open_case(system, item="litter")
    wait_until(lambda: rows(system, "sleeper") == ["retry"], 20, lambda: rows(system, "sleeper"))
    system.zhitong("endpoints", "set", "sleeper", "--quiet", f"{at(-60)}-{at(8)}")
    time.sleep(0.6)
    shared["mail"].sick = False
    due_now(system, "retry")
    wait_until(lambda: rows(system, "sleeper") == ["held"], 20, lambda: (rows(system, "sleeper"), shared["mail"].to("sleeper@example.com")))
    tried = system.sql.number("SELECT d.attempts FROM notification.delivery d JOIN notification.endpoint e USING (endpoint) WHERE e.name = 'sleeper'")
    assert tried == len(outcomes(system, "sleeper")) > 0, "the attempts before count on"
    assert not shared["mail"].to("sleeper@example.com")
    system.zhitong("endpoints", "set", "sleeper", "--quiet", "none")
    due_now(system)
    heard(shared, "sleeper@example.com", 1)
    system.zhitong("endpoints", "remove", "sleeper")


def what_is_replayed_is_what_its_reader_wants(system, shared):
    add(system, "again", "mill_1", "email", "again@example.com", "--language", "en", "--events", "assigned")
    case = open_case(system)
    finish(shared, case)
    settled(system)
    heard(shared, "again@example.com", 1)
    seq = system.sql.number("SELECT head FROM notification.stream WHERE unit = 'mill_1'")
    count = system.sql.number(f"SELECT count(*) FROM notification.stream_entry WHERE unit = 'mill_1' AND case_id = {case}")
    system.zhitong("deliveries", "replay", "again", "--from", str(seq - count + 1), "--to", str(seq))
    heard(shared, "again@example.com", 2)
    settled(system)
    wait_until(lambda: rows(system, "again") == [], 20, lambda: outcomes(system, "again"))
    assert [o[1] for o in outcomes(system, "again")] == ["sent"] * 2, outcomes(system, "again")
    system.zhitong("endpoints", "remove", "again")


def more_than_so_many_an_hour_are_bundled(system, shared):
    add(system, "few", "mill_1", "email", "few@example.com", "--language", "en", "--per-hour", "2", "--events", "assigned")
    if time.localtime().tm_min == 59:
        time.sleep(61)
    for _ in range(6):
        open_case(system, item="litter")
    wait_until(lambda: rows(system, "few") == ["held"] * 4, 20, lambda: rows(system, "few"))
    heard(shared, "few@example.com", 2)
    due_now(system)
    assert heard(shared, "few@example.com", 3)[2] == "4 messages"
    system.zhitong("endpoints", "remove", "few")


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


def staff_set_their_own_messages(system, shared):
    mill, check = shared["staff"]["mill"], shared["staff"]["check"]
    add(system, "own", "mill_1", "email", "own@example.com", "--login", "miller", "--events", "assigned", "--language", "en")
    own, = mill.get("/notices").json["endpoints"]
    assert own["name"] == "own" and own["events"] == ["assigned"] and own["address"] == "o***n@example.com" and own["off"] is False, own
    assert check.get("/notices").json == {"endpoints": []}
    path = f"/notices/{own['endpoint']}"
    for body, field in (({"events": ["shut"]}, "events"), ({"quiet_from": "25:00", "quiet_to": "07:00"}, "quiet_from"), ({"quiet_from": "22:00"}, "quiet_to"),
                        ({"digest_at": 8}, "digest_at"), ({"per_hour": 0}, "per_hour"), ({"off": "yes"}, "off"), ({"language": "x y"}, "language"),
                        ({"unit": "works"}, "unit")):
        answer = mill.ask("PUT", path, body)
        assert answer.status == 422 and answer.field == field, (body, answer)
    assert check.ask("PUT", path, {"off": True}).status == 404, "it is another's"
    wishes = {"events": ["assigned", "overdue"], "quiet_from": "22:00", "quiet_to": "07:00", "digest_at": "08:00", "per_hour": 5, "language": "zh", "off": True}
    assert mill.ask("PUT", path, wishes).status == 200
    own, = mill.get("/notices").json["endpoints"]
    assert own.items() >= wishes.items() and own["why"] == "ended by its owner", own
    assert mill.ask("PUT", path, {"quiet_from": None, "quiet_to": None, "digest_at": None, "per_hour": None, "off": False, "events": []}).status == 200
    own, = mill.get("/notices").json["endpoints"]
    assert not {"quiet_from", "digest_at", "per_hour", "why"} & set(own) and own["off"] is False and own["events"] == [], own
    time.sleep(0.6)
    case = open_case(system)
    assert str(case) in heard(shared, "own@example.com", 1)[0] and "新派单" in heard(shared, "own@example.com", 1)[0]
    system.zhitong("endpoints", "disable", "own")
    assert mill.ask("PUT", path, {"off": False}).status == 200
    assert mill.get("/notices").json["endpoints"][0]["off"] is True, "what an operator disabled stays so"
    system.zhitong("endpoints", "remove", "own")


main("notices_units", [everything_starts, a_unit_hears_by_mail_in_text_and_html,
                       a_mail_server_that_hangs_delays_nobody_else, a_mail_server_that_refuses_has_its_named_outcomes,
     without_tls_or_with_a_foreign_certificate_no_mail_goes_out, robots_check_the_signature_and_limit,
     quiet_hours_hold_what_is_not_urgent_until_they_end, a_digest_tells_a_day_in_one_message,
     a_digest_that_fails_is_tried_again_as_one_message, what_failed_before_the_quiet_hours_is_not_tried_within_them,
     what_is_replayed_is_what_its_reader_wants,
     more_than_so_many_an_hour_are_bundled, one_click_ends_an_endpoint_and_looking_does_not, staff_set_their_own_messages])
