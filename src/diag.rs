//! Diagnostics: what is wrong, where in which file, and what to do; rendered with the source line and a caret.
//!
//! Imports nothing of argyro. The layers above attach the place; [`Diagnostic::render`] is the only place where
//! messages are laid out for people.

use miette::{GraphicalReportHandler, GraphicalTheme, LabeledSpan, NamedSource, SourceCode};
use std::fmt;
use std::ops::Range;
use std::sync::Arc;

/// How bad a finding is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Severity {
    /// The script can run, but probably does not do what was meant.
    Warning,
    /// The script cannot run.
    Error,
}

/// A range of bytes in a named text.
#[derive(Debug, Clone)]
pub struct Place {
    /// File name, as the user gave it.
    pub file: String,
    /// Whole text of the file.
    pub source: Arc<str>,
    /// Bytes that are meant.
    pub range: Range<usize>,
}

impl Place {
    /// Line and column, both counted from 1; columns count characters.
    pub fn line_column(&self) -> (usize, usize) {
        let at = self.floor(self.range.start);
        let before = &self.source[..at];
        let line = before.matches('\n').count() + 1;
        let start = before.rfind('\n').map_or(0, |i| i + 1);
        (line, before[start..].chars().count() + 1)
    }

    /// The text of the first line of the range.
    pub fn line_text(&self) -> &str {
        let at = self.floor(self.range.start);
        let start = self.source[..at].rfind('\n').map_or(0, |i| i + 1);
        let end = self.source[at..]
            .find('\n')
            .map_or(self.source.len(), |i| at + i);
        self.source[start..end].trim_end_matches('\r')
    }

    /// The range, cut to the text and to its first line, never empty unless the text is.
    fn visible(&self) -> Range<usize> {
        let start = self.floor(self.range.start);
        let line_end = self.source[start..]
            .find('\n')
            .map_or(self.source.len(), |i| start + i);
        let end = self.floor(self.range.end.min(line_end)).max(start);
        start..end
    }

    /// The last character boundary at or before `at`.
    fn floor(&self, at: usize) -> usize {
        let mut at = at.min(self.source.len());
        while !self.source.is_char_boundary(at) {
            at -= 1;
        }
        at
    }
}

/// One finding.
#[derive(Debug, Clone)]
pub struct Diagnostic {
    /// How bad it is.
    pub severity: Severity,
    /// One sentence; LAMMPS' wording where that is well known.
    pub message: String,
    /// Where it is, if it is anywhere.
    pub place: Option<Place>,
    /// The command after substitution, if substitution changed it.
    pub expanded: Option<String>,
    /// What to do about it.
    pub help: Option<String>,
    /// Further facts.
    pub notes: Vec<String>,
}

impl Diagnostic {
    /// An error without a place.
    pub fn error(message: impl Into<String>) -> Self {
        Self {
            severity: Severity::Error,
            message: message.into(),
            place: None,
            expanded: None,
            help: None,
            notes: Vec::new(),
        }
    }

    /// A warning without a place.
    pub fn warning(message: impl Into<String>) -> Self {
        Self {
            severity: Severity::Warning,
            ..Self::error(message)
        }
    }

    /// Says where.
    #[must_use]
    pub fn at(mut self, place: Place) -> Self {
        self.place = Some(place);
        self
    }

    /// Adds advice.
    #[must_use]
    pub fn help(mut self, help: impl Into<String>) -> Self {
        self.help = Some(help.into());
        self
    }

    /// The line that LAMMPS would print: `ERROR: text (file:line)`.
    pub fn one_line(&self) -> String {
        let kind = match self.severity {
            Severity::Error => "ERROR",
            Severity::Warning => "WARNING",
        };
        match &self.place {
            Some(p) => format!(
                "{kind}: {} ({}:{})",
                self.message,
                p.file,
                p.line_column().0
            ),
            None => format!("{kind}: {}", self.message),
        }
    }

