//! What a dynamic group (`group ID dynamic`) does during runs: it decides anew who belongs. Made by the group
//! command, not by `fix`.

use super::Fix;
use crate::domain::host::{Host, Reference, Source};
use crate::domain::regions;
use crate::error::Result;

/// Membership of a dynamic group: atoms of the parent group for which all conditions hold.
#[derive(Debug, Clone)]
pub struct DynamicGroup {
    /// Mask bit of the group.
    pub bit: u32,
    /// Mask bit of the parent group.
    pub parent: u32,
    /// Steps between decisions.
    pub every: i64,
    /// Region to be in.
    pub region: Option<String>,
    /// Atom-style variable that must not be zero.
    pub variable: Option<String>,
    /// Property of `fix property/atom` that must not be zero.
    pub property: Option<String>,
}

impl DynamicGroup {
    fn decide(&self, host: &mut dyn Host) -> Result<()> {
        if let Some(id) = &self.region {
            regions::update(host, id)?;
        }
        let values = match &self.variable {
            Some(name) => Some(host.per_atom(&Reference {
                source: Source::Variable,
                id: name.clone(),
                index: Vec::new(),
            })?),
            None => None,
        };
        let s = host.state();
        let region = match &self.region {
            Some(id) => Some(regions::require(&s.regions, "Group dynamic", id)?),
            None => None,
        };
        let custom = self.property.as_ref().and_then(|p| s.atoms.custom.get(p));
        let inside = |i: usize| {
            s.atoms.mask[i] & self.parent != 0
                && region.is_none_or(|r| r.contains(s.atoms.x[i]))
                && values.as_ref().is_none_or(|v| v[i] != 0.0)
                && (self.property.is_none() || custom.is_some_and(|c| c.values[i] != 0.0))
        };
        let members: Vec<bool> = (0..s.atoms.len()).map(inside).collect();
        let s = host.state_mut();
        for (mask, member) in s.atoms.mask.iter_mut().zip(members) {
            if member {
                *mask |= self.bit;
            } else {
                *mask &= !self.bit;
            }
        }
        Ok(())
    }
}

impl Fix for DynamicGroup {
    fn setup(&mut self, host: &mut dyn Host) -> Result<()> {
        self.decide(host)
    }

    // After wrapping and before other fixes of this step look at the group.
    fn post_force(&mut self, host: &mut dyn Host) -> Result<()> {
        if host.state().step % self.every == 0 {
            self.decide(host)
        } else {
            Ok(())
        }
    }
}
