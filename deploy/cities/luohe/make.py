#!/usr/bin/env python3
"""Makes areas.csv, fences.geojson, units.csv, calendar.csv and records.csv of the city folder `luohe`.

    make.py DATA [OUT]

DATA  folder that holds cn-divisions/luohe_2016_villages.csv and luohe_fences_vonng.geojson, and cn-holidays/YEAR.json (see ATTRIBUTION.md)
OUT   folder to write to; default: the folder of this script

city.csv, channels.csv, items.csv, ladder.csv, rules.csv, reasons.csv, templates.csv, hours.csv, sources.csv, source_fields.csv and
source_values.csv are written by hand: edit them directly. Two more tables by hand feed this script: pinyin.csv (how the names of places are read) and examples.csv (texts of the examples).
Python's standard library only; the same data gives the same bytes. The reports in records.csv are invented.
"""
import csv
import datetime
import glob
import json
import math
import os
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
CODE_YEAR = 2016            # the year of the statistical codes
CALENDAR_YEARS = range(2007, 2027)
RECORDS = 600
ZONE = datetime.timezone(datetime.timedelta(hours=8))
TIERS = {"city": 4, "county": 3, "town": 2, "village": 1}
PLACEHOLDER = "411101000000"  # 市辖区: a row of the code list, not a place

ZONES = [  # functional zones have no national code: code, English, Chinese, short Chinese
    ("lh_jingkaiqu", "Luohe Economic and Technological Development Zone", "漯河经济技术开发区", "经开区"),
    ("lh_xichengqu", "Luohe Xicheng District (functional zone)", "漯河市西城区", "西城区"),
    ("lh_shifanqu", "Luohe Urban-Rural Integration Demonstration Zone", "漯河市城乡一体化示范区", "示范区"),
]

DEPARTMENTS = [  # kind, English, Chinese
    ("urban_management", "Urban Management Bureau", "城市管理局"),
    ("public_security", "Public Security Bureau (liaison)", "公安局（联络）"),
    ("housing", "Housing and Urban-Rural Development Bureau", "住房和城乡建设局"),
    ("natural_resources", "Natural Resources and Planning Bureau", "自然资源和规划局"),
    ("transport", "Transport Bureau", "交通运输局"),
    ("water", "Water Resources Bureau", "水利局"),
    ("environment", "Ecology and Environment Bureau", "生态环境局"),
    ("civil_affairs", "Civil Affairs Bureau", "民政局"),
    ("human_resources", "Human Resources and Social Security Bureau", "人力资源和社会保障局"),
    ("market_supervision", "Market Supervision Bureau", "市场监督管理局"),
    ("emergency", "Emergency Management Bureau", "应急管理局"),
    ("agriculture", "Agriculture and Rural Affairs Bureau", "农业农村局"),
    ("health", "Health Commission", "卫生健康委员会"),
    ("education", "Education Bureau", "教育局"),
    ("justice", "Justice Bureau", "司法局"),
    ("petition", "Letters and Visits Bureau", "信访局"),
    ("social_work", "Social Work Department", "社会工作部"),
    ("development_reform", "Development and Reform Commission", "发展和改革委员会"),
]
ZONE_KINDS = {"urban_management", "housing", "environment", "market_supervision", "emergency", "human_resources"}

# Called to a case by templates.csv; each township and zone has one of each.
PARTIES = [
    ("owners_committee", "Owners' Committee (example)", "业主委员会（示例）"),
    ("property_committee", "Property Management Committee (example)", "物业管理委员会（示例）"),
    ("justice_office", "Justice Office", "司法所"),
    ("police_station", "Police Station (liaison)", "派出所（联络）"),
    ("law_firm", "Law Firm (example)", "律师事务所（示例）"),
]
POLICE = {"public_security", "police_station"}  # on duty every day: calendar `police`
ROTA_YEAR = CALENDAR_YEARS[-1]  # the year for which the rota says who works on public holidays

# How many of 100 reports come through a channel, and its hours of the day (first, last).
CHANNELS = {"minqing": (35, 7, 22), "sheqing": (25, 8, 18), "jingqing": (11, 0, 23),
            "fangqing": (8, 8, 17), "yuqing": (9, 6, 23), "xianqing": (12, 0, 23)}
