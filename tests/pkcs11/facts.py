# SPDX-License-Identifier: Apache-2.0
"""The facts of PKCS#11 3.2 in this folder's tables, and what follows from them."""

import collections
import pathlib
import re

HERE = pathlib.Path(__file__).resolve().parent

Field = collections.namedtuple("Field", "type count name")  # count: None, or the length of an array
Model = collections.namedtuple("Model", "name long pointer pack")

# Sizes of long and of pointers, and how closely structures are packed (None: natural alignment).
MODELS = (
    Model("LP64", 8, 8, None),
    Model("ILP32", 4, 4, None),
    Model("Windows64", 4, 8, 1),
    Model("Windows32", 4, 4, 1),
)

# The last function of each list.
LISTS = (
    ("2_40", "CK_FUNCTION_LIST", "C_WaitForSlotEvent"),
    ("3_0", "CK_FUNCTION_LIST_3_0", "C_MessageVerifyFinal"),
    ("3_2", "CK_FUNCTION_LIST_3_2", "C_UnwrapKeyAuthenticated"),
)


def rows(name):
    """The rows of a table, without its heading."""
    lines = (HERE / name).read_text(encoding="utf-8").splitlines()
    width = len(lines[0].split("\t"))
    for number, line in enumerate(lines[1:], 2):
        cells = line.split("\t")
        if len(cells) != width:
            raise SystemExit(f"{name}:{number}: {len(cells)} columns instead of {width}")
        yield cells


def _constants():
    table = {}
    for name, value in rows("constants.tsv"):
        if name in table:
            raise SystemExit(f"constants.tsv: {name} appears twice")
        table[name] = value
    return table


def _types():
    """Simple types; some stand there twice, once with CK_PTR and once with a plain star."""
    table = {}
    for file in ("types.tsv", "additions.tsv"):
        for name, meaning in rows(file):
            meaning = re.sub(r"^struct (CK_\w+)", r"\1", meaning.replace("CK_PTR", "*"))
            if table.setdefault(name, meaning) != meaning:
                raise SystemExit(f"{file}: {name} has two meanings")
    return {name: meaning for name, meaning in table.items() if name != meaning}


def _structs():
    table = {}
    for struct, type_, name in rows("structs.tsv"):
        base, count = re.fullmatch(r"(\w+)(?:\[(\d+)\])?", type_).groups()
        table.setdefault(struct, []).append(Field(base, count and int(count), name))
    return table


def _functions():
    table = {}
    for function, position, type_, _ in rows("functions.tsv"):
        types = table.setdefault(function, [])
        types.append(type_)
        if int(position) != len(types):
            raise SystemExit(f"functions.tsv: argument {position} of {function} is out of order")
    return table


CONSTANTS = _constants()
TYPES = _types()
STRUCTS = _structs()
FUNCTIONS = _functions()


def added(last_before, last):
    """The functions after last_before up to last, in order."""
    names = list(FUNCTIONS)
    first = names.index(last_before) + 1 if last_before else 0
    return names[first : names.index(last) + 1]


def value(name):
    """A constant's value in C: a number; names of other constants are followed."""
    text = CONSTANTS[name].strip("()")
    if text == "~0UL":
        return "0UL - 1"  # all bits of an unsigned long
    total = 0
    for part in text.split("|"):
        total |= int(value(part), 16) if part in CONSTANTS else int(re.sub("UL$", "", part), 0)
    return f"{total:#x}"


def spell(type_):
    """A type in C with every simple type's name replaced by what it means."""
    while True:
        plain = re.sub(r"CK_\w+", lambda m: TYPES.get(m[0], m[0]), type_)
        if plain == type_:
            return re.sub(r" +", " ", re.sub(r"\* +(?=\*)", "*", plain))
        type_ = plain


def spell_field(field):
    return spell(field.type) + (f"[{field.count}]" if field.count else "")


def spell_function(name, pointer):
    return f"{spell('CK_RV')} {'(*)' if pointer else ''}({', '.join(map(spell, FUNCTIONS[name]))})"


def size_and_alignment(type_, model):
    plain = spell(type_)
    if plain in STRUCTS:
        _, size, alignment = layout(plain, model)
        return size, alignment
    if "*" in plain:
        size = model.pointer
    else:
        size = {"unsigned char": 1, "unsigned long int": model.long, "long int": model.long}[plain]
    return size, min(size, model.pack or size)


def layout(struct, model):
    """The offset of each field of a structure, its size and its alignment."""
    offsets, end, widest = [], 0, 1
    for field in STRUCTS[struct]:
        size, alignment = size_and_alignment(field.type, model)
        end += -end % alignment
        offsets.append(end)
        end += size * (field.count or 1)
        widest = max(widest, alignment)
    return offsets, end + -end % widest, widest


def list_layout(length, model):
    """The same for a function list: CK_VERSION, then so many pointers."""
    first = model.pointer if model.pack is None else model.pack * 2
    return [first + i * model.pointer for i in range(length)], first + length * model.pointer
