"""The language of plays: a text file, one act a line, `#` begins a remark. ACTS is all of it; play_acts.py carries the acts out.

    read(path) → [Act]; a line that is none is refused with file, line and word."""
import re
from dataclasses import dataclass, field
from pathlib import Path

from system import ROOT, SERVICES

REPLICAS = 2
PLAYS = ROOT / "tests/faults/plays"
POINTS = re.findall(r"^POINT\((\w+),", (ROOT / "common/fault_points.def").read_text(), re.MULTILINE)


class Refused(Exception):
    """What is wrong with a play, and where."""


class Wanted(Exception):
    """The word at hand is not what the pattern wants there."""


@dataclass
class Act:
    line: int
    text: str
    name: str            # of the function that carries it out
    fault: str = ""      # the kind of fault that it is, for the tally
    values: dict = field(default_factory=dict)


# Each takes a word and gives its value, or None.
def _number(word):
    return int(word) if re.fullmatch(r"\d{1,7}", word) else None


def _seconds(word):
    match = re.fullmatch(r"([+-]?)(\d{1,7})(ms|s|min|h)", word)
    if match is None:
        return None
    scale = {"ms": 0.001, "s": 1, "min": 60, "h": 3600}[match[3]]
    return int(match[1] + match[2]) * scale


def _one_of(*words):
    return lambda word: word if word in words else None


KINDS = {
    "SERVICE": (_one_of(*SERVICES), "one of " + ", ".join(SERVICES)),
    "N": (lambda word: _number(word) if _number(word) in range(1, REPLICAS + 1) else None, f"a replica's number, 1 to {REPLICAS}"),
    "WHICH": (lambda word: word if word == "all" else KINDS["N"][0](word), f"a replica's number, 1 to {REPLICAS}, or all"),
    "COUNT": (_number, "a number"),
    "TIME": (_seconds, "a time such as 200ms, 2s or -1h"),
    "POINT": (_one_of(*POINTS), "a point of common/fault_points.def"),
    "DISK": (_one_of("data", "files"), "data or files"),
    "WORD": (lambda word: word, "a word"),
    "SIDE": (_one_of("client", "department"), "client or department"),
}

# pattern, its function, the kind of fault, what it does
ACTS = [(re.sub(" +", " ", pattern).strip(), *rest) for pattern, *rest in (
    ("load COUNT", "load", "", "so many reports a second from now on; 0: none"),
    ("drive time COUNT", "drive", "", "the city's clock goes so many times faster; 0: nearly stands still"),
    ("kill SERVICE WHICH", "kill", "killed", "SIGKILL"),
    ("kill postgresql", "kill_postgresql", "postgresql killed", "SIGKILL of all of its processes"),
    ("kill everything", "kill_everything", "power cut", "SIGKILL of PostgreSQL and every service in one go"),
    ("start SERVICE WHICH", "start", "", "starts what is not running and waits until it is ready"),
    ("start postgresql", "start_postgresql", "", ""),
    ("start everything", "start_everything", "", "PostgreSQL, if it is not running, and every service that is not"),
    ("stop SERVICE WHICH", "stop", "stopped", "SIGTERM; it drains and ends with 0"),
    ("pause SERVICE WHICH", "pause", "paused", "SIGSTOP"),
    ("resume SERVICE WHICH", "resume", "", "SIGCONT"),
    ("cut SERVICE N to SERVICE N for TIME", "cut_link", "link cut", "ends all connections between the two; new ones too"),
    ("hold SERVICE N to SERVICE N for TIME", "hold_link", "link held", "connections stay open, nothing passes"),
    ("cut SIDE to SERVICE N for TIME", "cut_side", "link cut", "the same for those outside"),
    ("hold SIDE to SERVICE N for TIME", "hold_side", "link held", ""),
    ("cut database of SERVICE N for TIME", "cut_database", "database cut", "its connections to PostgreSQL"),
    ("hold database of SERVICE N for TIME", "hold_database", "database held", ""),
    ("slow database of SERVICE N by TIME for TIME", "slow_database", "database slow", "every packet, in both directions"),
    ("fill disk DISK", "fill", "disk full", "PostgreSQL's (data) or that of the uploads (files)"),
    ("empty disk DISK", "empty", "", ""),
    ("skew clock of SERVICE N by TIME", "skew", "clock skewed", "of this process only; it is started anew"),
    ("at POINT in SERVICE N kill", "at", "killed at a point", "arms the point, once"),
    ("at POINT in SERVICE N stop", "at", "paused at a point", ""),
    ("at POINT in SERVICE N fail", "at", "failed at a point", "as if the database connection had broken"),
    ("at POINT in SERVICE N sleep TIME", "at", "slept at a point", ""),
    ("wait TIME", "wait", "", ""),
    ("wait takeover of SERVICE N", "wait_takeover", "", "all its shards belong to others"),
    ("wait takeover of SERVICE N within TIME", "wait_takeover", "", ""),
    ("wait point in SERVICE N", "wait_point", "", "until the armed point was reached"),
    ("wait fence in SERVICE N", "wait_fence", "", "until one more of its batches was rejected at the fence"),
    ("wait flow", "wait_flow", "", "reports are accepted and become cases"),
    ("wait busy", "wait_busy", "", "reports are answered busy"),
    ("wait journal WORD", "wait_journal", "", "until a warning or error in some journal has that word"),
    ("wait deliveries", "wait_deliveries", "", "the webhook gets something"),
    ("wait ready", "wait_ready", "", "all are ready and share their shards fairly"),
    ("perhaps point in SERVICE N", "perhaps_point", "", "waits a little and disarms the point if it was not reached"),
    ("settle", "settle", "", "no load, no deadlines; until all is applied and told"),
    ("audit", "audit", "", "nothing accepted is lost, nothing doubled, no gap, everybody told"),
)]


