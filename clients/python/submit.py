#!/usr/bin/python3
"""Hands one report in to Zhitong over ZeroMQ; needs python3-zmq and python3-msgpack only.

    submit.py ENDPOINTS SERVER_KEY_FILE KEY_FILE NUMBER channel=sensor item=lamp area=n_mill_1 [title=… lat=33.6 …]

NUMBER is your own number for the report: the same number is the same report, however often it is sent. The key file comes from
`zhitong keys source add CODE --kind curve`, the fields are those of `submit` in proto/PROTOCOL.md."""
import sys
import time

import msgpack
import zmq

ANSWER_SECONDS = 3  # no answer for so long: the same report goes to the next endpoint
NUMBERS = ("lat", "long")
WHOLE = ("occurred_at", "same_as")


def read_keys(path):
    """The public and secret line of a key file; None where it has no such line."""
    with open(path, encoding="ascii") as file:
        pairs = dict(line.split() for line in file if len(line.split()) == 2)
    return pairs.get("public"), pairs.get("secret")


class Submitter:
    def __init__(self, endpoints, server_key, keys):
        self.context = zmq.Context()
        self.sockets, self.poller, self.turn = [], zmq.Poller(), 0
        for endpoint in endpoints.split(","):
            socket = self.context.socket(zmq.DEALER)
            socket.linger = 0
            socket.curve_serverkey = server_key.encode()
            socket.curve_publickey, socket.curve_secretkey = (key.encode() for key in keys)
            socket.connect(endpoint)
            self.sockets.append(socket)
            self.poller.register(socket, zmq.POLLIN)

    def close(self):
        self.context.destroy(linger=0)

    def _answer(self, key, until):
        """The answer to this key, as a dict; None: there is none until then."""
        while (left := until - time.monotonic()) > 0:
            for socket, _ in self.poller.poll(left * 1000):
                answer = msgpack.unpackb(socket.recv())
                if answer.get("key") == key and answer.get("t") in ("accepted", "refused", "busy"):
                    return answer
        return None

    def submit(self, report, patience=30):
        """`accepted` or `refused` as a dict; None: no answer in that many seconds, so send the same report again later."""
        data, end = msgpack.packb({"t": "submit", **report}), time.monotonic() + patience
        while time.monotonic() < end:
            self.sockets[self.turn].send(data, zmq.DONTWAIT)
            self.turn = (self.turn + 1) % len(self.sockets)
            answer = self._answer(report["key"], min(end, time.monotonic() + ANSWER_SECONDS))
            if answer and answer["t"] == "busy":
                time.sleep(min(answer.get("retry_after_ms", 100) / 1000, max(0, end - time.monotonic())))
            elif answer:
                return answer
        return None


def field(word):
    name, _, value = word.partition("=")
    return name, float(value) if name in NUMBERS else int(value) if name in WHOLE else value


def main(words):
    if len(words) < 5:
        print(__doc__, file=sys.stderr)
        return 2
    endpoints, server_file, key_file, number = words[:4]
    submitter = Submitter(endpoints, read_keys(server_file)[0], read_keys(key_file))
    answer = submitter.submit({"key": f"id:{number}", "source_id": number, **dict(field(word) for word in words[4:])}, 10)
    submitter.close()
    if answer is None:
        print("no answer; send it again later")
        return 3
    if answer["t"] == "refused":
        print(f"refused: {answer.get('field', '')}: {answer['reason']}")
        return 1
    print(f"case {answer['case']}{' again' if answer.get('repeated') else ''}")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
