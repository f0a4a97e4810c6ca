#!/usr/bin/python3
"""Three PostgreSQL nodes under Patroni, two replicas of each service, steady load, and a department that follows. The
primary is killed, handed over, cut off; standbys are lost, one and all; etcd goes away. Nothing that was accepted is lost,
nothing is doubled, and nothing is accepted that only one machine has.

  test_failover.py             the plays for which there is time at every change
  test_failover.py ROUNDS      all of them, so many times

Needs root, for the network between the nodes."""
import subprocess
import sys
import threading
import time
from pathlib import Path

sys.dont_write_bytecode = True
sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "lib"))

import watch
from checks import assert_sound, let_time_stand_still, main, report, wait_until
from clients import Client, Department, Load
from patroni import GroupSystem, seconds_until, why_not
from system import ROOT

PER_SECOND = 100
UNIT = "town_hall"
AGAIN_SECONDS_MAX = 30    # the promise; what it took is printed
STANDBY_SECONDS_MAX = 90
NOTHING_SECONDS = 4       # for how long nothing may be accepted while there is no standby
BUSY_SECONDS_MAX = 10
ETCD_AWAY_SECONDS = 18    # longer than the primary's lease


class Watch(threading.Thread):
    """The longest time without a report accepted since reset(), in seconds."""

    def __init__(self, client):
        super().__init__(daemon=True)
        self.client, self.stopping = client, threading.Event()
        self.reset()

    def reset(self):
        self.longest, self.count, self.at = 0.0, len(self.client.accepted), watch.seconds()

    def run(self):
        while not self.stopping.wait(0.01):
            now, count = watch.seconds(), len(self.client.accepted)
            self.longest = max(self.longest, now - self.at)
            if count != self.count:
                self.count, self.at = count, now


def say(text):
    print(f"# {text}")


def works_on_three_databases(system, shared):
    system.let_services_in()
    system.start_all(replicas=2)
    key = system.key("department", UNIT, UNIT)
    shared["department"] = Department(system.endpoints("notification"), system.server_key(), key, UNIT)
    shared["client"] = Client(system.endpoints("intake"), system.server_key(), system.key("client", "load"))
    shared["asker"] = Client(system.endpoints("intake"), system.server_key(), system.key("client", "asker"))
    shared["load"] = Load(shared["client"], report, PER_SECOND)
    shared["watch"] = Watch(shared["client"])
    shared["threads"] = [shared["department"], shared["load"], shared["watch"]]
    for thread in shared["threads"]:
        thread.start()
    wait_until(lambda: len(shared["client"].accepted) > PER_SECOND, 20, "the first reports accepted")


def flows(shared, reports=100, seconds=AGAIN_SECONDS_MAX + 10):
    """Reports that are sent from now on are accepted; how many seconds that took."""
    accepted = len(shared["client"].accepted)
    return seconds_until(lambda: len(shared["client"].accepted) > accepted + reports, seconds,
                         lambda: f"accepted: {len(shared['client'].accepted)} after {accepted}")


def lost_at(node, accepted):
    """Of these accepted cases, those that a database does not have."""
    kept = {int(case) for (case,) in node.sql.rows("SELECT case_id FROM intake.report")}
    return [case for case in accepted if case not in kept]


def wait_new_primary(group, former):
    return wait_until(lambda: group.primary() not in (None, former) and group.primary(), AGAIN_SECONDS_MAX + 10,
                      lambda: f"another primary than {former.host}: {[node.tail() for node in group.nodes]}")


def comes_back(system, node, log_from):
    """The node follows the new primary; how it got there, from its own journal."""
    seconds = seconds_until(lambda: node in system.group.standbys(), STANDBY_SECONDS_MAX,
                            lambda: f"{node.host} follows: {system.group.standbys()} {node.tail(12)}")
    text = node.log.read_text(errors="replace")[log_from:]
    how = "by pg_rewind" if "running pg_rewind" in text else "as it was"
    assert "replica has been created using basebackup" not in text, f"{node.host} was copied anew: {node.tail(12)}"
    say(f"{node.host} follows the new primary after {seconds:.1f} s, {how}")
    return how


