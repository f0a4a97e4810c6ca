#!/usr/bin/python3
"""deploy/compose/first-start, cut off (as by a power failure) before and after each of the commands that it calls, one start after the other: when it
comes through at last, whoever the files are for can use them. Running it again changes nothing."""
import os
import shutil
import stat
import subprocess
import sys
import urllib.parse
from pathlib import Path

sys.dont_write_bytecode = True
sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "lib"))

from checks import main
from system import BUILD, ROOT

CITY = ROOT / "deploy/cities/boston"
READERS = ("intake", "routing", "escalation", "notification", "desk")
COMMANDS = ("migrate", "password zhitong_intake", "password zhitong_desk", "keys service", "keys secret", "keys client",
            "keys source", "staff add", "staff post")  # in their order; the city is loaded here already
# Takes the whole start away before or after one of its commands.
CUTTER = """#!/bin/sh
case "$1 ${2-}" in "$CUT_AT"*) when=$CUT_WHEN ;; *) when= ;; esac
if [ "$when" = before ]; then kill -9 $PPID; exit 1; fi
"$CUT_PROGRAM" "$@" || exit $?
if [ "$when" = after ]; then kill -9 $PPID; fi
"""


def start(shared, at="nowhere", when="", city=CITY):
    """Whether it came through."""
    done = subprocess.run([ROOT / "deploy/compose/first-start"], capture_output=True, text=True, check=False, timeout=100, env={
        "PATH": f"{shared['folder']}/bin:/usr/bin:/bin", "KEYS": str(shared["keys"]), "CITY": str(city), "DATABASE_HOSTS": shared["hosts"],
        "CUT_PROGRAM": str(BUILD / "zhitong"), "CUT_AT": at, "CUT_WHEN": when})
    shared["said"] = done.stdout + done.stderr
    return done.returncode == 0


def files(shared):
    return {str(path.relative_to(shared["keys"])): path.read_bytes() for path in shared["keys"].rglob("*") if path.is_file()}


def it_comes_through_after_being_cut_off_anywhere(system, shared):
    shared["folder"] = system.folder / "start"
    shared["keys"] = shared["folder"] / "keys"
    for name in ("postgres", "operator", *READERS):
        (shared["keys"] / name).mkdir(parents=True)
    (shared["folder"] / "bin").mkdir()
    cutter = shared["folder"] / "bin/zhitong"
    cutter.write_text(CUTTER)
    cutter.chmod(0o755)
    (shared["keys"] / "postgres/password").write_text("not looked at here\n")
    shared["hosts"] = system.sql.one("SHOW unix_socket_directories")
    shared["hosts"] = urllib.parse.quote(shared["hosts"], safe="") + ":" + system.sql.one("SHOW port")
    for at in COMMANDS:
        for when in ("before", "after"):
            assert not start(shared, at, when), (at, when, shared["said"])
    assert start(shared), shared["said"]


def what_it_gave_can_be_used(system, shared):
    keys = shared["keys"]
    posts = system.zhitong("staff", "list").stdout
    assert "operator" in posts and "dispatcher" in posts, posts
    assert (keys / "operator/staff.password").stat().st_size > 16
    for file, readers in (("service.key", ("intake", "notification")), ("ring", ("intake", "notification", "desk")), ("desk.key", ("desk",))):
        for reader in readers:
            assert (keys / reader / file).read_bytes() == (keys / "operator" / file).read_bytes(), (reader, file)
    for source in (keys / "operator/sources").iterdir():
        assert source.stat().st_size > 20, source


def nobody_else_can_read_it(_system, shared):
    for path in shared["keys"].rglob("*"):
        if path.is_file() and path.parent.name != "postgres":
            assert not stat.S_IMODE(path.stat().st_mode) & 0o027, (path, oct(path.stat().st_mode))


def again_it_changes_nothing(_system, shared):
    before = files(shared)
    assert start(shared), shared["said"]
    now = files(shared)
    assert now == before, [name for name in now.keys() | before.keys() if now.get(name) != before.get(name)]
    assert not [name for name in before if name.endswith(".new")], before.keys()


def a_source_that_is_not_loaded_yet_stops_nothing(_system, shared):
    city = shared["folder"] / "city"
    shutil.copytree(CITY, city)
    lines = (city / "sources.csv").read_text().splitlines()
    header = lines[0].split(",")
    row = dict(zip(header, lines[1].split(",")), code="quite_new", adapter="http")
    (city / "sources.csv").write_text("\n".join([*lines, ",".join(row[name] for name in header)]) + "\n")
    assert start(shared, city=city), shared["said"]
    assert "no key for the source quite_new" in shared["said"], shared["said"]


os.umask(0o022)
main("first_start", [it_comes_through_after_being_cut_off_anywhere, what_it_gave_can_be_used, nobody_else_can_read_it, again_it_changes_nothing,
                     a_source_that_is_not_loaded_yet_stops_nothing], city=CITY)
