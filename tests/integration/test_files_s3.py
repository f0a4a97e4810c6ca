#!/usr/bin/python3
"""Files in a bucket: what intake puts and gets is signed as AWS Signature Version 4 wants it, checked here by a service that does nothing
else; and a service that fails is told to the sender as a matter of time."""
import hashlib
import hmac
import sys
import threading
import urllib.parse
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

sys.dont_write_bytecode = True
sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "lib"))

from checks import main, wait_applied
from clients import Client
from files import ask, example, field, post, sha256

ACCESS, SECRET, REGION, BUCKET = "AKIDEXAMPLE", "a/secret+key", "cn-north-1", "city-files"


def signature_faults(method, path, headers):
    """What is wrong with a request's signature; empty: nothing."""
    scheme, _, rest = headers.get("Authorization", "").partition(" ")
    parts = dict(part.strip().split("=", 1) for part in rest.split(","))
    access, date, region, service, end = parts["Credential"].split("/")
    signed = parts["SignedHeaders"].split(";")
    if (scheme, access, region, service, end) != ("AWS4-HMAC-SHA256", ACCESS, REGION, "s3", "aws4_request"):
        return f"credential {parts['Credential']}"
    if not {"host", "x-amz-date", "x-amz-content-sha256"} <= set(signed):
        return f"signed are only {signed}"
    canonical = "\n".join([method, urllib.parse.quote(path), "", *[f"{name}:{headers[name].strip()}" for name in signed], "",
                           ";".join(signed), headers["x-amz-content-sha256"]])
    text = "\n".join([scheme, headers["x-amz-date"], f"{date}/{region}/s3/aws4_request", hashlib.sha256(canonical.encode()).hexdigest()])
    key = ("AWS4" + SECRET).encode()
    for word in (date, region, "s3", "aws4_request"):
        key = hmac.new(key, word.encode(), hashlib.sha256).digest()
    expected = hmac.new(key, text.encode(), hashlib.sha256).hexdigest()
    return "" if hmac.compare_digest(expected, parts["Signature"]) else f"signature of\n{canonical}"


class Bucket(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    objects, faults, failing = {}, [], False

    def answer(self, status, body=b""):
        self.send_response(status)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def refused(self, body=b""):
        fault = signature_faults(self.command, self.path, self.headers)
        if sha256(body) != self.headers["x-amz-content-sha256"]:
            fault += " the hash is not that of the body"
        if fault:
            Bucket.faults.append(f"{self.command} {self.path}: {fault}")
        if fault or Bucket.failing:
            self.answer(403 if fault else 500)
        return bool(fault) or Bucket.failing

    def do_PUT(self):
        body = self.rfile.read(int(self.headers["Content-Length"]))
        if not self.refused(body):
            Bucket.objects[self.path] = body
            self.answer(200)

    def do_GET(self):
        if not self.refused():
            found = Bucket.objects.get(self.path)
            self.answer(404 if found is None else 200, found or b"")

    def do_DELETE(self):
        if not self.refused():
            Bucket.objects.pop(self.path, None)
            self.answer(204)

    def log_message(self, *_):
        pass


def a_bucket_and_a_city(system, shared):
    server = ThreadingHTTPServer(("127.0.0.1", 0), Bucket)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    key = system.folder / "s3.key"
    key.write_text(f"{ACCESS}:{SECRET}\n")
    system.settings["intake"] = {"ZHITONG_FILES_FOLDER": str(system.folder / "files"), "ZHITONG_FILES_S3_BUCKET": BUCKET,
                                 "ZHITONG_FILES_S3_URL": f"http://127.0.0.1:{server.server_port}",
                                 "ZHITONG_FILES_S3_REGION": REGION, "ZHITONG_FILES_S3_KEY_FILE": str(key)}
    system.start_all(replicas=1)
    shared["server"], shared["intake"] = server, system.replica("intake", 1)


def a_file_goes_into_the_bucket_and_comes_back(system, shared):
    status, _, told = post(shared["intake"], ("media", "x.jpg", example("camera.jpg")))
    assert status == 201, (told, Bucket.faults, shared["intake"].journal()[-3:])
    name = told["file"]
    assert set(Bucket.objects) == {f"/{BUCKET}/{name}", f"/{BUCKET}/{name}.thumbnail"}
    assert sha256(Bucket.objects[f"/{BUCKET}/{name}"]) == name and b"Secret" not in Bucket.objects[f"/{BUCKET}/{name}"]
    client = Client(system.endpoints("intake"), system.server_key(), system.key("client", "app-client"))
    assert isinstance(client.ask("k", {"channel": "app", "item": "litter", "area": "n_mill_1", "title": "t", "files": name}), int)
    client.close()
    wait_applied(system)
    system.sql.rows("UPDATE intake.file SET published_at = now()")
    for rest, key in (("", ""), ("/thumbnail", ".thumbnail")):
        status, headers, data = ask(shared["intake"], "GET", f"/files/{name}{rest}")
        assert status == 200 and data == Bucket.objects[f"/{BUCKET}/{name}{key}"] and headers["Content-Type"] == "image/jpeg"
    assert not Bucket.faults, Bucket.faults
    assert not [path for path in (system.folder / "files").rglob("*") if path.is_file()]
    shared["name"] = name


def a_bucket_that_fails_is_a_matter_of_time(_system, shared):
    Bucket.failing = True
    answer = post(shared["intake"], ("media", "x.png", example("camera.png")))
    assert answer[0] == 503 and field(answer) == "file" and "127.0.0.1" not in answer[2]["error"]["reason"], answer
    assert ask(shared["intake"], "GET", f"/files/{shared['name']}")[0] == 503
    assert [line for line in shared["intake"].journal("file_not_stored") if "500" in line["text"]]
    Bucket.failing = False
    assert post(shared["intake"], ("media", "x.png", example("camera.png")))[0] == 201
    Bucket.objects.pop(f"/{BUCKET}/{shared['name']}")
    assert ask(shared["intake"], "GET", f"/files/{shared['name']}")[0] == 404
    shared["server"].shutdown()
    shared["server"].server_close()
    assert post(shared["intake"], ("media", "x.webp", example("camera.webp")))[0] == 503
    assert not Bucket.faults, Bucket.faults


def a_wrong_setting_ends_the_start(system, _shared):
    for field_name, change in (("ZHITONG_FILES_S3_KEY", {"ZHITONG_FILES_S3_KEY": "nocolon", "ZHITONG_FILES_S3_KEY_FILE": None}),
                               ("ZHITONG_FILES_S3_URL", {"ZHITONG_FILES_S3_URL": "ftp://x"}), ("ZHITONG_FILES_FOLDER", {"ZHITONG_FILES_FOLDER": ""}),
                               ("ZHITONG_FILES_FOLDER", {"ZHITONG_FILES_FOLDER": "/proc/none"})):
        replica = system.replica("intake", 1)
        replica.kill()
        kept = dict(system.settings["intake"])
        system.settings["intake"] = {name: value for name, value in {**kept, **change}.items() if value is not None}
        replica.start()
        assert replica.process.wait(20) != 0
        assert field_name in str(replica.journal("cannot_start")), (field_name, replica.journal())
        system.settings["intake"] = kept


if __name__ == "__main__":
    main("files_s3", [a_bucket_and_a_city, a_file_goes_into_the_bucket_and_comes_back, a_bucket_that_fails_is_a_matter_of_time,
                      a_wrong_setting_ends_the_start])
