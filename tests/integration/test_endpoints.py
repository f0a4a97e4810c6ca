#!/usr/bin/python3
"""Endpoints as an operator handles them: what is refused, and what a new key of the keyring means for them."""
import shutil
import sys
import time
from pathlib import Path

sys.dont_write_bytecode = True
sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "lib"))

from checks import main
from clients import Client
from endpoints import add, remove, secret_of, send
from system import wait_until
from webhook_sink import Sink, is_signed


def everything_starts(system, shared):
    system.start_all(replicas=1)
    shared["sink"] = Sink()
    shared["client"] = Client(system.endpoints("intake"), system.server_key(), system.key("client", "hotline"))


def a_new_key_seals_endpoints_anew_and_the_old_one_may_go(system, shared):
    sink, ring = shared["sink"], system.folder / "secret.keys"
    add(system, "rekeyed", "hill_1", sink.url("ok/rekeyed"))
    send(shared, "hill_1")
    wait_until(lambda: len(sink.of("ok/rekeyed")) == 1, 20, "delivered")
    system.zhitong("keys", "secret", ring, "--add", database=False)
    endpoints = system.sql.number("SELECT count(*) FROM notification.endpoint WHERE sealed IS NOT NULL")
    said = system.zhitong("people", "rekey", "--secret-keys", ring).stdout
    assert f"{endpoints} endpoints sealed anew" in said and "key 1: no reporter, no source, no endpoint and no block needs it" in said, said
    assert system.sql.rows("SELECT DISTINCT key, encode(substr(sealed, 1, 4), 'hex') FROM notification.endpoint WHERE sealed IS NOT NULL") == \
        [("2", "00000002")]
    without = ring.with_suffix(".new")  # nobody may find the file half
    without.write_text("".join(line for line in ring.read_text().splitlines(True) if not line.startswith("1 ")))
    shutil.copymode(ring, without)
    without.rename(ring)
    time.sleep(1.5)  # the services look at the file once a second
    send(shared, "hill_1")
    wait_until(lambda: len(sink.of("ok/rekeyed")) == 2, 20, "delivered with the new key only")
    assert is_signed(secret_of(system, "rekeyed"), sink.of("ok/rekeyed")[1])
    assert "0 endpoints sealed anew" in system.zhitong("people", "rekey", "--secret-keys", ring).stdout
    remove(system, "rekeyed")


def wrong_words_are_refused_by_name(system, _):
    for options, said in ((["--unit", "nowhere"], "--unit"), (["--carrier", "pigeon"], "--carrier"),
                          (["--address", "ftp://x/"], "address"), (["--address", "http://u:p@x/"], "address"),
                          (["--address", "no url"], "address"), (["--filter", "colour=red"], "filter"),
                          (["--from", "yesterday"], "--from"), (["--secret-keys", "/nowhere"], "/nowhere")):
        done = add(system, "wrong", "mill_1", "https://x.example/", *options, check=False)
        assert done.returncode == 1 and said in done.stderr, (options, done)
        assert not (system.folder / "wrong.secret").exists(), options
    add(system, "plain", "mill_1", "https://x.example/")
    done = add(system, "plain", "mill_1", "https://x.example/", "--force", check=False)
    assert done.returncode == 1 and "already" in done.stderr, done
    for words in (["show", "none"], ["enable", "none"], ["test", "none"], ["remove", "none"]):
        done = system.zhitong("endpoints", *words, check=False)
        assert done.returncode == 1 and "no endpoint none" in done.stderr, (words, done)


def who_reported_cannot_be_removed_only_silenced(system, _):
    done = system.zhitong("endpoints", "remove", "reporters", check=False)
    assert done.returncode == 1 and "address of its own" in done.stderr, done
    assert system.sql.number("SELECT count(*) FROM notification.endpoint WHERE name = 'reporters'") == 1


main("endpoints", (everything_starts, a_new_key_seals_endpoints_anew_and_the_old_one_may_go, wrong_words_are_refused_by_name,
                   who_reported_cannot_be_removed_only_silenced),
     settings={"notification": {"ZHITONG_PRIVATE_HOSTS": "127.0.0.1"}})
