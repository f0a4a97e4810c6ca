#!/usr/bin/python3
"""E-mails as reports: piped in and from a mailbox, in every charset and form that people send, and hostile ones."""
import base64
import email.message
import email.policy
import http.server
import json
import os
import re
import subprocess
import sys
import threading
import time
import urllib.request
from pathlib import Path

sys.dont_write_bytecode = True
sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "lib"))

from checks import main, wait_until
from files import example
from imap_sink import ImapSink
from sources import small_city_with
from system import BUILD

PLACE = ("--channel", "app", "--item", "lamp", "--area", "n_mill_1")
PICTURE = b"\x89PNG\r\n\x1a\n" + bytes(range(256)) * 40
LATER, DATA = 75, 65
SECONDS_MAX = 60


class Intake(http.server.ThreadingHTTPServer):
    """Takes what `zhitong mail` sends and keeps it; `statuses` says how it answers a path."""
    daemon_threads = True

    def __init__(self):
        super().__init__(("127.0.0.1", 0), Answer)
        self.files, self.reports, self.headers, self.statuses = [], [], [], {}

    def __enter__(self):
        threading.Thread(target=self.serve_forever, daemon=True).start()
        return self

    def __exit__(self, *_):
        self.shutdown()
        self.server_close()

    @property
    def url(self):
        return f"http://127.0.0.1:{self.server_address[1]}"


class Answer(http.server.BaseHTTPRequestHandler):
    def log_message(self, *_):
        pass

    def do_POST(self):
        body = self.rfile.read(int(self.headers["Content-Length"]))
        status = self.server.statuses.get(self.path, 201)
        answer = {"error": {"field": "x", "reason": "as the test wants it"}}
        if status < 300 and self.path == "/files":
            self.server.files.append(body)
            answer = {"file": f"{len(self.server.files):064x}", "type": "image/png", "bytes": len(body)}
        elif status < 300:
            self.server.reports.append(json.loads(body))
            self.server.headers.append(dict(self.headers))
            answer = {"case": "128"}
        text = json.dumps(answer).encode()
        self.send_response(status)
        self.send_header("Content-Length", str(len(text)))
        self.end_headers()
        self.wfile.write(text)


def run(*words, mail=b"", seconds=SECONDS_MAX):
    return subprocess.run([BUILD / "zhitong", "mail", *map(str, words)], input=mail, capture_output=True, check=False,
                          timeout=seconds, env=dict(os.environ))


def mail(text="The lamp is out.\n", subject="Lamp", **headers):
    head = {"From": "Li Wei <li@example.org>", "To": "city@example.org", "Subject": subject,
            "Message-ID": f"<{time.monotonic_ns()}@example.org>", "Date": "Mon, 03 Jul 2023 10:00:00 +0800"}
    head.update({name.replace("_", "-"): value for name, value in headers.items()})
    lines = [f"{name}: {value}" for name, value in head.items() if value is not None]
    return "\r\n".join(lines + ["", text]).encode()


def with_files(count=1, data=PICTURE, kind=("image", "png"), text="See the picture.\n"):
    message = email.message.EmailMessage(policy=email.policy.SMTP)
    message["From"], message["Subject"], message["Message-ID"] = "a@example.org", "Hole", f"<{time.monotonic_ns()}@x>"
    message.set_content(text)
    for nth in range(count):
        message.add_attachment(data, maintype=kind[0], subtype=kind[1], filename=f"照片 {nth}.png")
    return message.as_bytes()


def taken(raw):
    """The report that a mail becomes."""
    with Intake() as intake:
        done = run("--intake", intake.url, mail=raw)
        assert done.returncode == 0 and len(intake.reports) == 1, (done, raw[:300])
        return intake.reports[0]


