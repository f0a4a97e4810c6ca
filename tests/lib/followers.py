"""The examples that a department copies (C, Python, Node), run as its own programs would be; and what they wrote down."""
import json
import os
import shutil
import signal
import subprocess
from pathlib import Path

from system import BUILD, ROOT, die_with_parent

INSTALL_SECONDS_MAX = 120


class Example:
    """One example with a folder of its own for events and cursor; it can be killed and started again."""

    def __init__(self, system, language, name, key, unit, *words):
        self.system, self.language, self.name = system, language, name
        self.key, self.unit, self.words = key, unit, words
        self.folder = system.folder / f"follow-{name}"
        self.folder.mkdir()
        self.process = None

    def _program(self):
        if self.language == "node":
            return ["node", self.system.folder / "node/follow.mjs"]
        return [BUILD / "clients/zhitong-follow-example"] if self.language == "c" else [ROOT / "clients/python/follow.py"]

    def start(self):
        endpoints = ",".join(self.system.endpoints("notification"))
        words = [*self._program(), endpoints, self.system.folder / "service.key", self.key, self.unit, self.folder, *self.words]
        with open(self.folder / "said", "ab") as said:
            self.process = subprocess.Popen(list(map(str, words)), stdin=subprocess.DEVNULL, stdout=said, stderr=said,
                                            preexec_fn=die_with_parent)
        return self

    def kill(self):
        """kill -9, and reaped."""
        self.process.kill()
        self.process.wait()
        return self

    def end(self, seconds=10):
        """SIGTERM; its exit code."""
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
        return self.process.wait(seconds)

    def said(self):
        return (self.folder / "said").read_text(errors="replace")

    def cursor(self):
        path = self.folder / "cursor"
        return int(path.read_text()) if path.exists() else 0

    def events(self):
        """What it wrote down: (seq, id) in its order; a line that is half is left out."""
        path, events = self.folder / "events", []
        for line in path.read_text().splitlines(keepends=True) if path.exists() else []:
            if not line.endswith("\n"):
                break
            if line.startswith("{"):
                event = json.loads(line)
                events.append((event["seq"], event["id"]))
            else:
                seq, event_id = line.split(" ", 2)[:2]
                events.append((int(seq), event_id))
        return events


def install_node(system):
    """The Node example with its packages beside it; "" or why that cannot be."""
    if shutil.which("npm") is None:
        return "npm is not installed"
    folder = system.folder / "node"
    shutil.copytree(ROOT / "clients/node", folder, ignore=shutil.ignore_patterns("node_modules", "package-lock.json"))
    words = ["npm", "install", "--no-audit", "--no-fund", "--no-package-lock", "--ignore-scripts", "--fetch-retries=0"]
    try:
        done = subprocess.run(words, cwd=folder, capture_output=True, text=True, timeout=INSTALL_SECONDS_MAX, check=False)
    except subprocess.TimeoutExpired:
        return f"npm install took more than {INSTALL_SECONDS_MAX} s"
    if done.returncode != 0:
        return (done.stderr.strip().splitlines() or ["npm install failed"])[0]
    done = subprocess.run(["node", "-e", "import('zeromq').then((z) => z.capability.curve || process.exit(1))"], cwd=folder,
                          capture_output=True, text=True, timeout=30, check=False)
    return "" if done.returncode == 0 else "zeromq has no program for this machine"


def build_installed(folder):
    """Installs the clients into `folder` and builds the example with what pkg-config says; the program and its environment."""
    prefix, program = Path(folder) / "prefix", Path(folder) / "installed-example"
    environment = {"PATH": os.environ["PATH"], "PKG_CONFIG_PATH": str(prefix / "lib/pkgconfig")}
    subprocess.run(["cmake", "--install", BUILD, "--component", "clients", "--prefix", prefix], check=True,
                   stdout=subprocess.DEVNULL)
    flags = subprocess.run(["pkg-config", "--cflags", "--libs", "zhitong-follow"], env=environment, check=True,
                           capture_output=True, text=True).stdout.split()
    subprocess.run(["cc", ROOT / "clients/c/follow_example.c", *flags, "-o", program], check=True)
    return prefix, program, {**environment, "LD_LIBRARY_PATH": str(prefix / "lib")}
