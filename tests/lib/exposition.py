"""Prometheus text format 0.0.4, read strictly: whatever a scraper might stumble over is an AssertionError.
https://prometheus.io/docs/instrumenting/exposition_formats/"""
import re

NAME = r"[a-zA-Z_:][a-zA-Z0-9_:]*"
LABEL = r'[a-zA-Z_][a-zA-Z0-9_]*="(?:[^"\\\n]|\\\\|\\"|\\n)*"'
SAMPLE = re.compile(rf"({NAME})(?:\{{({LABEL}(?:,{LABEL})*)\}})? (NaN|[+-]?Inf|[+-]?[0-9.]+(?:e[+-]?[0-9]+)?)")
COMMENT = re.compile(rf"# (HELP|TYPE) ({NAME}) (.+)")
ESCAPED = re.compile(r"\\(.)")


def labels_of(text):
    pairs = re.findall(r'([a-zA-Z_][a-zA-Z0-9_]*)="((?:[^"\\\n]|\\.)*)"', text or "")
    assert len(dict(pairs)) == len(pairs), f"a label twice: {text}"
    return tuple(sorted((name, ESCAPED.sub(lambda m: "\n" if m[1] == "n" else m[1], value)) for name, value in pairs))


def family_of(name, kinds):
    """A histogram's samples carry a suffix."""
    for suffix in ("_bucket", "_sum", "_count"):
        if name.endswith(suffix) and kinds.get(name[:-len(suffix)]) == "histogram":
            return name[:-len(suffix)]
    return name


def read(page):
    """(name, labels) → value; labels is a sorted tuple of pairs."""
    assert page.endswith("\n"), "the last line does not end"
    kinds, helped, found, closed, current = {}, set(), {}, set(), None
    for line in page[:-1].split("\n"):
        comment, sample = COMMENT.fullmatch(line), SAMPLE.fullmatch(line)
        assert comment or sample, f"neither comment nor sample: {line!r}"
        family = comment[2] if comment else family_of(sample[1], kinds)
        if family != current:
            assert family not in closed, f"the lines of {family} do not stand together"
            closed.add(current)
            current = family
        if comment and comment[1] == "HELP":
            assert family not in helped, f"{family} has two HELP lines"
            helped.add(family)
        elif comment:
            assert family not in kinds and comment[3] in ("counter", "gauge", "histogram"), line
            kinds[family] = comment[3]
        else:
            key = (sample[1], labels_of(sample[2]))
            assert family in kinds and family in helped, f"{family} has no TYPE or HELP before its samples"
            assert key not in found, f"a series twice: {line}"
            assert kinds[family] != "counter" or (family.endswith("_total") and float(sample[3]) >= 0), line
            found[key] = float(sample[3])
    return found


def series(page, name, label):
    """The values of one family by one of its labels."""
    return {dict(labels)[label]: value for (sample, labels), value in read(page).items() if sample == name}
