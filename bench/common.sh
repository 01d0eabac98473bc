# Sourced by the benchmarks that run argyro beside a Python calculator, one thread each.
#
# Times are of the processor, not of the clock on the wall, so that other programs on the machine
# disturb as little as possible: argyro's are loop time times CPU use from its log, those of the
# peer are time.process_time(). On an idle machine both equal wall clock.
here=$(cd "$(dirname "$0")" && pwd)
root=$(dirname "$here")
cache=${ARGYRO_BENCH_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/argyro-bench}
argyro=${ARGYRO:-$root/target/release/argyro}
core=${CORE:-0}
export OMP_NUM_THREADS=1 MKL_NUM_THREADS=1 RAYON_NUM_THREADS=1 PYTHONWARNINGS=ignore
mkdir -p "$cache"
[ -x "$argyro" ] || (cd "$root" && cargo build --release)

pin() { if command -v taskset >/dev/null; then taskset -c "$core" "$@"; else "$@"; fi; }

# venv NAME PACKAGE...: makes a virtual environment at first use and prints its interpreter
venv() {
    local dir=$cache/$1
    shift
    if [ ! -x "$dir/bin/python" ]; then
        python3 -m venv "$dir"
        "$dir/bin/pip" install -q "$@" >&2
    fi
    echo "$dir/bin/python"
}

# versions PYTHON PACKAGE...: what is compared
versions() {
    local python=$1
    shift
    printf '# %s, %s, one core; %s;' "$(uname -m)" "$(awk -F': ' '/model name/ { print $2; exit }' /proc/cpuinfo)" "$($argyro --version)"
    "$python" -c 'import sys, importlib.metadata as m; print("", *(f"{p} {m.version(p)}" for p in sys.argv[1:]))' "$@"
    echo "# microseconds of one core per atom and step: minimum / median of $rounds rounds, alternating"
}

# own INPUT MODEL DATA PRECISION STEPS WARM: microseconds per atom and step of the last run
own() {
    local dir
    dir=$(mktemp -d)
    (cd "$dir" && pin "$argyro" -in "$here/$1" -log log -screen none -var model "$2" -var data "$3" -var steps "$5" -var warm "$6" \
        -pk argyro precision "$4" threads 1)
    awk '/^Loop time of/ { t = $4; n = $9; a = $12 } / CPU use with / { p = $1 } END { printf "%.2f\n", 1e6 * t * p / 100 / n / a }' "$dir/log"
    rm -rf "$dir"
}

# peer PYTHON SCRIPT ARGUMENT...: last line of what it prints; its messages only if it fails
peer() {
    pin "$@" >"$cache/peer.out" 2>"$cache/peer.err" || {
        cat "$cache/peer.err" >&2
        return 1
    }
    tail -1 "$cache/peer.out"
}

stats() { sort -n | awk '{ v[NR] = $1 } END { m = NR % 2 ? v[(NR + 1) / 2] : (v[NR / 2] + v[NR / 2 + 1]) / 2; printf "%.1f %.1f\n", v[1], m }'; }

# row LABEL OURS PEERS: minimum / median of both lists and the ratio of the medians
row() {
    local amin amed pmin pmed
    read -r amin amed < <(printf '%s\n' $2 | stats)
    read -r pmin pmed < <(printf '%s\n' $3 | stats)
    printf '%s %18s %18s %8s\n' "$1" "$amin / $amed" "$pmin / $pmed" "$(awk -v a="$amed" -v b="$pmed" 'BEGIN { printf "%.1f", b / a }')"
}
