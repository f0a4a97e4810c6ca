"""A host whose clock is wrong: environment of a program that reads it off by so much, the monotonic clock untouched."""
from pathlib import Path


def skewed_by(seconds):
    for path in Path("/usr/lib").glob("*/faketime/libfaketimeMT.so.1"):
        return {"LD_PRELOAD": str(path), "FAKETIME": f"{seconds:+.0f}s", "FAKETIME_DONT_FAKE_MONOTONIC": "1", "FAKETIME_DONT_RESET": "1"}
    raise AssertionError("no libfaketime: deploy/install-packages test")
