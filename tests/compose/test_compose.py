#!/usr/bin/python3
"""docker-compose.yml as a city's operator uses it: images, first start, reports through nginx, every service scaled up and down while
they flow, and the end of it. On a Docker engine of its own; where none can start it says so.

    tests/compose/test_compose.py [--build]     --build: the programs are built in the image, too (minutes)"""
import http.client
import json
import os
import signal
import ssl
import subprocess
import sys
import tempfile
import threading
import time
import urllib.error
import urllib.request
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "lib"))
import asked  # noqa: F401,E402 pylint: disable=unused-import,wrong-import-position

ROOT = Path(__file__).resolve().parents[2]
subprocess.run([ROOT / "deploy/install-packages", "compose", "compose-images", "test"], check=True)

import why  # noqa: E402
from clients import Client, Department, Load  # noqa: E402
from engine import City, Engine, NoEngine  # noqa: E402
from system import BUILD, wait_until  # noqa: E402

ADDRESS = "127.0.0.9"  # of this machine alone, and nobody else's: the ports are those of a city
HTTP = f"http://{ADDRESS}:8080"
SERVICES = ("intake", "routing", "escalation", "notification", "desk")
IMAGE_BYTES_MAX = 100_000_000
SAMPLE = 300
POSTS_PER_SECOND, SUBMITS_PER_SECOND = 20, 60
SPAN_SECONDS_MAX = 90
BUSY_MAX = 20


def said(text):
    print(f"# {text}", flush=True)


def key_pair(text):
    pairs = dict(line.split() for line in text.splitlines() if " " in line and not line.startswith("#"))
    return pairs["public"].encode(), pairs.get("secret", "").encode()


def post(path, body, headers):
    """Status and answer: 503 where the city says when to come again, less than 0 for any other refusal, 0 for no answer at all."""
    request = urllib.request.Request(HTTP + path, json.dumps(body).encode(), {"Content-Type": "application/json", **headers})
    try:
        with urllib.request.urlopen(request, timeout=20) as answer:
            return answer.status, json.loads(answer.read())
    except urllib.error.HTTPError as error:
        busy = error.code == 503 and error.headers["Retry-After"]
        return 503 if busy else -error.code, error.read().decode(errors="replace")
    except OSError as error:
        return 0, str(error)


def report(nth):
    return {"item": "request_for_pothole_repair", "area": f"pwd_0{2 + nth % 6}", "title": f"report {nth}", "source_id": f"flow-{nth}",
            "address": f"{nth} Long Street"}


class Posts(threading.Thread):
    """Reports over HTTP at a steady rate. Whatever is not 201 is a fault, except that the city is busy and says when to come again."""

    def __init__(self, key):
        super().__init__(daemon=True)
        self.key, self.faults, self.seconds, self.accepted, self.busy = key, [], [], 0, 0
        self.stopping = threading.Event()

    def run(self):
        began, nth = time.monotonic(), 0
        while not self.stopping.is_set():
            time.sleep(max(0, began + nth / POSTS_PER_SECOND - time.monotonic()))
            nth += 1
            at = time.monotonic()
            status, answer, again = self.hand_in(nth)
            self.seconds.append(time.monotonic() - at)
            if status == 201 or status == 200 and again:  # that it was taken was not heard, and it was sent again
                self.accepted += 1
            else:
                self.faults.append(f"{nth}: {status} {answer}"[:200])

    def hand_in(self, nth):
        for again in range(BUSY_MAX):
            status, answer = post("/reports", report(nth), {"X-API-Key": self.key, "Idempotency-Key": f"flow-{nth}"})
            if status != 503:
                break
            self.busy += 1
            time.sleep(1)
        return status, answer, again

    def finish(self):
        self.stopping.set()
        self.join()


# ---- the tests, in their order ------------------------------------------------------------------------------------


def images_are_small(city, shared):
    size = int(city.engine.docker("image", "inspect", "--format", "{{.Size}}", "zhitong:latest").stdout)
    said(f"zhitong:latest has {size / 1e6:.1f} MB")
    assert size <= IMAGE_BYTES_MAX, size


