#!/usr/bin/env bash
# argyro beside python-ace (ASE calculator with the recursive evaluator), one thread, alternating in one run.
#   bench/pace.sh POTENTIAL [ROUNDS]     a potential of Cu, such as Cu-PBE-core-rep.ace of LAMMPS; default 5 rounds
# The 256 atoms of LAMMPS' example. Needs python3.11 with venv; python_ace is installed into a folder of the user's
# cache at first use (PYTHON_ACE names another interpreter that has it).
# Prints microseconds per atom and step (minimum and median over rounds) and the ratio of the medians. The peer is its
# evaluation alone, without the neighbour list, which it makes in Python.
set -euo pipefail
potential=$(realpath "${1:?usage: bench/pace.sh POTENTIAL [ROUNDS]}")
rounds=${2:-5}
. "$(dirname "$0")/common.sh"
python=${PYTHON_ACE:-}
if [ -z "$python" ]; then
    python=$(venv venv-ace numpy ase ruamel.yaml pandas scikit-learn)
    "$python" -c 'import pyace' 2>/dev/null || "$(dirname "$python")/pip" install -q --no-deps 'python_ace==0.4.0rc1' >&2
fi
versions "$python" python_ace ase
printf '%-6s %18s %18s %8s\n' atoms argyro python-ace ratio
ours=()
theirs=()
for _ in $(seq "$rounds"); do
    ours+=("$(own in.pace "$potential" 3.597 double 100 20)")
    theirs+=("$(peer "$python" "$here/pace_peer.py" "$potential" Cu 3.597 10)")
done
row "$(printf '%-6s' 256)" "${ours[*]}" "${theirs[*]}"
