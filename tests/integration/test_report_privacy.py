#!/usr/bin/python3
"""GET /reports/CASE in a running system: a number can be guessed, so a report of a channel that is not public is seen by its source and
by its reporter, and does not exist for anybody else."""
import sys
from pathlib import Path

sys.dont_write_bytecode = True
sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "lib"))

from checks import main, wait_until
from open311 import give_key
from reporters import everything_starts, submit
from staff import ask


def a_report_of_a_channel_that_is_not_public_is_seen_by_its_source_and_its_reporter_only(system, _):
    lamps, other = give_key(system, "lamps"), "key-of-post"
    intake = system.of("intake")

    def see(case, **headers):
        return ask(intake[0], "GET", f"/reports/{case}", headers={name.replace("_", "-"): value for name, value in headers.items()})

    public, restricted = (submit(system, channel=channel).json for channel in ("app", "desk"))
    wait_until(lambda: ask(intake[0], "POST", "/reports", {"area": "n_mill_1", "item": "litter"}, {"X-API-Key": lamps}).status == 201, 30, "the key")
    own = ask(intake[0], "POST", "/reports", {"area": "n_mill_1", "item": "litter"}, {"X-API-Key": lamps}).json
    of_post = ask(intake[0], "POST", "/reports", {"area": "n_mill_1", "item": "litter"}, {"X-API-Key": other}).json
    cases = [("anybody, public", public, {}, 200),
             ("anybody, restricted", restricted, {}, 404),
             ("anybody, of a source", own, {}, 404),
             ("its source", own, {"X_API_Key": lamps}, 200),
             ("its source, as Bearer", own, {"Authorization": f"Bearer {lamps}"}, 200),
             ("another source", own, {"X_API_Key": other}, 404),
             ("a source, what no source sent", restricted, {"X_API_Key": lamps}, 404),
             ("a source, what another one sent", of_post, {"X_API_Key": lamps}, 404),
             ("a wrong key", own, {"X_API_Key": "key-of-nobody"}, 404),
             ("a wrong key, public", public, {"X_API_Key": "key-of-nobody"}, 200),
             ("its reporter", restricted, {"Authorization": f"Receipt {restricted['receipt']}"}, 200),
             ("its reporter, public", public, {"Authorization": f"Receipt {public['receipt']}"}, 200),
             ("another reporter", restricted, {"Authorization": f"Receipt {public['receipt']}"}, 403),
             ("no receipt", restricted, {"Authorization": "Receipt x"}, 400)]
    for name, report, headers, status in cases:
        answer = see(report["case"], **headers)
        assert answer.status == status, (name, answer)
        if status == 200:
            assert answer.json["case"] == report["case"] and answer.json["item"] == "litter" and "reporter" not in answer.json, (name, answer)
    hidden, missing = see(restricted["case"]), see("999999999999")
    assert (hidden.status, hidden.json) == (missing.status, missing.json), (hidden, missing)


main("report_privacy", [everything_starts, a_report_of_a_channel_that_is_not_public_is_seen_by_its_source_and_its_reporter_only])
