//! The descriptors of a model file brought into the form of [`Part`].

use super::attention::{self, Layer};
use super::function::Function;
use super::part::{Geometry, Kind, Layout, Pair, Part, Role, Slot};
use super::three_body::{self, Angles};
use crate::ml::brick::Unsupported;
use crate::ml::deepmd::model::{
    DeepmdModel, Descriptor, Environment, PairEmbeddings, SE_R_FACTOR, SeAtten, SeE2A, SeE2R,
    TypeInput,
};
use crate::simd::{Real, padded};

/// Distances (Å) at which tables begin and change their grid; smaller ones are evaluated exactly.
const TABLE_START: f64 = 0.5;
const TABLE_MIDDLE: f64 = 1.0;

/// The parts of a model's descriptor, and where their features belong.
///
/// # Errors
/// A descriptor that only the plain evaluation knows.
pub fn parts<T: Real>(model: &DeepmdModel) -> Result<(Vec<Part<T>>, Layout), Unsupported> {
    let (mut parts, mut layout) = (Vec::new(), Layout::default());
    let context = Context {
        types: model.types(),
        excluded: &model.excluded_pairs,
        nearest: model.nearest.unwrap_or(usize::MAX),
    };
    add(&model.descriptor, &context, &mut parts, &mut layout)?;
    Ok((parts, layout))
}

/// What descriptors need to know of their model.
pub struct Context<'a> {
    /// Number of types.
    pub types: usize,
    /// Pairs that are no neighbours in the whole model.
    pub excluded: &'a [bool],
    /// How many of the nearest neighbours are looked at.
    pub nearest: usize,
}

impl Context<'_> {
    /// What becomes of neighbours of a pair, [types][types].
    pub fn role(&self, environment: &Environment, pair: usize) -> Role {
        if self.excluded[pair] {
            Role::Padding
        } else if environment.excluded[pair] {
            Role::Masked
        } else {
            Role::Seen
        }
    }
}

fn add<T: Real>(
    descriptor: &Descriptor,
    context: &Context<'_>,
    parts: &mut Vec<Part<T>>,
    layout: &mut Layout,
) -> Result<(), Unsupported> {
    let offset = layout.order.len();
    let part = match descriptor {
        Descriptor::Hybrid(list) => {
            return list.iter().try_for_each(|d| add(d, context, parts, layout));
        }
        Descriptor::SeE3(d) => three_body::part(d, context, offset)?,
        Descriptor::SeE2A(d) => se_e2_a(d, context, offset)?,
        Descriptor::SeE2R(d) => se_e2_r(d, context, offset)?,
        Descriptor::SeAtten(d) => se_atten(d, context, offset)?,
    };
    // the model has g first, the kernels have h first
    let (columns, axes) = (part.columns, part.axes.max(1));
    let place = |h: usize, g: usize| layout.width + g * axes + h;
    let order: Vec<usize> = (0..axes)
        .flat_map(|h| (0..columns).map(move |g| (h, g)))
        .map(|(h, g)| place(h, g))
        .collect();
    layout.order.extend(order);
    layout.width += columns * axes;
    if let Descriptor::SeAtten(d) = descriptor
        && d.append_type
    {
        for k in 0..d.tebd_width {
            let value = |z| d.type_vector(z)[k];
            let values = (0..context.types).map(value).collect();
            layout.constants.push((layout.width, values));
            layout.width += 1;
        }
    }
    parts.push(part);
    Ok(())
}

/// What the three kinds of descriptors have in common.
struct Form<'a> {
    kind: Kind,
    environment: &'a Environment,
    columns: usize,
    axes: usize,
    factor: f64,
    offset: usize,
}

