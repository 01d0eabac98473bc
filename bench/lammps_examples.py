#!/usr/bin/env python3
"""Runs the input scripts of the Debian package lammps-examples in argyro and in LAMMPS and writes a table.

    apt-get download lammps-examples && dpkg-deb -x lammps-examples_*.deb examples
    export LAMMPS_POTENTIALS=...   # the folder potentials of LAMMPS, whose files many scripts name
    bench/lammps_examples.py examples/usr/share/lammps/examples --argyro target/release/argyro --lammps lmp > docs/lammps-examples.md

Each script is run in a copy of its folder (files ending in .gz unpacked) by both programs, one thread each, with
every `run N` shortened to --steps steps. All thermo tables are compared: 1e-9 relative in the first row of the
first table, 1e-5 later. Python 3 standard library only.
"""
import argparse, glob, gzip, os, re, shutil, sys, tempfile
from lammps_beside import MACHINE, run, tables

FIRST, LATER, SMALL = 1e-9, 1e-5, 1e-6


def shorten(folder, steps):
    def cut(m):
        return m.group(1) + str(min(int(m.group(2)), steps))
    for f in glob.glob(folder + '/**/in*', recursive=True) + glob.glob(folder + '/**/*.mod', recursive=True):
        if os.path.isfile(f):
            text = open(f, errors='replace').read()
            with open(f, 'w') as out:
                out.write(re.sub(r'(?m)^(\s*run\s+)(\d+)', cut, text))


def prepare(folder, steps):
    d = tempfile.mkdtemp(prefix='examples.')
    here = os.path.join(d, 'here')
    shutil.copytree(folder, here, symlinks=False, ignore_dangling_symlinks=True,
                    ignore=lambda p, names: [n for n in names if n.startswith('log.')])
    for f in glob.glob(here + '/**/*.gz', recursive=True):
        with gzip.open(f) as z, open(f[:-3], 'wb') as out:
            shutil.copyfileobj(z, out)
    shorten(here, steps)
    return d, here


def sentence(text):
    """The message of argyro without the frame that shows the script."""
    lines = [l.strip() for l in text.splitlines()]
    for k, l in enumerate(lines):
        if 'error:' in l:
            message = l.split('error:', 1)[1].strip()
            for more in lines[k + 1:]:
                if not more.startswith('│') or '─' in more:
                    break
                message += ' ' + more.lstrip('│ ').strip()
            help_ = [x for x in lines if x.startswith('help:')]
            return message + (' (' + help_[0][5:].strip() + ')' if help_ else '')
    return ' '.join(lines)[:160] or 'no message'


def difference(a, b):
    if len(a) != len(b):
        return f'{len(b)} thermo tables instead of {len(a)}'
    for n, (x, y) in enumerate(zip(a, b)):
        if x[0] != y[0]:
            return f'columns {" ".join(y[0])} instead of {" ".join(x[0])}'
        if len(x) != len(y):
            return f'table {n + 1}: {len(y) - 1} rows instead of {len(x) - 1}'
        for r, (p, q) in enumerate(zip(x[1:], y[1:])):
            for name, u, v in zip(x[0], p, q):
                if name in MACHINE:
                    continue
                # the log has 5 to 8 digits
                tol = max(FIRST if n == r == 0 else LATER, 2e-5)
                if not abs(u - v) <= tol * max(abs(u), abs(v)) + SMALL:
                    return f'table {n + 1}, step {int(p[0])}: {name} {v:g} instead of {u:g}'
    return ''


def unsorted(folder, name, reference, a):
    """How LAMMPS differs from itself when it does not sort atoms, so that only the order of sums is another."""
    d, here = prepare(folder, a.steps)
    try:
        path = os.path.join(here, name)
        with open(path, errors='replace') as f:
            text = f.read()
        with open(path, 'w') as f:
            f.write('atom_modify sort 0 0.0\n' + re.sub(r'(?m)^\s*clear\b.*$', r'\g<0>\natom_modify sort 0 0.0', text))
        code, _ = run([a.lammps, '-in', name, '-log', 'log.lammps', '-screen', 'none'], here, a.timeout)
        return '' if code else difference(reference, tables(os.path.join(here, 'log.lammps')))
    finally:
        shutil.rmtree(d, ignore_errors=True)


