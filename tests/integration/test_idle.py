#!/usr/bin/python3
"""What a service costs that has nothing to do: memory, and processor time over some seconds. With a real city loaded."""
import sys
import time
from pathlib import Path

sys.dont_write_bytecode = True
sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "lib"))

from checks import main
from system import ROOT

RESIDENT_MB_MAX = 40  # 20 is to be reached; what it is, is printed
SECONDS = 5
CPU_SHARE_MAX = 0.05


def measure(system):
    before = {replica: replica.cpu_seconds() for replica in system.replicas.values()}
    time.sleep(SECONDS)
    for replica in system.replicas.values():
        share = (replica.cpu_seconds() - before[replica]) / SECONDS
        print(f"# {replica.service}: {replica.resident_kb() / 1024:.1f} MB resident, {share:.1%} of a processor")
    for replica in system.replicas.values():
        assert replica.resident_kb() < RESIDENT_MB_MAX * 1024, f"{replica.name}: {replica.resident_kb()} kB"
        assert (replica.cpu_seconds() - before[replica]) / (SECONDS + 1) < CPU_SHARE_MAX, replica.name


def idle_services_are_small(system, _):
    system.start_all(replicas=1)
    time.sleep(2)
    measure(system)


def idle_services_are_idle_when_time_all_but_stands_still(system, _):
    """What waits for an instant of the city's time must not ask for it over and over."""
    system.zhitong("time", "drive", "--speed", "0.0001")
    time.sleep(2)
    measure(system)


main("idle", [idle_services_are_small, idle_services_are_idle_when_time_all_but_stands_still],
     city=ROOT / "deploy/cities/boston")