impl Form<'_> {
    /// `functions` are those of all pairs without repetition, `choose` finds that of a pair,
    /// `gate` the gate of a pair, `padding` is G of padding in a slot for a pair at s.
    fn part<T: Real>(
        self,
        context: &Context<'_>,
        functions: Vec<Function>,
        choose: impl Fn(usize, usize) -> usize,
        gate: impl Fn(usize, usize) -> Vec<f64>,
        padding: impl Fn(usize, usize, f64) -> Vec<f64>,
    ) -> Result<Part<T>, Unsupported> {
        let (types, environment) = (context.types, self.environment);
        let geometry = Geometry::new(environment);
        let width = padded::<T>(self.columns);
        let mut bounds = vec![Vec::new(); functions.len()];
        let mut pairs = Vec::new();
        for i in 0..types {
            for j in 0..types {
                let at = i * types + j;
                let (mean, inverse) = statistics(environment, i, j)?;
                let masked = environment.excluded[at];
                let table = choose(i, j);
                let normal = |r: [f64; 4]| -> [f64; 4] {
                    std::array::from_fn(|d| (r[d] - mean[d]) * inverse[d])
                };
                let empty = if masked && environment.excluded_padding {
                    [0.0; 4]
                } else {
                    normal([0.0; 4])
                };
                let row = |r: [f64; 4], g: &[f64]| contribution::<T>(self.kind, r, g, width);
                let masked_row = if masked {
                    row([0.0; 4], &functions[table].evaluate(0.0)[0])
                } else {
                    Vec::new()
                };
                let near = |r: f64| normal([1.0 / (r + geometry.protection), 0.0, 0.0, 0.0])[0];
                bounds[table].push([normal([0.0; 4])[0], near(TABLE_MIDDLE), near(TABLE_START)]);
                pairs.push(Pair {
                    table,
                    mean,
                    inverse,
                    role: context.role(environment, at),
                    gate: vector(&gate(i, j), width),
                    padding: row(empty, &padding(i, j, empty[0])),
                    masked: masked_row,
                });
            }
        }
        let slot = |(function, all): (Function, Vec<[f64; 3]>)| Slot::new(function, union(&all));
        Ok(Part {
            kind: self.kind,
            geometry,
            selection: environment.selection.clone(),
            nearest: context.nearest,
            types,
            pairs,
            slots: functions.into_iter().zip(bounds).map(slot).collect(),
            columns: self.columns,
            axes: self.axes,
            angles: Angles::default(),
            attention: Vec::new(),
            scale: self.factor,
            offset: self.offset,
        })
    }
}

/// Bounds that hold those of all pairs, ascending, without empty intervals.
fn union(all: &[[f64; 3]]) -> Vec<f64> {
    let start = all.iter().map(|b| b[0]).fold(f64::INFINITY, f64::min);
    let mut bounds = vec![start];
    for k in 1..3 {
        let end = all.iter().map(|b| b[k]).fold(f64::NEG_INFINITY, f64::max);
        if end > bounds[bounds.len() - 1] {
            bounds.push(end);
        }
    }
    bounds
}

fn vector<T: Real>(values: &[f64], width: usize) -> Vec<T> {
    if values.is_empty() {
        return Vec::new();
    }
    let mut row = vec![T::default(); width];
    row.iter_mut()
        .zip(values)
        .for_each(|(to, x)| *to = T::from_f64(*x));
    row
}

/// R G of one slot; empty if it is zero.
fn contribution<T: Real>(kind: Kind, r: [f64; 4], g: &[f64], width: usize) -> Vec<T> {
    let factors: &[f64] = if kind == Kind::Radial { &[1.0] } else { &r };
    if factors.iter().all(|&f| f == 0.0) {
        return Vec::new();
    }
    let row = |f: &f64| vector(&g.iter().map(|g| f * g).collect::<Vec<f64>>(), width);
    factors.iter().flat_map(row).collect()
}

/// Mean and inverse divisor of the rows of a pair.
///
/// # Errors
/// They are not the same for all slots of the neighbour's type.
pub fn statistics(
    environment: &Environment,
    centre: usize,
    neighbor: usize,
) -> Result<([f64; 4], [f64; 4]), Unsupported> {
    if environment.selection.section(neighbor).is_empty() {
        return Ok(([0.0; 4], [1.0; 4]));
    }
    let Some((mean, divisor)) = environment.section_statistics(centre, neighbor) else {
        return Err(Unsupported::new(
            "means and deviations that differ between the slots of one type",
        ));
    };
    let (mut m, mut s) = ([0.0; 4], [1.0; 4]);
    m.iter_mut().zip(mean).for_each(|(to, x)| *to = *x);
    s.iter_mut().zip(divisor).for_each(|(to, x)| *to = 1.0 / x);
    Ok((m, s))
}

