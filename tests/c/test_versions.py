"""One version, in Cargo.toml, in the header and in the library."""

import re
import tomllib

import abi
from tools import ROOT, build, run

PROGRAM = r"""
#include <pancar.h>
#include <stdio.h>
int main(void) {
  printf("%s %d.%d.%d\n", PANCAR_VERSION, PANCAR_VERSION_MAJOR, PANCAR_VERSION_MINOR, PANCAR_VERSION_PATCH);
  printf("%s %s\n", pancar_version(), PANCAR_VERSION);
  printf("%u %u\n", (unsigned)pancar_abi_version(), (unsigned)PANCAR_ABI_VERSION);
  return 0;
}
"""


def test_versions(library, tmp_path):
    source = tmp_path / "versions.c"
    source.write_text(PROGRAM)
    version = tomllib.loads((ROOT / "Cargo.toml").read_text())["workspace"]["package"]["version"]
    numbers = re.match(r"\d+\.\d+\.\d+", version)[0]
    said = run(build(tmp_path / "versions", [source], library)).splitlines()
    assert said == [f"{version} {numbers}", f"{version} {version}", f"{abi.version()} {abi.version()}"]
