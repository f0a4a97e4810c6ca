#!/usr/bin/python3
"""Hostile bytes at every socket: raw TCP, half a handshake, nonsense from peers whose key is known, and an upstream that
lies about its entries. They are refused and counted, and the services go on."""
import os
import random
import socket
import struct
import sys
import threading
import time
from pathlib import Path

sys.dont_write_bytecode = True
sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "lib"))

import zmq
from checks import assert_sound, main, report, wait_until
from clients import Client, dealer, encode
from sql import Sql
from system import SERVICES, free_port
from zmq.utils.monitor import recv_monitor_message

SEED = 23124
GREETING = b"\xff" + b"\0" * 8 + b"\x7f" + b"\x03\0CURVE".ljust(22, b"\0")
BOMBS = [b"\xdd" * 5 + b"\x7a", b"\xdf\xff\xff\xff\xff\xa1t", b"\xc6\xff\xff\xff\xff", b"\xdb\xff\xff\xff\xffabc",
         b"\x81\xa1t\xdb\xff\xff\xff\xff", b"\x91" * 60000, b"\x81\xa1t" * 10000, b"", b"\xc1", b"\xc0", b"\x80",
         b"\x81\xa1t\xa6submit", b"\x82\xa1t\xa6submit\xa1t\xa6submit", b"\x81\xa1t\xa7entries", b"\x81\xa1t\xa4head",
         b"\xc7\x05\x01hello"]

# Sound messages about cases that there cannot be.
COMMANDS = [encode("command", key=f"odd-{case}", case=case, move="merge", actor="y", role="dispatcher", actor_unit="works",
                   parent=parent, until_at=-2**63, days=2**64 - 1, rating=2**64 - 1, version=2**64 - 1)
            for case in (0, 1, 2**63, 2**64 - 1) for parent in (0, 1, 2**64 - 1)]


def frames(dice):
    """Fifty of them: bombs, odd commands, noise, and sound messages with one byte changed."""
    sound = [encode("submit", key="k", **report(0)), encode("hello", service="routing", member=3, protocol=1),
             encode("follow", stream="1", credit=10, **{"from": 1}), encode("credit", stream="1", applied=2**63, more=2**63),
             encode("lag", behind_ms=2**64 - 1), encode("command", key="k", case=1, move="x", actor="y")]
    yield from BOMBS
    yield from COMMANDS
    for _ in range(20):
        yield dice.randbytes(dice.choice((1, 7, 100, 60000)))
        damaged = bytearray(dice.choice(sound))
        damaged[dice.randrange(len(damaged))] = dice.randrange(256)
        yield bytes(damaged)


def services_run(system, shared):
    system.start_all(replicas=1)
    shared["pids"] = {replica.name: replica.pid for replica in system.replicas.values()}
    shared["client"] = Client(system.endpoints("intake"), system.server_key(), system.key("client", "good"))
    shared["bad_keys"] = {"intake": system.key("client", "bad"),
                          "notification": system.key("department", "works", "works")}
    assert isinstance(shared["client"].ask("first", report(0)), int)


def all_live(system, shared):
    for replica in system.replicas.values():
        assert replica.alive() and replica.pid == shared["pids"][replica.name], (replica.name, replica.journal()[-4:])
        assert replica.get("/healthz")[0] == 200, replica.name
    shared["asked"] = shared.get("asked", 0) + 1
    assert isinstance(shared["client"].ask(f"after-{shared['asked']}", report(shared["asked"])), int)


def port_of(endpoint):
    return int(endpoint.rsplit(":", 1)[1])


def ports(system, replica):
    """Every TCP port of a service."""
    mesh = system.sql.one(f"SELECT endpoint FROM mesh.member WHERE member = {replica.member()}")
    return [port_of(mesh), port_of(replica.operations_url()), *replica.ports.values()]


def raw_bytes_at_every_port(system, shared):
    dice = random.Random(SEED)
    for replica in system.replicas.values():
        for port in ports(system, replica):
            for data in (dice.randbytes(5000), GREETING[:5], GREETING, GREETING + dice.randbytes(200), b"GET / HTTP/1.1\r\n",
                         b"\0" * 70000, b"POST /reports HTTP/1.1\r\nContent-Length: 99999999999999999999\r\n\r\n"):
                with socket.create_connection(("127.0.0.1", port), timeout=5) as connection:
                    try:
                        connection.sendall(data)
                    except OSError:
                        pass  # it hung up on us, as it should
    all_live(system, shared)


