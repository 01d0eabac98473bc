//! The typed command graph of a script: commands with their places, control flow, and dependencies between IDs.
//!
//! Built from the syntax tree alone, without executing anything. Words that hold `$` are known only when they are
//! executed; they make no edges, except to the variables that they name.

use super::entry::CommandEntry;
use super::items::{Item, Links, links};
use crate::script::{
    Line, Mapped, Script, SourceMap, Span, Subst, Substitution, Word, parse_if, parse_script,
    split, strip_comment, substitutions,
};
use std::collections::HashMap;
use std::path::Path;

/// A command.
#[derive(Debug, Clone)]
pub struct Node {
    /// Name of the command; `?` if the line cannot be read.
    pub name: String,
    /// The command as written, without comment, blanks folded.
    pub text: String,
    /// Where it stands.
    pub span: Option<Span>,
    /// Line number in its file, from 1.
    pub line: usize,
    /// Index in [`CommandGraph::files`].
    pub file: usize,
    /// The `if` that this command belongs to.
    pub parent: Option<usize>,
    /// Its words, the name first.
    pub words: Vec<Word>,
    /// Definitions and uses.
    pub links: Links,
    /// Whether the table of commands has it.
    pub known: bool,
}

/// Why one command follows another.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Way {
    /// It is the next line.
    Next,
    /// `jump`
    Jump,
    /// `include`: into the file.
    Include,
    /// Back from an included file.
    Return,
    /// A branch of `if`; `true` for the first.
    Then(bool),
}

/// Control flow from one command to another.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct FlowEdge {
    /// From node.
    pub from: usize,
    /// To node.
    pub to: usize,
    /// Why.
    pub way: Way,
}

/// A command needs what another defines.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Dependency {
    /// The command that uses it.
    pub user: usize,
    /// The command that defines it.
    pub definer: usize,
    /// What.
    pub item: Item,
}

/// Something that a command uses and no command defines.
#[derive(Debug, Clone)]
pub struct Undefined {
    /// The command.
    pub node: usize,
    /// Index of the word after the command's name.
    pub word: usize,
    /// What.
    pub item: Item,
}

/// The graph.
#[derive(Debug, Default)]
pub struct CommandGraph {
    /// Files in the order in which they are met.
    pub files: Vec<String>,
    /// Commands in the order of their lines; those of an included file follow the `include`.
    pub nodes: Vec<Node>,
    /// Control flow.
    pub flow: Vec<FlowEdge>,
    /// Dependencies between IDs.
    pub dependencies: Vec<Dependency>,
    /// Uses without a definition, in the order of commands.
    pub undefined: Vec<Undefined>,
    /// Files that are included but cannot be read: node and reason.
    pub missing_files: Vec<(usize, String)>,
    /// Jumps to labels that do not exist: node and label.
    pub missing_labels: Vec<(usize, String)>,
}

/// Files may include each other up to this depth.
const MAX_DEPTH: usize = 20;
/// Commands of a graph, included files counted as often as they are included.
const MAX_NODES: usize = 100_000;

struct Builder<'a> {
    commands: &'static [CommandEntry],
    sources: &'a mut SourceMap,
    graph: CommandGraph,
    predefined: Vec<Item>,
    /// First values of index- and string-style variables, for file names of `include`.
    values: HashMap<String, String>,
}

/// Builds the graph of a script. `predefined` are things that exist before it, such as variables of the command line.
pub fn build(
    script: &Script,
    commands: &'static [CommandEntry],
    sources: &mut SourceMap,
    predefined: Vec<Item>,
) -> CommandGraph {
    let name = sources
        .file(script.file)
        .map_or_else(String::new, |f| f.name.clone());
    let mut builder = Builder {
        commands,
        sources,
        graph: CommandGraph::default(),
        predefined,
        values: HashMap::new(),
    };
    builder.file(script, &name, 0);
    builder.depend();
    builder.graph
}

