//! What an H5MD file says beside the frames: species, temperature, the record of the run; reading of
//! texts of any HDF5 string type.

use anyhow::{Result, ensure};
use hdf5::types::{FixedAscii, FixedUnicode, TypeDescriptor, VarLenAscii, VarLenUnicode};
use hdf5::{Attribute, Container, Dataset, File, Group};
use serde_json::{Map, Value};

use super::{check_claim, optional_value, readable, row_of};
use crate::analysis::trajectory::{ReadOptions, type_name};
use crate::elements;

/// Species names of all atoms.
pub(super) fn species(
    group: &Group,
    atoms: usize,
    options: &ReadOptions,
    notes: &mut Vec<String>,
) -> Result<Vec<String>> {
    if let Some(names) = named_types(group, atoms, options)? {
        return Ok(names);
    }
    let data = match group.dataset("species") {
        Ok(data) => data,
        Err(_) => match optional_value(group, "species") {
            Some(data) => data,
            None => {
                notes.push("the file names no species: all atoms are \"X\"".to_string());
                return Ok(vec!["X".to_string(); atoms]);
            }
        },
    };
    let count = data.size();
    ensure!(
        count == atoms || (data.ndim() == 2 && data.shape()[1] == atoms && count > 0),
        "species has {count} entries for {atoms} atoms"
    );
    if let Some(mut names) = text_values(&data) {
        names.truncate(atoms);
        return Ok(names);
    }
    let descriptor = data
        .dtype()
        .and_then(|t| t.to_descriptor())
        .map_err(readable)?;
    let values: Vec<i64> = if data.ndim() == 2 {
        row_of(&data, 0)?
    } else {
        data.read_raw().map_err(readable)?
    };
    if let TypeDescriptor::Enum(kinds) = &descriptor {
        let name = |v: i64| {
            let member = kinds.members.iter().find(|m| m.value as i64 == v);
            member.map_or_else(|| v.to_string(), |m| m.name.clone())
        };
        return Ok(values.into_iter().map(name).collect());
    }
    if !options.type_map.is_empty() {
        return values
            .iter()
            .map(|v| type_name(*v, &options.type_map))
            .collect();
    }
    let names = ["names", "name", "elements", "types", "labels"]
        .iter()
        .find_map(|key| Some(strings(&data.attr(key).ok()?)))
        .unwrap_or_default();
    if !names.is_empty() {
        // Types count from 1; a value 0 shows that these count from 0.
        let base = i64::from(!values.contains(&0));
        let named = |v: &i64| {
            let index = usize::try_from(v - base).ok();
            index
                .and_then(|i| names.get(i).cloned())
                .unwrap_or_else(|| v.to_string())
        };
        return Ok(values.iter().map(named).collect());
    }
    notes.push("species are numbers without names: taken as atomic numbers".to_string());
    let named = |v: &i64| elements::symbol(*v).map_or_else(|| v.to_string(), str::to_string);
    Ok(values.iter().map(named).collect())
}

/// Names by LAMMPS type, where the file has `type` (as argyro writes it) and names for the types.
fn named_types(group: &Group, atoms: usize, options: &ReadOptions) -> Result<Option<Vec<String>>> {
    let Ok(data) = group.dataset("type") else {
        return Ok(None);
    };
    if data.size() != atoms {
        return Ok(None);
    }
    let names = if options.type_map.is_empty() {
        group
            .attr("type_names")
            .map(|a| strings(&a))
            .unwrap_or_default()
    } else {
        options.type_map.clone()
    };
    if names.is_empty() {
        return Ok(None);
    }
    let types: Vec<i64> = data.read_raw().map_err(readable)?;
    types
        .iter()
        .map(|t| type_name(*t, &names))
        .collect::<Result<_>>()
        .map(Some)
}

