"""Plays made up from a seed: rounds of a few scenes that go on at the same time, each breaking something and mending it, and an audit
after some rounds. The text is the same for the same seed; when exactly an act meets the services is not."""
import random

from play import POINTS, REPLICAS
from system import SERVICES

LOAD, SPEED = 200, 20
AUDIT_ROUNDS = 6
ALONE = 0.12  # rounds with something that everything depends on
POINTS_OF = {service: [point for point in POINTS if not point.startswith(("courier", "file")) and point != "tick_decided"]
             for service in SERVICES}
POINTS_OF["intake"] += ["file_before_rename", "file_after_rename"]
POINTS_OF["escalation"] += ["tick_decided"]
POINTS_OF["notification"] += ["courier_before_write", "courier_after_write"] * 3
NEIGHBOURS = (("routing", "intake"), ("routing", "escalation"), ("escalation", "routing"), ("notification", "routing"))


def _ms(rng, low, high):
    return f"{rng.randrange(low, high, 10)}ms"


def killed(rng, who):
    return [f"kill {who}", f"wait takeover of {who}", f"wait {_ms(rng, 0, 400)}", f"start {who}"]


def killed_and_back_at_once(_rng, who):
    return [f"kill {who}", f"start {who}"]


def stopped(_rng, who):
    return [f"stop {who}", f"start {who}"]


def paused(rng, who):
    return [f"pause {who}", f"wait {_ms(rng, 100, 1500)}", f"resume {who}"]


def hung(_rng, who):
    return [f"pause {who}", f"wait takeover of {who}", f"resume {who}"]


def at_a_point(rng, who):
    point, action = rng.choice(POINTS_OF[who.split()[0]]), rng.choice(("kill", "kill", "fail", f"sleep {_ms(rng, 50, 800)}"))
    return [f"at {point} in {who} {action}", f"perhaps point in {who}", f"start {who}"]


def frozen_at_a_point(rng, who):
    return [f"at {rng.choice(POINTS_OF[who.split()[0]])} in {who} stop", f"perhaps point in {who}", f"wait {_ms(rng, 100, 1000)}",
            f"resume {who}"]


def link(rng, _who):
    one, other = rng.choice(NEIGHBOURS)
    return [f"{rng.choice(('cut', 'hold'))} {one} {rng.randint(1, REPLICAS)} to {other} {rng.randint(1, REPLICAS)} for {_ms(rng, 50, 2500)}"]


def side(rng, _who):
    one, other = rng.choice((("client", "intake"), ("department", "notification")))
    return [f"{rng.choice(('cut', 'hold'))} {one} to {other} {rng.randint(1, REPLICAS)} for {_ms(rng, 50, 2500)}"]


def database(rng, who):
    return [rng.choice((f"cut database of {who} for {_ms(rng, 50, 2000)}", f"hold database of {who} for {_ms(rng, 50, 2000)}",
                        f"slow database of {who} by {_ms(rng, 10, 300)} for {_ms(rng, 300, 2000)}"))]


def skewed(rng, who):
    return [f"skew clock of {who} by {rng.choice('+-')}{rng.choice(('90s', '1h', '26h'))}"]


SCENES = ((killed, 8), (killed_and_back_at_once, 4), (stopped, 2), (paused, 3), (hung, 1), (at_a_point, 10), (frozen_at_a_point, 3),
          (link, 8), (side, 3), (database, 8), (skewed, 1))
TOGETHER = (["kill postgresql", "wait 200ms", "start postgresql"], ["kill everything", "start everything"],
            ["kill intake all", "start intake all"], ["kill routing all", "start routing all"],
            ["kill escalation all", "start escalation all"], ["kill notification all", "start notification all"])


def _interleaved(rng, scenes):
    lines = []
    while scenes := [scene for scene in scenes if scene]:
        lines.append(rng.choice(scenes).pop(0))
    return lines


def one_round(rng):
    """Scenes on different replicas, so that none waits for what another one broke."""
    if rng.random() < ALONE:
        return list(rng.choice(TOGETHER))
    everybody = [f"{service} {number}" for service in SERVICES for number in range(1, REPLICAS + 1)]
    scenes = rng.choices([scene for scene, _ in SCENES], [weight for _, weight in SCENES], k=rng.randint(3, 6))
    return _interleaved(rng, [scene(rng, who) for scene, who in zip(scenes, rng.sample(everybody, len(scenes)))])


def lines(seed):
    """Without an end: whoever reads it stops after an audit."""
    rng = random.Random(seed)
    while True:
        yield from (f"load {LOAD}", f"drive time {SPEED}")
        for _ in range(AUDIT_ROUNDS):
            yield from (*one_round(rng), "start everything", "wait flow")
        yield from ("wait ready", "settle", "audit")
