#!/usr/bin/env python3
"""Runs every row of tests/keywords/*.txt in argyro and in LAMMPS and says which rows have another status than stated.

    bench/lammps_keywords.py --argyro target/release/argyro --lammps lmp [FILE ...] [--item REGEX] [--row REGEX]

A file holds blocks that begin with `## ITEM` (a command or style) and rows `KEYWORD | STATUS | LINES`; several lines are
joined by ` ;; `. Inside a block, `@system NAME` takes tests/keywords/NAME.in or tests/manual/NAME.in as the beginning of
the scripts, `@file FIXTURE NAME` copies tests/FIXTURE, `@before LINE` and `@after LINE` come around the lines of a row.
All data files of tests/keywords and tests/manual are there.

same       thermo tables and all files that are written agree: numbers to 1e-7, in files to 2e-5 (their digits)
differs W  both run and W says why they do not agree
random     both run; the results agree in distribution only
refused    argyro stops with a message that names the keyword; LAMMPS runs, or stops too
stops      both stop: the row shows a mistake
argyro     an extension, or LAMMPS stops where argyro need not

Python 3 standard library only; exit status 1 if a row has another status.
"""
import argparse, glob, os, re, shutil, sys, tempfile
from concurrent.futures import ThreadPoolExecutor
from lammps_beside import MACHINE, run, tables

TESTS = os.path.join(os.path.dirname(os.path.dirname(os.path.abspath(__file__))), 'tests')
THERMO, FILES, SMALL = 1e-7, 2e-5, 1e-9
LONGEST = 120


class Row:
    def __init__(self, item, keyword, status, block, lines):
        self.item, self.keyword, self.status = item, keyword, status
        self.files = block['file']
        self.lines = [start(block['system'])] + block['before'] + lines + block['after']


def start(name):
    if name in ('', 'none'):
        return ''
    for folder in ('keywords', 'manual'):
        path = os.path.join(TESTS, folder, name + '.in')
        if os.path.exists(path):
            return open(path).read()
    sys.exit(f'there is no system {name}')


def rows(path):
    item, block = '', None
    for line in open(path):
        line = line.rstrip('\n')
        if line.startswith('## '):
            item, block = line[3:].strip(), {'system': '', 'file': [], 'before': [], 'after': []}
        elif line.startswith('@'):
            word, _, rest = line[1:].partition(' ')
            if word == 'system':
                block['system'] = rest.strip()
            else:
                block[word].append(rest.split() if word == 'file' else rest)
        elif line.strip() and block is not None:
            keyword, status, lines = (x.strip() for x in line.split(' | ', 2))
            yield Row(item, keyword, status, block, lines.split(' ;; '))


def close(u, v, tolerance):
    return u == v or (u != u and v != v) or abs(u - v) <= tolerance * max(abs(u), abs(v)) + SMALL


def thermo_difference(x, y):
    if [t[0] for t in x] != [t[0] for t in y]:
        return f'columns {[t[0] for t in y]} instead of {[t[0] for t in x]}'
    for n, (a, b) in enumerate(zip(x, y)):
        if len(a) != len(b):
            return f'table {n + 1}: {len(b) - 1} rows instead of {len(a) - 1}'
        for p, q in zip(a[1:], b[1:]):
            for name, u, v in zip(a[0], p, q):
                if name not in MACHINE and not close(u, v, THERMO):
                    return f'table {n + 1}, step {p[0]:g}: {name} {v:.10g} instead of {u:.10g}'
    return ''


def text_difference(a, b):
    a, b = ([l for l in t.splitlines() if not re.match(r'#|LAMMPS|.*22 Jul 2025', l)] for t in (a, b))
    if len(a) != len(b):
        return f'{len(b)} lines instead of {len(a)}'
    for n, (p, q) in enumerate(zip(a, b)):
        # numbers behind = and within quotes or brackets count too (YAML, extended XYZ)
        u, v = (re.split(r'[\s=,"\[\]]+', s.strip()) for s in (p, q))
        same = len(u) == len(v)
        for s, t in zip(u, v):
            try:
                same = same and (s == t or close(float(s), float(t), FILES))
            except ValueError:
                same = False
        if not same:
            return f'line {n + 1}: {q!r} instead of {p!r}'
    return ''