def the_primary_is_killed(system, shared):
    group = system.group
    group.wait_standbys()
    primary = group.primary()
    log_from = primary.log.stat().st_size
    shared["watch"].reset()
    primary.kill_all()
    accepted = set(shared["client"].accepted.values())
    new = wait_new_primary(group, primary)
    flows(shared)
    say(f"{primary.host} killed, {new.host} took over: {shared['watch'].longest:.1f} s without a report accepted "
        f"(to reach: {AGAIN_SECONDS_MAX} s)")
    assert shared["watch"].longest < AGAIN_SECONDS_MAX, shared["watch"].longest
    lost = lost_at(new, accepted)
    assert not lost, (len(lost), lost[:5])
    primary.start()
    shared["killed"] = (primary, log_from)


def a_planned_switchover_is_not_noticed_by_clients(system, shared):
    group = system.group
    primary = group.primary()
    candidate = group.wait_standbys(1)
    shared["watch"].reset()
    said = primary.ctl("switchover", "--master", primary.host, "--candidate", candidate.host, "--force")
    assert "Successfully" in said, said
    flows(shared)
    say(f"{primary.host} handed over to {candidate.host}: {shared['watch'].longest:.1f} s without a report accepted")
    wait_until(lambda: group.primary() is candidate, 20, lambda: f"{candidate} is primary: {[node.state() for node in group.nodes]}")
    assert not shared["client"].refused, list(shared["client"].refused.items())[:3]


def a_former_primary_comes_back_as_a_standby(system, shared):
    comes_back(system, *shared["killed"])


def a_standby_is_lost(system, shared):
    standby = system.group.wait_standbys()
    shared["watch"].reset()
    standby.kill_all()
    time.sleep(1)
    flows(shared)
    say(f"{standby.host}, a standby, killed: {shared['watch'].longest:.1f} s without a report accepted")
    assert shared["watch"].longest < AGAIN_SECONDS_MAX
    standby.start()


def a_primary_that_is_cut_off_accepts_nothing_that_the_new_one_has_not(system, shared):
    group, client = system.group, shared["client"]
    group.wait_standbys()
    old = group.primary()
    log_from = old.log.stat().st_size
    shared["watch"].reset()
    began = time.monotonic()
    group.network.cut(old.host, ["etcd"] + [node.host for node in group.others(old)])  # services still reach it
    wrote = old.sql.number("SELECT pg_current_wal_flush_lsn() - '0/0'")
    answers = seconds_until(lambda: not takes_writes(old), AGAIN_SECONDS_MAX, f"{old.host} to stop taking writes")
    new = wait_new_primary(group, old)
    took = time.monotonic() - began
    flows(shared)
    accepted = set(client.accepted.values())
    say(f"{old.host} cut off: it stopped writing after {answers:.1f} s, {new.host} was primary after {took:.1f} s, "
        f"{shared['watch'].longest:.1f} s without a report accepted")
    assert answers < took and shared["watch"].longest < AGAIN_SECONDS_MAX, (answers, took, shared["watch"].longest)
    assert wrote > 0, wrote
    lost = lost_at(new, accepted)
    assert not lost, lost[:5]
    group.network.heal(old.host)
    how = comes_back(system, old, log_from)
    assert how == "by pg_rewind", "it had commits that nobody waited for any more"


def takes_writes(node):
    try:
        return node.sql.one("SELECT pg_is_in_recovery()") == "f"
    except RuntimeError:
        return False


def without_a_standby_nothing_is_accepted(system, shared):
    group, load, client, asker = system.group, shared["load"], shared["client"], shared["asker"]
    primary = group.primary()
    load.per_second = 0
    wait_until(lambda: not client.waiting, 20, lambda: f"{len(client.waiting)} reports answered")
    for standby in group.others(primary):
        standby.kill_all()
    what_was_torn_from_its_wait_is_not_accepted_when_asked_again(asker, primary)
    accepted, busy = len(client.accepted), client.busy
    load.per_second = PER_SECOND
    waits = seconds_until(lambda: client.busy > busy + 10, BUSY_SECONDS_MAX, "reports answered busy")
    say(f"no standby: reports are answered busy after {waits:.1f} s")
    time.sleep(NOTHING_SECONDS)
    assert len(client.accepted) == accepted, f"{len(client.accepted) - accepted} accepted without a standby"
    for standby in group.others(primary):
        standby.start()
    say(f"standbys again: reports accepted again after {flows(shared):.1f} s")
    asker.finish()


