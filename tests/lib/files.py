"""Sends files to intake and looks at what became of them."""
import hashlib
import http.client
import json

import why
from system import ROOT

EXAMPLES = ROOT / "tests/fuzz/corpus/exif"
BOUNDARY = "zhitong-boundary"


def example(name):
    return (EXAMPLES / name).read_bytes()


def multipart(*parts):
    """parts: (name, file name or None, bytes)"""
    body = b""
    for name, file_name, data in parts:
        disposition = f'form-data; name="{name}"' + (f'; filename="{file_name}"' if file_name is not None else "")
        body += f"--{BOUNDARY}\r\nContent-Disposition: {disposition}\r\n\r\n".encode() + data + b"\r\n"
    return body + f"--{BOUNDARY}--\r\n".encode(), f"multipart/form-data; boundary={BOUNDARY}"


def ask(replica, method, path, body=None, content_type=None, headers=None):
    """Status, headers, and the body: JSON where it is that."""
    connection = http.client.HTTPConnection("127.0.0.1", replica.ports["ZHITONG_HTTP_PORT"], timeout=20)
    try:
        connection.request(method, path, body, {**(headers or {}), **({"Content-Type": content_type} if content_type else {})})
        answer = connection.getresponse()
        data = answer.read()
        if answer.headers.get("Content-Type", "").startswith("application/json"):
            data = json.loads(data)
        why.note(f"{method} {path}", (answer.status, data))
        return answer.status, answer.headers, data
    finally:
        connection.close()


def post(replica, *parts):
    return ask(replica, "POST", "/files", *multipart(*parts))


def field(answer):
    return answer[2]["error"]["field"]


def sha256(data):
    return hashlib.sha256(data).hexdigest()


def markers(jpeg):
    """The markers of a JPEG's segments up to the first scan."""
    at, found = 2, []
    while jpeg[at + 1] != 0xda:
        found.append(jpeg[at + 1])
        at += 2 + int.from_bytes(jpeg[at + 2:at + 4], "big")
    return found