def files_difference(a, b):
    def names(d):
        return {os.path.relpath(os.path.join(p, f), d) for p, _, fs in os.walk(d) for f in fs} - {'in.x', 'log.x'}
    x, y = names(a), names(b)
    if x != y:
        return f'files {sorted(y - x)} more, {sorted(x - y)} missing'
    for f in sorted(x):
        texts = []
        for d in (a, b):
            with open(os.path.join(d, f), 'rb') as file:
                texts.append(file.read())
        if b'\0' in texts[0]:
            continue  # binary: readers of such files are tested elsewhere
        what = text_difference(*(t.decode(errors='replace') for t in texts))
        if what:
            return f'{f}: {what}'
    return ''


def attempt(program, folder, text, row):
    """Exit status, None if it took too long, and what was printed."""
    os.mkdir(folder)
    for name in glob.glob(os.path.join(TESTS, 'keywords', '*')) + glob.glob(os.path.join(TESTS, 'manual', '*.data')):
        if not name.endswith(('.in', '.txt')):
            shutil.copy(name, folder)
    for fixture, name, *_ in row.files:
        shutil.copy(os.path.join(TESTS, fixture), os.path.join(folder, name))
    with open(os.path.join(folder, 'in.x'), 'w') as f:
        f.write(text)
    return run([program, '-in', 'in.x', '-log', 'log.x', '-screen', 'none'], folder, LONGEST)


def written(folder, row):
    """Files that a run has written."""
    given = {'in.x', 'log.x'} | {f[1] for f in row.files}
    for part in ('keywords', 'manual'):
        given.update(os.listdir(os.path.join(TESTS, part)))
    return set(os.listdir(folder)) - given


def thermo_text(folder):
    """The thermo output of all runs as it is printed: for forms that are no table."""
    out = re.findall(r'^Per MPI rank memory.*\n((?:.*\n)*?)(?=Loop time)', log_of(folder), flags=re.M)
    return re.sub(r'CPU = *\S+', '', ''.join(out))


def log_of(folder):
    path = os.path.join(folder, 'log.x')
    return open(path, errors='replace').read() if os.path.exists(path) else ''


def measure(row, a):
    d = tempfile.mkdtemp(prefix='keywords.')
    text = '\n'.join(row.lines) + '\n'
    try:
        theirs, mine = (os.path.join(d, w) for w in ('lammps', 'argyro'))
        lcode, lout = attempt(a.lammps, theirs, text, row)
        code, out = attempt(a.argyro, mine, text, row)
        if code is None or lcode is None:
            return 'slow', f'longer than {LONGEST} s'
        if 'panicked' in out:
            return 'panic', out[:300]
        error = [l for l in (log_of(theirs) + lout).splitlines() if 'ERROR' in l]
        if code:
            sentence = ' '.join(re.sub(r'^.*?error:', '', out, flags=re.S).split())[:200]
            return ('stops', sentence) if lcode else ('refused', sentence)
        if lcode:
            return 'argyro', error[0] if error else lout[-200:]
        ours, reference = (tables(os.path.join(x, 'log.x')) for x in (mine, theirs))
        what = thermo_difference(reference, ours) or files_difference(theirs, mine)
        if not what and not any(len(t) > 1 for t in reference):
            printed = thermo_text(theirs)
            what = text_difference(printed, thermo_text(mine))
            if not printed and not written(theirs, row):
                what = 'there is nothing to compare'
        return ('differs', what) if what else ('same', '')
    finally:
        shutil.rmtree(d, ignore_errors=True)


MEANS = {'same': {'same'}, 'differs': {'differs'}, 'random': {'differs'}, 'refused': {'refused', 'stops'}, 'stops': {'stops'},
         'argyro': {'argyro', 'differs', 'same'}}


def main():
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument('files', nargs='*')
    p.add_argument('--argyro', required=True)
    p.add_argument('--lammps', default='lmp')
    p.add_argument('--item', default='', help='only items that match')
    p.add_argument('--row', default='', help='only rows whose keyword matches')
    a = p.parse_args()
    a.argyro = os.path.abspath(a.argyro)
    if os.sep in a.lammps:
        a.lammps = os.path.abspath(a.lammps)
    files = a.files or sorted(glob.glob(os.path.join(TESTS, 'keywords', '*.txt')))
    every = [r for f in files for r in rows(f) if re.search(a.item, r.item) and re.search(a.row, r.keyword)]
    wrong = 0
    with ThreadPoolExecutor(2) as pool:
        for row, (got, why) in zip(every, pool.map(lambda r: measure(r, a), every)):
            if got not in MEANS.get(row.status.split()[0], ()):
                wrong += 1
                print(f'[{row.item}] {row.keyword}: {got}, not {row.status}. {why}', flush=True)
    print(f'{len(every)} rows, {wrong} of another status than stated')
    sys.exit(1 if wrong else 0)


main()
