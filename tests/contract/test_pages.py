#!/usr/bin/python3
"""What the pages name is there: every relative link of every page leads to a file and a heading, and the manuals of operations name
only commands, options, files, containers, settings, metrics and alerts that exist. The Chinese one has the same commands and figures."""
import os
import re
import subprocess
import sys
from pathlib import Path
from urllib.parse import unquote

sys.dont_write_bytecode = True
sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "lib"))
from checks import main_alone  # noqa: E402 pylint: disable=wrong-import-position

ROOT = Path(os.environ.get("ZHITONG_ROOT") or Path(__file__).resolve().parents[2])
BUILD = Path(os.environ.get("ZHITONG_TEST_BUILD") or ROOT / "build/release")
CHINESE = ROOT / "docs/OPERATIONS.zh-CN.md"
ENGLISH = ROOT / "deploy/OPERATIONS.md"
CODE = re.compile(r"^```.*?^```$", re.M | re.S)


NOT_OURS = {"build", "run", "node_modules", ".git"}


def pages():
    return [path for path in sorted(ROOT.rglob("*.md")) if not NOT_OURS.intersection(path.relative_to(ROOT).parts)]


def anchors(text):
    """The headings as GitHub names them; one that is there twice gets a number."""
    taken, found = {}, set()
    for heading in re.findall(r"^#+ (.*)$", CODE.sub("", text), re.M):
        heading = re.sub(r"\[([^\]]*)\]\([^)]*\)", r"\1", heading)
        name = re.sub(r"[^\w -]", "", heading).strip().lower().replace(" ", "-")
        nth = taken[name] = taken.get(name, -1) + 1
        found.add(f"{name}-{nth}" if nth else name)
    return found


def broken_links(page, text):
    for link in re.findall(r"\]\(([^)\s]+)\)", re.sub(r"`[^`\n]*`", "", CODE.sub("", text))):
        if re.match(r"[a-z]+:", link):
            continue
        path, _, anchor = unquote(link).partition("#")
        target = (page.parent / path).resolve() if path else page
        if not target.exists():
            yield f"{page.relative_to(ROOT)}: {link}: no such file"
        elif anchor and target.suffix == ".md" and anchor not in anchors(text if target == page else target.read_text()):
            yield f"{page.relative_to(ROOT)}: {link}: no such heading"


def usages():
    """What `zhitong --help` says of each command, by its first word."""
    said = subprocess.run([BUILD / "zhitong", "--help"], capture_output=True, text=True, check=True).stdout
    rows = {}
    for row in re.findall(r"^  zhitong (.*)$", said, re.M):
        rows.setdefault(row.split()[0], []).append(row)
    return rows


def code_of(text):
    """Everything that is set as code, lines that go on joined."""
    code = CODE.findall(text) + re.findall(r"`([^`\n]+)`", CODE.sub("", text))
    return "\n".join(code).replace("\\\n", " ")


def wrong_command(rows, words):
    """Why this is no command of zhitong, or None. Words as typed, without the program's name."""
    said = rows.get(words[0])
    if not said:
        return "no such command"
    verbs = {row.split()[1] for row in said if re.match(r"[a-z]+ [a-z]", row)}
    options = {option for row in said for option in re.findall(r"--[a-z][a-z-]*", row)}
    if len(words) > 1 and verbs and words[1] not in verbs:
        return f"no such verb: {words[1]}"
    unknown = [word for word in words if re.match(r"--[a-z]", word) and word.partition("=")[0] not in options]
    return f"no such option: {' '.join(unknown)}" if unknown else None


def wrong_commands(code):
    rows = usages()
    for line in re.findall(r"(?<![-\w/.@:])zhitong ((?!zhitong )[a-z][^\n]*)", code, re.M):
        command = re.split(r"\s+#|[;|]|&&|>|</", line)[0]
        reason = wrong_command(rows, command.split())
        if reason:
            yield f"zhitong {command.strip()}: {reason}"


