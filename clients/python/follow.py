#!/usr/bin/python3
"""Follows a department's stream over ZeroMQ; needs python3-zmq and python3-msgpack only. Written from proto/PROTOCOL.md alone.

    follow.py ENDPOINTS SERVER_KEY_FILE KEY_FILE UNIT FOLDER [group=NAME] [filter=FILTER] [from=SEQ|end|UNIX_MS@]

The work here is a JSON line in FOLDER/events; FOLDER/cursor says how far it is done. Copy it and put your own work in `do_work`.
`from` counts where there is no cursor yet: 1, the beginning, when it is not given; end: what comes from now on; 1767225600000@: what
comes from that instant on. In a group the server keeps the cursor, and what another member did not finish comes here."""
import collections
import json
import os
import pathlib
import signal
import sys
import time

import msgpack
import zmq

CREDIT = 1000           # events under way at most
SILENCE_SECONDS = 3     # a head comes each second
ALIVE_SECONDS = 1       # a credit that grants nothing says that we live
AGAIN_SECONDS = 1       # nobody has the stream now: asked again
DONE_MAX = 20000        # ids that are remembered: what died between work and cursor comes again


def read_keys(path):
    """The public and secret line of a key file; None where it has no such line."""
    with open(path, encoding="ascii") as file:
        pairs = dict(line.split() for line in file if len(line.split()) == 2)
    return pairs.get("public"), pairs.get("secret")


class Refused(Exception):
    pass


class Follower:
    """`events()` gives (seq, event), or (seq, None) where nothing up to seq is for us, or None when nothing waits just now."""

    def __init__(self, endpoints, server_key, keys, stream, start, group=None, filter=None):
        self.endpoints, self.server_key, self.keys = endpoints.split(","), server_key, keys
        self.stream, self.start, self.group, self.filter = stream, start, group, filter
        self.cursor = None      # last seq that was given out; a group has none
        self.context, self.socket, self.turn = zmq.Context(), None, 0
        self.under_way = collections.deque()  # seqs given out and not done, in their order
        self.done, self.applied = 0, 0        # finished since the last credit; the last of them
        self._connect(self.endpoints[0], server_key)

    def close(self):
        self._credit()
        self._send("unfollow", stream=self.stream)
        self.socket.close(linger=200)
        self.context.term()

    # ---- what we say

    def _send(self, name, **fields):
        try:
            self.socket.send(msgpack.packb({"t": name, **fields}), zmq.DONTWAIT)
        except zmq.Again:
            pass  # not connected: said again with the next connection

    def _connect(self, endpoint, server_key):
        if self.socket is not None:
            self.socket.close(linger=0)
        self.socket = self.context.socket(zmq.DEALER)
        self.socket.rcvhwm = 2 * CREDIT
        self.socket.curve_serverkey = server_key.encode()
        self.socket.curve_publickey, self.socket.curve_secretkey = (key.encode() for key in self.keys)
        self.socket.connect(endpoint)
        self.heard_at = self.told_at = time.monotonic()
        self.again_at = None
        if self.group:  # what was under way is dealt anew
            self.under_way.clear()
            self.applied = 0
        self._send("hello", service="department", protocol=1)
        self._follow()

    def _follow(self):
        start = self.start if self.group or self.cursor is None else {"from": self.cursor + 1}
        more = {name: value for name, value in (("group", self.group), ("filter", self.filter)) if value}
        self.done = 0
        self._send("follow", stream=self.stream, credit=CREDIT - len(self.under_way), **start, **more)

    def _connect_next(self):
        self.turn = (self.turn + 1) % len(self.endpoints)
        self._connect(self.endpoints[self.turn], self.server_key)

    def _credit(self):
        self._send("credit", stream=self.stream, applied=self.applied, more=self.done)
        self.done, self.told_at = 0, time.monotonic()

    def finished(self, seq):
        """Everything up to this event, in the order in which it was given out, is done and stored."""
        while self.under_way and (self.group and seq in self.under_way or not self.group and self.under_way[0] <= seq):
            self.applied = self.under_way.popleft()
            self.done += 1
            if self.group and self.applied == seq:
                break
        if self.done:
            self._credit()

    # ---- what we hear

    def _entries(self, message, frame):
        for seq, event in enumerate(msgpack.unpackb(frame), message["first"]):
            if not self.group:
                if self.cursor is not None and seq <= self.cursor:
                    self.done += 1
                    continue
                if self.cursor is not None and seq > self.cursor + 1:  # a frame was lost
                    self._connect_next()
                    return
                self.cursor = seq
            self.under_way.append(seq)
            yield seq, event

    def _hear(self, message, frames):
        if message["t"] == "entries":
            yield from self._entries(message, frames[0])
        elif message["t"] == "skip" and not self.group and message["seq"] > (self.cursor or 0):
            self.cursor = message["seq"]
            yield message["seq"], None
        elif message["t"] == "moved":
            print("moved to", message.get("endpoint", "nobody yet"), file=sys.stderr)
            if message.get("endpoint"):
                self._connect(message["endpoint"], message.get("curve_key") or self.server_key)
            else:
                self.again_at = time.monotonic() + AGAIN_SECONDS
        elif message["t"] == "truncated":  # your decision: here what is gone is passed over, and said aloud
            if message.get("void_from"):
                print("the city was restored: what we have from", message["void_from"], "on is void", file=sys.stderr)
            else:
                print("entries before", message["first"], "are gone", file=sys.stderr)
            self.cursor = message["first"] - 1
            self.start = {"from": message["first"]}
            self._follow()
        elif message["t"] == "refused" and message.get("field") in ("hello", "silence"):
            self._connect_next()  # the server does not know us (any more): it was restarted, or we were too slow for a group
        elif message["t"] == "refused":
            raise Refused(f"{message.get('field', '')}: {message['reason']}")

    def _timers(self):
        now = time.monotonic()
        if now - self.heard_at > SILENCE_SECONDS:
            print("no answer; the next endpoint is asked", file=sys.stderr)
            self._connect_next()
        elif self.again_at is not None and now > self.again_at:
            self.again_at = None
            self._follow()
        elif now - self.told_at > ALIVE_SECONDS:
            self._credit()

    def events(self):
        while True:
            if not self.socket.poll(0):
                yield None  # time to store what is done
                self._timers()
                if not self.socket.poll(200):
                    continue
            header, *frames = self.socket.recv_multipart()
            self.heard_at = time.monotonic()
            message = msgpack.unpackb(header)
            if message.get("stream", self.stream) == self.stream:
                yield from self._hear(message, frames)


