#!/usr/bin/python3
"""Every field of every channel in every wrong form: it is refused, the answer names the field as its sender does and says why, nothing is
kept, and the service goes on. Texts may hold markup, which comes out as it went in."""
import json
import shutil
import sys
import time
import urllib.error
import urllib.request
import xml.etree.ElementTree as tree
from collections import Counter
from pathlib import Path

sys.dont_write_bytecode = True
sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "lib"))

from checks import let_time_stand_still, main, wait_until
from clients import decode
from senders import Check, Form, Report, Staff, Submit, Webhook, multipart_of, urlencoded_of
from senders_of_files import Cap, Csv, Mail, PlainCsv
from senders_of_more import Supplement, Update
from sources import small_city_with_sources
from staff import PASSWORD, Staff as Person, add
from wrong_forms import FORMS, FREE, MARKUP, OWN, cases

REASON_LEAST = 8  # characters that say something
MAPPED = [name for name in OWN if name not in ("key", "channel", "attributes", "files")]
SQUARE = [[113.9, 33.4], [114.1, 33.4], [114.1, 33.55], [113.9, 33.55], [113.9, 33.4]]
NORTH = [[113.9, 33.55], [114.1, 33.55], [114.1, 33.7], [113.9, 33.7], [113.9, 33.55]]
FILES = {
    "sources.csv": "code,channel,name_en,name_zh,adapter,item,area,datum,per_minute\npage,app,Page,,http,,town,,\n"
                   "hook,sensor,Hook,,webhook,lamp,town,,\nweather,sensor,Weather,,cap,,town,,\ncalls,hotline,Calls,,file,lamp,town,,\n"
                   "seats,desk,Seats,,staff,lamp,town,,\nbox,app,Mailbox,,mail,lamp,town,,\n",
    "source_fields.csv": "source,field,at,needed,fallback,format\nweather,item,event,,,\nweather,area,geocode,,,\nweather,language,,,zh-CN,\n" +
                         "".join(f"{source},{name},{at}{name},,,{'unix_ms' if name == 'occurred_at' else ''}\n"
                                 for source, at in (("hook", "/"), ("calls", "col ")) for name in MAPPED),
    "source_values.csv": "source,field,theirs,ours\nweather,item,*,bridge\nweather,area,411102,north\n",
    "questions.csv": "item,code,datatype,needed,text_en,text_zh,hint_en,hint_zh\nlamp,pole,string,no,Pole,杆号,,\n"
                     "lamp,kind,singlevaluelist,no,Kind,种类,,\n",
    "choices.csv": "item,question,code,name_en,name_zh\nlamp,kind,out,Out,不亮\nlamp,kind,dim,Dim,暗\n",
    "fences.geojson": json.dumps({"type": "FeatureCollection", "features": [
        {"type": "Feature", "properties": {"code": code}, "geometry": {"type": "Polygon", "coordinates": [ring]}}
        for code, ring in (("south", SQUARE), ("north", NORTH))]}),
}
matrix = Counter()


def reports(system):
    return system.sql.number("SELECT count(*) FROM intake.report")


def all_are_refused(system, sender, found):
    """Each case, and of each field of the sender at least one."""
    faults, before = [], reports(system)
    for case, result in zip(found, sender.run(found)):
        matrix[sender.title, case.form] += 1
        if result.status not in ((case.status,) if case.status else sender.statuses) or case.named not in result.fields or len(result.reason) < REASON_LEAST:
            faults.append(f"{sender.title} {case.form}: {str(case.change)[:120]} is not refused as {case.named}: {result}")
    kept = reports(system) - before
    assert not faults and kept == 0, f"{kept} kept, {len(faults)} of {len(found)}:\n" + "\n".join(faults)
    good = sender.send({})
    assert good.case or good.status in (200, 201, "accepted"), good
    print(f"# {sender.title}: {len(found)} wrong forms")


