//! The form `.yace`: YAML with the products of every element. Imports trees and the model.

use super::check::charge;
use super::{unknown_basis, unknown_embedding};
use crate::ml::error::{ModelError, Result};
use crate::ml::formats::tree::Item;
use crate::ml::pace::embedding::{Embedding, Shape};
use crate::ml::pace::model::{
    Expansion, Factor, Form, MAX_COUNT, MAX_L, MAX_RANK, PaceModel, Radial,
};
use crate::ml::pace::radial::{Basis, Bond, Core};

/// Numbers of radial functions and degrees over all bonds.
struct Limits {
    species: usize,
    basis: usize,
    mixed: usize,
    degrees: usize,
}

/// Reads a potential.
///
/// # Errors
/// Something is missing, not what it should be, or unknown; the message names its place.
pub fn read(root: &Item) -> Result<PaceModel> {
    let names = root.child("elements")?;
    let elements: Vec<String> = names
        .elements()?
        .iter()
        .map(|e| e.text().map(str::to_owned))
        .collect::<Result<_>>()?;
    if elements.is_empty() || elements.len() > MAX_COUNT {
        return Err(names.error(format!("{} elements", elements.len())));
    }
    let of_species = |item: &Item| -> Result<()> {
        let known = |k: &str| k.parse::<usize>().is_ok_and(|k| k < elements.len());
        match item.keys().into_iter().find(|k| !known(k)) {
            Some(key) => Err(item.error(format!(
                "`{key}` is not the number of one of {} elements",
                elements.len()
            ))),
            None => Ok(()),
        }
    };
    let embeddings = root.child("embeddings")?;
    of_species(&embeddings)?;
    let embeddings = (0..elements.len())
        .map(|i| embedding(&embeddings.child(&i.to_string())?))
        .collect::<Result<Vec<_>>>()?;
    let (bonds, core) = bonds(&root.child("bonds")?, &elements)?;
    let largest = |axis: usize| bonds.iter().map(|b| b.shape[axis]).max().unwrap_or(0);
    let limits = Limits {
        species: elements.len(),
        mixed: largest(0),
        degrees: largest(1),
        basis: largest(2),
    };
    let functions = root.child("functions")?;
    of_species(&functions)?;
    let mut expansions = Vec::new();
    for (i, embedding) in embeddings.iter().enumerate() {
        let mut expansion = Expansion::default();
        // an element without functions has its core repulsion only
        if let Some(list) = functions.some(&i.to_string()) {
            for item in list.elements()? {
                function(&item, i, embedding.terms.len(), &limits, &mut expansion)?;
            }
        }
        expansions.push(expansion);
    }
    Ok(PaceModel {
        form: Form::Yaml,
        isolated: root.child("E0")?.array()?.data,
        spacing: root.child("deltaSplineBins")?.number()?,
        r_max: bonds.iter().map(|b| b.cut).fold(0.0, f64::max),
        core,
        elements,
        embeddings,
        bonds,
        expansions,
    })
}

fn embedding(item: &Item) -> Result<Embedding> {
    let densities = item.child("ndensity")?.count()?;
    let values = item.child("FS_parameters")?;
    let numbers = values.array()?.data;
    if densities == 0 || densities > MAX_COUNT || numbers.len() < 2 * densities {
        return Err(values.error(format!(
            "{} numbers for {densities} densities, which need two each",
            numbers.len()
        )));
    }
    let name = item.child("npoti")?.text()?;
    let terms = numbers.chunks_exact(2).take(densities);
    Ok(Embedding {
        shape: Shape::named(name).ok_or_else(|| unknown_embedding(name))?,
        terms: terms.map(|t| (t[0], t[1])).collect(),
        core_cut: item.child("rho_core_cutoff")?.number()?,
        core_width: item.child("drho_core_cutoff")?.number()?,
    })
}

/// Species of a key such as `[0, 1]`.
fn pair(key: &str) -> Option<(usize, usize)> {
    let inner = key.trim().strip_prefix('[')?.strip_suffix(']')?;
    let (i, j) = inner.split_once(',')?;
    Some((i.trim().parse().ok()?, j.trim().parse().ok()?))
}

fn bonds(item: &Item, elements: &[String]) -> Result<(Vec<Bond>, Core)> {
    let n = elements.len();
    let mut found: Vec<Option<Bond>> = vec![None; n * n];
    let mut core: Option<Core> = None;
    for key in item.keys() {
        let Some((i, j)) = pair(key).filter(|(i, j)| *i < n && *j < n) else {
            return Err(item.error(format!("`{key}` is not a pair of {n} elements")));
        };
        let entry = item.child(key)?;
        let treatment = match entry.some("inner_cutoff_type") {
            None => Core::Density,
            Some(name) => Core::named(name.text()?).ok_or_else(|| {
                name.error("an unknown inner cutoff; density, distance and zbl are known")
            })?,
        };
        if *core.get_or_insert(treatment) != treatment {
            return Err(ModelError::unsupported(
                "the bonds have different inner_cutoff_type: one for all is evaluated",
            ));
        }
        found[i * n + j] = Some(bond(&entry, [&elements[i], &elements[j]])?);
    }
    let mut bonds = Vec::new();
    for (k, bond) in found.into_iter().enumerate() {
        let Some(bond) = bond else {
            return Err(item.error(format!("the bond [{}, {}] is missing", k / n, k % n)));
        };
        bonds.push(bond);
    }
    Ok((bonds, core.unwrap_or(Core::Density)))
}

