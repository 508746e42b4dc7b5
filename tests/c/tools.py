"""Commands, compilers and where things are."""

import os
import shutil
import subprocess
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
HERE = ROOT / "tests" / "c"
INCLUDE = ROOT / "include"
HEADER = INCLUDE / "pancar.h"
BUILT = ROOT / os.environ.get("CARGO_TARGET_DIR", "target") / "release"

STRICT = ["-Wall", "-Wextra", "-Wpedantic", "-Werror"]
C = ["-std=c11", *STRICT]
CXX = ["-std=c++17", *STRICT]

# Of the compiler that also has the sanitizers.
SANITIZE = ["-O0", "-g1", "-fsanitize=address,undefined", "-fno-sanitize-recover=all", "-fno-omit-frame-pointer"]
SANITIZER_ENVIRONMENT = {
    "ASAN_OPTIONS": "detect_leaks=1:detect_stack_use_after_return=1:strict_string_checks=1:exitcode=9",
    "UBSAN_OPTIONS": "print_stacktrace=1",
    "LSAN_OPTIONS": "report_objects=1",
}
VALGRIND = [
    "valgrind",
    "--quiet",
    "--error-exitcode=9",
    "--leak-check=full",
    "--errors-for-leak-kinds=definite,indirect",
    "--show-leak-kinds=definite,indirect",
    "--num-callers=30",
    "--fair-sched=try",
]

DEADLINE = 300


def has(*programs):
    """True when all of these can be run."""
    return all(shutil.which(program) for program in programs)


def run(*command, within=DEADLINE, cwd=None, **environment):
    """What a command prints; fails with all of it unless the command ends well."""
    __tracebackhide__ = True
    done = subprocess.run(
        [str(word) for word in command],
        cwd=cwd,
        env={**os.environ, **{name: str(value) for name, value in environment.items()}},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        errors="replace",
        timeout=within,
    )
    assert done.returncode == 0, f"exit {done.returncode}: {' '.join(map(str, command))}\n{done.stdout}"
    return done.stdout


def soname(library):
    """The name under which programs ask for a shared library."""
    (line,) = [line for line in run("readelf", "-d", library).splitlines() if "(SONAME)" in line]
    return line.partition("[")[2].rstrip("]")


def build(output, sources, library, *flags, compiler="gcc"):
    """Compiles a program on the shared library in a folder, where it will look for it, too."""
    dialect = CXX if compiler.endswith("++") else C
    link = [f"-I{INCLUDE}", f"-L{library}", f"-Wl,-rpath,{library}", "-lpancar", "-pthread"]
    run(compiler, *dialect, "-g", "-O1", *flags, *sources, "-o", output, *link)
    return output
