#!/usr/bin/python3
"""How fast `zhitong report` folds a log: made-up histories, copied under new case ids until the log has the wanted size.

    tests/bench/measures.py [CASES]      default 100000"""
import re
import sys
import time
from datetime import datetime, timezone
from pathlib import Path

sys.dont_write_bytecode = True
sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "lib"))

import histories
from system import System

CASES = int(sys.argv[1]) if len(sys.argv) > 1 else 100_000
TEXT = "The street lamp in front of the school has been dark for a week; children walk here in the morning. " * 2
BEGAN_AT = int(datetime(2026, 3, 1, tzinfo=timezone.utc).timestamp() * 1000)


def timed(system, what, *words):
    began = time.monotonic()
    done = system.zhitong("report", *words)
    took = time.monotonic() - began
    entries = re.findall(r"^(\d+) entries of (\d+) cases", done.stderr, re.MULTILINE)
    rate = f", {int(entries[0][0]) / took:,.0f} entries/s" if entries and int(entries[0][0]) else ""
    print(f"{what:42} {took:7.2f} s  {entries}{rate}", flush=True)


with System() as system:
    from copy import deepcopy

    base = histories.make(1, 1280, BEGAN_AT)
    for entries in base:
        entries[0].update(title="street lamp", description=TEXT, address="12 Long Street 长街", lat=33.5, long=114.0)
        for entry in entries[1:]:
            entry.update(note="as reported; the unit has looked at it", plan="mend it", prev="x" * 43, role="department_lead")
    copies, per_shard, seqs = max(1, CASES // len(base)), 10, dict.fromkeys(range(128), 0)
    with open(system.folder / "log.csv", "w", encoding="utf-8") as file:
        for copy in range(copies):
            for entries in deepcopy(base):
                for entry in entries:
                    shard = entry["case"] % 128
                    entry["case"] += copy * per_shard * 128
                    seqs[shard] += 1
                    file.write(f"{seqs[shard]},{entry['case']},{datetime.fromtimestamp(entry['at'] / 1000, timezone.utc).isoformat()},"
                               f"{shard},{histories.CASE_MOVED},\\x{histories.msgpack.packb(entry).hex()}\n")
    system.sql.rows(f"COPY routing.log (seq, case_id, at, shard, type, body) FROM '{system.folder / 'log.csv'}' (FORMAT csv)")
    system.sql.rows("UPDATE routing.shard s SET out_seq = n.seq FROM (SELECT shard, max(seq) AS seq FROM routing.log GROUP BY 1) n"
                    " WHERE n.shard = s.shard")
    system.sql.rows("VACUUM ANALYZE routing.log")
    print(system.sql.rows("SELECT count(*), pg_size_pretty(sum(length(body))) FROM routing.log"))
    timed(system, "whole log, by unit", "--by", "unit")
    timed(system, "whole log, by unit, again", "--by", "unit")
    timed(system, "kept facts, first time", "--by", "unit", "--kept")
    timed(system, "kept facts, nothing new", "--by", "unit", "--kept")
    timed(system, "kept facts, nothing new, one month", "--by", "unit", "--kept", "--from", "2026-04-01", "--to", "2026-04-30")
