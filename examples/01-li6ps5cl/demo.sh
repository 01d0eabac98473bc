#!/bin/sh
# Called by `make demo`: demo.sh ARGYRO FOLDER. Four trajectories of one state, two at a time, then D.
set -eu
argyro=$1
out=$2
here=$(cd "$(dirname "$0")" && pwd)
rm -rf "$out"
mkdir -p "$out"
cd "$out"

run() {
    RAYON_NUM_THREADS=1 "$argyro" -in "$here/in.nvt" -var seed "$1" -var T 700 -var nprod 60000 \
        -var data "$here/li6ps5cl_52.data" -var model "$here/../../potentials/mace_chgnet_pbe.model" \
        -log "log.s$1" -screen "$2"
}

echo "Li6PS5Cl, 52 atoms, 700 K, MACE: four trajectories of 120 ps (seeds 1 to 4), two at a time."
echo "The first one prints its thermo output here; the others write log.s2, log.s3, log.s4."
run 2 none & other=$!
: > screen.s1
run 1 screen.s1 & first=$!
tail -f -n +1 --pid=$first screen.s1 2>/dev/null || wait $first
wait $first
wait $other
run 3 none & other=$!
run 4 none
wait $other
"$argyro" diffusion traj_T700_s*.h5 --species Li --temperature 700 --charge 1
echo
echo "Trajectories: $out/traj_T700_s1.h5 ... traj_T700_s4.h5"
echo "Report and plots: $out/diffusion-report/ (report.html, report.json, PNG and SVG)"
