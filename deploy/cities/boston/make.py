#!/usr/bin/env python3
"""Makes the city folder `boston` from the City of Boston's 311 service requests.

    make.py DATA [OUT]

DATA  folder that holds boston-crm-311/requests.csv.gz (columns: see ATTRIBUTION.md)
OUT   folder for the CSV files, but sources.csv and source_fields.csv, by hand; default: the folder of this script

Python's standard library only; the same data gives the same bytes. The steps are those of any city:
  1. channels   the values of the column `source`
  2. areas      the city and its public works districts: of the kinds of district in the data (only the precincts, 255
                of them, do better) this one says best which queue a report goes to; `report()` prints how well
  3. units      departments and their queues
  4. items      the request types; who answers and how long it may take are learnt from what really happened
  5. records    the first reports of July 2011, for the demonstration
"""
import collections
import csv
import datetime
import gzip
import os
import statistics
import sys
import zoneinfo

SLICE = "2011H2-all-types"  # every type, July to October 2011; the rest of the file is animals and pests only
RECORDS = 4000              # records.csv stays below 1.5 MB
ZONE = zoneinfo.ZoneInfo("America/New_York")
OPENS, CLOSES = 510, 1020   # office hours in minutes of the day: 08:30 and 17:00, Monday to Friday
NO_PLACE = ("42.3594", "-71.0587")  # what the city writes where it knows no place: City Hall

CHANNELS = [  # source, code, name_zh, duplicate_hours, callback
    ("Constituent Call", "constituent_call", "市民来电", 336, "yes"),
    ("Citizens Connect App", "citizens_connect_app", "市民应用", 336, "yes"),
    ("Self Service", "self_service", "网上自助", 336, "yes"),
    ("Employee Generated", "employee_generated", "工作人员上报", 336, "no"),
    ("City Worker App", "city_worker_app", "外勤人员应用", 336, "no"),
    ("Twitter", "twitter", "推特", 336, "no"),
    ("Maximo Integration", "maximo_integration", "资产系统对接", 0, "no"),
]

DEPARTMENTS = {  # the data has the short name only; the long names are ours
    "PWDx": "Public Works Department", "ISD": "Inspectional Services Department",
    "PARK": "Parks and Recreation Department", "BTDT": "Boston Transportation Department",
    "INFO": "Mayor's 24 Hour Hotline", "PROP": "Property Management", "BWSC": "Boston Water and Sewer Commission",
    "DISB": "Commission for Persons with Disabilities", "BPS_": "Boston Public Schools",
    "BHA_": "Boston Housing Authority", "BPD_": "Boston Police Department", "ANML": "Animal Control",
    "DND_": "Department of Neighborhood Development", "GEN_": "General", "No Q": "No department assigned",
}

# Severity and matter are not in the data. Whatever is not named here is yellow and a service.
RED = {"Carbon Monoxide", "Request for Snow Plowing (Emergency Responder)"}
ORANGE = {"Tree Emergencies", "Unsafe Dangerous Conditions", "Street Light Knock Downs", "Major System Failure",
          "Sewage/Septic Back-Up", "No Utilities Residential - Gas", "No Utilities Residential - Electricity",
          "No Utilities Residential - Water", "No Utilities - Food Establishment - Electricity",
          "Fire in Food Establishment", "Food Alert - Confirmed", "Water in Gas - High Priority", "Rat Bite", "Egress",
          "Alert Boston"}
BLUE = {"General Comments For An Employee", "General Comments For a Program or Policy", "Notification",
        "Miscellaneous Event", "Phone Bank Service Inquiry", "Walk-In Service Inquiry", "Big Buildings Online Request",
        "Corporate or Community Group Service Day Clean Up"}
RISK = RED | ORANGE | {
    "Food Alert - Unconfirmed", "Lead", "Electrical", "Squalid Living Conditions", "Overcrowding",
    "Student Overcrowding", "Illegal Rooming House", "Mosquitoes (West Nile)", "Traffic Signal Repair"}
ORGANISATION = {"General Comments For An Employee", "General Comments For a Program or Policy"}
DEVELOPMENT = {"New Tree Requests", "Park Improvement Requests", "Install New Lighting", "Upgrade Existing Lighting",
               "New Sign  Crosswalk or Pavement Marking", "Requests for Traffic Signal Studies or Reviews",
               "General Traffic Engineering Request", "Request for Litter Basket Installation", "Zoning"}


def slug(text):
    """A code of a name: ASCII letters, digits and _, lower case, at most 48 bytes."""
    letters = "".join(c if c.isascii() and c.isalnum() else " " for c in text)
    return "_".join(letters.lower().split())[:48].rstrip("_")


