"""What `make install` lays down serves programs out of tree, by pkg-config and by CMake, also when it is moved."""

import re
import shutil
import subprocess
import tomllib

import pytest

from tools import C, CXX, HERE, ROOT, has, run, soname

PROGRAMS = HERE / "install"
VERSION = tomllib.loads((ROOT / "Cargo.toml").read_text())["workspace"]["package"]["version"]
LANGUAGES = {"c": ["gcc", *C], "cpp": ["g++", *CXX]}

# Where things go, relative to the prefix; the second as Debian has it.
LAYOUTS = {"plain": ("lib", "include"), "multiarch": ("lib/x86_64-linux-gnu", "include/pancar-headers")}


def make(target, prefix, library, headers, **variables):
    words = [f"PREFIX={prefix}", f"LIBDIR={prefix}/{library}", f"INCLUDEDIR={prefix}/{headers}"]
    run("make", target, *words, cwd=ROOT, PANCAR_C_BUILT=1, **variables)


class Tree:
    """An installed tree, which has been moved since."""

    def __init__(self, root, library, headers):
        self.root, self.library, self.headers = root, root / library, root / headers

    def pkg_config(self, *words):
        return run("pkg-config", *words, PKG_CONFIG_PATH=self.library / "pkgconfig").split()


@pytest.fixture(scope="module", params=LAYOUTS)
def tree(request, built, tmp_path_factory):
    folder = tmp_path_factory.mktemp("install")
    make("install", folder / "first", *LAYOUTS[request.param])
    shutil.move(folder / "first", folder / "moved")
    return Tree(folder / "moved", *LAYOUTS[request.param])


def needs(program):
    if not has(program):
        pytest.skip(f"{program} is missing")


def libraries_of(program):
    """The shared libraries that a program asks for."""
    return re.findall(r"\(NEEDED\).*\[(.*)\]", run("readelf", "-d", program))


def works(program, is_shared, **environment):
    assert run(program, **environment) == f"libpancar {VERSION}\n"
    assert any(name.startswith("libpancar") for name in libraries_of(program)) == is_shared


def compile_with(tree, tmp_path, language, package, *flags):
    program = tmp_path / "program"
    found = tree.pkg_config("--cflags", "--libs", *([] if "-static" not in flags else ["--static"]), package)
    run(*LANGUAGES[language], *flags, PROGRAMS / f"program.{language}", "-o", program, *found)
    return program


@pytest.mark.parametrize("language", LANGUAGES)
class TestPkgConfig:
    @pytest.fixture(autouse=True)
    def _needs(self):
        needs("pkg-config")

    def test_shared(self, tree, tmp_path, language):
        works(compile_with(tree, tmp_path, language, "pancar"), True, LD_LIBRARY_PATH=tree.library)

    def test_library_static(self, tree, tmp_path, language):
        works(compile_with(tree, tmp_path, language, "pancar-static"), False)

    def test_all_static(self, tree, tmp_path, language):
        """The linker warns of functions of glibc that want its shared libraries at run time."""
        works(compile_with(tree, tmp_path, language, "pancar", "-static"), False)


def test_pkg_config_knows_the_version(tree):
    needs("pkg-config")
    assert tree.pkg_config("--modversion", "pancar") == [VERSION]
    assert tree.pkg_config("--modversion", "pancar-static") == [VERSION]


def test_cmake(tree, tmp_path):
    needs("cmake")
    run("cmake", "-S", PROGRAMS, "-B", tmp_path, f"-DCMAKE_PREFIX_PATH={tree.root}", f"-DWANTED={VERSION}")
    run("cmake", "--build", tmp_path)
    for language in LANGUAGES:
        works(tmp_path / f"{language}-shared", True)
        works(tmp_path / f"{language}-static", False)


def test_links_of_the_library(tree):
    real = tree.library / f"libpancar.so.{VERSION}"
    assert real.is_file() and not real.is_symlink()
    assert (tree.library / soname(real)).readlink().name == real.name
    assert (tree.library / "libpancar.so").readlink().name == soname(real)


def test_all_headers_are_there(tree):
    ours = {path.relative_to(ROOT / "include") for path in (ROOT / "include").rglob("*.h*")}
    assert {path.relative_to(tree.headers) for path in tree.headers.rglob("*.h*")} == ours


def test_a_package_is_made_elsewhere(built, tmp_path):
    make("install", "/usr/local", *LAYOUTS["plain"], DESTDIR=tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["usr"]
    assert (tmp_path / "usr/local/lib/libpancar.a").is_file()
    make("uninstall", "/usr/local", *LAYOUTS["plain"], DESTDIR=tmp_path)
    assert not [path for path in tmp_path.rglob("*") if not path.is_dir()]


def test_libraries_of_the_system_are_those_that_rust_needs(tmp_path):
    listed = re.search(r"^static_libs=\((.*)\)", (ROOT / "ffi-c/install.sh").read_text(), re.MULTILINE)[1].split()
    command = ["rustc", "--crate-type=staticlib", "--print=native-static-libs", "-o", tmp_path / "empty.a", "-"]
    said = subprocess.run(command, input="", text=True, capture_output=True, check=True).stderr
    needed = re.search(r"native-static-libs: (.*)", said)[1].split()
    assert listed == [name for name in needed if name not in ("-lgcc_s", "-lc")]
