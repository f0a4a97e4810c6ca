"""Carries out the acts of a play on a stage: one function an act, named in ACTS of play.py."""
import os
import signal
import time
from pathlib import Path

import play_waits
import watch
from play_waits import START_SECONDS, WAIT_SECONDS
from system import wait_until

PERHAPS_SECONDS = 1.0
LEFT_BYTES = {"data": 1_500_000, "files": 20_000}  # what fills a disk leaves


def _of(stage, act):
    which = act.values.get("which", act.values.get("n"))
    replicas = stage.system.of(act.values["service"])
    return replicas if which == "all" else [stage.system.replica(act.values["service"], which)]


def _gone(stage, replica, how):
    stage.gone[replica] = (replica.member(), watch.seconds(), how)


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
    replica = stage.one(act)
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
    one, other = stage.one(act), stage.one(act, "2")
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
    _rule(stage, f"public {stage.one(act).name}", action, act.values["time"])
    stage.faults[act.fault] += 1


def cut_side(stage, act):
    _side(stage, act, "cut")


def hold_side(stage, act):
    _side(stage, act, "hold")


def _database(stage, act, action, seconds, delay=0.0):
    _rule(stage, f"database {stage.one(act).name}", action, seconds, None, delay)
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
    size = room.f_bavail * room.f_frsize - LEFT_BYTES[act.values["disk"]]
    with open(filler, "wb") as file:
        while size > 0:
            try:
                os.posix_fallocate(file.fileno(), 0, size)
                break
            except OSError:  # somebody else was quicker
                size -= LEFT_BYTES[act.values["disk"]]
    stage.faults[act.fault] += 1


def empty(stage, act):
    _filler(stage, act.values["disk"]).unlink(missing_ok=True)


# ---- points

def at(stage, act):
    replica = stage.one(act)
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
    replica = stage.one(act)
    wait_until(lambda: not stage.point(replica).exists(), WAIT_SECONDS, f"a point in {replica.name} reached")
    _reached(stage, replica)


def perhaps_point(stage, act):
    replica = stage.one(act)
    end = time.monotonic() + PERHAPS_SECONDS
    while stage.point(replica).exists() and time.monotonic() < end:
        time.sleep(0.02)
    try:
        stage.point(replica).unlink()
        stage.armed.pop(replica)
    except FileNotFoundError:
        _reached(stage, replica)


# ---- load and audit

def load(stage, act):
    stage.rate = stage.reports.per_second = act.values["count"]
    stage.uploads.wanted.set() if stage.rate else stage.uploads.wanted.clear()


def drive(stage, act):
    stage.system.zhitong("time", "drive", "--speed", act.values["count"] or "0.0001")
    stage.driven = True


def settle(stage, _):
    stage.settle()


def audit(stage, _):
    stage.audit()


def clear_up(stage):
    """After a play, whatever it left behind."""
    stage.relay.say("mend")
    for disk in stage.needs & {"data", "files"}:
        _filler(stage, disk).unlink(missing_ok=True)
    for replica in list(stage.armed):
        stage.point(replica).unlink(missing_ok=True)
    stage.armed.clear()
    skewed, stage.skewed = stage.skewed, {}
    for replica in skewed:
        replica.kill()
    start_everything(stage, None)
    play_waits.wait_ready(stage, None)


def carry_out(stage, act):
    (globals().get(act.name) or getattr(play_waits, act.name))(stage, act)
