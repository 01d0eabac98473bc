//! Product basis: symmetric contractions and the linear map after them.

use crate::ml::e3nn::linear;
use crate::ml::error::{ModelError, Result};
use crate::ml::formats::node::Node;
use crate::ml::irreps::{Irrep, Irreps};
use crate::ml::mace::model::{Contraction, ContractionTerm, Coupling, Product};

/// Highest correlation order.
const MAX_CORRELATION: usize = 6;
/// Entries of the coupling arrays below this are rounding noise of their construction.
const NOISE: f64 = 1e-12;

/// The product of one layer; `input` is the layout of the atomic basis.
pub fn product(node: &Node, input: &Irreps, species: usize) -> Result<Product> {
    let contractions = node.child("symmetric_contractions")?;
    let class = contractions.full_class();
    if class != "mace.modules.symmetric_contraction.SymmetricContraction" {
        return Err(ModelError::unsupported(format!(
            "{} is a {class}: the model was converted for an accelerator library; give argyro \
             the original .model file, or convert it back with `mace_convert_cueq_e3nn` \
             (python -m mace.cli.convert_cueq_e3nn)",
            contractions.path()
        )));
    }
    let linear = linear(&node.child("linear")?)?;
    let items = contractions.child("contractions")?.items();
    if items.len() != linear.input.0.len() {
        return Err(node.error("the numbers of contractions and of output blocks differ"));
    }
    let channels = match input.0.first() {
        Some(block) if input.0.iter().all(|b| b.mul == block.mul) => block.mul,
        _ => return Err(node.error(format!("{input} has no common number of channels"))),
    };
    let shape = Shape {
        channels,
        components: input.dim() / channels.max(1),
        species,
    };
    let blocks = items.iter().zip(&linear.input.0);
    let contractions = blocks
        .map(|(item, block)| {
            if block.mul != channels {
                return Err(item.error("the number of channels changes"));
            }
            contraction(item, block.irrep, &shape)
        })
        .collect::<Result<_>>()?;
    Ok(Product {
        contractions,
        linear,
        use_sc: node.child("use_sc")?.flag()?,
    })
}

struct Shape {
    channels: usize,
    components: usize,
    species: usize,
}

fn contraction(node: &Node, irrep: Irrep, shape: &Shape) -> Result<Contraction> {
    let correlation = match node.some("correlation") {
        Some(n) => n.count()?,
        // the first versions did not store it
        None => (1..)
            .take_while(|nu| node.get(&format!("U_matrix_{nu}")).is_some())
            .count(),
    };
    if !(1..=MAX_CORRELATION).contains(&correlation) {
        return Err(node.error(format!("correlation {correlation} is out of range")));
    }
    let terms = (1..=correlation).map(|degree| {
        let weight = weight(node, degree, correlation)?;
        term(
            &node.child(&format!("U_matrix_{degree}"))?,
            &weight,
            degree,
            irrep,
            shape,
        )
    });
    Ok(Contraction {
        irrep,
        channels: shape.channels,
        components: shape.components,
        terms: terms.collect::<Result<_>>()?,
    })
}

/// Weights of one degree: `weights_max` is the highest, `weights.k` is `correlation - 1 - k`; in
/// the first versions `weights.nu` is degree nu.
fn weight<'t>(node: &Node<'t>, degree: usize, correlation: usize) -> Result<Node<'t>> {
    if node.get("weights_max").is_none() {
        return node.child("weights")?.child(&degree.to_string());
    }
    match correlation - degree {
        0 => node.child("weights_max"),
        k => node.child("weights")?.child(&(k - 1).to_string()),
    }
}

fn term(
    u: &Node,
    weight: &Node,
    degree: usize,
    irrep: Irrep,
    shape: &Shape,
) -> Result<ContractionTerm> {
    let array = u.array()?;
    // (2L+1, S, .., S, K), the first axis is absent for scalars
    let with_axis = array.shape.len() == degree + 2;
    let dims = if with_axis {
        &array.shape[1..]
    } else {
        &array.shape[..]
    };
    let m_count = if with_axis { array.shape[0] } else { 1 };
    let [factors @ .., paths] = dims else {
        return Err(u.error("the array has no axes"));
    };
    let fits = factors.len() == degree && factors.iter().all(|&s| s == shape.components);
    if !fits || m_count != irrep.dim() || shape.components > usize::from(u16::MAX) {
        return Err(u.error(format!("the shape {:?} does not fit {irrep}", array.shape)));
    }
    let weights = weight.array()?;
    let [rows, weight_paths, channels] = weights.shape[..] else {
        return Err(weight.error("the weights have no three axes"));
    };
    let rows_fit = rows == 1 || rows == shape.species;
    if !rows_fit || weight_paths != *paths || channels != shape.channels {
        return Err(weight.error(format!("the shape {:?} does not fit", weights.shape)));
    }
    Ok(ContractionTerm {
        degree,
        paths: *paths,
        weight_species: rows,
        weight: weights.data,
        coupling: sparse(&array.data, degree, shape.components, *paths),
    })
}

/// Non-zero entries of a dense row-major array (M, lm_1, .., lm_degree, k).
fn sparse(dense: &[f64], degree: usize, components: usize, paths: usize) -> Coupling {
    let mut coupling = Coupling::default();
    for (i, &value) in dense.iter().enumerate() {
        if value.abs() < NOISE {
            continue;
        }
        coupling.value.push(value);
        coupling.path.push((i % paths) as u32);
        let mut rest = i / paths;
        let start = coupling.factors.len();
        for _ in 0..degree {
            coupling.factors.push((rest % components) as u16);
            rest /= components;
        }
        coupling.factors[start..].reverse();
        coupling.m.push(rest as u16);
    }
    coupling
}