def half_open_handshakes_do_not_stop_others(system, shared):
    stuck = []
    for replica in system.replicas.values():
        for port in ports(system, replica):
            for data in (b"", GREETING[:10], GREETING):
                connection = socket.create_connection(("127.0.0.1", port), timeout=5)
                connection.sendall(data)
                stuck.append(connection)
    all_live(system, shared)
    for connection in stuck:
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))  # ends with a reset
        connection.close()
    all_live(system, shared)


def is_let_in(endpoint, server_key, keys):
    """Whether the handshake of somebody with these keys comes to a good end: who is turned away once is not asked again by libzmq."""
    context = zmq.Context()
    try:
        peer = context.socket(zmq.DEALER)
        seen = peer.get_monitor_socket(zmq.EVENT_HANDSHAKE_SUCCEEDED | zmq.EVENT_HANDSHAKE_FAILED_AUTH)
        peer.curve_serverkey, (peer.curve_publickey, peer.curve_secretkey) = server_key, keys
        peer.connect(endpoint)
        return bool(seen.poll(2000)) and recv_monitor_message(seen)["event"] == zmq.EVENT_HANDSHAKE_SUCCEEDED
    finally:
        context.destroy(linger=0)


def bombard(endpoint, server_key, keys):
    context = zmq.Context()
    bad = dealer(context, endpoint, server_key, keys)
    bad.linger = 2000
    for frame in frames(random.Random(SEED)):
        bad.send(frame)
        bad.send_multipart([frame, os.urandom(20)])
        bad.send_multipart([b"", frame, frame])
    bad.send(encode("hello", service="x" * 25, protocol=1))
    while bad.poll(500):  # its refusals
        bad.recv_multipart()
    bad.close()
    context.term()


def nonsense_from_a_known_key_is_refused_and_counted(system, shared):
    for service, keys in shared["bad_keys"].items():
        replica = system.replica(service, 1)
        wait_until(lambda: is_let_in(replica.public_endpoint, system.server_key(), keys), 15, f"{replica.name} knows the key")
        before = replica.metric("refused_total")
        bombard(replica.public_endpoint, system.server_key(), keys)
        all_live(system, shared)
        assert replica.metric("refused_total") >= before + 50, (service, replica.metric("refused_total"))
        big = dealer(zmq.Context.instance(), replica.public_endpoint, system.server_key(), keys)
        big.send(b"\xc4" * 200000)  # over the public limit: the connection ends
        time.sleep(0.2)
        big.close()
        all_live(system, shared)


class FakeMember:
    """A row in mesh.member whose key we hold, kept alive by its lock. What a compromised host could be."""

    def __init__(self, system, service, endpoint, keys):
        self.system = system
        self.lock = Sql(system.url())
        self.member = self.lock.number(f"INSERT INTO mesh.member (service, endpoint, curve_key) VALUES ('{service}',"
                                       f" '{endpoint}', $key${keys[0].decode()}$key$) RETURNING member")
        self.lock.rows(f"SELECT pg_advisory_lock(mesh.lock_class(), {self.member})")
        self.lock.rows("SELECT pg_notify('mesh', '')")

    def close(self):
        self.lock.rows(f"DELETE FROM mesh.member WHERE member = {self.member}")
        for service in SERVICES:  # placement is a hint; the owners stand in the shard tables
            self.lock.rows(f"UPDATE mesh.placement p SET member = s.owner FROM {service}.shard s"
                           f" WHERE p.service = '{service}' AND p.shard = s.shard AND p.member = {self.member}")
        self.lock.rows("SELECT pg_notify('mesh', '')")
        self.lock.close()


def nonsense_from_a_member_is_refused_and_counted(system, shared):
    keys = zmq.curve_keypair()
    fake = FakeMember(system, "desk", "tcp://127.0.0.1:1", keys)
    try:
        for replica in list(system.replicas.values()):
            endpoint, key = system.sql.rows(f"SELECT endpoint, curve_key FROM mesh.member WHERE member = {replica.member()}")[0]
            wait_until(lambda: is_let_in(endpoint, key.encode(), keys), 15, f"{replica.name} knows the member")
            before = replica.metric("refused_total")
            bombard(endpoint, key.encode(), keys)
            all_live(system, shared)
            assert replica.metric("refused_total") >= before + 50, (replica.name, before, replica.metric("refused_total"))
    finally:
        fake.close()


