#!/usr/bin/python3
"""What PostgreSQL calls of deploy/backup, with nothing going well: names, damage, a full disk, two at once. Fetching says 1 only when there
is no such file, because PostgreSQL takes that for the end of the archive; anything else must stop it (above 125)."""
import gzip
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

sys.dont_write_bytecode = True
sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "lib"))
import asked  # noqa: F401,E402 pylint: disable=unused-import,wrong-import-position

ROOT = Path(os.environ.get("ZHITONG_ROOT") or Path(__file__).resolve().parents[2])
NAME = "000000010000000000000001"
failed = 0


def backup(*words):
    return subprocess.run([ROOT / "deploy/backup", *map(str, words)], capture_output=True, text=True, check=False, timeout=60)


def test(name, good, what=""):
    global failed
    failed += not good
    print(f"{'ok' if good else 'not ok'} archive_{name}" + ("" if good else f"\n# {what}"), flush=True)


def wal(folder):
    return sorted(path.name for path in (folder / "wal").iterdir())


def names(top):
    for name in ("$(touch pwned)", "`touch pwned`", "with'quote", 'with"quote', "with%p", "with\nline"):
        done = backup("settings", top / name)
        test(f"a_folder_called_{name!r}_is_refused", done.returncode != 0 and not (top / name).exists(), done)
    folder = top / "with a blank"
    done = backup("settings", folder)
    test("a_folder_with_a_blank_is_good", done.returncode == 0, done)
    (top / "segment").write_bytes(os.urandom(200000))
    for name in ("../segment", "-rf", "", "0000000100000000 1", "x", f"{NAME}/x", f"../wal/{NAME}"):
        done = backup("archive", folder, top / "segment", name)
        test(f"a_segment_called_{name!r}_is_refused", done.returncode != 0 and wal(folder) == [], done)
    return folder


def wrong_words(top, folder):
    """Each ends at once and says why: in the middle of a disaster nobody has time to guess."""
    for words, says in (
            (("base", folder, "--database"), "--database wants a value"), (("base", folder, "--rate"), "--rate wants a value"),
            (("base", folder, "--files", ""), "--files wants a value"), (("base", folder, "--nonsense"), "does not know --nonsense"),
            (("prune", folder, "--keep"), "--keep wants a value"), (("restore", folder, "--to"), "--to wants a value"),
            (("restore", folder, "--to", top / "data", "--at"), "--at wants a value"),
            (("restore", folder, "--to", top / "data", "--base", "../wal"), "no base backup ../wal"),
            *(((word, top / "nothing"), "is no backup folder") for word in ("base", "status", "verify", "prune", "restore"))):
        done = backup(*words)
        test(f"{' '.join(str(word) for word in words if word != folder)!r}_is_refused".replace(f"{top}/", ""),
             done.returncode == 1 and says in done.stderr and done.stderr.count("\n") == 1, done)


def fetching(top, folder):
    done = backup("archive", folder, top / "segment", NAME)
    test("what_is_archived_is_there", done.returncode == 0 and wal(folder) == [f"{NAME}.gz"], done)
    done = backup("fetch", folder, NAME, top / "fetched")
    test("what_is_fetched_is_the_same", (top / "fetched").read_bytes() == (top / "segment").read_bytes(), done)
    done = backup("fetch", folder, NAME[:-1] + "2", top / "missing")
    test("one_that_is_missing_is_the_end", done.returncode == 1 and not (top / "missing").exists(), done)
    stored = folder / f"wal/{NAME}.gz"
    whole = stored.read_bytes()
    for what, data in {"cut_short": whole[:-20], "altered": whole[:5000] + b"\0\0\0\0" + whole[5004:], "empty": b"", "no_gzip": b"x" * 99}.items():
        stored.write_bytes(data)
        done = backup("fetch", folder, NAME, top / "damaged")
        test(f"one_that_is_{what}_is_not_the_end", done.returncode > 125 and not (top / "damaged").exists(), done)
    stored.write_bytes(whole)
    done = backup("fetch", folder, NAME, top / "no_such_folder/segment")
    test("no_room_for_it_is_not_the_end", done.returncode > 125, done)
    (folder / "wal").rename(folder / "away")
    done = backup("fetch", folder, NAME, top / "none")
    test("an_archive_that_is_not_mounted_is_not_the_end", done.returncode > 125, done)
    (folder / "away").rename(folder / "wal")


def archiving(top, folder):
    small = folder / "wal"
    if subprocess.run(["mount", "-t", "tmpfs", "-o", "size=64k", "none", small], capture_output=True, check=False).returncode != 0:
        print("skip archive_a_full_disk_leaves_nothing_behind no mount here")
    else:
        done = backup("archive", folder, top / "segment", NAME)
        test("a_full_disk_leaves_nothing_behind", done.returncode != 0 and wal(folder) == [], (done, wal(folder)))
        subprocess.run(["umount", small], check=True)
    other = NAME[:-1] + "3"
    running = []
    for nth in range(4):
        (top / f"from-{nth}").write_bytes(bytes([nth]) * 1000000)
        running.append(subprocess.Popen([ROOT / "deploy/backup", "archive", folder, top / f"from-{nth}", other], stderr=subprocess.DEVNULL))
    won = [nth for nth, process in enumerate(running) if process.wait(timeout=60) == 0]
    same = len(won) == 1 and gzip.decompress((folder / f"wal/{other}.gz").read_bytes()) == (top / f"from-{won[0]}").read_bytes()
    test("of_several_at_once_one_wins_whole", same and wal(folder) == [f"{NAME}.gz", f"{other}.gz"], (won, wal(folder)))


def what_was_killed(folder):
    old, new = folder / "wal/.old.1", folder / "wal/.new.2"
    (folder / "base/20260101T000000Z").mkdir()
    (folder / "base/20260101T000000Z/backup_label").write_text(f"START WAL LOCATION: 0/1000000 (file {NAME})\n")
    (folder / "base/.part.1/data").mkdir(parents=True)
    for path in (old, new):
        path.write_text("half")
    for path in (old, folder / "base/.part.1"):
        os.utime(path, (time.time() - 8 * 86400,) * 2)
    done = backup("prune", folder)
    test("prune_takes_away_what_was_killed_long_ago", done.returncode == 0 and not old.exists() and new.exists() and
         not (folder / "base/.part.1").exists() and f"{NAME}.gz" in wal(folder), (done, wal(folder)))


with tempfile.TemporaryDirectory(prefix="zhitong-archive.", dir="/tmp") as made:
    os.chmod(made, 0o755)  # PostgreSQL's user passes through
    os.chdir(made)
    folder_made = names(Path(made))
    wrong_words(Path(made), folder_made)
    fetching(Path(made), folder_made)
    archiving(Path(made), folder_made)
    what_was_killed(folder_made)
    test("nothing_was_run_by_a_name", not list(Path(made).rglob("pwned")), list(Path(made).rglob("pwned")))
sys.exit(failed > 0)
