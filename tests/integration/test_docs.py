#!/usr/bin/python3
"""What the pages tell a reader to type works: README.md from "By hand" on, then the blocks of docs/channels.md that are marked sh,
in one shell, on free ports and in a folder of its own."""
import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
from pathlib import Path

sys.dont_write_bytecode = True
sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "lib"))

from system import BUILD, ROOT, free_port

SECONDS_MAX = 180
PAGES = (("README.md", "## By hand", "## More", ""), ("docs/channels.md", "# ", None, "sh"))  # page, from, to, mark of a block
PORTS = ("8080", "8090", "7201", "7202")
LEFT_OUT = re.compile(r"^(deploy/install-packages|cmake) ")  # what the test's own build has done
READY = f'''
for i in $(seq 100); do
    [ "$(command curl -s -o /dev/null -w '%{{http_code}}' http://127.0.0.1:8080/items)" = 200 ] &&
        [ "$(command curl -s -o /dev/null -w '%{{http_code}}' http://127.0.0.1:8090/sessions/current)" = 401 ] && break
    sleep 0.2
done
'''


def blocks(page, begin, end, mark):
    text = (ROOT / page).read_text()
    text = text[text.index(begin):]
    text = text[:text.index(end)] if end else text
    return re.findall(rf"^```{mark}\n(.*?)^```$", text, re.MULTILINE | re.DOTALL)


def script_of(folder):
    lines = []
    for page in PAGES:
        for nth, block in enumerate(blocks(*page)):
            lines.append(f"echo '--- {page[0]}, block {nth + 1}'")
            lines += [line for line in block.splitlines() if not LEFT_OUT.match(line)]
    text = "\n".join(lines)
    text = text.replace("zhitong follow ", "zhitong follow --count 1 ").replace("\ncurl -H 'Idempotency-Key: desk-1'",
                                                                              READY + "\ncurl -H 'Idempotency-Key: desk-1'", 1)
    text = text.replace("$PWD/build/release", str(BUILD)).replace("build/release/", f"{BUILD}/")
    for port in PORTS:
        text = re.sub(rf"\b{port}\b", str(free_port()), text)
    text = re.sub(r"(?<![\w/.])run/", f"{folder}/", text)
    return "set -euo pipefail\ncurl() { command curl -sS --fail-with-body \"$@\" && echo; }\n" + text + "\necho; zhitong audit --wait 30\n" \
        "zhitong report --by source --format csv\n"


def check(name, good, output):
    print(f"{'ok' if good else 'not ok'} docs_{name}")
    if not good:
        print("# " + "\n# ".join(output.splitlines()[-40:]))
    return good


def main():
    folder = Path(tempfile.mkdtemp(prefix="zhitong-docs."))
    folder.chmod(0o755)
    env = {name: value for name, value in os.environ.items() if not name.startswith("ZHITONG_")}
    shell = subprocess.Popen(["bash", "-c", script_of(folder)], cwd=ROOT, env=env, start_new_session=True, text=True,
                             stdin=subprocess.DEVNULL, stdout=(folder / "output").open("w"), stderr=subprocess.STDOUT)
    try:
        status = shell.wait(SECONDS_MAX)
    except subprocess.TimeoutExpired:
        status = "none in time"
    finally:
        try:
            os.killpg(shell.pid, signal.SIGKILL)
        except ProcessLookupError:
            pass
        subprocess.run([ROOT / "deploy/postgres/cluster", "remove", folder / "hand"], capture_output=True)
    output = (folder / "output").read_text()
    given = re.findall(r"^(?:key|zhitong keys source add) (\w+)", "\n".join(sum((blocks(*page) for page in PAGES), [])), re.MULTILINE)
    good = check("every_command_of_the_pages_works", status == 0, f"{output}\nexit {status}")
    reported = output.rpartition("\nall hold")[2]
    silent = [source for source in given if f"{source}," not in reported]
    good = check("each_source_that_got_a_key_has_reported", bool(given) and not silent, f"{reported}\nsilent: {silent}") and good
    print(output) if "-v" in sys.argv else None
    shutil.rmtree(folder)
    sys.exit(0 if good else 1)


if __name__ == "__main__":
    main()
