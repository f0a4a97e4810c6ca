#!/usr/bin/python3
"""Feeds of desk: a token opens the events of its post's unit as Atom and its deadlines as iCalendar, and nothing else; readers that ask
again get 304; an ended feed or post is gone at once."""
import re
import sys
import urllib.request
import urllib.error
import xml.etree.ElementTree as ElementTree
from datetime import datetime, timezone
from pathlib import Path

sys.dont_write_bytecode = True
sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "lib"))

from icalendar import Calendar

from checks import main, wait_applied
from clients import Client
from staff import PASSWORD, PEOPLE, Staff, add, ask
from system import SERVICES

ATOM = "{http://www.w3.org/2005/Atom}"
TITLE = "a <lamp> & \"more\", said; 路灯不亮" + " 很长" * 20


def get(url, **headers):
    request = urllib.request.Request(url, headers={name.replace("_", "-"): value for name, value in headers.items()})
    try:
        with urllib.request.urlopen(request, timeout=10) as answer:
            return answer.status, dict(answer.getheaders()), answer.read()
    except urllib.error.HTTPError as error:
        return error.code, dict(error.headers), error.read()


def atom(body):
    """The feed, after what RFC 4287 demands of every feed and entry."""
    feed = ElementTree.fromstring(body)
    assert feed.tag == ATOM + "feed"
    for element in [feed] + feed.findall(ATOM + "entry"):
        for name in ("id", "title", "updated"):
            found = element.findall(ATOM + name)
            assert len(found) == 1 and found[0].text, (name, body[:300])
        assert re.fullmatch(r"tag:[a-z0-9.-]+,\d{4}-\d\d-\d\d:\S+", element.find(ATOM + "id").text)
        assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z", element.find(ATOM + "updated").text)
    assert feed.find(ATOM + "author/" + ATOM + "name").text
    assert feed.find(ATOM + "link").get("rel") == "self"
    ids = [entry.find(ATOM + "id").text for entry in feed.findall(ATOM + "entry")]
    assert len(ids) == len(set(ids))
    times = [entry.find(ATOM + "updated").text for entry in feed.findall(ATOM + "entry")]
    assert times[:1] == [feed.find(ATOM + "updated").text] or not times
    return feed


def everything_starts(system, shared):
    for person in PEOPLE:
        add(system, *person)
    system.start_all(replicas=1, services=SERVICES + ("desk",))
    client = Client(system.endpoints("intake"), system.server_key(), system.key("client", "app-client"))
    for name, channel in (("lamp", "app"), ("secret", "desk"), ("sensor", "sensor")):
        shared[name] = client.ask(name, {"channel": channel, "item": "litter", "area": "n_mill_1", "title": TITLE if name == "lamp" else name,
                                         "address": "Mill Lane, 3"})
    shared["client"] = client
    wait_applied(system)
    shared["staff"] = {login: Staff(system.of("desk"), login, PASSWORD) for login in ("mill", "works", "mill_office")}


def a_token_is_shown_once_and_kept_as_its_digest(system, shared):
    mill = shared["staff"]["mill"]
    answer = mill.ask("POST", "/feeds", {"name": "calendar of the office"})
    assert answer.status == 201, answer
    shared["feed"] = answer.json
    assert answer.json["token"] in answer.json["atom"] and answer.json["atom"].endswith("/cases.atom")
    listed = mill.get("/feeds")
    assert [feed["name"] for feed in listed.json["feeds"]] == ["calendar of the office"] and answer.json["token"] not in str(listed.json)
    assert system.sql.number(f"SELECT count(*) FROM desk.feed WHERE encode(digest, 'escape') LIKE '%{answer.json['token']}%'") == 0
    assert shared["staff"]["works"].get("/feeds").json["feeds"] == []
    assert ask(system.of("desk")[0], "POST", "/feeds", {"name": "x"}).status == 401
    for body in ({}, {"name": ""}, {"name": "x" * 121}, {"name": "x", "more": 1}, {"name": 7}):
        refused = mill.ask("POST", "/feeds", body)
        assert refused.status == 422 and refused.field == "name", (body, refused)


def the_events_of_the_unit_come_as_atom(system, shared):
    status, headers, body = get(shared["feed"]["atom"])
    assert status == 200 and headers["Content-Type"].startswith("application/atom+xml"), (status, headers)
    entries = atom(body).findall(ATOM + "entry")
    assert len(entries) >= 1
    words = " ".join(entry.find(ATOM + "summary").text for entry in entries if entry.find(ATOM + "summary") is not None)
    assert TITLE in words
    links = {entry.find(ATOM + "link").get("href").rpartition("/")[2] for entry in entries}
    assert str(shared["lamp"]) in links
    for hidden in ("secret", "sensor"):
        assert str(shared[hidden]) not in links, "a channel that the post may not see"
    _, _, chinese = get(shared["feed"]["atom"] + "?lang=zh")
    assert "".join(entry.find(ATOM + "title").text for entry in atom(chinese).findall(ATOM + "entry")) != \
           "".join(entry.find(ATOM + "title").text for entry in entries)


