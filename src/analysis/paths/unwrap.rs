//! Following atoms through the periodic images.

use crate::analysis::trajectory::{Cell, Coordinates, Frame};

/// Follows every atom through the periodic images.
///
/// With images and a constant cell the position is exact at every frame. Where the cell changes,
/// displacements are added up frame by frame with the cell of the later frame, so that fluctuations
/// of the cell are not multiplied by the image number (von Buelow, Bullerjahn, Hummer, J. Chem.
/// Phys. 153, 021101 (2020)). Without images each displacement between frames is taken as its
/// minimum image.
#[derive(Default)]
pub(super) struct Unwrapper {
    pub(super) position: Vec<[f64; 3]>,
    previous: Vec<[f64; 3]>,
    previous_image: Vec<[i32; 3]>,
    pub(super) first_cell: Option<Cell>,
    cell_changes: bool,
    guessed: bool,
    given_unwrapped: bool,
    largest_step: f64,
}

impl Unwrapper {
    pub(super) fn follow(&mut self, frame: &Frame) {
        let n = frame.position.len();
        let first = self.position.len() != n;
        if first {
            self.first_cell = frame.cell;
        } else if let (Some(a), Some(b)) = (&self.first_cell, &frame.cell) {
            self.cell_changes |= !a.same_edges(b, 1.0e-9);
        }
        match (frame.coordinates, &frame.cell) {
            (Coordinates::Unwrapped, _) | (_, None) => {
                self.position.clone_from(&frame.position);
                self.given_unwrapped = true;
            }
            (Coordinates::WithImages, Some(cell)) if first || !self.cell_changes => {
                self.position.resize(n, [0.0; 3]);
                for i in 0..n {
                    let shift = cell.to_cartesian(frame.image[i].map(f64::from));
                    self.position[i] = add(frame.position[i], shift);
                }
            }
            (Coordinates::WithImages, Some(cell)) => {
                for i in 0..n {
                    let mut shift = [0.0; 3];
                    for k in 0..3 {
                        shift[k] =
                            f64::from(frame.image[i][k]) - f64::from(self.previous_image[i][k]);
                    }
                    let step = add(
                        subtract(frame.position[i], self.previous[i]),
                        cell.to_cartesian(shift),
                    );
                    self.position[i] = add(self.position[i], step);
                }
            }
            (Coordinates::Unknown, Some(cell)) => {
                self.guessed = true;
                if first {
                    self.position.clone_from(&frame.position);
                } else {
                    self.add_minimum_images(frame, cell);
                }
            }
        }
        self.previous.clone_from(&frame.position);
        self.previous_image.clone_from(&frame.image);
    }

    fn add_minimum_images(&mut self, frame: &Frame, cell: &Cell) {
        for i in 0..frame.position.len() {
            let mut s = cell.to_fractional(subtract(frame.position[i], self.previous[i]));
            for k in 0..3 {
                if cell.periodic[k] {
                    s[k] -= s[k].round();
                    self.largest_step = self.largest_step.max(s[k].abs());
                }
            }
            self.position[i] = add(self.position[i], cell.to_cartesian(s));
        }
    }

    pub(super) fn notes(&self) -> Vec<String> {
        let mut notes = Vec::new();
        if self.guessed {
            notes.push(format!(
                "no image numbers: unwrapped by the minimum image between frames (largest step \
                 {:.2} of the cell)",
                self.largest_step
            ));
        }
        if self.cell_changes {
            notes.push(if self.given_unwrapped {
                "the cell changes and the positions come unwrapped: cell fluctuations may be part \
                 of them"
                    .to_string()
            } else {
                "the cell changes: displacements are added up frame by frame".to_string()
            });
        }
        notes
    }

    pub(super) fn warnings(&self) -> Vec<String> {
        if self.largest_step > 0.35 {
            vec![format!(
                "an atom moved {:.2} of the cell between two frames; beyond 0.5 the minimum image \
                 is wrong: write frames more often, or image numbers",
                self.largest_step
            )]
        } else {
            Vec::new()
        }
    }
}

fn add(a: [f64; 3], b: [f64; 3]) -> [f64; 3] {
    [a[0] + b[0], a[1] + b[1], a[2] + b[2]]
}

fn subtract(a: [f64; 3], b: [f64; 3]) -> [f64; 3] {
    [a[0] - b[0], a[1] - b[1], a[2] - b[2]]
}