impl Builder<'_> {
    /// Adds the commands of a file; the range of its nodes.
    fn file(&mut self, script: &Script, name: &str, depth: usize) -> std::ops::Range<usize> {
        let file = self.graph.files.len();
        self.graph.files.push(name.to_string());
        let first = self.graph.nodes.len();
        // Commands of this file itself, in order
        let mut own: Vec<usize> = Vec::new();
        let mut previous: Option<usize> = None;
        for line in script.commands() {
            if self.graph.nodes.len() >= MAX_NODES {
                break;
            }
            let node = self.line(line, file);
            if let Some(p) = previous {
                self.edge(
                    p,
                    node,
                    if self.graph.nodes[p].file == file {
                        Way::Next
                    } else {
                        Way::Return
                    },
                );
            }
            own.push(node);
            self.value(node);
            self.branches(node);
            previous = self.successor(node, depth);
        }
        self.jumps(&own, name);
        first..self.graph.nodes.len()
    }

    fn edge(&mut self, from: usize, to: usize, way: Way) {
        self.graph.flow.push(FlowEdge { from, to, way });
    }

    fn line(&mut self, line: &Line, file: usize) -> usize {
        let number = self.sources.location(line.span).map_or(0, |l| l.line);
        self.push(
            line.words.clone(),
            &line.substitutions,
            &line.command,
            line.span,
            number,
            file,
            None,
        )
    }

    fn push(
        &mut self,
        words: Vec<Word>,
        found: &[Substitution],
        command: &Mapped,
        span: Span,
        line: usize,
        file: usize,
        parent: Option<usize>,
    ) -> usize {
        let name = words.first().map_or("?", Word::as_str).to_string();
        let entry = self.commands.iter().find(|c| c.signature.name == name);
        let fold: Vec<&str> = command.as_str().split_whitespace().collect();
        self.graph.nodes.push(Node {
            links: entry.map(|e| links(e, &words, found)).unwrap_or_default(),
            known: entry.is_some() || name.contains('$') || name == "?",
            text: fold.join(" "),
            span: Some(span),
            name,
            line,
            file,
            parent,
            words,
        });
        self.graph.nodes.len() - 1
    }

    /// Adds the commands inside an `if`.
    fn branches(&mut self, node: usize) {
        let n = &self.graph.nodes[node];
        if n.name != "if" {
            return;
        }
        let (line, file, span) = (n.line, n.file, n.span);
        let words = n.words.clone();
        let Ok(branches) = parse_if(&words[1..]) else {
            return;
        };
        for (i, branch) in branches.iter().enumerate() {
            for word in branch.commands {
                let command = strip_comment(&word.text);
                let Ok(inner) = split(&command) else { continue };
                let found = word_substitutions(&inner);
                let Some(at) = word.span().or(span) else {
                    continue;
                };
                let child = self.push(inner, &found, &command, at, line, file, Some(node));
                self.edge(node, child, Way::Then(i == 0));
            }
        }
    }

    /// Remembers the first value of a variable whose value stands in the script.
    fn value(&mut self, node: usize) {
        let words: Vec<&str> = self.graph.nodes[node]
            .words
            .iter()
            .map(Word::as_str)
            .collect();
        if let ["variable", name, "index" | "string", value, ..] = words[..]
            && !value.contains('$')
            && !self.predefined.contains(&Item::new("variable", name))
        {
            self.values
                .entry(name.to_string())
                .or_insert_with(|| value.to_string());
        }
    }

    /// A file name with the known variables replaced; `None` if something else is to be substituted.
    fn file_name(&self, word: &Word) -> Option<String> {
        let mut name = word.as_str().to_string();
        for s in substitutions(&word.text).ok()? {
            let Subst::Variable(variable) = s.what else {
                return None;
            };
            let value = self.values.get(&variable)?;
            name = name.replace(&format!("${{{variable}}}"), value);
            name = name.replace(&format!("${variable}"), value);
        }
        Some(name)
    }

    /// The node from which the next line is reached: the command itself, the end of an included file, or nothing.
    fn successor(&mut self, node: usize, depth: usize) -> Option<usize> {
        match self.graph.nodes[node].name.as_str() {
            "quit" => None,
            "include" => self.include(node, depth),
            _ => Some(node),
        }
    }

    fn include(&mut self, node: usize, depth: usize) -> Option<usize> {
        let word = self.graph.nodes[node].words.get(1);
        let path = word.and_then(|w| self.file_name(w));
        let Some(path) = path.filter(|_| depth < MAX_DEPTH) else {
            return Some(node);
        };
        match std::fs::read(Path::new(&path)) {
            Ok(bytes) => {
                let text = String::from_utf8_lossy(&bytes).into_owned();
                let id = self.sources.add(&path, &text);
                let nodes = self.file(&parse_script(id, &text), &path, depth + 1);
                if nodes.is_empty() {
                    return Some(node);
                }
                self.edge(node, nodes.start, Way::Include);
                let last = nodes.rev().find(|&n| self.graph.nodes[n].parent.is_none());
                last.or(Some(node))
            }
            Err(e) => {
                self.graph
                    .missing_files
                    .push((node, format!("Cannot open input script {path}: {e}")));
                Some(node)
            }
        }
    }

    /// Edges of the jumps of one file, those inside `if` included.
    fn jumps(&mut self, own: &[usize], file_name: &str) {
        let label = |g: &CommandGraph, name: &str| {
            own.iter().copied().find(|&n| {
                let n = &g.nodes[n];
                n.name == "label" && n.words.get(1).is_some_and(|w| w.as_str() == name)
            })
        };
        let file = own.first().map(|&n| self.graph.nodes[n].file);
        let jumps: Vec<usize> = (0..self.graph.nodes.len())
            .filter(|&n| {
                Some(self.graph.nodes[n].file) == file && self.graph.nodes[n].name == "jump"
            })
            .collect();
        for n in jumps {
            let word = |i: usize| {
                self.graph.nodes[n]
                    .words
                    .get(i)
                    .map(Word::as_str)
                    .unwrap_or("")
            };
            let (target, to) = (word(1), word(2).to_string());
            let elsewhere = target != "SELF" && target != file_name;
            if elsewhere || target.is_empty() || to.contains('$') {
                continue;
            }
            let found = if to.is_empty() {
                own.first().copied()
            } else {
                label(&self.graph, &to)
            };
            match found {
                Some(t) => self.edge(n, t, Way::Jump),
                None => self.graph.missing_labels.push((n, to)),
            }
        }
    }

    /// Connects uses with definitions: the last one before the use, else (loops) the first one behind it.
    fn depend(&mut self) {
        let mut dependencies = Vec::new();
        let mut undefined = Vec::new();
        let mut definers: HashMap<&Item, Vec<usize>> = HashMap::new();
        for (i, n) in self.graph.nodes.iter().enumerate() {
            for (_, item) in &n.links.defines {
                definers.entry(item).or_default().push(i);
            }
        }
        for (i, n) in self.graph.nodes.iter().enumerate() {
            for (word, item) in n.links.uses.iter().chain(&n.links.removes) {
                if item.predefined() || item.kind == "label" || self.predefined.contains(item) {
                    continue;
                }
                let list = definers.get(item).map_or(&[][..], Vec::as_slice);
                let definer = list
                    .iter()
                    .rev()
                    .find(|&&d| d < i)
                    .or(list.iter().find(|&&d| d > i));
                let definer = definer.copied().or_else(|| implied(item, &definers));
                match definer {
                    Some(definer) => dependencies.push(Dependency {
                        user: i,
                        definer,
                        item: item.clone(),
                    }),
                    // A command may use what it defines itself (`variable i equal v_i+1` is an error later)
                    None if list.contains(&i) => {}
                    None => undefined.push(Undefined {
                        node: i,
                        word: *word,
                        item: item.clone(),
                    }),
                }
            }
        }
        self.graph.dependencies = dependencies;
        self.graph.undefined = undefined;
    }
}