fn of_pairs<T: Real>(
    form: Form<'_>,
    embeddings: &PairEmbeddings,
    context: &Context<'_>,
) -> Result<Part<T>, Unsupported> {
    let scalar = |e: &crate::ml::deepmd::model::Embedding| Function::Scalar(e.clone());
    let functions: Vec<Function> = embeddings.list.iter().map(scalar).collect();
    let choose = |i, j| embeddings.index(context.types, i, j);
    let copies = functions.clone();
    form.part(
        context,
        functions,
        choose,
        |_, _| Vec::new(),
        |i, j, s| {
            let [value, ..] = copies[choose(i, j)].evaluate(s);
            value
        },
    )
}

fn se_e2_a<T: Real>(
    d: &SeE2A,
    context: &Context<'_>,
    offset: usize,
) -> Result<Part<T>, Unsupported> {
    let form = Form {
        kind: Kind::Full,
        environment: &d.environment,
        columns: d.embeddings.outputs(),
        axes: d.axis,
        factor: 1.0 / d.divisor,
        offset,
    };
    of_pairs(form, &d.embeddings, context)
}

fn se_e2_r<T: Real>(
    d: &SeE2R,
    context: &Context<'_>,
    offset: usize,
) -> Result<Part<T>, Unsupported> {
    let form = Form {
        kind: Kind::Radial,
        environment: &d.environment,
        columns: d.embeddings.outputs(),
        axes: 0,
        factor: SE_R_FACTOR / d.environment.selection.slots() as f64,
        offset,
    };
    of_pairs(form, &d.embeddings, context)
}

fn se_atten<T: Real>(
    d: &SeAtten,
    context: &Context<'_>,
    offset: usize,
) -> Result<Part<T>, Unsupported> {
    let layers: Vec<Layer<T>> = (d.attention.iter().map(Layer::new)).collect::<Result<_, _>>()?;
    let types = context.types;
    let width = d.outputs();
    let gated = matches!(d.input, TypeInput::Strip { smooth: true, .. });
    // type nt is padding
    let centres = if d.one_side { 1 } else { types };
    let strip_row = |types_of: &[f64], i: usize, j: usize| -> Vec<f64> {
        let row = if d.one_side { j } else { i * (types + 1) + j };
        types_of[row * width..(row + 1) * width].to_vec()
    };
    let one_plus = |row: Vec<f64>| -> Vec<f64> { row.iter().map(|b| 1.0 + b).collect() };
    let of_types = |i: usize, j: usize| match &d.input {
        TypeInput::Concat(net) => {
            let mut constants = d.type_vector(j).to_vec();
            if !d.one_side {
                constants.extend(d.type_vector(i));
            }
            Function::Typed(net.clone(), constants)
        }
        TypeInput::Strip { radial, .. } if gated => Function::Scalar(radial.clone()),
        TypeInput::Strip {
            radial, types: t, ..
        } => Function::Scaled(radial.clone(), one_plus(strip_row(t, i, j))),
    };
    let functions = if gated {
        vec![of_types(0, 0)]
    } else {
        (0..centres)
            .flat_map(|i| (0..types).map(move |j| (i, j)))
            .map(|(i, j)| of_types(i, j))
            .collect()
    };
    let choose = |i: usize, j: usize| match (gated, d.one_side) {
        (true, _) => 0,
        (false, true) => j,
        (false, false) => i * types + j,
    };
    let gate = |i: usize, j: usize| match &d.input {
        TypeInput::Strip {
            types: t,
            smooth: true,
            ..
        } => strip_row(t, i, j),
        _ => Vec::new(),
    };
    let padding = |i: usize, _: usize, s: f64| {
        let [value, ..] = of_types(i, d.padding_row).evaluate(s);
        attention::padding(&d.attention, value)
    };
    let form = Form {
        kind: if gated { Kind::Gated } else { Kind::Full },
        environment: &d.environment,
        columns: width,
        axes: d.axis,
        factor: 1.0 / d.divisor,
        offset,
    };
    let part = form.part(context, functions, choose, gate, padding)?;
    Ok(Part {
        attention: layers,
        ..part
    })
}
