#!/usr/bin/env python3
"""A receiver of Zhitong's webhooks, with Python's standard library only, to copy from. docs/webhooks.md explains what it does.

    python3 receive_webhook.py --secret-file hook.secret [--port 8099] [--store events.db]

It checks the signature, stores each event once, and only then answers 204. Put it behind a web server that speaks TLS."""
import argparse
import base64
import hashlib
import hmac
import json
import sqlite3
import sys
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

TOLERANCE_SECONDS = 300   # a message that claims to be older or newer was recorded and sent again
BODY_BYTES_MAX = 1 << 20


def is_signed(secrets, headers, body):
    """Whether one of the secrets signed this message, as Standard Webhooks says, and lately."""
    message, at = headers.get("webhook-id", ""), headers.get("webhook-timestamp", "")
    if not at.isascii() or not at.isdigit() or abs(time.time() - int(at)) > TOLERANCE_SECONDS:
        return False
    signed = f"{message}.{at}.".encode() + body
    for secret in secrets:
        key = base64.b64decode(secret.removeprefix("whsec_"))
        wanted = "v1," + base64.b64encode(hmac.new(key, signed, hashlib.sha256).digest()).decode()
        for given in headers.get("webhook-signature", "").split():
            if hmac.compare_digest(given.encode(), wanted.encode()):
                return True
    return False


class Store:
    """Every event once: the same webhook-id again changes nothing."""

    def __init__(self, path):
        self.db = sqlite3.connect(path, check_same_thread=False)
        self.lock = threading.Lock()  # a connection has a thread of its own, and some are open at once
        self.db.execute("CREATE TABLE IF NOT EXISTS event (id TEXT PRIMARY KEY, unit TEXT, seq TEXT, event TEXT)")

    def keep(self, message, event, text, take):
        """One event at a time. What take() raises undoes the insert: the event is not answered, and comes again."""
        with self.lock, self.db:  # committed when the block ends
            done = self.db.execute("INSERT OR IGNORE INTO event VALUES (?, ?, ?, ?)",
                                   (message, event.get("unit"), event.get("sequence"), text))
            if done.rowcount > 0:
                take(event)


class Receiver(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"  # the connection is used again for the next event

    def answer(self, status):
        self.send_response(status)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def do_POST(self):
        size = self.headers.get("Content-Length", "")
        if not size.isdigit() or int(size) > BODY_BYTES_MAX:
            self.close_connection = True
            return self.answer(413)
        body = self.rfile.read(int(size))
        if not is_signed(self.server.secrets, self.headers, body):
            return self.answer(401)
        event = json.loads(body)
        self.server.store.keep(self.headers["webhook-id"], event, body.decode(), take)
        return self.answer(204)

    def log_message(self, *_):
        pass


def take(event):
    """Here the department's own work begins, quickly or in the store: once for each event, again if it failed or we were killed in it."""
    print(event["sequence"] if "sequence" in event else "-", event["type"], event["subject"], event["data"].get("state", ""), flush=True)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--secret-file", action="append", required=True, help="may be given twice while a secret is replaced")
    parser.add_argument("--port", type=int, default=8099)
    parser.add_argument("--store", default="events.db")
    options = parser.parse_args()
    server = ThreadingHTTPServer(("127.0.0.1", options.port), Receiver)
    server.secrets = [open(path, encoding="ascii").read().strip() for path in options.secret_file]
    server.store = Store(options.store)
    server.serve_forever()


if __name__ == "__main__":
    try:
        main()
    except KeyboardInterrupt:
        sys.exit(0)
