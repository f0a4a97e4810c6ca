#!/usr/bin/python3
"""GET /live as pages meet it: two desks, two replicas of notification. Whatever is killed, a page that comes back with its last id misses
nothing and is told nothing twice; nobody is told of what his post may not see; who is slow or too many costs only himself."""
import sys
import threading
import time
from pathlib import Path

sys.dont_write_bytecode = True
sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "lib"))

import watch
from checks import main, wait_applied
from clients import Client
from live import Page, Pages
from staff import PASSWORD, PEOPLE, Staff, add, ask
from system import SERVICES, wait_until

FIRST, MANY = 40, 1500


def submit(shared, name, count, channel="app", item="litter", area="n_mill_1", words=300):
    client = shared["client"]
    reports = {f"{name}-{n}": {"channel": channel, "item": item, "area": area, "title": f"{name} {n}", "description": "x" * words}
               for n in range(count)}
    client.submit_all(reports)
    return [client.accepted[key] for key in reports]


def head(system, unit):
    return system.sql.number(f"SELECT coalesce(max(head), 0) FROM notification.stream WHERE unit = '{unit}'")


def whole(page, first, last):
    """Every seq from first to last, each once, in order."""
    return page.seqs() == list(range(first, last + 1))


def everything_starts(system, shared):
    for person in PEOPLE:
        add(system, *person)
    system.settings["desk"] = {"ZHITONG_ADDRESS_CONNECTIONS": "0", "ZHITONG_LIVE_PER_SESSION": "20000", "ZHITONG_LIVE_BYTES": "1048576"}
    system.start_all(replicas=2, services=SERVICES + ("desk",))
    shared["client"] = Client(system.endpoints("intake"), system.server_key(), system.key("client", "app-client"))
    desks = shared["desks"] = system.of("desk")
    shared["staff"] = {login: Staff(desks, login, PASSWORD) for login in ("mill", "mill_office", "hall", "works")}


def nobody_listens_without_a_session(_, shared):
    answer = ask(shared["desks"][0], "GET", "/live")
    assert answer.status == 401 and answer.field == "session", answer
    answer = shared["staff"]["mill"].get("/live", filter="colour=red")
    assert answer.status == 400 and answer.field == "filter", answer


def an_event_comes_as_it_happens(system, shared):
    page = Page(shared["desks"][0], shared["staff"]["mill"].token)
    pages = Pages([page])
    pages.until(lambda: page.last_id is not None, 15, "an id")
    submit(shared, "zeroth", 1)  # the services have just met
    pages.until(lambda: page.events, 10, "an event")
    wait_applied(system)
    pages.run(0.5)
    known, begun = len(page.events), watch.seconds()
    case, = submit(shared, "first", 1)
    pages.until(lambda: len(page.events) > known, 15, "another")
    late = watch.seconds() - begun
    last_id, event, data = page.events[known]
    assert page.status == 200 and "text/event-stream" in page.headers and "no-store" in page.headers, page.headers
    assert 1000 <= page.retry < 3000 and late < 2, (page.retry, late)
    seq = head(system, "mill_1")
    assert last_id.rpartition(".")[0] == "mill_1" and int(last_id.rpartition(".")[2]) == int(data["sequence"]) <= seq
    assert data["specversion"] == "1.0" and data["subject"] == str(case) and data["unit"] == "mill_1", data
    assert data["type"] == f"zhitong.case.{event}" and data["data"]["channel"] == "app", data
    pages.close()


