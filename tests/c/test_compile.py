"""Headers, probes and examples compile without a warning, in both languages and with both compilers."""

import re

import pytest

from tools import C, CXX, HEADER, INCLUDE, ROOT, has, run

COMPILERS = {"gcc": C, "clang": C, "g++": CXX, "clang++": CXX}
CXX_HEADERS = sorted(INCLUDE.rglob("*.hpp"))
FOLDERS = ["tests/probes/c", "tests/probes/cpp", "tests/c/misbehave", "tests/c/install", "ffi-c/examples"]
SOURCES = sorted(source for folder in FOLDERS for end in ("c", "cpp") for source in (ROOT / folder).rglob(f"*.{end}"))


def name_of(path):
    return str(path.relative_to(ROOT))


def compiles(compiler, source, language, folder):
    if not has(compiler):
        pytest.skip(f"{compiler} is missing")
    run(compiler, *COMPILERS[compiler], "-O1", "-x", language, f"-I{INCLUDE}", "-c", source, "-o", folder / "object")


def alone_and_twice(compiler, header, folder):
    source = folder / "source"
    source.write_text(f"#include <{header.relative_to(INCLUDE)}>\n" * 2 + "int main(void) { return 0; }\n")
    compiles(compiler, source, "c++" if compiler.endswith("++") else "c", folder)


@pytest.mark.parametrize("compiler", COMPILERS)
def test_header(compiler, tmp_path):
    alone_and_twice(compiler, HEADER, tmp_path)


@pytest.mark.parametrize("compiler", ["g++", "clang++"])
@pytest.mark.parametrize("header", CXX_HEADERS, ids=name_of)
def test_header_of_cxx(compiler, header, tmp_path):
    alone_and_twice(compiler, header, tmp_path)


@pytest.mark.parametrize("kind", ["gcc", "clang"])
@pytest.mark.parametrize("source", SOURCES, ids=name_of)
def test_source(kind, source, tmp_path):
    if source.suffix == ".c":
        compiles(kind, source, "c", tmp_path)
    else:
        compiles({"gcc": "g++", "clang": "clang++"}[kind], source, "c++", tmp_path)


def test_every_function_is_documented():
    text = HEADER.read_text()
    lines = text.splitlines()
    bare = []
    for at, line in enumerate(lines):
        found = re.match(r"\w[\w *]*\b(pancar_\w+)\(", line)
        if found and not re.match(r"\s*(//|\*/|.*\*/$)", lines[at - 1]):
            bare.append(found[1])
    assert re.findall(r"^\w[\w *]*\bpancar_\w+\(", text, re.MULTILINE)
    assert not bare
