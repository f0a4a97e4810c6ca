#!/usr/bin/python3
"""A replica that others could not reach is refused before it joins: it would take shards, and their cases would stand still."""
import os
import subprocess
import sys
from pathlib import Path

sys.dont_write_bytecode = True
sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "lib"))

from checks import main
from system import BUILD

# Listens on, tells the others, and what is refused; "" where all is good.
EXAMPLES = (
    ("0.0.0.0", None, "ZHITONG_ADVERTISE_HOST: must be set"),
    ("::", "", "ZHITONG_ADVERTISE_HOST: must be set"),
    ("0.0.0.0", "0.0.0.0", "ZHITONG_ADVERTISE_HOST: is 0.0.0.0"),
    ("127.0.0.1", "tcp://host-a", "ZHITONG_ADVERTISE_HOST: is \"tcp://host-a\""),
    ("localhost", None, "ZHITONG_LISTEN_HOST: is \"localhost\""),
    ("0.0.0.0", "host-a", ""),
    ("127.0.0.1", None, ""),
    ("::1", None, ""),
)


def who_could_not_be_reached_is_refused(system, _):
    for listen, advertise, refused in EXAMPLES:
        settings = {"ZHITONG_DATABASE_URL": system.url("zhitong_routing"), "ZHITONG_LISTEN_HOST": listen}
        if advertise is not None:
            settings["ZHITONG_ADVERTISE_HOST"] = advertise
        done = subprocess.run([BUILD / "zt-routing", "--check"], env={"PATH": os.environ["PATH"], **settings},
                              capture_output=True, text=True, check=False)
        assert done.returncode == (2 if refused else 0), (listen, advertise, done)
        assert refused in done.stderr, (listen, advertise, done.stderr)


main("reachable", [who_could_not_be_reached_is_refused])