def first_start_gives_a_working_city_and_says_where_to_look(city, shared):
    began = time.monotonic()
    city.compose("up", "-d")
    wait_until(lambda: city.containers("welcome")[0]["State"]["Status"] == "exited", SPAN_SECONDS_MAX, "welcome has ended")
    said(f"docker-compose up took {time.monotonic() - began:.0f} s, until the sample city stood")
    text = city.compose("logs", "--no-color", "welcome").stdout
    assert city.containers("welcome")[0]["State"]["ExitCode"] == 0, text
    for words in (f"http://{ADDRESS}:8080", f"http://{ADDRESS}:8090", "staff.password", f"{SAMPLE} accepted, 0 refused"):
        assert words in text, (words, text)
    cases = "SELECT count(*) FROM routing.case_file"
    wait_until(lambda: city.ask(cases) == [[str(SAMPLE)]], 20, lambda: f"{SAMPLE} cases: {city.ask(cases)}")


def containers_may_do_little(city, shared):
    found = {}
    for container in city.containers():
        name, config, host = container["Name"], container["Config"], container["HostConfig"]
        service = config["Labels"]["com.docker.compose.service"]
        wanted = {"read-only": host["ReadonlyRootfs"], "no capabilities": host["CapDrop"] == ["ALL"] and not host["CapAdd"],
                  "no new privileges": "no-new-privileges:true" in (host["SecurityOpt"] or []),
                  "not privileged": not host["Privileged"], "user": config["User"].split(":")[0] not in ("", "0", "root"),
                  "memory": host["Memory"] > 0, "processes": (host["PidsLimit"] or 0) > 0,
                  "log rotation": host["LogConfig"]["Config"].get("max-size"),
                  "ports": service == "nginx" or not host["PortBindings"],
                  "no secret in the environment": not any("postgresql://" in line for line in config["Env"])}
        found.update({f"{name}: {what}": good for what, good in wanted.items() if not good})
    assert not found, found
    for service in SERVICES + ("postgres", "nginx"):
        status = city.inside(service, "cat", "/proc/1/status").stdout
        fields = dict(line.split(":", 1) for line in status.splitlines())
        assert int(fields["CapEff"], 16) == 0 and int(fields["CapBnd"], 16) == 0, status
        assert fields["NoNewPrivs"].strip() == "1" and fields["Uid"].split()[0] != "0", status
        assert city.inside(service, "touch", "/usr/file", check=False).returncode != 0, service


def metrics_are_not_passed_on(city, shared):
    for port in (8080, 8090):
        for path in ("/metrics", "/readyz"):
            try:
                urllib.request.urlopen(f"http://{ADDRESS}:{port}{path}", timeout=5)
                raise AssertionError(f"{port}{path} answers")
            except urllib.error.HTTPError as error:
                assert error.code == 404, error.code


def a_report_reaches_department_desk_and_mailbox(city, shared):
    units = [unit for unit, in city.ask("SELECT unit FROM notification.stream WHERE unit !~ '^@' ORDER BY head DESC LIMIT 3")]
    files = ["server.key", "sources/citizens_connect_app.key", "sources/maximo_integration.curve", "staff.password"]
    files += [f"{unit}.key" for unit in units]
    said_by_shell = city.shell("cd /etc/zhitong/keys; " + "".join(
        f"zhitong keys department add test-{unit} --unit {unit} --out {unit}.key >/dev/null; " for unit in units) +
        "".join(f"cat {name}; echo ===; " for name in files))
    keys = dict(zip(files, said_by_shell.split("===\n")))
    shared["server"], shared["source"] = key_pair(keys["server.key"])[0], key_pair(keys["sources/maximo_integration.curve"])
    shared["api"], password = keys["sources/citizens_connect_app.key"].strip(), keys["staff.password"].strip()
    time.sleep(3)  # the services read new keys every 2 s
    shared["followers"] = [Department([f"tcp://{ADDRESS}:7202"], shared["server"], key_pair(keys[f"{unit}.key"]), unit)
                           for unit in units]
    for follower in shared["followers"]:
        follower.start()
    status, answer = post("/reports", {**report(0), "reporter_email": "li@example.org", "reporter_name": "Li"},
                          {"X-API-Key": shared["api"], "Idempotency-Key": "first"})
    assert status == 201, (status, answer)
    case = int(answer["case"])
    wait_until(lambda: any(entry["case"] == case for follower in shared["followers"] for _, entry in follower.entries), 20,
               lambda: f"case {case} at a follower: {[f.cursor for f in shared['followers']]}")
    wait_until(lambda: "li@example.org" in city.compose("logs", "mail").stdout, 30, "a mail to who reported")
    login = {"login": "operator", "password": password}
    request = urllib.request.Request(f"http://{ADDRESS}:8090/sessions", json.dumps(login).encode(), {"Content-Type": "application/json"})
    with urllib.request.urlopen(request, timeout=10) as signed_in:
        token = json.loads(signed_in.read())["token"]
    request = urllib.request.Request(f"http://{ADDRESS}:8090/cases/{case}", headers={"Authorization": f"Bearer {token}"})
    with urllib.request.urlopen(request, timeout=10) as answer:
        assert json.loads(answer.read())["case"]
    request = urllib.request.Request(f"http://{ADDRESS}:8090/live", headers={"Authorization": f"Bearer {token}"})
    with urllib.request.urlopen(request, timeout=10) as live:
        assert live.headers["Content-Type"].startswith("text/event-stream") and live.readline()


