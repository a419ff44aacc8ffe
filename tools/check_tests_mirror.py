#!/usr/bin/env python3
"""Checks that each module of src/ has its unit test, tests/unit/<room>/<module>_test.c,
and that each unit test is built."""

import re
import sys
from pathlib import Path

# Modules without a unit test of their own, and why. A folder stands for all in it.
ALLOWED = {
    "app/cli/main": "main() alone; tests/integration/cli drives the program",
    "app/module": "wiring alone; tests/integration/guest drives the module",
    **{
        f"crypto/openssl/{module}": "seen through its table alone: tests/unit/crypto/openssl/openssl_test.c"
        for module in (
            "agree", "ccm", "cipher", "ctr", "digest", "ec", "ecdsa", "edwards", "fetch", "gcm", "kdf", "key",
            "lattice", "mac", "message", "okp", "op", "params", "rsa", "rsacrypt", "rsasign", "scratch", "sha", "sign",
            "trial", "wrap",
        )
    },
    **{
        f"crypto/awslc/{module}": "seen through its table alone: tests/unit/crypto/awslc/awslc_test.c"
        for module in ("ecdsa", "eddsa", "gcm", "key", "op")
    },
    "crypto/edwards": "alg_test.c: it was part of alg.c, and is tested through the same header",
    "crypto/key": "crypto_test.c: the half of crypto.c that is about keys",
    **{
        f"app/selftest/{module}": "run_test.c; every schema is run by tests/vectors/backends_test.c"
        for module in ("run_pair", "run_plain", "run_rsa", "run_share")
    },
    **{
        f"app/selftest/{module}": "api_target_test.c: seen through its target alone"
        for module in ("api_crypt", "api_derive")
    },
    **{
        f"app/bench/{module}": "drives real modules: tests/integration/cli/bench_test.py"
        for module in ("measure", "race")
    },
    "app/engines_no_awslc": "engines.c in a build without AWS-LC; tests/unit/app/engines_test.c is for both",
}


def allowed(module):
    return any(name in ALLOWED for name in (module, *map(str, Path(module).parents)))


def registered(meson_build):
    """The tests named in the table of tests/unit/meson.build, as "room/module"."""
    names = set()
    for room, modules in re.findall(r"^\s*\['([\w/]+)',\s*\[([^]]*)\]", meson_build, re.MULTILINE):
        names.update(f"{room}/{module}" for module in re.findall(r"'([\w/]+)'", modules))
    return names


def main():
    top = Path(sys.argv[1]) if len(sys.argv) > 1 else Path(__file__).resolve().parent.parent
    modules = {path.relative_to(top / "src").with_suffix("").as_posix() for path in (top / "src").rglob("*.c")}
    tests = {
        path.relative_to(top / "tests/unit").as_posix().removesuffix("_test.c")
        for path in (top / "tests/unit").rglob("*_test.c")
    }
    built = registered((top / "tests/unit/meson.build").read_text(encoding="utf-8"))

    errors = [f"src/{name}.c has no tests/unit/{name}_test.c" for name in modules - tests if not allowed(name)]
    errors += [f"tests/unit/{name}_test.c is not in tests/unit/meson.build" for name in tests - built]
    errors += [
        f"{name}: allowed to have no test in tools/check_tests_mirror.py, and has one or does not exist"
        for name in ALLOWED
        if name in tests or not ((top / "src" / name).is_dir() or name in modules)
    ]
    for error in sorted(errors):
        print(error, file=sys.stderr)
    return 1 if errors else 0


if __name__ == "__main__":
    sys.exit(main())
