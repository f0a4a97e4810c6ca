#!/usr/bin/python3
"""Backup and restore (deploy/backup): under load a base backup is made and the WAL archived, then PostgreSQL is killed and its data
removed. Restored to the end of the archive nothing that was archived is lost; restored to an instant exactly what was accepted before
it is there. No number is given twice, and a department whose cursor is ahead hears by name what is void."""
import hashlib
import json
import re
import shutil
import subprocess
import sys
import time
from pathlib import Path

sys.dont_write_bytecode = True
sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "lib"))

from checks import assert_sound, let_time_stand_still, main, report, wait_applied, wait_until
from clients import Client, Department, Load
from system import BUILD, ROOT

PER_SECOND = 150
SPAN = 10**12  # seqs of an incarnation
UNIT = "town_hall"


def backup(system, *words, check=True, program=ROOT / "deploy/backup"):
    done = subprocess.run([program, *map(str, words)], capture_output=True, text=True, check=False, timeout=300,
                          env={"PATH": f"{BUILD}:/usr/sbin:/usr/bin:/sbin:/bin", "ZHITONG_DATABASE_URL": system.url()})
    for line in done.stderr.splitlines() + done.stdout.splitlines():
        if not line.startswith("ok "):  # of the audit
            print(f"#   {line}")
    assert not check or done.returncode == 0, f"backup {words[0]}: {done.returncode}"
    return done


def cases(system):
    return {int(case) for (case,) in system.sql.rows("SELECT case_id FROM intake.report")}


def head(system, unit=UNIT):
    return system.sql.number(f"SELECT head FROM notification.stream WHERE unit = '{unit}'")


def begin_load(system, shared, name):
    """Reports of a client of its own: its keys are new ones."""
    client = Client(system.endpoints("intake"), system.server_key(), system.key("client", name))
    shared["load"] = Load(client, report, PER_SECOND)
    shared["threads"].append(shared["load"])
    shared["load"].start()
    wait_until(lambda: len(client.accepted) > PER_SECOND, 30, f"reports of {name} accepted")
    return client


def end_load(shared):
    shared["load"].finish()
    assert not shared["load"].client.refused, list(shared["load"].client.refused.items())[:3]
    given = set(shared["load"].client.accepted.values())
    shared["load"].client.close()
    return given


def begin_department(system, shared, first):
    keys = system.read_key(system.folder / f"{UNIT}.key")
    shared["department"] = Department(system.endpoints("notification"), system.server_key(), keys, UNIT, first)
    shared["threads"].append(shared["department"])
    shared["department"].start()
    return shared["department"]


def follow(system, first, count):
    return system.zhitong("follow", "--unit", UNIT, "--endpoint", ",".join(system.endpoints("notification")), "--server-key",
                          system.folder / "service.key", "--key", system.folder / f"{UNIT}.key", "--from", first, "--count", count,
                          check=False, database=False)


def start_services(system):
    for replica in system.replicas.values():
        replica.start()
    for replica in system.replicas.values():
        replica.wait_ready()


def archived(system):
    """Everything that is committed now is in the archive when it returns."""
    system.sql.rows("SELECT pg_logical_emit_message(true, 'test', 'a segment with nothing in it is not ended')")
    name = system.sql.rows("SELECT pg_walfile_name(pg_switch_wal())")[0][0]
    wait_until(lambda: (system.folder / "backup/wal" / f"{name}.gz").exists(), 30, f"{name} archived")


def lose_the_database(system, shared):
    """kill -9, and the data folder is gone. One replica lives on without a database; the others are stopped."""
    began = time.monotonic()
    shared["survivor"] = system.replica("notification", 2)
    for replica in system.replicas.values():
        if replica is not shared["survivor"]:
            replica.kill()
    system.cluster("kill")
    system.sql.close()
    shared["lost"] = shared.get("lost", 0) + 1
    shared["data"] = system.folder / "pg/data"
    shutil.move(shared["data"], system.folder / f"lost-{shared['lost']}")
    return began


def come_back(system, shared, began):
    system.cluster("start", "--settings", system.folder / "backup.conf")
    wait_until(lambda: not shared["survivor"].alive(), 20, "the replica that lived through the restore ends by itself")
    assert shared["survivor"].journal("city_restored"), shared["survivor"].journal()[-3:]
    start_services(system)
    print(f"# from the loss to ready services: {time.monotonic() - began:.1f} s")


# ---- tests --------------------------------------------------------------------------------------------------------------------


