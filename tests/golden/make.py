#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Makes a golden store with the module as it is today, once for each format.

usage: make.py MODULE FOLDER [--log]

FOLDER gets store.tar.xz (store.db and root.key) and facts.json. With --log the process that
made the store is killed, so that store.db-wal is there too and has all of it.
"""

import json
import os
import pathlib
import signal
import sys
import tarfile
import tempfile

import golden
from cryptoki import CKU_SO, Module


def fill(module, label, with_log):
    token = golden.Token(module, label, True)
    assert token.login() == "OK"
    golden.make_few(token)
    if not with_log:
        golden.make_rest(token)
    objects = sorted((token.facts(handle) for handle in token.all()), key=lambda facts: (facts["0x3"], facts["0x0"]))
    labels = {bytes.fromhex(facts["0x3"]).decode() for facts in objects}
    found = {"objects": objects, "uses": golden.uses(token, sorted(labels))}
    module.must("C_Logout", token.session)
    module.must("C_CloseSession", token.session)
    return found


def make(path, with_log, facts_path):
    """In a child, as it may end by a signal."""
    module = Module(path)
    module.must("C_Initialize", None)
    golden.make_token(module, golden.FULL, golden.USER_PIN)
    facts = {"tokens": [golden.FULL], **fill(module, golden.FULL, with_log)}
    if not with_log:
        golden.make_token(module, golden.BARE, None)
        bare = golden.Token(module, golden.BARE, True)
        assert bare.login(b"not-the-so-pin", CKU_SO) == "PIN_INCORRECT"
        facts["tokens"].append(golden.BARE)
    facts["flags"] = {label: golden.Token(module, label).info().flags for label in facts["tokens"]}
    facts["serials"] = {label: golden.Token(module, label).info().serialNumber.decode() for label in facts["tokens"]}
    facts_path.write_text(json.dumps(facts, indent=1, sort_keys=True) + "\n")
    if with_log:
        os.kill(os.getpid(), signal.SIGKILL)
    module.must("C_Finalize", None)


def anonymous(info):
    info.uid = info.gid = info.mtime = 0
    info.uname = info.gname = ""
    info.mode = 0o600
    return info


def main(module, folder, *options):
    folder = pathlib.Path(folder)
    folder.mkdir(parents=True)
    with tempfile.TemporaryDirectory() as home:
        os.environ.update(ASHLAR_HOME=home)
        child = os.fork()
        if child == 0:
            make(module, "--log" in options, folder / "facts.json")
            os._exit(0)
        _, status = os.waitpid(child, 0)
        if status != (signal.SIGKILL if "--log" in options else 0):
            sys.exit(f"the store was not made ({status})")
        with tarfile.open(folder / "store.tar.xz", "w:xz", preset=9) as archive:
            for name in ("root.key", "store.db", "store.db-wal"):
                if (pathlib.Path(home) / name).exists():
                    archive.add(pathlib.Path(home) / name, name, filter=anonymous)


main(*sys.argv[1:])
