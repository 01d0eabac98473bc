//! What must hold for a potential to be evaluated, whatever its file was. Imports the model.

use crate::elements;
use crate::ml::error::{ModelError, Result};
use crate::ml::pace::embedding::Shape;
use crate::ml::pace::model::PaceModel;
use crate::ml::pace::radial::{Basis, Bond, Core};

/// Most intervals of a radial spline.
const MAX_NODES: f64 = 200_000.0;

/// Most memory of all radial splines, bytes.
const MAX_TABLES: f64 = 4e9;

/// Checks a potential.
///
/// # Errors
/// A number is out of its range; the message names its place.
pub fn check(model: &PaceModel) -> Result<()> {
    let count = |what: &str, is: usize, needed: usize| match is == needed {
        true => Ok(()),
        false => Err(ModelError::malformed(format!(
            "{needed} {what} are needed, the file has {is}"
        ))),
    };
    let species = model.species();
    count("energies E0", model.isolated.len(), species)?;
    count("embeddings", model.embeddings.len(), species)?;
    count("bonds", model.bonds.len(), species * species)?;
    count("lists of functions", model.expansions.len(), species)?;
    for (k, name) in model.elements.iter().enumerate() {
        if model.elements[..k].contains(name) {
            return Err(ModelError::malformed(format!(
                "the element {name} is listed twice"
            )));
        }
    }
    // the readers let finite numbers through only
    if model.spacing <= 0.0 {
        return Err(ModelError::malformed(format!(
            "deltaSplineBins is {}, not a distance",
            model.spacing
        )));
    }
    for (i, embedding) in model.embeddings.iter().enumerate() {
        let shifted = embedding.shape == Shape::ShiftedScaled;
        if shifted && embedding.terms.iter().any(|(_, m)| *m <= 0.0) {
            return Err(ModelError::malformed(format!(
                "an exponent in FS_parameters of {} is not above zero",
                model.elements[i]
            )));
        }
    }
    let mut bytes = 0.0;
    for i in 0..species {
        for j in 0..species {
            let pair = format!("bond {}-{}", model.elements[i], model.elements[j]);
            let bond = model.bond(i, j);
            check_bond(bond, model, &pair)?;
            let functions = (model.l_max() + 1) * 2 * bond.shape[0].max(bond.shape[2]);
            bytes += bond.cut / model.spacing * 16.0 * functions as f64;
        }
    }
    if bytes > MAX_TABLES {
        return Err(ModelError::unsupported(format!(
            "the radial splines would need {:.1} GB: deltaSplineBins {} is too small",
            bytes / 1e9,
            model.spacing
        )));
    }
    Ok(())
}

fn check_bond(bond: &Bond, model: &PaceModel, pair: &str) -> Result<()> {
    let bad = |text: String| Err(ModelError::malformed(format!("{pair}: {text}")));
    let (cut, spacing) = (bond.cut, model.spacing);
    if !(cut > 0.0 && cut <= 100.0) {
        return bad(format!("a cutoff of {cut} A"));
    }
    if !(2.0..=MAX_NODES).contains(&(cut / spacing)) {
        return bad(format!(
            "a spline with {:.0} intervals (cutoff {cut} A, deltaSplineBins {spacing})",
            cut / spacing
        ));
    }
    if bond.width < 0.0 || bond.inner < 0.0 || bond.inner_width < 0.0 {
        return bad("dcut, rcut_in and dcut_in must not be negative".to_owned());
    }
    if bond.basis == Basis::ChebExpCos && bond.lambda == 0.0 {
        return bad("radparameters must not be zero for ChebExpCos".to_owned());
    }
    if model.core == Core::Zbl {
        if bond.charges.contains(&0.0) {
            return bad("ZBL needs the symbols of elements".to_owned());
        }
        if bond.width == 0.0 {
            return bad("dcut must not be zero for ZBL".to_owned());
        }
    }
    Ok(())
}

/// Atomic number of a symbol, zero for another name.
pub fn charge(symbol: &str) -> f64 {
    elements::atomic_number(symbol).map_or(0.0, |z| z as f64)
}
