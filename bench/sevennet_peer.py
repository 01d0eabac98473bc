"""sevenn's ASE calculator with a model that sevenn brings along, one thread. MODEL: 0 (SevenNet-0, 11Jul2024) or l3i5.

sevennet_peer.py MODEL where                  -> path of the checkpoint
sevennet_peer.py MODEL compare DATA LOG DUMP  -> differences of energy and forces from a run of argyro
sevennet_peer.py MODEL time DATA STEPS        -> median microseconds of processor time per atom and step of energy,
                                                 forces and stress; atoms move by 0.01 A between evaluations, as in MD"""
import os
import re
import sys
import time
import warnings

os.environ["TORCH_FORCE_NO_WEIGHTS_ONLY_LOAD"] = "1"
warnings.filterwarnings("ignore")
import numpy as np
import sevenn._const as const

model = {"0": const.SEVENNET_0_11Jul2024, "l3i5": const.SEVENNET_l3i5}[sys.argv[1]]
if sys.argv[2] == "where":
    print(model)
    sys.exit()

import torch
from ase.io import read

try:
    from sevenn.calculator import SevenNetCalculator
except ImportError:  # before 0.11
    from sevenn.sevennet_calculator import SevenNetCalculator

torch.set_num_threads(1)
atoms = read(sys.argv[3], format="lammps-data", atom_style="atomic", units="metal", Z_of_type={1: 3, 2: 15, 3: 16, 4: 17})
calc = SevenNetCalculator(model, device="cpu")
if sys.argv[2] == "compare":
    calc.calculate(atoms, ["energy", "forces"], ["positions"])
    rows = re.findall(r"^\s+0\s+(-?\d+\.\d+)\s*$", open(sys.argv[4]).read(), re.M)
    forces = np.loadtxt(sys.argv[5], skiprows=9)
    order = np.argsort(atoms.arrays["id"]) if "id" in atoms.arrays else slice(None)
    worst = np.abs(forces[:, 1:] - calc.results["forces"][order]).max()
    energy = float(rows[-1]) - calc.results["energy"]
    print(f"energy differs by {energy / len(atoms):.2e} eV/atom, forces by at most {worst:.2e} eV/A from sevenn in float32")
    sys.exit()

rng = np.random.default_rng(1)
times = []
for _ in range(int(sys.argv[4]) + 1):
    atoms.positions += rng.normal(0, 0.01, atoms.positions.shape)
    start = time.process_time()
    calc.calculate(atoms, ["energy", "forces", "stress"], ["positions"])
    times.append(time.process_time() - start)
print(f"{1e6 * np.median(times[1:]) / len(atoms):.2f}")
