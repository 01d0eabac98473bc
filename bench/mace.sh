#!/usr/bin/env bash
# argyro beside mace-torch (ASE calculator), one thread, alternating in one run.
#   bench/mace.sh [ROUNDS]            default 5
# Needs python3 with venv; mace-torch is installed into a folder of the user's cache at first use.
# Prints microseconds per atom and step (minimum and median over rounds) and the ratio of the medians.
set -euo pipefail
rounds=${1:-5}
. "$(dirname "$0")/common.sh"
python=${PYTHON_MACE:-$(venv venv torch mace-torch)}
[ -s "$cache/mace_64x0e.model" ] || "$python" "$here/mace_models.py" "$cache"
versions "$python" mace-torch torch
printf '%-8s %-6s %-8s %18s %18s %8s\n' model atoms dtype argyro mace-torch ratio
for m in 32x0e 64x0e; do
    for n in 52 416; do
        for precision in single double; do
            dtype=float32
            [ $precision = double ] && dtype=float64
            model=$cache/mace_$m.model
            data=$root/examples/01-li6ps5cl/li6ps5cl_$n.data
            ours=()
            theirs=()
            for _ in $(seq "$rounds"); do
                ours+=("$(own in.mace "$model" "$data" $precision $((20800 / n)) $((2080 / n + 5)))")
                theirs+=("$(peer "$python" "$here/mace_peer.py" "$model" "$data" $dtype $((1040 / n + 2)))")
            done
            row "$(printf '%-8s %-6s %-8s' "$m" "$n" $dtype)" "${ours[*]}" "${theirs[*]}"
        done
    done
done
