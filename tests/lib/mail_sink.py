"""A mail server that takes, refuses or hangs by the local part of the recipient; and group robots and an SMS gateway that look at what
they get as the vendors say they do."""
import asyncio
import base64
import email
import email.policy
import hashlib
import hmac
import http.server
import json
import threading
import time
import urllib.parse

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP

from system import free_port

START_SECONDS_MAX = 30


class Mail:
    def __init__(self, envelope):
        self.at, self.to, self.sender = time.time(), envelope.rcpt_tos[0], envelope.mail_from
        self.raw = envelope.content
        self.message = email.message_from_bytes(envelope.content, policy=email.policy.default)

    def part(self, kind):
        return self.message.get_body((kind,)).get_content()

    @property
    def subject(self):
        return self.message["Subject"]

    @property
    def text(self):
        return self.part("plain")

    @property
    def html(self):
        return self.part("html")

    def __repr__(self):
        return f"{self.to}: {self.subject}"


class MailSink:
    """tls: a server context: the server offers STARTTLS and takes no mail without it."""

    def __init__(self, tls=None, login=None):
        self.got, self.sessions, self.sick, self.login = [], 0, False, login
        self.lock = threading.Lock()
        sink = self

        class Server(Controller):
            def factory(self):
                auth = {"authenticator": sink.authenticate, "auth_required": True} if login else {}
                return SMTP(self.handler, tls_context=tls, require_starttls=tls is not None, timeout=60, **auth)

        self.controller = Server(self, hostname="127.0.0.1", port=free_port(), server_hostname="mail.example",
                                 ready_timeout=START_SECONDS_MAX)
        self.controller.start()
        self.port = self.controller.port
        self.url = f"smtp://127.0.0.1:{self.port}"

    def authenticate(self, _server, _session, _envelope, _mechanism, data):
        from aiosmtpd.smtp import AuthResult
        return AuthResult(success=(data.login.decode(), data.password.decode()) == self.login)

    def close(self):
        self.controller.stop()

    def to(self, address):
        with self.lock:
            return [mail for mail in self.got if mail.to == address]

    # ---- aiosmtpd's handler

    async def handle_RCPT(self, _server, _session, envelope, address, options):
        self.sessions += 1
        what = address.split("@")[0]
        if what == "nobody":
            return "550 5.1.1 no such user"
        if what == "later" or self.sick:
            return "450 4.2.1 mailbox busy"
        envelope.rcpt_tos.append(address)
        envelope.rcpt_options.extend(options)
        return "250 OK"

    async def handle_DATA(self, _server, _session, envelope):
        what = envelope.rcpt_tos[0].split("@")[0]
        if what == "spam":
            return "554 5.7.1 refused as spam"
        if what == "full":
            return "452 4.2.2 mailbox full"
        if what == "hang":
            await asyncio.sleep(30)
        with self.lock:
            self.got.append(Mail(envelope))
        return "250 taken"


class Post:
    def __init__(self, path, headers, body):
        self.at, self.path, self.headers = time.time(), path, headers
        self.raw = body
        self.query = dict(urllib.parse.parse_qsl(urllib.parse.urlsplit(path).query))
        try:
            self.json = json.loads(body)
        except ValueError:
            self.json = None


def dingtalk_sign(secret, timestamp):
    text = f"{timestamp}\n{secret}"
    return base64.b64encode(hmac.new(secret.encode(), text.encode(), hashlib.sha256).digest()).decode()


def feishu_sign(secret, timestamp):
    return base64.b64encode(hmac.new(f"{timestamp}\n{secret}".encode(), b"", hashlib.sha256).digest()).decode()


class RobotSink:
    """/wecom, /dingtalk, /feishu and /sms on one port. `limited`: how many more posts are answered as too many."""

    def __init__(self, secret="SEC-of-the-robots"):
        self.got, self.secret, self.limited = [], secret, 0
        self.lock = threading.Lock()
        sink = self

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self):
                body = self.rfile.read(int(self.headers["Content-Length"]))
                post = Post(self.path, dict(self.headers), body)
                answer = sink.answer(post, urllib.parse.urlsplit(self.path).path.strip("/"))
                data = json.dumps(answer).encode()
                self.send_response(200)
                self.send_header("Content-Length", str(len(data)))
                self.end_headers()
                self.wfile.write(data)

            def log_message(self, *_):
                pass

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.port = self.server.server_address[1]
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def url(self, kind):
        return f"http://127.0.0.1:{self.port}/{kind}"

    def of(self, kind):
        with self.lock:
            return [post for post in self.got if urllib.parse.urlsplit(post.path).path == f"/{kind}"]

    def close(self):
        self.server.shutdown()

    def answer(self, post, kind):
        with self.lock:
            if self.limited > 0:
                self.limited -= 1
                return {"wecom": {"errcode": 45009, "errmsg": "api freq out of limit"}, "dingtalk": {"errcode": 130101, "errmsg": "send too fast"},
                        "feishu": {"code": 11232, "msg": "frequency limited"}, "sms": {"code": 7}}[kind]
            refused = getattr(self, "refuse_" + kind)(post)
            if not refused:
                self.got.append(post)
            return refused or ({"code": 0, "msg": "success"} if kind in ("feishu", "sms") else {"errcode": 0, "errmsg": "ok"})

    def refuse_wecom(self, post):
        if post.json.get("msgtype") != "text" or len(post.json["text"]["content"].encode()) > 2048:
            return {"errcode": 40058, "errmsg": "invalid Request Parameter"}
        return None

    def refuse_dingtalk(self, post):
        if abs(int(post.query["timestamp"]) / 1000 - time.time()) > 3600 or post.query["sign"] != dingtalk_sign(self.secret, post.query["timestamp"]):
            return {"errcode": 310000, "errmsg": "sign not match"}
        return None

    def refuse_feishu(self, post):
        if abs(int(post.json["timestamp"]) - time.time()) > 3600 or post.json["sign"] != feishu_sign(self.secret, post.json["timestamp"]):
            return {"code": 19021, "msg": "sign match fail or timestamp is not within one hour from current time"}
        return None

    def refuse_sms(self, post):
        return None if post.json and post.json.get("phone") and post.headers.get("X-Gateway-Key") == "k1" else {"code": 3}
