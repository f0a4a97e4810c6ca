"""A Docker engine of the test's own, and docker-compose on it. Everything ends with the block."""
import json
import os
import re
import shutil
import subprocess
import tempfile
import time
from pathlib import Path

from system import ROOT, die_with_parent

START_SECONDS_MAX = 30
COMMAND_SECONDS_MAX = 400
# The engine's own choice first; then without a kernel's overlay file system.
WAYS_TO_START = ([], ["--storage-driver=vfs"])


class NoEngine(Exception):
    """None can be started here; the text says why."""


class Engine:
    """ZHITONG_TEST_DOCKER names the socket of an engine that runs already (with its images), instead of one of its own."""

    def __init__(self):
        self.folder = self.process = None
        self.host = os.environ.get("ZHITONG_TEST_DOCKER", "")

    def __enter__(self):
        if not self.host:
            if os.geteuid() != 0:
                raise NoEngine("a Docker engine needs root")
            self.folder = Path(tempfile.mkdtemp(prefix="zhitong-engine.", dir="/var/tmp"))
            try:
                self._start()
            except BaseException:
                self.close()
                raise
        return self

    def __exit__(self, *_):
        self.close()

    def _start(self):
        self.host = f"unix://{self.folder}/docker.sock"
        for way in WAYS_TO_START:
            with open(self.folder / "engine.log", "wb") as log:
                self.process = subprocess.Popen(
                    ["dockerd", "--host", self.host, "--data-root", self.folder / "data", "--exec-root", self.folder / "exec",
                     "--pidfile", self.folder / "pid", *way], stdout=log, stderr=log, preexec_fn=die_with_parent)
            if self._answers():
                self._try()
                return
            self._end()
        last = (self.folder / "engine.log").read_text(errors="replace").strip().splitlines()[-1:]
        raise NoEngine("no Docker engine starts here: " + "".join(last)[-300:])

    def _answers(self):
        end = time.monotonic() + START_SECONDS_MAX
        while time.monotonic() < end and self.process.poll() is None:
            if self.docker("info", check=False).returncode == 0:
                return True
            time.sleep(0.3)
        return False

    def _try(self):
        """An engine may start where it can run nothing, or where what it runs sees the host (in a chroot, say). The least image: sleep
        under a name of its own, and what it is linked with."""
        root = self.folder / "try"
        program = Path("/bin/sleep").resolve()
        linked = re.findall(r"(/\S+) \(0x", subprocess.run(["ldd", program], capture_output=True, text=True, check=True).stdout)
        for source, place in [(program, "/zhitong-sleep"), *((path, path) for path in linked)]:
            (root / place.lstrip("/")).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(source, root / place.lstrip("/"))
        subprocess.run(["tar", "-C", root, "-cf", self.folder / "try.tar", "."], check=True)
        for words in (["import", self.folder / "try.tar", "zhitong-try"], ["run", "-d", "--name", "zhitong-try", "zhitong-try", "/zhitong-sleep", "60"],
                      ["exec", "zhitong-try", "/zhitong-sleep", "0"], ["rm", "-f", "zhitong-try"], ["image", "rm", "zhitong-try"]):
            tried = self.docker(*words, check=False)
            if tried.returncode != 0:
                raise NoEngine(f"a Docker engine starts here, but not all works: docker {words[0]}: " + " ".join((tried.stdout + tried.stderr).split())[-300:])

    def _end(self):
        if self.process is not None and self.process.poll() is None:
            self.process.terminate()
            try:
                self.process.wait(30)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()

    def close(self):
        self._end()
        if self.folder is not None:
            shutil.rmtree(self.folder, ignore_errors=True)

    def run(self, *words, check=True, environment=None, seconds=COMMAND_SECONDS_MAX):
        done = subprocess.run([str(word) for word in words], cwd=ROOT, capture_output=True, text=True, stdin=subprocess.DEVNULL,
                              env={**os.environ, "DOCKER_HOST": self.host, **(environment or {})}, timeout=seconds, check=False)
        assert not check or done.returncode == 0, f"{' '.join(map(str, words))}: {done.returncode}\n{done.stdout[-3000:]}{done.stderr[-3000:]}"
        return done

    def docker(self, *words, **options):
        return self.run("docker", *words, **options)


class City:
    """docker-compose.yml with the overlay for mail, and others that a test adds, under a name and at an address of its own."""

    def __init__(self, engine, address, settings=None):
        self.engine, self.address, self.name = engine, address, f"zhitong-test-{os.getpid()}"
        self.files = ["docker-compose.yml", "deploy/compose.mail.yml"]
        self.environment = {"LISTEN": address, "CITY_HOST": address, "COMPOSE_PROJECT_NAME": self.name, **(settings or {})}

    def compose(self, *words, **options):
        return self.engine.run("docker-compose", *[word for file in self.files for word in ("-f", file)], *words,
                               environment=self.environment, **options)

    def shell(self, script):
        """What a script says in a container of the operator; zhitong is on its path, the keys in /etc/zhitong/keys."""
        return self.compose("run", "--rm", "-T", "--entrypoint", "sh", "zhitong", "-ec", script).stdout

    def ask(self, query):
        """The rows of a query as lists of texts."""
        return [line.split("|") for line in self.inside("postgres", "psql", "-XAtq", "-h", "/run/postgresql", "-U", "postgres",
                                                        "-d", "zhitong", "-c", query).stdout.splitlines()]

    def inside(self, service, *words, **options):
        """A command in the first container of a running service."""
        return self.engine.docker("exec", f"{self.name}_{service}_1", *words, **options)

    def containers(self, service=None):
        """What `docker inspect` says of the project's containers, those that have ended too."""
        label = ["--filter", f"label=com.docker.compose.service={service}"] if service else []
        ids = self.engine.docker("ps", "-aq", "--filter", f"label=com.docker.compose.project={self.name}", *label).stdout.split()
        return json.loads(self.engine.docker("inspect", *ids).stdout) if ids else []

    def left(self):
        """Containers, networks and volumes of the project."""
        names = []
        for kind in (("ps", "-aq"), ("network", "ls", "-q"), ("volume", "ls", "-q")):
            names += self.engine.docker(*kind, "--filter", f"label=com.docker.compose.project={self.name}").stdout.split()
        return names