def a_piped_mail_is_a_report_once(system, shared):
    system.start_all(replicas=1)
    url = system.replica("intake").http
    raw = mail("The lamp is out.\n", From="<li@example.org>")
    raw = re.sub(rb"From: [^\r]*\r\n", b"From: anonymous@example.org\r\n", raw)
    shared["keyring"] = b"personal data cannot be kept" in run("--intake", url, *PLACE, mail=raw).stdout
    if shared["keyring"]:  # reporters are kept encrypted only
        system.zhitong("keys", "secret", system.folder / "ring.keys", database=False)
        system.replica("intake").kill()
        system.replica("intake").start({"ZHITONG_SECRET_KEYS": str(system.folder / "ring.keys")}).wait_ready()
    first = run("--intake", url, *PLACE, mail=raw)
    assert first.returncode == 0, first
    case = re.search(rb"case (\d+)", first.stdout)[1]
    again = run("--intake", url, *PLACE, mail=b"Received: by another way\r\n" + raw)
    assert again.returncode == 0 and b"repeated: case " + case in again.stdout, again
    assert system.sql.number("SELECT count(*) FROM intake.report") == 1


def an_intake_that_keeps_no_files_gets_the_report_without_them(system, _):
    """And the mails behind it do not wait for ever."""
    done = run("--intake", system.replica("intake").http, *PLACE, mail=with_files(2))
    assert done.returncode == 0 and b"0 files, 2 left out" in done.stdout, done


def a_mail_of_a_source_has_its_channel_item_and_area_and_its_picture(system, shared):
    ring, key = system.folder / "ring2.keys", system.folder / "mailbox.apikey"
    system.zhitong("keys", "secret", ring, database=False)
    system.zhitong("keys", "source", "add", "mailbox", "--kind", "key", "--out", key, "--secret-keys", ring)
    intake = system.replica("intake")
    intake.kill()
    intake.start({"ZHITONG_SECRET_KEYS": str(ring), "ZHITONG_FILES_FOLDER": str(system.folder / "files")}).wait_ready()
    raw = with_files(1, example("camera.jpg"), ("image", "jpeg"))
    done = wait_until(lambda: (lambda done: done if done.returncode == 0 else None)(
        run("--intake", intake.http, "--key-file", key, mail=raw)), 20, "the key is known")
    case = re.search(rb"case (\d+), 1 files, 0 left out", done.stdout)[1].decode()
    with urllib.request.urlopen(f"{intake.http}/reports/{case}") as answer:
        kept = json.load(answer)
    assert (kept["channel"], kept["item"], kept["area"]) == ("app", "pothole", "n_mill"), kept
    assert kept["title"] == "Hole" and len(kept["files"]) == 64, kept
    again = run("--intake", intake.http, "--key-file", key, mail=b"Received: twice\r\n" + raw)
    assert f"repeated: case {case},".encode() in again.stdout, again
    (system.folder / "wrong.apikey").write_text("zt_wrong\n")
    assert run("--intake", intake.http, "--key-file", system.folder / "wrong.apikey", mail=mail()).returncode == LATER


