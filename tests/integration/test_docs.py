#!/usr/bin/python3
"""What the pages tell a reader to type works, on free ports and in a folder of its own: docs/by-hand.md, then the blocks of
docs/channels.md, webhooks.md and live.md that are marked sh; and in another shell the channels of docs/README.zh-CN.md."""
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

SECONDS_MAX = 270
SHELLS = {  # what is typed into each: page, from, to, mark of a block
    "english": (("docs/by-hand.md", "# ", None, ""), ("docs/channels.md", "# ", None, "sh"),
                ("docs/webhooks.md", "# ", None, "sh"), ("docs/live.md", "# ", None, "sh")),
    "chinese": (("docs/by-hand.md", "# ", "## A report by", ""), ("docs/README.zh-CN.md", "## 六类渠道", "## 部门跟随", "")),
}
PORTS = ("8080", "8090", "7201", "7202", "8099")
LEFT_OUT = re.compile(r"^(deploy/install-packages|cmake) ")  # what the test's own build has done
READY = f'''
for i in $(seq 300); do
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


def script_of(pages, folder):
    lines = []
    for page in pages:
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


def type_in(pages, folder):
    """Everything that was said, and the exit code."""
    env = {name: value for name, value in os.environ.items() if not name.startswith("ZHITONG_")}
    with (folder / "output").open("w") as output:
        shell = subprocess.Popen(["bash", "-c", script_of(pages, folder)], cwd=ROOT, env=env, start_new_session=True,
                                 stdin=subprocess.DEVNULL, stdout=output, stderr=subprocess.STDOUT)
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
    return (folder / "output").read_text(), status


def check_shell(name, pages):
    folder = Path(tempfile.mkdtemp(prefix="zhitong-docs."))
    folder.chmod(0o755)
    output, status = type_in(pages, folder)
    shutil.rmtree(folder)
    if "-v" in sys.argv:
        print(output)
    text = "\n".join(sum((blocks(*page) for page in pages), []))
    given = re.findall(r"^(?:key|zhitong keys source add) (\w+)", text, re.MULTILINE)
    reported = output.rpartition("\nall hold")[2]
    silent = [source for source in given if f"\n{source}," not in reported]
    works = check(f"every_command_of_the_{name}_pages_works", status == 0, f"{output}\nexit {status}")
    return check(f"each_source_of_the_{name}_pages_has_reported", bool(given) and not silent,
                 f"{reported}\nsilent: {silent}") and works


def main():
    results = [check_shell(name, pages) for name, pages in SHELLS.items()]
    sys.exit(0 if all(results) else 1)


if __name__ == "__main__":
    main()
