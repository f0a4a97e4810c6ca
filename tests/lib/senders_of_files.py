"""Senders of whole documents: CSV files, alerts and e-mails; what a report is made of there has names of its own."""
import os
import re
import secrets
import subprocess
from pathlib import Path

from senders import GOOD, MISSING, Result, Sender, ask, pairs_of, result_of
from system import BUILD, ROOT
from wrong_forms import BROKEN, MARKUP, TWICE, Case

SECONDS_MAX = 30


def csv_field(value):
    data = value if isinstance(value, bytes) else str(value).encode()
    return b'"' + data.replace(b'"', b'""') + b'"'


class Csv(Sender):
    """A file of calls, its columns found by the city's map. All that is wrong stands in one file."""
    title, typed, asks, statuses = "CSV, a source's columns", False, False, ("refused",)
    limits = {"source_id": 1000}
    given, words = ("item", "area"), ("--source", "calls")
    prefix = "col "
    good = {name: value for name, value in GOOD.items() if name not in ("channel", "attributes")}

    def __init__(self, system, key):
        super().__init__()
        self.system, self.key, self.count = system, key, 0
        self.names = {name: None if name in ("key", "channel", "attributes", "files") else self.prefix + name for name in self.names}
        self.takes = {(name, "duplicate key") for name in self.names}  # of the file, not of a record: see `extra`

    def columns(self):
        return [name for name, called in self.names.items() if called is not None]

    def record(self, changes):
        row = dict(pairs_of({"source_id": secrets.token_hex(16), **self.good}, changes))
        return b",".join(csv_field(row.get(name, "")) for name in self.columns())

    def take_in(self, header, records):
        """What the import says, and of each record that was refused: line → (column, reason)."""
        self.count += 1
        path = self.system.folder / f"{self.prefix or 'ours'}{self.count}.csv"
        path.write_bytes(b"\n".join([header] + records) + b"\n")
        rejects = Path(f"{path}.rejects")
        done = self.system.zhitong("import", path, *self.words, "--endpoint", ",".join(self.system.endpoints("intake")), "--server-key",
                                   self.system.folder / "service.key", "--key", self.key, "--rejects", rejects, check=False)
        found = {}
        for line in rejects.read_bytes().split(b"\n")[1:] if rejects.exists() else ():
            match = re.match(rb'(\d+),("?)([^,"]*)\2,(.*)', line)
            if match:
                found[int(match[1])] = (match[3].decode(), match[4].decode(errors="replace"))
        return done, found

    def header(self, names=None):
        return ",".join(self.names[name] for name in names or self.columns()).encode()

    def run(self, cases):
        done, found = self.take_in(self.header(), [self.record(case.change) for case in cases])
        assert f"{len(cases) - len(found)} accepted, 0 accepted before, {len(found)} refused" in done.stdout, done
        return [Result("refused", [found[line][0]], found[line][1]) if line in found else Result("accepted", [], "")
                for line in range(2, len(cases) + 2)]

    def send(self, changes):
        return self.run([Case("", "", changes, "")])[0]

    def bad_files(self):
        """What is wrong with the file as a whole: (column, what the import says), which took nothing."""
        for name in self.columns():
            done, _ = self.take_in(self.header(self.columns() + [name]), [self.record({}) + b',"x"'])
            yield self.names[name], done


class PlainCsv(Csv):
    """A file whose columns are the fields of a report."""
    title, words, prefix, given, limits = "CSV, our columns", (), "", (), {}
    good = GOOD

    def __init__(self, system, key):
        super().__init__(system, key)
        self.names = {name: None if name == "key" else name for name in self.names}