def wrong_paths(code):
    for path in set(re.findall(r"(?<![\w/.])((?:deploy|tests|docs|clients)/[\w./-]*\w)", code)):
        if not (ROOT / path).exists():
            yield f"{path}: no such file"


def wrong_services(code):
    """Of docker-compose: exec, run and logs name a container of its files."""
    files = [ROOT / "docker-compose.yml", *sorted((ROOT / "deploy").glob("compose.*.yml"))]
    known = {name for file in files for name in re.findall(r"^  ([a-z][a-z0-9-]*):", file.read_text(), re.M)}
    for line in re.findall(r"docker-compose ([^\n`]*)", code):
        words = set(re.split(r"\s+#|[;|]|&&|>", line)[0].split())
        if words & {"exec", "run", "logs"} and not words & known:
            yield f"docker-compose {line}: no such service"


def wrong_names(text):
    """Settings, metrics and alerts that the English page, made of the programs' tables, does not have."""
    english = ENGLISH.read_text()
    for name in set(re.findall(r"ZHITONG_[A-Z0-9_]+|zhitong_[a-z_]+|Zhitong[A-Z]\w+", text)):
        if not re.search(rf"\b{name}(?![a-z])", english):
            yield f"{name}: not in deploy/OPERATIONS.md"


def wrong_in(text):
    code = code_of(text)
    return [*wrong_commands(code), *wrong_paths(code), *wrong_services(code), *wrong_names(text)]


def every_link_leads_somewhere():
    broken = [line for page in pages() for line in broken_links(page, page.read_text())]
    assert not broken, "\n".join(broken)


def a_link_that_leads_nowhere_is_noticed():
    text = "# One\n[a](#one) [b](#two) [c](nothing.md) [d](../README.md#more)"
    assert [line.split(": ")[1] for line in broken_links(CHINESE, text)] == ["#two", "nothing.md"]


def both_manuals_name_what_exists():
    wrong = [f"{page.relative_to(ROOT)}: {line}" for page in (ENGLISH, CHINESE) for line in wrong_in(page.read_text())]
    assert not wrong, "\n".join(wrong)


def typed(text):
    """What a reader types, line by line, without what is said of it; and the rows of figures."""
    lines = [line for block in CODE.findall(text) for line in block.splitlines()[1:-1]] + re.findall(r"^\| *[\d,]+ \|.*$", text, re.M)
    return {re.split(r"\s+# ", line)[0].strip() for line in lines}


def both_manuals_have_the_same_commands_and_figures():
    assert typed("```\nzhitong status   # all\n```\n| 1,000 | 2 |") == {"zhitong status", "| 1,000 | 2 |"}
    others = typed(CHINESE.read_text()) - typed(ENGLISH.read_text())
    assert not others, "only in the Chinese manual:\n" + "\n".join(sorted(others))


def a_name_that_does_not_exist_is_noticed():
    for line in ("zhitong explain", "zhitong keys find x", "sudo -u zhitong zhitong docter", "zhitong status --fast", "deploy/nothing x", "docker-compose exec oracle ls",
                 "ZHITONG_NO_SETTING=1", "zhitong_no_metric", "ZhitongNoAlert"):
        assert len(wrong_in(f"```\n{line}\n```")) == 1, (line, wrong_in(f"```\n{line}\n```"))


def the_chinese_manual_has_every_recipe():
    """A heading for each second-level heading of the English page, but for the tables that are made; each says where that stands."""
    chinese = CHINESE.read_text()
    headings = re.findall(r"^## (.*)$", CODE.sub("", ENGLISH.read_text()), re.M)
    missing = [heading for heading in headings if f"../deploy/OPERATIONS.md#{next(iter(anchors('## ' + heading)))})" not in chinese]
    assert headings and not missing, missing


TESTS = [every_link_leads_somewhere, a_link_that_leads_nowhere_is_noticed, both_manuals_name_what_exists,
         both_manuals_have_the_same_commands_and_figures, a_name_that_does_not_exist_is_noticed, the_chinese_manual_has_every_recipe]

main_alone("pages", TESTS)