    /// The finding for people: message, source line with caret, expanded text, notes, help.
    /// `color` adds terminal colours.
    pub fn render(&self, color: bool) -> String {
        let theme = if color {
            GraphicalTheme::unicode()
        } else {
            GraphicalTheme::unicode_nocolor()
        };
        let handler = GraphicalReportHandler::new_themed(theme)
            .with_width(100)
            .with_context_lines(1)
            .with_links(false);
        let mut out = String::new();
        if handler.render_report(&mut out, &Report::new(self)).is_err() {
            out = self.one_line();
        }
        let lines: Vec<&str> = out.lines().map(str::trim_end).collect();
        lines.join("\n").trim_matches('\n').to_string()
    }
}

/// A diagnostic in the form in which miette draws it.
struct Report<'a> {
    diagnostic: &'a Diagnostic,
    source: Option<NamedSource<String>>,
    help: Option<String>,
}

impl<'a> Report<'a> {
    fn new(diagnostic: &'a Diagnostic) -> Self {
        let source = diagnostic
            .place
            .as_ref()
            .map(|p| NamedSource::new(&p.file, p.source.to_string()));
        let mut advice: Vec<String> = Vec::new();
        advice.extend(
            diagnostic
                .expanded
                .iter()
                .map(|e| format!("after substitution: {e}")),
        );
        advice.extend(diagnostic.notes.iter().cloned());
        advice.extend(diagnostic.help.iter().cloned());
        Self {
            diagnostic,
            source,
            help: (!advice.is_empty()).then(|| advice.join("\n")),
        }
    }
}

impl fmt::Debug for Report<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl fmt::Display for Report<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let kind = match self.diagnostic.severity {
            Severity::Error => "error",
            Severity::Warning => "warning",
        };
        write!(f, "{kind}: {}", self.diagnostic.message)
    }
}

impl std::error::Error for Report<'_> {}

impl miette::Diagnostic for Report<'_> {
    fn severity(&self) -> Option<miette::Severity> {
        Some(match self.diagnostic.severity {
            Severity::Error => miette::Severity::Error,
            Severity::Warning => miette::Severity::Warning,
        })
    }

    fn help<'a>(&'a self) -> Option<Box<dyn fmt::Display + 'a>> {
        self.help
            .as_ref()
            .map(|h| Box::new(h) as Box<dyn fmt::Display>)
    }

    fn source_code(&self) -> Option<&dyn SourceCode> {
        self.source.as_ref().map(|s| s as &dyn SourceCode)
    }

    fn labels(&self) -> Option<Box<dyn Iterator<Item = LabeledSpan> + '_>> {
        let range = self.diagnostic.place.as_ref()?.visible();
        let label = LabeledSpan::new(Some("here".into()), range.start, range.len());
        Some(Box::new(std::iter::once(label)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sample() -> Diagnostic {
        let source: Arc<str> = "units lj\nneigbor 0.3 bin\nrun 5\n".into();
        Diagnostic::error("Unknown command: neigbor")
            .at(Place {
                file: "in.melt".into(),
                source,
                range: 9..16,
            })
            .help("did you mean 'neighbor'?")
    }

    #[test]
    fn a_report_shows_place_source_and_advice() {
        let text = sample().render(false);
        for part in [
            "error: Unknown command: neigbor",
            "in.melt:2:1",
            "neigbor 0.3 bin",
            "did you mean 'neighbor'?",
        ] {
            assert!(text.contains(part), "{part} is missing in\n{text}");
        }
        assert!(!text.contains('\u{1b}'), "colours without a terminal");
    }

    #[test]
    fn the_short_form_is_that_of_lammps() {
        assert_eq!(
            sample().one_line(),
            "ERROR: Unknown command: neigbor (in.melt:2)"
        );
    }

    #[test]
    fn substituted_text_is_shown() {
        let mut d = sample();
        d.expanded = Some("velocity all create 300 5".into());
        assert!(
            d.render(false)
                .contains("after substitution: velocity all create 300 5")
        );
    }

    #[test]
    fn ranges_outside_the_text_are_harmless() {
        #[allow(clippy::reversed_empty_ranges)]
        let ranges = [0..1000, 500..600, 3..1, 12..12];
        for range in ranges {
            let place = Place {
                file: "x".into(),
                source: "größe µ\nß".into(),
                range,
            };
            let d = Diagnostic::warning("odd").at(place.clone());
            assert!(d.render(false).contains("odd"));
            assert!(place.line_column().0 >= 1 && !place.line_text().contains('\n'));
        }
    }
}