def shares(city, service):
    """How many shards each living replica owns, and how many replicas there are."""
    rows = city.ask(f"SELECT member, count(p.shard) FROM mesh.member m LEFT JOIN mesh.placement p USING (member) "
                    f"WHERE m.service = '{service}' GROUP BY 1")
    return sorted(int(count) for _, count in rows)


def scale(city, replicas, *services):
    """Returns the seconds until each service's replicas share the shards fairly."""
    began = time.monotonic()
    city.compose("up", "-d", "--no-deps", "--no-recreate", *[word for service in services for word in ("--scale", f"{service}={replicas}")],
                 *services)
    fair = [-(-128 // replicas) - (1 if 128 % replicas and place < replicas - 128 % replicas else 0) for place in range(replicas)]
    for service in services:
        wait_until(lambda: shares(city, service) == fair, SPAN_SECONDS_MAX, lambda: f"{service}: {shares(city, service)}, not {fair}")
    return time.monotonic() - began


def every_service_scales_while_reports_flow(city, shared):
    posts = Posts(shared["api"])
    load = Load(Client([f"tcp://{ADDRESS}:7201"], shared["server"], shared["source"]),
                lambda nth: {"channel": "maximo_integration", **report(nth), "source_id": f"submit-{nth}"}, SUBMITS_PER_SECOND)
    posts.start()
    load.start()
    try:
        said(f"routing 1 → 3: {scale(city, 3, 'routing'):.1f} s until it is shared")
        others = [service for service in SERVICES if service != "routing"]
        said(f"{', '.join(others)} 1 → 3: {scale(city, 3, *others):.1f} s")
        endpoints = [row[0] for row in city.ask("SELECT public_endpoint FROM mesh.member WHERE service = 'notification' ORDER BY 1")]
        assert endpoints == [f"tcp://{ADDRESS}:{port}" for port in (7202, 7203, 7204)], endpoints
        time.sleep(3)
        said(f"all 3 → 1: {scale(city, 1, *SERVICES):.1f} s")
    finally:
        posts.finish()
    load.finish()
    client, slow = load.client, sorted(posts.seconds)
    said(f"{posts.accepted} reports over HTTP, {len(client.accepted)} over ZeroMQ; of HTTP the slowest of a hundred took "
         f"{slow[int(len(slow) * 0.99) - 1] * 1000:.0f} ms, the slowest {slow[-1] * 1000:.0f} ms; "
         f"busy {posts.busy} and {client.busy} times")
    assert not posts.faults, (len(posts.faults), posts.faults[:5])
    assert not client.refused and not client.changed, (list(client.refused.items())[:3], client.changed[:3])
    shared["accepted"] = posts.accepted + len(client.accepted)


def nothing_is_lost_and_the_audit_holds(city, shared):
    out = city.compose("run", "--rm", "-T", "zhitong", "audit", "--wait", "30").stdout
    said(out.strip().splitlines()[-1])
    reports = int(city.ask("SELECT count(*) FROM intake.report")[0][0])
    assert reports == SAMPLE + 1 + shared["accepted"], (reports, shared["accepted"])
    for follower in shared["followers"]:
        head = int(city.ask(f"SELECT head FROM notification.stream WHERE unit = '{follower.stream}'")[0][0])
        wait_until(lambda: follower.cursor == head, 30, lambda: f"{follower.stream} at {follower.cursor} of {head}")
        follower.stop()
        assert not follower.faults and not follower.refused, (follower.faults[:3], follower.refused[:3])
        assert [seq for seq, _ in follower.entries] == list(range(1, head + 1))
    said(f"followers: {', '.join(f'{f.stream} {f.cursor} entries, moved {f.moves} times' for f in shared['followers'])}")


def starting_again_keeps_everything(city, shared):
    keys = city.shell("find /etc/zhitong/keys -type f | sort | xargs sha256sum")
    reports = city.ask("SELECT count(*) FROM intake.report")
    city.compose("down")
    city.compose("up", "-d")
    wait_until(lambda: city.containers("welcome")[0]["State"]["Status"] == "exited", SPAN_SECONDS_MAX, "welcome has ended")
    kept = city.shell("find /etc/zhitong/keys -type f | sort | xargs sha256sum"), city.ask("SELECT count(*) FROM intake.report")
    assert kept == (keys, reports), (kept, keys, reports)
    status, _ = post("/reports", report(999999), {"X-API-Key": shared["api"], "Idempotency-Key": "after"})
    assert status == 201, status


def in_front_it_is_tls_or_nothing(city, shared):
    with tempfile.TemporaryDirectory() as folder:
        certificate, key = Path(folder, "certificate.pem"), Path(folder, "key.pem")
        subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "1", "-subj",
                        "/CN=city", "-addext", f"subjectAltName=IP:{ADDRESS}", "-out", certificate, "-keyout", key], check=True, capture_output=True)
        for path, mode in ((folder, 0o750), (certificate, 0o640), (key, 0o640)):
            os.chown(path, -1, 10001)
            os.chmod(path, mode)
        city.environment |= {"TLS_FOLDER": folder, "REDIRECT_PORT": "8000"}
        city.files.append("deploy/compose.tls.yml")
        city.compose("up", "-d", "--no-deps", "nginx")
        wait_until(lambda: city.containers("nginx")[0]["State"]["Health"]["Status"] == "healthy", 40, "nginx is healthy with a certificate")
        for port in (8080, 8090):
            connection = http.client.HTTPSConnection(ADDRESS, port, timeout=10, context=ssl.create_default_context(cafile=str(certificate)))
            connection.request("GET", "/nowhere")
            assert connection.getresponse().status == 404
        for port in (8000, 8080):
            connection = http.client.HTTPConnection(ADDRESS, port, timeout=10)
            connection.request("GET", "/requests.json?page=2")
            answer = connection.getresponse()
            assert (answer.status, answer.headers["Location"]) == (308, f"https://{ADDRESS}:8080/requests.json?page=2"), (port, answer.status)
        certificate.unlink()
        city.compose("up", "-d", "--no-deps", "--force-recreate", "nginx", check=False)
        wait_until(lambda: "TLS_FOLDER must hold" in city.compose("logs", "--tail", "3", "nginx").stdout, 20, "nginx says that it has no certificate")
        assert city.containers("nginx")[0]["State"]["Health"]["Status"] != "healthy"


