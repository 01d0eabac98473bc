"""Median time of energy, forces and stress of NequIP's ASE calculator, one thread.

nequip_peer.py COMPILED_MODEL DATA STEPS -> one line: microseconds per atom and step of processor time.
Atoms move by 0.01 A between evaluations, as in MD."""
import sys
import time
import warnings

warnings.filterwarnings("ignore")
import numpy as np
import torch
from ase.io import read
from nequip.integrations.ase import NequIPCalculator

torch.set_num_threads(1)
model, data, steps = sys.argv[1], sys.argv[2], int(sys.argv[3])
atoms = read(data, format="lammps-data", atom_style="atomic", units="metal", Z_of_type={1: 3, 2: 15, 3: 16, 4: 17})
calc = NequIPCalculator.from_compiled_model(model, device="cpu")
rng = np.random.default_rng(1)
times = []
for k in range(steps + 1):
    atoms.positions += rng.normal(0, 0.01, atoms.positions.shape)
    start = time.process_time()
    calc.calculate(atoms, ["energy", "forces", "stress"], ["positions"])
    times.append(time.process_time() - start)
print(f"{1e6 * np.median(times[1:]) / len(atoms):.2f}")