def tables_tell_what_can_be_wrong(system, shared):
    shared["began"] = time.monotonic()
    add(system, "seat", "hotline_seat", "town_hall", "public,internal,restricted")
    system.key("client", "desk-client")
    system.settings["intake"] = {"ZHITONG_OPEN311_SOURCE": "page", "ZHITONG_SECRET_KEYS": str(system.folder / "secret.keys"),
                                 "ZHITONG_FILES_FOLDER": str(system.folder / "files")}
    secrets = {}
    for source, kind in (("hook", "hmac-body"), ("weather", "key"), ("box", "key"), ("calls", "curve"), ("page", "key")):
        secrets[source] = system.folder / f"{source}.secret"
        system.zhitong("keys", "source", "add", source, "--kind", kind, "--out", secrets[source],
                       *(("--secret-keys", system.folder / "secret.keys") if kind != "curve" else ()))
    system.start_all(replicas=1)
    system.settings["desk"] = {"ZHITONG_INTAKE_KEY": str(system.folder / "desk-client.key"), "ZHITONG_STAFF_SOURCE": "seats",
                               "ZHITONG_INTAKE_SERVER_KEY": str(system.folder / "service.key"),
                               "ZHITONG_INTAKE_ENDPOINTS": ",".join(system.endpoints("intake"))}
    system.replica("desk").start().wait_ready()
    let_time_stand_still(system)  # the log is counted: no clock may add to it
    intake = system.replica("intake")
    system.key("client", "files")
    shared["senders"] = [Submit(system), Report(intake), Check(intake), Form(intake, urlencoded_of, "Open311 urlencoded"),
                         Form(intake, multipart_of, "Open311 multipart"), Webhook(intake, secrets["hook"].read_text().strip()),
                         Csv(system, secrets["calls"]), PlainCsv(system, system.folder / "files.key"),
                         Staff(Person(system.of("desk"), "seat", PASSWORD))]
    shared["cap"] = Cap(intake, secrets["weather"].read_text().strip())
    shared["mail"] = Mail(intake, secrets["box"])
    shared["key"] = secrets["page"].read_text().strip()
    wait_until(lambda: shared["senders"][5].send({}).status == 201, 30, "the keys are known")


def of_a_sender(nth):
    def each_wrong_form_is_refused(system, shared):
        sender = shared["senders"][nth]
        all_are_refused(system, sender, cases(sender) + list(sender.extra))
    each_wrong_form_is_refused.__name__ = ("submit", "post_reports", "check", "open311_urlencoded", "open311_multipart", "webhook", "csv_of_a_source",
                                           "csv", "staff_entry")[nth] + "_refuses_each_wrong_form_by_its_name"
    return each_wrong_form_is_refused


def an_alert_is_refused_by_its_element(system, shared):
    all_are_refused(system, shared["cap"], list(shared["cap"].cases()))


def a_mail_of_which_no_report_can_be_made_goes_back(system, shared):
    all_are_refused(system, shared["mail"], list(shared["mail"].cases()))


def a_csv_file_that_names_a_column_twice_or_lacks_one_is_not_begun(system, shared):
    before = reports(system)
    for sender in shared["senders"][6:8]:
        for column, done in sender.bad_files():
            matrix[sender.title, "duplicate key"] += 1
            assert done.returncode == 1 and column in done.stderr and "accepted" not in done.stdout, (column, done)
    for name in ("item", "area", "channel"):
        plain = shared["senders"][7]
        done, _ = plain.take_in(plain.header([other for other in plain.columns() if other != name]), [b'"x"'])
        matrix[plain.title, "missing"] += 1
        assert done.returncode == 1 and done.stderr.startswith(f"{name}: "), (name, done)
    assert reports(system) == before


def an_update_of_open311_is_refused_by_its_parameter(system, shared):
    case = shared["senders"][3].send({}).case  # an update is its source's
    sender = Update(system.replica("intake"), shared["key"], case)
    wait_until(lambda: sender.send({}).status == 200, 30, "the case is with routing")
    all_are_refused(system, sender, list(sender.cases()))


def what_a_reporter_sends_later_is_refused_by_its_field(system, shared):
    sender = shared["supplement"] = Supplement(system)
    before = system.sql.number("SELECT count(*) FROM routing.log")
    all_are_refused(system, sender, list(sender.cases()))
    after = system.sql.number("SELECT count(*) FROM routing.log")
    assert after == before + 1, f"the good one at the end: {before} → {after}"