fn bond(item: &Item, names: [&str; 2]) -> Result<Bond> {
    let basis = item.child("radbasename")?.text()?;
    let basis = Basis::named(basis).ok_or_else(|| unknown_basis(basis))?;
    let limited = |name: &str, most: usize| {
        let count = item.child(name)?;
        match count.count()? {
            n if n <= most => Ok(n),
            n => Err(count.error(format!("{n}, at most {most} are supported"))),
        }
    };
    let shape = [
        limited("nradmax", MAX_COUNT)?,
        limited("lmax", MAX_L)? + 1,
        limited("nradbasemax", MAX_COUNT)?,
    ];
    let number = |name: &str| item.child(name)?.number();
    let optional = |name: &str| item.some(name).map_or(Ok(0.0), |x| x.number());
    let parameters = item.child("radparameters")?;
    let Some(&lambda) = parameters.array()?.data.first() else {
        return Err(parameters.error("no parameter"));
    };
    let mixing = match shape.contains(&0) {
        true => Vec::new(),
        false => item.child("radcoefficients")?.array_of(&shape)?,
    };
    Ok(Bond {
        basis,
        lambda,
        cut: number("rcut")?,
        width: number("dcut")?,
        inner: optional("rcut_in")?,
        inner_width: optional("dcut_in")?,
        core: number("prehc")?,
        core_decay: number("lambdahc")?,
        mixing,
        // without functions R_nl nothing is looked up in the coefficients
        shape: if shape.contains(&0) {
            [0, shape[1], shape[2]]
        } else {
            shape
        },
        charges: names.map(charge),
    })
}

/// Appends the products of one function of element `i`.
fn function(
    item: &Item,
    i: usize,
    densities: usize,
    limits: &Limits,
    out: &mut Expansion,
) -> Result<()> {
    let count = |name: &str| item.child(name)?.count();
    let (rank, combinations) = (count("rank")?, count("num_ms_combs")?);
    if rank == 0 || rank > MAX_RANK {
        return Err(item.error(format!("rank {rank}, 1 to {MAX_RANK} are supported")));
    }
    if count("mu0")? != i {
        return Err(item.error("mu0 is another element than that of the list"));
    }
    if count("ndensity")? != densities {
        return Err(item.error(format!(
            "ndensity differs from the {densities} of the element's embedding"
        )));
    }
    let list = |name: &str, length: usize| {
        let values = item.child(name)?;
        let data = values.array()?.data;
        match data.len() == length {
            true => Ok(data),
            false => Err(values.error(format!("{} numbers instead of {length}", data.len()))),
        }
    };
    let whole = |name: &str, length: usize, low: i64, high: usize| -> Result<Vec<i64>> {
        let data = list(name, length)?;
        let good = |x: &f64| x.fract() == 0.0 && *x >= low as f64 && *x <= high as f64;
        match data.iter().find(|x| !good(x)) {
            Some(x) => Err(item.error(format!("{x} in {name}, expected {low} to {high}"))),
            None => Ok(data.iter().map(|x| *x as i64).collect()),
        }
    };
    let single = rank == 1;
    let radials = if single { limits.basis } else { limits.mixed };
    let species = whole("mus", rank, 0, limits.species.saturating_sub(1))?;
    let ns = whole("ns", rank, 1, radials)?;
    let degrees = if single { 1 } else { limits.degrees };
    let ls = whole("ls", rank, 0, degrees.saturating_sub(1))?;
    let Some(length) = rank.checked_mul(combinations) else {
        return Err(item.error("too many combinations"));
    };
    let ms = whole("ms_combs", length, -(MAX_L as i64), MAX_L)?;
    let c = list("ctildes", combinations * densities)?;
    out.functions[usize::from(!single)] += 1;
    for (ms, c) in ms.chunks_exact(rank).zip(c.chunks_exact(densities)) {
        let mut factors = [Factor {
            species: 0,
            radial: Radial::Basis(0),
            l: 0,
            m: 0,
        }; MAX_RANK];
        for (t, factor) in factors[..rank].iter_mut().enumerate() {
            if ms[t].abs() > ls[t] {
                return Err(item.error(format!("m = {} of degree l = {}", ms[t], ls[t])));
            }
            let n = (ns[t] - 1) as u8;
            *factor = Factor {
                species: species[t] as u8,
                radial: if single {
                    Radial::Basis(n)
                } else {
                    Radial::Mixed(n)
                },
                l: ls[t] as u8,
                m: ms[t] as i8,
            };
        }
        out.push(&factors[..rank], c);
    }
    Ok(())
}
