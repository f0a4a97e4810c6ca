#!/usr/bin/python3
"""How many of the duplicates that a city's staff found the likeness of reports finds, and at the price of how many candidates.

    tests/bench/duplicates.py [--fit] [--metres 100] [--days 60] [--ended-too]

Reports are walked in the order in which they came; each gets its candidates from zt-bench-duplicates, which uses the code of intake.
A labelled pair is found when the older report is among the candidates of the younger one at the moment when that was filed. Weights
are fitted (--fit prints them) to the reports before the middle labelled pair; everything is counted on those after it.
"""
import argparse
import bisect
import csv
import gzip
import math
import os
import pathlib
import subprocess
import sys
from collections import defaultdict
from datetime import datetime

ROOT = pathlib.Path(__file__).resolve().parents[2]
BUILD = pathlib.Path(os.environ.get("ZHITONG_TEST_BUILD", ROOT / "build/release"))
DATA = pathlib.Path(os.environ.get("ZHITONG_SHARED_DATA", ROOT / "../shared/data"))
TERMS = ["always", "distance", "delay", "text", "wordless", "other_item", "same_reporter"]
FIXED = {"other_item": -2.0, "same_reporter": 1.0}  # the data has neither
THRESHOLDS = [1, 2, 3, 5, 8, 10, 15, 20, 25, 30, 40, 50, 60, 70, 80, 90]


def instant(text):
    return datetime.fromisoformat(text).timestamp()


def read_reports(ended_too):
    reports = []
    with gzip.open(DATA / "boston-open311-text/requests_2008_2017.csv.gz", "rt", encoding="utf-8") as lines:
        for row in csv.DictReader(lines):
            ended = instant(row["updated_datetime"]) if row["status"] == "closed" and row["updated_datetime"] else 0
            reports.append({
                "id": row["service_request_id"], "item": row["service_name"], "at": instant(row["requested_datetime"]),
                "ended": 0 if ended_too else ended, "lat": row["lat"], "long": row["long"],
                "address": " ".join(row["address"].split()), "text": " ".join(row["description"].split()),
                "duplicate": row["closing_class"] == "duplicate"})
    reports.sort(key=lambda report: (report["at"], report["id"]))
    for number, report in enumerate(reports):
        report["number"] = number
    return reports


def read_labels(reports):
    """The labelled pairs as (younger, older) numbers, who was named a duplicate, and each report's cluster."""
    numbers = {report["id"]: report["number"] for report in reports}
    pairs, children, cluster = set(), set(), {}
    with open(DATA / "boston-duplicates/pairs_2008_2017.csv", encoding="utf-8") as lines:
        for row in csv.DictReader(lines):
            child, parent = numbers.get(row["child_id"]), numbers.get(row["parent_id"])
            if row["plausible"] == "1" and child is not None and parent is not None:
                pairs.add((max(child, parent), min(child, parent)))
                children.add(max(child, parent))
    with open(DATA / "boston-duplicates/clusters_2008_2017.csv", encoding="utf-8") as lines:
        for row in csv.DictReader(lines):
            if row["service_request_id"] in numbers:
                cluster[numbers[row["service_request_id"]]] = row["cluster"]
    return pairs, children, cluster


def walk(reports, metres, days):
    """[(younger, older, percent, terms)] of all candidates."""
    lines = "".join(
        "\t".join([str(r["number"]), r["item"], repr(r["at"]), repr(r["ended"]), r["lat"], r["long"],
                   r["address"], r["text"]]) + "\n" for r in reports)
    done = subprocess.run([BUILD / "zt-bench-duplicates", str(metres), str(days * 24)], input=lines.encode(),
                          stdout=subprocess.PIPE, check=True)
    found = []
    for line in done.stdout.decode().splitlines():
        fields = line.split("\t")
        found.append((int(fields[0]), int(fields[1]), int(fields[2]), [float(field) for field in fields[3:]]))
    return found


def solve(matrix, right):
    size = len(right)
    rows = [matrix[i][:] + [right[i]] for i in range(size)]
    for i in range(size):
        pivot = max(range(i, size), key=lambda k: abs(rows[k][i]))
        rows[i], rows[pivot] = rows[pivot], rows[i]
        for k in range(i + 1, size):
            factor = rows[k][i] / rows[i][i]
            rows[k] = [a - factor * b for a, b in zip(rows[k], rows[i])]
    out = [0.0] * size
    for i in reversed(range(size)):
        out[i] = (rows[i][size] - sum(rows[i][k] * out[k] for k in range(i + 1, size))) / rows[i][i]
    return out


def fit(samples):
    """Logistic regression by Newton's method; samples are (terms, label, weight)."""
    free = [i for i, name in enumerate(TERMS) if name not in FIXED]
    weights = [0.0] * len(free)
    for _ in range(12):
        gradient = [0.0] * len(free)
        hessian = [[1e-6 * (i == k) for k in range(len(free))] for i in range(len(free))]
        for terms, label, weight in samples:
            x = [terms[i] for i in free]
            p = 1 / (1 + math.exp(-max(-30, min(30, sum(a * b for a, b in zip(weights, x))))))
            for i, xi in enumerate(x):
                gradient[i] += weight * (label - p) * xi
                for k, xk in enumerate(x):
                    hessian[i][k] += weight * p * (1 - p) * xi * xk
        step = solve(hessian, gradient)
        weights = [a + b for a, b in zip(weights, step)]
    return dict(zip([TERMS[i] for i in free], weights), **FIXED)


