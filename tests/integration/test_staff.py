#!/usr/bin/python3
"""`zhitong staff`: what makes no sense is refused, and no password is ever seen."""
import sys
from pathlib import Path

sys.dont_write_bytecode = True
sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "lib"))

from checks import main
from staff import PASSWORD, PEOPLE, add


def somebody_is_added(system, _):
    add(system, *PEOPLE[0])


def accounts_are_checked(system, _):
    path = system.folder / "short"
    path.write_text("short\n")
    assert system.zhitong("staff", "add", "short", "--name", "Short", "--password-file", path, check=False).returncode == 1
    assert system.zhitong("staff", "add", "argv", "--name", "A", "--password", "in the open 123", check=False).returncode == 2
    for words, field in ((("mill", "--role", "village_desk", "--unit", "atlantis"), "unit"), (("nobody", "--role", "caller", "--unit", "mill_1"), "login")):
        done = system.zhitong("staff", "post", *words, check=False)
        assert done.returncode == 1 and done.stderr.startswith(f"{field}: "), done
    for words in (("mill", "--role", "king", "--unit", "mill_1"), ("mill", "--role", "citizen", "--unit", "mill_1"),
                  ("mill", "--role", "caller", "--unit", "mill_1", "--privacy", "public,secret")):
        assert system.zhitong("staff", "post", *words, check=False).returncode == 2, words
    listed = system.zhitong("staff", "list").stdout
    assert "village_desk" in listed and "argon2" not in listed and PASSWORD not in listed
    assert system.sql.number("SELECT count(*) FROM desk.staff WHERE password NOT LIKE '$argon2id$%'") == 0


main("staff", [somebody_is_added, accounts_are_checked])
