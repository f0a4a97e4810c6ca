#!/usr/bin/python3
"""A report that comes with a W3C traceparent is followed by it through every journal, to webhooks and followers; one without costs nothing."""
import json
import sys
import urllib.error
import urllib.request
from pathlib import Path

sys.dont_write_bytecode = True
sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "lib"))

from checks import main, wait_applied, wait_until
from clients import Client, Department
from endpoints import add, send
from webhook_sink import Sink

UNIT, AREA = "mill_1", "n_mill_1"
PARENT = "00f067aa0ba902b7"


def traceparent(nth, flags="01"):
    return f"00-{nth:032x}-{PARENT}-{flags}"


def post(system, trace=None):
    """The id of the case of a report that came over HTTP."""
    headers = {"Content-Type": "application/json", **({"traceparent": trace} if trace else {})}
    body = json.dumps({"channel": "app", "item": "lamp", "area": AREA, "title": "traced"}).encode()
    request = urllib.request.Request(system.replica("intake").http + "/reports", body, headers)

    def sent():
        try:
            with urllib.request.urlopen(request, timeout=10) as answer:
                assert answer.status == 201
                return int(json.load(answer)["case"])
        except urllib.error.HTTPError as error:
            assert error.code == 503  # busy: nothing was kept
            return None
    return wait_until(sent, 20, "it is taken")


def traced(system, service, nth):
    """The journal's lines of this trace."""
    return [line for line in system.replica(service).journal("traced") if line["trace"] == f"{nth:032x}"]


def kept(system, case):
    """Whether any of the logs holds a trace of the case."""
    return system.sql.number(f"SELECT (SELECT count(*) FROM intake.log WHERE case_id = {case} AND position('traceparent'::bytea IN body) > 0)"
                             f" + (SELECT count(*) FROM routing.log WHERE case_id = {case} AND position('traceparent'::bytea IN body) > 0)")


def everything_runs(system, shared):
    system.start_all(replicas=1)
    sink = shared["sink"] = Sink()
    shared["client"] = Client(system.endpoints("intake"), system.server_key(), system.key("client", "hotline"))
    shared["department"] = Department(system.endpoints("notification"), system.server_key(), system.key("department", "mill", UNIT), UNIT)
    shared["threads"] = [shared["department"]]
    shared["department"].start()
    add(system, "plain", UNIT, sink.url("ok/plain"))


def every_journal_on_the_way_has_case_and_trace(system, shared):
    case = shared["case"] = post(system, traceparent(7))
    wait_applied(system)
    wait_until(lambda: len(traced(system, "notification", 7)) == 2, 20, lambda: system.replica("notification").journal("traced"))
    said = {service: [(line["case"], line["message"]) for line in traced(system, service, 7)] for service in
            ("intake", "routing", "escalation", "notification")}
    assert said == {"intake": [(str(case), "submit")], "routing": [(str(case), "report_received")],
                    "escalation": [(str(case), "case_moved")],
                    "notification": [(str(case), "case_moved"), (str(case), "delivery")]}, said
    assert all(line["took_ms"] >= 0 for line in traced(system, "routing", 7))
    assert traced(system, "notification", 7)[1]["endpoint"] == "plain", traced(system, "notification", 7)
    assert traced(system, "notification", 7)[1]["status"] == 204, traced(system, "notification", 7)


def a_webhook_gets_it_as_header_and_as_extension(_, shared):
    got = wait_until(lambda: shared["sink"].of("ok/plain"), 20, "delivered")[0]
    assert got.headers["traceparent"] == got.event["traceparent"] == got.event["data"]["traceparent"] == traceparent(7), got.headers


def a_follower_gets_it_in_the_entry(_, shared):
    wait_until(lambda: shared["department"].entries, 20, "the entry")
    assert shared["department"].entries[0][1]["traceparent"] == traceparent(7)


def a_report_without_one_costs_no_byte(system, shared):
    case = post(system)
    wait_applied(system)
    assert kept(system, case) == 0 and kept(system, shared["case"]) == 2
    wait_until(lambda: len(shared["sink"].of("ok/plain")) == 2, 20, "delivered")
    got = shared["sink"].of("ok/plain")[1]
    assert "traceparent" not in got.event and "traceparent" not in got.headers


