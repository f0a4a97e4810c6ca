"""The small city with a source of every adapter, and what sources send: signed webhooks and CAP alerts."""
import base64
import hashlib
import hmac
import json
import shutil
import tempfile
import time
import urllib.error
import urllib.request
from pathlib import Path

from system import SMALL_CITY

SOURCES = """code,channel,name_en,name_zh,adapter,item,area,datum,per_minute
page,app,Citizen page,,http,,town,,
police,hotline,Police,公安,webhook,,town,gcj02,
monitor,sensor,Monitor,监测,webhook,litter,town,,
weather,sensor,Weather,气象,cap,,town,,
calls,hotline,Calls,热线,file,,town,,
meter,sensor,Meter,,submit,lamp,north,,
seats,desk,Seats,窗口,staff,litter,town,,
"""
FIELDS = """source,field,at,needed,fallback,format
police,source_id,/id,yes,,
police,item,/type,yes,,
police,area,/place/code,,,
police,title,/head,yes,,
police,description,/text,,,
police,lat,/place/pos/0,,,
police,long,/place/pos/1,,,
police,occurred_at,/at,,,unix
police,attribute.a~b,/odd~1name,,,
monitor,reports,/alarms,,,
monitor,title,/message,yes,,
monitor,occurred_at,/when,,,
weather,item,event,,,
weather,area,geocode,,,
weather,language,,,zh-CN,
calls,source_id,工单编号,yes,,
calls,item,类别,yes,,
calls,area,区域,,,
calls,title,标题,,,
calls,description,内容,,,
calls,occurred_at,受理时间,,,
""".replace("attribute.a~b", "attribute.odd")
VALUES = """source,field,theirs,ours
police,item,LIGHT,lamp
police,item,HOLE,pothole
police,area,P1,n_mill_1
weather,item,暴雨,bridge
weather,item,*,litter
weather,area,411102,north
weather,area,411103,south
calls,item,路灯,lamp
calls,item,坑洼,pothole
"""


def small_city_with(sources):
    """The small city with these rows of sources.csv and no maps."""
    folder = Path(tempfile.mkdtemp(prefix="zhitong-sources.", dir="/tmp"))
    shutil.copytree(SMALL_CITY, folder, dirs_exist_ok=True)
    (folder / "sources.csv").write_text(SOURCES.splitlines(keepends=True)[0] + sources)
    return folder


def small_city_with_sources():
    folder = Path(tempfile.mkdtemp(prefix="zhitong-sources.", dir="/tmp"))
    shutil.copytree(SMALL_CITY, folder, dirs_exist_ok=True)
    (folder / "sources.csv").write_text(SOURCES)
    (folder / "source_fields.csv").write_text(FIELDS)
    (folder / "source_values.csv").write_text(VALUES)
    return folder


def post(url, body, headers=None):
    """Status and JSON of the answer."""
    data = body if isinstance(body, bytes) else body.encode() if isinstance(body, str) else json.dumps(body).encode()
    request = urllib.request.Request(url, data=data, method="POST",
                                     headers={"Content-Type": "application/json", **(headers or {})})
    try:
        with urllib.request.urlopen(request, timeout=10) as answer:
            return answer.status, json.loads(answer.read())
    except urllib.error.HTTPError as error:
        text = error.read()
        return error.code, json.loads(text) if text.startswith(b"{") else text


def bytes_of(body):
    return body if isinstance(body, bytes) else body.encode() if isinstance(body, str) else json.dumps(body).encode()


def signed(secret, body, message="msg_1", at=None):
    """Headers of Standard Webhooks, from the secret as `zhitong keys source` writes it."""
    at = int(time.time()) if at is None else at
    key = base64.b64decode(secret.removeprefix("whsec_"))
    text = f"{message}.{at}.".encode() + bytes_of(body)
    signature = base64.b64encode(hmac.new(key, text, hashlib.sha256).digest()).decode()
    return {"webhook-id": message, "webhook-timestamp": str(at), "webhook-signature": f"v1,{signature}"}


def body_signed(secret, body):
    return {"X-Signature": "sha256=" + hmac.new(secret.encode(), bytes_of(body), hashlib.sha256).hexdigest()}


def area(geocode="411102", place="<polygon>33.6,114.0 33.7,114.0 33.7,114.1 33.6,114.1 33.6,114.0</polygon>"):
    code = f"<geocode><valueName>CN</valueName><value>{geocode}</value></geocode>" if geocode else ""
    return f"<area><areaDesc>北县</areaDesc>{place}{code}</area>"


def info(event="暴雨", language="zh-CN", headline="暴雨橙色预警", areas=None):
    return (f"<info><language>{language}</language><category>Met</category><event>{event}</event>"
            f"<urgency>Immediate</urgency><severity>Severe</severity><certainty>Likely</certainty>"
            f"<headline>{headline}</headline><description>三小时内 50 毫米 &lt;b&gt;以上&lt;/b&gt;</description>"
            f"{area() if areas is None else areas}</info>")


def alert(identifier="A1", kind="Alert", status="Actual", references="", infos=None, sent="2026-11-20T08:00:00+08:00"):
    refers = f"<references>{references}</references>" if references else ""
    return (f'<?xml version="1.0" encoding="UTF-8"?><alert xmlns="urn:oasis:names:tc:emergency:cap:1.2">'
            f"<identifier>{identifier}</identifier><sender>w@x</sender><sent>{sent}</sent><status>{status}</status>"
            f"<msgType>{kind}</msgType><scope>Public</scope>{refers}{info() if infos is None else infos}</alert>").encode()