class Work:
    """A file of events and a file with the cursor. First the work, then the cursor, then the acknowledgement."""

    def __init__(self, folder):
        folder.mkdir(parents=True, exist_ok=True)
        self.events, self.cursor = folder / "events", folder / "cursor"
        self.file = open(self.events, "a+b")
        self.done = {}  # ids, the oldest first
        self.file.seek(0)
        whole = 0
        for line in self.file:
            if line.endswith(b"\n"):
                whole += len(line)
                self.remember(json.loads(line)["id"])
        self.file.truncate(whole)  # a line that an earlier life left half
        self.last = None

    def remember(self, event_id):
        self.done[event_id] = True
        if len(self.done) > DONE_MAX:
            del self.done[next(iter(self.done))]

    def start(self, word, group):
        if self.cursor.exists() and not group:
            return {"from": int(self.cursor.read_text()) + 1}
        if word.endswith("@"):
            return {"from": 0, "from_at": int(word[:-1])}
        return {"from": 0 if word == "end" else int(word)}

    def do_work(self, seq, event):
        if event["id"] not in self.done:
            self.file.write(json.dumps({"seq": seq, **event}, ensure_ascii=False).encode() + b"\n")
            self.remember(event["id"])

    def store(self, follower):
        if self.last is None:
            return
        self.file.flush()
        os.fsync(self.file.fileno())
        if not follower.group:
            new = self.cursor.with_suffix(".new")
            with open(new, "w", encoding="ascii") as file:
                file.write(f"{self.last}\n")
                file.flush()
                os.fsync(file.fileno())
            os.replace(new, self.cursor)
        follower.finished(self.last)
        self.last = None


def main(words):
    if len(words) < 5:
        print(__doc__, file=sys.stderr)
        return 2
    endpoints, server_file, key_file, unit, folder = words[:5]
    options = dict(word.split("=", 1) for word in words[5:])
    work = Work(pathlib.Path(folder))
    start = work.start(options.pop("from", "1"), options.get("group"))
    follower = Follower(endpoints, read_keys(server_file)[0], read_keys(key_file), unit, start, **options)
    ended = []
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: ended.append(True))
    try:
        for given in follower.events():
            if given is None:
                work.store(follower)
                if ended:
                    return 0
                continue
            seq, event = given
            if event is not None:
                work.do_work(seq, event)
            work.last = seq
            if len(follower.under_way) >= CREDIT // 2:
                work.store(follower)
    except Refused as refused:
        print("refused:", refused, file=sys.stderr)
        return 1
    finally:
        follower.close()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
