"""Each way by which a report comes in, as its sender sees it: what he calls the fields, how a report is written, and how a refusal is
read. `send` takes changes of a good report and tells what became of it."""
import http.client
import json
import re
import secrets
import urllib.parse
from collections import namedtuple

import msgpack
import zmq
from clients import decode, dealer
from sources import body_signed
from system import ROOT
from wrong_forms import BROKEN, MARKUP, MISSING, TWICE, Case, fields_of

BOUNDARY = "a-part-of-the-form"
GOOD = {"channel": "app", "item": "lamp", "area": "town", "lat": 33.611, "long": 114.011, "title": "dark", "description": "no light",
        "attributes": '{"kind":"out","pole":"7"}'}
SECONDS = 10

# fields: all that the answer names; case: what a report that was taken became.
Result = namedtuple("Result", "status fields reason case", defaults=(None,))


def pairs_of(good, changes):
    """Names and values as they are sent, in order."""
    pairs = []
    for name, value in {**good, **changes}.items():
        if value is TWICE:
            pairs += [(name, good.get(name, "1"))] * 2
        elif value is not MISSING:
            pairs.append((name, value))
    return pairs


def json_of(pairs):
    """A JSON object, also one that is none: bytes stand in it as they are."""
    def text(value):
        return b'"' + value + b'"' if isinstance(value, bytes) else json.dumps(value, ensure_ascii=False).encode()
    return b"{" + b",".join(text(name) + b":" + text(value) for name, value in pairs) + b"}"


def msgpack_of(pairs):
    def packed(value):
        if isinstance(value, bytes):
            return bytes([0xd9, len(value)]) + value
        return msgpack.packb(value)
    return b"\xde" + len(pairs).to_bytes(2, "big") + b"".join(packed(name) + packed(value) for name, value in pairs)


def urlencoded_of(pairs):
    def text(value):
        return urllib.parse.quote_plus(value if isinstance(value, bytes) else str(value))
    return "&".join(f"{text(name)}={text(value)}" for name, value in pairs).encode(), "application/x-www-form-urlencoded"


def multipart_of(pairs):
    out = b""
    for name, value in pairs:
        value = value if isinstance(value, bytes) else str(value).encode()
        out += f'--{BOUNDARY}\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n'.encode() + value + b"\r\n"
    return out + f"--{BOUNDARY}--\r\n".encode(), f"multipart/form-data; boundary={BOUNDARY}"


def ask(replica, path, body, headers):
    """Status and body of a POST."""
    connection = http.client.HTTPConnection("127.0.0.1", replica.ports["ZHITONG_HTTP_PORT"], timeout=SECONDS)
    try:
        connection.request("POST", path, body, {name: value for name, value in headers.items() if value is not None})
        answer = connection.getresponse()
        return answer.status, answer.read()
    finally:
        connection.close()


def result_of(status, body):
    answer = json.loads(body)
    error = answer.get("error", {})
    return Result(status, [error["field"]] if "field" in error else [], error.get("reason", ""), answer.get("case"))


class Sender:
    """What most have: every field under its own name, values with their types, and people who can be asked again."""
    title, typed, asks, unread = "", True, True, None
    statuses = (400,)
    given = ()      # fields that are filled in where they are left out
    limits = {}     # of fields that may be longer than messages.def says
    takes = set()   # (field, form) that is right here, with the reason beside it
    header_key = False  # the key goes into a header

    def mends(self, name, value):
        """A value of the wrong type that is turned into the right one."""
        return False

    good = GOOD
    extra = ()      # cases of fields that no report has

    def __init__(self):
        self.names = {name: name for name in fields_of("submit")}

    def run(self, cases):
        return [self.send(case.change) for case in cases]


class Submit(Sender):
    title, asks, statuses = "SUBMIT", False, ("refused",)

    def __init__(self, system):
        super().__init__()
        self.context = zmq.Context()
        self.socket = dealer(self.context, system.endpoints("intake")[0], system.server_key(), system.key("client", "forms"))

    def close(self):
        self.context.destroy(linger=0)

    def send(self, changes):
        self.socket.send(msgpack_of([("t", "submit")] + pairs_of({"key": secrets.token_hex(16), **self.good}, changes)))
        assert self.socket.poll(SECONDS * 1000), changes
        answer = decode(self.socket.recv())
        return Result(answer["t"], [answer.get("field")], answer.get("reason", ""), answer.get("case"))


class Report(Sender):
    """POST /reports, of anybody."""
    title, path, unread, given = "POST /reports", "/reports", "body", ("key",)
    takes = {("key", "wrong type"), ("key", "duplicate key")}  # a header is a text, and the first of its name
    header_key = True
    extra = (Case("area", "outside the city", {"area": "s_hill"}, "area"),)  # another place than the point

    def __init__(self, replica):
        super().__init__()
        self.replica = replica
        self.names["key"] = "Idempotency-Key"

    def mends(self, name, value):
        return name == "attributes" and isinstance(value, dict)

    def send(self, changes):
        changes = dict(changes)
        key = changes.pop("key", secrets.token_hex(16))
        key = None if key is MISSING else key.encode() if isinstance(key, str) else key
        return result_of(*ask(self.replica, self.path, json_of(pairs_of(self.good, changes)), {"Idempotency-Key": key}))


class Check(Report):
    title, path = "POST /reports/check", "/reports/check"
    takes = {("files", "unknown code")}  # whether a file has come is looked at when the report does

    def __init__(self, replica):
        super().__init__(replica)
        self.names["key"] = None  # nothing is kept that could be the same


