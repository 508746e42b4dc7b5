"""The library under test."""

import os

import pytest

from tools import BUILT, ROOT, run, soname


@pytest.fixture(scope="session")
def built():
    """The folder that the library is in. Builds it, unless PANCAR_C_BUILT=1 says that it is built."""
    if os.environ.get("PANCAR_C_BUILT") != "1":
        run("cargo", "build", "--release", "-q", "-p", "pancar-c", cwd=ROOT, within=1800)
    return BUILT


@pytest.fixture(scope="session")
def library(built, tmp_path_factory):
    """A folder with the shared library under the names that linkers and programs look for."""
    folder = tmp_path_factory.mktemp("lib")
    for name in ("libpancar.so", soname(built / "libpancar.so")):
        (folder / name).symlink_to(built / "libpancar.so")
    return folder
