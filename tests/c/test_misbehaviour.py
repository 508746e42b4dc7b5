"""A program that misbehaves gets a status: each case alone, and all of them under valgrind and with sanitizers."""

import re

import pytest

from abi import functions
from tools import HERE, SANITIZE, SANITIZER_ENVIRONMENT, VALGRIND, build, has, run

SOURCES = sorted((HERE / "misbehave").glob("*.c"))
CASES = [name for source in SOURCES for name in re.findall(r"^CASE\((\w+)\)", source.read_text(), re.MULTILINE)]

# Of which there is nothing to get wrong.
HARMLESS = {"pancar_abi_version", "pancar_version"}


@pytest.fixture(scope="module")
def program(library, tmp_path_factory):
    """The program, as a user would compile it."""
    return build(tmp_path_factory.mktemp("misbehave") / "misbehave", SOURCES, library)


@pytest.mark.parametrize("case", CASES)
def test_case(program, case):
    run(program, case)


def test_all_where_events_do_not_change_threads(program):
    """With one worker for the one lane, `pancar_server_run` serves the network itself."""
    assert run(program, WORKERS="1").splitlines()[-1] in CASES


def test_all_under_valgrind(program):
    if not has("valgrind"):
        pytest.skip("valgrind is missing")
    assert run(*VALGRIND, program).splitlines()[-1] in CASES


def test_all_with_sanitizers(library, tmp_path):
    program = build(tmp_path / "misbehave", SOURCES, library, *SANITIZE)
    assert run(program, **SANITIZER_ENVIRONMENT).splitlines()[-1] in CASES
    assert run(program, WORKERS="1", **SANITIZER_ENVIRONMENT).splitlines()[-1] in CASES


def test_every_function_is_in_it():
    text = "".join(source.read_text() for source in SOURCES)
    assert {name for name in functions() if not re.search(rf"\b{name}\b", text)} == HARMLESS
