"""Makes reference.bin, the table of DFT-D3, from the MIT-licensed package torch-dftd (0.5.3).

    pip install torch-dftd numpy
    python generate.py reference.bin

Content, little-endian f32, elements 1..94: covalent radii scaled by 4/3 [94] (bohr), sqrt(Q) of C8 [94],
number of reference systems [94], their coordination numbers [94][5], cutoff radii R0 of pairs j <= i
[94*95/2] (A), C6 of pairs (j <= i) of reference systems [number of i][number of j] (hartree bohr^6).
"""
import sys
import importlib.util
import pathlib
import numpy as np

N = 94
BOHR = 0.52917726  # of the package
root = pathlib.Path(importlib.util.find_spec("torch_dftd").submodule_search_locations[0])
data = np.load(root / "nn/params/dftd3_params.npz")
c6, count, cn = data["c6ab"], [], np.zeros((N, 5))
for i in range(1, N + 1):
    known = [a for a in range(5) if (c6[i, :, a, :, 0] > 0).any()]
    assert known == list(range(len(known)))
    count.append(len(known))
    for a in known:
        used = c6[i, :, a, :, 0] > 0
        values = np.unique(c6[i, :, a, :, 1][used])
        assert len(values) == 1
        cn[i - 1, a] = values[0]
pairs = [(i, j) for i in range(1, N + 1) for j in range(1, i + 1)]
parts = [data["rcov"][1:], data["r2r4"][1:], np.array(count), cn.ravel(),
         np.array([data["r0ab"][i, j] * BOHR for i, j in pairs])]
parts += [c6[i, j, : count[i - 1], : count[j - 1], 0].ravel() for i, j in pairs]
np.concatenate(parts).astype("<f4").tofile(sys.argv[1])
