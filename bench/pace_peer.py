"""Median time of energies, forces and virial of python-ace's recursive evaluator, one thread.

pace_peer.py POTENTIAL ELEMENT LATTICE STEPS -> one line: microseconds per atom and step of processor time.
Only the evaluation is timed (ACECalculator.compute), not the neighbour list."""
import sys
import time

import numpy as np
from ase.build import bulk
from pyace import PyACECalculator

potential, element, lattice, steps = sys.argv[1], sys.argv[2], float(sys.argv[3]), int(sys.argv[4])
atoms = bulk(element, "fcc", lattice, cubic=True).repeat(4)
calc = PyACECalculator(potential, recursive_evaluator=True, recursive=True)
rng = np.random.default_rng(1)
times = []
for k in range(steps + 1):
    atoms.positions += rng.normal(0, 0.05, atoms.positions.shape) if k == 0 else rng.normal(0, 0.005, atoms.positions.shape)
    environment = calc.get_atomic_env(atoms)
    start = time.process_time()
    calc.ace.compute(environment, compute_projections=False)
    times.append(time.process_time() - start)
print(f"{1e6 * np.median(times[1:]) / len(atoms):.2f}")
