#!/usr/bin/python3
"""`zhitong doctor` looks at a running city and at files of settings, and says what is wrong with each."""
import json
import os
import re
import select
import shutil
import socket
import subprocess
import sys
import threading
import time
from pathlib import Path

sys.dont_write_bytecode = True
sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "lib"))

from checks import main, wait_until
from system import SERVICES

HEALTH = {"ok": 0, "warn": 0, "bad": 1}  # exit codes


def numberless(text):
    """Connections, ages and differences are others a moment later."""
    return re.sub(r"\d+", "#", text)


def doctor(system, *words):
    """What it finds: check → [(health, found, advice)], having seen that page, exit code and JSON agree."""
    page, answer = system.zhitong("doctor", *words, check=False), system.zhitong("doctor", "--json", *words, check=False)
    told = json.loads(answer.stdout)
    assert answer.returncode == page.returncode == HEALTH[told["health"]], (page.returncode, told)
    found = {}
    for finding in told["findings"]:
        assert (finding["health"] == "ok") == (finding["advice"] == ""), finding
        assert all(numberless(finding[part]) in numberless(page.stdout) for part in ("found", "advice")), (finding, page.stdout)
        found.setdefault(finding["check"], []).append((finding["health"], finding["found"], finding["advice"]))
    return found


def bad(found):
    return [(check, text) for check, findings in found.items() for health, text, _ in findings if health == "bad"]


def env_file(system, service, **settings):
    """As systemd would read it."""
    path = system.folder / f"{service}.env"
    lines = {"ZHITONG_DATABASE_URL": system.url(f"zhitong_{service}"), **settings}
    path.write_text("# settings\n" + "".join(f'{name}="{value}"\n' for name, value in lines.items()))
    return path


def a_sound_city_is_well(system, _):
    system.start_all(replicas=1, services=SERVICES + ("desk",))
    found = doctor(system)
    # The tests' cluster gives durability up for speed: that is what it must see.
    assert [check for check, _ in bad(found)] == ["durability"], found
    assert found["locale"][0][0] == found["clock"][0][0] == found["connections"][0][0] == "ok", found
    assert "5 members" in found["versions"][0][1] and found["versions"][0][0] == "ok", found["versions"]
    assert found["keyrings"][0][1] == "3 members with a keyring, the same for all", found["keyrings"]


def another_keyring_on_one_host_is_found(system, _):
    desk = system.replica("desk")
    system.zhitong("keys", "secret", system.folder / "other.keys")
    desk.kill()
    desk.start({"ZHITONG_SECRET_KEYS": str(system.folder / "other.keys")}).wait_ready()
    found = doctor(system)
    assert ("keyrings", "desk and intake have different keyrings") in bad(found), found["keyrings"]
    desk.kill()
    system.zhitong("keys", "secret", system.folder / "secret.keys", "--add")
    desk.start().wait_ready()  # with a ring that has a newer key than the others': still the same ring
    assert doctor(system)["keyrings"][0][0] == "ok"


def another_version_is_noted(system, _):
    system.sql.rows("UPDATE mesh.member SET version = '0.0.1' WHERE service = 'routing' RETURNING member")
    health, text, _ = doctor(system)["versions"][0]
    assert health == "warn" and "0.0.1" in text, text
    system.sql.rows("UPDATE mesh.member SET version = (SELECT version FROM mesh.member WHERE service = 'intake' LIMIT 1) RETURNING member")


def what_status_finds_is_told_too(system, _):
    system.sql.rows("INSERT INTO routing.parked (shard, upstream, seq, case_id, type, field, reason, body)"
                    " VALUES (0, 1, 1000000, 1, 1, 'item', 'gone', '') RETURNING shard")
    found = doctor(system)
    assert any("1 entry is parked" in text for check, text in bad(found) if check == "status"), found["status"]
    assert any("zhitong parked list" in advice for _, _, advice in found["status"])
    system.sql.rows("DELETE FROM routing.parked RETURNING shard")


def a_role_that_is_not_durable_is_found(system, _):
    system.sql.rows("DO $$ BEGIN ALTER ROLE zhitong_intake SET synchronous_commit = off; END $$")
    try:
        assert any("synchronous_commit" in text for check, text in bad(doctor(system)) if check == "durability")
    finally:
        system.sql.rows("DO $$ BEGIN ALTER ROLE zhitong_intake RESET synchronous_commit; END $$")


