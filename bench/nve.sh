#!/bin/sh
# Drift of the total energy in double precision at a time step of 1 fs, for models of any family:
#   bench/nve.sh ARGYRO STYLE MODEL [STEPS]
# Prints the slope of a straight line through etotal (after 1 ps) and the scatter around it. The same models
# should show no drift above 1e-6 eV/atom/ps. Run it from the top of the repository.
set -eu
argyro=$1 style=$2 model=$3 steps=${4:-5000}
log=$(mktemp)
trap 'rm -f "$log"' EXIT
if [ "$style" = deepmd ]; then
  "$argyro" -in bench/in.nve -log "$log" -screen none -var style "$style" -var files "$model" -var coeff "" -var steps "$steps"
else
  "$argyro" -in bench/in.nve -log "$log" -screen none -var style "$style" -var coeff "$model" -var steps "$steps"
fi
awk -v name="$style $(basename "$model")" '
  /^Loop time/ { run++; atoms = $(NF-1) }
  run == 1 && NF == 3 && $1 ~ /^[0-9]+$/ { n++; t = $1 * 1e-3; e = $3; T += $2
    if (n == 1) e0 = e; e -= e0
    st += t; se += e; stt += t * t; ste += t * e; see += e * e }
  END { d = n * stt - st * st; slope = (n * ste - st * se) / d
    var = (see - se * se / n) / n - slope * slope * d / n / n
    printf "%-40s %3d atoms %6.0f K  %10.2e eV/atom/ps  scatter %.1e eV/atom\n", name, atoms, T / n, slope / atoms, sqrt(var > 0 ? var : 0) / atoms }' "$log"
