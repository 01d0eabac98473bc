#!/usr/bin/env bash
# argyro beside NequIP compiled by AOTInductor (ASE calculator), one thread, alternating in one run.
#   bench/nequip.sh CHECKPOINT [ROUNDS]       a NequIP checkpoint (.ckpt) for Li P S Cl; default 5 rounds
# Needs python3 with venv and a C++ compiler; nequip is installed into a folder of the user's cache at
# first use, and the compiled model is kept there.
# Prints microseconds per atom and step (minimum and median over rounds) and the ratio of the medians.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
root=$(dirname "$here")
model=$(realpath "${1:?usage: bench/nequip.sh CHECKPOINT [ROUNDS]}")
rounds=${2:-5}
cache=${ARGYRO_BENCH_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/argyro-bench}
python=${PYTHON_NEQUIP:-$cache/venv-nequip/bin/python}
argyro=${ARGYRO:-$root/target/release/argyro}
core=${CORE:-0}
export OMP_NUM_THREADS=1 MKL_NUM_THREADS=1 RAYON_NUM_THREADS=1
mkdir -p "$cache"

if [ ! -x "$python" ]; then
    python3 -m venv "$cache/venv-nequip"
    "$cache/venv-nequip/bin/pip" install -q torch nequip
fi
compiled=$cache/$(sha256sum "$model" | cut -c 1-16).nequip.pt2
[ -s "$compiled" ] || "$(dirname "$python")/nequip-compile" "$model" "$compiled" --mode aotinductor --device cpu --target ase >"$cache/nequip-compile.log" 2>&1
[ -x "$argyro" ] || (cd "$root" && cargo build --release)

pin() { if command -v taskset >/dev/null; then taskset -c "$core" "$@"; else "$@"; fi; }

# own DATA PRECISION STEPS
own() {
    local dir
    dir=$(mktemp -d)
    (cd "$dir" && pin "$argyro" -in "$here/in.nequip" -log log -screen none -var data "$1" -var model "$model" -var steps "$3" -var warm $(($3 / 10 + 5)) \
        -pk argyro precision "$2" threads 1)
    awk '/^Loop time of/ { t = $4; n = $9; a = $12 } END { printf "%.2f\n", 1e6 * t / n / a }' "$dir/log"
    rm -rf "$dir"
}

echo "# $(uname -m), $(awk -F': ' '/model name/ { print $2; exit }' /proc/cpuinfo), one core; $($argyro --version); nequip $("$python" -c 'import importlib.metadata as m; print(m.version("nequip"), "torch", m.version("torch"))' 2>/dev/null)"
echo "# microseconds per atom and step: minimum / median of $rounds rounds, alternating; the peer in the precision of the checkpoint"
printf '%-6s %-10s %18s %18s %8s\n' atoms precision argyro AOTInductor ratio
stats() { sort -n | awk '{ v[NR] = $1 } END { m = NR % 2 ? v[(NR + 1) / 2] : (v[NR / 2] + v[NR / 2 + 1]) / 2; printf "%.1f %.1f\n", v[1], m }'; }
for n in 52 416; do
    for precision in single double; do
        data=$root/examples/01-li6ps5cl/li6ps5cl_$n.data
        ours=()
        peer=()
        for _ in $(seq "$rounds"); do
            ours+=("$(own "$data" $precision $((41600 / n)))")
            peer+=("$(pin "$python" "$here/nequip_peer.py" "$compiled" "$data" $((2080 / n + 2)) 2>/dev/null | tail -1)")
        done
        read -r amin amed < <(printf '%s\n' "${ours[@]}" | stats)
        read -r pmin pmed < <(printf '%s\n' "${peer[@]}" | stats)
        printf '%-6s %-10s %18s %18s %8s\n' "$n" "$precision" "$amin / $amed" "$pmin / $pmed" "$(awk -v a="$amed" -v b="$pmed" 'BEGIN { printf "%.1f", b / a }')"
    done
done