def down_leaves_nothing(city, shared):
    city.compose("down", "--volumes", "--remove-orphans")
    assert not city.left(), city.left()


TESTS = (images_are_small, first_start_gives_a_working_city_and_says_where_to_look, containers_may_do_little, metrics_are_not_passed_on,
         a_report_reaches_department_desk_and_mailbox, every_service_scales_while_reports_flow, nothing_is_lost_and_the_audit_holds,
         starting_again_keeps_everything, in_front_it_is_tls_or_nothing, down_leaves_nothing)


def run(engine, words):
    began = time.monotonic()
    said("building the images")
    engine.run("deploy/images", *([] if "--build" in words else ["--programs", BUILD]), "zhitong", "postgres", "nginx", "mail", seconds=500)
    said(f"images built in {time.monotonic() - began:.0f} s")
    city, shared, failed = City(engine, ADDRESS), {}, 0
    try:
        for test in TESTS:
            began = time.monotonic()
            try:
                test(city, shared)
                print(f"ok compose_{test.__name__}", flush=True)
            except Exception as error:  # the next test may still tell something
                failed += 1
                print(f"not ok compose_{test.__name__}\n{why.told(error)}", flush=True)
            said(f"{time.monotonic() - began:.0f} s")
        if failed:
            said(city.compose("ps", check=False).stdout.replace("\n", "\n# "))
    finally:
        city.compose("down", "--volumes", "--remove-orphans", check=False)
    return failed


def main(words):
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    try:
        with Engine() as engine:
            return 1 if run(engine, words) else 0
    except NoEngine as reason:
        print(f"skip compose {reason}")
        return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
