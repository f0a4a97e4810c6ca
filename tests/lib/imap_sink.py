"""A mailbox over IMAP4rev1 in memory, for tests: as much of RFC 3501 as a client needs that looks, fetches and moves."""
import re
import socketserver
import threading


class ImapSink(socketserver.ThreadingTCPServer):
    """with ImapSink(move=True) as sink: sink.put(b"…"); sink.folders["INBOX"] is {uid: bytes}."""
    allow_reuse_address = daemon_threads = True

    def __init__(self, user="report", password="secret", move=True):
        super().__init__(("127.0.0.1", 0), Session)
        self.user, self.password, self.move = user, password, move
        self.folders = {"INBOX": {}}
        self.flags = {}  # uid → set
        self.size_lies = {}  # uid → what RFC822.SIZE says
        self.uid = 0
        self.commands = []
        self.lock = threading.Lock()

    def __enter__(self):
        threading.Thread(target=self.serve_forever, daemon=True).start()
        return self

    def __exit__(self, *_):
        self.shutdown()
        self.server_close()

    @property
    def url(self):
        return f"imap://127.0.0.1:{self.server_address[1]}"

    def put(self, mail, folder="INBOX"):
        self.uid += 1
        self.folders[folder][self.uid] = mail
        return self.uid


class Session(socketserver.StreamRequestHandler):
    folder = None

    def say(self, line):
        self.wfile.write(line if isinstance(line, bytes) else line.encode() + b"\r\n")

    def handle(self):
        self.say("* OK IMAP4rev1 sink")
        while line := self.rfile.readline(10000).decode(errors="replace").strip():
            tag, _, rest = line.partition(" ")
            self.server.commands.append(rest)
            with self.server.lock:
                answer = self.answer(rest)
            self.say(f"{tag} {answer}")
            if rest.upper() == "LOGOUT":
                return

    def answer(self, rest):
        words = re.findall(r'"[^"]*"|\([^)]*\)|\S+', rest)
        name = " ".join(words[:2]).upper() if words[0].upper() == "UID" else words[0].upper()
        run = getattr(self, "on_" + name.lower().replace(" ", "_"), None)
        return run([word.strip('"') for word in words[2 if " " in name else 1:]]) if run else "BAD unknown"

    def on_capability(self, _):
        self.say("* CAPABILITY IMAP4rev1" + (" MOVE" if self.server.move else ""))
        return "OK"

    def on_login(self, words):
        return "OK" if words == [self.server.user, self.server.password] else "NO wrong"

    def on_select(self, words):
        self.folder = self.server.folders.get(words[0])
        if self.folder is None:
            return "NO no such folder"
        self.say(f"* {len(self.folder)} EXISTS")
        self.say("* OK [UIDVALIDITY 7] valid")
        return "OK [READ-WRITE]"

    def on_create(self, words):
        self.server.folders.setdefault(words[0], {})
        return "OK"

    def on_uid_search(self, _):
        uids = [uid for uid in self.folder if "\\Deleted" not in self.server.flags.get(uid, ())]
        self.say("* SEARCH" + "".join(f" {uid}" for uid in uids))
        return "OK"

    def on_uid_fetch(self, words):
        uid = int(words[0])
        if uid not in self.folder:
            return "OK nothing"
        mail, number = self.folder[uid], list(self.folder).index(uid) + 1
        if "RFC822.SIZE" in words[1]:
            self.say(f"* {number} FETCH (UID {uid} RFC822.SIZE {self.server.size_lies.get(uid, len(mail))})")
        else:
            self.say(f"* {number} FETCH (UID {uid} BODY[] {{{len(mail)}}}".encode() + b"\r\n" + mail + b")\r\n")
        return "OK"

    def transfer(self, words, keep):
        to, uid = self.server.folders.get(words[1]), int(words[0])
        if to is None:
            return "NO [TRYCREATE] no such folder"
        to[uid] = self.folder[uid] if keep else self.folder.pop(uid)
        return "OK"

    def on_uid_move(self, words):
        return self.transfer(words, keep=False) if self.server.move else "BAD unknown"

    def on_uid_copy(self, words):
        return self.transfer(words, keep=True)

    def on_uid_store(self, words):
        self.server.flags.setdefault(int(words[0]), set()).update(re.findall(r"\\\w+", words[2]))
        return "OK"

    def on_expunge(self, _):
        for uid in [uid for uid in self.folder if "\\Deleted" in self.server.flags.get(uid, ())]:
            del self.folder[uid]
        return "OK"

    def on_noop(self, _):
        return "OK"

    def on_logout(self, _):
        self.say("* BYE")
        return "OK"
