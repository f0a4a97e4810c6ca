"""Carries out the acts of a play on a stage: one function an act, named in ACTS of play.py."""
import os
import signal
import time
from pathlib import Path

from system import SERVICES, wait_until

WAIT_SECONDS = 30           # for whatever an act waits, unless it says how long
START_SECONDS = 60
PERHAPS_SECONDS = 1.5
LEFT_BYTES = {"data": 1_500_000, "files": 20_000}  # what fills a disk leaves


def _of(stage, act):
    which = act.values.get("which", act.values.get("n"))
    replicas = stage.system.of(act.values["service"])
    return replicas if which == "all" else [stage.system.replica(act.values["service"], which)]


def _one(stage, act, suffix=""):
    return stage.system.replica(act.values["service" + suffix], act.values["n" + suffix])


def _asked(stage, query):
    """A number, or None while PostgreSQL is away."""
    try:
        return stage.system.sql.number(query)
    except (RuntimeError, AssertionError):
        return None


def _gone(stage, replica, how):
    stage.gone[replica] = (replica.member(), time.monotonic(), how)


# ---- processes

def kill(stage, act):
    for replica in _of(stage, act):
        if replica.alive():
            _gone(stage, replica, "kill")
            replica.kill()
            stage.paused.discard(replica)
            stage.faults[act.fault] += 1


def _postgresql(stage):
    """Ids of the postmaster and its children."""
    path = stage.system.folder / "pg/data/postmaster.pid"
    try:
        root = int(path.read_text().split()[0])
    except (OSError, IndexError, ValueError):
        return []
    ids = [root]
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            if int(stat.read_text().rsplit(")", 1)[1].split()[1]) == root:
                ids.append(int(stat.parent.name))
        except (OSError, IndexError):  # it ended meanwhile
            pass
    return ids


def kill_postgresql(stage, act):
    stage.system.cluster("kill")
    stage.faults[act.fault] += 1


def kill_everything(stage, act):
    """In one go: the ids first, then the signals one right after the other."""
    replicas = [replica for replica in stage.system.replicas.values() if replica.alive()]
    ids = [replica.pid for replica in replicas] + _postgresql(stage)
    for process in ids:
        try:
            os.kill(process, signal.SIGKILL)
        except ProcessLookupError:
            pass
    stage.system.cluster("kill")  # a child that was born meanwhile
    for replica in replicas:
        replica.kill()
    stage.paused.clear()
    stage.faults[act.fault] += 1


def _start(stage, replicas):
    started = [replica for replica in replicas if not replica.alive()]
    for replica in started:
        stage.start(replica)
    for replica in [one for one in started if one not in stage.armed]:  # it may be to die before it is ready
        wait_until(replica.ready, START_SECONDS, lambda: f"{replica.name} ready ({replica.get('/readyz')})")


def start(stage, act):
    _start(stage, _of(stage, act))


def start_postgresql(stage, _):
    stage.system.cluster("start")


def start_everything(stage, _):
    stage.system.cluster("start")
    for replica in list(stage.paused):
        replica.signal(signal.SIGCONT)
    stage.paused.clear()
    _start(stage, stage.system.replicas.values())


def stop(stage, act):
    for replica in _of(stage, act):
        if not replica.alive() or replica in stage.paused:
            continue
        _gone(stage, replica, "stop")
        replica.process.terminate()
        assert replica.process.wait(20) == 0, f"{replica.name} ended with {replica.process.returncode}"
        stage.faults[act.fault] += 1


def pause(stage, act):
    for replica in _of(stage, act):
        if replica.alive():
            _gone(stage, replica, "pause")
            replica.signal(signal.SIGSTOP)
            stage.paused.add(replica)
            stage.faults[act.fault] += 1


def resume(stage, act):
    for replica in _of(stage, act):
        if replica.alive():
            replica.signal(signal.SIGCONT)
        stage.paused.discard(replica)


def skew(stage, act):
    replica = _one(stage, act)
    if replica.alive():
        replica.process.terminate()
        replica.process.wait(20)
    stage.skewed[replica] = act.values["time"]
    _start(stage, [replica])
    stage.faults[act.fault] += 1


# ---- connections

def _rule(stage, link, action, seconds, pids=None, delay=0.0):
    stage.relay.say("rule", link, action, seconds, delay, pids)


def _between(stage, act, action):
    one, other = _one(stage, act), _one(stage, act, "2")
    for to, opener in ((one, other), (other, one)):
        if opener.process is not None:
            _rule(stage, f"mesh {to.name}", action, act.values["time"], [opener.pid])
    stage.faults[act.fault] += 1


def cut_link(stage, act):
    _between(stage, act, "cut")


def hold_link(stage, act):
    _between(stage, act, "hold")