def cases_of(system):
    return {int(case) for case, in system.sql.rows("SELECT case_id FROM intake.report")}


def markup_is_a_text_as_any_other(system, shared):
    """Into every text of every sender; out as JSON as it was, in XML escaped."""
    http = system.replica("intake").http
    senders = [sender for sender in shared["senders"] if sender.title != Check.title]
    for sender in senders + [shared["cap"], shared["mail"]]:
        if sender is shared["cap"]:
            changes = {name: MARKUP.replace("&", "&amp;").replace("<", "&lt;") for name in ("headline", "description", "areaDesc")}
        elif sender is shared["mail"]:
            changes = {"Subject": MARKUP, "text": MARKUP}
        else:
            changes = {name: MARKUP + (name if name == "source_id" else "") for name in FREE if sender.names[name] is not None}
        before = cases_of(system)
        done = sender.send(changes)
        case = done.case or max(cases_of(system) - before)  # files say no number
        matrix[sender.title, "markup"] += len(changes)
        kept = decode(bytes.fromhex(system.sql.rows(f"SELECT encode(body, 'hex') FROM intake.report WHERE case_id = {case}")[0][0]))
        assert kept["description"] == MARKUP and kept["title"] in (MARKUP, "dark"), (sender.title, kept)
        if kept["channel"] not in ("app", "hotline"):
            continue  # not for everybody to see
        with urllib.request.urlopen(f"{http}/reports/{case}") as answer:
            assert json.loads(answer.read())["description"] == MARKUP
        wait_until(lambda: open311(http, case)[0] == 200, 30, "the request is public")
        _, body = open311(http, case)
        assert b"<script" not in body and MARKUP in [element.text for element in tree.fromstring(body).iter()], body
    own = shared["supplement"]
    assert own.send({"note": MARKUP}).status == 200
    matrix[own.title, "markup"] += 1
    assert MARKUP in [entry.get("note") for entry in own.receipt.see()["history"]]


def open311(http, case):
    try:
        with urllib.request.urlopen(f"{http}/open311/v2/requests/{case}.xml?extensions=true") as answer:
            return answer.status, answer.read()
    except urllib.error.HTTPError as error:
        return error.code, error.read()


def every_form_was_tried_and_the_services_live(system, shared):
    senders = shared["senders"] + [shared["cap"], shared["mail"]]
    titles = list(dict.fromkeys(title for title, _ in matrix))
    width = max(map(len, titles))
    print(f"# {'':{width}} " + " ".join(f"{form:>12}" for form in FORMS))
    for title in titles:
        print(f"# {title:{width}} " + " ".join(f"{matrix[title, form] or '-':>12}" for form in FORMS))
    print(f"# {sum(matrix.values())} in {time.monotonic() - shared['began']:.0f} s")
    for form in FORMS:
        assert sum(matrix[title, form] for title in titles) > 0, form
    for sender in senders:
        assert matrix[sender.title, "missing"] and matrix[sender.title, "too long"] and matrix[sender.title, "unknown code"], sender.title
    for replica in system.replicas.values():
        assert replica.alive() and replica.get("/healthz")[0] == 200, replica.name
    shared["senders"][0].close()


if __name__ == "__main__":
    FOLDER = small_city_with_sources()
    for name, text in FILES.items():
        (FOLDER / name).write_text(text, encoding="utf-8")
    try:
        main("wrong_forms", [tables_tell_what_can_be_wrong, *map(of_a_sender, range(9)), an_alert_is_refused_by_its_element,
                             a_mail_of_which_no_report_can_be_made_goes_back, a_csv_file_that_names_a_column_twice_or_lacks_one_is_not_begun,
                             an_update_of_open311_is_refused_by_its_parameter, what_a_reporter_sends_later_is_refused_by_its_field,
                             markup_is_a_text_as_any_other, every_form_was_tried_and_the_services_live], city=FOLDER)
    finally:
        shutil.rmtree(FOLDER, ignore_errors=True)
