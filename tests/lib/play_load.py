"""Who uses the city while a play breaks it: reports at a rate that can be changed, and photos."""
import http.client
import random
import struct
import threading
import time
import zlib

import zmq

from checks import report
from files import ask, sha256

UPLOADS_PER_SECOND = 4
WAITING_MAX = 1000  # while all is down, reports are not made up


class Reports(threading.Thread):
    """Sends reports; `accepted` … are its client's. `again` sends keys that were answered once more."""

    def __init__(self, client):
        super().__init__(daemon=True)
        self.client, self.per_second = client, 0
        self.keys = {}
        self.repeats = []
        self.stopping = threading.Event()

    def _send(self, key):
        try:
            self.client.send(key, self.keys[key], len(self.keys))
        except zmq.ZMQError:
            pass  # it is sent again when it is due

    def run(self):
        last, due = time.monotonic(), 0.0
        while not self.stopping.is_set():
            now = time.monotonic()
            due += (now - last) * self.per_second
            last = now
            while due >= 1:
                due -= 1
                if len(self.client.waiting) < WAITING_MAX:
                    key = f"play-{len(self.keys)}"
                    self.keys[key] = report(len(self.keys))
                    self._send(key)
            while self.repeats and len(self.client.waiting) < 500:
                self._send(self.repeats.pop())
            self.client.turn(10)

    def again(self, count):
        self.repeats = random.sample(list(self.keys), min(count, len(self.keys)))

    def at_rest(self):
        return not self.repeats and not self.client.waiting


def picture():
    """A PNG whose pixels nobody else has."""
    def chunk(name, data):
        return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))
    rows = b"".join(b"\0" + random.randbytes(3 * 64) for _ in range(64))
    return (b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", struct.pack(">IIBBBBB", 64, 64, 8, 2, 0, 0, 0))
            + chunk(b"IDAT", zlib.compress(rows, 1)) + chunk(b"IEND", b""))


class Uploads(threading.Thread):
    """A picture now and then to one replica of intake or the other; `stored` are the names that were promised."""

    def __init__(self, replicas, folder):
        super().__init__(daemon=True)
        self.replicas, self.folder = replicas, folder
        self.stored, self.failed = [], 0
        self.wanted = threading.Event()
        self.stopping = threading.Event()

    def run(self):
        while not self.stopping.is_set():
            time.sleep(1 / UPLOADS_PER_SECOND)
            if not self.wanted.is_set():
                continue
            try:
                status, _, told = ask(random.choice(self.replicas), "POST", "/files", picture(), "image/png")
            except (OSError, http.client.HTTPException, ValueError):  # it died, in the middle of its answer perhaps
                status = 0
            if status == 201:
                self.stored.append(told["file"])
            else:
                self.failed += 1

    def lost(self, rows):
        """Names that were promised and are not kept whole, with a row."""
        missing = []
        for name in self.stored:
            path = self.folder / name[:2] / name[2:4] / name
            if name not in rows or not path.is_file() or sha256(path.read_bytes()) != name:
                missing.append(name)
        return missing