/// Temperature in K that the file states: in the record of the run, else the mean of the observable.
pub(super) fn temperature(file: &File, provenance: &Map<String, Value>) -> Option<(f64, String)> {
    for key in [
        "temperature_target",
        "target_temperature",
        "temperature",
        "temp",
        "T",
    ] {
        let found = provenance.get(key).and_then(|v| match v {
            Value::Number(n) => n.as_f64(),
            Value::String(s) => s.trim().parse().ok(),
            _ => None,
        });
        if let Some(t) = found.filter(|t: &f64| t.is_finite() && *t > 0.0) {
            return Some((t, format!("/parameters: {key}")));
        }
    }
    for name in ["temperature", "temp"] {
        let path = format!("observables/{name}/value");
        let Ok(data) = file.dataset(&path) else {
            continue;
        };
        if data.ndim() != 1 || check_claim(&data, data.size() as u64 * 8).is_err() {
            continue;
        }
        let values: Vec<f64> = data.read_raw().ok()?;
        // The second half, so that heating up does not count.
        let late = &values[values.len() / 2..];
        let mean = late.iter().sum::<f64>() / late.len() as f64;
        if mean.is_finite() && mean > 0.0 {
            return Some((mean, format!("mean of /{path}, second half")));
        }
    }
    None
}

/// Scalars and short texts below `/parameters` (that of argyro first) and the creator.
pub(super) fn provenance(file: &File) -> Map<String, Value> {
    let mut out = Map::new();
    for path in ["parameters/argyro", "parameters"] {
        if let Ok(group) = file.group(path) {
            collect(&group, &mut out);
        }
    }
    if let Ok(creator) = file.group("h5md/creator") {
        for key in ["name", "version"] {
            if let Some(text) = text_attribute(&creator, key) {
                out.insert(format!("creator_{key}"), Value::String(text));
            }
        }
    }
    out
}

fn collect(group: &Group, out: &mut Map<String, Value>) {
    for name in group.attr_names().unwrap_or_default() {
        if let Some(value) = group.attr(&name).ok().and_then(|a| small_value(&a)) {
            out.entry(name).or_insert(value);
        }
    }
    for data in group.datasets().unwrap_or_default() {
        let name = data.name().rsplit('/').next().unwrap_or("").to_string();
        if let Some(value) = small_value(&data) {
            out.entry(name).or_insert(value);
        }
    }
}

/// A scalar (or one-element) number or text.
fn small_value(data: &Container) -> Option<Value> {
    if data.size() != 1 {
        return None;
    }
    if let Some(text) = text_values(data) {
        return text.into_iter().next().map(Value::String);
    }
    match data.dtype().and_then(|t| t.to_descriptor()).ok()? {
        TypeDescriptor::Integer(_) | TypeDescriptor::Unsigned(_) => {
            Some(Value::from(*data.read_raw::<i64>().ok()?.first()?))
        }
        TypeDescriptor::Float(_) => Some(Value::from(*data.read_raw::<f64>().ok()?.first()?)),
        _ => None,
    }
}

pub(super) fn number_attribute(data: &Dataset, name: &str) -> Option<f64> {
    let attribute = data.attr(name).ok()?;
    attribute.read_raw::<f64>().ok()?.first().copied()
}

pub(super) fn text_attribute(location: &hdf5::Location, name: &str) -> Option<String> {
    strings(&location.attr(name).ok()?).into_iter().next()
}

pub(super) fn strings(attribute: &Attribute) -> Vec<String> {
    text_values(attribute).unwrap_or_default()
}

/// The values of a data set or attribute of strings of any kind; `None` for other types.
fn text_values(data: &Container) -> Option<Vec<String>> {
    fn owned<T: ToString>(values: &[T]) -> Vec<String> {
        values.iter().map(ToString::to_string).collect()
    }
    // Longer fixed-length strings than this are cut; names and units are short.
    const LONGEST: usize = 256;
    if data.size() > 1 << 22 {
        return None;
    }
    let values = match data.dtype().and_then(|t| t.to_descriptor()).ok()? {
        TypeDescriptor::VarLenUnicode => owned(&data.read_raw::<VarLenUnicode>().ok()?),
        TypeDescriptor::VarLenAscii => owned(&data.read_raw::<VarLenAscii>().ok()?),
        TypeDescriptor::FixedAscii(_) => owned(&data.read_raw::<FixedAscii<LONGEST>>().ok()?),
        TypeDescriptor::FixedUnicode(_) => owned(&data.read_raw::<FixedUnicode<LONGEST>>().ok()?),
        _ => return None,
    };
    Some(values)
}