def lies(stream, first):
    """Answers to a follow: frames of an upstream that lies."""
    entry = encode("case_moved", case=1)
    yield [encode("entries", stream=stream, first=first, count=500), b"\x91" + entry]
    yield [encode("entries", stream=stream, first=first, count=2), b"\xdd\xff\xff\xff\xff" + entry]
    yield [encode("entries", stream=stream, first=first, count=2**63), b"\xdc\xff\xff" + entry]
    yield [encode("entries", stream=stream, first=first, count=0), b"\x90"]
    yield [encode("entries", stream=stream, first=first, count=1), b""]
    yield [encode("entries", stream=stream, first=first, count=1), b"\x91\x81\xa1t\xdb\xff\xff\xff\xff"]
    yield [encode("entries", stream=stream, first=first + 1000, count=1), b"\x91" + entry]
    yield [encode("entries", stream=stream, first=2**64 - 1, count=1), b"\x91" + entry]
    yield [encode("entries", stream="999", first=first, count=1), b"\x91" + entry]
    yield [encode("entries", stream="x" * 48, first=first, count=1), b"\x91" + entry]
    yield [encode("entries", stream=stream, first=first, count=1)]
    yield [encode("head", stream=stream, seq=2**64 - 1)]
    yield [encode("moved", stream=stream, endpoint="tcp://nowhere:1", curve_key="x" * 40)]
    yield [encode("refused", key="k", field="f", reason="go away")]
    yield [encode("accepted", key="k", case=1)]
    for bomb in BOMBS:
        yield [bomb]
        yield [encode("entries", stream=stream, first=first, count=3), bomb]


class LyingUpstream(threading.Thread):
    def __init__(self, port, keys):
        super().__init__(daemon=True)
        self.context, self.stopping, self.told, self.follows = zmq.Context(), threading.Event(), 0, 0
        self.router = self.context.socket(zmq.ROUTER)
        self.router.linger = 0
        self.router.curve_server = True
        self.router.curve_publickey, self.router.curve_secretkey = keys
        self.router.bind(f"tcp://127.0.0.1:{port}")

    def run(self):
        import msgpack
        while not self.stopping.is_set():
            if not self.router.poll(100):
                continue
            peer, body = self.router.recv_multipart()[:2]
            message = msgpack.unpackb(body)
            if message["t"] != "follow":
                continue
            self.follows += 1
            all_lies = list(lies(message["stream"], message["from"]))
            self.router.send_multipart([peer] + all_lies[self.told % len(all_lies)])
            self.told += 1
        self.context.destroy(linger=0)


def an_upstream_that_lies_is_refused_and_counted(system, shared):
    keys, port = zmq.curve_keypair(), free_port()
    upstream = LyingUpstream(port, keys)
    upstream.start()
    fake = FakeMember(system, "routing", f"tcp://127.0.0.1:{port}", keys)
    followers = [system.replica("escalation"), system.replica("notification")]
    before = [replica.metric("refused_total") for replica in followers]
    try:
        system.sql.rows(f"UPDATE mesh.placement SET member = {fake.member} WHERE service = 'routing' AND shard < 40;"
                        " SELECT pg_notify('mesh', '')")
        wait_until(lambda: upstream.told > 200, 30, lambda: f"200 lies told: {upstream.told}")
        for replica, count in zip(followers, before):
            wait_until(lambda: replica.metric("refused_total") > count, 20, f"{replica.name} counted one")
    finally:
        fake.close()
        upstream.stopping.set()
        upstream.join()
    print(f"# {upstream.told} lies told by an upstream")
    all_live(system, shared)


def nothing_came_of_it(system, shared):
    system.wait_shared()
    shared["client"].submit_all({f"last-{nth}": report(nth) for nth in range(300)})
    shared["client"].close()
    assert_sound(system)


main("hostile", [services_run, raw_bytes_at_every_port, half_open_handshakes_do_not_stop_others,
                 nonsense_from_a_known_key_is_refused_and_counted, nonsense_from_a_member_is_refused_and_counted,
                 an_upstream_that_lies_is_refused_and_counted, nothing_came_of_it])
