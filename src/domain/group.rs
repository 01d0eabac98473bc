//! Groups of atoms: one bit of `Atoms::mask` each, bit 0 is `all`.

use crate::error::{Error, Result};

/// Names of the groups in order of their bits.
#[derive(Debug, Clone)]
pub struct Groups {
    names: Vec<Option<String>>,
}

impl Default for Groups {
    fn default() -> Self {
        Self {
            names: vec![Some("all".into())],
        }
    }
}

impl Groups {
    /// LAMMPS' limit, which a 32-bit mask sets.
    pub const MAX: usize = 32;

    /// The mask bit of a group.
    pub fn bit(&self, name: &str) -> Option<u32> {
        self.names
            .iter()
            .position(|n| n.as_deref() == Some(name))
            .map(|i| 1 << i)
    }

    /// The mask bit of a group that must exist. `what` names the command part in the message,
    /// e.g. `fix` for "Could not find fix group ID Li".
    ///
    /// # Errors
    /// There is no such group.
    pub fn require(&self, what: &str, name: &str) -> Result<u32> {
        self.bit(name).ok_or_else(|| {
            Error::input(format!("Could not find {what} group ID {name}"))
                .suggest(name, self.names())
        })
    }

    /// The bit of `name`, made if it does not exist.
    ///
    /// # Errors
    /// There are 32 groups already.
    pub fn find_or_create(&mut self, name: &str) -> Result<u32> {
        if let Some(bit) = self.bit(name) {
            return Ok(bit);
        }
        let slot = self
            .names
            .iter()
            .position(Option::is_none)
            .unwrap_or(self.names.len());
        if slot >= Self::MAX {
            return Err(Error::input(format!("Too many groups (max {})", Self::MAX)));
        }
        if slot == self.names.len() {
            self.names.push(None);
        }
        self.names[slot] = Some(name.to_string());
        Ok(1 << slot)
    }

    /// Removes a group; the caller clears its bit from the atoms.
    pub fn remove(&mut self, name: &str) {
        if let Some(n) = self.names.iter_mut().find(|n| n.as_deref() == Some(name)) {
            *n = None;
        }
    }

    /// The names in order of their bits.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.names.iter().flatten().map(String::as_str)
    }

    /// Names in order of their bits, `None` where a bit is free; for restart files.
    pub fn slots(&self) -> &[Option<String>] {
        &self.names
    }

    /// Groups from [`Groups::slots`].
    ///
    /// # Errors
    /// Too many, or the first is not `all`.
    pub fn from_slots(names: Vec<Option<String>>) -> Result<Self> {
        if names.len() > Self::MAX || names.first().is_none_or(|n| n.as_deref() != Some("all")) {
            return Err(Error::input("the groups of the restart file are damaged"));
        }
        Ok(Self { names })
    }
}
