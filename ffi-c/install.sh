#!/usr/bin/env bash
# ffi-c/install.sh [uninstall]: the C library, its headers, and what pkg-config and CMake need to find them; for Linux.
#   PREFIX              where it will be found (/usr/local)
#   LIBDIR, INCLUDEDIR  of the prefix (PREFIX/lib, PREFIX/include)
#   DESTDIR             put in front of every path, to make a package
#   PANCAR_C_BUILT=1    it is built already; for a user who has no cargo, such as root
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

prefix=${PREFIX:-/usr/local}
libdir=${LIBDIR:-$prefix/lib}
includedir=${INCLUDEDIR:-$prefix/include}
built=${CARGO_TARGET_DIR:-target}/release
version=$(sed -nE '/^\[workspace\.package\]/,/^\[/s/^version *= *"(.*)"/\1/p' Cargo.toml)
soname=libpancar.so.$(sed -nE 's/^#define PANCAR_ABI_VERSION ([0-9]+)$/\1/p' include/pancar.h)

# What `rustc --print native-static-libs` names, but for the libraries that every C compiler adds by itself, and picks
# rightly under -static. A test compares.
static_libs=(-lutil -lrt -lpthread -lm -ldl)

files=(
  "$libdir"/libpancar.{a,so,"so.$version"} "$libdir/$soname"
  "$libdir"/pkgconfig/pancar{,-static}.pc
  "$libdir"/cmake/pancar/pancar-config{,-version}.cmake
  "$includedir"/pancar.{h,hpp}
)

# A template of ffi-c/install, whose paths are relative to its own folder, so that an installed tree can be moved.
fill() {
  local folder=$1 name
  shift
  install -d "$DESTDIR$folder"
  for name; do
    sed -e "s|@VERSION@|$version|g" -e "s|@SONAME@|$soname|g" -e "s|@STATIC_LIBS@|${static_libs[*]}|g" \
      -e "s|@PREFIX@|$(way "$folder" "$prefix")|g" -e "s|@LIBDIR@|$(way "$folder" "$libdir")|g" \
      -e "s|@INCLUDEDIR@|$(way "$folder" "$includedir")|g" "ffi-c/install/$name.in" >"$DESTDIR$folder/$name"
    chmod 644 "$DESTDIR$folder/$name"
  done
}

way() { realpath -ms --relative-to="$1" "$2"; }

install_all() {
  [[ ${PANCAR_C_BUILT:-} == 1 ]] || cargo build --release -p pancar-c
  install -d "$DESTDIR$libdir" "$DESTDIR$includedir/pancar"
  install -m 755 "$built/libpancar.so" "$DESTDIR$libdir/libpancar.so.$version"
  install -m 644 "$built/libpancar.a" "$DESTDIR$libdir"
  # Line tables are four fifths of it, and of use to nobody who has not built it.
  if command -v strip >/dev/null; then strip --strip-debug "$DESTDIR$libdir/libpancar."{a,"so.$version"}; fi
  ln -sf "libpancar.so.$version" "$DESTDIR$libdir/$soname"
  ln -sf "$soname" "$DESTDIR$libdir/libpancar.so"
  install -m 644 include/pancar.h include/pancar.hpp "$DESTDIR$includedir"
  install -m 644 include/pancar/*.hpp "$DESTDIR$includedir/pancar"
  fill "$libdir/pkgconfig" pancar.pc pancar-static.pc
  fill "$libdir/cmake/pancar" pancar-config.cmake pancar-config-version.cmake
}

uninstall_all() {
  rm -f "${files[@]/#/$DESTDIR}"
  rm -rf "$DESTDIR$libdir/cmake/pancar" "$DESTDIR$includedir/pancar"
}

DESTDIR=${DESTDIR:-}
case ${1:-install} in
  install | uninstall) "${1:-install}_all" ;;
  *)
    echo "usage: ffi-c/install.sh [uninstall]" >&2
    exit 2
    ;;
esac
