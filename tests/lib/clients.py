"""A client and a department, written from PROTOCOL.md alone: any ZeroMQ and msgpack library will do."""
import threading
import time

import msgpack
import zmq

ASK_AGAIN_SECONDS = 3      # no answer to a submit: send the same key to another endpoint
SILENCE_SECONDS = 4        # a department hears a head each second
CREDIT = 1000


def encode(name, **fields):
    return msgpack.packb({"t": name, **{key: value for key, value in fields.items() if value is not None}})


def decode(data):
    return msgpack.unpackb(data, raw=False)


def event_id(data, seq):
    """Where the city was restored, seqs begin with the number of its incarnation, and ids end with it."""
    incarnation = seq // 10**12
    return f"{data['case']}.{data['version']}" + (f".{incarnation}" if incarnation else "")


def dealer(context, endpoint, server_key, keys):
    socket = context.socket(zmq.DEALER)
    socket.linger = 0
    socket.sndhwm = socket.rcvhwm = 0
    socket.reconnect_ivl, socket.reconnect_ivl_max = 20, 200
    socket.curve_serverkey = server_key
    socket.curve_publickey, socket.curve_secretkey = keys
    socket.connect(endpoint)
    return socket


class Client:
    """Submits reports and keeps the first answer of every key. Retries what is busy or not answered."""

    def __init__(self, endpoints, server_key, keys):
        self.context = zmq.Context()
        self.sockets = [dealer(self.context, endpoint, server_key, keys) for endpoint in endpoints]
        self.poller = zmq.Poller()
        for socket in self.sockets:
            self.poller.register(socket, zmq.POLLIN)
        self.waiting = {}   # key → [report, which socket, when to send again]
        self.accepted = {}  # key → case
        self.receipts = {}  # key → receipt
        self.refused = {}   # key → (field, reason)
        self.changed = []   # keys that got another case at a retry
        self.busy = self.repeated = self.retried = 0

    def close(self):
        self.context.destroy(linger=0)

    def send(self, key, report, which=0):
        which %= len(self.sockets)
        self.waiting[key] = [report, which, time.monotonic() + ASK_AGAIN_SECONDS]
        try:
            self.sockets[which].send(encode("submit", key=key, **report), zmq.DONTWAIT)
        except zmq.Again:  # that endpoint is gone: the next one when it is due
            self.waiting[key][2] = time.monotonic() + 0.1

    def _take(self, answer):
        key, name = answer.get("key"), answer["t"]
        if name == "busy":
            self.busy += 1
            if key in self.waiting:
                self.waiting[key][2] = time.monotonic() + answer["retry_after_ms"] / 1000
            return
        self.waiting.pop(key, None)
        if name == "accepted":
            self.repeated += answer.get("repeated", False)
            self.receipts[key] = answer.get("receipt")
            if self.accepted.setdefault(key, answer["case"]) != answer["case"]:
                self.changed.append(key)
        else:
            self.refused[key] = (answer.get("field"), answer.get("reason"))

    def turn(self, wait_ms=5):
        """Takes what has come and sends again what is due, to the next endpoint."""
        for socket, _ in self.poller.poll(wait_ms):
            try:
                while True:
                    self._take(decode(socket.recv(zmq.DONTWAIT)))
            except zmq.Again:
                pass
        now = time.monotonic()
        for key in [key for key, waiting in self.waiting.items() if waiting[2] < now]:
            self.retried += 1
            self.send(key, self.waiting[key][0], self.waiting[key][1] + 1)

    def finish(self, seconds=30):
        end = time.monotonic() + seconds
        while self.waiting and time.monotonic() < end:
            self.turn()
        assert not self.waiting, f"{len(self.waiting)} reports without an answer after {seconds} s: {list(self.waiting.items())[:2]}, {list(self.refused.items())[-1:]}"

    def submit_all(self, reports, window=500, seconds=60):
        """reports: key → fields. A window of unanswered ones, endpoints taking turns; all answered when it returns."""
        for nth, (key, report) in enumerate(reports.items()):
            self.send(key, report, nth)
            while len(self.waiting) >= window:
                self.turn()
        self.finish(seconds)

    def ask(self, key, report, which=0, seconds=10):
        """One report; the answer: a case number, or (field, reason) of the refusal."""
        self.accepted.pop(key, None)
        self.refused.pop(key, None)
        self.send(key, report, which)
        self.finish(seconds)
        return self.accepted.get(key) or self.refused.get(key)


class Load(threading.Thread):
    """Reports at a steady rate until stopped. `reports(n)` makes the n-th. Look at .client only after finish()."""

    def __init__(self, client, reports, per_second, waiting_max=3000):
        super().__init__(daemon=True)
        self.client, self.reports, self.per_second, self.waiting_max = client, reports, per_second, waiting_max
        self.sent = 0
        self.keys = {}  # key → report
        self.stopping = threading.Event()

    def run(self):
        began, offered = time.monotonic(), 0
        while not self.stopping.is_set():
            due = int((time.monotonic() - began) * self.per_second)
            while offered < due:
                offered += 1
                if len(self.client.waiting) < self.waiting_max:  # while all is down, reports are not made up
                    key = f"load-{self.sent}"
                    self.keys[key] = self.reports(self.sent)
                    self.client.send(key, self.keys[key], self.sent)
                    self.sent += 1
            self.client.turn(10)

    def finish(self, seconds=60):
        self.stopping.set()
        self.join()
        self.client.finish(seconds)