def _match(pattern, words):
    """The values by lower-case name, several of one kind as name, name2; or Wanted with the position."""
    values = {}
    for at, wanted in enumerate(pattern.split()):
        if at == len(words):
            raise Wanted(at, f"after the last word {KINDS[wanted][1] if wanted in KINDS else wanted} is missing")
        if wanted not in KINDS:
            if words[at] != wanted:
                raise Wanted(at, f"must be {wanted}")
            continue
        value = KINDS[wanted][0](words[at])
        if value is None:
            raise Wanted(at, f"must be {KINDS[wanted][1]}")
        values[wanted.lower() + ("2" if wanted.lower() in values else "")] = value
    if len(words) > len(pattern.split()):
        raise Wanted(len(pattern.split()), "is one word too many")
    return values


def read_line(text, line=0, where="play"):
    """The act of a line; None where there is none. Of all patterns the one that fits longest explains what is wrong."""
    words = text.split("#")[0].split()
    if not words:
        return None
    best = (-1, "")
    for pattern, name, fault, _ in ACTS:
        try:
            values = _match(pattern, words)
        except Wanted as wanted:
            if wanted.args[0] > best[0]:
                best = wanted.args
            continue
        if name == "at":
            values["action"] = pattern.split()[5]
        return Act(line, " ".join(words), name, fault, values)
    at, what = best
    word = f"word {at + 1}, {words[at]!r}, " if at < len(words) else ""
    raise Refused(f"{where}:{line}: {word}{what if at else 'is no act; see --acts'}")


def read(path):
    path = Path(path)
    if not path.is_file():
        raise Refused(f"{path}: no such play; see --list")
    acts = [read_line(text, line, path) for line, text in enumerate(path.read_text().splitlines(), 1)]
    return [act for act in acts if act is not None]


def about(path):
    """The play's own words: the remarks that it begins with."""
    lines = []
    for line in Path(path).read_text().splitlines():
        if not line.startswith("#"):
            break
        lines.append(line[1:].strip())
    return " ".join(lines)


def needs(acts):
    """What costs a system of its own: a small disk for the database or the files, or a clock that nobody drives."""
    return {act.values["disk"] for act in acts if act.name == "fill"} | {"clock" for act in acts if act.name == "skew"}
