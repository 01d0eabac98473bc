//! Pair, bond, angle and kspace styles of LAMMPS that argyro does not have, by what comes nearest to them.

use super::Group;

/// Pair styles.
pub(super) const PAIR: &[Group] = &[
    Group {
        nearest: "eam/alloy, eam/fs, or a machine-learning pair style: mace, nequip, allegro, e3gnn, deepmd or pace",
        names: "adp atm eam/cd eam/cd/old eam/he eim local/density meam meam/c meam/ms meam/spline meam/sw/spline \
            mgpt polymorphic smatb smatb/single",
    },
    Group {
        nearest: "sw, tersoff, or a machine-learning pair style: mace, nequip, allegro, e3gnn, deepmd or pace",
        names: "agni airebo airebo/morse bop chgnet comb comb3 coul/ctip coul/streitz e3b edip edip/multi extep gw gw/zbl \
            hdnnp kim lcbop nb3b/harmonic nb3b/screened nep nequip/mliap pod quip rann \
            m3gnet m3gnet/gd reax reax/c reaxff rebo rebomos smtbq snap sw/angle/table threebody/table uf3 vashishta vashishta/table",
    },
    Group {
        nearest: "pace (the same potential without its extrapolation grade)",
        names: "pace/extrapolation",
    },
    Group {
        nearest: "hybrid/overlay of sw or tersoff with table, or a machine-learning pair style: mace, nequip, allegro, e3gnn, deepmd or pace",
        names: "aip/water/2dm drip gcm ilp/graphene/hbn ilp/tmd kolmogorov/crespi/full kolmogorov/crespi/z \
            lebedeva/z saip/metal",
    },
    Group {
        nearest: "lj/cut (argyro has point atoms without size, orientation or spin)",
        names: "amoeba awpmd/cut body/nparticle body/rounded/polygon body/rounded/polyhedron bpm/spring colloid \
            eff/cut gayberne gran/hertz/history gran/hooke gran/hooke/history granular hbond/dreiding/lj \
            hbond/dreiding/lj/angleoffset hbond/dreiding/morse hbond/dreiding/morse/angleoffset hippo line/lj \
            mesocnt mesocnt/viscous mesont/tpm oxdna/coaxstk oxdna/excv oxdna/hbond oxdna/stk oxdna/xstk \
            oxdna2/coaxstk oxdna2/dh oxdna2/excv oxdna2/hbond oxdna2/stk oxdna2/xstk oxrna2/coaxstk oxrna2/dh \
            oxrna2/excv oxrna2/hbond oxrna2/stk oxrna2/xstk peri/eps peri/lps peri/pmb peri/ves resquared rheo \
            rheo/solid smd/hertz smd/tlsph smd/tri_surface smd/ulsph sph/heatconduction sph/idealgas sph/lj \
            sph/rhosum sph/taitwater sph/taitwater/morris spin/dipole/cut spin/dipole/long spin/dmi \
            spin/exchange spin/exchange/biquadratic spin/magelec spin/neel tracker tri/lj ylz",
    },
    Group {
        nearest: "table, which takes any function of the distance",
        names: "beck cosine/squared dpd/fdt dpd/fdt/energy exp6/rx gauss gauss/cut harmonic/cut lepton lepton/coul \
            lepton/sphere list momb multi/lucy multi/lucy/rx python table/rx",
    },
    Group {
        nearest: "the same style without /cs (no core/shell correction)",
        names: "born/coul/dsf/cs born/coul/long/cs born/coul/wolf/cs buck/coul/long/cs coul/long/cs coul/wolf/cs \
            lj/class2/coul/long/cs lj/cut/coul/long/cs",
    },
    Group {
        nearest: "the same style with coul/long and kspace_style pppm",
        names: "born/coul/msm buck/coul/msm coul/msm lj/charmm/coul/msm lj/cut/coul/msm lj/cut/coul/msm/dielectric \
            lj/cut/dipole/msm lj/sdk/coul/msm lj/spica/coul/msm",
    },
    Group {
        nearest: "born, born/coul/long, or table for any other function of the distance",
        names: "born/gauss",
    },
    Group {
        nearest: "soft with fix langevin (argyro has point atoms without pairwise thermostats)",
        names: "brownian brownian/poly dpd dpd/coul/slater/long dpd/ext dpd/ext/tstat dpd/tstat dsmc edpd lubricate \
            lubricate/poly lubricateU lubricateU/poly mdpd mdpd/rhosum sdpd/taitwater/isothermal srp srp/react \
            tdpd",
    },
    Group {
        nearest: "buck, buck/coul/long, or table for any other function of the distance",
        names: "buck/long/coul/long buck/mdf buck6d/coul/gauss/dsf buck6d/coul/gauss/long",
    },
    Group {
        nearest: "the same style without /dielectric",
        names: "coul/cut/dielectric coul/long/dielectric lj/cut/coul/cut/dielectric lj/cut/coul/debye/dielectric \
            lj/cut/coul/long/dielectric lj/long/coul/long/dielectric",
    },
    Group {
        nearest: "coul/long, coul/dsf, coul/wolf, coul/debye or coul/cut",
        names: "coul/cut/global coul/diel coul/exclude coul/shield coul/slater/cut coul/slater/long coul/tt",
    },
    Group {
        nearest: "the same style without /soft",
        names: "coul/cut/soft coul/long/soft lj/charmm/coul/long/soft lj/class2/coul/cut/soft \
            lj/class2/coul/long/soft lj/class2/soft lj/cut/coul/cut/soft lj/cut/coul/long/soft lj/cut/soft \
            morse/soft",
    },
    Group {
        nearest: "hybrid/overlay",
        names: "hybrid/molecular hybrid/scaled",
    },
    Group {
        nearest: "lj/cut, or table for any other function of the distance",
        names: "lennard/mdf lj/class2 lj/cubic lj/cut/sphere lj/expand/sphere lj/gromacs lj/mdf lj/pirani lj/relres \
            lj/sdk lj/sf lj/smooth lj/smooth/linear lj/spica lj/switch3/coulgauss/long lj96/cut mie/cut nm/cut \
            nm/cut/coul/cut nm/cut/coul/long nm/cut/split pedone ufm wf/cut",
    },
    Group {
        nearest: "lj/cut/coul/long, lj/cut/coul/cut or lj/cut/coul/dsf",
        names: "lj/charmm/coul/charmm lj/charmm/coul/charmm/implicit lj/charmm/coul/long lj/charmmfsw/coul/charmmfsh \
            lj/charmmfsw/coul/long lj/class2/coul/cut lj/class2/coul/long lj/expand/coul/long \
            lj/gromacs/coul/gromacs lj/long/coul/long lj/sdk/coul/long lj/spica/coul/long",
    },
    Group {
        nearest: "lj/cut/coul/long (charges; argyro has no dipoles or Drude particles)",
        names: "lj/cut/dipole/cut lj/cut/dipole/long lj/cut/dipole/sf lj/cut/thole/long lj/long/dipole/long lj/sf/dipole/sf thole",
    },
    Group {
        nearest: "lj/cut/coul/long with explicit charges on the atoms",
        names: "lj/cut/tip4p/cut lj/cut/tip4p/long lj/cut/tip4p/long/soft lj/long/tip4p/long tip4p/cut tip4p/long \
            tip4p/long/soft",
    },
    Group {
        nearest: "table, which takes any function of the distance, or a machine-learning pair style: mace, nequip, allegro, e3gnn, deepmd or pace",
        names: "mm3/switch3/coulgauss/long",
    },
    Group {
        nearest: "morse, or table for any other function of the distance",
        names: "morse/smooth/linear",
    },
    Group {
        nearest: "sw",
        names: "sw/mod",
    },
    Group {
        nearest: "tersoff, with hybrid/overlay zbl for short distances",
        names: "tersoff/mod tersoff/mod/c tersoff/shift tersoff/table tersoff/zbl",
    },
    Group {
        nearest: "yukawa",
        names: "yukawa/colloid",
    },
];

