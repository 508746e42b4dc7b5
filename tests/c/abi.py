"""The binary interface of include/pancar.h as lines of text, and the committed list of them.

    python tests/c/abi.py             prints what the header declares
    python tests/c/abi.py --update    writes ffi-c/abi.txt; refuses to drop a line of it while PANCAR_ABI_VERSION stays
"""

import re
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
HEADER = ROOT / "include" / "pancar.h"
COMMITTED = ROOT / "ffi-c" / "abi.txt"

CONSTANT = re.compile(r"#define (PANCAR_\w+) (\(*-?\d.*)")
FUNCTION = re.compile(r"(.*?)\b(pancar_\w+) ?\((.*)\)")
CALLBACK = re.compile(r"typedef (.*?)\( ?\* ?(pancar_\w+) ?\) ?\((.*)\)")
STRUCT = re.compile(r"typedef struct (pancar_\w+) ?\{(.*)\} ?(pancar_\w+)")
TYPE_WORDS = {"void", "bool", "char", "short", "int", "long", "float", "double", "signed", "unsigned"}


def preprocessed(header, *flags):
    """The lines that stand in the header itself, without comments, and `#define`s where the flags ask for them."""
    command = ["gcc", "-E", "-x", "c", "-std=c11", *flags, str(header)]
    text = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True).stdout
    here = False
    for line in text.splitlines():
        marker = re.match(r'# \d+ "(.*?)"', line)
        if marker:
            here = marker[1] == str(header)
        elif here:
            yield line


def constants(header):
    """Name and value of each constant, but for the parts of the version."""
    for line in preprocessed(header, "-dD"):
        found = CONSTANT.fullmatch(line.strip())
        if found and not re.fullmatch(r"PANCAR_VERSION(_\w+)?", found[1]):
            yield found[1], tidy(found[2])


def declarations(header):
    """Every declaration as one line without its semicolon."""
    text = " ".join(line for line in preprocessed(header) if not line.startswith("#"))
    depth, start = 0, 0
    for at, letter in enumerate(text):
        depth += {"{": 1, "}": -1}.get(letter, 0)
        if letter == ";" and depth == 0:
            yield tidy(text[start:at])
            start = at + 1


def tidy(text):
    """One space between words, none around brackets, a pointer's star at its type."""
    text = re.sub(r"__attribute__ ?\(\(.*?\)\)|\bextern\b", " ", re.sub(r"\b_Bool\b", "bool", text))
    text = re.sub(r"\s+", " ", text).strip()
    text = re.sub(r" ?([(){};,*]) ?", r"\1", text)
    return re.sub(r"(\*|;|,|\{|\})(?=\w)", r"\1 ", text)


def parameters(text):
    """Parameter types; a name may change without anybody noticing."""
    return ", ".join(type_of(one) for one in text.split(","))


def type_of(parameter):
    """A parameter or result without its name."""
    words = re.findall(r"\w+|\*", parameter)
    types = [word for word in words if word not in {"const", "struct", "enum", "*"}]
    if len(types) > 1 and words[-1] == types[-1] and words[-1] not in TYPE_WORDS:
        words.pop()
    return " ".join(words).replace(" *", "*")


def line_of(declaration):
    """A declaration in the words of the list."""
    if found := STRUCT.fullmatch(declaration):
        members = [" ".join(member.replace("*", "* ").split()) for member in found[2].split(";") if member.strip()]
        return f"struct {found[1]} {{ {'; '.join(members).replace(' *', '*')}; }}"
    if found := CALLBACK.fullmatch(declaration):
        return f"callback {type_of(found[1] + ' x')} {found[2]}({parameters(found[3])})"
    if declaration.startswith("typedef "):
        *kind, name = declaration.split()[1:]
        return f"type {name} = {' '.join(kind)}"
    if found := FUNCTION.fullmatch(declaration):
        return f"function {type_of(found[1] + ' x')} {found[2]}({parameters(found[3])})"
    return f"other {declaration}"


def version(header=HEADER):
    """PANCAR_ABI_VERSION of the header."""
    return dict(constants(header))["PANCAR_ABI_VERSION"]


def interface(header=HEADER):
    """All lines of the list, the ABI version first."""
    values = dict(constants(header))
    first = f"abi {values.pop('PANCAR_ABI_VERSION')}"
    lines = [f"constant {name} = {value}" for name, value in values.items()]
    return [first, *sorted({*lines, *map(line_of, declarations(header))})]


def functions(header=HEADER):
    """The names of all functions."""
    return sorted(re.search(r"(\w+)\(", line)[1] for line in interface(header) if line.startswith("function "))


def committed():
    """The lines of the committed list; none where there is no list."""
    return COMMITTED.read_text().splitlines() if COMMITTED.exists() else []


def judge(before, now):
    """(lines that users of `before` miss, lines that are not in the list yet); a new version may do as it likes."""
    dropped = sorted(set(before[1:]) - set(now[1:])) if before[:1] == now[:1] else []
    return dropped, sorted(set(now) - set(before))


def update():
    """Writes the list."""
    now = interface()
    dropped, _ = judge(committed(), now)
    if dropped:
        sys.exit("programs would break; raise PANCAR_ABI_VERSION first:\n  " + "\n  ".join(dropped))
    COMMITTED.write_text("\n".join(now) + "\n")


if __name__ == "__main__":
    if sys.argv[1:] == ["--update"]:
        update()
    else:
        print("\n".join(interface()))
