"""What `dp train` needs to make a se_e2_a model of standard size: deepmd_models.py DATA FOLDER.

Embedding 25-50-100 with 16 axes, one net for each type of neighbour, fitting nets 240x3, cutoff 6 A, in both
precisions: FOLDER/float64.json and FOLDER/float32.json. The training set is the cell of DATA with random
displacements and random labels, which is enough for a benchmark."""
import json
import os
import sys

import numpy as np

data, folder = sys.argv[1], os.path.abspath(sys.argv[2])
elements = ["Li", "P", "S", "Cl"]
lines = open(data).read().splitlines()
lengths = [float(next(line for line in lines if f"{x}lo {x}hi" in line).split()[1]) for x in "xyz"]
first = next(i for i, line in enumerate(lines) if line.startswith("Atoms")) + 1
atoms = sorted(line.split() for line in lines[first:] if len(line.split()) >= 5)
types = [int(a[1]) - 1 for a in atoms]
x = np.array([[float(v) for v in a[2:5]] for a in atoms])

rng, frames = np.random.default_rng(0), 8
os.makedirs(f"{folder}/set/set.000", exist_ok=True)
open(f"{folder}/set/type.raw", "w").write("\n".join(map(str, types)) + "\n")
open(f"{folder}/set/type_map.raw", "w").write("\n".join(elements) + "\n")
arrays = {
    "coord": np.array([(x + rng.normal(0, 0.08, x.shape)).ravel() for _ in range(frames)]),
    "box": np.array([np.diag(lengths).ravel()] * frames),
    "energy": -200 + rng.normal(0, 0.5, frames),
    "force": rng.normal(0, 0.3, (frames, x.size)),
}
for name, values in arrays.items():
    np.save(f"{folder}/set/set.000/{name}.npy", values)

for precision in ("float64", "float32"):
    descriptor = dict(type="se_e2_a", rcut=6.0, rcut_smth=0.5, sel=[60, 20, 50, 20], neuron=[25, 50, 100], axis_neuron=16,
                      resnet_dt=False, type_one_side=True, seed=1, precision=precision)
    fitting = dict(neuron=[240, 240, 240], resnet_dt=True, seed=1, precision=precision)
    settings = dict(
        model=dict(type_map=elements, descriptor=descriptor, fitting_net=fitting),
        learning_rate=dict(type="exp", decay_steps=1000, start_lr=1e-3, stop_lr=1e-6),
        loss=dict(type="ener"),
        training=dict(training_data=dict(systems=[f"{folder}/set"], batch_size=1), numb_steps=20, seed=1, disp_freq=10,
                      save_freq=20, disp_file="lcurve.out", save_ckpt="model.ckpt"))
    json.dump(settings, open(f"{folder}/{precision}.json", "w"), indent=1)
