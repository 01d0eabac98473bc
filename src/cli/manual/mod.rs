//! The manual: one page per command and style, made from the tables that parse them.
//!
//! Rendered as text by `argyro explain` and as Markdown by [`markdown`].

pub mod coming;
pub mod markdown;

use crate::command::COMMANDS;
use crate::domain::regions;
use crate::signature::{Arg, Kind, Signature, Times};
use crate::{compute, dump, fix, pair};

/// A manual page.
#[derive(Debug, Clone)]
pub struct Page {
    /// One of the kinds of [`markdown::KINDS`].
    pub kind: &'static str,
    /// Words before the arguments, e.g. `fix ID group-ID nvt`.
    pub prefix: String,
    /// Its signature.
    pub signature: &'static Signature,
    /// Signature of `pair_coeff`, `bond_coeff` or `angle_coeff`, of styles that have it.
    pub coeff: Option<&'static Signature>,
}

impl Page {
    /// The command that gives the coefficients of a style of this kind.
    pub fn coeff_command(&self) -> &'static str {
        match self.kind {
            "bond_style" => "bond_coeff",
            "angle_style" => "angle_coeff",
            _ => "pair_coeff",
        }
    }

    /// All example lines.
    pub fn examples(&self) -> Vec<&'static str> {
        let coeff = self.coeff.iter().flat_map(|c| c.examples);
        self.signature
            .examples
            .iter()
            .chain(coeff)
            .copied()
            .collect()
    }
}

fn page(kind: &'static str, before: &str, signature: &'static Signature) -> Page {
    Page {
        kind,
        prefix: format!("{before}{}", signature.name),
        signature,
        coeff: None,
    }
}

/// All pages, in the order of their tables.
pub fn pages() -> Vec<Page> {
    let mut all: Vec<Page> = COMMANDS
        .iter()
        .map(|c| page("command", "", c.signature))
        .collect();
    all.extend(pair::PAIR_STYLES.iter().map(|p| Page {
        coeff: Some(p.coeff),
        ..page("pair_style", "pair_style ", p.signature)
    }));
    all.extend(crate::bond::BOND_STYLES.iter().map(|b| Page {
        coeff: Some(b.coeff),
        ..page("bond_style", "bond_style ", b.signature)
    }));
    all.extend(crate::angle::ANGLE_STYLES.iter().map(|a| Page {
        coeff: Some(a.coeff),
        ..page("angle_style", "angle_style ", a.signature)
    }));
    all.extend(
        fix::FIXES
            .iter()
            .map(|f| page("fix", "fix ID group-ID ", f.signature)),
    );
    all.extend(
        compute::COMPUTES
            .iter()
            .map(|c| page("compute", "compute ID group-ID ", c.signature)),
    );
    all.extend(
        regions::REGIONS
            .iter()
            .map(|r| page("region", "region ID ", r.signature)),
    );
    all.extend(
        dump::DUMPS
            .iter()
            .map(|d| page("dump", "dump ID group-ID ", d.signature)),
    );
    all
}

/// The line of syntax.
pub fn syntax(prefix: &str, s: &Signature) -> String {
    let mut line = prefix.to_string();
    for a in s.args {
        line.push(' ');
        line.push_str(&place_holder(a));
    }
    if !s.keywords.is_empty() {
        line.push_str(" [keyword value ...]");
    }
    line
}

/// How an argument is written in a line of syntax.
pub fn place_holder(a: &Arg) -> String {
    match a.times {
        Times::Once => a.name.to_string(),
        Times::Optional => format!("[{}]", a.name),
        Times::Many | Times::Rest => format!("{} ...", a.name),
    }
}

/// What words an argument takes; empty for any word.
pub fn kind_text(kind: Kind) -> String {
    match kind {
        Kind::Word | Kind::Text | Kind::Element | Kind::Species => String::new(),
        Kind::Int => "whole number".into(),
        Kind::Count => "positive whole number".into(),
        Kind::Real => "number".into(),
        Kind::Positive => "number above zero".into(),
        Kind::RealOrVariable => "number or v_name".into(),
        Kind::YesNo => "yes or no".into(),
        Kind::OneOf(words) => words.join(" | "),
        Kind::FileIn => "file that is read".into(),
        Kind::FileOut => "file that is written".into(),
        Kind::Types => "atom types: 1, 2*3, * or a type label".into(),
        Kind::Value => "c_ID, f_ID or v_name, with [i] or [i][j]".into(),
        Kind::Defines(what) => format!("ID of the new {what}"),
        Kind::Uses(what) => format!("ID of a {what}"),
        Kind::Style(what) => format!("{what} style"),
        Kind::Command => "command in quotes".into(),
    }
}
