"""What the scripts that run argyro beside LAMMPS share: running a program, reading the thermo tables of its log.

Python 3 standard library only.
"""
import os, signal, subprocess

# Columns that measure the machine.
MACHINE = {'CPU', 'T/CPU', 'S/CPU', 'CPULeft', 'Elapsed'}


def tables(path):
    """The thermo tables of a log: lists of the column names and the rows of numbers."""
    if not os.path.exists(path):
        return []
    out, current = [], None
    for line in open(path, errors='replace'):
        w = line.split()
        if w and w[0] == 'Step':
            current = [w]
            out.append(current)
        elif line.startswith(('Loop time', 'ERROR')):
            current = None
        elif current is not None and w:
            try:
                row = [float(x) for x in w]
            except ValueError:
                continue
            if len(row) == len(current[0]):
                current.append(row)
    return out


def run(cmd, here, timeout):
    """Exit status, None if it took longer than `timeout` seconds, and what was printed."""
    # a session of its own, so that a wrapper's children end with it
    p = subprocess.Popen(cmd, cwd=here, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, errors='replace',
                         env=dict(os.environ, OMP_NUM_THREADS='1', RAYON_NUM_THREADS='1'), stdin=subprocess.DEVNULL,
                         start_new_session=True)
    try:
        out, err = p.communicate(timeout=timeout)
        return p.returncode, out + err
    except subprocess.TimeoutExpired:
        os.killpg(p.pid, signal.SIGKILL)
        p.communicate()
        return None, ''