/// Bond styles.
pub(super) const BOND: &[Group] = &[
    Group {
        nearest: "harmonic or morse",
        names: "bpm/rotational bpm/spring bpm/spring/plastic class2 gaussian gromos harmonic/restrain harmonic/shift \
            harmonic/shift/cut lepton mesocnt mm3 nonlinear quartic rheo/shell special table",
    },
    Group {
        nearest: "fene",
        names: "fene/expand fene/nm oxdna/fene oxdna2/fene oxrna2/fene",
    },
];

/// Angle styles.
pub(super) const ANGLE: &[Group] = &[
    Group {
        nearest: "harmonic or cosine",
        names: "amoeba charmm class2 class2/p6 cross dipole fourier fourier/simple gaussian lepton mesocnt mm3 mwlc \
            quartic sdk spica table",
    },
    Group {
        nearest: "cosine or harmonic",
        names: "cosine/buck6d cosine/delta cosine/periodic cosine/shift cosine/shift/exp cosine/squared \
            cosine/squared/restricted",
    },
];

/// Kspace styles.
pub(super) const KSPACE: &[Group] = &[Group {
    nearest: "kspace_style pppm or ewald",
    names: "ewald/dipole ewald/dipole/spin ewald/disp ewald/disp/dipole ewald/electrode msm msm/cg \
            msm/dielectric pppm/cg pppm/dielectric pppm/dipole pppm/dipole/spin pppm/disp pppm/disp/dielectric \
            pppm/disp/tip4p pppm/electrode pppm/stagger pppm/tip4p scafacos zero",
}];