def what_people_send_is_read(system, shared):
    def encoded(text, charset, way="base64", named=None):
        data = text.encode(charset)
        body = base64.encodebytes(data).decode() if way == "base64" else "".join(f"={byte:02X}" for byte in data)
        return mail(body, Content_Type=f"text/plain; charset={named or charset}", Content_Transfer_Encoding=way)
    for charset in ("utf-8", "gb18030", "gbk", "gb2312", "big5"):
        text = "路燈壞了" if charset == "big5" else "路灯坏了"
        for way in ("base64", "quoted-printable"):
            report = taken(encoded(text, charset, way))
            assert report["description"] == text, (charset, way, report)
    assert taken(encoded("镕路", "gbk", named="gb2312"))["description"] == "镕路"  # more than GB2312 has
    assert taken(encoded("灯坏", "gb18030", named="x-unknown"))["description"] == "灯坏"
    assert taken(encoded("café €", "cp1252", named="iso-8859-1"))["description"] == "café €"
    for subject, wanted in (("=?UTF-8?B?6Lev54Gv?=", "路灯"), ("=?gb2312?B?wrfGwQ==?=", "路屏"), ("=?utf-8?Q?=E8=B7=AF?= x", "路 x"),
                            ("=?utf-8?B?6Lev?=\r\n =?utf-8?B?54Gv?=", "路灯"), ("=?x?Z?broken?=", "=?x?Z?broken?="),
                            ("x" * 900, "x" * 240), ("漯" * 300, "漯" * 80)):
        report = taken(mail(subject=subject))
        assert report["title"] == wanted, (subject, report)
    html = taken(mail("<html><head><title>no</title></head><p>Lamp &amp; pole<br>out</p><blockquote>old</blockquote>",
                      Content_Type="text/html; charset=utf-8"))
    assert html["description"] == "Lamp & pole\nout", html
    quoted = taken(mail("Still dark.\r\n\r\nOn Monday Li wrote:\r\n> mended\r\n"))
    assert quoted["description"] == "Still dark.", quoted
    report = taken(mail(From="=?gb18030?B?wO7OsA==?= <LI@example.org>"))
    assert report["reporter_name"] == "李伟" and report["reporter_email"] == "LI@example.org", report
    long = taken(mail("漯" * 5000, Content_Type="text/plain; charset=utf-8", Content_Transfer_Encoding="8bit"))
    assert long["description"] == "漯" * 1333, len(long["description"])


def attachments_are_stored_and_named(system, shared):
    with Intake() as intake:
        assert run("--intake", intake.url, mail=with_files(2)).returncode == 0
        assert intake.reports[0]["files"] == f"{1:064x} {2:064x}" and PICTURE in intake.files[0], intake.reports
        assert "照片 0.png".encode() in intake.files[0]
        many = run("--intake", intake.url, mail=with_files(13))
        assert len(intake.reports[1]["files"].split()) == 10 and b"3 left out" in many.stdout, many
        for kind in (("application", "zip"), ("application", "x-msdownload"), ("text", "html")):
            other = run("--intake", intake.url, mail=with_files(1, b"data", kind) if kind[0] != "text" else
                        with_files(1, b"<script>", ("application", "javascript")))
            assert b"1 left out" in other.stdout and "files" not in intake.reports[-1], other
        intake.statuses["/files"] = 415
        refused = run("--intake", intake.url, mail=with_files(1))
        assert refused.returncode == 0 and b"1 left out" in refused.stdout, refused
        intake.statuses["/files"] = 503
        before = len(intake.reports)
        assert run("--intake", intake.url, mail=with_files(1)).returncode == LATER and len(intake.reports) == before


def what_a_program_sent_is_no_report(system, shared):
    with Intake() as intake:
        for name, value in (("Auto-Submitted", "auto-replied"), ("Auto-Submitted", "auto-generated"), ("Precedence", "bulk"),
                            ("Precedence", "list"), ("List-Id", "<l.example.org>"), ("List-Unsubscribe", "<mailto:x@y>"),
                            ("Return-Path", "<>"), ("X-Autoreply", "yes"), ("From", "MAILER-DAEMON@example.org"),
                            ("Content-Type", "multipart/report; report-type=delivery-status; boundary=b")):
            done = run("--intake", intake.url, mail=mail(**{name.replace("-", "_"): value}))
            assert done.returncode == 0 and b"automatic" in done.stdout and not intake.reports, (name, done)
        assert run("--intake", intake.url, mail=mail(Auto_Submitted="no")).returncode == 0 and len(intake.reports) == 1


def the_exit_code_tells_the_mail_server_what_to_do(system, shared):
    with Intake() as intake:
        for status, wanted in ((400, DATA), (422, DATA), (413, DATA), (429, LATER), (500, LATER), (503, LATER), (401, LATER)):
            intake.statuses["/reports"] = status
            assert run("--intake", intake.url, mail=mail()).returncode == wanted, status
    assert run("--intake", "http://127.0.0.1:9", mail=mail()).returncode == LATER
    assert run("--intake", "http://127.0.0.1:9", "--key-file", "/nowhere", mail=mail()).returncode == LATER
    for words in ((), ("--intake", "x"), ("--intake", "http://x", "--imap", "imap://x"), ("--intake", "http://x", "--every", "0")):
        assert run(*words, mail=mail()).returncode == 2, words