class Staff(Report):
    """POST /reports at desk."""
    title, asks, statuses, limits = "desk", False, (400, 422), {"key": 200}
    takes = Report.takes | {("key", "broken UTF-8")}  # it is hashed
    extra = ()
    given = ("channel", "item", "area")  # the source's
    good = {name: value for name, value in GOOD.items() if name != "channel"}

    def __init__(self, staff):
        super().__init__(None)
        self.staff = staff

    def mends(self, name, value):
        return False

    def send(self, changes):
        changes = dict(changes)
        key = changes.pop("key", secrets.token_hex(16))
        headers = {} if key is MISSING else {"Idempotency_Key": key.encode() if isinstance(key, str) else key}
        answer = self.staff.ask("POST", "/reports", json_of(pairs_of(self.good, changes)), **headers)
        error = answer.json.get("error", {})
        return Result(answer.status, [error.get("field")], error.get("reason", ""), answer.json.get("case"))


class Form(Sender):
    """Open311: POST requests.json as a form, of either kind."""
    typed, path, statuses = False, "/open311/v2/requests.json", (400, 404)
    good = {"service_code": "lamp", "lat": 33.611, "long": 114.011, "description": "no light", "attribute[kind]": "out"}
    # Beside a point an address_id may be of somebody else's; a number of the sender's is as long as it is.
    NAMES = {"item": "service_code", "area": "address_id", "address": "address_string", "title": "attribute[title]",
             "source_id": "attribute[external_id]", "reporter_name": "first_name", "reporter_phone": "phone", "reporter_email": "email",
             "reporter_account": "account_id", "key": "Idempotency-Key", **{name: name for name in ("lat", "long", "description", "media_url")}}
    given, takes, header_key = ("key", "area"), Report.takes, True
    extra = tuple(Case("attributes", form, {f"attribute[{code}]": value}, f"attribute[{code}]") for form, code, value in (
        ("unknown code", "kind", "purple"), ("markup", "kind", MARKUP), ("wrong type", "pole", "1\n2"),
        ("NUL", "kind", "a\0b"), *(("broken UTF-8", "pole", value) for value in BROKEN))) + (
        Case("attributes", "wrong type", {"attribute[kind": "out"}, "attribute[kind"),
        Case("attributes", "too long", {"attribute[pole]": "x" * 2000}, "attribute"),
        Case("attributes", "duplicate key", {"attribute[kind]": TWICE}, "attribute[kind]"),
        Case("place", "missing", {"lat": MISSING, "long": MISSING}, "lat"),
        Case("last_name", "too long", {"first_name": "x" * 60, "last_name": "y" * 60}, "last_name"),
        Case("last_name", "duplicate key", {"last_name": TWICE}, "last_name"),
        Case("device_id", "too long", {"device_id": "x" * 121}, "device_id"),
        Case("api_key", "unknown code", {"api_key": MARKUP}, "api_key", 403),
        Case("jurisdiction_id", "unknown code", {"jurisdiction_id": MARKUP}, "jurisdiction_id", 404))

    def __init__(self, replica, write, title):
        super().__init__()
        self.replica, self.write, self.title = replica, write, title
        text = (ROOT / "services/intake/open311_form.c").read_text()
        read = set(re.findall(r'(?:PUT\(filling|form_value\((?:filling->)?form), "(\w+)"', text))
        tried = set(self.NAMES.values()) | {case.field for case in self.extra}
        assert len(read) > 10 and read <= tried, f"a form has parameters of which no wrong form is tried: {read - tried}"
        # The others are the source's, asked in parts of their own (attributes, files), or no part of the standard.
        self.names = {name: self.NAMES.get(name) for name in self.names}

    def send(self, changes):
        changes = {self.names.get(name) or name: value for name, value in changes.items()}
        if "address_id" in changes:
            changes = {"lat": MISSING, "long": MISSING, **changes}
        key = changes.pop("Idempotency-Key", None)
        body, kind = self.write(pairs_of(self.good, changes))
        status, answer = ask(self.replica, self.path, body, {"Content-Type": kind, "Idempotency-Key": key.encode() if isinstance(key, str) else key})
        answer = json.loads(answer)
        if status == 200:
            return Result(status, [], "", answer[0].get("service_request_id"))
        if self.header_key and isinstance(answer, dict):  # the head
            return result_of(status, json.dumps(answer))
        assert any(int(error["code"]) == status for error in answer), answer
        found = [error["description"].partition(" ") for error in answer]
        return Result(status, [field for field, _, _ in found], " ".join(reason for _, _, reason in found))


class Webhook(Sender):
    """Signed JSON, whose places the city's map gives."""
    title, asks, unread, given = "webhook", False, "body", ("item", "area")
    limits = {"source_id": 1000}  # a longer one is kept as its hash
    good = {name: value for name, value in GOOD.items() if name not in ("channel", "attributes")}

    def __init__(self, replica, secret):
        super().__init__()
        self.replica, self.secret = replica, secret
        self.names = {name: None if name in ("key", "channel", "attributes", "files") else f"/{name}" for name in self.names}

    def mends(self, name, value):
        return value == 7  # a number is a text where the field is one

    def send(self, changes):
        report = {"source_id": secrets.token_hex(16), **self.good}
        body = json_of(pairs_of(report, changes))
        return result_of(*ask(self.replica, "/sources/hook/reports", body, body_signed(self.secret, body)))