def case(path, a):
    folder, name = os.path.dirname(path), os.path.basename(path)
    d, here = prepare(folder, a.steps)
    try:
        code, text = run([a.argyro, '-in', name, '-log', 'log.argyro', '-screen', 'none'], here, a.timeout)
        if code is None:
            return 'slow', f'longer than {a.timeout} s'
        if code:
            if 'panicked' in text:
                return 'differs', 'panic'
            mine = sentence(text)
            ask = a.both or not re.search('does not have|not supported|not available', mine)
            lcode, _ = run([a.lammps, '-in', name, '-log', 'log.lammps', '-screen', 'none'], here, a.timeout) if ask else (0, '')
            return ('both stop' if lcode else 'stops'), mine
        d2, there = prepare(folder, a.steps)
        try:
            lcode, ltext = run([a.lammps, '-in', name, '-log', 'log.lammps', '-screen', 'none'], there, a.timeout)
            if lcode is None:
                return 'no reference', f'LAMMPS takes longer than {a.timeout} s'
            if lcode:
                log = open(os.path.join(there, 'log.lammps'), errors='replace').read() if os.path.exists(os.path.join(there, 'log.lammps')) else ''
                error = [l for l in (log + ltext).splitlines() if 'ERROR' in l]
                return 'no reference', 'LAMMPS stops: ' + (error[0][:120] if error else f'exit {lcode}')
            mine = tables(os.path.join(here, 'log.argyro'))
            theirs = tables(os.path.join(there, 'log.lammps'))
            what = difference(theirs, mine)
            rows = sum(len(t) - 1 for t in theirs)
            if not what:
                return 'equal', f'{len(theirs)} tables, {rows} rows'
            itself = unsorted(folder, name, theirs, a)
            return ('rounding', f'{what}; LAMMPS with unsorted atoms: {itself}') if itself else ('differs', what)
        finally:
            shutil.rmtree(d2, ignore_errors=True)
    finally:
        shutil.rmtree(d, ignore_errors=True)


def main():
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument('folder')
    p.add_argument('--argyro', required=True)
    p.add_argument('--lammps', default='lmp')
    p.add_argument('--steps', type=int, default=50)
    p.add_argument('--timeout', type=int, default=60)
    p.add_argument('--only', default='', help='only paths that contain this')
    p.add_argument('--both', action='store_true', help='run LAMMPS also where argyro names what it does not have')
    a = p.parse_args()
    a.argyro = os.path.abspath(a.argyro)
    if os.sep in a.lammps:
        a.lammps = os.path.abspath(a.lammps)
    files = sorted(f for f in glob.glob(a.folder + '/**/in*', recursive=True)
                   if re.match(r'in[._]', os.path.basename(f)) and os.path.isfile(f) and a.only in f and not f.endswith('.gz'))
    count, rows = {}, []
    for f in files:
        kind, text = case(f, a)
        count[kind] = count.get(kind, 0) + 1
        name = os.path.relpath(f, a.folder)
        rows.append(f'| `{name}` | {kind} | {text} |'.replace('\n', ' '))
        print(f'{kind:13} {name}: {text}', file=sys.stderr, flush=True)
    print('# The examples of LAMMPS\n')
    print(f'Made by `bench/lammps_examples.py` from the Debian package lammps-examples; runs are shortened to {a.steps} steps.')
    print('`equal`: all thermo output agrees with LAMMPS run beside it. `stops`: argyro says what it does not have.')
    print('`no reference`: argyro runs, but the LAMMPS that was used does not.')
    print('`rounding`: LAMMPS differs from itself as much when it does not sort its atoms, so that only the order of sums is')
    print('another: chaotic runs of many steps, and minimisations that end some iterations apart.')
    print('`both stop`: LAMMPS stops too where files of the package are missing or the script is of another version.\n')
    print(', '.join(f'{k}: {n}' for k, n in sorted(count.items())) + '\n')
    print('| script | result | detail |\n|---|---|---|')
    print('\n'.join(r.replace('||', '\\|\\|') for r in rows))


main()