def hostile():
    nested = "Content-Type: multipart/mixed; boundary=a\r\n\r\n"
    deep = "".join(f"--b{nth}\r\nContent-Type: multipart/mixed; boundary=b{nth + 1}\r\n\r\n" for nth in range(3000))
    yield "empty", b""
    yield "nul", b"\0" * 5000
    yield "noise", bytes(range(256)) * 100
    yield "no sender", mail(From=None)
    yield "sender is a group", mail(From="undisclosed:;")
    yield "only headers", b"From: a@b\r\n" * 50000
    yield "header of a megabyte", mail(subject="x" * 1_000_000)
    yield "deep", mail("--b0\r\n" + deep, Content_Type="multipart/mixed; boundary=b0")
    yield "same boundary in itself", mail(("--a\r\n" + nested) * 2000, Content_Type="multipart/mixed; boundary=a")
    yield "many parts", mail("--a\r\n\r\nx\r\n" * 50000, Content_Type="multipart/mixed; boundary=a")
    yield "no boundary", mail("x", Content_Type="multipart/mixed")
    yield "broken base64", mail("!!!!====AAA", Content_Transfer_Encoding="base64")
    yield "unknown encoding", mail("x", Content_Transfer_Encoding="x-nothing")
    yield "charset of a path", mail("x", Content_Type="text/plain; charset=\"../../etc/passwd\"")
    yield "charset UTF-7", mail("+ADw-script+AD4-", Content_Type="text/plain; charset=utf-7")
    yield "html without end", mail("<" * 100000, Content_Type="text/html")
    yield "entities", mail("&#" * 100000 + "&#x110000;&#0;", Content_Type="text/html")
    yield "id of a kilobyte", mail(Message_ID="<" + "x" * 1000 + "@y>")
    yield "id with blanks", mail(Message_ID="<a b\tc>")
    yield "folded into nothing", mail(subject="\r\n \r\n \r\n ")
    yield "words that swell", mail(subject="=?utf-8?B?" + base64.b64encode(b"A" * 50000).decode() + "?=")
    yield "name of a path", with_files(1).replace(b"filename", b"filename*0=../../../../etc/passwd; filename")
    yield "mail in a mail in a mail", mail("From: x@y\r\nContent-Type: message/rfc822\r\n\r\n" * 3000, Content_Type="message/rfc822")
    yield "rtl and controls", mail("\u202eabc\u0000\u0007\u001b[31m", Content_Type="text/plain; charset=utf-8")
    yield "too long", mail("x" * 40_000_000)


def hostile_mails_are_bounded_and_never_crash_it(system, shared):
    with Intake() as intake:
        for name, raw in hostile():
            began = time.monotonic()
            done = run("--intake", intake.url, mail=raw)
            assert done.returncode in (0, DATA), (name, done.returncode, done.stderr[-2000:])
            assert time.monotonic() - began < 20, name
        for report in intake.reports:
            assert len(report.get("title", "").encode()) <= 240 and len(report.get("description", "").encode()) <= 4000
            assert 0 < len(report["source_id"]) <= 60, report
            assert not re.search("[\x00-\x08\x0b-\x1f\x7f]", report.get("title", "") + report.get("description", "")), report


def imap(system, sink, intake, *more):
    (system.folder / "password").write_text(sink.password + "\n")
    return run("--intake", intake.url, "--imap", sink.url, "--user", sink.user, "--password-file", system.folder / "password",
               "--without-tls", "--once", *more)


