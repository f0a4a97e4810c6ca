"""What can be wrong with each field of a report. The fields are those of proto/messages.def: one that is new there has to get its line
in OWN, and a name in every adapter of senders.py, before a test passes again."""
import re
import time
from collections import namedtuple

from system import ROOT

FORMS = ("missing", "too long", "wrong type", "outside the city", "future date", "unknown code", "duplicate key", "broken UTF-8", "NUL",
         "markup")
DAY_MS = 86400000
MARKUP = "<script>alert('&')</script>"
MISSING = object()
TWICE = object()  # what stands there anyway, a second time
# A byte that no text has, a slash written too long, half of a surrogate pair, and a text that ends within a character.
BROKEN = (b"a\xffb", b"\xc0\xaf", b"\xed\xa0\x80", b"\xe8\xb7")
CONTROL = ("a\0b", "a\x07b")

Field = namedtuple("Field", "kind limit needed")
# change: own values of fields; named: what the answer must name; status: what it must have, None for what the adapter says.
Case = namedtuple("Case", "field form change named status", defaults=(None,))


NOT_SAID = {"traceparent"}  # by who reports: the request's own, and what is none is ignored (test_trace.py)


def fields_of(message):
    """name → Field, in the order of messages.def."""
    fields = {}
    for kind, inside in re.findall(r"^(TEXT|U64|I64|F64|FLAG)\((.*?)\)$", (ROOT / "proto/messages.def").read_text(), re.MULTILINE):
        words = [word.strip() for word in inside.split(",", 4 if kind == "TEXT" else 3)]
        if words[0] == message and words[1] not in NOT_SAID:
            limit = int(words[2]) if kind == "TEXT" else 0
            fields[words[1]] = Field(kind, limit, words[3 if kind == "TEXT" else 2] == "NEEDED")
    return fields


def own(asked=None, **forms):
    """What is wrong with one field beside what is wrong with all of its kind; `asked`: only where somebody can be asked again."""
    return {"always": {name.replace("_", " "): values for name, values in forms.items()},
            "asked": {name.replace("_", " "): values for name, values in (asked or {}).items()}}


# A value, or (value, what is named in place of the field).
OWN = {
    "key": own(missing=[""]),
    "channel": own(unknown_code=["pigeon", "fax"]),  # fax is closed
    "item": own(unknown_code=["dragon"]),
    "area": own(unknown_code=["moon"]),
    "address": own(),
    "lat": own(missing=[MISSING], outside_the_city=[91, -90.5, 30.0, 0]),
    "long": own(missing=[MISSING], outside_the_city=[181, -180.5, (100.0, "lat"), (0, "lat")]),
    "title": own(),
    "description": own(),
    "source_id": own(),
    "occurred_at": own(future_date=[int(time.time() * 1000) + DAY_MS]),
    "datum": own(unknown_code=["mars", "WGS84"]),
    "attributes": own(wrong_type=["{", "[]", "7", ('{"kind":1}', "attribute.kind"), ('{"kind":{"a":"b"}}', "attribute.kind")],
                      duplicate_key=['{"pole":"1","pole":"2"}'],
                      asked={"unknown_code": [('{"kind":"purple"}', "attribute.kind"), ('{"size":"big"}', "attribute.size")]}),
    "files": own(wrong_type=["photo.jpg", "AB" * 32, "ab" * 32 + "  " + "cd" * 32], unknown_code=["ab" * 32]),
    "media_url": own(wrong_type=["javascript:alert(1)", "ftp://example.org/a.jpg", "a.jpg"]),
    "same_as": own(wrong_type=[-1, 1.5]),
    "distinct": own(),
    "language": own(unknown_code=["1", "zh_CN", "a"]),
    "reporter_name": own(missing=["  "]),
    "reporter_phone": own(wrong_type=["call me", "12", "1" * 21]),
    "reporter_email": own(wrong_type=["nobody", "a@b", "a@b@c.org", "a b@c.org"]),
    "reporter_account": own(),
}
CODES = ("channel", "item", "area", "datum", "files", "media_url", "language", "reporter_email", "reporter_phone")  # no markup in these
FREE = ("title", "description", "address", "source_id", "reporter_name", "reporter_account")  # markup is a text as any other here
WRONG_TYPES = {"TEXT": [7, True, ["x"], {"a": "b"}], "F64": ["north", [1], True], "I64": ["soon", 1.5, [1]], "U64": ["x", {}, -1],
               "FLAG": ["maybe", [True]]}


def of_its_kind(name, field, adapter):
    """form → values that are wrong for every field of that kind."""
    forms = {"broken UTF-8": list(BROKEN), "NUL": list(CONTROL), "duplicate key": [TWICE]}
    limit = adapter.limits.get(name, field.limit)
    if field.kind == "TEXT":
        forms["too long"] = ["x" * (limit + 1), "长" * (limit // 3 + 1)]
    if field.kind != "TEXT" or adapter.typed:
        forms["wrong type"] = [value for value in WRONG_TYPES[field.kind] if (adapter.typed or isinstance(value, str)) and not adapter.mends(name, value)]
    if field.needed and name not in adapter.given:
        forms["missing"] = [MISSING, ""]
    if name in CODES:
        forms["markup"] = [MARKUP]
    return forms


def named_in(adapter, name, value):
    """What the answer must name: the body, where it cannot be read at all; the head, where HTTP forbids what stands in it."""
    if name == "key" and adapter.header_key and value in CONTROL:
        return "head"
    unread = value is TWICE or isinstance(value, bytes) or (isinstance(value, str) and "\0" in value)
    return adapter.unread if unread and adapter.unread and name != "key" else adapter.names[name]


def cases(adapter):
    """Every wrong form of every field of a report that this adapter can send."""
    fields = fields_of("submit")
    assert set(fields) == set(OWN), f"say in OWN what is wrong with {set(fields) ^ set(OWN)}"
    assert set(fields) == set(adapter.names), f"{adapter.title} does not say what it calls {set(fields) ^ set(adapter.names)}"
    found = []
    for name, field in fields.items():
        if adapter.names[name] is None:
            continue
        forms = of_its_kind(name, field, adapter)
        for kind in ("always", "asked") if adapter.asks else ("always",):
            for form, values in OWN[name][kind].items():
                forms[form] = forms.get(form, []) + values
        for form, values in forms.items():
            for value in values if (name, form) not in adapter.takes else ():
                if isinstance(value, tuple):
                    found.append(Case(name, form, {name: value[0]}, adapter.names.get(value[1], value[1])))
                else:
                    found.append(Case(name, form, {name: value}, named_in(adapter, name, value)))
    return found
