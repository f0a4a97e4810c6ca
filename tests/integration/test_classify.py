#!/usr/bin/python3
"""POST /assist/classify: without a model it says so and the rest works; with one that the city trained from its own reports it names the
right item first, what a report would lack and what the city always answers; and it keeps nothing."""
import json
import os
import shutil
import sys
import tempfile
import time
import urllib.error
import urllib.request
from pathlib import Path

sys.dont_write_bytecode = True
sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "lib"))

from checks import AREAS, main, wait_applied, wait_until
from system import SMALL_CITY

WORDS = {"lamp": ("路灯不亮", "路灯坏了", "street lamp is out"), "litter": ("垃圾没人清运", "垃圾桶满了", "litter everywhere"),
         "pothole": ("路面有坑洼", "路面坑洼积水", "a pothole in the road"),
         "bridge": ("桥梁护栏损坏", "桥梁有裂缝", "the bridge is damaged")}
PLACES = ("长街", "河边", "学校门口", "车站北侧", "市场", "Long Street", "小区里", "公园东门")
ASKED = {"lamp": "路灯又不亮了，晚上很黑", "litter": "楼下垃圾一直没人清运", "pothole": "门口路面一个大坑洼", "bridge": "桥梁的护栏坏了"}
FILES = {"door.csv": "item,text_least,photo,place\n,,no,needed\nlamp,4,wanted,needed\n",
         "questions.csv": "item,code,datatype,needed,text_en,text_zh\nlamp,pole,string,yes,Number on the pole,灯杆编号\n",
         "item_texts.csv": "item,language,description,answer\nlamp,zh,路灯,三天内修好。\nlamp,en,Street lamps,Mended in three days.\n"}
CALL_MS_MAX = 50  # on a busy machine, over HTTP; the figure is in docs/classifier.md


def city():
    """The small city, with a door and questions."""
    folder = Path(tempfile.mkdtemp(prefix="zhitong-test.", dir="/tmp"))
    for file in SMALL_CITY.iterdir():
        shutil.copyfile(file, folder / file.name)
    for name, text in FILES.items():
        (folder / name).write_text(text)
    return folder


def http(url, body, headers=None):
    """Status and decoded JSON; of a refusal its field and reason."""
    data = body if isinstance(body, bytes) else json.dumps(body).encode()
    request = urllib.request.Request(url, data=data, headers={"Content-Type": "application/json", **(headers or {})})
    try:
        with urllib.request.urlopen(request, timeout=10) as answer:
            return answer.status, json.loads(answer.read())
    except urllib.error.HTTPError as error:
        return error.code, json.loads(error.read())["error"]


def ask(system, body, **headers):
    return http(system.replica("intake").http + "/assist/classify", body, headers)


