#!/usr/bin/python3
"""Pages that listen live at one desk: how late an event is, and what a page costs.

    tests/bench/live.py [--pages 1500] [--per-second 2] [--seconds 20]

One machine carries everything: PostgreSQL with fsync on, one replica of each service, and one process with all the pages, whose own
reading is part of what is measured. Late is from the instant at which routing decided, before its commit, to the page's last byte."""
import argparse
import sys
import threading
import time
from datetime import datetime
from pathlib import Path

sys.dont_write_bytecode = True
sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "lib"))

from checks import wait_applied
from clients import Client
from live import Page, Pages
from staff import PASSWORD, Staff, add
from system import SERVICES, System


def arguments():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    for name, default in (("pages", 1500), ("per-second", 2), ("seconds", 20)):
        parser.add_argument(f"--{name}", type=int, default=default)
    return parser.parse_args()


def load(client, per_second, seconds):
    for n in range(per_second * seconds):
        client.ask(f"live-{n}", {"channel": "app", "item": "litter", "area": "n_mill_1", "title": f"report {n}", "description": "x" * 300})
        time.sleep(1 / per_second)


def lateness(page):
    return [at - datetime.fromisoformat(data["time"].replace("Z", "+00:00")).timestamp()
            for at, (_, _, data) in zip(page.at, page.events)]


def main():
    wanted = arguments()
    with System(durable=True, settings={"desk": {"ZHITONG_ADDRESS_CONNECTIONS": "0", "ZHITONG_LIVE_PER_SESSION": "20000"}}) as system:
        add(system, "mill", "village_desk", "mill_1", "public")
        system.start_all(replicas=1, services=SERVICES + ("desk",))
        client = Client(system.endpoints("intake"), system.server_key(), system.key("client", "bench"))
        desk, token = system.of("desk")[0], Staff(system.of("desk"), "mill", PASSWORD).token
        empty_kb = desk.resident_kb()
        group = Pages([Page(desk, token) for _ in range(wanted.pages)])
        group.until(lambda: all(page.last_id for page in group.pages), 120, "all pages listen")
        open_kb, cpu = desk.resident_kb(), desk.cpu_seconds()
        sender = threading.Thread(target=load, args=(client, wanted.per_second, wanted.seconds))
        sender.start()
        begun = time.monotonic()
        while sender.is_alive():
            group.turn()
        wait_applied(system)
        group.run(2)
        spent = time.monotonic() - begun
        late = sorted(value for page in group.pages for value in lateness(page))
        counts = {len(page.events) for page in group.pages}
        assert len(counts) == 1 and all(page.connections == 1 for page in group.pages), counts
        print(f"{wanted.pages} pages, {counts.pop()} events each, {len(late) / spent:.0f} events/s to all of them")
        print(f"late: p50 {late[len(late) // 2] * 1000:.0f} ms, p99 {late[len(late) * 99 // 100] * 1000:.0f} ms, worst {late[-1] * 1000:.0f} ms")
        print(f"desk: {empty_kb / 1024:.0f} MB without pages, {(open_kb - empty_kb) / wanted.pages:.0f} kB a page, "
              f"{desk.resident_kb() / 1024:.0f} MB at the end, {(desk.cpu_seconds() - cpu) / spent * 100:.0f} % of a core")
        group.close()


main()
