"""Random-weight MACE models of typical sizes for benchmarks: mace_models.py FOLDER.

Four elements (Li P S Cl), two interactions, l_max 3, correlation 3, r_max 5; 32x0e and 64x0e."""
import os
import sys

os.environ["TORCH_FORCE_NO_WEIGHTS_ONLY_LOAD"] = "1"  # e3nn 0.4.4 needs it under new versions of torch
import numpy as np
import torch
from e3nn import o3
from mace import modules

torch.set_default_dtype(torch.float64)
for name, irreps in (("32x0e", "32x0e"), ("64x0e", "64x0e")):
    torch.manual_seed(3)
    model = modules.ScaleShiftMACE(
        r_max=5.0, num_bessel=8, num_polynomial_cutoff=5, max_ell=3,
        interaction_cls=modules.interaction_classes["RealAgnosticResidualInteractionBlock"],
        interaction_cls_first=modules.interaction_classes["RealAgnosticInteractionBlock"],
        num_interactions=2, num_elements=4, hidden_irreps=o3.Irreps(irreps), MLP_irreps=o3.Irreps("16x0e"),
        gate=torch.nn.functional.silu, atomic_energies=np.array([-0.3, -1.9, -0.9, -0.25]), avg_num_neighbors=28.1,
        atomic_numbers=[3, 15, 16, 17], correlation=3, radial_MLP=[64, 64, 64], radial_type="bessel",
        atomic_inter_scale=0.05, atomic_inter_shift=0.0)
    torch.save(model, f"{sys.argv[1]}/mace_{name}.model")