def who_has_it_already_gets_304(_, shared):
    for url in (shared["feed"]["atom"], shared["feed"]["calendar"]):
        _, headers, _ = get(url)
        status, again, body = get(url, If_None_Match=f'"other", W/{headers["ETag"]}')
        assert status == 304 and body == b"" and again["ETag"] == headers["ETag"], (status, again)
        assert get(url, If_None_Match='"other"')[0] == 200


def a_new_event_is_the_newest_entry(system, shared):
    before = get(shared["feed"]["atom"])
    assert shared["staff"]["mill"].move(shared["lamp"], "sign", plan="change the bulb").status == 200
    wait_applied(system)
    status, _, body = get(shared["feed"]["atom"], If_None_Match=before[1]["ETag"])
    first = atom(body).find(ATOM + "entry")
    assert status == 200 and first.find(ATOM + "category").get("term") == "sign"
    old = {entry.find(ATOM + "id").text for entry in atom(before[2]).findall(ATOM + "entry")}
    new = {entry.find(ATOM + "id").text for entry in atom(body).findall(ATOM + "entry")}
    assert old < new, "ids are for good"


def deadlines_come_as_icalendar(system, shared):
    due = system.sql.number(f"SELECT floor(extract(epoch FROM due_at))::bigint FROM routing.case_file WHERE case_id = {shared['lamp']}")
    for query, name, field in (("", "VTODO", "DUE"), ("?as=todo", "VTODO", "DUE"), ("?as=event", "VEVENT", "DTSTART")):
        status, headers, body = get(shared["feed"]["calendar"] + query)
        assert status == 200 and headers["Content-Type"].startswith("text/calendar")
        assert all(len(line) <= 75 for line in body.split(b"\r\n")) and b"\n" not in body.replace(b"\r\n", b"")
        calendar = Calendar.from_ical(body)
        assert calendar["VERSION"] == "2.0" and calendar["PRODID"]
        found = {str(part["UID"]).split("@")[0]: part for part in calendar.walk(name)}
        part = found[f"case-{shared['lamp']}"]
        assert part[field].dt == datetime.fromtimestamp(due, timezone.utc), (part[field].dt, due)
        assert TITLE in str(part["SUMMARY"]) and str(part["LOCATION"]) == "Mill Lane, 3", part["SUMMARY"]
        assert str(part["URL"]).endswith(f"/cases/{shared['lamp']}") and part["DTSTAMP"] and part["STATUS"]
        assert len(part.walk("VALARM")) == 1
        assert not {f"case-{shared[hidden]}" for hidden in ("secret", "sensor")} & set(found)
    assert get(shared["feed"]["calendar"] + "?as=poem")[0] == 400


def a_finished_case_is_due_no_more(system, shared):
    other = shared["client"].ask("other", {"channel": "app", "item": "litter", "area": "n_mill_1"})
    wait_applied(system)
    assert f"case-{other}@" in get(shared["feed"]["calendar"])[2].decode()
    assert shared["staff"]["mill"].move(other, "pass_up", note="beyond us").status == 200
    wait_applied(system)
    assert f"case-{other}@" not in get(shared["feed"]["calendar"])[2].decode()


def a_post_has_so_many_feeds_and_no_more(_, shared):
    works = shared["staff"]["works"]
    statuses = [works.ask("POST", "/feeds", {"name": f"n {n}"}).status for n in range(21)]
    assert statuses == [201] * 20 + [422], statuses


def an_ended_feed_and_a_wrong_token_find_nothing(system, shared):
    works, mill = shared["staff"]["works"], shared["staff"]["mill"]
    assert works.ask("DELETE", f"/feeds/{shared['feed']['feed']}").status == 404, "it is not theirs"
    for token in ("A" * 43, "x", "%20", shared["feed"]["token"] + "a", shared["feed"]["token"][:-1]):
        desk = system.of("desk")[0]
        for path in (f"/feeds/{token}/cases.atom", f"/feeds/{token}/deadlines.ics"):
            assert ask(desk, "GET", path).status == 404, path
    assert get(shared["feed"]["atom"])[0] == 200
    assert mill.ask("DELETE", f"/feeds/{shared['feed']['feed']}").status == 200
    assert get(shared["feed"]["atom"])[0] == 404 and get(shared["feed"]["calendar"])[0] == 404


def a_feed_ends_with_its_post(system, shared):
    feed = shared["staff"]["mill_office"].ask("POST", "/feeds", {"name": "reader"}).json
    assert get(feed["atom"])[0] == 200
    system.sql.rows("UPDATE desk.post SET ended_at = clock_timestamp() WHERE unit = 'mill_office'")
    assert get(feed["atom"])[0] == 404


if __name__ == "__main__":
    main("feeds", [everything_starts, a_token_is_shown_once_and_kept_as_its_digest, the_events_of_the_unit_come_as_atom,
                    who_has_it_already_gets_304, a_new_event_is_the_newest_entry, deadlines_come_as_icalendar,
                    a_finished_case_is_due_no_more, a_post_has_so_many_feeds_and_no_more,
                    an_ended_feed_and_a_wrong_token_find_nothing, a_feed_ends_with_its_post])
