#!/usr/bin/python3
"""Signing in at desk: what a hostile page, or a proxy that hands on what it got, can do with it."""
import sys
from pathlib import Path

sys.dont_write_bytecode = True
sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "lib"))

from checks import main
from staff import PASSWORD, add, ask


def desk_runs(system, shared):
    add(system, "eye", "supervisor", "town_hall", "public,internal")
    system.start_all(replicas=1, services=("desk",))
    shared["desks"] = system.of("desk")


def what_is_no_address_spoils_no_audit(system, shared):
    """A row that PostgreSQL refuses would take those with it that are written together with it."""
    replica = shared["desks"][0]
    replica.kill()
    replica.start({"ZHITONG_BEHIND_PROXY": "yes"}).wait_ready()
    for forwarded, seen in (("\xff\xfe", "127.0.0.1"), ("10.0.0.1, 10.9.8.7", "10.9.8.7"), ("a'b", "127.0.0.1"), ("::1", "::1")):
        answer = ask(replica, "POST", "/sessions", {"login": "eye", "password": PASSWORD}, {"X-Forwarded-For": forwarded})
        assert answer.status == 201, answer
        assert system.sql.one("SELECT outcome FROM desk.audit ORDER BY entry DESC LIMIT 1") == f"done, from {seen}", forwarded
    replica.kill()
    replica.start().wait_ready()


def another_site_s_page_signs_nobody_in(_, shared):
    for site, status in (("cross-site", 403), ("same-site", 403), ("same-origin", 201), ("none", 201)):
        answer = ask(shared["desks"][0], "POST", "/sessions", {"login": "eye", "password": PASSWORD}, {"Sec-Fetch-Site": site})
        assert answer.status == status and ("Set-Cookie" in answer.headers) == (status == 201), (site, answer)


main("desk sign in", [desk_runs, what_is_no_address_spoils_no_audit, another_site_s_page_signs_nobody_in])
