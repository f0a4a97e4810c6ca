"""A receiver of webhooks that fails in every way that one asks for, by the path; and a check of Standard Webhooks signatures that
shares nothing with the code under test.

    sink = Sink()
    sink.url("ok"), sink.url("hang") …; sink.got → [Got]
"""
import base64
import hashlib
import hmac
import json
import socket
import ssl
import struct
import threading
import time

HEADERS_BYTES_MAX = 65536


class Got:
    """One request that came in whole."""

    def __init__(self, path, headers, body):
        self.at = time.time()
        self.path, self.headers, self.body = path, headers, body
        self.event = json.loads(body)
        self.id = headers.get("webhook-id", "")

    def __repr__(self):
        return f"{self.path} {self.id} {self.event.get('type')}"


def signature_of(secret, got):
    key = base64.b64decode(secret.removeprefix("whsec_"))
    content = f"{got.headers['webhook-id']}.{got.headers['webhook-timestamp']}.".encode() + got.body
    return "v1," + base64.b64encode(hmac.new(key, content, hashlib.sha256).digest()).decode()


def is_signed(secret, got):
    return signature_of(secret, got) in got.headers.get("webhook-signature", "").split(" ")


def answer(status, reason="x", headers=(), body=b""):
    lines = [f"HTTP/1.1 {status} {reason}", f"Content-Length: {len(body)}", *headers]
    return "\r\n".join(lines).encode() + b"\r\n\r\n" + body


class Sink:
    def __init__(self, tls=None, slow_seconds=0.3):
        self.got, self.lock, self.slow_seconds = [], threading.Lock(), slow_seconds
        self.status = {}   # path → what it answers instead, as (status, [headers])
        self.delays = {}   # path → seconds before the answer, or what gives them
        self.answering = threading.local()
        self.closing = False
        self.connections = 0
        self.listener = socket.create_server(("127.0.0.1", 0), backlog=1024)
        self.port = self.listener.getsockname()[1]
        self.tls = tls
        self.accepting = threading.Thread(target=self._accept, daemon=True)
        self.accepting.start()

    def url(self, path, host="127.0.0.1"):
        return f"{'https' if self.tls else 'http'}://{host}:{self.port}/{path}"

    def close(self):
        """Whoever waits in accept is woken and gone before the number of its socket is another's: a call that a
        signal interrupts is taken up again by that number, and would take a connection of that one."""
        self.closing = True
        self.listener.shutdown(socket.SHUT_RDWR)
        self.accepting.join()
        self.listener.close()

    def of(self, path):
        with self.lock:
            return [got for got in self.got if got.path == path]

    def _accept(self):
        while not self.closing:
            try:
                connection, _ = self.listener.accept()
            except OSError:
                return
            self.connections += 1
            threading.Thread(target=self._serve, args=(connection,), daemon=True).start()

    def _serve(self, connection):
        try:
            if self.tls:
                connection = self.tls.wrap_socket(connection, server_side=True)
            file = connection.makefile("rb")
            while self._one(connection, file):
                pass
        except (OSError, ValueError):
            pass
        finally:
            try:
                connection.close()
            except OSError:
                pass

    def _one(self, connection, file):
        first = file.readline(HEADERS_BYTES_MAX)
        if not first:
            return False
        path = first.split()[1].decode().lstrip("/")
        headers = {}
        while (line := file.readline(HEADERS_BYTES_MAX)) not in (b"\r\n", b""):
            name, value = line.decode().split(":", 1)
            headers[name.strip().lower()] = value.strip()
        body = file.read(int(headers.get("content-length", 0)))
        got = Got(path, headers, body)
        with self.lock:
            self.got.append(got)
        self.answering.got = got
        delay = self.delays.get(path, 0)
        time.sleep(delay() if callable(delay) else delay)
        kind = path.split("/")[0]
        return getattr(self, "do_" + kind, self.do_ok)(connection, path)

    # ---- what it does, by the first word of the path

    def do_ok(self, connection, path):
        status, headers = self.status.get(path, (204, []))
        connection.sendall(answer(status, headers=headers))
        return True

    def do_slow(self, connection, path):
        time.sleep(self.slow_seconds)
        return self.do_ok(connection, path)

    def do_moody(self, connection, path):
        """Takes nothing for a tenth of a second in every 2.3, which no pause between two attempts is a multiple of; `taken` of what it
        took is True."""
        self.answering.got.taken = int(time.monotonic() * 10) % 23 != 0
        connection.sendall(answer(204 if self.answering.got.taken else 503))
        return True

    def do_hang(self, connection, path):
        while not self.closing and path not in self.status:
            time.sleep(0.05)
        return False

    def do_reset(self, connection, path):
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        return False

    def do_early(self, connection, path):
        connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nonly this")
        return False

    def do_silent(self, connection, path):
        return False

    def do_redirect(self, connection, path):
        connection.sendall(answer(302, headers=[f"Location: {self.url('ok/redirected')}"]))
        return True

    def do_gigabyte(self, connection, path):
        connection.sendall(b"HTTP/1.1 500 Oh\r\nContent-Length: 1073741824\r\n\r\n")
        sent = 0
        try:
            while sent < 1 << 30 and not self.closing:
                sent += connection.send(b"x" * 65536)
        finally:
            self.gigabyte_sent = max(getattr(self, "gigabyte_sent", 0), sent)
        return False

    def do_drip(self, connection, path):
        connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n")
        while not self.closing:
            connection.sendall(b"x")
            time.sleep(0.2)
        return False

    def do_garbage(self, connection, path):
        connection.sendall(b"\x00\x01SSH-2.0-OpenSSH\r\n\r\n\xff\xfe" * 10)
        return False

    def do_headers(self, connection, path):
        connection.sendall(b"HTTP/1.1 200 OK\r\n")
        try:
            for nth in range(100000):
                connection.sendall(f"X-{nth}: {'y' * 1000}\r\n".encode())
        except OSError:
            pass
        return False

    def do_words(self, connection, path):
        connection.sendall(answer(500, body=b"line\x00one\n\xff\xfe" + "长街".encode() * 60))
        return True


def server_tls(folder, name="127.0.0.1"):
    """A context with a certificate that nobody signed but itself."""
    import subprocess
    subprocess.run(["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "1", "-subj", f"/CN={name}",
                    "-addext", f"subjectAltName=IP:127.0.0.1", "-keyout", folder / "tls.key", "-out", folder / "tls.crt"],
                   check=True, capture_output=True)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(folder / "tls.crt", folder / "tls.key")
    return context
