"""Made-up but legal histories of cases (proto/case_life.def), as case_moved entries, and a log of routing that holds them."""
import random

import msgpack

MINUTE = 60_000
UNITS = {1: ["mill_centre", "lake_centre", "hill_centre"], 2: ["mill_town", "hill_town", "roads_town"],
         3: ["north_centre", "water"], 4: ["city_centre"]}
OPEN = ("reported", "needs_info", "accepted", "dispatched", "handling", "suspended", "claimed_done", "callback")
CASE_MOVED = 33


class Story:
    """One case: each call of `move` appends the entry of one legal move, chosen at random."""

    def __init__(self, rng, case, at):
        self.rng, self.case, self.at = rng, case, at
        self.entries, self.state, self.support = [], "none", []
        self.tier = rng.choice((1, 1, 2))
        self.unit = rng.choice(UNITS[self.tier])
        self.channel, self.item = rng.choice(("app", "hotline", "sensor", "desk")), rng.choice(("lamp", "litter", "bridge"))
        self.started = self.returned = self.redone = False

    def say(self, move, state, **fields):
        entry = {"t": "case_moved", "case": self.case, "version": len(self.entries) + 1, "at": self.at, "move": move,
                 "from": self.state, "state": state, "tier": self.tier, "unit": self.unit, "severity": "yellow",
                 "actor": "somebody", "channel": self.channel, "item": self.item, "area": "n_mill_1"}
        if not self.entries:  # one in seven was not looked at at the door
            entry.update({"score": self.case % 100 + 1} if self.case % 7 else {}, **({"source": "grid"} if self.case % 3 else {}))
        entry.update({"support": " ".join(self.support)} if self.support else {})
        entry.update(fields)
        self.entries.append(entry)
        self.state = state

    def soon(self, most=900):
        return self.at + self.rng.randrange(1, most) * MINUTE

    def clocks(self):
        self.started = True
        fields = {"due_at": self.soon(2000)}
        if self.rng.random() < 0.95:
            fields["sign_by"] = self.soon(200)
        if self.rng.random() < 0.9:
            fields["contact_by"] = self.soon(500)
        return fields

    def up(self, move, **fields):
        if self.tier == 4:
            return self.say("supervise", self.state, due_at=self.soon(), **fields)
        if self.rng.random() < 0.9 and self.unit not in self.support:
            self.support.append(self.unit)
        self.tier += 1
        self.unit = self.rng.choice(UNITS[self.tier])
        return self.say(move, "dispatched", **self.clocks(), **fields)

    def due(self):
        """The resolve limit as it stands, or a new one now and then."""
        known = [entry["due_at"] for entry in self.entries if entry["state"] in ("dispatched", "handling") and entry.get("due_at")]
        return known[-1] if known and self.rng.random() < 0.9 else self.soon(2000)

    def move(self):
        rng = self.rng
        self.at += rng.choice((0, 1, 7, 30, 90, 300, 1500)) * MINUTE
        getattr(self, f"from_{self.state}")(rng.random())
        if self.state in ("dispatched", "handling") and rng.random() < 0.3:
            clock = rng.choice(("sign", "contact", "resolve", "progress"))
            self.at += rng.randrange(60) * MINUTE
            if rng.random() < 0.7:
                self.say("warn", self.state, due_at=self.due(), clock=clock, percent=80)
            else:
                self.say("alarm", self.state, due_at=self.due(), clock=clock, percent=100)

    def from_none(self, chance):
        if chance < 0.5:
            self.say("report", "reported", due_at=self.soon())
        else:
            self.say("open", "dispatched", **self.clocks())

    def from_reported(self, chance):
        if chance < 0.6:
            self.say("accept", "accepted", due_at=self.soon())
        elif chance < 0.7:
            self.say("ask", "needs_info", due_at=self.soon())
        elif chance < 0.8:
            self.say("decline", "declined")
        elif chance < 0.85:
            self.say("withdraw", "closed")
        elif chance < 0.95:
            self.say("merge", "merged", parent=128)
        elif self.tier < 4:
            self.tier += 1
            self.unit = self.rng.choice(UNITS[self.tier])
            self.say("escalate", "reported", due_at=self.soon(), clock="accept")

    def from_needs_info(self, chance):
        moves = (("answer", "reported"), ("lapse", "closed"), ("withdraw", "closed"))
        move, state = moves[0 if chance < 0.6 else 1 if chance < 0.8 else 2]
        self.say(move, state, **({"due_at": self.soon()} if state in OPEN else {}))

    def from_declined(self, chance):
        if chance < 0.5:
            self.say("appeal", "reported", due_at=self.soon())
        else:
            self.say("archive", "archived")

    def from_accepted(self, chance):
        if chance < 0.75:
            self.unit = self.rng.choice(UNITS[self.tier])
            fields = {"due_at": self.due()} if self.started else self.clocks()
            self.say("designate" if self.returned and chance < 0.3 else "dispatch", "dispatched", **fields)
        elif chance < 0.85:
            self.claim("solve")
        elif chance < 0.9:
            self.started = False
            self.say("merge", "merged", parent=128)
        elif chance < 0.93:
            self.started = False
            self.say("withdraw", "closed")
        else:
            self.up("escalate", clock="accept")

    def from_merged(self, chance):
        if chance < 0.3:
            self.say("unmerge", "accepted", due_at=self.soon())
        elif chance < 0.7:
            self.say("conclude", "callback", due_at=self.soon())
        else:
            self.say("conclude", "closed")

    def from_dispatched(self, chance):
        if chance < 0.6:
            self.say("sign", "handling", due_at=self.due(), plan="mend it")
        elif chance < 0.7:
            self.returned = True
            self.unit = self.rng.choice(UNITS[self.tier])
            self.say("return", "accepted", due_at=self.due())
        elif chance < 0.75:
            self.up("pass_up") if self.tier < 4 else self.say("urge", self.state, due_at=self.due())
        elif chance < 0.8:
            self.unit = self.rng.choice(UNITS[self.tier])
            self.say("transfer", "dispatched", due_at=self.due())
        else:
            self.up("escalate", clock=self.rng.choice(("sign", "resolve")))

    def from_handling(self, chance):
        if chance < 0.25:
            self.say("contact", "handling", due_at=self.due())
        elif chance < 0.35:
            self.say("progress", "handling", due_at=self.due())
        elif chance < 0.65:
            self.claim("claim_done")
        elif chance < 0.72:
            self.say("suspend", "suspended", due_at=self.soon())
        elif chance < 0.8:
            self.say("grant_extension", "handling", due_at=self.due() + 600 * MINUTE)
        elif chance < 0.85:
            self.unit = self.rng.choice(UNITS[self.tier])
            self.say("transfer", "dispatched", due_at=self.due(), sign_by=self.soon(200))
        elif chance < 0.9:
            self.up("pass_up") if self.tier < 4 else self.say("urge", self.state, due_at=self.due())
        else:
            self.up("escalate", clock=self.rng.choice(("contact", "progress", "resolve")))

    def from_suspended(self, chance):
        self.say("resume", "handling", due_at=self.soon(2000), **({"contact_by": self.soon()} if chance < 0.5 else {}))

    def claim(self, move):
        fields = {}
        if self.rng.random() < 0.8:
            fields["reply_spoken"] = "with the reporter"
        if self.rng.random() < 0.9:
            fields["evidence"] = "before and after"
        self.say(move, "claimed_done", due_at=self.soon(), **fields)

    def from_claimed_done(self, chance):
        if chance < 0.7:
            self.say("verify", "callback", due_at=self.soon())
        elif chance < 0.85:
            self.say("verify", "closed")
        else:
            self.say("reject", "handling", due_at=self.soon(2000))

    def from_callback(self, chance):
        told = {"rating": self.rng.randrange(1, 6)} if self.rng.random() < 0.9 else {}
        if self.rng.random() < 0.7:
            told["result"] = self.rng.choice(("solved", "partly", "unsolved"))
        if chance < 0.2:
            self.say("attempt", "callback", due_at=self.soon())
        elif chance < 0.35:
            self.say("attempt", "closed")
        elif chance < 0.75:
            self.say("satisfied", "closed", **told)
        elif self.redone:
            self.say("dissatisfied", "closed", **told)
        else:
            self.redone = self.started = True
            self.say("dissatisfied", "handling", due_at=self.soon(500), **told)

    def from_closed(self, chance):
        if chance < 0.15:
            self.started = self.redone = False
            self.say("reopen", "accepted", due_at=self.soon())
        elif chance < 0.5:
            self.say("archive", "archived")

    def from_archived(self, _):
        pass


