//! Regions of space: the trait; the styles are in `domain/regions/`.

use super::host::Host;
use crate::error::Result;

/// A region of space.
pub trait Region {
    /// Whether `x` (length units) is inside, after `side in|out`.
    fn contains(&self, x: [f64; 3]) -> bool;

    /// Bounding box (lo, hi) if `side in` and the region is bounded in some direction; values beyond
    /// `regions::INFINITE` mean unbounded.
    fn bounds(&self) -> Option<([f64; 3], [f64; 3])>;

    /// Re-evaluates variables (moving regions, variable radii) before `contains` is asked at this step.
    ///
    /// # Errors
    /// A variable cannot be evaluated.
    fn update(&mut self, _host: &mut dyn Host) -> Result<()> {
        Ok(())
    }

    /// Whether the region depends on variables, so that `update` is needed.
    fn varies(&self) -> bool {
        false
    }

    /// An independent copy, for regions that combine others.
    fn duplicate(&self) -> Box<dyn Region>;

    /// The bounds as a cell for `create_box`: (lo, hi, tilt), if the style is `block` or `prism`.
    fn as_cell(&self) -> Option<([f64; 3], [f64; 3], Option<[f64; 3]>)> {
        None
    }
}
