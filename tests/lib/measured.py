"""The measures of common/measures.def once more, from the definitions, to hold the program against. Everything is a fact
(measure, unit, tier, hit, of) of a case; sums come last."""
from collections import defaultdict

RATINGS = {1: 0, 2: 0, 3: 0.8, 4: 1, 5: 1}
RESULTS = {"solved": 1, "partly": 0.5, "unsolved": 0}
CLOSED = {"solved", "satisfied", "solved_low", "slot_evidence", "slot_called_back"}
LIMITS = {"sign": ("signed_in_time",), "contact": ("contacted_in_time", "slot_contact"), "resolve": ("resolved_in_time",)}


class Case:
    def __init__(self, entries, now, channel):
        self.facts, self.entries = [], entries
        self.limit = {"sign": None, "contact": None, "resolve": None}  # kind → [by, passed]
        self.claim = self.redo = self.lower = self.held = None
        self.begun = self.reached = self.called = self.concluded = self.merged = self.ever_redone = False
        self.warned, self.taken, self.turn = set(), None, None
        self.holder = (entries[0]["unit"], entries[0]["tier"])
        self.quality = entries[0].get("score", 0)
        self.first, self.state, self.closed_at, self.result, self.rating = self.holder, "none", None, None, None
        for entry in entries:
            self.one(entry)
        self.end(now, channel)

    def fact(self, measure, whom, hit, of=1):
        self.facts.append((measure, whom, hit, of))

    def passed(self, kind):
        limit = self.limit[kind]
        if not limit or limit[1]:
            return
        limit[1] = True
        for measure in LIMITS[kind]:
            self.fact(measure, self.holder, 0)
        if not self.turn:  # no turn of this unit has been late yet
            self.fact("overdue", self.holder, 1, 0)
        self.turn = True
        if kind == "resolve" and self.redo:
            self.fact("slot_redo", self.redo, 0)
            self.redo = None

    def until(self, instant):
        if self.held is not None:
            return
        for kind, limit in self.limit.items():
            if limit and limit[0] < instant and not (kind == "resolve" and self.claim):
                self.passed(kind)

    def kept(self, kind):
        if self.limit[kind] and not self.limit[kind][1]:
            for measure in LIMITS[kind]:
                self.fact(measure, self.holder, 1)
        self.limit[kind] = None

    def stop(self):
        self.limit = dict.fromkeys(self.limit)
        self.held, self.warned = None, set()

    def settle(self):
        if self.claim and self.claim["in_time"]:
            self.fact("resolved_in_time", self.claim["by"], 1)
        self.claim, self.limit["resolve"] = None, None

    def one(self, entry):
        move, at, after = entry["move"], entry["at"], entry["state"]
        unit, begun = (entry["unit"], entry["tier"]), self.begun
        self.until(at)
        if move in ("accept", "open") or move == "merge" and not (self.taken and self.taken[1]):
            self.taken = (self.holder, 1)
        elif move == "decline":
            self.taken = (self.holder, 0)
        elif move == "appeal":
            self.taken = None
        if move in ("merge", "unmerge"):
            self.merged = move == "merge"
        if move in ("merge", "withdraw", "lapse"):
            self.stop()
            self.begun = False
        if move == "conclude":
            self.concluded = True
        if move in ("sign", "return", "pass_up") and self.state == "dispatched":
            self.fact("slot_signed", self.holder, 1)
        if move == "return":
            self.fact("returned", self.holder, 1, 0)
        if move == "sign":
            self.kept("sign")
        if move == "contact":
            self.kept("contact")
        if move in ("warn", "alarm"):
            self.warned.add(entry["clock"])
        if move == "alarm" and entry["clock"] in self.limit:
            self.passed(entry["clock"])
        if move in ("escalate", "supervise"):
            self.fact("slot_moved_up", self.holder, int(entry["clock"] in self.warned))
            if move == "escalate" and self.state == "dispatched":
                self.fact("slot_signed", self.holder, 0)
        if move == "escalate" and after == "reported":
            self.warned = set()
        if move == "suspend":
            self.held = at
        if move == "resume":
            if self.limit["contact"] and self.held is not None:
                self.limit["contact"][0] += at - self.held
            self.held = None
        if move in ("pass_up", "escalate") and after == "dispatched":
            if self.lower:
                self.fact("slot_first_unit", self.lower, 1)
            self.lower = self.holder
            self.stop()
            self.begun = True
        if move == "open" or move == "dispatch" and not self.begun:
            self.stop()
            self.begun = True
        if move in ("claim_done", "solve"):
            if entry.get("reply_spoken"):
                self.kept("contact")
            self.limit["sign"] = self.limit["contact"] = None
            limit = self.limit["resolve"]
            self.claim = {"by": self.holder, "in_time": bool(limit) and not limit[1], "evidence": bool(entry.get("evidence"))}
            self.called = False
            if self.redo:
                self.fact("slot_redo", self.redo, 1)
                self.redo = None
        if move == "verify":
            self.fact("reworked", self.claim["by"], 0)
        if move == "reject":
            self.fact("reworked", self.claim["by"], 1)
            self.claim, self.begun = None, True  # what was solved on the spot had no clocks before
        if move == "attempt" and after == "closed":
            self.called = True
        if move in ("satisfied", "dissatisfied"):
            self.answered(entry)
        if move == "reopen":
            self.settle()
            self.stop()
            self.begun, self.closed_at, self.concluded, self.called = False, None, False, False
        self.settle_holder(entry, unit, begun)

    def answered(self, entry):
        closer, content = self.claim["by"] if self.claim else self.holder, entry["move"] == "satisfied"
        self.called = True
        self.result = RESULTS[entry.get("result") or ("solved" if content else "unsolved")]
        self.rating = entry.get("rating")
        self.fact("redone", closer, int(entry["state"] == "handling"))
        if content:
            return
        if entry["state"] == "handling":
            self.settle()
            self.stop()
            self.begun = self.ever_redone = True
            self.redo = closer
        elif not self.ever_redone:
            self.fact("slot_redo", closer, 0)

    def settle_holder(self, entry, unit, begun):
        move, after = entry["move"], entry["state"]
        if not self.claim:
            changed = unit != self.holder
            self.holder = unit
            if after == "dispatched" and (self.state != "dispatched" or changed):
                self.fact("returned", unit, 0)
            if self.begun and (changed or not begun):
                self.turn = False
                self.fact("overdue", unit, 0)
        for kind in ("sign", "contact"):
            if entry.get(kind + "_by"):
                self.limit[kind] = [entry[kind + "_by"], bool(self.limit[kind]) and self.limit[kind][1]]
        if after in ("dispatched", "handling") and entry.get("due_at") and move not in ("supervise", "remind"):
            self.limit["resolve"] = [entry["due_at"], bool(self.limit["resolve"]) and self.limit["resolve"][1]]
        if self.lower and self.lower[0] not in entry.get("support", "").split():
            self.fact("slot_first_unit", self.lower, 0)
            self.lower = None
        elif self.lower and move == "sign":
            self.fact("slot_first_unit", self.lower, 1)
            self.lower = None
        if after == "closed" and self.state != "closed":
            self.closed_at = entry["at"]
        self.state = after

    def end(self, now, channel):
        self.until(now)
        if self.state == "dispatched" and self.limit["sign"] and self.limit["sign"][1]:
            self.fact("slot_signed", self.holder, 0)
        if self.claim and self.claim["in_time"]:
            self.fact("resolved_in_time", self.claim["by"], 1)
        self.fact("proactive", self.first, int(channel["proactive"]))
        if self.quality:
            self.fact("report_quality", self.first, (self.quality + 5) // 10 / 10)
        self.fact("merged", self.first, int(self.merged))
        self.fact("slot_receipt", self.first, 1)
        if self.taken:
            self.fact("filed", *self.taken)
        if self.closed_at is None:
            return
        closer = self.claim["by"] if self.claim else self.holder
        if self.claim:
            self.fact("solved_low", closer, int(closer[1] <= 2))
            self.fact("slot_evidence", closer, int(self.claim["evidence"]))
        if channel["callback"] and (self.claim or self.concluded):
            self.fact("slot_called_back", closer, int(self.called))
        if self.result is not None:
            self.fact("solved", closer, self.result)
        if self.rating:
            self.fact("satisfied", closer, RATINGS[self.rating])


def sums(stories, now, channels, key, span=(0, 1 << 62)):
    """key(case's first entry, unit, tier, instant that counts) → measure → [hit, of], and key → cases."""
    cells, cases = defaultdict(lambda: defaultdict(lambda: [0, 0])), defaultdict(set)
    for entries in stories:
        case = Case(entries, now, channels[entries[0]["channel"]])
        for measure, (unit, tier), hit, of in case.facts:
            instant = case.closed_at if measure in CLOSED else entries[0]["at"]
            if not span[0] <= instant < span[1]:
                continue
            at = key(entries[0], unit, tier, instant)
            cells[at][measure][0] += hit
            cells[at][measure][1] += of
            cases[at].add(entries[0]["case"])
    return ({at: {measure: (round(hit, 6), of) for measure, (hit, of) in cell.items()} for at, cell in cells.items()},
            {at: len(which) for at, which in cases.items()})
