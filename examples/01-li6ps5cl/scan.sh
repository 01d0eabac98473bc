#!/bin/sh
# An ensemble: temperatures x seeds, each a run of its own; finished ones are not run again.
#   ARGYRO=../../target/release/argyro TEMPS="600 700 800" SEEDS="1 2 3 4" ./scan.sh
set -eu
cd "$(dirname "$0")"
ARGYRO=${ARGYRO:-argyro}
for T in ${TEMPS:-600 700 800}; do
    for seed in ${SEEDS:-1 2 3 4}; do
        log="log.T${T}_s${seed}"
        grep -q "^Total wall time" "$log" 2>/dev/null && continue
        $ARGYRO -in in.nvt -var T "$T" -var seed "$seed" -log "$log" -screen none
    done
done
$ARGYRO diffusion traj_T*_s*.h5 --species Li --charge 1
