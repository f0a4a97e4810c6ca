#!/usr/bin/python3
"""Every program of tests/ says what it is for when it is asked with --help, and begins nothing: no cluster, no load, no clearing up. It
finds no program but those that print."""
import ctypes
import os
import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

sys.dont_write_bytecode = True
sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "lib"))
import asked  # noqa: F401,E402 pylint: disable=unused-import,wrong-import-position

ROOT = Path(os.environ.get("ZHITONG_ROOT") or Path(__file__).resolve().parents[2])
CPU_SECONDS_MAX = 2  # of a processor: others may use it, too
SECONDS_MAX = 20
PRINTING = ("bash", "sh", "env", "cat", "sed", "dirname", "realpath", "python3", "nproc")
PR_SET_CHILD_SUBREAPER = 36
# What answers, before anything that begins something. A program without it is not run: nobody knows what it would do.
ANSWERS = {"python": r"^(from|import) (asked|checks|system|argparse|play|test_chain)\b|\"--help\" in sys.argv",
           "sh": r"^\. \"\$\(dirname \"\$0\"\)/\.\./lib/help\.sh\"$|-h \| --help\)"}


def programs():
    for path in sorted((ROOT / "tests").rglob("*")):
        if path.is_file() and os.access(path, os.X_OK) and path.read_bytes()[:2] == b"#!" and "node_modules" not in path.parts:
            yield path


def fault(program):
    """What is wrong with its answer; "": nothing."""
    text = program.read_text()
    if not re.search(ANSWERS["python" if "python" in text.splitlines()[0] else "sh"], text, re.M):
        return "nothing in it answers --help: see tests/lib/asked.py and help.sh"
    with tempfile.TemporaryDirectory() as folder:
        for name in PRINTING:
            (Path(folder) / name).symlink_to(shutil.which(name, path="/usr/bin:/bin"))
        scratch = Path(folder) / "scratch"
        scratch.mkdir()
        before = os.times()
        try:
            done = subprocess.run([program, "--help"], cwd=scratch, env={"PATH": folder, "TMPDIR": str(scratch), "HOME": str(scratch)},
                                  capture_output=True, text=True, timeout=SECONDS_MAX, check=False, stdin=subprocess.DEVNULL)
        except subprocess.TimeoutExpired:
            return f"was ended after {SECONDS_MAX} s"
        after = os.times()
        used = after.children_user + after.children_system - before.children_user - before.children_system
        left = Path(f"/proc/self/task/{os.getpid()}/children").read_text().split()
        if done.returncode != 0:
            return f"exit {done.returncode}: {done.stderr.strip()[-200:]}"
        if not done.stdout.strip():
            return "says nothing"
        if used > CPU_SECONDS_MAX or left or list(scratch.iterdir()):
            return f"took {used:.1f} s, left processes {left} and files {list(scratch.iterdir())}"
    return ""


def is_fault_found(text):
    with tempfile.TemporaryDirectory() as folder:
        program = Path(folder) / "program"
        program.write_text(text)
        program.chmod(0o755)
        return fault(program) != ""


def main():
    ctypes.CDLL(None).prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)
    faults = [f"{program.relative_to(ROOT)}: {why}" for program in programs() if (why := fault(program))]
    print("not ok help_is_what_every_program_of_the_tests_gives" if faults else "ok help_is_what_every_program_of_the_tests_gives")
    for line in faults:
        print("# " + line)
    answers = "#!/bin/sh\n# Answers.\n# -h | --help)\n"
    bites = all(is_fault_found(answers + begins) for begins in ("touch begun", ": >begun; echo", "echo; sleep 1000 & exit 0", "exit 1", ":"))
    bites = bites and is_fault_found("#!/bin/sh\necho\n")
    print("ok help_rule_bites" if bites else "not ok help_rule_bites")
    return 1 if faults or not bites else 0


if __name__ == "__main__":
    sys.exit(main())
