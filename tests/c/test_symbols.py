"""The binary interface is the committed one."""

import re

import abi
from tools import HEADER, run, soname

UPDATE = "python tests/c/abi.py --update"


def listing(lines):
    return "".join(f"\n  {line}" for line in lines)


def exported(library):
    """The symbols of a shared library."""
    lines = run("nm", "-D", "--defined-only", library / "libpancar.so").splitlines()
    return sorted(line.split()[-1] for line in lines)


def test_the_list_is_committed():
    assert abi.committed()[:1] == [f"abi {abi.version()}"], f"write ffi-c/abi.txt with: {UPDATE}"


def test_nothing_went_or_changed():
    dropped, _ = abi.judge(abi.committed(), abi.interface())
    assert not dropped, f"programs would break: put it back, or raise PANCAR_ABI_VERSION: {UPDATE}{listing(dropped)}"


def test_what_is_new_is_listed():
    _, added = abi.judge(abi.committed(), abi.interface())
    assert not added, f"not in ffi-c/abi.txt yet; add it with: {UPDATE}{listing(added)}"


def test_every_line_was_understood():
    assert not [line for line in abi.interface() if line.startswith("other ")]


def test_the_library_exports_what_the_header_declares(library):
    assert exported(library) == abi.functions()


def test_the_soname_has_the_abi_version(library):
    assert soname(library / "libpancar.so") == f"libpancar.so.{abi.version()}"


def test_a_change_is_found(tmp_path):
    """The judge itself: a parameter's name may change, its type may not."""
    text = HEADER.read_text()
    header = tmp_path / "pancar.h"
    before = abi.interface(HEADER)

    def judged(old, new):
        changed = re.sub(old, new, text)
        assert changed != text
        header.write_text(changed)
        return abi.judge(before, abi.interface(header))

    assert judged(r"pancar_status pancar_wake_fd\([^)]*\);", "")[0]
    assert judged("#define PANCAR_TIMEOUT 6", "#define PANCAR_TIMEOUT 7")[0]
    assert judged("size_t max_events", "int max_events")[0]
    assert judged("size_t max_events", "size_t most") == ([], [])
    assert judged("size_t waiting_events;", "size_t waiting_events; size_t more;")[0]
    assert judged(r"\(\*pancar_task_fn\)\(void \*user_data\)", "(*pancar_task_fn)(void)")[0]
    dropped, added = judged("#define PANCAR_ABI_VERSION", r"void pancar_new(void);\n#define PANCAR_ABI_VERSION")
    assert (dropped, added) == ([], ["function void pancar_new(void)"])
    assert not judged("#define PANCAR_ABI_VERSION 1|#define PANCAR_TIMEOUT 6", "#define PANCAR_ABI_VERSION 2")[0]