def _side(stage, act, action):
    service = "intake" if act.values["side"] == "client" else "notification"
    if service != act.values["service"]:
        raise AssertionError(f"a {act.values['side']} connects to {service} only")
    _rule(stage, f"public {_one(stage, act).name}", action, act.values["time"])
    stage.faults[act.fault] += 1


def cut_side(stage, act):
    _side(stage, act, "cut")


def hold_side(stage, act):
    _side(stage, act, "hold")


def _database(stage, act, action, seconds, delay=0.0):
    _rule(stage, f"database {_one(stage, act).name}", action, seconds, None, delay)
    stage.faults[act.fault] += 1


def cut_database(stage, act):
    _database(stage, act, "cut", act.values["time"])


def hold_database(stage, act):
    _database(stage, act, "hold", act.values["time"])


def slow_database(stage, act):
    _database(stage, act, "slow", act.values["time2"], act.values["time"])


# ---- disks

def _filler(stage, disk):
    return (stage.system.folder / "pg" if disk == "data" else stage.files) / "filler"


def fill(stage, act):
    """Everything but a little, with a file that any user could have left there."""
    filler = _filler(stage, act.values["disk"])
    room = os.statvfs(filler.parent)
    with open(filler, "wb") as file:
        os.posix_fallocate(file.fileno(), 0, max(1, room.f_bavail * room.f_frsize - LEFT_BYTES[act.values["disk"]]))
    stage.faults[act.fault] += 1


def empty(stage, act):
    _filler(stage, act.values["disk"]).unlink(missing_ok=True)


# ---- points

def at(stage, act):
    replica = _one(stage, act)
    path = stage.point(replica)
    action = act.values["action"] + (f":{act.values['time'] * 1000:.0f}" if "time" in act.values else "")
    path.with_suffix(".new").write_text(f"{act.values['point']} {action} 1\n")
    path.with_suffix(".new").rename(path)
    stage.armed[replica] = act


def _reached(stage, replica):
    """The armed action was done: what it means for the stage."""
    act = stage.armed.pop(replica)
    stage.faults[act.fault] += 1
    if act.values["action"] == "kill":
        _gone(stage, replica, "kill")
        replica.process.wait(10)
    elif act.values["action"] == "stop":
        _gone(stage, replica, "pause")
        stage.paused.add(replica)


def wait_point(stage, act):
    replica = _one(stage, act)
    wait_until(lambda: not stage.point(replica).exists(), WAIT_SECONDS, f"a point in {replica.name} reached")
    _reached(stage, replica)


def perhaps_point(stage, act):
    replica = _one(stage, act)
    end = time.monotonic() + PERHAPS_SECONDS
    while stage.point(replica).exists() and time.monotonic() < end:
        time.sleep(0.02)
    try:
        stage.point(replica).unlink()
        stage.armed.pop(replica)
    except FileNotFoundError:
        _reached(stage, replica)


# ---- load and waiting

def load(stage, act):
    stage.rate = stage.reports.per_second = act.values["count"]
    stage.uploads.wanted.set() if stage.rate else stage.uploads.wanted.clear()


def drive(stage, act):
    stage.system.zhitong("time", "drive", "--speed", act.values["count"] or "0.0001")
    stage.speed = max(stage.speed, act.values["count"])


def wait(_stage, act):
    time.sleep(act.values["time"])


def _others_live(stage, replica):
    return any(other.alive() and other not in stage.paused for other in stage.system.of(replica.service) if other != replica)


def wait_takeover(stage, act):
    """From when it was killed or paused until no shard is its own; nobody can take over where nobody is."""
    replica = _one(stage, act)
    member, began, how = stage.gone.get(replica, (0, 0, ""))
    if member == 0:
        return
    left = f"SELECT count(*) FROM {replica.service}.shard WHERE owner = {member}"
    limit = act.values.get("time", WAIT_SECONDS)
    while _asked(stage, left) != 0:
        if not _others_live(stage, replica):
            return
        assert time.monotonic() - began < limit, \
            f"after {limit} s still not: shards of {replica.name}, member {member}, taken over: {stage.system.owners(replica.service)}"
        time.sleep(0.01)
    stage.takeovers.append((how, time.monotonic() - began))


def wait_fence(stage, act):
    replica = _one(stage, act)
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


def settle(stage, _):
    stage.settle()


def audit(stage, _):
    stage.audit()


def clear_up(stage):
    """After a play, whatever it left behind."""
    stage.relay.say("mend")
    for disk in stage.disks:
        _filler(stage, disk).unlink(missing_ok=True)
    for replica in list(stage.armed):
        stage.point(replica).unlink(missing_ok=True)
    stage.armed.clear()
    skewed, stage.skewed = stage.skewed, {}
    for replica in skewed:
        replica.kill()
    start_everything(stage, None)
    wait_ready(stage, None)


def carry_out(stage, act):
    globals()[act.name](stage, act)
