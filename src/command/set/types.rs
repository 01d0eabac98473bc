//! `set ... type/fraction`, `type/ratio`, `type/subset`: random choices of atoms. Fractions are drawn by
//! streams that depend on the seed and an atom's position only; exact numbers by one stream over the atoms.

use crate::command::support::atom_type;
use crate::engine::Engine;
use crate::error::{Error, Result};
use crate::marsaglia::Marsaglia;
use crate::park::Park;
use crate::signature::KeywordArgs;

/// Sets the type of a random choice of the atoms; returns their number.
pub(super) fn choose(engine: &mut Engine, chosen: &[usize], k: &KeywordArgs<'_>) -> Result<usize> {
    let t = atom_type(&engine.state, k.str("type"), k.word("type"))?;
    let seed = i32::try_from(k.int("seed")?)
        .map_err(|_| Error::input("a seed must be below 2^31").at(k.word("seed")))?;
    let picked = match k.name() {
        "type/fraction" => {
            let f = fraction(k)?;
            let draws = draws(engine, chosen, seed)?;
            chosen
                .iter()
                .zip(draws)
                .filter(|(_, u)| *u <= f)
                .map(|(i, _)| *i)
                .collect()
        }
        "type/ratio" => exactly(
            engine,
            chosen,
            seed,
            (fraction(k)? * chosen.len() as f64) as usize,
        )?,
        _ => {
            let n = k.int("N")?;
            let wanted = usize::try_from(n)
                .ok()
                .filter(|n| *n <= chosen.len())
                .ok_or_else(|| {
                    Error::input(format!(
                        "Set type/subset value {n} exceeds eligible atoms {}",
                        chosen.len()
                    ))
                    .at(k.word("N"))
                })?;
            exactly(engine, chosen, seed, wanted)?
        }
    };
    picked.iter().for_each(|&i| engine.state.atoms.kind[i] = t);
    Ok(picked.len())
}

fn fraction(k: &KeywordArgs<'_>) -> Result<f64> {
    let f = k.real("fraction")?;
    if (0.0..=1.0).contains(&f) {
        return Ok(f);
    }
    Err(Error::input(format!(
        "Invalid fraction {f} in set command: it must lie in 0..1"
    ))
    .at(k.word("fraction")))
}

/// One uniform variate per atom.
fn draws(engine: &Engine, chosen: &[usize], seed: i32) -> Result<Vec<f64>> {
    let mut random = Park::new(i64::from(seed)).map_err(|e| Error::input(e.to_string()))?;
    Ok(chosen
        .iter()
        .map(|&i| {
            random.reset(seed, engine.state.atoms.x[i]);
            random.uniform()
        })
        .collect())
}

/// Exactly `wanted` of the chosen atoms, which the stream meets in LAMMPS' order.
fn exactly(engine: &Engine, chosen: &[usize], seed: i32, wanted: usize) -> Result<Vec<usize>> {
    let mut random = Marsaglia::new(i64::from(seed)).map_err(|e| Error::input(e.to_string()))?;
    let picked = random.subset(wanted, chosen.len());
    let atoms = &engine.state.atoms;
    let mut eligible = vec![false; atoms.len()];
    chosen.iter().for_each(|&i| eligible[i] = true);
    let order = atoms.order.of(atoms.len()).filter(|&i| eligible[i]);
    Ok(order.zip(picked).filter(|p| p.1).map(|p| p.0).collect())
}