def a_file_of_settings_is_checked_by_its_own_service(system, _):
    folder = system.folder / "files"
    folder.mkdir()
    keys = {"ZHITONG_PUBLIC_KEYS": system.folder / "service.key", "ZHITONG_SECRET_KEYS": system.folder / "secret.keys"}
    good = env_file(system, "intake", ZHITONG_FILES_FOLDER=folder, **keys)
    found = doctor(system, good)
    assert found["settings"] == [("ok", "zt-intake: settings and queries are good", "")], found["settings"]
    assert [health for health, _, _ in found["keys"]] == ["ok", "ok"] and len(found["disk"]) == 1, (found["keys"], found["disk"])
    os.chmod(system.folder / "secret.keys", 0o644)
    found = doctor(system, env_file(system, "intake", ZHITONG_FILES_FOLDER=system.folder / "nowhere", ZHITONG_MESH_PROT="7", **keys))
    os.chmod(system.folder / "secret.keys", 0o600)
    unkept = doctor(system, env_file(system, "intake", **{**keys, "ZHITONG_SECRET_KEYS": folder}))["keys"]
    assert any("files: is no file" in text and "chmod" not in advice for _, text, advice in unkept), unkept
    said = bad(found)
    assert any("ZHITONG_MESH_PROT" in text for check, text in said if check == "settings"), said
    assert any("secret.keys: mode 0644" in text for check, text in said if check == "keys"), said
    assert any("nowhere: No such file" in text for check, text in said if check == "disk"), said


def the_age_of_a_backup_is_told(system, _):
    base = system.folder / "backup" / "base"
    base.mkdir(parents=True)
    assert any("holds no base backup" in text for check, text in bad(doctor(system, "--backup", base.parent)) if check == "backup")
    for days, health in ((30, "bad"), (2, "warn"), (0, "ok")):
        (base / time.strftime("%Y%m%dT%H%M%SZ", time.gmtime(time.time() - days * 86400 - 60))).mkdir()
        assert doctor(system, "--backup", base.parent)["backup"][0][0] == health, (days, health)


def a_dead_database_is_the_first_finding(system, _):
    done = system.zhitong("doctor", "--json", "--database", "postgresql:///none?host=/nowhere", check=False)
    first = json.loads(done.stdout)["findings"][0]
    assert done.returncode == 1 and (first["check"], first["health"]) == ("database", "bad") and "/nowhere" in first["found"], first


class Silent(threading.Thread):
    """Stands before a PostgreSQL server's socket, lets the beginning of what it says through, and then nothing more."""

    LET_THROUGH_BYTES = 4000  # the connection is made, and some queries are prepared

    def __init__(self, folder, server):
        super().__init__(daemon=True)
        folder.mkdir()
        self.server, self.listening, self.said_bytes = server, socket.socket(socket.AF_UNIX), 0
        self.listening.bind(str(folder / server.name))
        self.listening.listen()

    def run(self):
        client, _ = self.listening.accept()
        server = socket.socket(socket.AF_UNIX)
        server.connect(str(self.server))
        while True:
            for end in select.select([client, server], [], [])[0]:
                part = end.recv(65536)
                if not part:
                    return
                self.said_bytes += len(part) if end is server else 0
                if end is client:
                    server.sendall(part)
                elif self.said_bytes <= self.LET_THROUGH_BYTES:
                    client.sendall(part)


def what_hangs_is_named_and_the_rest_is_looked_at(system, _):
    programs = system.folder / "programs"
    programs.mkdir()
    shutil.copy(system.build / "zhitong", programs)
    (programs / "zt-intake").write_text(f"#!/bin/sh\necho $$ >{programs}/pid\nexec sleep 1000\n")
    (programs / "zt-intake").chmod(0o755)
    sockets = next((system.folder / "pg").rglob(".s.PGSQL.*[0-9]"))
    silent = Silent(system.folder / "silent", sockets)
    silent.start()
    began = time.monotonic()
    done = subprocess.run([programs / "zhitong", "doctor", "--json", "--backup", system.folder / "backup", "--database",
                           system.url().replace(str(sockets.parent), str(system.folder / "silent")),
                           env_file(system, "intake", ZHITONG_FILES_FOLDER=system.folder)], capture_output=True, text=True, check=False,
                          timeout=100)
    took = time.monotonic() - began
    assert silent.said_bytes > silent.LET_THROUGH_BYTES, silent.said_bytes
    found = {finding["check"]: finding for finding in json.loads(done.stdout)["findings"]}
    assert found["database"]["found"] == "no answer within 30 s" and "log" in found["database"]["advice"], found["database"]
    assert found["settings"]["found"] == "zt-intake --check did not end within 30 s" and "by hand" in found["settings"]["advice"], found
    assert found["disk"]["health"] == found["backup"]["health"] == "ok", found
    assert done.returncode == 1 and 59 < took < 85, (done.returncode, took)  # each was waited for once
    check = Path("/proc") / (programs / "pid").read_text().strip()
    wait_until(lambda: not check.exists(), 30, "the check that hung was ended")


if __name__ == "__main__":
    sys.exit(main("doctor", [
        a_sound_city_is_well, another_keyring_on_one_host_is_found, another_version_is_noted, what_status_finds_is_told_too,
        a_role_that_is_not_durable_is_found, a_file_of_settings_is_checked_by_its_own_service, the_age_of_a_backup_is_told,
        a_dead_database_is_the_first_finding, what_hangs_is_named_and_the_rest_is_looked_at]))
