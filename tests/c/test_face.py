"""The C++ face: what its probe cannot show, plain, without nlohmann::json, under valgrind and with sanitizers."""

import pytest

from tools import HERE, SANITIZE, SANITIZER_ENVIRONMENT, VALGRIND, build, has, run

SOURCE = HERE / "face.cpp"


@pytest.mark.parametrize("flags", [[], ["-DPANCAR_WITHOUT_NLOHMANN"], ["-std=c++20"]], ids=["plain", "bare", "c++20"])
def test_face(library, tmp_path, flags):
    run(build(tmp_path / "face", [SOURCE], library, *flags, compiler="g++"))


def test_face_under_valgrind(library, tmp_path):
    if not has("valgrind"):
        pytest.skip("valgrind is missing")
    run(*VALGRIND, build(tmp_path / "face", [SOURCE], library, compiler="g++"))


def test_face_with_sanitizers(library, tmp_path):
    run(build(tmp_path / "face", [SOURCE], library, *SANITIZE, compiler="g++"), **SANITIZER_ENVIRONMENT)
