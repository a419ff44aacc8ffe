#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""`ashlar store check`, `compact` and `backup` on real stores, in use and damaged. Prints TAP.

usage: store_test.py PATH-OF-ASHLAR [WORD...]   only the tests whose names have all words
"""

import json
import os
import pathlib
import shutil
import signal
import sqlite3
import struct
import subprocess
import sys
import threading

from home import DONE, FAILED, NOT_FOUND, PIN, STORAGE, USAGE, expect, expect_code
from suite import main, test


def check(home, *words, code=DONE, env=None):
    """The findings that are not sound, and all rows."""
    result = home.run("store", "check", "--json", *words, env=env)
    expect(result.returncode == code, f"exit {result.returncode}: {result.stdout}{result.stderr}")
    rows = json.loads(result.stdout)["findings"]
    return [row for row in rows if row["state"] == "damaged"], rows


def key(home, label, **how):
    expect_code(home.user("key", "generate", "--type", "ec:p256", "--label", label, **how), DONE)


def size(home):
    return (home.folder / "store/store.db").stat().st_size


@test
def a_store_in_use_is_sound(ca):
    key(ca, "a")
    damaged, rows = check(ca)
    expect(not damaged, damaged)
    expect({"structure", "pages", "counters", "terms", "token", "PINs"} <= {row["part"] for row in rows}, rows)
    expect([row["finding"] for row in rows if row["part"] == "private objects" and row["finding"]], "no word of the PIN")
    _, rows = check(ca, "--pin-file", ca.pin)
    expect([row["checked"] for row in rows if row["part"] == "private objects"] == [1], rows)
    expect(all(row["state"] == "sound" for row in rows), rows)
    expect_code(ca.run("store", "check", "--pin-file", ca.wrong), PIN)
    expect(not (ca.folder / "store/store.db-wal").exists(), "it left its log behind")


@test
def without_a_store_there_is_nothing(ca):
    shutil.rmtree(ca.folder / "store")
    for words in (("check",), ("compact",), ("backup", str(ca.folder / "copy"))):
        expect_code(ca.run("store", *words), NOT_FOUND)
    expect(not (ca.folder / "store").exists() and not (ca.folder / "copy").exists())


@test
def every_hurt_page_is_found_or_refused(ca):
    for label in "abcd":
        key(ca, label)
    path = ca.folder / "store/store.db"
    whole = path.read_bytes()
    found = 0
    for page in range(len(whole) // 4096):
        hurt = bytearray(whole)
        hurt[page * 4096 + 3000] ^= 0x10
        path.write_bytes(hurt)
        result = ca.run("store", "check", "--json")
        expect(result.returncode in (FAILED, STORAGE), f"page {page + 1}: exit {result.returncode}: {result.stdout}")
        expect(result.stderr.startswith("ashlar: "), result.stderr)
        found += result.returncode == FAILED
    expect(found > 2, found)
    path.write_bytes(whole)
    expect(not check(ca)[0])


def page_sum(page, number):
    """docs/protocol/store.md"""
    a, b = number, 0
    for x, y in struct.iter_unpack("<II", page[:-8]):
        a = (a + x + b) & 0xFFFFFFFF
        b = (b + y + a) & 0xFFFFFFFF
    return struct.pack("<II", a, b)


def run_sql(path, statements, with_sums):
    """What a stranger does; one who knows our format leaves the sums right."""
    database = sqlite3.connect(path)
    with database:
        database.executescript(statements)
    database.close()
    if with_sums:
        pages = path.read_bytes()
        pages = [pages[at : at + 4096] for at in range(0, len(pages), 4096)]
        path.write_bytes(b"".join(page[:-8] + page_sum(page, number) for number, page in enumerate(pages, 1)))


NEWEST = "id = (SELECT max(id) FROM record WHERE space = 4)"


@test
def missing_and_older_records_are_found(ca):
    path = ca.folder / "store/store.db"
    key(ca, "a")
    sqlite = sqlite3.connect(path)
    (older,) = sqlite.execute("SELECT quote(value) || ', version = ' || version FROM record WHERE space = 3 AND id = 2")
    sqlite.close()
    expect_code(ca.run("key", "list", "--pin-file", ca.wrong), PIN)  # a try is spent
    forget = "DELETE FROM term WHERE space = {0} AND {1}; DELETE FROM record WHERE space = {0} AND {1};"
    for sql, part in (
        (forget.format(5, "true"), "private objects"),
        (forget.format(4, NEWEST), "public objects"),
        (f"UPDATE record SET value = {older[0]} WHERE space = 3 AND id = 2", "PINs"),
    ):
        whole = path.read_bytes()
        run_sql(path, sql, with_sums=True)
        damaged, _ = check(ca, "--pin-file", ca.pin, code=FAILED) if part != "PINs" else check(ca, code=FAILED)
        expect({row["part"] for row in damaged} == {part}, damaged)
        expect(any("ledger says otherwise" in (row["finding"] or "") for row in damaged), damaged)
        path.write_bytes(whole)
        (ca.folder / "store/store.gen").unlink()
    expect(not check(ca, "--pin-file", ca.pin)[0])


@test
def what_a_stranger_wrote_is_found_by_its_sums(ca):
    key(ca, "a")
    run_sql(ca.folder / "store/store.db", "UPDATE meta SET generation = generation + 1", with_sums=False)
    damaged, _ = check(ca, code=FAILED)
    expect({row["part"] for row in damaged} == {"pages"}, damaged)


@test
def damaged_indexes_are_told_and_made_anew(ca):
    key(ca, "a")
    run_sql(ca.folder / "store/store.db", "REINDEX", with_sums=False)
    damaged, _ = check(ca, "--pin-file", ca.pin, code=FAILED)
    expect({"structure", "pages"} <= {row["part"] for row in damaged}, damaged)
    expect_code(ca.run("store", "compact"), DONE)
    expect(not check(ca, "--pin-file", ca.pin)[0])
    expect(labels(ca) == {"a"}, labels(ca))


class Writers:
    """Processes that make keys one after another, and remember which they were told of."""

    def __init__(self, home, count):
        self.home, self.stop, self.made, self.failed = home, threading.Event(), [], []
        self.threads = [threading.Thread(target=self.work, args=(number,)) for number in range(count)]

    def work(self, number):
        count = 0
        while not self.stop.is_set():
            label = f"w{number}-{count}"
            made = self.home.user("key", "generate", "--type", "ec:p256", "--label", label)
            if made.returncode != DONE:
                self.failed.append(made.stderr)
                return
            self.made.append(label)
            count += 1

    def __enter__(self):
        for thread in self.threads:
            thread.start()
        return self

    def __exit__(self, *_):
        self.stop.set()
        for thread in self.threads:
            thread.join()


def labels(home, env=None):
    return {row["label"] for row in home.json("key", "list", env=env)["keys"]}


def restore(home, backup, name):
    """The backup with the root key, as another home."""
    folder = home.folder / name
    folder.mkdir(0o700)
    shutil.copy(backup, folder / "store.db")
    shutil.copy(home.folder / "store/root.key", folder / "root.key")
    return home.env(ASHLAR_HOME=str(folder))


@test
def a_backup_under_load_is_one_state_and_opens_elsewhere(ca):
    key(ca, "before")
    promised = []
    with Writers(ca, 3) as writers:
        for number in range(4):
            had = set(writers.made)
            backup = ca.folder / f"copy{number}"
            expect_code(ca.run("store", "backup", str(backup)), DONE)
            promised.append((backup, had))
            threading.Event().wait(0.2)
    expect(not writers.failed, writers.failed)
    expect(writers.made, "nobody wrote meanwhile")
    for backup, had in promised:
        expect(backup.stat().st_mode & 0o777 == 0o600, oct(backup.stat().st_mode))
        env = restore(ca, backup, backup.name + "-home")
        found = labels(ca, env)
        expect(had | {"before"} <= found, f"{backup}: {had - found} are missing")
        expect(not check(ca, "--pin-file", ca.pin, env=env)[0])
        expect_code(ca.user("key", "generate", "--type", "aes:256", "--label", "after", env=env), DONE)
    expect(not check(ca, "--pin-file", ca.pin)[0])


@test
def a_backup_overwrites_nothing(ca):
    path = ca.folder / "copy"
    path.write_text("precious")
    expect_code(ca.run("store", "backup", str(path)), FAILED, "is there already")
    expect(path.read_text() == "precious")
    expect_code(ca.run("store", "backup", "copy2", cwd=ca.folder), DONE)
    expect((ca.folder / "copy2").exists())
    expect_code(ca.run("store", "backup"), USAGE, "needs FILE")
    expect_code(ca.run("store", "backup", str(path), "--jason"), USAGE, "no option --jason")
    expect(sorted(name for name in os.listdir(ca.folder) if name.startswith("copy")) == ["copy", "copy2"])


@test
def a_killed_backup_leaves_no_file_of_that_name(ca):
    for number in range(30):
        key(ca, f"k{number}") if number < 5 else None
        path = ca.folder / f"killed{number}"
        started = subprocess.Popen([ca.ashlar, "store", "backup", str(path)], env=ca.env(), stdout=subprocess.DEVNULL,
                                   stderr=subprocess.DEVNULL)
        threading.Event().wait(0.001 * number)
        started.send_signal(signal.SIGKILL)
        started.wait()
        if path.exists():
            expect(not check(ca, env=restore(ca, path, f"home{number}"))[0])
    expect(not check(ca)[0])


@test
def compacting_gives_room_back_while_others_write(ca):
    for number in range(12):
        expect_code(ca.user("key", "generate", "--type", "ml-dsa-65", "--label", f"gone{number}"), DONE)
    for number in range(12):
        expect_code(ca.user("key", "delete", "--label", f"gone{number}", "--yes"), DONE)
    key(ca, "kept")
    before = size(ca)
    (row,) = json.loads(ca.run("store", "compact", "--json").stdout)["stores"]
    expect(row["before"] == before and row["after"] == size(ca) and size(ca) < before / 2, row)
    with Writers(ca, 2) as writers:
        for _ in range(4):
            expect_code(ca.run("store", "compact"), DONE)
    expect(not writers.failed, writers.failed)
    expect(labels(ca) == {"kept", *writers.made}, labels(ca))
    expect(not check(ca, "--pin-file", ca.pin)[0])


if __name__ == "__main__":
    main(__doc__)
