"""A staff member at desk's HTTP API: signs in, asks, moves."""
import http.client
import json
import time
import urllib.parse

import why

PASSWORD = "correct horse battery"
# Of the small city: login, role, unit, classes.
PEOPLE = [("mill", "village_desk", "mill_1", "public"), ("mill_office", "township_desk", "mill_office", "public,internal"),
          ("north", "county_centre", "north_office", "public,internal"), ("south", "county_centre", "south_office", "public,internal"),
          ("hall", "dispatcher", "town_hall", "public,internal,restricted"), ("eye", "supervisor", "town_hall", "public,internal"),
          ("works", "department_lead", "works", "public"), ("check", "verifier", "north_office", "public,internal"),
          ("reader", "auditor", "town_hall", "public,internal,restricted")]


def add(system, login, role, unit, privacy):
    """One who may sign in, with one post."""
    path = system.folder / "password"
    path.write_text(PASSWORD + "\n")
    system.zhitong("staff", "add", login, "--name", login.title(), "--password-file", path)
    system.zhitong("staff", "post", login, "--role", role, "--unit", unit, "--privacy", privacy)


class Answer:
    def __init__(self, status, headers, body):
        self.status, self.headers = status, headers
        self.json = json.loads(body) if body else None

    def __repr__(self):
        return f"{self.status} {self.json}"

    @property
    def field(self):
        return self.json.get("error", {}).get("field")


class Staff:
    def __init__(self, replicas, login, password, post=None):
        self.replicas, self.login, self.password = replicas, login, password
        self.token = None
        self.keys = 0
        answer = self.sign_in(post)
        assert answer.status == 201, answer
        self.token = answer.json["token"]

    def sign_in(self, post=None):
        return ask(self.replicas[0], "POST", "/sessions",
                   {"login": self.login, "password": self.password, **({"post": post} if post else {})})

    def ask(self, method, path, body=None, which=0, **headers):
        headers = {name.replace("_", "-"): value for name, value in headers.items()}
        if self.token:
            headers["Authorization"] = f"Bearer {self.token}"
        return ask(self.replicas[which % len(self.replicas)], method, path, body, headers)

    def get(self, path, which=0, **query):
        return self.ask("GET", path + ("?" + urllib.parse.urlencode(query) if query else ""), which=which)

    def move(self, case, move, version=None, key=None, which=0, **fields):
        """version: None for that of now, "*" for any."""
        if version is None:
            version = self.get(f"/cases/{case}").headers.get("ETag", '"1"')
        elif version != "*":
            version = f'"{version}"'
        self.keys += 1
        return self.ask("POST", f"/cases/{case}/moves/{move}", fields, which=which,
                        Idempotency_Key=key or f"{self.login}-{self.keys}-{time.monotonic_ns()}", If_Match=version)


def ask(replica, method, path, body=None, headers=None):
    """body: a JSON value, or bytes as they are."""
    connection = http.client.HTTPConnection("127.0.0.1", replica.ports["ZHITONG_HTTP_PORT"], timeout=20)
    try:
        data = body if isinstance(body, (bytes, type(None))) else json.dumps(body).encode()
        connection.request(method, path, data, headers or {})
        answer = connection.getresponse()
        return why.note(f"{method} {path}", Answer(answer.status, dict(answer.getheaders()), answer.read()))
    finally:
        connection.close()
