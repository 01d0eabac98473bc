//! Fixes, computes, dumps and commands of LAMMPS that argyro does not have, by what comes nearest to them.

use super::Group;

/// Fix styles.
pub(super) const FIX: &[Group] = &[
    Group {
        nearest: "fix langevin, temp/csvr, nvt or nve/limit",
        names: "accelerate/cos brownian brownian/asphere brownian/sphere ffl gjf gld gle grem langevin/drude \
            langevin/eff langevin/spin nve/gle nvk propel/self qtb temp/csld temp/grem temp/rescale/eff",
    },
    Group {
        nearest: "fixed charges (set charge), or a machine-learning pair style",
        names: "acks2/reax acks2/reaxff electrode/conp electrode/conq electrode/thermo polarize/bem/gmres \
            polarize/bem/icc polarize/functional qeq/comb qeq/ctip qeq/dynamic qeq/fire qeq/point qeq/reax \
            qeq/reaxff qeq/rel/reaxff qeq/shielded qeq/slater qtpie/reaxff reax/c/bonds reax/c/species \
            reaxff/bonds reaxff/species",
    },
    Group {
        nearest: "fix property/atom with the set command, or variables",
        names: "adapt adapt/fep set setforce/spin store/force store/local store/state",
    },
    Group {
        nearest: "fix langevin or nvt on two groups; compute heat/flux for Green-Kubo",
        names: "add/heat controller ehex electron/stopping electron/stopping/fit flow/gauss heat \
            thermal/conductivity ttm ttm/grid ttm/mod viscosity",
    },
    Group {
        nearest: "fix addforce, setforce, aveforce or spring",
        names: "addtorque damping/cundall dplr drag efield efield/lepton efield/tip4p external freeze gravity \
            heat/flow indent lineforce manifoldforce pafi planeforce python python/invoke python/move restrain \
            smd viscous viscous/sphere",
    },
    Group {
        nearest: "one classical system in one process; fix spring restrains, argyro diffusion analyses",
        names: "alchemy colvars hyper/global hyper/local imd ipi latte mdi/qm mdi/qmmm neb neb/spin pimd pimd/langevin \
            pimd/langevin/bosonic pimd/nvt pimd/nvt/bosonic plumed",
    },
    Group {
        nearest: "`argyro explain fix` lists what there is",
        names: "amoeba/bitorsion amoeba/pitorsion apip atc atom_weight/apip cmap gpu intel kk lambda \
            lambda_thermostat/apip mscg omp oneway pace pair qmmm tune/kspace user/ipi",
    },
    Group {
        nearest: "create_atoms and delete_atoms between runs (argyro moves atoms by dynamics only)",
        names: "append/atoms atom/swap bond/break bond/create bond/create/angle bond/react bond/swap \
            charge/regulation deposit evaporate gcmc hmc mol/swap neighbor/swap pour sgcmc tfmc widom",
    },
    Group {
        nearest: "fix ave/time, ave/chunk or ave/correlate",
        names: "ave/correlate/long ave/grid ave/histo ave/histo/weight ave/moments ave/spatial ave/spatial/sphere",
    },
    Group {
        nearest: "fix npt, nph or press/berendsen",
        names: "bocs eos/cv eos/table eos/table/rx msst nphug press/langevin qbmsst",
    },
    Group {
        nearest: "fix deform with fix nvt, or fix npt",
        names: "deform/pressure npt/cauchy npt/uef nvt/sllod nvt/uef",
    },
    Group {
        nearest: "fix nve, nvt or langevin (argyro has point atoms without size, spin or internal energy)",
        names: "dpd/energy edpd/source lb/fluid lb/momentum lb/pc lb/rigid/pc/sphere lb/viscous meso/move mvv/dpd \
            mvv/edpd mvv/tdpd precession/spin rheo rheo/oxidation rheo/pressure rheo/thermal rheo/viscosity rx \
            shardlow smd/adjust_dt smd/integrate_tlsph smd/integrate_ulsph smd/move_tri_surf smd/setvel \
            smd/wall_surface sph sph/stationary srd tdpd/source",
    },
    Group {
        nearest: "fix nvt or npt (argyro has no Drude particles)",
        names: "drude drude/transform/direct drude/transform/inverse tgnpt/drude tgnvt/drude",
    },
    Group {
        nearest: "fix nve/limit or fix halt",
        names: "dt/reset",
    },
    Group {
        nearest: "a smaller timestep with the bonds flexible (argyro has no constraints)",
        names: "filter/corotate poems rattle rigid rigid/meso rigid/nph rigid/nph/small rigid/npt rigid/npt/small \
            rigid/nve rigid/nve/small rigid/nvt rigid/nvt/small rigid/small shake",
    },
    Group {
        nearest: "fix momentum",
        names: "momentum/chunk",
    },
    Group {
        nearest: "fix spring or spring/self",
        names: "nonaffine/displacement orient/bcc orient/eco orient/fcc rhok spring/chunk spring/rg ti/spring tmd",
    },
    Group {
        nearest: "the same fix without its ending: fix nve, nvt, npt, nph (argyro has point atoms)",
        names: "nph/asphere nph/body nph/eff nph/sphere npt/asphere npt/body npt/eff npt/sphere nve/asphere \
            nve/asphere/noforce nve/awpmd nve/body nve/bpm/sphere nve/dot nve/dotc/langevin nve/eff nve/line \
            nve/sphere nve/spin nve/tri nvt/asphere nvt/body nvt/eff nvt/sllod/eff nvt/sphere",
    },
    Group {
        nearest: "displace_atoms with run 0 and write_dump",
        names: "numdiff numdiff/virial phonon",
    },
    Group {
        nearest: "fix nve with fix setforce",
        names: "nve/manifold/rattle nve/noforce nvt/manifold/rattle",
    },
    Group {
        nearest: "compute rdf with fix ave/time",
        names: "saed/vtk",
    },
    Group {
        nearest: "fix wall/reflect, or fix addforce with a variable",
        names: "wall/body/polygon wall/body/polyhedron wall/colloid wall/ees wall/flow wall/gran wall/gran/region \
            wall/harmonic wall/lepton wall/lj1043 wall/lj126 wall/lj93 wall/morse wall/piston \
            wall/reflect/stochastic wall/region wall/region/ees wall/srd wall/table",
    },
];

