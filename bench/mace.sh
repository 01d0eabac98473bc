#!/usr/bin/env bash
# argyro beside mace-torch (ASE calculator), one thread, alternating in one run.
#   bench/mace.sh [ROUNDS]            default 5
# Needs python3 with venv; mace-torch is installed into a folder of the user's cache at first use.
# Prints microseconds per atom and step (minimum and median over rounds) and the ratio of the medians.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
root=$(dirname "$here")
rounds=${1:-5}
cache=${ARGYRO_BENCH_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/argyro-bench}
python=${PYTHON_MACE:-$cache/venv/bin/python}
argyro=${ARGYRO:-$root/target/release/argyro}
core=${CORE:-0}
export OMP_NUM_THREADS=1 MKL_NUM_THREADS=1 RAYON_NUM_THREADS=1
mkdir -p "$cache"

if [ ! -x "$python" ]; then
    python3 -m venv "$cache/venv"
    "$cache/venv/bin/pip" install -q torch mace-torch
fi
[ -s "$cache/mace_64x0e.model" ] || PYTHONWARNINGS=ignore "$python" "$here/mace_models.py" "$cache"
[ -x "$argyro" ] || (cd "$root" && cargo build --release)

pin() { if command -v taskset >/dev/null; then taskset -c "$core" "$@"; else "$@"; fi; }

# own MODEL DATA PRECISION STEPS
own() {
    local dir
    dir=$(mktemp -d)
    (cd "$dir" && pin "$argyro" -in "$here/in.mace" -log log -screen none -var data "$2" -var model "$1" -var steps "$4" -var warm $(($4 / 10 + 5)) \
        -pk argyro precision "$3" threads 1)
    awk '/^Loop time of/ { t = $4; n = $9; a = $12 } END { printf "%.2f\n", 1e6 * t / n / a }' "$dir/log"
    rm -rf "$dir"
}

echo "# $(uname -m), $(awk -F': ' '/model name/ { print $2; exit }' /proc/cpuinfo), one core; $($argyro --version); mace-torch $("$python" -c 'import importlib.metadata as m; print(m.version("mace-torch"), "torch", m.version("torch"))' 2>/dev/null)"
echo "# microseconds per atom and step: minimum / median of $rounds rounds, alternating"
printf '%-8s %-6s %-8s %18s %18s %8s\n' model atoms dtype argyro mace-torch ratio
stats() { sort -n | awk '{ v[NR] = $1 } END { m = NR % 2 ? v[(NR + 1) / 2] : (v[NR / 2] + v[NR / 2 + 1]) / 2; printf "%.1f %.1f\n", v[1], m }'; }
for m in 32x0e 64x0e; do
    for n in 52 416; do
        for precision in single double; do
            dtype=float32
            [ $precision = double ] && dtype=float64
            data=$root/examples/01-li6ps5cl/li6ps5cl_$n.data
            ours=()
            peer=()
            for _ in $(seq "$rounds"); do
                ours+=("$(own "$cache/mace_$m.model" "$data" $precision $((20800 / n)))")
                peer+=("$(pin "$python" "$here/mace_peer.py" "$cache/mace_$m.model" "$data" $dtype $((1040 / n + 2)) 2>/dev/null | tail -1)")
            done
            read -r amin amed < <(printf '%s\n' "${ours[@]}" | stats)
            read -r pmin pmed < <(printf '%s\n' "${peer[@]}" | stats)
            printf '%-8s %-6s %-8s %18s %18s %8s\n' "$m" "$n" "$dtype" "$amin / $amed" "$pmin / $pmed" "$(awk -v a="$amed" -v b="$pmed" 'BEGIN { printf "%.1f", b / a }')"
        done
    done
done
