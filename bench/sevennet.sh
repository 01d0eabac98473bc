#!/usr/bin/env bash
# argyro beside the ASE calculator of sevenn, one thread, alternating in one run.
#   bench/sevennet.sh [ROUNDS]        default 5
# Needs python3 with venv; sevenn (GPL-3.0, with the weights of SevenNet-0 of 11Jul2024 and SevenNet-l3i5) is installed
# into a folder of the user's cache at first use. PYTHON_SEVENN names another interpreter that has it.
# Prints first how far energy and forces of the 416-atom cell differ, then microseconds per atom and step (minimum and
# median over rounds) and the ratio of the medians.
set -euo pipefail
rounds=${1:-5}
. "$(dirname "$0")/common.sh"
python=${PYTHON_SEVENN:-$(venv sevenn torch sevenn)}
versions "$python" sevenn torch

# agreement on the 416-atom cell
dir=$(mktemp -d)
model=$(peer "$python" "$here/sevennet_peer.py" 0 where)
data=$root/examples/01-li6ps5cl/li6ps5cl_416.data
for precision in single double; do
    cat >"$dir/in" <<INPUT
units metal
atom_style atomic
read_data $data
pair_style e3gnn
pair_coeff * * $model Li P S Cl
thermo_style custom step pe
thermo_modify format float %.10f
dump 1 all custom 1 forces.$precision id fx fy fz
dump_modify 1 sort id format float %.9f
run 0
INPUT
    (cd "$dir" && pin "$argyro" -in in -log log.$precision -screen none -pk argyro precision $precision threads 1)
    peer "$python" "$here/sevennet_peer.py" 0 compare "$data" "$dir/log.$precision" "$dir/forces.$precision" | sed "s/^/# $precision: /"
done
rm -rf "$dir"

printf '%-6s %-6s %-8s %18s %18s %8s\n' model atoms dtype argyro sevenn ratio
for case in "0 52" "0 416" "l3i5 52"; do
    read -r m n <<<"$case"
    model=$(peer "$python" "$here/sevennet_peer.py" "$m" where)
    data=$root/examples/01-li6ps5cl/li6ps5cl_$n.data
    ours=()
    theirs=()
    for _ in $(seq "$rounds"); do
        ours+=("$(own in.sevennet "$model" "$data" single $((3328 / n)) $((416 / n + 1)))")
        theirs+=("$(peer "$python" "$here/sevennet_peer.py" "$m" time "$data" $((208 / n + 2)))")
    done
    row "$(printf '%-6s %-6s %-8s' "$m" "$n" float32)" "${ours[*]}" "${theirs[*]}"
done