/// Compute styles.
pub(super) const COMPUTE: &[Group] = &[
    Group {
        nearest: "compute rdf, coord/atom or centro/atom; a dump for external analysis",
        names: "ackland/atom adf aggregate/atom ave/sphere/atom basal/atom cluster/atom cna/atom cnp/atom \
            composition/atom contact/atom coord/gaussian entropy/atom fragment/atom hexorder/atom nbond/atom \
            ptm/atom rattlers/atom saed slcsa/atom voronoi/atom xrd",
    },
    Group {
        nearest: "thermo keywords ebond, eangle and emol, or compute pair",
        names: "angle angle/local body/local bond bond/local dihedral dihedral/local gaussian/grid/local improper \
            improper/local pair/local pod/local property/local rigid/local sna/grid/local",
    },
    Group {
        nearest: "compute msd/chunk, or fix ave/chunk with compute chunk/atom",
        names: "angmom/chunk chunk/spread/atom com/chunk dipole/chunk dipole/tip4p/chunk gyration/chunk \
            gyration/shape/chunk inertia/chunk omega/chunk property/chunk reduce/chunk torque/chunk vacf/chunk \
            vcm/chunk",
    },
    Group {
        nearest: "`argyro explain compute` lists what there is",
        names: "atom/swap dplr/model mscg reaxff/atom reaxff/bonds temp/region/eff",
    },
    Group {
        nearest: "compute pressure, stress/atom or heat/flux",
        names: "born/matrix force/tally heat/flux/tally heat/flux/virial/tally pe/mol/tally \
            pe/tally pressure/alchemy pressure/cylinder pressure/uef stress/cartesian stress/cylinder \
            stress/gaussian stress/mop stress/mop/profile stress/spherical stress/tally viscosity/cos",
    },
    Group {
        nearest: "compute reduce, or variables with group functions: count(group,region)",
        names: "count/type global/atom reduce/region slice",
    },
    Group {
        nearest: "compute ke/atom, stress/atom or property/atom (argyro has point atoms without size or internal energy)",
        names: "damage/atom dpd dpd/atom edpd/temp/atom fabric mesont plasticity/atom rheo/property/atom \
            smd/contact/radius smd/damage smd/hourglass/error smd/internal/energy smd/plastic/strain \
            smd/plastic/strain/rate smd/rho smd/tlsph/defgrad smd/tlsph/dt smd/tlsph/num/neighs smd/tlsph/shape \
            smd/tlsph/strain smd/tlsph/strain/rate smd/tlsph/stress smd/triangle/vertices smd/ulsph/effm \
            smd/ulsph/num/neighs smd/ulsph/strain smd/ulsph/strain/rate smd/ulsph/stress smd/vol sph/e/atom \
            sph/rho/atom sph/t/atom tdpd/cc/atom",
    },
    Group {
        nearest: "a machine-learning pair style; compute pe/atom and dump h5md with forces",
        names: "deeptensor/atom mliap pace pod/atom pod/global podd/atom quip sna/atom sna/grid snad/atom snap \
            snav/atom",
    },
    Group {
        nearest: "compute msd, or argyro diffusion on a trajectory",
        names: "dilatation/atom msd/nongauss",
    },
    Group {
        nearest: "fix vector of a variable with charges and positions",
        names: "dipole dipole/tip4p efield/atom efield/wolf/atom spin",
    },
    Group {
        nearest: "variables with group functions: vcm(), angmom(), ke()",
        names: "erotate/asphere erotate/rigid erotate/sphere erotate/sphere/atom ke/atom/eff ke/eff ke/rigid \
            momentum",
    },
    Group {
        nearest: "compute pe and compute group/group",
        names: "event/displace fep fep/ta hma ti",
    },
    Group {
        nearest: "compute gyration",
        names: "gyration/shape",
    },
    Group {
        nearest: "compute property/atom",
        names: "property/grid",
    },
    Group {
        nearest: "compute temp, temp/com, temp/partial or temp/region",
        names: "temp/asphere temp/body temp/chunk temp/cs temp/deform temp/deform/eff temp/drude temp/eff \
            temp/rotate temp/sphere temp/uef",
    },
];