/// The fix that makes compute `ID_temp` or `ID_press`.
fn implied(item: &Item, definers: &HashMap<&Item, Vec<usize>>) -> Option<usize> {
    let id = item
        .id
        .strip_suffix("_temp")
        .or(item.id.strip_suffix("_press"))?;
    let fix = Item::new("fix", id);
    let list = (item.kind == "compute").then(|| definers.get(&fix))??;
    list.first().copied()
}

/// The substitutions of all words of a command.
fn word_substitutions(words: &[Word]) -> Vec<Substitution> {
    let mut all = Vec::new();
    for (i, word) in words.iter().enumerate() {
        let found = substitutions(&word.text).unwrap_or_default();
        all.extend(found.into_iter().map(|s| Substitution { word: i, ..s }));
    }
    all
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::graph::Flow;
    use crate::signature::{Kind, Signature, arg, rest};

    const fn entry(signature: &'static Signature) -> CommandEntry {
        CommandEntry {
            signature,
            run: |_, _| Ok(Flow::Next),
        }
    }

    const BLANK: Signature = Signature {
        name: "print",
        summary: "",
        args: &[rest("words", "")],
        keywords: &[],
        description: "",
        examples: &[],
    };
    const TABLE: &[CommandEntry] = &[
        entry(&BLANK),
        entry(&Signature {
            name: "jump",
            ..BLANK
        }),
        entry(&Signature {
            name: "next",
            args: &[arg("name", Kind::Uses("variable"), "")],
            ..BLANK
        }),
        entry(&Signature {
            name: "if",
            ..BLANK
        }),
        entry(&Signature {
            name: "quit",
            ..BLANK
        }),
        entry(&Signature {
            name: "label",
            args: &[arg("ID", Kind::Defines("label"), "")],
            ..BLANK
        }),
        entry(&Signature {
            name: "variable",
            args: &[arg("name", Kind::Defines("variable"), ""), rest("args", "")],
            ..BLANK
        }),
    ];

    fn graph(text: &str) -> CommandGraph {
        let mut sources = SourceMap::default();
        let id = sources.add("in.x", text);
        build(&parse_script(id, text), TABLE, &mut sources, Vec::new())
    }

    #[test]
    fn loops_branches_and_ends_are_edges() {
        let g = graph(
            "label top\nif \"1\" then \"jump SELF out\" else \"print x\"\njump SELF top\nlabel out\nquit\nprint never\n",
        );
        let names: Vec<&str> = g.nodes.iter().map(|n| n.name.as_str()).collect();
        assert_eq!(
            names,
            [
                "label", "if", "jump", "print", "jump", "label", "quit", "print"
            ]
        );
        let has = |from, to, way| g.flow.contains(&FlowEdge { from, to, way });
        assert!(has(0, 1, Way::Next) && has(1, 2, Way::Then(true)) && has(1, 3, Way::Then(false)));
        assert!(has(2, 5, Way::Jump) && has(4, 0, Way::Jump));
        assert!(!g.flow.iter().any(|e| e.to == 7), "nothing follows quit");
        assert!(g.missing_labels.is_empty());
    }

    #[test]
    fn uses_lead_to_the_latest_definition_before_them() {
        let g = graph(
            "variable a index 1\nvariable a delete\nvariable a index 2\nprint ${a} $b\nnext c\n",
        );
        let found: Vec<(usize, usize)> =
            g.dependencies.iter().map(|d| (d.user, d.definer)).collect();
        assert_eq!(found, [(1, 0), (3, 2)]);
        let missing: Vec<&str> = g.undefined.iter().map(|u| u.item.id.as_str()).collect();
        assert_eq!(missing, ["b", "c"]);
    }

    #[test]
    fn what_cannot_be_found_is_listed() {
        let g = graph("jump SELF nowhere\nfrobnicate\n");
        assert_eq!(g.missing_labels, [(0, "nowhere".to_string())]);
        assert!(!g.nodes[1].known);
    }
}