def without_a_model_it_says_so_and_reports_go_in(system, _):
    system.start_all(replicas=1)
    status, refusal = ask(system, {"text": "路灯不亮"})
    assert status == 501 and refusal["field"] == "model", (status, refusal)
    for nth in range(24 * 4):
        item = tuple(WORDS)[nth % 4]
        report = {"channel": "app", "item": item, "area": AREAS[nth // 4 % 4], "address": PLACES[nth // 4 % 8],
                  "title": WORDS[item][nth // 4 % 3], "lat": 33.5 + nth / 1000, "long": 114.0 + nth / 1000,
                  "description": f"{PLACES[nth // 4 % 8]}{WORDS[item][nth // 4 // 8]}，{nth}天了", "attributes": '{"pole":"7"}'}
        if item != "lamp":
            report.pop("attributes")
        status, answer = http(system.replica("intake").http + "/reports", report, {"Idempotency-Key": f"k-{nth}"})
        assert status == 201, (status, answer)
    wait_applied(system)


def a_model_that_is_set_and_not_there_is_said_too(system, shared):
    shared["model"] = system.folder / "city.model"
    system.replica("intake").kill()
    system.replica("intake").start({"ZHITONG_CLASSIFIER": str(shared["model"])}).wait_ready()
    system.wait_shared(("intake",))
    status, refusal = wait_until(lambda: [answer for answer in [ask(system, {"text": "路灯"})] if "cannot be read" in
                                          answer[1]["reason"]], 15, "refused")[0]
    assert status == 503 and refusal["field"] == "model", (status, refusal)
    assert system.replica("intake").journal("classifier_refused")


def a_city_trains_from_its_own_reports(system, shared):
    done = system.zhitong("classify", "train", "--from-database", "--out", shared["model"], "--folds", 3, "--confusion", "--quiet")
    assert "4 labels" in done.stdout and "macro-F1" in done.stdout, done.stdout
    done = system.zhitong("classify", "try", shared["model"], ASKED["lamp"], database=False)
    assert done.stdout.split()[1] == "lamp", done.stdout
    nothing = system.zhitong("classify", "train", "--from-database", "--until", "2001-01-01", "--out", "/dev/null", check=False)
    assert nothing.returncode == 1 and "labels" in nothing.stderr, nothing.stderr


def the_model_is_taken_up_without_a_restart(system, _):
    wait_until(lambda: ask(system, {"text": "路灯"})[0] == 200, 30, "the model is in use")


def the_right_item_is_first(system, _):
    for item, text in ASKED.items():
        status, answer = ask(system, {"text": text})
        assert status == 200, (status, answer)
        found = answer["items"]
        assert found[0]["code"] == item and found[0]["probability"] > 0.5, (text, answer)
        assert sum(one["probability"] for one in found) <= 1.001, found
        assert [one["probability"] for one in found] == sorted((one["probability"] for one in found), reverse=True)
    for lang, name, said in (("zh", "路灯不亮", "三天内修好。"), ("en", "Street lamp out", "Mended in three days.")):
        answer = ask(system, {"text": ASKED["lamp"], "lang": lang})[1]
        assert (answer["language"], answer["items"][0]["name"], answer["answer"]) == (lang, name, said), answer
        assert ask(system, {"text": ASKED["lamp"]}, **{"Accept-Language": lang})[1] == answer


def what_a_report_would_lack_is_named(system, _):
    bare = ask(system, {"text": ASKED["lamp"], "lang": "en"})[1]["missing"]
    names = [one["field"] for one in bare]
    assert "attribute.pole" in names and len(names) == 3, bare
    assert all(one["text"] for one in bare), bare
    full = {"text": ASKED["lamp"], "lat": 33.5, "long": 114.0, "attributes": {"pole": "12"}}
    left = [one["field"] for one in ask(system, full)[1]["missing"]]
    assert left == [name for name in names if name not in ("attribute.pole", "lat", "place", "address")], (names, left)
    assert ask(system, {"text": ASKED["litter"], "lat": 33.5, "long": 114.0, "attributes": {"pole": "12"}})[1]["missing"] == []


def a_text_of_which_nothing_is_known_gets_no_item(system, _):
    status, answer = ask(system, {"text": "zzz qqq"})
    assert status == 200 and answer["items"] == [] and answer["missing"] == [] and answer["answer"] == "", answer


def a_wrong_form_is_refused_with_its_field(system, _):
    examples = [("body", b""), ("body", b"{"), ("body", b"[]"), ("body", b'{"text":"a","text":"b"}'), ("body", b'{"text":"\xff"}'),
                ("text", {}), ("text", {"text": ""}), ("text", {"text": 7}), ("text", {"text": "x" * 4001}),
                ("text", {"text": "灯" * 1334}), ("text", {"text": "bell \x07"}), ("lang", {"text": "灯", "lang": 1}),
                ("lang", {"text": "灯", "lang": "x" * 9}), ("lat", {"text": "路灯", "lat": 91, "long": 1}),
                ("lat", {"text": "路灯", "long": 1}), ("long", {"text": "路灯", "lat": 1}), ("lat", {"text": "路灯", "lat": "1", "long": 1}),
                ("attributes", {"text": "路灯", "attributes": 7}), ("attributes", {"text": "路灯", "attributes": {"a": "x" * 2001}}),
                ("item", {"text": "路灯", "item": "lamp"}), ("reporter_name", {"text": "路灯", "reporter_name": "me"})]
    for field, body in examples:
        status, refusal = ask(system, body)
        assert status == 400 and refusal["field"] == field and refusal["reason"], (field, body, status, refusal)
    assert ask(system, {"text": "灯" * 1333})[0] == 200


def nothing_is_kept_and_nothing_is_written_down(system, _):
    before = system.sql.number("SELECT count(*) FROM intake.report")
    assert ask(system, {"text": "secretword 路灯不亮"})[0] == 200
    assert system.sql.number("SELECT count(*) FROM intake.report") == before
    assert "secretword" not in system.replica("intake").journal_path.read_text()


def a_damaged_model_leaves_the_one_before_in_use(system, shared):
    good = shared["model"].read_bytes()
    bad = shared["model"].with_suffix(".bad")
    bad.write_bytes(good[:-40])
    lines = len(system.replica("intake").journal("classifier_refused"))
    os.replace(bad, shared["model"])
    wait_until(lambda: len(system.replica("intake").journal("classifier_refused")) > lines, 30, "the damage is said")
    assert ask(system, {"text": ASKED["lamp"]})[1]["items"][0]["code"] == "lamp"


def a_long_text_is_answered_quickly(system, _):
    text = "".join(chr(0x4E00 + nth * 7 % 5000) for nth in range(1333))
    ask(system, {"text": text})
    took = []
    for _ in range(50):
        began = time.monotonic()
        assert ask(system, {"text": text})[0] == 200
        took.append((time.monotonic() - began) * 1000)
    assert sorted(took)[len(took) // 2] < CALL_MS_MAX, took


folder = city()
try:
    main("classify", [without_a_model_it_says_so_and_reports_go_in, a_model_that_is_set_and_not_there_is_said_too,
                      a_city_trains_from_its_own_reports, the_model_is_taken_up_without_a_restart, the_right_item_is_first,
                      what_a_report_would_lack_is_named, a_text_of_which_nothing_is_known_gets_no_item,
                      a_wrong_form_is_refused_with_its_field, nothing_is_kept_and_nothing_is_written_down,
                      a_damaged_model_leaves_the_one_before_in_use, a_long_text_is_answered_quickly], city=folder)
finally:
    shutil.rmtree(folder)