def a_bad_one_is_ignored_and_the_report_taken(system, _):
    for bad in ("00-0-0-01", "rubbish", traceparent(0), "x" * 300):
        assert kept(system, post(system, bad)) == 0, bad
    wait_applied(system)


def one_that_is_not_sampled_is_carried_and_not_told(system, shared):
    case = post(system, traceparent(8, "00"))
    wait_applied(system)
    assert kept(system, case) == 2
    wait_until(lambda: any(got.event.get("traceparent") == traceparent(8, "00") for got in shared["sink"].of("ok/plain")), 20, "delivered")
    assert not any(traced(system, service, 8) for service in ("intake", "routing", "escalation", "notification"))


def clients_of_zeromq_give_it_in_submit(system, shared):
    case, = send(shared, UNIT, traceparent=traceparent(9))
    wait_applied(system)
    assert [line["case"] for line in traced(system, "routing", 9)] == [str(case)]
    case, = send(shared, UNIT, traceparent="no trace")  # ignored as well
    assert kept(system, case) == 0


def a_parked_entry_is_told_with_its_trace(system, _):
    routing = system.replica("routing")
    system.sql.rows("ALTER TABLE routing.case_file ADD CONSTRAINT never CHECK (channel <> 'app') NOT VALID")
    case = post(system, traceparent(10))
    line = wait_until(lambda: routing.journal("parked"), 20, "it is parked")[0]
    assert (line["case"], line["trace"]) == (str(case), f"{10:032x}"), line
    system.sql.rows("ALTER TABLE routing.case_file DROP CONSTRAINT never")
    system.zhitong("parked", "replay", "--service", "routing", "--all")
    wait_until(lambda: system.sql.number(f"SELECT count(*) FROM routing.case_file WHERE case_id = {case}") == 1, 20, "replayed")


def the_way_of_a_case_is_shown_with_its_trace(system, shared):
    lines = system.zhitong("case", shared["case"]).stdout.splitlines()
    assert [line.split()[3] for line in lines[:3]] == ["intake", "routing", "notification"], lines
    assert "report_received item=lamp" in lines[0] and lines[0].endswith(f"trace={7:032x}"), lines
    assert "case_moved move=open" in lines[1] and "unit=mill_1" in lines[1] and lines[1].endswith(f"trace={7:032x}"), lines
    assert "version 1 to plain: sent 204" in lines[2], lines
    assert "escalation" in lines[-1] and "the clock is armed for then, of version 1 at tier" in lines[-1], lines
    system.sql.rows(f"UPDATE intake.report SET received_at = received_at + interval '1 s' WHERE case_id = {shared['case']}")
    skewed = system.zhitong("case", shared["case"]).stdout.splitlines()
    assert [line.split()[3] for line in skewed[:2]] == ["intake", "routing"], skewed  # hosts differ; an effect has its cause before it
    unknown = system.zhitong("case", 128 * 100000, check=False)
    assert unknown.returncode == 1 and "nothing is known" in unknown.stderr
    assert system.zhitong("case", check=False).returncode == 2


def intake_makes_one_for_each_third_where_it_is_told_to(system, _):
    intake = system.replica("intake")
    intake.kill()
    intake.start({"ZHITONG_TRACE_EVERY": "3"}).wait_ready()
    system.wait_shared()
    cases = [post(system) for _ in range(8)]
    made = [kept(system, case) > 0 for case in cases]
    assert made.count(True) in (2, 3) and not any(a and b for a, b in zip(made, made[1:])), made


if __name__ == "__main__":
    sys.exit(main("trace", [
        everything_runs, every_journal_on_the_way_has_case_and_trace, a_webhook_gets_it_as_header_and_as_extension,
        a_follower_gets_it_in_the_entry, a_report_without_one_costs_no_byte, a_bad_one_is_ignored_and_the_report_taken,
        one_that_is_not_sampled_is_carried_and_not_told, clients_of_zeromq_give_it_in_submit, a_parked_entry_is_told_with_its_trace,
        the_way_of_a_case_is_shown_with_its_trace, intake_makes_one_for_each_third_where_it_is_told_to], settings={"notification": {"ZHITONG_PRIVATE_HOSTS": "127.0.0.1"}}))
