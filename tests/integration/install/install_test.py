#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Installs into a folder and has each file read by those whom it is for. Prints TAP.

usage: install_test.py SCRIPT BUILD-FOLDER   SCRIPT is tools/install
"""

import os
import pathlib
import shutil
import subprocess
import sys

import tap
from tap import expect

PIN = "user-pin-1"
TESTS = []


def test(function):
    TESTS.append(function)
    return function


def output(*words, **how):
    done = subprocess.run(words, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                          text=True, timeout=120, check=False, **how)
    expect(done.returncode == 0, f"{words}: {done.returncode}: {done.stdout}{done.stderr}")
    return done.stdout


class Installed:
    """All that was installed: `top` stands for /, `prefix` lies in it."""

    def __init__(self, script, build, top):
        said = output(script, build, env={**os.environ, "DESTDIR": top})
        expect(f"install: {top}/" in said, said)
        self.top = pathlib.Path(top)
        self.pc = self.find("ashlar.pc")
        self.module = self.find("libashlar-pkcs11.so", "pkcs11")

    def find(self, name, folder=""):
        found = [path for path in self.top.rglob(name) if path.parent.name == folder or not folder]
        expect(len(found) == 1, f"{name}: {found}")
        return found[0]

    def run(self, *words, **how):
        return output(self.find("ashlar", "bin"), *words, **how)

    def variable(self, name):
        """A variable of ashlar.pc: a path as programs will see it."""
        environ = {**os.environ, "PKG_CONFIG_PATH": str(self.pc.parent)}
        return output("pkg-config", f"--variable={name}", "ashlar", env=environ).strip()


@test
def each_file_is_where_its_reader_looks(_, installed):
    prefix = installed.top / installed.variable("prefix").lstrip("/")
    libdir = installed.top / installed.variable("libdir").lstrip("/")
    for path, mode in (
        (prefix / "bin/ashlar", 0o755),
        (prefix / "include/ashlar/pkcs11.h", 0o644),
        (libdir / "pkcs11/libashlar-pkcs11.so", 0o755),
        (libdir / "pkgconfig/ashlar.pc", 0o644),
        (installed.find("ashlar.module"), 0o644),
    ):
        expect(path.is_file() and path.stat().st_mode & 0o777 == mode, path)
    link = libdir / "libashlar-pkcs11.so"
    expect(link.is_symlink() and link.resolve() == installed.module.resolve(), link)
    expect(installed.top / installed.variable("module").lstrip("/") == installed.module, installed.module)


@test
def the_program_runs_and_says_its_version(_, installed):
    expect("Ashlar HSM" in installed.run("--version"))


@test
def the_module_is_found_by_its_name_alone(_, installed):
    found = ("import ctypes; print(ctypes.CDLL('libashlar-pkcs11.so').C_GetFunctionList(0))")
    folder = str((installed.module.parent.parent))
    expect(output(sys.executable, "-c", found, env={**os.environ, "LD_LIBRARY_PATH": folder}).strip() == "7")


@test
def a_program_is_compiled_against_what_was_installed(folder, installed):
    source = pathlib.Path(folder) / "program.c"
    source.write_text(
        "#include <ashlar/pkcs11.h>\n"
        "#include <dlfcn.h>\n"
        "#include <stdio.h>\n"
        "int main(void)\n"
        "{\n"
        "\tvoid *module = dlopen(MODULE, RTLD_NOW);\n"
        "\tCK_C_GetFunctionList get;\n"
        "\tCK_FUNCTION_LIST_PTR list;\n"
        "\tif (module == NULL)\n"
        "\t\treturn 1;\n"
        "\tget = (CK_C_GetFunctionList)dlsym(module, \"C_GetFunctionList\");\n"
        "\treturn get == NULL || get(&list) != CKR_OK;\n"
        "}\n"
    )
    environ = {**os.environ, "PKG_CONFIG_PATH": str(installed.pc.parent),
               "PKG_CONFIG_SYSROOT_DIR": str(installed.top)}
    flags = output("pkg-config", "--cflags", "ashlar", env=environ).split()
    program = source.with_suffix("")
    output("cc", *flags, f'-DMODULE="{installed.module}"', "-o", program, source)
    output(program)


def user():
    """p11-kit reads no user's configuration for root: then somebody else is used."""
    return {"user": 65534, "group": 65534, "extra_groups": []} if os.getuid() == 0 else {}


