#!/usr/bin/python3
"""Hundreds of seeds of the simulation (docs/simulation.md): each must find nothing broken, the same seed must take the same steps,
and faults that are built into the product on purpose must be found.

  test_seeds.py [--seconds N] [--from SEED] [--processes N]   as many seeds as there is time for (120 s, from seed 1, on 2 processes)
"""
import argparse
import os
import re
import subprocess
import sys
import time
from pathlib import Path

sys.dont_write_bytecode = True
sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "lib"))

from system import BUILD, SMALL_CITY, System

RESET = Path(__file__).resolve().parent / "reset.sql"
SEEDS_MIN = 20  # fewer are no proof, whatever the machine
SEEDS_AT_ONCE = 5
SEED_SECONDS_MAX = 240
MUTANTS = {  # what is built in → what a checker must say of it
    "commit": "a commit is believed although its connection was lost",
    "fence": "a shard is written without a look at its epoch",
    "cursor": "a cursor stays one entry behind what was applied",
    "key": "a report's key is not looked up",
    "arm": "a deadline keeps its old instant when the case gets another",
    "fire": "a deadline that fired fires again",
}
MUTANT_SEEDS_MAX = 40
SAME_TWICE = 3  # seeds that are run a second time


def environment():
    return {name: value for name, value in os.environ.items() if not name.startswith("ZHITONG_")}


class Database:
    """One database of the cluster, ready to be simulated on; one process at a time."""

    def __init__(self, system, number):
        name = f"simulation{number}"
        self.url = system.cluster("url", "postgres", name)
        self.sql(system.url(), f"CREATE DATABASE {name}")
        for words in (["migrate"], ["city", "load", SMALL_CITY]):
            system.zhitong(*words, "--database", self.url, database=False)
        self.sql(self.url, RESET.read_text())

    @staticmethod
    def sql(url, text):
        subprocess.run(["psql", "-X", "-q", "-v", "ON_ERROR_STOP=1", "-d", url], input=text, text=True, check=True,
                       stdout=subprocess.DEVNULL)

    def start(self, seed, seeds, *words):
        return subprocess.Popen([BUILD / "zt-simulate", "--database", self.url, "--seed", str(seed), "--seeds", str(seeds), *words],
                                env=environment(), stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)

    def run(self, seed, seeds, *words):
        process = self.start(seed, seeds, *words)
        try:
            return process.communicate(timeout=SEED_SECONDS_MAX)[0], process.returncode
        except subprocess.TimeoutExpired:
            process.kill()
            return process.communicate()[0] + f"seed {seed}: no end after {SEED_SECONDS_MAX} s", 1


class Tally:
    def __init__(self):
        self.seeds, self.sums, self.failures, self.hashes = 0, {}, [], {}

    def take(self, words, status):
        for line in words.splitlines():
            found = re.match(r"seed (\d+) hash (\w+) seconds [\d.]+ simulated ([\d.]+), (.*)", line)
            if not found:
                continue
            self.seeds += 1
            self.hashes[int(found[1])] = found[2]
            counts = [("simulated seconds", float(found[3]))]
            counts += [(name, int(count)) for name, count in re.findall(r"([a-z ]+?) (\d+)(?:,|$)", found[4])]
            for name, count in counts:
                name = name.strip()
                self.sums[name] = self.sums.get(name, 0) + count
        if status != 0:
            self.failures.append("\n".join(line for line in words.splitlines() if not line.startswith("seed ")))

    def tell(self):
        print(f"# {self.seeds} seeds: " + ", ".join(f"{name} {count:.0f}" for name, count in self.sums.items()), flush=True)


def run_seeds(databases, options, tally):
    """Groups of seeds, on each database one process after the other, until the time is over."""
    end, seed, running = time.monotonic() + options.seconds, options.first, {}
    told = time.monotonic()
    while running or time.monotonic() < end or tally.seeds < SEEDS_MIN:
        for database in databases:
            process = running.get(database)
            if process is not None and process.poll() is not None:
                tally.take(process.stdout.read(), process.returncode)
                del running[database]
            over = time.monotonic() > end and tally.seeds + SEEDS_AT_ONCE * len(running) >= SEEDS_MIN
            if database not in running and not over and not tally.failures:
                running[database] = database.start(seed, SEEDS_AT_ONCE)
                seed += SEEDS_AT_ONCE
        if tally.failures and not running:
            return
        if time.monotonic() - told > 20:
            told = time.monotonic()
            print(f"# {tally.seeds} seeds", flush=True)
        time.sleep(0.05)


def same_twice(database, tally):
    for seed in list(tally.hashes)[:SAME_TWICE]:
        again = Tally()
        again.take(*database.run(seed, 1))
        if again.hashes.get(seed) != tally.hashes[seed]:
            return f"seed {seed} had the hash {tally.hashes[seed]}, and then {again.hashes.get(seed)}"
    different = len(set(tally.hashes.values())) == len(tally.hashes)
    return None if different else "two seeds have the same hash"


def find_mutant(database, name):
    """What the checkers said of it, or None."""
    for seed in range(1, MUTANT_SEEDS_MAX + 1):
        words, status = database.run(seed, 1, "--mutant", name)
        broken = re.search(r"broken ([^\n]*)", words)
        if status != 0 and (broken is None or broken[1].startswith("setup")):
            print(f"# seed {seed}: {words[-500:]}", flush=True)
            return None
        if status != 0:
            return f"seed {seed}: {broken[1]}"
    return None


def result(good, name, words=""):
    print(f"{'ok' if good else 'not ok'} simulation_{name}", flush=True)
    if words:
        print("# " + words.replace("\n", "\n# "), flush=True)
    return 0 if good else 1


def read_options():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seconds", type=float, default=float(os.environ.get("SIMULATION_SECONDS", 120)))
    parser.add_argument("--from", type=int, default=1, dest="first", metavar="SEED")
    parser.add_argument("--processes", type=int, default=2)
    return parser.parse_args()


def main():
    options, tally, failed = read_options(), Tally(), 0
    with System() as system:
        system.sql.rows("ALTER SYSTEM SET autovacuum = off")  # its turns are no seed's
        system.sql.rows("SELECT pg_reload_conf()")
        databases = [Database(system, number) for number in range(options.processes)]
        print(f"# seeds from {options.first} on, for {options.seconds:.0f} s", flush=True)
        run_seeds(databases, options, tally)
        tally.tell()
        failed += result(not tally.failures, "every_seed_settles_and_breaks_nothing", "\n".join(tally.failures))
        why = same_twice(databases[0], tally)
        failed += result(why is None, "a_seed_takes_the_same_steps_again", why or "")
        for name, meaning in MUTANTS.items():
            found = find_mutant(databases[0], name)
            failed += result(found is not None, f"finds_that_{meaning.replace(' ', '_')}", found or "nothing was found")
    sys.exit(1 if failed else 0)


if __name__ == "__main__":
    main()
