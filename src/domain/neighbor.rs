//! Neighbour settings and the build of bricks, ghosts and lists.

/// `neighbor` and `neigh_modify` settings.
#[derive(Debug, Clone, PartialEq)]
pub struct NeighborSettings {
    /// Skin beyond the force cutoff; `None` is the default of the unit style.
    pub skin: Option<f64>,
    /// `every`
    pub every: i64,
    /// `delay`
    pub delay: i64,
    /// `check`
    pub check: bool,
    /// `once`: build lists at the start of a run only.
    pub once: bool,
    /// `comm_modify cutoff`, 0 if not set.
    pub ghost_cutoff: f64,
    /// `neigh_modify exclude type i j` pairs.
    pub exclude_types: Vec<(u32, u32)>,
    /// `neigh_modify exclude group A B`, as mask bits.
    pub exclude_groups: Vec<(u32, u32)>,
}

impl Default for NeighborSettings {
    fn default() -> Self {
        Self {
            skin: None,
            every: 1,
            delay: 0,
            check: true,
            once: false,
            ghost_cutoff: 0.0,
            exclude_types: Vec::new(),
            exclude_groups: Vec::new(),
        }
    }
}