def p11_kit_reads(folder, installed):
    """An environment in which p11-kit reads the installed ashlar.module, which lies in `top`, and no other."""
    config = pathlib.Path(folder) / "pkcs11"
    (config / "modules").mkdir(parents=True)
    (config / "pkcs11.conf").write_text("user-config: only\n")
    text = installed.find("ashlar.module").read_text()
    expect(f"module: {installed.variable('module')}\n" in text, text)
    (config / "modules" / "ashlar.module").write_text(
        text.replace(installed.variable("module"), str(installed.module)))
    return {**os.environ, "XDG_CONFIG_HOME": folder, "ASHLAR_HOME": str(pathlib.Path(folder) / "store")}


def needs(*programs):
    for program in programs:
        if shutil.which(program) is None:
            raise tap.Skip(f"no {program} here")


@test
def p11_kit_lists_the_token_with_no_path_given(folder, installed):
    needs("p11-kit", "p11tool", "pkcs11-tool")
    environ = p11_kit_reads(folder, installed)
    pin = pathlib.Path(folder) / "pin"
    pin.write_text(PIN + "\n")
    pin.chmod(0o600)
    if user():
        for path in (folder, pin):
            os.chown(path, user()["user"], user()["group"])
    how = {"env": environ, "cwd": folder, **user()}
    installed.run("init", "--label", "installed", "--so-pin-file", pin, "--pin-file", pin, **how)
    expect("token: installed" in output("p11-kit", "list-modules", **how))
    expect("token=installed" in output("p11tool", "--list-tokens", **how))
    proxy = next(iter(pathlib.Path("/usr/lib").glob("*/p11-kit-proxy.so")), None)
    if proxy is None:
        raise tap.Skip("p11-kit's proxy is not installed")
    listed = output("pkcs11-tool", "--module", str(proxy), "--list-slots", **how)
    expect("installed" in listed, listed)


@test
def every_manual_page_is_read_without_a_warning(_, installed):
    pages = sorted((installed.top / installed.variable("prefix").lstrip("/")).glob("share/man/man*/*"))
    names = {page.stem for page in pages}
    expect({"ashlar", "ashlar-init", "ashlar-key-generate", "ashlar.conf"} <= names, names)
    needs("man")
    for page in pages:
        shown = subprocess.run(["man", "--warnings", "-l", page], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                               stderr=subprocess.PIPE, text=True, timeout=60, check=False,
                               env={**os.environ, "MANWIDTH": "80", "LC_ALL": "C.UTF-8"})
        expect(shown.returncode == 0 and not shown.stderr, f"{page}: {shown.stderr}")
        expect(page.stem in shown.stdout, page)


@test
def no_manual_page_has_faults_that_mandoc_knows(_, installed):
    needs("mandoc")
    for page in installed.top.rglob("man/man*/*"):
        said = subprocess.run(["mandoc", "-Tlint", "-Wwarning", page], stdout=subprocess.PIPE, text=True, timeout=60,
                              check=False).stdout.splitlines()
        said = [line for line in said if "missing date" not in line]  # a build says the same on every day
        expect(not said, said)


COMPLETE = """
source "$1"
shift
COMP_WORDS=("$@") COMP_CWORD=$(($# - 1)) COMP_LINE="$*" COMP_POINT=${#COMP_LINE}
_ashlar
printf '%s\\n' "${COMPREPLY[@]}"
"""


def bash_completes(installed, *words, environ=None):
    """What bash would put in the place of the last word, with words as readline splits them."""
    script = installed.find("ashlar", "completions")
    return output("bash", "--norc", "-c", COMPLETE, "bash", script, installed.find("ashlar", "bin"), *words,
                  env=environ).splitlines()


@test
def bash_completes_what_the_program_knows(folder, installed):
    expect(bash_completes(installed, "ke") == ["key"])
    expect({"generate", "list"} <= set(bash_completes(installed, "key", "")))
    expect("--label" in bash_completes(installed, "key", "generate", "--"))
    expect("aes:256" in bash_completes(installed, "key", "generate", "--type", ""))
    expect(bash_completes(installed, "key", "generate", "--type", "rsa", ":", "3") == ["3072"])
    expect("3072" in bash_completes(installed, "key", "generate", "--type", "rsa", ":"))
    expect(bash_completes(installed, "key", "generate", "--type", "=", "ml-dsa-6") == ["ml-dsa-65"])
    expect("ml-dsa-65" in bash_completes(installed, "key", "generate", "--type", "="))
    expect(bash_completes(installed, "key", "generate", "--type", "=", "aes", ":", "25") == ["256"])
    expect("sign,verify" in bash_completes(installed, "key", "generate", "--usage", "sign,"))
    expect("ASHLAR_HOME" in bash_completes(installed, "key", "list", "--pin-env", "ASHLAR_",
                                           environ={**os.environ, "ASHLAR_HOME": folder}))
    (pathlib.Path(folder) / "keys.pem").touch()
    expect(bash_completes(installed, "key", "import", f"{folder}/ke") == [f"{folder}/keys.pem"])