LANDMARKS = ["文化广场", "卫生室", "小学", "幼儿园", "党员活动室", "主干道", "桥头", "集贸市场", "党群服务中心",
             "北大街", "东头路口", "西头路口", "健身广场", "便民超市", "养老服务站", "河堤", "公交站", "老槐树"]
ENDINGS = [  # Chinese ending of a name, English word; the first that fits
    ("居委会", "Community"), ("村委会", "Village"), ("街道办事处", "Subdistrict"), ("办事处", "Subdistrict"),
    ("街道", "Subdistrict"), ("镇", "Town"), ("乡", "Township"), ("区", "District"), ("县", "County"), ("市", "")]


class Dice:
    """Numbers that look random and are the same with every Python: Knuth's MMIX generator."""

    def __init__(self, seed):
        self.state = seed

    def below(self, limit):
        self.state = (self.state * 6364136223846793005 + 1442695040888963407) % 2**64
        return (self.state >> 33) * limit >> 31

    def one_of(self, things):
        return things[self.below(len(things))]

    def between(self, first, last):
        return first + self.below(last - first + 1)


def read(*path):
    with open(os.path.join(*path), encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


# --- areas --------------------------------------------------------------------------------------------------

def shift(lat, long):
    """How far GCJ-02, the datum of Chinese map services, lies from WGS-84 here, in degrees (the public formula)."""
    axis, flat = 6378245.0, 0.00669342162296594323
    x, y, pi = long - 105.0, lat - 35.0, math.pi
    waves = (20 * math.sin(6 * x * pi) + 20 * math.sin(2 * x * pi)) * 2 / 3
    north = (-100 + 2 * x + 3 * y + 0.2 * y * y + 0.1 * x * y + 0.2 * math.sqrt(abs(x)) + waves
             + (20 * math.sin(y * pi) + 40 * math.sin(y / 3 * pi)) * 2 / 3
             + (160 * math.sin(y / 12 * pi) + 320 * math.sin(y * pi / 30)) * 2 / 3)
    east = (300 + x + 2 * y + 0.1 * x * x + 0.1 * x * y + 0.1 * math.sqrt(abs(x)) + waves
            + (20 * math.sin(x * pi) + 40 * math.sin(x / 3 * pi)) * 2 / 3
            + (150 * math.sin(x / 12 * pi) + 300 * math.sin(x / 30 * pi)) * 2 / 3)
    phi = lat / 180 * pi
    magic = 1 - flat * math.sin(phi) ** 2
    return (north * 180 / (axis * (1 - flat) / (magic * math.sqrt(magic)) * pi),
            east * 180 / (axis / math.sqrt(magic) * math.cos(phi) * pi))


def wgs84(lat, long):
    """The WGS-84 place of a GCJ-02 place, as text; blank when there is none."""
    if not lat or not long:
        return "", ""
    wanted_lat, wanted_long = guess_lat, guess_long = float(lat), float(long)
    for _ in range(5):
        north, east = shift(guess_lat, guess_long)
        guess_lat, guess_long = wanted_lat - north, wanted_long - east
    return f"{guess_lat:.5f}", f"{guess_long:.5f}"


def also(name):
    """How people call it beside its full name: 泰山庙村委会 → 泰山庙村; 滨西居委会 → 滨西社区; 马路街街道 → 马路街街道办."""
    for ending, others in (("村委会", ("村",)), ("居委会", ("社区",)), ("街道办事处", ("街道",)), ("街道", ("街道办",))):
        if name.endswith(ending) and len(name) > len(ending):
            return "|".join(name[:-len(ending)] + other for other in others)
    return ""


def in_latin(name, pinyin):
    """漯河市 → Luohe, 滨西居委会 → Binxi Community."""
    for ending, english in ENDINGS:
        if name.endswith(ending) and len(name) > len(ending):
            stem = "".join(pinyin[character] for character in name[:-len(ending)])
            return f"{stem.capitalize()} {english}".rstrip()
    return "".join(pinyin[character] for character in name).capitalize()


def make_areas(data):
    pinyin = {row["character"]: row["pinyin"] for row in read(HERE, "pinyin.csv")}
    areas = []
    for row in read(data, "cn-divisions", "luohe_2016_villages.csv"):
        if row["code"] == PLACEHOLDER:
            continue
        tier = TIERS[row["level"]]
        areas.append({"code": row["code"], "name_en": in_latin(row["name"], pinyin), "name_zh": row["name"],
                      "parent": row["parent"] if tier < 4 else "", "tier": tier, "stat_code": row["code"],
                      "code_year": CODE_YEAR})
        areas[-1]["lat"], areas[-1]["long"] = wgs84(row["latitude"], row["longitude"])
        areas[-1]["also"] = also(row["name"])
    city = next(area["code"] for area in areas if area["tier"] == 4)
    for code, english, chinese, short in ZONES:
        areas.append({"code": code, "name_en": english, "name_zh": chinese, "parent": city, "tier": 3,
                      "stat_code": "", "code_year": "", "lat": "", "long": "", "also": short})
    return areas


def make_fences(data):
    """The counties' borders, turned to WGS-84, by the areas' own codes. One line a county."""
    with open(os.path.join(data, "cn-divisions", "luohe_fences_vonng.geojson"), encoding="utf-8") as file:
        given = json.load(file)
    turn = lambda ring: [[float(text) for text in reversed(wgs84(lat, long))] for long, lat in ring]
    lines = []
    for feature in given["features"]:
        shape = feature["geometry"]
        parts = shape["coordinates"] if shape["type"] == "MultiPolygon" else [shape["coordinates"]]
        geometry = {"type": "MultiPolygon", "coordinates": [[turn(ring) for ring in part] for part in parts]}
        properties = {"code": f"{feature['properties']['adcode']}000000", "name": feature["properties"]["name"]}
        lines.append(json.dumps({"type": "Feature", "properties": properties, "geometry": geometry},
                                ensure_ascii=False, separators=(",", ":")))
    return '{"type":"FeatureCollection","features":[\n' + ",\n".join(lines) + "\n]}\n"


# --- units --------------------------------------------------------------------------------------------------

def make_units(areas):
    """A governance centre for each area; departments for the city, its counties and its zones; for townships and zones who is
    called to joint handling. `above` stays empty: the centre one tier up answers next."""
    units, zones = [], {zone[0] for zone in ZONES}
    for area in areas:
        english, chinese = "Governance Centre", "社会治理中心"
        if area["tier"] == 1:
            english, chinese = "Governance Desk", "治理服务站"
        units.append([area["code"] + ".centre", f"{area['name_en']} {english}", area["name_zh"] + chinese, "centre",
                      area["tier"], area["code"], "", ""])
        if area["tier"] == 2 or area["code"] in zones:
            for kind, english, chinese in PARTIES:
                units.append([f"{area['code']}.{kind}", f"{area['name_en']} {english}", area["name_zh"] + chinese, kind,
                              area["tier"], area["code"], "", "police" if kind in POLICE else ""])
        if area["tier"] < 3:
            continue
        for kind, english, chinese in DEPARTMENTS:
            if area["code"] not in zones or kind in ZONE_KINDS:
                units.append([f"{area['code']}.{kind}", f"{area['name_en']} {english}", area["name_zh"] + chinese,
                              kind, area["tier"], area["code"], "", "police" if kind in POLICE else ""])
    return units


# --- calendar -----------------------------------------------------------------------------------------------

def make_calendar(data):
    days = {}
    for path in sorted(glob.glob(os.path.join(data, "cn-holidays", "[0-9]*.json"))):
        with open(path, encoding="utf-8") as file:
            for day in json.load(file)["days"]:
                if int(day["date"][:4]) in CALENDAR_YEARS:
                    days[day["date"]] = ("off" if day["isOffDay"] else "work", day["name"])
    rota = [[date, "work", "值班", "police"] for date in sorted(days)
            if days[date][0] == "off" and int(date[:4]) == ROTA_YEAR]
    return [[date, *days[date], ""] for date in sorted(days)] + rota


# --- records: invented examples -----------------------------------------------------------------------------

def pick_channel(dice):
    roll = dice.below(100)
    for channel, (share, first, last) in CHANNELS.items():
        if roll < share:
            return channel, first, last
        roll -= share
    raise AssertionError("the shares of the channels must add up to 100")


def pick_area(dice, areas):
    """A village, so that one county has as many reports as it has villages; sometimes a zone or a township."""
    roll = dice.below(100)
    tier = 3 if roll < 5 else 2 if roll < 10 else 1
    return dice.one_of([a for a in areas if a["tier"] == tier and (tier != 3 or not a["stat_code"])])


def pick_example(dice, examples, channel, items):
    """Small matters are the most: one that starts in the village is three times as likely as one of the county."""
    fitting = [e for e in examples if channel in e["channels"].split()]
    return dice.one_of([e for e in fitting for _ in range(max(4 - int(items[e["item"]]["tier"]), 1))])


def pick_point(dice, area, areas):
    """The area's middle; a village without one gets a point within a kilometre or so of its township's."""
    if area["lat"] or area["tier"] > 1:
        return area["lat"], area["long"]
    town = next(a for a in areas if a["code"] == area["parent"])
    if not town["lat"]:
        return "", ""
    return tuple(f"{float(town[side]) + dice.between(-1000, 1000) / 100000:.5f}" for side in ("lat", "long"))


def short_name(area):
    zones = {code: short for code, _, _, short in ZONES}
    name = zones.get(area["code"], area["name_zh"])
    if name.endswith("居委会"):
        return name.removesuffix("居委会").removesuffix("社区") + "社区"
    return name.removesuffix("委会").replace("村村", "村")


def pick_closing(dice, at, severity):
    """Of ten reports three stay open, four are done soon and three late, by up to 40 days: some pass every tier."""
    roll = dice.below(10)
    if roll < 3:
        return ""
    quick = severity in ("orange", "red")
    if roll < 7:
        return at + datetime.timedelta(minutes=dice.between(20, 115 if severity == "red" else 360))
    if quick and roll < 9:
        return at + datetime.timedelta(hours=dice.between(3, 60))
    return (at + datetime.timedelta(days=dice.between(2, 12 if roll < 9 else 40))).replace(hour=dice.between(8, 17))


def make_records(areas):
    examples, dice = read(HERE, "examples.csv"), Dice(20260901)
    items = {item["code"]: item for item in read(HERE, "items.csv")}
    drafts = []
    for _ in range(RECORDS):
        channel, first, last = pick_channel(dice)
        at = datetime.datetime(2026, 9, dice.between(1, 30), dice.between(first, last), dice.below(60),
                               dice.below(60), tzinfo=ZONE)
        example = pick_example(dice, examples, channel, items)
        area, place = pick_area(dice, areas), dice.one_of(LANDMARKS)
        words = {"village": short_name(area), "place": place, "n": dice.between(2, 6)}
        severity = "orange" if channel == "xianqing" else items[example["item"]]["severity"]
        closed = pick_closing(dice, at, severity)
        drafts.append([at.isoformat(), channel, example["item"], area["code"], words["village"] + place,
                       *pick_point(dice, area, areas), example["title"].format(**words),
                       example["description"].format(**words), closed and closed.isoformat()])
    drafts.sort()
    return [row[:9] + [f"example-{number:04}", row[9]] for number, row in enumerate(drafts, 1)]


def write(out, name, header, rows):
    with open(os.path.join(out, name), "w", encoding="utf-8", newline="") as file:
        lines = csv.writer(file, lineterminator="\n")
        lines.writerow(header.split(","))
        lines.writerows(rows)


def main():
    if len(sys.argv) not in (2, 3):
        sys.exit(__doc__)
    data, out = sys.argv[1], sys.argv[2] if len(sys.argv) == 3 else HERE
    areas = make_areas(data)
    write(out, "areas.csv", "code,name_en,name_zh,parent,tier,stat_code,code_year,lat,long,also",
          [area.values() for area in areas])
    with open(os.path.join(out, "fences.geojson"), "w", encoding="utf-8") as file:
        file.write(make_fences(data))
    write(out, "units.csv", "code,name_en,name_zh,kind,tier,area,above,calendar", make_units(areas))
    write(out, "calendar.csv", "date,kind,name,calendar", make_calendar(data))
    write(out, "records.csv", "at,channel,item,area,address,lat,long,title,description,source_id,closed_at",
          make_records(areas))


if __name__ == "__main__":
    main()
