//! `region union` and `region intersect`: combinations of other regions, which are copied.

use super::{Body, Bounds, OPTIONS, RegionEntry};
use crate::domain::host::Host;
use crate::domain::region::Region;
use crate::domain::state::State;
use crate::error::{Error, Result};
use crate::signature::{Arg, Args, Kind, Signature, arg, many};

const ARGS: &[Arg] = &[
    arg("N", Kind::Count, "number of regions"),
    many("region-IDs", Kind::Uses("region"), "regions to combine"),
];

/// Union.
pub(super) const UNION: RegionEntry = RegionEntry {
    signature: &Signature {
        name: "union",
        summary: "Points in any of several regions",
        args: ARGS,
        keywords: OPTIONS,
        description: "Each region counts with its own `side`. The regions are copied: deleting them later changes nothing.",
        examples: &["region u union 2 a b"],
    },
    body: Body::Combination(true),
};

/// Intersection.
pub(super) const INTERSECT: RegionEntry = RegionEntry {
    signature: &Signature {
        name: "intersect",
        summary: "Points in all of several regions",
        args: ARGS,
        keywords: OPTIONS,
        description: "Each region counts with its own `side`. The regions are copied: deleting them later changes nothing.",
        examples: &["region i intersect 2 a b side out"],
    },
    body: Body::Combination(false),
};

/// Copies the members out of the table of regions.
pub(super) fn build(
    any: bool,
    outside: bool,
    args: &Args,
    state: &State,
) -> Result<Box<dyn Region>> {
    let ids = args.all("region-IDs");
    let style = if any { "union" } else { "intersect" };
    let n = args.int("N")?;
    if n < 2 || ids.len() as i64 != n {
        return Err(Error::input(format!(
            "Illegal region {style} command: N is {n}, {} region IDs follow",
            ids.len()
        ))
        .at(args.word("N")));
    }
    let members = ids
        .iter()
        .map(|(at, id)| {
            super::require(&state.regions, &format!("Region {style}"), id)
                .map(Region::duplicate)
                .map_err(|e| e.at(*at))
        })
        .collect::<Result<Vec<_>>>()?;
    Ok(Box::new(Combination {
        any,
        outside,
        members,
    }))
}

struct Combination {
    any: bool,
    outside: bool,
    members: Vec<Box<dyn Region>>,
}

impl Region for Combination {
    fn contains(&self, x: [f64; 3]) -> bool {
        let inside = if self.any {
            self.members.iter().any(|m| m.contains(x))
        } else {
            self.members.iter().all(|m| m.contains(x))
        };
        inside != self.outside
    }

    fn bounds(&self) -> Option<Bounds> {
        if self.outside {
            return None;
        }
        let all: Vec<Option<Bounds>> = self.members.iter().map(|m| m.bounds()).collect();
        if self.any && all.iter().any(Option::is_none) {
            return None;
        }
        all.into_iter().flatten().reduce(|(alo, ahi), (blo, bhi)| {
            let fold = |a: [f64; 3], b: [f64; 3], smaller: bool| {
                [0, 1, 2].map(|k| {
                    if smaller {
                        a[k].min(b[k])
                    } else {
                        a[k].max(b[k])
                    }
                })
            };
            (fold(alo, blo, self.any), fold(ahi, bhi, !self.any))
        })
    }

    fn update(&mut self, host: &mut dyn Host) -> Result<()> {
        self.members.iter_mut().try_for_each(|m| m.update(host))
    }

    fn varies(&self) -> bool {
        self.members.iter().any(|m| m.varies())
    }

    fn duplicate(&self) -> Box<dyn Region> {
        Box::new(Self {
            any: self.any,
            outside: self.outside,
            members: self.members.iter().map(|m| m.duplicate()).collect(),
        })
    }
}
