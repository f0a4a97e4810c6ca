"""Reporters at intake's HTTP API, and the staff who handle their cases; a small city with reasons and periods of keeping."""
import shutil
import time

from checks import wait_until
from open311 import give_key
from staff import PASSWORD, Staff, add, ask
from system import SERVICES, SMALL_CITY

NAME, PHONE, EMAIL, ACCOUNT = "Zhao Markerperson", "+86 139-1234-5678", "Marker.Person@Example.org", "marker-account-77"
PERSON = {"reporter_name": NAME, "reporter_phone": PHONE, "reporter_email": EMAIL, "reporter_account": ACCOUNT, "language": "zh"}
PEOPLE = [("mill", "village_desk", "mill_1", "public"), ("hall", "dispatcher", "town_hall", "public,internal,restricted"),
          ("caller", "caller", "town_hall", "public"), ("check", "verifier", "north_office", "public,internal"),
          ("eye", "inspector", "town_hall", "public,internal,restricted"), ("hill", "village_desk", "hill_1", "public")]


class Receipt:
    """The reporter of one case: at any replica of intake."""
    keys = 0

    def __init__(self, replicas, case, code):
        self.replicas, self.case, self.code = replicas, case, code

    def ask(self, method, path="", body=None, key=None, which=0, code=None, **headers):
        Receipt.keys += 1
        headers = {"Authorization": f"Receipt {code or self.code}", **headers}
        if method == "POST":
            headers["Idempotency-Key"] = key or f"r-{Receipt.keys}-{time.monotonic_ns()}"
        return ask(self.replicas[which], method, f"/receipts/{self.case}{path}", body, headers)

    def see(self, which=0):
        answer = self.ask("GET", which=which)
        assert answer.status == 200, answer
        return answer.json

    def state(self, state):
        wait_until(lambda: self.see()["state"] == state, 30, lambda: f"{state}: {self.see()}")
        return self.see()


def submit(system, which=0, **fields):
    answer = ask(system.of("intake")[which], "POST", "/reports",
                 {"channel": "app", "item": "litter", "area": "n_mill_1", "title": "bags in the yard", **fields},
                 {"X-API-Key": "key-of-post"} if fields.get("channel") == "desk" else {})
    assert answer.status == 201, answer
    return answer


def receipt(system, **fields):
    answer = submit(system, **fields).json
    own = Receipt(system.of("intake"), answer["case"], answer["receipt"])
    wait_until(lambda: own.see()["state"] != "received", 30, "with routing")
    return own


def start(system, shared, more=None):
    """more: other files of the city's folder, as texts."""
    folder = shared["city"] = system.folder / "city"
    shutil.copytree(SMALL_CITY, folder)
    (folder / "reasons.csv").write_text("move,code,name_en,name_zh\ndecline,elsewhere,Another body's matter,非本级事项\n")
    channels = (folder / "channels.csv").read_text().splitlines()
    (folder / "channels.csv").write_text("\n".join(
        [channels[0] + ",keep_days"] + [line + (",30" if line.startswith("hotline") else ",") for line in channels[1:]]) + "\n")
    (folder / "sources.csv").write_text("code,channel,name_en,adapter\nlamps,sensor,Lamps,http\npost,desk,Post,http\n")
    for name, text in (more or {}).items():
        (folder / name).write_text(text)
    shared["source"] = "lamps"
    system.load_city(folder)
    give_key(system, "post")
    for person in PEOPLE:
        add(system, *person)
    system.settings["intake"] = {"ZHITONG_ERASE_SECONDS": "1", "ZHITONG_FILES_FOLDER": str(system.folder / "files")}
    system.settings["desk"] = {"ZHITONG_FILES_FOLDER": str(system.folder / "files")}
    system.start_all(replicas=2, services=SERVICES + ("desk",))
    shared["staff"] = {person[0]: Staff(system.of("desk"), person[0], PASSWORD) for person in PEOPLE}


QUESTIONS = {"questions.csv": "item,code,datatype,needed,text_en,text_zh\nlitter,yard,string,no,Which yard,哪个院子\n"
                              "litter,colour,multivaluelist,no,Colour,颜色\n",
             "choices.csv": "item,question,code,name_en,name_zh\nlitter,colour,blue,Blue,蓝\nlitter,colour,green,Green,绿\n"}


def everything_starts(system, shared):
    start(system, shared, QUESTIONS)