def make(seed, cases, began_at, shards=128, moves_max=25):
    """Cases in some shards: case → its entries."""
    rng = random.Random(seed)
    stories = []
    for number in range(cases):
        story = Story(rng, (number // shards + 1) * 128 + number % shards, began_at + rng.randrange(90 * 24 * 60) * MINUTE)
        for _ in range(rng.randrange(1, moves_max)):
            story.move()
        stories.append(story.entries)
    return stories


def logged(stories):
    """shard → its log: the entries of its cases, in the order of their instants."""
    shards = {}
    for entries in stories:
        for entry in entries:
            shards.setdefault(entry["case"] % 128, []).append(entry)
    for log in shards.values():
        log.sort(key=lambda entry: entry["at"])  # stable: a case's entries of one instant stay in order
    return shards


def append(sql, rows):
    """rows: (shard, seq, entry), behind what routing's log holds."""
    for start in range(0, len(rows), 2000):
        values = ",".join(f"({shard},{seq},{entry['case']},to_timestamp({entry['at']}/1000.0),{CASE_MOVED},"
                          f"'\\x{msgpack.packb(entry).hex()}')" for shard, seq, entry in rows[start:start + 2000])
        sql.rows(f"INSERT INTO routing.log (shard, seq, case_id, at, type, body) VALUES {values}")
    sql.rows("UPDATE routing.shard s SET out_seq = n.seq FROM (SELECT shard, max(seq) AS seq FROM routing.log GROUP BY 1) n"
             " WHERE n.shard = s.shard")