def words(text):
    return " ".join(text.split())


def read_requests(data):
    path = os.path.join(data, "boston-crm-311", "requests.csv.gz")
    with gzip.open(path, "rt", encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def district(request):
    """The public works district, "" where the data has none ("9" and "09" are the same)."""
    found = request["pwd_district"]
    return found.zfill(2) if found.isdigit() else found


def area_of(request):
    return "pwd_" + district(request).lower() if district(request) else "boston"


def is_district_queue(queue):
    return queue.startswith("PWDx_District ")


# --- 3. units -----------------------------------------------------------------------------------------------

def make_units(requests):
    """The rows of units.csv and the unit code of each real queue."""
    units = [["city_hall", "Boston City Hall", "波士顿市政厅", "centre", 4, "boston", ""]]
    for code, name in DEPARTMENTS.items():
        units.append([slug(code), f"{code.strip('_')}: {name}", "", slug(name), 3, "boston", "city_hall"])
    of_queue, departments = {}, collections.defaultdict(collections.Counter)
    for r in requests:
        departments[r["queue"]][r["department"]] += 1
    for queue in sorted(departments):
        department = departments[queue].most_common(1)[0][0]
        code, kind, area = slug(queue), slug(queue), "boston"
        if is_district_queue(queue):  # one family, a queue in each district
            kind, area = "pwdx_district", "pwd_" + queue.split()[1].rstrip(":").lower()
            code = slug(" ".join(queue.split()[:2]))
        assert code not in of_queue.values(), code
        of_queue[queue] = code
        units.append([code, words(queue.replace("_", " ")), "", kind, 2, area, slug(department)])
    return units, of_queue


# --- 4. items -----------------------------------------------------------------------------------------------

def office_start(opened):
    """A free day counts as Monday at the same time; what comes in at or after closing, as the next opening. Public
    holidays are no free days: so the city counts."""
    if opened.weekday() >= 5:
        opened += datetime.timedelta(7 - opened.weekday())
    if opened.hour * 60 + opened.minute >= CLOSES:
        opened += datetime.timedelta(3 if opened.weekday() == 4 else 1)
        opened = opened.replace(hour=OPENS // 60, minute=OPENS % 60, second=0)
    return opened


def office_due(opened, days):
    start = office_start(opened)
    weeks, rest = divmod(start.weekday() + days, 5)
    return start + datetime.timedelta(weeks * 7 + rest - start.weekday())


DUE = {  # unit of a limit → when it ends
    "office_days": office_due,
    "calendar_days": lambda opened, days: opened + datetime.timedelta(days),
    "continuous_hours": lambda opened, hours: opened + datetime.timedelta(hours=hours),
}


def meets(span, unit, amount):
    """To the minute."""
    return abs(DUE[unit](span[0], amount) - span[1]) <= datetime.timedelta(minutes=1)


def learn_limit(spans):
    """(amount, unit) of the limit that gives most of the real targets to the minute; a plainer unit wins a tie. A span is
    (open, target)."""
    days = [(target - opened).total_seconds() / 86400 for opened, target in spans]
    tried = [("calendar_days", n) for n in sorted({round(d) for d in days})]
    tried += [("office_days", n) for n in sorted({m for d in days for m in range(max(int(d * 5 / 7) - 2, 0), int(d * 5 / 7) + 4)})]
    tried += [("continuous_hours", n) for n in sorted({round(d * 24) for d in days if d < 3})]
    unit, amount = max((t for t in tried if 0 < t[1] <= 10000), key=lambda t: sum(meets(s, *t) for s in spans),
                       default=("", ""))
    return amount, unit


def learn_unit(answered, of_queue):
    """(kind, fixed unit) for one type: its commonest queue, or the district's queue when that is right more often."""
    queues = collections.Counter(queue for queue, _ in answered)
    queue, right = min(queues.items(), key=lambda q: (-q[1], q[0]))
    by_district = sum(is_district_queue(q) and area == "pwd_" + of_queue[q].split("_")[-1] for q, area in answered)
    if by_district > right or is_district_queue(queue):
        return "pwdx_district", ""
    return of_queue[queue], of_queue[queue]


def when(text):
    return datetime.datetime.fromisoformat(text)


def middle(requests):
    """When the first half of the slice's requests that have a target ends: limits are learnt from that half only, so that
    the other one can tell how good they are (tests/bench/boston_due)."""
    opened = sorted(r["open_dt"] for r in requests if r["slice"] == SLICE and r["target_dt"])
    return opened[len(opened) // 2] if opened else ""


def make_items(requests, of_queue):
    """The rows of items.csv. Types that also occur in SLICE are learnt from there, the others from the whole file."""
    rows, items = collections.defaultdict(list), []
    learnt_until = middle(requests)
    sliced = {r["type"] for r in requests if r["slice"] == SLICE}
    for r in requests:
        if r["slice"] == SLICE or r["type"] not in sliced:
            rows[r["type"]].append(r)
    for name in sorted(rows):
        kind, unit = learn_unit([(r["queue"], area_of(r)) for r in rows[name]], of_queue)
        spans = [(when(r["open_dt"]), when(r["target_dt"])) for r in rows[name]
                 if r["target_dt"] > r["open_dt"] and (name not in sliced or r["open_dt"] < learnt_until)]
        amount, limit_unit = learn_limit(spans) if spans else ("", "")
        severity = "red" if name in RED else "orange" if name in ORANGE else "blue" if name in BLUE else "yellow"
        matter = ("risk" if name in RISK else "organisation" if name in ORGANISATION
                  else "development" if name in DEVELOPMENT else "service")
        items.append([slug(name), words(name), "", "", matter, severity, 2, kind, unit, amount, limit_unit])
    return items


# --- reasons: ours; the data has none ------------------------------------------------------------------------

REASONS = [
    ("return", "not_our_area", "It lies in another district", "不属本辖区"),
    ("return", "not_our_duty", "Another department answers for it", "不属本部门职责"),
    ("return", "wrong_item", "It was filed under the wrong type", "事项类别有误"),
    ("decline", "not_our_city", "It is not for the city to do", "不属本市职权"),
    ("decline", "court_case", "A court has it", "已进入诉讼程序"),
    ("decline", "duplicate", "It was reported and answered before", "重复诉求"),
    ("decline", "no_facts", "It does not say what is wrong and where", "事实不清"),
    ("suspend", "weather", "The weather does not allow the work", "天气原因"),
    ("suspend", "season", "The work is for another season", "季节原因"),
    ("suspend", "waiting_for_parts", "Parts or material are on order", "等待材料配件"),
    ("suspend", "court", "A court must decide first", "等待司法裁决"),
    ("ask_extension", "larger_work", "The work is larger than it looked", "工程量超出预期"),
    ("ask_extension", "other_party", "Another party must act first", "需其他单位配合"),
    ("ask_extension", "weather", "The weather held the work up", "天气原因"),
]


# --- ladder -------------------------------------------------------------------------------------------------

def make_ladder():
    """Our defaults, not the city's: yellow by tier, blue one working day, orange and red by the clock. Only until when it must
    be done, and the daily look at what is not: the data does not know when a case was accepted, signed for or answered."""
    yellow = {2: "3 working_days", 3: "5 working_days", 4: "15 working_days"}
    rows = []
    for tier, limit in yellow.items():
        for severity, cell in (("blue", "1 working_days"), ("yellow", limit), ("orange", "24 continuous_hours"),
                               ("red", "2 continuous_hours")):
            rows.append([tier, severity, "resolve", *cell.split(), 0, cell.split()[1], ""])
            rows.append([tier, severity, "review", 1, "working_days", 0, "working_days", "no"])
    return rows


# --- 2. areas and 5. records --------------------------------------------------------------------------------

def make_areas(requests):
    queues = {r["queue"] for r in requests if is_district_queue(r["queue"])}
    names = {queue.split()[1].rstrip(":"): queue.split(": ")[1] for queue in queues}
    points = collections.defaultdict(list)
    for r in requests:
        if r["slice"] == SLICE and (r["latitude"], r["longitude"]) != NO_PLACE and r["latitude"]:
            points[district(r)].append((float(r["latitude"]), float(r["longitude"])))
    areas = [["boston", "Boston", "波士顿", "", 4, "", "", "42.3601", "-71.0589"]]
    for code in sorted(names):
        lat, long = (f"{statistics.fmean(side):.4f}" for side in zip(*points[code]))
        areas.append(["pwd_" + code.lower(), f"District {code}: {names[code]}", "", "boston", 2, "", "", lat, long])
    return areas


def zoned(text):
    return when(text).replace(tzinfo=ZONE).isoformat() if text else ""


def sample(requests):
    """The first reports in order of time. Left out: the few that close before they open."""
    sane = [r for r in requests if r["slice"] == SLICE and not "" < r["closed_dt"] < r["open_dt"]]
    return sorted(sane, key=lambda r: (r["open_dt"], r["case_enquiry_id"]))[:RECORDS]


def make_record(r):
    channel = next(code for source, code, *_ in CHANNELS if source == r["source"])
    nowhere = not r["location"].strip() and (r["latitude"], r["longitude"]) == NO_PLACE
    place = ("", "") if nowhere else (r["latitude"], r["longitude"])
    return [zoned(r["open_dt"]), channel, slug(r["type"]), area_of(r), words(r["location"]), *place,
            words(r["case_title"]), "", r["case_enquiry_id"], zoned(r["closed_dt"])]


# --- how well it follows the real city ----------------------------------------------------------------------

def answers(items, units):
    """Who answers, by the rules of city_unit_for: the fixed unit; the kind in the district; else City Hall."""
    at = {(u[3], u[5]): u[0] for u in units if u[4] == 2}
    who = {i[0]: (i[7], i[8]) for i in items}

    def answer(r):
        kind, fixed = who.get(slug(r["type"]), ("", ""))
        return fixed or at.get((kind, area_of(r)) if area_of(r) != "boston" else None, "city_hall")
    return answer


def share_right(requests, answer, units, of_queue):
    above = {u[0]: u[6] for u in units}
    queue = sum(answer(r) == of_queue[r["queue"]] for r in requests)
    department = sum(above[answer(r)] == slug(r["department"]) for r in requests)
    return f"{100 * queue / len(requests):.1f} % queue, {100 * department / len(requests):.1f} % department"


def limit_meets(r, item):
    return bool(item[9]) and meets((when(r["open_dt"]), when(r["target_dt"])), item[10], item[9])


def report(requests, items, units, of_queue):
    whole, records = [r for r in requests if r["slice"] == SLICE], sample(requests)
    ids = {r["case_enquiry_id"] for r in records}
    unseen = make_items([r for r in requests if r["case_enquiry_id"] not in ids], of_queue)
    print("item + area leads to the real")
    for name, rows, learnt in (("records.csv", records, items), ("the whole slice", whole, items),
                               ("records.csv, learnt from the others only", records, unseen)):
        print(f"  {name}, {len(rows)} requests: {share_right(rows, answers(learnt, units), units, of_queue)}")
    limits = {i[0]: i for i in items}
    kept = sum(bool(limits[slug(r["type"])][9]) for r in records)
    met = sum(limit_meets(r, limits[slug(r["type"])]) for r in records if r["target_dt"])
    print(f"  {met} of {sum(bool(r['target_dt']) for r in records)} real targets in records.csv are the item's"
          " limit to the minute")
    late = sum("" < r["target_dt"] < r["closed_dt"] for r in records)
    print(f"  {kept} records have an item with a limit; {late} were really closed late,"
          f" {sum(not r['closed_dt'] for r in records)} never")


def write(out, name, header, rows):
    with open(os.path.join(out, name), "w", encoding="utf-8", newline="") as file:
        lines = csv.writer(file, lineterminator="\n")
        lines.writerow(header.split(","))
        lines.writerows(rows)


def main():
    if len(sys.argv) not in (2, 3):
        sys.exit(__doc__)
    out = sys.argv[2] if len(sys.argv) == 3 else os.path.dirname(os.path.abspath(__file__))
    requests = read_requests(sys.argv[1])
    units, of_queue = make_units(requests)
    items = make_items(requests, of_queue)
    write(out, "city.csv", "key,value",
          [["code", "boston"], ["name_en", "Boston"], ["name_zh", "波士顿"], ["timezone", "America/New_York"],
           ["attribution", "City of Boston, 311 Service Requests (PDDL)"]])
    write(out, "channels.csv", "code,name_en,name_zh,enabled,auto_accept,severity,privacy,duplicate_hours,callback",
          [[code, source, zh, "yes", "yes", "", "public", hours, call] for source, code, zh, hours, call in CHANNELS])
    write(out, "areas.csv", "code,name_en,name_zh,parent,tier,stat_code,code_year,lat,long", make_areas(requests))
    write(out, "units.csv", "code,name_en,name_zh,kind,tier,area,above", units)
    write(out, "items.csv", "code,name_en,name_zh,parent,matter,severity,tier,unit_kind,unit,limit,limit_unit", items)
    write(out, "ladder.csv", "tier,severity,clock,limit,limit_unit,grace,grace_unit,moves_up", make_ladder())
    write(out, "rules.csv", "key,value,unit", [["warn_first_percent", 0, ""], ["warn_second_percent", 0, ""]])
    write(out, "reasons.csv", "move,code,name_en,name_zh", REASONS)
    write(out, "calendar.csv", "date,kind,name", [])  # the real targets ignore public holidays
    write(out, "hours.csv", "weekday,from,to", [[day, "08:30", "17:00"] for day in range(1, 6)])
    write(out, "records.csv", "at,channel,item,area,address,lat,long,title,description,source_id,closed_at",
          [make_record(r) for r in sample(requests)])
    report(requests, items, units, of_queue)


if __name__ == "__main__":
    main()