@test
def bash_completes_labels_of_tokens(folder, installed):
    environ = {**os.environ, "ASHLAR_HOME": f"{folder}/store"}
    pin = pathlib.Path(folder) / "pin"
    pin.write_text(PIN + "\n")
    pin.chmod(0o600)
    for label in ("web", "my ca; rm -r"):
        installed.run("init", "--label", label, "--so-pin-file", pin, "--no-user-pin",
               env=environ)
    got = bash_completes(installed, "key", "list", "--token", "", environ=environ)
    expect(got == ["web", "my\\ ca\\;\\ rm\\ -r"], got)
    expect(bash_completes(installed, "key", "list", "--token", "", environ={**environ, "ASHLAR_CONF": "/none"}) in
           ([], [""]))


@test
def bash_and_zsh_and_fish_can_read_their_scripts(_, installed):
    output("bash", "-n", installed.find("ashlar", "completions"))
    needs("zsh", "fish")
    output("zsh", "-n", installed.find("_ashlar"))
    output("fish", "--no-execute", installed.find("ashlar.fish"))


@test
def fish_completes_what_the_program_knows(folder, installed):
    needs("fish")
    environ = {**os.environ, "HOME": folder, "XDG_CONFIG_HOME": folder, "XDG_DATA_HOME": folder,
               "PATH": f"{installed.find('ashlar', 'bin').parent}:{os.environ['PATH']}"}

    def completes(line):
        got = output("fish", "--no-config", "-c", f"source {installed.find('ashlar.fish')}; complete -C '{line}'",
                     env=environ)
        return [text.split("\t")[0] for text in got.splitlines()]

    expect(completes("ashlar ke") == ["key"], completes("ashlar ke"))
    expect("generate" in completes("ashlar key "))
    expect(completes("ashlar key generate --type ec:p3") == ["ec:p384"], completes("ashlar key generate --type ec:p3"))
    expect(completes("ashlar key generate --type=ec:p3") == ["--type=ec:p384"])
    (pathlib.Path(folder) / "keys.pem").touch()
    expect(completes(f"ashlar key import {folder}/ke") == [f"{folder}/keys.pem"])


# zsh completes only at a terminal: a second one, which it makes itself, is asked with TAB; ^X shows the line then.
ZSH = r"""
zmodload zsh/zpty
zpty shell zsh -f -i
zpty -w shell "PS1=; fpath=($1 \$fpath); path=($2 \$path); autoload -Uz compinit; compinit -u -d $3/dump"
zpty -w shell 'show() { print -r -- "<$BUFFER>" }; zle -N show; bindkey "^X" show; bindkey "^I" complete-word'
zpty -w shell 'print re""ady'
zpty -r shell answer '*ready*'
zpty -w -n shell "$4"$'\t\x18'
zpty -r shell answer '*<*>*'
print -r -- "$answer"
"""


def zsh_completes(folder, installed, line):
    return output("zsh", "-f", "-c", ZSH, "zsh", installed.find("_ashlar").parent,
                  installed.find("ashlar", "bin").parent, folder, line,
                  env={**os.environ, "HOME": folder, "TERM": "dumb"})


@test
def zsh_completes_what_the_program_knows(folder, installed):
    needs("zsh")
    for line, wanted in (
        ("ashlar key gen", "<ashlar key generate"),
        ("ashlar key generate --type ec:p3", "--type ec:p384"),
        ("ashlar key generate --type=ml-dsa-6", "--type=ml-dsa-65"),
        ("ashlar key generate --usage sign,ver", "--usage sign,verify"),
    ):
        shown = zsh_completes(folder, installed, line)
        expect(wanted in shown, shown)


def main():
    if len(sys.argv) != 3:
        sys.exit(__doc__)
    with tap.tempfile.TemporaryDirectory(prefix="ashlar-install-") as top:
        os.chmod(top, 0o755)  # another user loads the module from it
        sys.exit(1 if tap.run(TESTS, Installed(sys.argv[1], sys.argv[2], top)) else 0)


if __name__ == "__main__":
    main()
