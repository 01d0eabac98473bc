//! One descriptor prepared for evaluation: what depends on types only is worked out at load.
//!
//! The descriptors known here have the form `D = products of T` or `D = T` with
//! `T[d, g] = (1/slots) sum_k R[k, d] G[k, g]`, where G depends on the types and on the distance.
//! Slots without a neighbour add a constant per pair of types, so that only neighbours are visited.

use super::attention::{self, Layer};
use super::function::Function;
use super::table::Tabulated;
use crate::ml::brick::Unsupported;
use crate::ml::deepmd::model::{
    DeepmdModel, Descriptor, Environment, PairEmbeddings, SE_R_FACTOR, SeAtten, SeE2A, SeE2R,
    Selection, Switch, TypeInput,
};
use crate::simd::{Real, padded};
use std::sync::OnceLock;

/// Distances (Å) at which tables begin and change their grid; smaller ones are evaluated exactly.
const TABLE_START: f64 = 0.5;
const TABLE_MIDDLE: f64 = 1.0;

/// Rows of T that neighbours add to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// One row, R = 1; D = T (se_e2_r).
    Radial,
    /// Four rows.
    Full,
    /// Four rows, and four more with R times the switch, which are multiplied by the gate of the
    /// pair of types: `G = a (1 + w gate)`.
    Gated,
}

impl Kind {
    /// Rows of a neighbour.
    pub fn rows(self) -> usize {
        match self {
            Kind::Radial => 1,
            Kind::Full => 4,
            Kind::Gated => 8,
        }
    }

    /// Rows of T.
    pub fn kept(self) -> usize {
        self.rows().min(4)
    }
}

/// What becomes of a neighbour that has a slot.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Role {
    /// It is seen.
    Seen,
    /// Its normalised row is 0.
    Masked,
    /// Its slot is padding.
    Padding,
}

/// A pair of types, centre first.
#[derive(Debug, Clone)]
pub struct Pair<T> {
    /// Index of its functions.
    pub table: usize,
    /// Mean of a row.
    pub mean: [f64; 4],
    /// Inverse divisor of a row.
    pub inverse: [f64; 4],
    /// What becomes of such neighbours.
    pub role: Role,
    /// Gate, \[width\]; empty without.
    pub gate: Vec<T>,
    /// What a slot of padding adds to the sum over k, \[kept rows\]\[width\]; empty for nothing.
    pub padding: Vec<T>,
    /// What a masked neighbour adds.
    pub masked: Vec<T>,
}

/// Functions and their table, made when it is first asked for.
#[derive(Debug)]
pub struct Slot<T> {
    /// The functions.
    pub function: Function,
    bounds: Vec<f64>,
    table: OnceLock<Tabulated<T>>,
}

impl<T: Real> Slot<T> {
    /// The table.
    pub fn table(&self) -> &Tabulated<T> {
        self.table
            .get_or_init(|| Tabulated::new(&self.function, &self.bounds))
    }
}

/// A descriptor.
#[derive(Debug)]
pub struct Part<T> {
    /// Form of T.
    pub kind: Kind,
    /// Geometry.
    pub geometry: Geometry,
    /// Slots.
    pub selection: Selection,
    /// How many of the nearest neighbours of all types are looked at.
    pub nearest: usize,
    /// Number of types.
    pub types: usize,
    /// Pairs \[types\]\[types\], centre first.
    pub pairs: Vec<Pair<T>>,
    /// Functions.
    pub slots: Vec<Slot<T>>,
    /// Functions g.
    pub columns: usize,
    /// Functions h of the products; 0 for [`Kind::Radial`].
    pub axes: usize,
    /// Attention layers that transform G.
    pub attention: Vec<Layer<T>>,
    /// Factor of T.
    pub scale: f64,
    /// Place of the first feature in the row of D that the fast evaluation uses.
    pub offset: usize,
}