def a_mailbox_is_emptied_into_its_folders(system, shared):
    for move in (True, False):
        with Intake() as intake, ImapSink(move=move) as sink:
            good = [sink.put(mail(f"mail {nth}")) for nth in range(5)]
            automatic = sink.put(mail(Precedence="bulk"))
            nothing = sink.put(b"\0" * 100)
            huge = sink.put(mail("small"))
            sink.size_lies[huge] = 99_000_000
            done = imap(system, sink, intake)
            assert done.returncode == 0 and b"8 mails handled" in done.stdout, done
            assert sorted(sink.folders["Zhitong taken"]) == good and not sink.folders["INBOX"], sink.folders.keys()
            assert list(sink.folders["Zhitong automatic"]) == [automatic]
            assert sorted(sink.folders["Zhitong refused"]) == [nothing, huge]
            assert sorted(report["description"] for report in intake.reports) == [f"mail {nth}" for nth in range(5)]
            assert imap(system, sink, intake).returncode == 0 and len(intake.reports) == 5


def mails_stay_while_intake_is_busy(system, shared):
    with Intake() as intake, ImapSink() as sink:
        sink.put(mail("one"))
        sink.put(mail("two"))
        intake.statuses["/reports"] = 503
        assert imap(system, sink, intake).returncode == 1 and len(sink.folders["INBOX"]) == 2
        intake.statuses["/reports"] = 400
        assert imap(system, sink, intake).returncode == 0 and len(sink.folders["Zhitong refused"]) == 2


def a_mail_that_was_taken_but_not_moved_is_no_second_report(system, shared):
    with ImapSink() as sink:
        url = type("Url", (), {"url": system.replica("intake").http})
        raw = mail("twice", From="twice@example.org")
        sink.put(raw)
        before = system.sql.number("SELECT count(*) FROM intake.report")
        assert imap(system, sink, url, *PLACE).returncode == 0, sink.commands
        sink.put(raw)
        done = imap(system, sink, url, *PLACE)
        assert b"repeated" in done.stdout and len(sink.folders["Zhitong taken"]) == 2, done
        assert system.sql.number("SELECT count(*) FROM intake.report") == before + 1


def a_mailbox_that_fails_is_told_and_tried_again(system, shared):
    with Intake() as intake, ImapSink() as sink:
        sink.put(mail("late"))
        sink.password, right = "other", sink.password
        (system.folder / "wrong").write_text(right + "\n")
        words = ("--intake", intake.url, "--imap", sink.url, "--user", sink.user, "--password-file", system.folder / "wrong",
                 "--without-tls")
        done = run(*words, "--once")
        assert done.returncode == 1 and b"imap" in done.stderr and right.encode() not in done.stderr, done
        runs = subprocess.Popen([BUILD / "zhitong", "mail", *map(str, words), "--every", "1"], stdout=subprocess.PIPE,
                                stderr=subprocess.PIPE)
        try:
            time.sleep(1.5)
            sink.password = right
            wait_until(lambda: len(intake.reports) == 1, 30, "taken after the password is right")
            runs.terminate()
            assert runs.wait(10) == 0, runs.stderr.read()
        finally:
            runs.kill()
        without = run(*[word for word in words if word != "--without-tls"], "--once")
        assert without.returncode == 1, without  # the sink speaks no TLS: the password is not sent


main("mail", [a_piped_mail_is_a_report_once, an_intake_that_keeps_no_files_gets_the_report_without_them,
              a_mail_of_a_source_has_its_channel_item_and_area_and_its_picture,
              what_people_send_is_read, attachments_are_stored_and_named,
              what_a_program_sent_is_no_report, the_exit_code_tells_the_mail_server_what_to_do,
              hostile_mails_are_bounded_and_never_crash_it, a_mailbox_is_emptied_into_its_folders,
              mails_stay_while_intake_is_busy, a_mail_that_was_taken_but_not_moved_is_no_second_report,
              a_mailbox_that_fails_is_told_and_tried_again],
     city=small_city_with("mailbox,app,Mailbox,,mail,pothole,n_mill,,\n"))
