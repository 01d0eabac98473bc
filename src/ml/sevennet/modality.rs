//! Modalities: levels of theory that one SevenNet model was trained on. Linear maps take a one-hot
//! vector of the modality beside the features; once it is chosen it is a constant.
//! Imports e3nn's rules, irreps and the plain data of layers.

use crate::ml::e3nn::rules;
use crate::ml::error::{ModelError, Result};
use crate::ml::irreps::{Block, Irrep, Irreps};
use crate::ml::layers::Linear;

/// Index of the modality and their number; None for a model without modalities.
///
/// # Errors
/// Where a choice is needed and missing, or the name is not known; lists the names.
pub fn choose(known: &[String], wanted: Option<&str>) -> Result<Option<(usize, usize)>> {
    let list = known.join(", ");
    match (known, wanted) {
        ([], None) => Ok(None),
        ([], Some(name)) => Err(ModelError::unsupported(format!(
            "modality {name} was asked for, but the model has no modalities"
        ))),
        ([_], None) => Ok(Some((0, 1))),
        (_, None) => Err(ModelError::unsupported(format!(
            "the model has several modalities and none was chosen: {list}"
        ))),
        (_, Some(name)) => match known.iter().position(|k| k == name) {
            Some(index) => Ok(Some((index, known.len()))),
            None => Err(ModelError::unsupported(format!(
                "the model has no modality {name}; it has: {list}"
            ))),
        },
    }
}

/// e3nn `Linear` from flat weights, whose input ends with a one-hot vector where `modality` (index
/// and length) is given; its row becomes part of the bias.
///
/// # Errors
/// Where the numbers of weights or biases do not fit.
pub fn with_modality(
    input: &Irreps,
    output: &Irreps,
    weight: &[f64],
    bias: &[f64],
    modality: Option<(usize, usize)>,
) -> Result<Linear> {
    let Some((index, count)) = modality else {
        return rules::linear(input, output, weight, bias);
    };
    let mut wide = input.clone();
    wide.0.push(Block {
        mul: count,
        irrep: Irrep::SCALAR,
    });
    let mut map = rules::linear(&wide, output, weight, bias)?;
    let mut constants = match map.bias.is_empty() {
        true => vec![0.0; output.scalars()],
        false => map.bias.clone(),
    };
    let last = input.0.len();
    for block in map.blocks.iter().filter(|b| b.input == last) {
        let before = output.0[..block.output].iter();
        let at: usize = before
            .filter(|b| b.irrep == Irrep::SCALAR)
            .map(|b| b.mul)
            .sum();
        let mul = output.0[block.output].mul;
        let row = &block.weight[index * mul..(index + 1) * mul];
        let sums = constants[at..at + mul].iter_mut();
        sums.zip(row).for_each(|(c, w)| *c += w);
    }
    map.blocks.retain(|b| b.input != last);
    map.input = input.clone();
    map.bias = constants;
    Ok(map)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_modality_is_chosen_by_name() {
        let names = ["pbe", "r2scan"].map(str::to_owned);
        assert_eq!(choose(&[], None).unwrap(), None);
        assert_eq!(choose(&names[..1], None).unwrap(), Some((0, 1)));
        assert_eq!(choose(&names, Some("r2scan")).unwrap(), Some((1, 2)));
        for (known, wanted) in [
            (&names[..0], Some("pbe")),
            (&names[..], None),
            (&names[..], Some("x")),
        ] {
            assert!(choose(known, wanted).is_err());
        }
        let text = choose(&names, None).unwrap_err().to_string();
        assert!(text.contains("pbe, r2scan"), "{text}");
    }

    #[test]
    fn the_row_of_the_modality_is_a_bias() {
        let irreps = |text: &str| Irreps::parse(text).unwrap();
        // 2x0e + 2 modalities -> 1x0e: weights (0, 1), modal rows 2 and 3, fan-in 4
        let weight = [0.0, 1.0, 7.0, 2.0, 3.0];
        let map = with_modality(
            &irreps("2x0e+1x1o"),
            &irreps("1x0e+1x1o"),
            &weight,
            &[],
            Some((1, 2)),
        );
        let map = map.unwrap();
        assert_eq!(map.bias, [1.5]);
        let weights: Vec<_> = map.blocks.iter().map(|b| b.weight.clone()).collect();
        assert_eq!(weights, [vec![0.0, 0.5], vec![7.0]]);
        assert_eq!(map.input, irreps("2x0e+1x1o"));
    }
}
