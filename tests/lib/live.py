"""Pages that listen live at desk (text/event-stream), any number of them in one thread."""
import json
import selectors
import socket
import time


class Page:
    """One page. `events` are (id, event, data) in the order in which they came; it comes back by itself, from the last id."""

    def __init__(self, replica, token, query="", last_id=None, receive_bytes=None):
        self.replica, self.token, self.query, self.last_id = replica, token, query, last_id
        self.receive_bytes = receive_bytes
        self.events, self.at, self.status, self.headers = [], [], None, ""
        self.connections, self.comments, self.retry, self.ended = 0, 0, None, False
        self.socket = None
        self.again_at = 0
        self.reading = True

    def connect(self):
        self.again_at = time.monotonic() + 0.3
        self.head, self.raw, self.rest, self.chunk, self.data, self.event, self.id = None, b"", b"", 0, "", "", self.last_id
        self.socket = socket.socket()
        if self.receive_bytes:
            self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, self.receive_bytes)
        try:
            self.socket.connect(("127.0.0.1", self.replica.ports["ZHITONG_HTTP_PORT"]))
        except OSError:
            self.socket.close()
            self.socket = None
            return False
        last = f"Last-Event-ID: {self.last_id}\r\n" if self.last_id else ""
        self.socket.sendall(f"GET /live{self.query} HTTP/1.1\r\nHost: desk\r\nAuthorization: Bearer {self.token}\r\n{last}\r\n".encode())
        self.socket.setblocking(False)
        self.connections += 1
        return True

    def close(self):
        if self.socket is not None:
            self.socket.close()
            self.socket = None

    def take(self):
        """What waits in the socket. False: the connection is over."""
        try:
            data = self.socket.recv(65536)
        except BlockingIOError:
            return True
        except OSError:
            return False
        if not data:
            return False
        self.raw += data
        if self.head is None:
            if b"\r\n\r\n" not in self.raw:
                return True
            self.head, self.raw = self.raw.split(b"\r\n\r\n", 1)
            self.headers = self.head.decode()
            self.status = int(self.headers.split()[1])
        if self.status != 200:
            return False
        return self.dechunk()

    def dechunk(self):
        while True:
            if self.chunk == 0:
                if b"\r\n" not in self.raw:
                    return True
                size, self.raw = self.raw.split(b"\r\n", 1)
                self.chunk = int(size, 16) + 2
                if self.chunk == 2:
                    return False
            part = self.raw[:self.chunk]
            self.raw = self.raw[len(part):]
            self.chunk -= len(part)
            self.rest += part if self.chunk >= 2 else part[:len(part) - (2 - self.chunk)]
            self.parse()
            if self.chunk > 0:
                return True

    def parse(self):
        *lines, self.rest = self.rest.split(b"\n")
        for line in lines:
            line = line.decode()
            if line == "":  # only now does the id count: an event that was cut in its middle comes again
                self.last_id = self.id
                if self.data:
                    self.events.append((self.last_id, self.event, json.loads(self.data)))
                    self.at.append(time.time())
                    self.ended = self.ended or self.event == "ended"
                self.data, self.event = "", ""
            elif line.startswith(":"):
                self.comments += 1
            else:
                field, _, value = line.partition(": ")
                if field == "data":
                    self.data += value
                elif field == "event":
                    self.event = value
                elif field == "id":
                    self.id = value
                elif field == "retry":
                    self.retry = int(value)
                else:
                    raise AssertionError(line)

    def entries(self):
        return [event for event in self.events if event[1] not in ("truncated", "ended")]

    def seqs(self):
        return [int(event[2]["sequence"]) for event in self.entries()]

    def cases(self):
        return [int(event[2]["subject"]) for event in self.entries()]


class Pages:
    def __init__(self, pages, come_back=True):
        self.pages, self.come_back = pages, come_back
        self.selector = selectors.DefaultSelector()
        self.known = {}

    def turn(self, wait=0.05):
        now = time.monotonic()
        for page in self.pages:
            if page.socket is None and not page.ended and now >= page.again_at and (self.come_back or page.connections == 0):
                if page.connect():
                    self.selector.register(page.socket, selectors.EVENT_READ, page)
        for key, _ in self.selector.select(wait):
            if key.data.reading and not key.data.take():
                self.selector.unregister(key.fileobj)
                key.data.close()

    def until(self, condition, seconds, what):
        end, late = time.monotonic() + seconds, False
        while not condition():
            assert not late, f"after {seconds} s still not: {what() if callable(what) else what}"
            late = time.monotonic() > end  # the last look comes after a last turn
            self.turn()

    def run(self, seconds):
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            self.turn()

    def close(self):
        for page in self.pages:
            page.close()
        self.selector.close()