/// Dump styles.
pub(super) const DUMP: &[Group] = &[
    Group {
        nearest: "dump h5md, custom or extxyz",
        names: "adios cfg/gz cfg/mpiio cfg/uef cfg/zstd netcdf netcdf/mpiio vtk",
    },
    Group {
        nearest: "the style without its ending: files are not compressed or parallel",
        names: "atom/adios atom/gz atom/mpiio atom/zstd custom/adios custom/gz custom/mpiio custom/zstd xyz/gz \
            xyz/mpiio xyz/zstd",
    },
    Group {
        nearest: "dump h5md or custom",
        names: "grid grid/vtk",
    },
    Group {
        nearest: "dump extxyz, which OVITO and VMD draw",
        names: "image movie",
    },
    Group {
        nearest: "dump custom (per-atom values only)",
        names: "local local/gz local/zstd",
    },
    Group {
        nearest: "dump dcd or h5md",
        names: "molfile xtc",
    },
];

/// Commands.
pub(super) const COMMAND: &[Group] = &[
    Group {
        nearest: "bonds and angles of a data file: read_data",
        names: "angle_write create_bonds delete_bonds dihedral_write molecule",
    },
    Group {
        nearest: "none: argyro has bonds and angles, but no dihedrals and impropers",
        names: "dihedral_coeff improper_coeff",
    },
    Group {
        nearest: "displace_atoms with run 0 and write_dump of the forces",
        names: "dynamical_matrix third_order",
    },
    Group {
        nearest: "machine-learning pair styles are built in: `argyro explain pair_style`",
        names: "fitpod kim kim_init kim_interactions kim_param kim_property kim_query mdi message mscg pair_write \
            plugin python server",
    },
    Group {
        nearest: "shell",
        names: "geturl",
    },
    Group {
        nearest: "group and write_dump",
        names: "group2ndx ndx2group region2vmd",
    },
    Group {
        nearest: "one script for each replica, -var gives them their values",
        names: "hyper neb neb/spin prd tad temper temper/grem temper/npt",
    },
    Group {
        nearest: "rerun, which evaluates the frames of a dump, or read_data",
        names: "read_dump",
    },
    Group {
        nearest: "write_data and read_data, which keep the atom IDs",
        names: "reset_atom_ids reset_atoms reset_ids reset_mol_ids",
    },
    Group {
        nearest: "write_data, which writes the coefficients too",
        names: "write_coeff",
    },
];
