#!/usr/bin/env bash
# argyro beside the ASE calculator of sevenn for SevenNet-0 (11Jul2024), one thread, alternating in one run.
#   bench/sevennet.sh [ROUNDS]        default 5
# Needs python3 with venv; sevenn (GPL-3.0, with the weights of SevenNet-0) is installed into a folder of the user's
# cache at first use. PYTHON_SEVENN names another interpreter that has it.
# Prints first how far energy and forces of the 416-atom cell differ, then microseconds per atom and step (minimum and
# median over rounds) and the ratio of the medians.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
root=$(dirname "$here")
rounds=${1:-5}
cache=${ARGYRO_BENCH_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/argyro-bench}
python=${PYTHON_SEVENN:-$cache/sevenn/bin/python}
argyro=${ARGYRO:-$root/target/release/argyro}
core=${CORE:-0}
export OMP_NUM_THREADS=1 MKL_NUM_THREADS=1 RAYON_NUM_THREADS=1
mkdir -p "$cache"

if [ ! -x "$python" ]; then
    python3 -m venv "$cache/sevenn"
    "$cache/sevenn/bin/pip" install -q torch sevenn
fi
[ -x "$argyro" ] || (cd "$root" && cargo build --release)
model=$(PYTHONWARNINGS=ignore "$python" "$here/sevennet_peer.py" where 2>/dev/null | tail -1)

pin() { if command -v taskset >/dev/null; then taskset -c "$core" "$@"; else "$@"; fi; }

# own DATA PRECISION STEPS
own() {
    local dir
    dir=$(mktemp -d)
    (cd "$dir" && pin "$argyro" -in "$here/in.sevennet" -log log -screen none -var data "$1" -var model "$model" -var steps "$3" -var warm $(($3 / 10 + 2)) \
        -pk argyro precision "$2" threads 1)
    awk '/^Loop time of/ { t = $4; n = $9; a = $12 } END { printf "%.2f\n", 1e6 * t / n / a }' "$dir/log"
    rm -rf "$dir"
}

echo "# $(uname -m), $(awk -F': ' '/model name/ { print $2; exit }' /proc/cpuinfo), one core; $($argyro --version); $("$python" -c 'import importlib.metadata as m; print("sevenn", m.version("sevenn"), "torch", m.version("torch"))' 2>/dev/null)"

# agreement on the 416-atom cell
dir=$(mktemp -d)
data=$root/examples/01-li6ps5cl/li6ps5cl_416.data
for precision in single double; do
    printf 'units metal\natom_style atomic\nread_data %s\npair_style e3gnn\npair_coeff * * %s Li P S Cl\nthermo_style custom step pe\nthermo_modify format float %%.10f\ndump 1 all custom 1 forces.%s id fx fy fz\ndump_modify 1 sort id format float %%.9f\nrun 0\n' "$data" "$model" $precision >"$dir/in"
    (cd "$dir" && pin "$argyro" -in in -log log.$precision -screen none -pk argyro precision $precision threads 1)
    PYTHONWARNINGS=ignore pin "$python" "$here/sevennet_peer.py" compare "$data" "$dir/log.$precision" "$dir/forces.$precision" 2>/dev/null | tail -1 | sed "s/^/# $precision: /"
done
rm -rf "$dir"

echo "# microseconds per atom and step: minimum / median of $rounds rounds, alternating"
printf '%-6s %-8s %18s %18s %8s\n' atoms dtype argyro sevenn ratio
stats() { sort -n | awk '{ v[NR] = $1 } END { m = NR % 2 ? v[(NR + 1) / 2] : (v[NR / 2] + v[NR / 2 + 1]) / 2; printf "%.1f %.1f\n", v[1], m }'; }
for n in 52 416; do
    data=$root/examples/01-li6ps5cl/li6ps5cl_$n.data
    ours=()
    peer=()
    for _ in $(seq "$rounds"); do
        ours+=("$(own "$data" single $((1664 / n)))")
        peer+=("$(PYTHONWARNINGS=ignore pin "$python" "$here/sevennet_peer.py" time "$data" $((208 / n + 2)) 2>/dev/null | tail -1)")
    done
    read -r amin amed < <(printf '%s\n' "${ours[@]}" | stats)
    read -r pmin pmed < <(printf '%s\n' "${peer[@]}" | stats)
    printf '%-6s %-8s %18s %18s %8s\n' "$n" float32 "$amin / $amed" "$pmin / $pmed" "$(awk -v a="$amed" -v b="$pmed" 'BEGIN { printf "%.1f", b / a }')"
done
