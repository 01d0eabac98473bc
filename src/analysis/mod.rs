//! Analysis of trajectories: mean squared displacement, diffusion coefficient, reports. Needs no engine.
