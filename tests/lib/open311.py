"""What the tests of Open311 share: a small city with sources and questions, requests, and answers as values: the JSON as it is, the XML
by the Spark convention with every value as text, so that both can be compared."""
import datetime
import hashlib
import http.client
import json
import shutil
import tempfile
import urllib.parse
import xml.etree.ElementTree as tree
from pathlib import Path

import why
from system import SMALL_CITY

LAMP = {"service_code": "lamp", "lat": "33.611", "long": "114.011", "description": "dark"}
LISTS = {"services", "service_requests", "service_request_updates", "errors", "attributes", "values", "endpoints", "formats", "notes"}
FILES = {
    "sources.csv": "code,channel,name_en,name_zh,adapter,item,area,datum,per_minute\n"
                   "public,app,Public page,公众页面,http,,,,\nnine,hotline,Nine,九,http,,,,\nhouse,sensor,House,房,http,,,,\n"
                   "box,app,Mailbox,邮箱,mail,lamp,town,,\nwalkin,walk,Walk-in,来访,http,lamp,n_mill,,\n",
    "questions.csv": "item,code,datatype,needed,text_en,text_zh,hint_en,hint_zh\n"
                     "lamp,pole,string,no,Number of the pole,杆号,on its plate,见铭牌\nlitter,kind,string,no,Kind,种类,,\n"
                     "lamp,colour,multivaluelist,no,Colour,颜色,,\n",
    "choices.csv": "item,question,code,name_en,name_zh\nlamp,colour,red,Red,红\nlamp,colour,green,Green,绿\n",
    "item_texts.csv": "item,language,description,keywords,filing,closing,basis,answer\n"
                      "lamp,en,A lamp that is dark,\"light,dark\",,,,\nlamp,zh,路灯不亮了,灯,,,,\n",
}


def city_folder():
    """The small city with what Open311 shows; the caller removes it."""
    folder = Path(tempfile.mkdtemp(prefix="zhitong-city."))
    shutil.copytree(SMALL_CITY, folder, dirs_exist_ok=True)
    for name, text in FILES.items():
        (folder / name).write_text(text)
    with open(folder / "channels.csv", "a") as channels:
        channels.write("walk,Walk-in,来访,yes,no,,public,336,no\n")
    return folder


def give_key(system, source):
    """An API key of that source, as `zhitong keys source` would make one; good once intake has read it."""
    key = f"key-of-{source}"
    digest = hashlib.blake2b(key.encode(), digest_size=32).hexdigest()
    system.sql.rows(f"INSERT INTO intake.credential (credential, source, kind, digest) VALUES ('{source}', '{source}', 'key', '\\x{digest}')")
    return key


def spark(element):
    """An XML element by the Spark convention."""
    if element.tag in LISTS:
        return [spark(child) for child in element]
    if len(element):
        return {child.tag: spark(child) for child in element}
    return element.text or ""


def as_text(value):
    """JSON with every plain value as it stands in XML."""
    if isinstance(value, list):
        return [as_text(one) for one in value]
    if isinstance(value, dict):
        return {name: as_text(one) for name, one in value.items()}
    if value is None:
        return ""
    return json.dumps(value) if isinstance(value, (bool, int, float)) else value


class Answer:
    def __init__(self, status, headers, body):
        self.status, self.headers, self.body = status, headers, body

    @property
    def value(self):
        if self.headers["Content-Type"] == "application/json; charset=utf-8":
            return self.json
        assert self.headers["Content-Type"] == "text/xml; charset=utf-8", self.headers["Content-Type"]
        return spark(tree.fromstring(self.body))

    @property
    def json(self):
        return json.loads(self.body)

    @property
    def codes(self):
        """Of the errors, as numbers; and that the status is one of them."""
        codes = [int(error["code"]) for error in self.value]
        assert self.status in codes, (self.status, self.body)
        return codes

    def __repr__(self):
        return f"{self.status} {self.body[:2000]}"


class Open311:
    """An endpoint. Parameters are pairs or a dict; a list of values is one parameter several times."""

    def __init__(self, replica):
        self.port, self.base = replica.ports["ZHITONG_HTTP_PORT"], "/open311/v2/"

    def ask(self, method, path, query=None, form=None, headers=None, body=None):
        if query:
            path += "?" + urllib.parse.urlencode(query, doseq=True)
        headers = dict(headers or {})
        if form is not None:
            body = urllib.parse.urlencode(form, doseq=True).encode()
            headers.setdefault("Content-Type", "application/x-www-form-urlencoded")
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=20)
        try:
            connection.request(method, path if path.startswith("/") else self.base + path, body, headers)
            answer = connection.getresponse()
            return why.note(f"{method} {path}", Answer(answer.status, answer.headers, answer.read()))
        finally:
            connection.close()

    def get(self, path, **query):
        return self.ask("GET", path, query)

    def post(self, path, form, **headers):
        return self.ask("POST", path, form=form, headers={name.replace("_", "-"): value for name, value in headers.items()})



def now(seconds=0):
    return (datetime.datetime.now(datetime.timezone.utc) + datetime.timedelta(seconds=seconds)).strftime("%Y-%m-%dT%H:%M:%SZ")


def both(endpoint, path, wanted=200, **query):
    """The answer in JSON; the one in XML says the same."""
    in_json, in_xml = (endpoint.ask("GET", f"{path}.{form}", query) for form in ("json", "xml"))
    assert in_json.status == in_xml.status == wanted, (path, query, in_json, in_xml)
    assert as_text(in_json.value) == in_xml.value, (in_json, in_xml)
    assert in_xml.body.startswith(b'<?xml version="1.0" encoding="utf-8"?>')
    return in_json.value


def post(endpoint, **changes):
    form = {name: value for name, value in {**LAMP, **changes}.items() if value is not None}
    answer = endpoint.post("requests.json", form)
    assert answer.status == 200, answer
    (request,) = answer.value
    assert isinstance(request["service_request_id"], str) and request["service_request_id"].isdigit()
    return request["service_request_id"]


def ids(answer):
    return [request["service_request_id"] for request in answer]