def a_base_backup_is_made_under_load(system, shared):
    folder = system.folder / "backup"
    settings = backup(system, "settings", folder).stdout
    (system.folder / "backup.conf").write_text(settings)
    assert "archive_timeout = 60" in settings
    system.cluster("stop")
    system.cluster("start", "--settings", system.folder / "backup.conf")
    system.start_all(replicas=2)
    system.key("department", UNIT, UNIT)
    system.zhitong("time", "drive", "--speed", "20")  # deadlines pass, cases climb
    shared["threads"] = []
    begin_department(system, shared, 1)
    begin_load(system, shared, "before")
    photos = system.folder / "photos"
    picture = (ROOT / "tests/fuzz/corpus/exif/camera.jpg").read_bytes()
    name = hashlib.sha256(picture).hexdigest()
    photo = photos / name[:2] / name[2:4] / name
    photo.parent.mkdir(parents=True)
    photo.write_bytes(picture)
    began = time.monotonic()
    done = backup(system, "base", folder, "--files", photos)
    print(f"# base backup under {PER_SECOND} cases/s: {time.monotonic() - began:.1f} s")
    assert re.search(r"base/\d{8}T\d{6}Z, ", done.stdout), done.stdout
    assert (folder / "files" / photo.relative_to(photos)).exists()


def nothing_overwrites_an_archived_file(system, shared):
    folder = system.folder / "backup"
    archived(system)
    name = sorted(path.name for path in (folder / "wal").iterdir() if re.fullmatch(r"[0-9A-F]{24}\.gz", path.name))[0]
    before = (folder / "wal" / name).read_bytes()
    other = system.folder / "other"
    other.write_bytes(b"another database's")
    refused = backup(system, "archive", folder, other, name.removesuffix(".gz"), check=False)
    assert refused.returncode != 0 and "other bytes" in refused.stderr, refused
    assert (folder / "wal" / name).read_bytes() == before
    same = subprocess.run(["gzip", "-dc", folder / "wal" / name], capture_output=True, check=True).stdout
    other.write_bytes(same)
    backup(system, "archive", folder, other, name.removesuffix(".gz"))  # PostgreSQL may ask again after a crash


def an_instant_in_the_middle_is_noted(system, shared):
    shared["given"] = end_load(shared)
    wait_applied(system)
    time.sleep(1)
    shared["instant"] = system.sql.rows("SELECT to_char(clock_timestamp() AT TIME ZONE 'UTC', 'YYYY-MM-DD\"T\"HH24:MI:SS.MSZ')")[0][0]
    shared["at_instant"] = cases(system)
    print(f"# at {shared['instant']}: {len(shared['at_instant'])} cases")
    time.sleep(1)
    begin_load(system, shared, "middle")


def restored_to_the_end_nothing_archived_is_lost(system, shared):
    time.sleep(3)
    before = dict(shared["load"].client.accepted)
    archived(system)
    kept = head(system)
    time.sleep(2)  # and these are not in the archive
    wait_until(lambda: shared["department"].cursor > kept, 20, lambda: f"the department has more than {kept}: {shared['department'].cursor}")
    began = lose_the_database(system, shared)
    shared["load"].stopping.set()
    shared["load"].join()
    shared["load"].client.close()
    given = shared["given"] | set(shared["load"].client.accepted.values())
    backup(system, "restore", system.folder / "backup", "--to", shared["data"])
    come_back(system, shared, began)
    there = cases(system)
    lost = set(before.values()) - there
    print(f"# {len(given)} cases accepted, {len(before) + len(shared['given'])} of them archived; restored {len(there)}, "
          f"of the archived ones lost {len(lost)}")
    assert not lost and shared["given"] <= there, sorted(lost)[:5]
    shared["given"] = given | there


def followers_whose_cursor_is_ahead_hear_it_by_name(system, shared):
    base = system.sql.number("SELECT max(incarnation) FROM mesh.incarnation") * SPAN
    ended = system.sql.number(f"SELECT head FROM notification.stream_ended WHERE unit = '{UNIT}' ORDER BY incarnation DESC LIMIT 1")
    ahead = shared["department"]
    wait_until(lambda: ahead.truncated, 20, lambda: f"{ahead.cursor} of {ended}: {ahead.refused}")
    print(f"# the department had {ahead.cursor}, the restored stream ends at {ended} and goes on at {base + 1}")
    assert ahead.cursor > ended, f"the test must lose something that the department has: {ahead.cursor} {ended}"
    assert (ahead.truncated, ahead.void_from) == ([base + 1], [ended + 1]), (ahead.truncated, ahead.void_from)
    assert not ahead.order_faults(), ahead.order_faults()[:3]
    behind = begin_department(system, shared, max(1, ended - 100))
    wait_until(lambda: behind.truncated, 20, lambda: f"{behind.cursor} of {ended}")
    assert (behind.truncated, behind.void_from) == ([base + 1], [ended + 1]), (behind.truncated, behind.void_from)
    assert behind.cursor == ended and not behind.order_faults(), (behind.cursor, behind.order_faults()[:3])


