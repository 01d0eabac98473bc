//! Source texts and places in them. Imports nothing.

use std::ops::Range;
use std::sync::Arc;

/// One text of a [`SourceMap`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct FileId(pub u32);

/// A range of bytes in a source text.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Span {
    /// Which text.
    pub file: FileId,
    /// First byte.
    pub start: u32,
    /// One past the last byte.
    pub end: u32,
}

impl Span {
    /// A range of bytes of a text.
    pub fn new(file: FileId, range: Range<usize>) -> Self {
        let clip = |n: usize| u32::try_from(n).unwrap_or(u32::MAX);
        Self {
            file,
            start: clip(range.start),
            end: clip(range.end),
        }
    }

    /// The range of bytes.
    pub fn range(&self) -> Range<usize> {
        self.start as usize..self.end as usize
    }

    /// From the beginning of `self` to the end of `other`; `self` if they lie in different texts.
    #[must_use]
    pub fn to(self, other: Self) -> Self {
        if self.file != other.file {
            return self;
        }
        Self {
            start: self.start.min(other.start),
            end: self.end.max(other.end),
            ..self
        }
    }
}

/// A text with its name.
#[derive(Debug, Clone)]
pub struct SourceFile {
    /// File name as given, or a name in angle brackets such as `<stdin>`.
    pub name: String,
    /// The whole text.
    pub text: Arc<str>,
    line_starts: Arc<[usize]>,
}

impl SourceFile {
    /// The line (from 0) that holds byte `offset`.
    fn line_of(&self, offset: usize) -> usize {
        self.line_starts
            .partition_point(|&s| s <= offset)
            .saturating_sub(1)
    }

    /// Line `n` (from 0) without its line end.
    pub fn line(&self, n: usize) -> &str {
        let start = self.line_starts.get(n).copied().unwrap_or(self.text.len());
        let end = self
            .line_starts
            .get(n + 1)
            .copied()
            .unwrap_or(self.text.len());
        self.text[start..end].trim_end_matches(['\n', '\r'])
    }
}

/// All texts that were read, so that a [`Span`] can be shown.
#[derive(Debug, Clone, Default)]
pub struct SourceMap {
    files: Vec<SourceFile>,
}

/// A place as people read it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Location {
    /// Name of the text.
    pub file: String,
    /// Line, from 1.
    pub line: usize,
    /// Column in characters, from 1.
    pub column: usize,
    /// The whole line.
    pub text: String,
    /// Number of characters of the span that lie on this line, at least 1.
    pub length: usize,
}

impl SourceMap {
    /// Adds a text; the same name and text again give the same number.
    pub fn add(&mut self, name: &str, text: &str) -> FileId {
        let known = self
            .files
            .iter()
            .position(|f| f.name == name && *f.text == *text);
        if let Some(i) = known {
            return FileId(i as u32);
        }
        let starts = text.match_indices('\n').map(|(i, _)| i + 1);
        self.files.push(SourceFile {
            name: name.to_string(),
            line_starts: std::iter::once(0).chain(starts).collect(),
            text: Arc::from(text),
        });
        FileId(self.files.len() as u32 - 1)
    }

    /// A text by its number.
    pub fn file(&self, id: FileId) -> Option<&SourceFile> {
        self.files.get(id.0 as usize)
    }

    /// The text of a span; empty if it lies outside.
    pub fn text(&self, span: Span) -> &str {
        self.file(span.file)
            .and_then(|f| f.text.get(span.range()))
            .unwrap_or("")
    }

    /// Where a span begins.
    pub fn location(&self, span: Span) -> Option<Location> {
        let file = self.file(span.file)?;
        let start = (span.start as usize).min(file.text.len());
        let line = file.line_of(start);
        let line_start = *file.line_starts.get(line)?;
        let text = file.line(line);
        let characters =
            |range: Range<usize>| file.text.get(range).map_or(0, |t| t.chars().count());
        let end = (span.end as usize).clamp(start, line_start + text.len().max(start - line_start));
        Some(Location {
            file: file.name.clone(),
            line: line + 1,
            column: characters(line_start..start) + 1,
            text: text.to_string(),
            length: characters(start..end).max(1),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_span_has_line_column_and_length() {
        let mut map = SourceMap::default();
        let id = map.add("in.x", "units metal\r\npair_style ÄÄ x\n");
        let at = map.text_find(id, "ÄÄ");
        let l = map.location(at).unwrap();
        assert_eq!((l.line, l.column, l.length), (2, 12, 2));
        assert_eq!(l.text, "pair_style ÄÄ x");
        assert_eq!(map.text(at), "ÄÄ");
        assert_eq!(map.add("in.x", "units metal\r\npair_style ÄÄ x\n"), id);
        let end = map.location(Span::new(id, 9999..10000)).unwrap();
        assert_eq!((end.line, end.column), (3, 1));
    }

    impl SourceMap {
        fn text_find(&self, id: FileId, what: &str) -> Span {
            let start = self.file(id).unwrap().text.find(what).unwrap();
            Span::new(id, start..start + what.len())
        }
    }
}
