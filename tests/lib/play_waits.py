"""The acts of a play that wait for something; see play_acts.py."""
import time

import watch
from system import SERVICES, wait_until

WAIT_SECONDS = 30  # for whatever an act waits, unless it says how long
START_SECONDS = 60


def _asked(stage, query):
    """A number, or None while PostgreSQL is away."""
    try:
        return stage.system.sql.number(query)
    except (RuntimeError, AssertionError):
        return None


def wait(_stage, act):
    time.sleep(act.values["time"])


def _sleeps(stage, replica):
    """Paused, or at a point where it was to stop, though no act has looked there yet."""
    act = stage.armed.get(replica)
    return replica in stage.paused or (act is not None and act.values["action"] == "stop" and not stage.point(replica).exists())


def _others_live(stage, replica):
    return any(other.alive() and not _sleeps(stage, other) for other in stage.system.of(replica.service) if other != replica)


def wait_takeover(stage, act):
    """From when it was killed or paused until no shard is its own; nobody can take over where nobody is."""
    replica = stage.one(act)
    member, began, how = stage.gone.get(replica, (0, 0, ""))
    if member == 0:
        return
    left = f"SELECT count(*) FROM {replica.service}.shard WHERE owner = {member}"
    limit = act.values.get("time", WAIT_SECONDS)
    while _asked(stage, left) != 0:
        if not _others_live(stage, replica):
            return
        assert watch.seconds() - began < limit, \
            f"after {limit} s still not: shards of {replica.name}, member {member}, taken over: {stage.system.owners(replica.service)}"
        time.sleep(0.01)
    stage.takeovers.append((how, watch.seconds() - began))


def wait_fence(stage, act):
    replica = stage.one(act)
    before = stage.fenced.get(replica, (0, 0))
    before = before[1] if before[0] == replica.pid else 0

    def more():
        try:
            return replica.metric("fence_lost_total") > before
        except AssertionError:
            return False
    wait_until(more, WAIT_SECONDS, f"a batch of {replica.name} rejected at the fence")
    stage.fenced[replica] = (replica.pid, replica.metric("fence_lost_total"))


def wait_flow(stage, _):
    """Reports that are sent from now on are accepted and become cases."""
    wanted = max(1, stage.rate // 10)
    cases = lambda: _asked(stage, "SELECT sum(out_seq) FROM routing.shard")
    accepted, made = len(stage.client.accepted), wait_until(cases, WAIT_SECONDS, "routing's log can be read")
    wait_until(lambda: len(stage.client.accepted) >= accepted + wanted, WAIT_SECONDS, "reports accepted")
    wait_until(lambda: (cases() or 0) >= made + wanted, WAIT_SECONDS, lambda: f"cases made: {stage.system.owners('routing')}")


def wait_busy(stage, _):
    before = stage.client.busy
    wait_until(lambda: stage.client.busy > before, WAIT_SECONDS, "a report answered busy")


def wait_journal(stage, act):
    word = act.values["word"]
    wait_until(lambda: any(word in str(line.get("text")) for replica in stage.system.replicas.values()
                           for line in replica.journal() if line.get("level") != "info"), WAIT_SECONDS, f"a journal has the word {word}")


def wait_deliveries(stage, _):
    before = len(stage.sink.got)
    wait_until(lambda: len(stage.sink.got) > before, WAIT_SECONDS, "the webhook gets something")


def wait_ready(stage, _):
    running = [replica for replica in stage.system.replicas.values() if replica.alive() and replica not in stage.paused]
    for replica in running:
        wait_until(replica.ready, START_SECONDS, lambda: f"{replica.name} ready ({replica.get('/readyz')})")
    for service in SERVICES:
        if not any(replica in stage.paused for replica in stage.system.of(service)):
            stage.system.wait_shared([service])
