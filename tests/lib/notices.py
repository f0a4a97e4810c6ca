"""What the tests of messages to people share: a system with a mail server, an SMS gateway and robots, endpoints, and what became of them."""
import datetime
import http.client
import time

from checks import wait_applied, wait_until
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


def heard(shared, address, count):
    wait_until(lambda: len(shared["mail"].to(address)) >= count, 30, lambda: (address, shared["mail"].to(address)))
    return [mail.subject for mail in shared["mail"].to(address)]


def open_case(system, **fields):
    return int(receipt(system, **fields).case)


def page(system, method, path, body=None):
    connection = http.client.HTTPConnection("127.0.0.1", system.of("intake")[0].ports["ZHITONG_HTTP_PORT"], timeout=10)
    connection.request(method, path, body, {"Content-Type": "application/x-www-form-urlencoded"} if body else {})
    answer = connection.getresponse()
    out = answer.status, answer.getheader("Content-Type"), answer.read().decode()
    connection.close()
    return out
