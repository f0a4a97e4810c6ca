#!/usr/bin/python3
"""How good the classifier is on 902 messages that citizens wrote to a Chinese petition platform, with 7 labels.

    tests/bench/classifier.py [--folds 5] [--seeds 3] [--quick]

Prints the tables of docs/classifier.md: what was tried, then each label and what it was taken for. The data may be used for tests only and
stands outside the project (ZHITONG_SHARED_DATA, ../shared/data): where it is missing, so is the figure. Cost and scale are chosen by
`zhitong classify train` within the learning folds; --quick has one seed and only the first row."""
import argparse
import csv
import os
import re
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
BUILD = Path(os.environ.get("ZHITONG_TEST_BUILD", ROOT / "build/release"))
DATA = Path(os.environ.get("ZHITONG_SHARED_DATA", ROOT / "../shared/data")) / "tipdm2020c/labelled.csv"
FIGURES = re.compile(r"macro-F1 ([0-9.]+), right ([0-9.]+), among the first 3 ([0-9.]+), log loss ([0-9.]+), calibration error ([0-9.]+)")

TEXTS = {"both": lambda row: f"{row['subject']}\n{row['detail']}", "subject": lambda row: row["subject"],
         "detail": lambda row: row["detail"], "twice": lambda row: f"{row['subject']}\n{row['subject']}\n{row['detail']}"}
# The first is what `zhitong classify train` does unless it is told otherwise.
TRIED = [("characters and pairs, subject and detail", "both", []),
         ("characters", "both", ["--grams", "1"]),
         ("pairs", "both", ["--grams", "2"]),
         ("characters, pairs, triples", "both", ["--grams", "123"]),
         ("characters and pairs, subject counted twice", "twice", []),
         ("characters and pairs, subject alone", "subject", []),
         ("characters and pairs, detail alone", "detail", []),
         ("labels balanced", "both", ["--balanced"]),
         ("logistic regression", "both", ["--learner", "logistic"]),
         ("Crammer and Singer", "both", ["--learner", "crammer"])]


def write_texts(folder):
    with open(DATA, encoding="utf-8-sig", newline="") as file:
        rows = list(csv.DictReader(file))
    for name, text in TEXTS.items():
        with open(folder / f"{name}.csv", "w", encoding="utf-8", newline="") as file:
            out = csv.writer(file)
            out.writerow(["text", "label"])
            out.writerows([text(row).replace("_x000D_", ""), row["level1"]] for row in rows)


def train(folder, texts, options, folds, seed):
    done = subprocess.run([BUILD / "zhitong", "classify", "train", "--texts", folder / f"{texts}.csv", "--folds", str(folds), "--seed",
                           str(seed), *options], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True, check=True)
    return done.stdout


def main():
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--folds", type=int, default=5)
    options.add_argument("--seeds", type=int, default=3)
    options.add_argument("--quick", action="store_true")
    asked = options.parse_args()
    if not DATA.exists():
        print(f"skip classifier the texts are not there: {DATA}")
        return
    sys.stdout.reconfigure(line_buffering=True)
    seeds = range(1 if asked.quick else asked.seeds)
    with tempfile.TemporaryDirectory(prefix="zhitong-bench.") as name:
        folder = Path(name)
        write_texts(folder)
        print("| tried | macro-F1 (each dealing) | right | among the first 3 | log loss | calibration error |")
        print("|---|---|---:|---:|---:|---:|")
        for title, texts, words in TRIED[:1 if asked.quick else None]:
            found = [[float(figure) for figure in FIGURES.search(train(folder, texts, words, asked.folds, seed)).groups()] for seed in seeds]
            mean = [statistics.mean(figures) for figures in zip(*found)]
            each = ", ".join(f"{figures[0]:.3f}" for figures in found)
            print(f"| {title} | **{mean[0]:.3f}** ({each}) | {mean[1]:.3f} | {mean[2]:.3f} | {mean[3]:.3f} | {mean[4]:.3f} |")
        print()
        print(train(folder, "both", ["--confusion"], asked.folds, 0))


main()
