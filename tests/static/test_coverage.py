#!/usr/bin/python3
"""Which lines and branches of the services the unit programs run, and that the files that decide are run nearly whole.

    tests/static/test_coverage.py [--all]

Builds the preset coverage, runs the unit programs of tests/unit and prints the share of each folder. Fails when a file of
tests/static/decisions has less than BRANCHES_LEAST of its branches taken. --all (or STATIC_ALL=1) runs the scripts of
tests/integration too, which takes long, and only reports.

A branch is one way out of a condition, as gcov counts it without optimisation: each side of &&, || and ?: is one by itself. The
branches of assert() do not count: that they are not taken is what they are for."""
import fnmatch
import json
import os
import pathlib
import subprocess
import sys
import time

sys.dont_write_bytecode = True
sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "lib"))
import asked  # noqa: F401,E402 pylint: disable=unused-import,wrong-import-position

BRANCHES_LEAST = 95.0  # percent of a file that decides
STEP_SECONDS_MAX = 550
ROOT = pathlib.Path(os.environ.get("ZHITONG_ROOT", pathlib.Path(__file__).resolve().parents[2]))
BUILD = ROOT / "build/coverage"
JOBS = str(os.cpu_count())


def run(*command, **options):
    began = time.monotonic()
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=STEP_SECONDS_MAX, **options)
    print(f"{time.monotonic() - began:5.0f} s  {' '.join(map(str, command))[:100]}", flush=True)
    return done


def must(name, *command):
    done = run(*command)
    if done.returncode != 0:
        print(f"not ok coverage_{name}")
        print((done.stdout + done.stderr)[-4000:])
        sys.exit(1)


def programs():
    return [path.stem for path in sorted((ROOT / "tests/unit").glob("test_*.c"))]


def libraries():
    """All of them, so that what no program runs counts, too."""
    services = [path.name for path in (ROOT / "services").iterdir() if path.is_dir()]
    return ["proto", "common", "zhitong-follow-inner"] + [f"service_{name}" for name in sorted(services)]


def scripts():
    """Each against the programs of this build; one that fails has run what it ran."""
    environment = os.environ | {"ZHITONG_ROOT": str(ROOT), "ZHITONG_TEST_BUILD": str(BUILD)}
    for path in sorted((ROOT / "tests/integration").iterdir()):
        if path.is_file() and os.access(path, os.X_OK):
            try:
                run(path, env=environment)
            except subprocess.TimeoutExpired:
                print(f"       stopped: {path.name}")


def measured():
    summary = BUILD / "coverage.json"
    # What an older build left of other targets need not fit the sources any more. One job: with several gcovr 5.2 hangs on an error.
    objects = [path for path in BUILD.rglob("*.dir") if path.stem in libraries()]
    must("gcovr", "gcovr", "-r", ".", "--object-directory", str(BUILD), "-j", "1", "--exclude-unreachable-branches",
         "--exclude-branches-by-pattern", r"^\s*assert\(", "-f", "proto/", "-f", "common/", "-f", "services/", "-f", "clients/",
         "--json-summary", str(summary), *map(str, objects))
    return json.loads(summary.read_text())["files"]


def share(files, what):
    total = sum(file[f"{what}_total"] for file in files)
    return 100.0 * sum(file[f"{what}_covered"] for file in files) / total if total else 100.0


def report(files):
    folders = sorted({os.path.dirname(file["filename"]) for file in files})
    print(f"{'folder':26} {'lines':>7} {'branches':>9}")
    for folder in folders + [""]:
        inside = [file for file in files if folder in ("", os.path.dirname(file["filename"]))]
        print(f"{folder or 'all of it':26} {share(inside, 'line'):6.1f}% {share(inside, 'branch'):8.1f}%")


def decisions():
    lines = (ROOT / "tests/static/decisions").read_text().splitlines()
    return [line for line in lines if line and not line.startswith("#")]


def judge(files):
    """What falls short, and what the list names in vain."""
    found = []
    for pattern in decisions():
        named = [file for file in files if fnmatch.fnmatch(file["filename"], pattern)]
        if not named:
            found.append(f"{pattern}: no such file is run by any unit program")
        for file in named:
            taken = share([file], "branch")
            if taken < BRANCHES_LEAST:
                found.append(f"{file['filename']}: {taken:.1f}% of {file['branch_total']} branches, at least {BRANCHES_LEAST:.0f}%")
    return sorted(set(found))


def main():
    everything = "--all" in sys.argv[1:] or os.environ.get("STATIC_ALL")
    must("packages", "deploy/install-packages", "develop")
    must("configures", "cmake", "--preset", "coverage")
    must("builds", "cmake", "--build", "--preset", "coverage", "--parallel", JOBS, *([] if everything else ["--target", *libraries(), *programs()]))
    for counts in BUILD.rglob("*.gcda"):
        counts.unlink()
    # That they pass is the matter of other builds; one that fails has run what it ran.
    done = run("ctest", "--test-dir", str(BUILD), "-L", "unit", "--parallel", JOBS, "--repeat", "until-pass:2")
    for line in done.stdout.splitlines():
        if "***" in line:
            print(f"        {line.strip()}")
    if everything:
        scripts()
    files = measured()
    report(files)
    found = judge(files)
    print("not ok coverage_decisions_take_their_branches" if found else "ok coverage_decisions_take_their_branches")
    print("\n".join(found))
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