class Department(threading.Thread):
    """Follows one unit's stream through everything; keeps every entry and notes whatever the protocol forbids."""

    def __init__(self, endpoints, server_key, keys, stream, first=1, **wants):
        """first: the first seq that is wanted, 0 with from_at or for the end; wants: other fields of follow (filter, group, from_at)."""
        super().__init__(daemon=True)
        self.wants = wants
        self.endpoints, self.server_key, self.keys, self.stream = endpoints, server_key, keys, stream
        self.cursor = first - 1 if first else None  # None: the owner says where it is
        self.head = 0
        self.entries = []    # (seq, the entry's data)
        self.skips = []      # seqs up to which entries were left out
        self.faults = []     # gaps and what else must not be
        self.refused, self.truncated, self.void_from = [], [], []
        self.connections = self.moves = self.again = self.silences = 0
        self.heard_at = self.said_at = 0.0
        self.stopping = threading.Event()
        self.context = zmq.Context()
        self.socket = None
        self.follow_at = 0.0
        self.credit = 0

    def stop(self):
        self.stopping.set()
        if self.is_alive():
            self.join()
        self.context.destroy(linger=0)
        return self

    def _connect(self, endpoint):
        if self.socket is not None:
            self.socket.close()
        self.socket = dealer(self.context, endpoint, self.server_key, self.keys)
        self.connections += 1
        self.heard_at = time.monotonic()
        self.socket.send(encode("hello", service="department", protocol=1))
        self._follow()

    def _follow(self):
        self.credit = CREDIT
        self.follow_at = 0.0
        start = {"from": 1 if "group" in self.wants else 0 if self.cursor is None else self.cursor + 1}
        wants = {name: value for name, value in self.wants.items() if name != "from_at" or start["from"] == 0}
        self.socket.send(encode("follow", stream=self.stream, **start, credit=CREDIT, **wants))

    def _data(self, seq, event):
        """The entry inside the event, whose attributes must be those of it."""
        data = event["data"]
        wanted = {"specversion": "1.0", "id": event_id(data, seq), "type": f"zhitong.case.{data['move']}",
                  "subject": str(data["case"]), "sequence": f"{seq:020}", "unit": self.stream}
        self.faults += [f"{seq}: {name} is {event.get(name)}" for name, value in wanted.items() if event.get(name) != value]
        if list(event) != ["specversion", "id", "source", "type", "subject", "time", "sequence", "unit", "data"]:
            self.faults.append(f"{seq}: attributes {list(event)}")
        return data

    def _entries(self, header, frame):
        entries = decode(frame)
        if len(entries) != header["count"]:
            self.faults.append(f"{len(entries)} entries under a header that says {header['count']}")
        first = header["first"]
        if "group" in self.wants:
            self.cursor = first - 1
        if first > self.cursor + 1:
            self.faults.append(f"gap: {first} after {self.cursor}")
            self._follow()
            return
        if first <= self.cursor:
            self.again += 1
        for seq, entry in enumerate(entries, first):
            if seq == self.cursor + 1:
                self.entries.append((seq, self._data(seq, entry)))
                self.cursor = seq
        self.credit -= len(entries)
        if self.credit < CREDIT // 2 or "group" in self.wants:
            self.socket.send(encode("credit", stream=self.stream, applied=self.cursor, more=CREDIT - self.credit))
            self.credit = CREDIT

    def _take(self, frames):
        message = decode(frames[0])
        name = message["t"]
        if name == "entries":
            self._entries(message, frames[1])
        elif name == "head" and message.get("stream"):
            self.head = max(self.head, message.get("seq", 0))
        elif name == "skip":
            self.skips.append(message["seq"])
            self.cursor = message["seq"] if self.cursor is None else max(self.cursor, message["seq"])
        elif name == "moved":
            self.moves += 1
            if message.get("endpoint"):
                self._connect(message["endpoint"])
            else:
                self.follow_at = time.monotonic() + 0.5
        elif name == "truncated":
            self.void_from.append(message.get("void_from", 0))
            self.truncated.append(message["first"])  # last: who waits for it reads both
            self.stopping.set()
        elif name == "refused":
            self.refused.append((message.get("field"), message["reason"]))
            self.follow_at = time.monotonic() + 0.5

    def run(self):
        turn = 0
        self._connect(self.endpoints[0])
        while not self.stopping.is_set():
            if self.socket.poll(100):
                self.heard_at = time.monotonic()
                for _ in range(100):
                    try:
                        self._take(self.socket.recv_multipart(zmq.DONTWAIT))
                    except zmq.Again:
                        break
            now = time.monotonic()
            if "group" in self.wants and now - self.said_at > 1:
                self.said_at = now
                self.socket.send(encode("credit", stream=self.stream, applied=0, more=0))
            if now - self.heard_at > SILENCE_SECONDS:
                turn, self.silences = turn + 1, self.silences + 1
                self._connect(self.endpoints[turn % len(self.endpoints)])
            elif self.follow_at and now > self.follow_at:
                self._follow()

    def order_faults(self):
        """Entries are numbered without a gap, no case's version comes twice, and versions of a case follow each other."""
        faults, last = list(self.faults), {}
        for nth, (seq, entry) in enumerate(self.entries):
            if nth and seq != self.entries[nth - 1][0] + 1 and not self.wants:
                faults.append(f"{seq} after {self.entries[nth - 1][0]}")
            case, version = entry["case"], entry["version"]
            if case in last and version != last[case] + 1 and not self.wants:
                faults.append(f"case {case}: version {version} after {last[case]} at seq {seq}")
            last[case] = version
        return faults