def all_goes_on_and_no_number_is_given_twice(system, shared):
    base = system.sql.number("SELECT max(incarnation) FROM mesh.incarnation") * SPAN
    there = cases(system)
    follower = begin_department(system, shared, base + 1)
    begin_load(system, shared, f"after-{shared['lost']}")
    time.sleep(2)
    shared["gone"] = shared["given"] - there
    given = end_load(shared)
    assert not given & shared["given"], f"case numbers that were given before: {sorted(given & shared['given'])[:5]}"
    shared["given"] |= given
    let_time_stand_still(system)  # the invariants are looked at when nothing moves
    assert_sound(system)
    wait_until(lambda: follower.cursor >= head(system), 20, lambda: f"{follower.cursor} of {head(system)}")
    assert follower.entries and not follower.order_faults(), (len(follower.entries), follower.order_faults()[:3], follower.refused)
    assert follower.entries[0][0] == base + 1, (follower.entries[0][0], base)
    ended = system.sql.number(f"SELECT head FROM notification.stream_ended WHERE unit = '{UNIT}' ORDER BY incarnation DESC LIMIT 1")
    passed = follow(system, ended - 9, 20)  # who has nothing that is void is not stopped
    assert passed.returncode == 0, passed.stderr
    seqs = [int(json.loads(line)["sequence"]) for line in passed.stdout.splitlines()]
    assert seqs == [*range(ended - 9, ended + 1), *range(base + 1, base + 11)], seqs
    stopped = follow(system, ended + 5, 1)
    assert stopped.returncode == 1 and f"from seq {ended + 1} on is void" in stopped.stderr, stopped
    status = system.zhitong("status", check=False).stdout
    assert "000,000,0" not in status, status
    archived(system)


def restored_to_an_instant_exactly_what_was_before_it_is_there(system, shared):
    began = lose_the_database(system, shared)
    backup(system, "restore", system.folder / "backup", "--to", shared["data"], "--at", shared["instant"])
    come_back(system, shared, began)
    there = cases(system)
    assert there == shared["at_instant"], (len(there), len(shared["at_instant"]), sorted(there ^ shared["at_instant"])[:5])


def what_is_damaged_or_missing_is_found(system, shared):
    folder = system.folder / "backup"
    trial = system.folder / "trial"
    backup(system, "base", folder)
    archived(system)
    backup(system, "verify", folder, "--all")
    backup(system, "status", folder)
    backup(system, "restore", folder, "--to", trial, "--trial", program=folder / "backup")
    assert not trial.exists()
    early = backup(system, "restore", folder, "--to", trial, "--at", "2100-01-01T00:00:00Z", check=False)
    assert early.returncode != 0 and "as late as the instant of --at" in early.stderr, early.stderr[-500:]
    backup(system, "prune", folder, "--keep", "1")
    assert len(list((folder / "base").glob("*Z"))) == 1, list((folder / "base").iterdir())
    archived(system)
    archived(system)
    segments = sorted(path for path in (folder / "wal").iterdir() if re.fullmatch(r"[0-9A-F]{24}\.gz", path.name))
    whole = segments[-2].read_bytes()
    segments[-2].write_bytes(whole[:-20])
    damaged = backup(system, "verify", folder, check=False)
    assert damaged.returncode == 1, damaged
    segments[-2].unlink()
    holed = backup(system, "status", folder, check=False)
    assert holed.returncode == 1 and "a hole" in holed.stdout, holed.stdout
    segments[-2].write_bytes(whole)


if __name__ == "__main__":
    main("restore", [a_base_backup_is_made_under_load, nothing_overwrites_an_archived_file, an_instant_in_the_middle_is_noted,
                     restored_to_the_end_nothing_archived_is_lost, followers_whose_cursor_is_ahead_hear_it_by_name,
                     all_goes_on_and_no_number_is_given_twice, restored_to_an_instant_exactly_what_was_before_it_is_there,
                     followers_whose_cursor_is_ahead_hear_it_by_name, all_goes_on_and_no_number_is_given_twice,
                     what_is_damaged_or_missing_is_found], durable=True)
