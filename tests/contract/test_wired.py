#!/usr/bin/python3
"""Every message is sent by somebody and taken by somebody; every query of every service prepares, and one that does not
is named."""
import os
import re
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(os.environ.get("ZHITONG_ROOT") or Path(__file__).resolve().parents[2])
BUILD = Path(os.environ.get("ZHITONG_TEST_BUILD") or ROOT / "build/release")
SERVICES = ["intake", "routing", "escalation", "notification"]
CLUSTER = ROOT / "deploy/postgres/cluster"
failed = 0


def check(name, good, why=""):
    global failed
    failed += not good
    print(f"{'ok' if good else 'not ok'} wired_{name}", flush=True)
    for line in str(why).splitlines() if not good else []:
        print(f"# {line}")


def code(*folders):
    """The C text of the folders, each statement on one line."""
    files = [path for folder in folders for path in sorted((ROOT / folder).glob("*.[ch]"))]
    return re.sub(r"\s+", " ", " ".join(path.read_text() for path in files))


def messages():
    text = re.sub(r"\s+", " ", (ROOT / "proto/messages.def").read_text())
    for name, number, sender, receiver in re.findall(r'MESSAGE\((\w+), (\d+), "([^"]*)", "([^"]*)",', text):
        yield name, int(number), sender, [who.strip() for who in receiver.split(",")]


def sends(text, name):
    calls = r"(wire_send|send_to|answer_message|batch_emit|batch_reply|message_encode)\([^;]*\bMESSAGE_" + name + r"\b"
    return re.search(calls, text) is not None


def takes(text, name):
    return re.search(r"(message_decode\(MESSAGE_%s\b|type [!=]= MESSAGE_%s\b)" % (name, name), text) is not None


def is_handled_by(service, name, kind):
    return f"{{MESSAGE_{name}, {kind}," in code(f"services/{service}")


def check_messages():
    everything = code("common", *(f"services/{service}" for service in [*SERVICES, "zhitong"]))
    unsent, untaken = [], []
    for name, number, sender, receivers in messages():
        if number >= 32:  # a log entry: its owner emits it, every follower named has a row in its table
            if not sends(code(f"services/{sender}"), name):
                unsent.append(f"{name}: {sender} does not emit it")
            untaken += [f"{name}: {receiver} has no handler" for receiver in receivers
                        if receiver in SERVICES and not is_handled_by(receiver, name, "INPUT_ENTRY")]
            continue
        if not sends(everything, name) and f"&{name}, " not in everything:
            unsent.append(f"{name}: nobody sends it")
        request = any(is_handled_by(receiver, name, "INPUT_REQUEST") for receiver in receivers if receiver in SERVICES)
        if not request and not takes(everything, name):
            untaken.append(f"{name}: nobody takes it")
    check("every_message_has_a_sender", not unsent, "\n".join(unsent))
    check("every_message_has_a_handler", not untaken, "\n".join(untaken))
    check("a_message_that_nobody_knows_is_noticed", not sends(everything, "nonsense") and not takes(everything, "nonsense"))


class Database:
    def __init__(self, folder):
        self.folder = folder / "postgres"
        subprocess.run([CLUSTER, "start", self.folder, "--fast"], check=True, stdout=subprocess.DEVNULL)

    def url(self, role="postgres"):
        return subprocess.run([CLUSTER, "url", self.folder, role], check=True, capture_output=True, text=True).stdout.strip()

    def run(self, sql):
        subprocess.run([CLUSTER, "psql", self.folder, "-qc", sql], check=True)

    def remove(self):
        subprocess.run([CLUSTER, "remove", self.folder], stdout=subprocess.DEVNULL)


def check_service(database, service, keys):
    environment = {**os.environ, "ZHITONG_DATABASE_URL": database.url(f"zhitong_{service}")}
    if service in ("intake", "notification"):
        environment["ZHITONG_PUBLIC_KEYS"] = str(keys)
    return subprocess.run([BUILD / f"zt-{service}", "--check"], env=environment, capture_output=True, text=True)


def check_queries(folder):
    database = Database(folder)
    try:
        zhitong = [BUILD / "zhitong"]
        subprocess.run([*zhitong, "migrate", "--database", database.url()], check=True, stdout=subprocess.DEVNULL)
        subprocess.run([*zhitong, "keys", "service", folder / "keys"], check=True, stdout=subprocess.DEVNULL)
        for service in SERVICES:
            done = check_service(database, service, folder / "keys")
            check(f"every_query_of_{service}_prepares", done.returncode == 0, done.stderr)
        for service, table, query in [("intake", "report", "intake_find"), ("routing", "case_file", "routing_cases"),
                                      ("escalation", "deadline", "escalation_arm"),
                                      ("notification", "stream", "notification_append")]:
            column = {"report": "digest", "stream": "head"}.get(table, "due_at")
            database.run(f"ALTER TABLE {service}.{table} RENAME {column} TO renamed")
            done = check_service(database, service, folder / "keys")
            check(f"a_query_of_{service}_that_does_not_prepare_is_named", done.returncode != 0 and query in done.stderr,
                  done.stderr)
    finally:
        database.remove()


check_messages()
with tempfile.TemporaryDirectory(prefix="zhitong-wired.", dir="/var/tmp") as folder:
    check_queries(Path(folder))
sys.exit(failed > 0)
