#!/usr/bin/env bash
# argyro beside NequIP compiled by AOTInductor (ASE calculator), one thread, alternating in one run.
#   bench/nequip.sh CHECKPOINT [ROUNDS]       a NequIP checkpoint (.ckpt) for Li P S Cl; default 5 rounds
# Needs python3 with venv and a C++ compiler; nequip is installed into a folder of the user's cache at
# first use (PYTHON_NEQUIP names another interpreter that has it), and the compiled model is kept there.
# Prints microseconds per atom and step (minimum and median over rounds) and the ratio of the medians; the peer is in
# the precision of the checkpoint.
set -euo pipefail
model=$(realpath "${1:?usage: bench/nequip.sh CHECKPOINT [ROUNDS]}")
rounds=${2:-5}
. "$(dirname "$0")/common.sh"
python=${PYTHON_NEQUIP:-$(venv venv-nequip torch nequip)}
compiled=$cache/$(sha256sum "$model" | cut -c 1-16).nequip.pt2
[ -s "$compiled" ] || "$(dirname "$python")/nequip-compile" "$model" "$compiled" --mode aotinductor --device cpu --target ase >"$cache/nequip-compile.log" 2>&1
versions "$python" nequip torch
printf '%-6s %-10s %18s %18s %8s\n' atoms precision argyro AOTInductor ratio
for n in 52 416; do
    for precision in single double; do
        data=$root/examples/01-li6ps5cl/li6ps5cl_$n.data
        ours=()
        theirs=()
        for _ in $(seq "$rounds"); do
            ours+=("$(own in.nequip "$model" "$data" $precision $((41600 / n)) $((4160 / n + 5)))")
            theirs+=("$(peer "$python" "$here/nequip_peer.py" "$compiled" "$data" $((2080 / n + 2)))")
        done
        row "$(printf '%-6s %-10s' "$n" $precision)" "${ours[*]}" "${theirs[*]}"
    done
done