def what_was_torn_from_its_wait_is_not_accepted_when_asked_again(asker, primary):
    """Its rows can be seen then, but only one machine has them. The other replica of intake, which waits for nothing, is asked."""
    key = f"torn-{len(asker.accepted)}"
    count = "SELECT count(*) FROM intake.report"
    before = primary.sql.number(count)
    asker.send(key, report(len(asker.accepted)), 0)

    def torn():
        """Whatever waits, until it was this report: other commits of intake may wait, too."""
        primary.sql.number("SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity"
                           " WHERE wait_event = 'SyncRep' AND usename = 'zhitong_intake'")
        return primary.sql.number(count) > before
    wait_until(torn, 20, "its commit waits and is torn, its row can be seen")
    asker.send(key, asker.waiting[key][0], 1)
    end = time.monotonic() + NOTHING_SECONDS
    while time.monotonic() < end:
        asker.turn(50)
    assert key not in asker.accepted, "accepted, and only one machine has it"


def etcd_may_be_away(system, shared):
    """The primary reaches all others, so none of them can have taken over: it goes on."""
    group = system.group
    group.wait_standbys()
    primary = group.primary()
    shared["watch"].reset()
    group.etcd.kill()
    time.sleep(ETCD_AWAY_SECONDS)
    assert group.primary() is primary, [node.state() for node in group.nodes]
    say(f"no etcd for {ETCD_AWAY_SECONDS} s: {shared['watch'].longest:.1f} s without a report accepted")
    assert shared["watch"].longest < 5, shared["watch"].longest
    group.start_etcd()
    flows(shared)


def nothing_accepted_is_lost_or_doubled(system, shared):
    load, client = shared["load"], shared["client"]
    shared["watch"].stopping.set()
    load.finish()
    let_time_stand_still(system)
    lost = lost_at(system.group.primary(), set(client.accepted.values()))
    assert not lost and not client.refused and not client.changed, (lost[:5], client.changed[:5])
    assert set(client.accepted) == set(load.keys), sorted(set(client.accepted) ^ set(load.keys))[:5]
    assert_sound(system)
    cases = system.sql.number("SELECT count(*) FROM routing.case_file")
    accepted = [*client.accepted.values(), *shared["asker"].accepted.values()]
    distinct = len(set(accepted))
    assert cases == distinct == len(accepted), (cases, distinct, len(accepted))
    say(f"tally: {cases} cases, {len(lost)} lost, {cases - distinct} doubled; {client.retried} retries, "
        f"{client.busy} busy; `zhitong audit` holds")


def the_department_heard_everything_in_order(system, shared):
    follower = shared["department"]
    head = system.sql.number(f"SELECT head FROM notification.stream WHERE unit = '{UNIT}'")
    wait_until(lambda: follower.cursor >= head, 20, lambda: f"{follower.cursor} of {head} at the department")
    faults = follower.order_faults()
    assert not faults, faults[:5]
    assert follower.cursor == head == len(follower.entries), (follower.cursor, head, len(follower.entries))
    say(f"{head} entries at the department over {follower.connections} connections, no gap")
    shared["client"].close()


def timed(play):
    """The play, which says how long it took: all of them are one stage of tests/run and have so many seconds together."""
    def run_timed(system, shared):
        began = time.monotonic()
        try:
            play(system, shared)
        finally:
            say(f"{time.monotonic() - began:.0f} s")
    run_timed.__name__ = play.__name__
    return run_timed


# A former primary that is still on its way back (pg_rewind) when the new one hands over would be copied anew.
SHORT = [the_primary_is_killed, a_former_primary_comes_back_as_a_standby, a_planned_switchover_is_not_noticed_by_clients,
         a_primary_that_is_cut_off_accepts_nothing_that_the_new_one_has_not, without_a_standby_nothing_is_accepted]
LONG = SHORT + [a_standby_is_lost, etcd_may_be_away]


if len(sys.argv) > 1 and not sys.argv[1].isdigit():
    sys.exit(__doc__)
plays = LONG * int(sys.argv[1]) if len(sys.argv) > 1 else SHORT
subprocess.run([ROOT / "deploy/install-packages", "run", "test", "failover"], check=True)
if why_not():
    print(f"skip failover {why_not()}")
    sys.exit(0)
main("failover", [timed(play) for play in [works_on_three_databases, *plays, nothing_accepted_is_lost_or_doubled,
                                           the_department_heard_everything_in_order]], kind=GroupSystem)
