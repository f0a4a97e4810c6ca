"""Who says more about a report that is here already: another system by Open311's service request updates, the reporter by his receipt."""
import re
import secrets

from open311 import now
from reporters import receipt
from senders import Form, Result, Sender, json_of, pairs_of, urlencoded_of
from system import ROOT
from wrong_forms import BROKEN, DAY_MS, MARKUP, MISSING, TWICE, Case, fields_of


class Update(Form):
    statuses, path = (400,), "/open311/v2/servicerequestupdates.json"

    def __init__(self, replica, key, case):
        super().__init__(replica, urlencoded_of, "Open311 updates")
        self.good = {"api_key": key, "service_request_id": case, "updated_datetime": now(), "status": "open", "description": "still dark"}

    def send(self, changes):
        return super().send({"update_id": secrets.token_hex(8) if changes.get("update_id") is not TWICE else TWICE, **changes})

    def cases(self):
        text = (ROOT / "services/intake/open311_update.c").read_text()
        needed = re.findall(r'needed\(form, "(\w+)"', text)
        assert len(needed) >= 5 and re.findall(r'form_value\(form, "(\w+)"', text) == ["media_url"], "an update has new parameters"
        for name in needed:
            yield Case(name, "missing", {name: MISSING}, name)
            yield Case(name, "missing", {name: ""}, name)
            yield Case(name, "too long", {name: "1" * 8000}, name)
            yield Case(name, "duplicate key", {name: TWICE}, name)
            yield Case(name, "NUL", {name: "a\0b"}, name)
            for value in BROKEN:
                yield Case(name, "broken UTF-8", {name: value}, name)
        yield Case("api_key", "missing", {"api_key": MISSING}, "api_key", 403)
        yield Case("api_key", "unknown code", {"api_key": MARKUP}, "api_key", 403)
        for value in ("1", "x", "-1", "9" * 19):
            yield Case("service_request_id", "unknown code", {"service_request_id": value}, "service_request_id", 404)
        for value in ("yesterday", "2026-13-01T00:00:00Z", MARKUP):
            yield Case("updated_datetime", "markup" if value is MARKUP else "wrong type", {"updated_datetime": value}, "updated_datetime")
        yield Case("updated_datetime", "future date", {"updated_datetime": now(DAY_MS // 1000)}, "updated_datetime")
        yield Case("service_request_id", "markup", {"service_request_id": "<b>1</b>"}, "service_request_id", 404)
        for form, value in (("unknown code", "maybe"), ("markup", MARKUP)):
            yield Case("status", form, {"status": value}, "status")
        for value in ("javascript:alert(1)", "ftp://x/y", MARKUP):
            yield Case("media_url", "markup" if value is MARKUP else "wrong type", {"media_url": value}, "media_url")


class Supplement(Sender):
    """All that the holder of a receipt can send; the actions and their fields are those of receipt_page.c."""
    title, statuses, unread = "receipt", (422,), "body"

    def __init__(self, system):
        super().__init__()
        self.receipt = receipt(system)

    def send(self, changes):
        changes = dict(changes)
        action, headers = changes.pop("action", "supplement"), changes.pop("headers", {})
        body = json_of(pairs_of({"note": "by the gate"} if not changes else {}, changes))
        answer = self.receipt.ask("POST", f"/{action}", body, **headers)
        error = answer.json.get("error", {})
        return Result(answer.status, [error.get("field")], error.get("reason", ""))

    def cases(self):
        text = (ROOT / "services/intake/receipt_page.c").read_text()
        actions = re.findall(r'^    \{"(\w+)", \{"\w+", (?:"\w+"|NULL)\}, \{(.*?), NULL\}', text, re.MULTILINE)
        assert len(actions) >= 6, "the table of actions in receipt_page.c is written otherwise now"
        limits = fields_of("command")
        for action, fields in actions:
            for name in re.findall(r'"(\w+)"', fields):
                yield from self.of_field(action, name, limits[name])
            yield Case("unit", "unknown code", {"action": action, "unit": "works"}, "unit")
            yield Case("role", "unknown code", {"action": action, MARKUP: "x"}, MARKUP)
        yield Case("action", "unknown code", {"action": "bless", "note": "x"}, "action", 404)
        yield Case("note", "missing", {"note": ""}, "note")
        for value in (MISSING, 0, 6):
            yield Case("rating", "missing" if value is MISSING else "unknown code", {"action": "rate", "rating": value}, "rating")
        yield Case("attributes", "wrong type", {"attributes": {}}, "attributes")
        yield Case("attributes", "wrong type", {"attributes": {"a": [1]}}, "attributes")
        yield Case("attributes", "too long", {"attributes": {"a": "x" * 2000}}, "attributes")

    def of_field(self, action, name, field):
        also = {"action": action, **({"rating": 5} if action == "rate" and name != "rating" else {})}
        number = field.kind != "TEXT"
        for value in ["five", 1.5, -1, [1]] if number else [7, ["x"], True] + ([{"a": "b"}] if name != "attributes" else []):
            yield Case(name, "wrong type", {**also, name: value}, name)
        if not number and name != "attributes":
            yield Case(name, "too long", {**also, name: "x" * (field.limit + 1)}, name)
            yield Case(name, "NUL", {**also, name: "a\x07b"}, name)
        yield Case(name, "NUL", {**also, name: "a\0b"}, "body", 400)
        yield Case(name, "duplicate key", {**also, name: TWICE}, "body", 400)
        for value in BROKEN:
            yield Case(name, "broken UTF-8", {**also, name: value}, "body", 400)
        if name == "file":
            for value in ("x.jpg", "ab image/jpeg 3 x.jpg"):
                yield Case(name, "unknown code", {**also, name: value}, name)
