#!/usr/bin/python3
"""Stands between programs and what they connect to, and breaks connections as it is told: a process of its own, so that it does not
wait for Python's lock. Reads one JSON list a line, answers each with a line `ok`.

    ["listen", NAME, FROM, TO]              FROM and TO: [host, port] or a socket's path
    ["rule", NAME, "cut" | "hold" | "slow", SECONDS, DELAY SECONDS, [process ids that opened the connection] or null for all]
    ["mend"]                                no rules any more
"""
import asyncio
import json
import os
import sys
import time
from pathlib import Path

import asked  # noqa: F401 pylint: disable=unused-import

CHUNK_BYTES = 1 << 16
LOOK_SECONDS = 0.02


def opener_of(port, pids):
    """Which of these processes has a TCP socket with this local port; 0: none."""
    inodes = {fields[9] for fields in map(str.split, Path("/proc/net/tcp").read_text().splitlines()[1:])
              if int(fields[1].split(":")[1], 16) == port}
    for pid in pids:
        try:
            for entry in os.scandir(f"/proc/{pid}/fd"):
                if os.readlink(entry.path).removeprefix("socket:[").rstrip("]") in inodes:
                    return pid
        except OSError:  # it ended, or one of its files was closed
            pass
    return 0


class Connection:
    def __init__(self, writers):
        self.writers = writers
        peer = writers[0].get_extra_info("peername")
        self.port = peer[1] if isinstance(peer, tuple) else 0
        self.opened_by = {}  # rule's process ids → is it one of them

    def is_of(self, pids):
        if pids is None:
            return True
        if pids not in self.opened_by:
            self.opened_by[pids] = opener_of(self.port, pids) != 0
        return self.opened_by[pids]

    def end(self):
        for writer in self.writers:
            writer.transport.abort()


class Link:
    def __init__(self, to):
        self.to, self.rules, self.connections = to, [], set()

    def rule(self, connection):
        """(action, delay) that holds for it now."""
        now = time.monotonic()
        self.rules = [rule for rule in self.rules if rule[1] > now]
        for action, _, delay, pids in self.rules:
            if connection.is_of(pids):
                return action, delay
        return "pass", 0

    def add(self, action, seconds, delay, pids):
        pids = None if pids is None else tuple(pids)
        self.rules.append((action, time.monotonic() + seconds, delay, pids))
        if action == "cut":
            for connection in [one for one in self.connections if one.is_of(pids)]:
                connection.end()

    async def pump(self, connection, reader, writer):
        while data := await reader.read(CHUNK_BYTES):
            while (rule := self.rule(connection))[0] == "hold":
                await asyncio.sleep(LOOK_SECONDS)
            if rule[0] == "slow":
                await asyncio.sleep(rule[1])
            writer.write(data)
            await writer.drain()

    async def serve(self, reader, writer):
        connection = Connection([writer])
        try:
            if self.rule(connection)[0] == "cut":
                return
            opened = asyncio.open_unix_connection(self.to) if isinstance(self.to, str) else asyncio.open_connection(*self.to)
            other_reader, other_writer = await opened
            connection.writers.append(other_writer)
            self.connections.add(connection)
            pumps = [asyncio.ensure_future(self.pump(connection, reader, other_writer)),
                     asyncio.ensure_future(self.pump(connection, other_reader, writer))]
            await asyncio.wait(pumps, return_when=asyncio.FIRST_COMPLETED)
            for pump in pumps:
                pump.cancel()
            await asyncio.gather(*pumps, return_exceptions=True)
        except OSError:
            pass
        finally:
            self.connections.discard(connection)
            connection.end()


async def main():
    links = {}
    stdin = asyncio.StreamReader()
    await asyncio.get_running_loop().connect_read_pipe(lambda: asyncio.StreamReaderProtocol(stdin), sys.stdin)
    while line := await stdin.readline():
        word, *rest = json.loads(line)
        if word == "listen":
            name, where, to = rest
            link = links[name] = Link(to)
            if isinstance(where, str):
                await asyncio.start_unix_server(link.serve, where)
            else:
                await asyncio.start_server(link.serve, *where)
        elif word == "rule":
            links[rest[0]].add(*rest[1:])
        else:
            for link in links.values():
                link.rules = []
        print("ok", flush=True)


if __name__ == "__main__":
    asyncio.run(main())