def samples_of(found, reports, labels, until):
    """Right and wrong candidates weigh the same together: 50 percent means that a pair looks as much like one as like the other.
    Of a report that was closed as a duplicate and names nobody we know, nothing can be learned."""
    pairs, children, cluster = labels
    samples = []
    for younger, older, _, terms in found:
        if younger >= until:
            continue
        if (younger, older) in pairs or (younger in cluster and cluster.get(older) == cluster[younger]):
            samples.append((terms, 1))
        elif younger in children or not reports[younger]["duplicate"]:
            samples.append((terms, 0))
    right = sum(label for _, label in samples)
    return [(terms, label, len(samples) / right if label else len(samples) / (len(samples) - right)) for terms, label in samples]


def count(found, reports, labels, start):
    """A row a threshold: recall of pairs, candidates a report, and how often the best candidate of a child is the right one."""
    pairs, children, cluster = labels
    wanted = {pair for pair in pairs if pair[0] >= start}
    best = {}
    scores, hits = [], []
    for younger, older, percent, _ in found:
        if younger < start:
            continue
        scores.append(percent)
        if (younger, older) in wanted:
            hits.append(percent)
        if percent > best.get(younger, (-1, 0))[0]:
            best[younger] = (percent, older)
    scores.sort()
    hits.sort()
    rows = []
    for threshold in THRESHOLDS:
        told = {y: o for y, (p, o) in best.items() if p >= threshold}
        of_children = [(y, o) for y, o in told.items() if y in children]
        right = sum(1 for y, o in of_children if (y, o) in pairs or (y in cluster and cluster.get(o) == cluster[y]))
        duplicates = sum(1 for y in told if reports[y]["duplicate"])
        rows.append((threshold, (len(hits) - bisect.bisect_left(hits, threshold)) / len(wanted),
                     (len(scores) - bisect.bisect_left(scores, threshold)) / (len(reports) - start),
                     right / max(1, len(of_children)), len(told) / (len(reports) - start), duplicates / max(1, len(told))))
    return rows, len(wanted)


def print_baseline(found, reports, pairs, start):
    """What the data's makers compare with: every older report of the service within 30 m and 14 days."""
    near = [(y, o) for y, o, _, terms in found if y >= start and 10 * math.expm1(terms[TERMS.index("distance")]) <= 30
            and math.expm1(terms[TERMS.index("delay")]) <= 14 * 24]
    wanted = sum(1 for pair in pairs if pair[0] >= start)
    print(f"baseline of 30 m and 14 days: recall {sum(1 for pair in near if pair in pairs) / wanted:.3f}, "
          f"{len(near) / (len(reports) - start):.3f} candidates a report")


def print_services(found, reports, start, threshold):
    told, duplicates, all_of = defaultdict(set), defaultdict(int), defaultdict(int)
    for report in reports[start:]:
        all_of[report["item"]] += 1
    for younger, _, percent, _ in found:
        if younger >= start and percent >= threshold:
            told[reports[younger]["item"]].add(younger)
    for item, youngers in sorted(told.items()):
        duplicates[item] = sum(1 for y in youngers if reports[y]["duplicate"])
        print(f"{item}: {len(youngers) / all_of[item]:.3f} of the reports have one of {threshold} percent, "
              f"{duplicates[item] / len(youngers):.3f} of these were closed as duplicate, of all "
              f"{sum(1 for r in reports[start:] if r['item'] == item and r['duplicate']) / all_of[item]:.3f}")


def print_rows(title, rows):
    print(title)
    print("| percent | recall of pairs | candidates a report | best one is right, of named duplicates | reports with one | of these closed as duplicate |")
    print("|---|---|---|---|---|---|")
    for threshold, recall, candidates, right, told, duplicates in rows:
        print(f"| {threshold} | {recall:.3f} | {candidates:.3f} | {right:.3f} | {told:.3f} | {duplicates:.3f} |")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--metres", type=int, default=100, help="how far apart at most")
    parser.add_argument("--days", type=float, default=60, help="how long after the first one at most")
    parser.add_argument("--ended-too", action="store_true", help="also candidates that were finished when the report came")
    parser.add_argument("--fit", action="store_true", help="fit the weights anew and print them")
    given = parser.parse_args()
    if not (DATA / "boston-open311-text").is_dir():
        print("skip duplicates there is no ../shared/data/boston-open311-text")
        return 0
    reports = read_reports(given.ended_too)
    labels = read_labels(reports)
    youngest = sorted(pair[0] for pair in labels[0])
    middle = youngest[len(youngest) // 2]
    found = walk(reports, given.metres, given.days)
    print(f"{len(reports)} reports, {len(labels[0])} labelled pairs; the later part begins "
          f"{datetime.fromtimestamp(reports[middle]['at']).date()} and has {len(reports) - middle} reports")
    if given.fit:
        samples = samples_of(found, reports, labels, middle)
        weights = fit(samples)
        print(f"fitted to {len(samples)} candidates, {sum(1 for s in samples if s[1])} of them right:")
        for name in TERMS:
            print(f"    [TERM_{name}] = {weights[name]:.3f},")
        found = [(y, o, round(100 / (1 + math.exp(-sum(weights[n] * t for n, t in zip(TERMS, terms))))), terms)
                 for y, o, _, terms in found]
    rows, wanted = count(found, reports, labels, middle)
    print_baseline(found, reports, labels[0], middle)
    for threshold in (50, 80):
        print_services(found, reports, middle, threshold)
    print_rows(f"later part, {wanted} pairs, at most {given.metres} m and {given.days:g} days:", rows)
    return 0


if __name__ == "__main__":
    sys.exit(main())
