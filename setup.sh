#!/bin/sh
# Installs what the build needs beyond a Rust toolchain and a C compiler: HDF5 and pkg-config.
# Debian and Ubuntu: through apt (and sudo where not root). Elsewhere: says what to type.
set -eu

have_hdf5() {
    [ -n "${HDF5_DIR:-}" ] || { command -v pkg-config >/dev/null 2>&1 && pkg-config --exists hdf5 2>/dev/null; } ||
        [ -e /usr/include/hdf5/serial/hdf5.h ] && command -v pkg-config >/dev/null 2>&1
}

missing() {
    echo "argyro needs $1." >&2
    exit 1
}

command -v cargo >/dev/null 2>&1 || missing "a Rust toolchain (cargo): install it with rustup or your package manager"
command -v cc >/dev/null 2>&1 || command -v gcc >/dev/null 2>&1 || missing "a C compiler (gcc)"
have_hdf5 && exit 0

if command -v apt-get >/dev/null 2>&1; then
    as_root=""
    if [ "$(id -u)" -ne 0 ]; then
        command -v sudo >/dev/null 2>&1 || missing "HDF5; as root type: apt-get install -y pkg-config libhdf5-dev"
        as_root="sudo"
    fi
    echo "installing pkg-config and libhdf5-dev ..."
    export DEBIAN_FRONTEND=noninteractive
    $as_root apt-get update -qq
    $as_root apt-get install -y -qq pkg-config libhdf5-dev >/dev/null
    exit 0
fi

echo "argyro needs HDF5 and pkg-config. One of these lines installs them:" >&2
echo "  Fedora:  sudo dnf install hdf5-devel pkgconf" >&2
echo "  Arch:    sudo pacman -S hdf5 pkgconf" >&2
echo "  macOS:   brew install hdf5 pkg-config" >&2
echo "  conda:   conda install hdf5 pkg-config && export HDF5_DIR=\$CONDA_PREFIX" >&2
exit 1
