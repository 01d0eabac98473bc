"""Median time of energy, forces and stress of mace-torch's ASE calculator, one thread.

mace_peer.py MODEL DATA DTYPE STEPS -> one line: microseconds per atom and step of processor time.
Atoms move by 0.01 A between evaluations, as in MD."""
import os
import sys
import time
import warnings

os.environ["TORCH_FORCE_NO_WEIGHTS_ONLY_LOAD"] = "1"
warnings.filterwarnings("ignore")
import numpy as np
import torch
from ase.io import read
from mace.calculators import MACECalculator

torch.set_num_threads(1)
model, data, dtype, steps = sys.argv[1], sys.argv[2], sys.argv[3], int(sys.argv[4])
atoms = read(data, format="lammps-data", atom_style="atomic", units="metal", Z_of_type={1: 3, 2: 15, 3: 16, 4: 17})
calc = MACECalculator(model_paths=model, device="cpu", default_dtype=dtype)
rng = np.random.default_rng(1)
times = []
for k in range(steps + 1):
    atoms.positions += rng.normal(0, 0.01, atoms.positions.shape)
    start = time.process_time()
    calc.calculate(atoms, ["energy", "forces", "stress"], ["positions"])
    times.append(time.process_time() - start)
print(f"{1e6 * np.median(times[1:]) / len(atoms):.2f}")
