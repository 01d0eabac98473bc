//! Bonds, angles and their styles in restart files.

use crate::domain::{Angle, Bond, SpecialBonds};
use crate::engine::Engine;
use crate::error::{Error, Result};
use crate::io::codec::{Reader, Writer};

type Commands = (Vec<String>, Vec<Vec<String>>);

impl Engine {
    pub(super) fn encode_topology(&self) -> Vec<u8> {
        let state = &self.state;
        let t = &state.atoms.topology;
        let s = &state.special;
        let mut w = Writer::new();
        w.int(state.types.bonds as i64)
            .int(state.types.angles as i64);
        let bonds = t.bonds.iter();
        w.ints(
            &bonds
                .flat_map(|b| [i64::from(b.kind), b.atoms[0], b.atoms[1]])
                .collect::<Vec<_>>(),
        );
        let angles = t.angles.iter();
        w.ints(
            &angles
                .flat_map(|a| [i64::from(a.kind), a.atoms[0], a.atoms[1], a.atoms[2]])
                .collect::<Vec<_>>(),
        );
        w.reals(&s.lj).reals(&s.coul).flag(s.angle).flag(s.dihedral);
        encode_style(
            &mut w,
            self.bonded.bonds.as_ref().map(crate::bond::Bonds::commands),
        );
        encode_style(
            &mut w,
            self.bonded
                .angles
                .as_ref()
                .map(crate::angle::Angles::commands),
        );
        w.finish()
    }

    pub(super) fn decode_topology(&mut self, mut r: Reader<'_>) -> Result<()> {
        let count = |n: i64| {
            usize::try_from(n)
                .ok()
                .filter(|n| *n <= 4096)
                .ok_or_else(damaged)
        };
        let state = &mut self.state;
        state.types.bonds = count(r.int()?)?;
        state.types.angles = count(r.int()?)?;
        let kind = |k: i64, most: usize| {
            u32::try_from(k)
                .ok()
                .filter(|k| (1..=most).contains(&(*k as usize)))
                .ok_or_else(damaged)
        };
        let bonds = r.ints()?;
        for c in bonds.chunks(3) {
            let [k, a, b] = *c else { return Err(damaged()) };
            state.atoms.topology.bonds.push(Bond {
                kind: kind(k, state.types.bonds)?,
                atoms: [a, b],
            });
        }
        let angles = r.ints()?;
        for c in angles.chunks(4) {
            let [k, a, b, d] = *c else {
                return Err(damaged());
            };
            state.atoms.topology.angles.push(Angle {
                kind: kind(k, state.types.angles)?,
                atoms: [a, b, d],
            });
        }
        let four = |v: Vec<f64>| <[f64; 4]>::try_from(v).map_err(|_| damaged());
        state.special = SpecialBonds {
            lj: four(r.reals()?)?,
            coul: four(r.reals()?)?,
            angle: r.flag()?,
            dihedral: r.flag()?,
        };
        if let Some((style, coeffs)) = decode_style(&mut r)? {
            self.set_bond_style(&borrowed(&style))?;
            for c in &coeffs {
                self.set_bond_coeff(&borrowed(c))?;
            }
        }
        if let Some((style, coeffs)) = decode_style(&mut r)? {
            self.set_angle_style(&borrowed(&style))?;
            for c in &coeffs {
                self.set_angle_coeff(&borrowed(c))?;
            }
        }
        Ok(())
    }
}

fn damaged() -> Error {
    Error::input("the bonds or angles of the restart file are damaged")
}

fn borrowed(words: &[String]) -> Vec<&str> {
    words.iter().map(String::as_str).collect()
}

fn encode_words(w: &mut Writer, words: &[String]) {
    w.int(words.len() as i64);
    for t in words {
        w.text(t);
    }
}

fn decode_words(r: &mut Reader<'_>) -> Result<Vec<String>> {
    let mut words = Vec::new();
    for _ in 0..r.int()? {
        words.push(r.text()?);
    }
    Ok(words)
}

fn encode_style(w: &mut Writer, commands: Option<Commands>) {
    w.flag(commands.is_some());
    if let Some((style, coeffs)) = commands {
        encode_words(w, &style);
        w.int(coeffs.len() as i64);
        coeffs.iter().for_each(|c| encode_words(w, c));
    }
}

fn decode_style(r: &mut Reader<'_>) -> Result<Option<Commands>> {
    if !r.flag()? {
        return Ok(None);
    }
    let style = decode_words(r)?;
    let mut coeffs = Vec::new();
    for _ in 0..r.int()? {
        coeffs.push(decode_words(r)?);
    }
    Ok(Some((style, coeffs)))
}