/// Cutoff and switch.
#[derive(Debug, Clone, Copy)]
pub struct Geometry {
    /// Cutoff (Å).
    pub cutoff: f64,
    smooth: f64,
    /// Addend of distances in denominators (Å).
    pub protection: f64,
    switch: Switch,
}

impl Geometry {
    fn new(environment: &Environment) -> Geometry {
        Geometry {
            cutoff: environment.cutoff,
            smooth: environment.smooth,
            protection: environment.protection,
            switch: environment.switch,
        }
    }

    /// Switch and its derivative at a distance below the cutoff.
    #[inline(always)]
    pub fn switch(&self, r: f64) -> (f64, f64) {
        match self.switch {
            Switch::Quintic => {
                let inverse = 1.0 / (self.cutoff - self.smooth);
                let u = (r - self.smooth) * inverse;
                if u <= 0.0 {
                    return (1.0, 0.0);
                }
                let u = u.min(1.0);
                let w = u * u * u * ((-6.0 * u + 15.0) * u - 10.0) + 1.0;
                let slope = u * u * ((-30.0 * u + 60.0) * u - 30.0) * inverse;
                (w, slope)
            }
            Switch::Exponential => {
                let rate = 20.0 / self.smooth;
                let inner = (rate * (r - self.smooth)).exp();
                let w = (-inner).exp();
                (w, if w == 0.0 { 0.0 } else { -w * inner * rate })
            }
        }
    }
}

/// Features of the model in the order of the fast evaluation.
#[derive(Debug, Default)]
pub struct Layout {
    /// For every feature its place in the model's D.
    pub order: Vec<usize>,
    /// Features that depend on the type of the centre only: place in D and values per type.
    pub constants: Vec<(usize, Vec<f64>)>,
    /// Length of the model's D.
    pub width: usize,
}

impl<T: Real> Part<T> {
    /// The parts of a model's descriptor, and where their features belong.
    ///
    /// # Errors
    /// A descriptor that only the plain evaluation knows.
    pub fn all(model: &DeepmdModel) -> Result<(Vec<Part<T>>, Layout), Unsupported> {
        let (mut parts, mut layout) = (Vec::new(), Layout::default());
        let context = Context {
            types: model.types(),
            excluded: &model.excluded_pairs,
            nearest: model.nearest.unwrap_or(usize::MAX),
        };
        add(&model.descriptor, &context, &mut parts, &mut layout)?;
        Ok((parts, layout))
    }

    /// Padded number of functions.
    pub fn width(&self) -> usize {
        padded::<T>(self.columns)
    }

    /// The pair of a centre and a neighbour.
    pub fn pair(&self, centre: usize, neighbor: usize) -> &Pair<T> {
        &self.pairs[centre * self.types + neighbor]
    }

    /// Makes the tables of pairs of types that are `present`.
    pub fn prepare(&self, present: &[bool]) {
        let here = |z: &usize| present[*z];
        for i in (0..self.types).filter(here) {
            for j in (0..self.types).filter(here) {
                let pair = self.pair(i, j);
                if pair.role == Role::Seen {
                    self.slots[pair.table].table();
                }
            }
        }
    }
}

struct Context<'a> {
    types: usize,
    /// Pairs that are no neighbours in the whole model.
    excluded: &'a [bool],
    nearest: usize,
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
        Descriptor::SeE3(_) => return Err(Unsupported::new("the three-body descriptor se_e3")),
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
                    role: if context.excluded[at] {
                        Role::Padding
                    } else if masked {
                        Role::Masked
                    } else {
                        Role::Seen
                    },
                    gate: vector(&gate(i, j), width),
                    padding: row(empty, &padding(i, j, empty[0])),
                    masked: masked_row,
                });
            }
        }
        let slot = |(function, all): (Function, Vec<[f64; 3]>)| Slot {
            function,
            bounds: union(&all),
            table: OnceLock::new(),
        };
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
fn statistics(
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
