#!/usr/bin/python3
"""`--check` of every service prepares every query with the service's own role; a query that no longer fits the schema is
named, and so is a missing setting. A typo fails at boot and not at night."""
import os
import re
import subprocess
import sys
from pathlib import Path

sys.dont_write_bytecode = True
sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "lib"))

from checks import main
from system import BUILD, ROOT, SERVICES

# service → a change of the schema, its undoing, and the queries of which one must be named
BROKEN = {
    "intake": ("ALTER TABLE intake.report RENAME digest TO digests", "ALTER TABLE intake.report RENAME digests TO digest"),
    "routing": ("ALTER TABLE routing.case_file RENAME due_at TO due", "ALTER TABLE routing.case_file RENAME due TO due_at"),
    "escalation": ("REVOKE UPDATE ON escalation.deadline FROM zhitong_escalation; ALTER TABLE escalation.deadline"
                   " RENAME tier TO floor", "GRANT UPDATE ON escalation.deadline TO zhitong_escalation;"
                   " ALTER TABLE escalation.deadline RENAME floor TO tier"),
    "notification": ("ALTER TABLE notification.stream RENAME TO streams", "ALTER TABLE notification.streams RENAME TO stream"),
    "desk": ("ALTER TABLE desk.session RENAME expires_at TO ends_at", "ALTER TABLE desk.session RENAME ends_at TO expires_at"),
}


def check(system, service, **changes):
    environment = {"PATH": os.environ["PATH"], "ZHITONG_DATABASE_URL": system.url(f"zhitong_{service}"),
                   "ZHITONG_PUBLIC_KEYS": str(system.folder / "service.key"), **changes}
    environment = {name: value for name, value in environment.items() if value}
    if service not in ("intake", "notification"):
        environment.pop("ZHITONG_PUBLIC_KEYS")
    return subprocess.run([BUILD / f"zt-{service}", "--check"], env=environment, capture_output=True, text=True, check=False)


def names_of(path):
    return re.findall(r"^-- name: (\w+)", (ROOT / path).read_text(), re.MULTILINE)


def every_query_prepares(system, _):
    assert set(SERVICES) < set(BROKEN)
    for service in BROKEN:
        done = check(system, service)
        assert done.returncode == 0, (service, done.stderr)


def a_query_that_does_not_fit_is_named(system, _):
    for service, (breaks, mends) in BROKEN.items():
        system.sql.rows(breaks)
        try:
            done = check(system, service)
        finally:
            system.sql.rows(mends)
        named = [name for name in names_of(f"services/{service}/{service}.sql") if name in done.stderr]
        print(f"# {service}: {done.stderr.strip().splitlines()[0] if done.stderr else ''}")
        assert done.returncode == 1 and named, (service, done.returncode, done.stderr)
        assert check(system, service).returncode == 0, "mended"


def a_missing_table_of_the_mesh_is_named(system, _):
    system.sql.rows("ALTER TABLE mesh.placement RENAME TO places")
    done = check(system, "routing")
    system.sql.rows("ALTER TABLE mesh.places RENAME TO placement")
    assert done.returncode == 1 and any(name in done.stderr for name in names_of("common/common.sql")), done.stderr


def a_missing_setting_or_database_is_named(system, _):
    done = check(system, "intake", ZHITONG_DATABASE_URL="")
    assert done.returncode == 2 and "ZHITONG_DATABASE_URL" in done.stderr, done.stderr
    done = check(system, "intake", ZHITONG_DATABASE_URL="postgresql:///nowhere?host=/nonexistent")
    assert done.returncode == 1 and "database" in done.stderr, done.stderr


main("queries", [every_query_prepares, a_query_that_does_not_fit_is_named, a_missing_table_of_the_mesh_is_named,
                 a_missing_setting_or_database_is_named])
