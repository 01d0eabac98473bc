//! Text that remembers where it came from: continued lines, substituted variables and commands in quotes
//! are all texts glued from pieces of sources, and a diagnostic must lead back to these.

use super::source::{FileId, Span};
use std::ops::Range;

/// A run of text and its origin.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Piece {
    start: usize,
    end: usize,
    source: Span,
    /// The source holds the very same bytes; otherwise the whole run stands for the whole source span.
    verbatim: bool,
}

/// A text with the origin of every byte.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Mapped {
    text: String,
    pieces: Vec<Piece>,
}

impl Mapped {
    /// Text without an origin (made by the program).
    pub fn plain(text: impl Into<String>) -> Self {
        Self {
            text: text.into(),
            pieces: Vec::new(),
        }
    }

    /// Text that stands in a file at byte `start`.
    pub fn verbatim(text: &str, file: FileId, start: usize) -> Self {
        let mut m = Self::default();
        m.push_verbatim(text, Span::new(file, start..start + text.len()));
        m
    }

    /// The text.
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// Number of bytes.
    pub fn len(&self) -> usize {
        self.text.len()
    }

    /// Whether there is no text.
    pub fn is_empty(&self) -> bool {
        self.text.is_empty()
    }

    /// Appends bytes that stand in the source at `source`.
    pub fn push_verbatim(&mut self, text: &str, source: Span) {
        self.push_piece(text, source, true);
    }

    /// Appends bytes that replace what stands in the source at `source` (`None`: no origin).
    pub fn push_replaced(&mut self, text: &str, source: Option<Span>) {
        match source {
            Some(source) => self.push_piece(text, source, false),
            None => self.text.push_str(text),
        }
    }

    fn push_piece(&mut self, text: &str, source: Span, verbatim: bool) {
        if text.is_empty() {
            return;
        }
        let start = self.text.len();
        self.text.push_str(text);
        let end = self.text.len();
        self.pieces.push(Piece {
            start,
            end,
            source,
            verbatim,
        });
    }

    /// Appends another text with its origins.
    pub fn push(&mut self, other: &Self) {
        let by = self.text.len();
        self.text.push_str(&other.text);
        self.pieces.extend(other.pieces.iter().map(|p| Piece {
            start: p.start + by,
            end: p.end + by,
            ..*p
        }));
    }

    /// A part of the text with its origins; the range is cut to the text and to character borders.
    #[must_use]
    pub fn slice(&self, range: Range<usize>) -> Self {
        let Some(text) = self.text.get(range.clone()) else {
            return Self::default();
        };
        // Pieces are in the order of the text
        let first = self.pieces.partition_point(|p| p.end <= range.start);
        let inside = self.pieces[first..]
            .iter()
            .take_while(|p| p.start < range.end);
        Self {
            text: text.to_string(),
            pieces: inside
                .map(|p| {
                    let (start, end) = (p.start.max(range.start), p.end.min(range.end));
                    Piece {
                        start: start - range.start,
                        end: end - range.start,
                        source: p.part(start, end),
                        verbatim: p.verbatim,
                    }
                })
                .collect(),
        }
    }

    /// The source of a range of bytes: the smallest span that covers it. `None` if it has no origin.
    pub fn span(&self, range: Range<usize>) -> Option<Span> {
        if range.is_empty() {
            return self.point(range.start);
        }
        self.pieces
            .iter()
            .filter(|p| p.end > range.start && p.start < range.end)
            .map(|p| p.part(p.start.max(range.start), p.end.min(range.end)))
            .reduce(Span::to)
    }

    /// The source of the whole text.
    pub fn whole(&self) -> Option<Span> {
        self.span(0..self.text.len())
    }

    /// An empty span at one byte, for "something is missing here".
    fn point(&self, at: usize) -> Option<Span> {
        let piece = self
            .pieces
            .iter()
            .rev()
            .find(|p| p.start <= at)
            .or(self.pieces.first())?;
        let at = at.clamp(piece.start, piece.end);
        let span = piece.part(at, at);
        Some(if piece.verbatim {
            Span {
                start: span.end,
                ..span
            }
        } else {
            span
        })
    }
}

impl Piece {
    fn part(&self, start: usize, end: usize) -> Span {
        if !self.verbatim {
            return self.source;
        }
        let first = self.source.start as usize;
        Span::new(
            self.source.file,
            first + start - self.start..first + end - self.start,
        )
    }
}

impl std::fmt::Display for Mapped {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const F: FileId = FileId(0);

    fn span(range: Range<usize>) -> Option<Span> {
        Some(Span::new(F, range))
    }

    // source: `run ${n} upto`, n = 250
    fn example() -> Mapped {
        let mut m = Mapped::verbatim("run ", F, 0);
        m.push_replaced("250", span(4..8));
        m.push_verbatim(" upto", Span::new(F, 8..13));
        m
    }

    #[test]
    fn places_lead_back_through_replaced_text() {
        let m = example();
        assert_eq!(m.as_str(), "run 250 upto");
        assert_eq!(m.span(0..3), span(0..3));
        assert_eq!(m.span(5..6), span(4..8));
        assert_eq!(m.span(8..12), span(9..13));
        assert_eq!(m.span(2..9), span(2..10));
        assert_eq!(m.span(12..12), span(13..13));
    }

    #[test]
    fn slices_keep_their_origin() {
        let m = example().slice(4..12);
        assert_eq!(m.as_str(), "250 upto");
        assert_eq!(m.span(0..3), span(4..8));
        assert_eq!(m.slice(4..8).whole(), span(9..13));
        assert_eq!(m.slice(5..99), Mapped::default());
        let mut twice = m.clone();
        twice.push(&m);
        assert_eq!(twice.span(12..16), span(9..13));
    }

    #[test]
    fn made_up_text_has_no_origin() {
        assert_eq!(Mapped::plain("run 0").whole(), None);
    }
}
