//! The pair style in restart files: the words that make it again, and `pair_modify` settings.

use crate::engine::{Engine, PairSlot};
use crate::error::Result;
use crate::io::codec::{Reader, Writer};
use crate::pair::{Mix, PairModify};

impl Engine {
    pub(super) fn encode_pair(&self) -> Vec<u8> {
        let mut w = Writer::new();
        encode_settings(&mut w, &self.pair_modify);
        let commands = self.pair.as_ref().and_then(|p| p.style.commands());
        w.text(self.pair.as_ref().map_or("", |p| p.name.as_str()));
        w.flag(commands.is_some());
        if let Some((style, coeffs)) = commands {
            let words = |w: &mut Writer, v: &[String]| {
                w.int(v.len() as i64);
                v.iter().for_each(|t| {
                    w.text(t);
                });
            };
            words(&mut w, &style);
            w.int(coeffs.len() as i64);
            coeffs.iter().for_each(|c| words(&mut w, c));
        }
        let parts = self
            .pair
            .as_ref()
            .map_or_else(Vec::new, |p| p.style.part_settings());
        w.int(parts.len() as i64);
        for part in &parts {
            encode_settings(&mut w, part);
            for weights in part.special {
                w.reals(&weights.map_or_else(Vec::new, |v| v.to_vec()));
            }
        }
        w.finish()
    }

    pub(super) fn decode_pair(&mut self, mut r: Reader<'_>) -> Result<()> {
        let modify = decode_settings(&mut r)?;
        let name = r.text()?;
        if !r.flag()? {
            if !name.is_empty() {
                self.restored.pair_style = Some(name.clone());
                self.log.line(&format!(
                    "  pair style {name} reads files: pair_style and pair_coeff must be given again"
                ));
            }
            return Ok(());
        }
        let style = words(&mut r)?;
        let mut coeffs = Vec::new();
        for _ in 0..r.int()? {
            coeffs.push(words(&mut r)?);
        }
        let mut parts = Vec::new();
        // files of earlier versions end here
        let count = if r.is_empty() { 0 } else { r.int()? };
        for _ in 0..count {
            let mut part = decode_settings(&mut r)?;
            for weights in &mut part.special {
                *weights = r.reals()?.try_into().ok();
            }
            parts.push(part);
        }
        let style: Vec<&str> = style.iter().map(String::as_str).collect();
        self.set_pair_style(&style)?;
        let state = &self.state;
        if let Some(PairSlot { style, .. }) = &mut self.pair {
            for c in &coeffs {
                let c: Vec<&str> = c.iter().map(String::as_str).collect();
                style.coeff(&c, state, &self.pair_options)?;
            }
            style.modify(&modify)?;
            style.set_part_settings(&parts)?;
        }
        self.pair_modify = modify;
        Ok(())
    }
}

fn encode_settings(w: &mut Writer, m: &PairModify) {
    w.int(match m.mix {
        None => 0,
        Some(Mix::Geometric) => 1,
        Some(Mix::Arithmetic) => 2,
        Some(Mix::SixthPower) => 3,
    })
    .flag(m.shift)
    .flag(m.tail)
    .int(i64::from(m.table))
    .real(m.tabinner);
}

fn decode_settings(r: &mut Reader<'_>) -> Result<PairModify> {
    Ok(PairModify {
        mix: match r.int()? {
            1 => Some(Mix::Geometric),
            2 => Some(Mix::Arithmetic),
            3 => Some(Mix::SixthPower),
            _ => None,
        },
        shift: r.flag()?,
        tail: r.flag()?,
        table: r.int()?.clamp(0, 32) as u32,
        tabinner: r.real()?,
        ..PairModify::default()
    })
}

fn words(r: &mut Reader<'_>) -> Result<Vec<String>> {
    let n = r.int()?;
    let mut v = Vec::new();
    for _ in 0..n {
        v.push(r.text()?);
    }
    Ok(v)
}