def a_page_that_comes_back_is_told_what_it_missed(system, shared):
    before = head(system, "mill_1")
    submit(shared, "missed", FIRST)
    wait_applied(system)
    last = head(system, "mill_1")
    token = shared["staff"]["mill"].token
    all_of, half, future, other = (Page(shared["desks"][1], token, last_id=last_id) for last_id in (
        f"mill_1.{before}", f"mill_1.{before + FIRST // 2}", f"mill_1.{last + 1000}", f"works.{before}"))
    pages = Pages([all_of, half, future, other])
    pages.until(lambda: all_of.seqs()[-1:] == [last] and half.seqs()[-1:] == [last], 10, lambda: (all_of.seqs(), half.seqs(), last))
    assert whole(all_of, before + 1, last) and whole(half, before + FIRST // 2 + 1, last)
    assert not future.events and not other.events and future.last_id == other.last_id == f"mill_1.{last}", (future.last_id, other.last_id)
    pages.close()


def two_that_come_back_from_different_places_are_both_served(system, shared):
    last, token = head(system, "mill_1"), shared["staff"]["mill"].token
    pages = [Page(shared["desks"][0], token, last_id=f"mill_1.{n}") for n in (0, last - 3, 5, 17, last)]
    group = Pages(pages)
    group.until(lambda: all(page.seqs()[-1:] == [last] for page in pages[:-1]), 15, lambda: [len(page.events) for page in pages])
    for page, first in zip(pages, (1, last - 2, 6, 18, last + 1)):
        assert whole(page, first, last), (first, last, page.seqs())
    group.close()


def restricted_and_internal_channels_never_reach_a_post_without_them(system, shared):
    staff, desk = shared["staff"], shared["desks"][0]
    units = {name: answer.json["unit"] for name in staff if (answer := staff[name].get("/sessions/current"))}
    pages = {name: Page(desk, staff[name].token) for name in ("mill", "mill_office")}
    wide = Pages(list(pages.values()))
    wide.until(lambda: all(page.last_id for page in pages.values()), 15, "ids")
    secret = submit(shared, "secret", 3, channel="desk") + submit(shared, "sensor", 3, channel="sensor")
    seen = submit(shared, "seen", 1)
    wait_applied(system)
    wide.until(lambda: seen[0] in pages["mill"].cases(), 15, "the public one")
    wide.run(1)
    channels = {name: {data["data"]["channel"] for _, _, data in page.entries()} for name, page in pages.items()}
    assert channels["mill"] == {"app"}, channels
    assert not set(secret) & set(pages["mill"].cases()), "a case that it may not see"
    assert "desk" not in channels["mill_office"], (channels, units)
    assert head(system, "mill_1") > len(pages["mill"].entries())
    # The same for what is told again.
    again = Page(desk, staff["mill"].token, last_id="mill_1.0")
    group = Pages([again])
    group.until(lambda: seen[0] in again.cases(), 10, "the replay")
    assert {data["data"]["channel"] for _, _, data in again.entries()} == {"app"}
    group.close()
    wide.close()


def a_filter_leaves_out_the_rest(system, shared):
    desk, token = shared["desks"][0], shared["staff"]["mill"].token
    page, none = Page(desk, token, "?filter=item%3Dpothole"), Page(desk, token, "?filter=item%3Dpothole+kind%3Darchive")
    pages = Pages([page, none])
    pages.until(lambda: page.last_id and none.last_id, 15, lambda: (page.headers, none.headers))
    submit(shared, "plain", 2)
    hole, = submit(shared, "hole", 1, item="pothole")
    wait_applied(system)
    pages.run(1.5)
    assert {data["data"]["item"] for _, _, data in page.entries()} <= {"pothole"} and not none.entries()
    pages.close()


def killing_notification_and_desk_loses_and_doubles_nothing(system, shared):
    desks, token = shared["desks"], shared["staff"]["mill"].token
    first = head(system, "mill_1") + 1
    pages = [Page(desks[n % 2], token) for n in range(8)]
    group = Pages(pages)
    group.until(lambda: all(page.last_id for page in pages), 15, "ids")
    for round_number in range(4):
        submit(shared, f"storm-{round_number}", 40)
        group.run(0.3)
        victim = system.of("notification")[round_number % 2] if round_number % 2 == 0 else desks[round_number // 2 % 2]
        victim.kill()
        submit(shared, f"after-{round_number}", 40)
        group.run(0.5)
        victim.start()
        group.until(victim.ready, 20, victim.name)
    wait_applied(system)
    last = head(system, "mill_1")
    group.until(lambda: all(page.seqs()[-1:] == [last] for page in pages), 30, lambda: [(page.seqs()[-1:], last) for page in pages])
    for page in pages:
        assert whole(page, first, last), [(a, b) for a, b in zip(page.seqs(), page.seqs()[1:]) if b != a + 1]
    assert any(page.connections > 1 for page in pages), [page.connections for page in pages]
    group.close()


def what_is_no_longer_kept_is_said_aloud(system, shared):
    unit = "mill_1"
    first = head(system, unit) - 5
    system.sql.rows(f"INSERT INTO notification.stream_kept (unit, first, day) VALUES ('{unit}', {first}, current_date) "
                    f"ON CONFLICT (unit) DO UPDATE SET first = excluded.first")
    page = Page(shared["desks"][0], shared["staff"]["mill"].token, last_id=f"{unit}.3")
    pages = Pages([page])
    pages.until(lambda: page.seqs()[-1:] == [first + 5], 10, lambda: page.events)
    assert page.events[0][1] == "truncated" and page.events[0][2] == {"unit": unit, "first": first}, page.events[0]
    assert whole(page, first, first + 5)
    pages.close()


def a_slow_page_is_cut_and_comes_back_to_where_it_was(system, shared):
    desk, token = shared["desks"][0], shared["staff"]["mill"].token
    first = head(system, "mill_1") + 1
    slow, quick = Page(desk, token, receive_bytes=4096), Page(desk, token)
    pages = Pages([slow, quick])
    pages.until(lambda: slow.last_id and quick.last_id, 15, "ids")
    slow.reading = False
    flood = threading.Thread(target=submit, args=(shared, "flood", 1500), kwargs={"words": 3000})
    flood.start()
    pages.until(lambda: not flood.is_alive(), 60, "the flood is over")
    pages.run(1)
    wait_applied(system)
    last = head(system, "mill_1")
    pages.until(lambda: quick.seqs()[-1:] == [last], 20, lambda: (quick.seqs()[-1:], last))
    assert whole(quick, first, last) and quick.connections == 1, quick.connections
    wait_until(lambda: desk.metric("live_cut_total") >= 1, 20, "the slow one is cut")
    slow.reading = True
    pages.until(lambda: slow.seqs()[-1:] == [last], 40, lambda: (slow.seqs()[-1:], slow.connections, last))
    assert whole(slow, first, last) and slow.connections > 1, slow.connections
    pages.close()


def a_session_that_ends_ends_its_pages(system, shared):
    desks, token = shared["desks"], shared["staff"]["mill"].token
    leaver, taken = Staff(desks, "mill", PASSWORD), Staff(desks, "works", PASSWORD)
    pages = [Page(desks[0], leaver.token), Page(desks[1], taken.token), Page(desks[0], token)]
    group = Pages(pages)
    group.until(lambda: all(page.last_id for page in pages), 15, "ids")
    assert leaver.ask("DELETE", "/sessions/current", which=1).status in (200, 204)
    system.sql.rows("UPDATE desk.post SET ended_at = clock_timestamp() WHERE unit = 'works'")
    begun = watch.seconds()
    group.until(lambda: pages[0].ended and pages[1].ended, 20, "both are ended")
    took = watch.seconds() - begun
    assert took < 6, took
    group.run(2.5)
    assert not pages[2].ended and pages[2].connections == 1, (pages[2].ended, pages[2].connections)
    group.close()


def fifteen_hundred_listen_at_one_desk(system, shared):
    desk, staff = shared["desks"][0], shared["staff"]
    empty = desk.resident_kb()
    pages = [Page(desk, staff["mill" if n % 3 else "mill_office"].token) for n in range(MANY)]
    group = Pages(pages)
    group.until(lambda: all(page.last_id for page in pages), 60, lambda: sum(page.last_id is None for page in pages))
    assert desk.metric("live_clients") >= MANY
    begun = time.time()
    submit(shared, "crowd", 3)
    group.until(lambda: all(page.events for page in pages if page.last_id.startswith("mill_1.")), 20, "everybody is told")
    times = sorted(page.at[0] - begun for page in pages if page.events)
    each = (desk.resident_kb() - empty) / MANY
    print(f"# {MANY} pages: {each:.0f} kB each, first event told to all within {times[-1]:.2f} s of the report")
    assert each < 64, each
    assert ask(shared["desks"][1], "GET", "/sessions/current").status == 401  # and it still answers
    group.close()


def too_many_are_told_to_come_again(system, shared):
    desk = shared["desks"][1]
    desk.kill()
    desk.start({"ZHITONG_LIVE_CLIENTS": "2"}).wait_ready()
    token = shared["staff"]["mill"].token
    pages = [Page(desk, token) for _ in range(3)]
    group = Pages(pages, come_back=False)
    group.until(lambda: sum(page.status == 200 for page in pages) == 2 and any(page.status == 503 for page in pages), 15, "503")
    assert "Retry-After" in next(page.headers for page in pages if page.status == 503)
    group.close()


def one_session_does_not_take_the_places_of_all(system, shared):
    desk = shared["desks"][1]
    desk.kill()
    desk.start({"ZHITONG_LIVE_PER_SESSION": "2"}).wait_ready()
    pages = [Page(desk, shared["staff"]["mill"].token) for _ in range(3)] + [Page(desk, shared["staff"]["hall"].token)]
    group = Pages(pages, come_back=False)
    group.until(lambda: all(page.status for page in pages), 15, "answered")
    assert sorted(page.status for page in pages[:3]) == [200, 200, 503] and pages[3].status == 200
    group.close()


def stopping_desk_ends_its_pages_at_once(system, shared):
    desk = shared["desks"][1]
    wait_until(lambda: desk.metric("live_clients") == 0, 10, "those that left are noticed")
    page = Page(desk, shared["staff"]["mill"].token)
    group = Pages([page], come_back=False)
    group.until(lambda: page.last_id, 15, lambda: (page.headers, page.events, page.comments))
    begun = watch.seconds()
    desk.process.terminate()
    group.until(lambda: page.socket is None, 15, "the end")
    status, took = desk.process.wait(15), watch.seconds() - begun
    assert status == 0 and took < 4, (status, took)
    group.close()


if __name__ == "__main__":
    main("live", [everything_starts, nobody_listens_without_a_session, an_event_comes_as_it_happens,
                    a_page_that_comes_back_is_told_what_it_missed, two_that_come_back_from_different_places_are_both_served,
                    restricted_and_internal_channels_never_reach_a_post_without_them, a_filter_leaves_out_the_rest,
                    killing_notification_and_desk_loses_and_doubles_nothing, what_is_no_longer_kept_is_said_aloud,
                    a_slow_page_is_cut_and_comes_back_to_where_it_was, a_session_that_ends_ends_its_pages,
                    fifteen_hundred_listen_at_one_desk, too_many_are_told_to_come_again,
                    one_session_does_not_take_the_places_of_all, stopping_desk_ends_its_pages_at_once])
