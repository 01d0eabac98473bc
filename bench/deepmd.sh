#!/usr/bin/env bash
# argyro beside LAMMPS with DeePMD-kit (TensorFlow) for se_e2_a of standard size, one thread, alternating in one run.
#   bench/deepmd.sh [ROUNDS [CELLS...]]       default 5 rounds, 2 and 3 cells in each direction (416 and 1404 atoms)
# argyro reads the model as it was frozen, LAMMPS the one that `dp compress` made of it.
# Needs python3 with venv; deepmd-kit with its LAMMPS is installed into a folder of the user's cache at first use, and
# models are made there. Other commands may be named: DP (`dp`), PYTHON_DEEPMD (an interpreter with numpy), LMP_DEEPMD (an
# `lmp` that knows pair_style deepmd).
# Prints microseconds of CPU time per atom and step (loop time x CPU use of the log, so that other work on the machine
# counts little; minimum and median over rounds) and the ratio of the medians.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
root=$(dirname "$here")
rounds=${1:-5}
shift $(($# > 0))
[ $# -gt 0 ] || set -- 2 3
cache=${ARGYRO_BENCH_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/argyro-bench}
models=$cache/deepmd
dp=${DP:-$cache/venv-deepmd/bin/dp}
python=${PYTHON_DEEPMD:-$cache/venv-deepmd/bin/python}
lmp=${LMP_DEEPMD:-$cache/venv-deepmd/bin/lmp}
argyro=${ARGYRO:-$root/target/release/argyro}
data=$root/examples/01-li6ps5cl/li6ps5cl_52.data
core=${CORE:-0}
export OMP_NUM_THREADS=1 MKL_NUM_THREADS=1 RAYON_NUM_THREADS=1
export DP_INTRA_OP_PARALLELISM_THREADS=1 DP_INTER_OP_PARALLELISM_THREADS=1 TF_CPP_MIN_LOG_LEVEL=2
mkdir -p "$models"

if [ ! -x "$dp" ] || [ ! -x "$lmp" ]; then
    python3 -m venv "$cache/venv-deepmd"
    "$cache/venv-deepmd/bin/pip" install -q "deepmd-kit[cpu,lmp]"
fi
[ -s "$models/float32.json" ] || "$python" "$here/deepmd_models.py" "$data" "$models"
for p in float64 float32; do
    (
        mkdir -p "$models/$p" && cd "$models/$p"
        [ -s frozen.pb ] || { "$dp" --tf train ../$p.json && "$dp" --tf freeze -o frozen.pb; } >train.log 2>&1
        [ -s compressed.pb ] || "$dp" --tf compress -i frozen.pb -o compressed.pb -s 0.01 -t ../$p.json >compress.log 2>&1
    )
done
[ -x "$argyro" ] || (cd "$root" && cargo build --release)

pin() { if command -v taskset >/dev/null; then taskset -c "$core" "$@"; else "$@"; fi; }

# timed MODEL CELLS STEPS COMMAND...
timed() {
    local model=$1 cells=$2 steps=$3 dir
    shift 3
    dir=$(mktemp -d)
    (cd "$dir" && pin "$@" -in "$here/in.deepmd" -log log -screen none -var data "$data" -var cells "$cells" -var model "$model" \
        -var steps "$steps" -var warm 5) >/dev/null 2>&1
    awk '/^Loop time of/ { t = $4; n = $9; a = $12 } /CPU use/ { u = $1 + 0 } END { printf "%.2f\n", 1e4 * t * u / n / a }' "$dir/log"
    rm -rf "$dir"
}
own() { timed "$models/$2/frozen.pb" "$3" "$4" "$argyro" -pk argyro precision "$1" threads 1; }
peer() { timed "$models/$1/compressed.pb" "$2" "$3" "$lmp"; }

version=$("$lmp" -h 2>/dev/null | awk '/Massively Parallel Simulator - / { sub(/.*Simulator - /, ""); print; exit }' || true)
echo "# $(uname -m), $(awk -F': ' '/model name/ { print $2; exit }' /proc/cpuinfo), one core; $($argyro --version); LAMMPS $version; $("$dp" --version 2>/dev/null | tail -1)"
echo "# microseconds of CPU time per atom and step: minimum / median of $rounds rounds, alternating"
printf '%-6s %-8s %18s %18s %8s\n' atoms dtype argyro "LAMMPS, compressed" ratio
stats() { sort -n | awk '{ v[NR] = $1 } END { m = NR % 2 ? v[(NR + 1) / 2] : (v[NR / 2] + v[NR / 2 + 1]) / 2; printf "%.1f %.1f\n", v[1], m }'; }
for cells; do
    n=$((52 * cells * cells * cells))
    for precision in single double; do
        dtype=float32
        [ $precision = double ] && dtype=float64
        ours=()
        theirs=()
        for _ in $(seq "$rounds"); do
            ours+=("$(own $precision $dtype $cells $((84240 / n)))")
            theirs+=("$(peer $dtype $cells $((28080 / n)))")
        done
        read -r amin amed < <(printf '%s\n' "${ours[@]}" | stats)
        read -r pmin pmed < <(printf '%s\n' "${theirs[@]}" | stats)
        printf '%-6s %-8s %18s %18s %8s\n' "$n" "$dtype" "$amin / $amed" "$pmin / $pmed" "$(awk -v a="$amed" -v b="$pmed" 'BEGIN { printf "%.2f", b / a }')"
    done
done