class Cap(Sender):
    """Alerts: their elements are those of common/cap.c."""
    title, statuses = "CAP", (400,)
    NEEDED_OF_AREA = "<areaDesc>here</areaDesc><circle>33.611,114.011 1</circle><geocode><valueName>CN</valueName><value>411102</value></geocode>"
    LIMIT_BYTES = 13000

    def __init__(self, replica, key):
        super().__init__()
        self.replica, self.key = replica, key
        text = (ROOT / "common/cap.c").read_text()
        self.elements = re.findall(r'(?:(ALERT|INFO)\(|\{LEVEL_(AREA|GEOCODE), )"(\w+)", .*?(true|false),\s*(?:\w+|("[^"]*"))', text, re.DOTALL)

    def good_values(self):
        return {"identifier": secrets.token_hex(16), "sender": "w@x", "sent": "2026-11-20T08:00:00+08:00", "status": "Actual", "msgType": "Alert",
                "scope": "Public", "language": "zh-CN", "event": "暴雨", "urgency": "Immediate", "severity": "Severe", "certainty": "Likely",
                "headline": "暴雨", "description": "rain", "areaDesc": "here", "circle": "33.611,114.011 1", "valueName": "CN",
                "value": "411102"}

    def body(self, changes):
        values = {**self.good_values(), **changes}
        levels = {"ALERT": b"", "INFO": b"", "AREA": b"", "GEOCODE": b""}
        for level, other, name, _, _ in self.elements:
            value = values.get(name, MISSING)
            times = 2 if value is TWICE else 1
            value = self.good_values().get(name, "2026-11-20T08:00:00+08:00") if value is TWICE else value
            if value is not MISSING:
                data = value if isinstance(value, bytes) else value.encode()
                levels[level or other] += (f"<{name}>".encode() + data + f"</{name}>".encode()) * times
        area = b"<area>" + levels["AREA"] + b"<geocode>" + levels["GEOCODE"] + b"</geocode></area>"
        return (b'<?xml version="1.0" encoding="UTF-8"?><alert xmlns="urn:oasis:names:tc:emergency:cap:1.2">' + levels["ALERT"] + b"<info>" +
                levels["INFO"] + area + b"</info></alert>")

    def send(self, changes):
        return result_of(*ask(self.replica, "/sources/weather/cap", self.body(changes), {"Authorization": f"Bearer {self.key}",
                                                                                       "Content-Type": "application/cap+xml"}))

    def cases(self):
        assert len(self.elements) >= 27, "the table of elements in common/cap.c is written otherwise now"
        for level, other, name, needed, words in self.elements:
            place = name in ("circle", "polygon")
            if needed == "true":
                yield Case(name, "missing", {name: MISSING}, name)
                yield Case(name, "missing", {name: " "}, name)
            yield Case(name, "too long", {name: "x" * self.LIMIT_BYTES if not place else "1,2 " * self.LIMIT_BYTES}, name)
            if words:
                yield Case(name, "unknown code", {name: "Nonsense"}, name)
            if name in ("sent", "effective", "onset", "expires"):
                for value in ("yesterday", "2026-11-20", "2026-11-20T08:00:00", "2026-13-20T08:00:00+08:00", "1763596800"):
                    yield Case(name, "wrong type", {name: value}, name)
            if not place:  # an area may have several of these
                yield Case(name, "duplicate key", {name: TWICE}, name)
            yield Case(name, "markup", {name: MARKUP.replace("'&'", "1")}, name)
            yield Case(name, "NUL", {name: "a\x7fb"}, name)
            yield Case(name, "NUL", {name: "a\0b"}, "body")
            for value in BROKEN:
                yield Case(name, "broken UTF-8", {name: value}, "body")
        for name, value in (("circle", "north"), ("circle", "33.6"), ("circle", "99,114 1"), ("polygon", "1,2 3,4"), ("polygon", "a,b c,d e,f a,b")):
            yield Case(name, "wrong type", {name: value}, name)
        yield Case("circle", "outside the city", {"circle": "30.0,100.0 1"}, "area")
        yield Case("polygon", "outside the city", {"circle": MISSING, "polygon": "1,1 1,2 2,2 1,1"}, "area")
        yield Case("sent", "future date", {"sent": "2036-11-20T08:00:00+08:00"}, "sent")
        yield Case("value", "unknown code", {"value": "999999"}, "geocode")
        for name, value in (("status", "Test"), ("msgType", "Ack"), ("msgType", "Update")):
            yield Case(name, "unknown code", {name: value}, "references" if value == "Update" else name)


class Mail(Sender):
    """An e-mail, piped in. What can be mended is: only what no report can be made of comes back."""
    title, statuses = "e-mail", (65,)
    # What a report gets from a mail, and of what; an over-long number is hashed, an over-long text cut, a file not taken left out.
    CALLED = {"channel": "channel", "item": "item", "area": "area", "source_id": "Message-ID", "title": "Subject", "description": "text",
              "files": "attachment", "reporter_name": "From", "reporter_email": "From"}

    def __init__(self, replica, key):
        super().__init__()
        self.replica, self.key = replica, key
        filled = set(re.findall(r'set\(json, "(\w+)"', (ROOT / "services/zhitong/mail_send.c").read_text()))
        assert filled == set(self.CALLED), f"say what is wrong with {filled ^ set(self.CALLED)} of a mail"

    def send(self, changes):
        head = {"From": "Li <li@example.org>", "To": "city@example.org", "Subject": "Lamp", "Message-ID": f"<{secrets.token_hex(16)}@example.org>",
                "text": "dark", **changes}
        words = head.pop("words", ())
        text = head.pop("text")
        lines = [f"{name}: ".encode() + (value if isinstance(value, bytes) else value.encode()) for name, value in head.items() if value is not MISSING]
        raw = b"\r\n".join(lines + [b"", text if isinstance(text, bytes) else text.encode()])
        done = subprocess.run([BUILD / "zhitong", "mail", "--intake", self.replica.http, *(words or ("--key-file", self.key))], input=raw,
                              capture_output=True, check=False, timeout=SECONDS_MAX, env=dict(os.environ))
        said = done.stdout.decode(errors="replace").strip()
        match = re.search(r"refused: ([\w-]+): (.*)", said)
        taken = re.search(r"case (\d+)", said)
        return Result(done.returncode, [match[1]] if match else [], match[2] if match else said, taken[1] if taken else None)

    def cases(self):
        place = {"channel": "app", "item": "lamp", "area": "town"}
        for value in (MISSING, "", "undisclosed:;"):
            yield Case("From", "missing", {"From": value}, "From")
        yield Case("From", "too long", {"From": "x" * 161 + "@example.org"}, "From")
        for value in ("nobody", "Li <nobody@localhost>", "<a b@example.org>"):
            yield Case("From", "wrong type", {"From": value}, "From")
        yield Case("text", "missing", {"text": "", "Subject": MISSING}, "text")
        yield Case("text", "NUL", {"text": "\0" * 100, "Subject": ""}, "text")
        yield Case("message", "too long", {"text": "x" * 40_000_000}, "message")
        for name in place:
            for form, value in (("unknown code", "moon"), ("missing", MISSING), ("too long", "x" * 49), ("markup", MARKUP)):
                given = {**place, name: value}
                words = [word for pair in given.items() if pair[1] is not MISSING for word in (f"--{pair[0]}", pair[1])]
                yield Case(name, form, {"words": words}, name)
