#!/usr/bin/python3
"""Every message of messages.def is sent by somebody and taken by somebody: a line that only stands in the table is a
promise that nobody keeps. Entries of a log are emitted and handled by the very services that the table names."""
import os
import re
import sys
from pathlib import Path

sys.dont_write_bytecode = True
sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "lib"))
import asked  # noqa: F401,E402 pylint: disable=unused-import,wrong-import-position

ROOT = Path(os.environ.get("ZHITONG_ROOT") or Path(__file__).resolve().parents[2])
FIRST_ENTRY = 32  # lower numbers are said on the wire, from here on they stand in logs
SENDS = r"\b(?:message_encode|batch_emit|batch_reply|wire_send|wire_send_frame|send_to|answer_message)\s*\([^;]*?\bMESSAGE_%s\b"
TAKES = r"(?:\bmessage_decode\s*\([^;]*?\bMESSAGE_%s\b|[!=]=\s*MESSAGE_%s\b|\bcase MESSAGE_%s\b|\{MESSAGE_%s, INPUT_)"


def messages():
    """name → (number, senders, receivers)"""
    text = (ROOT / "proto/messages.def").read_text()
    found = re.findall(r'^MESSAGE\((\w+), (\d+), "([^"]*)", "([^"]*)"', text, re.MULTILINE)
    return {name: (int(number), words(senders), words(receivers)) for name, number, senders, receivers in found}


def words(text):
    return re.split(r", | or ", text)


def code(*folders):
    """All C below these folders, comments left out."""
    text = "\n".join(path.read_text() for folder in folders for path in sorted((ROOT / folder).rglob("*.c")))
    return re.sub(r"/\*.*?\*/", " ", text, flags=re.DOTALL)


def sends(name, text):
    return re.search(SENDS % name, text) is not None


def takes(name, text):
    return re.search(TAKES.replace("%s", name), text) is not None


def unsaid(table, text):
    return [f"nobody sends {name}" for name in table if not sends(name, text)] + \
           [f"nobody takes {name}" for name in table if not takes(name, text)]


def wrong_parties(table):
    services = {path.name for path in (ROOT / "services").iterdir() if (path / "main.c").exists()}
    for name, (number, senders, receivers) in table.items():
        if number < FIRST_ENTRY:
            continue
        for service in services.intersection(senders):
            if not re.search(r"\bbatch_emit\s*\([^;]*\bMESSAGE_%s\b" % name, code(f"services/{service}")):
                yield f"{service} does not emit {name}"
        for service in services.intersection(receivers):
            if not re.search(r"\{MESSAGE_%s, INPUT_ENTRY" % name, code(f"services/{service}")):
                yield f"{service} has no handler for {name}"
        for service in sorted(services.difference(receivers)):
            if re.search(r"\{MESSAGE_%s, INPUT_ENTRY" % name, code(f"services/{service}")):
                yield f"{service} handles {name}, and the table does not say so"


def result(name, complaints):
    print(f"not ok senders_{name}" if complaints else f"ok senders_{name}")
    for complaint in complaints:
        print(f"# {complaint}")
    return not complaints


def main():
    table, text = messages(), code("common", "services")
    bites = unsaid({"imagined": (99, [], [])}, text)
    good = [result("the_table_is_read", [] if len(table) > 10 else ["messages.def looks empty"]),
            result("check_bites", [] if len(bites) == 2 else [f"an imagined message: {bites}"]),
            result("every_message_is_sent_and_taken", unsaid(table, text)),
            result("entries_have_the_parties_that_the_table_names", list(wrong_parties(table)))]
    sys.exit(0 if all(good) else 1)


main()
