//! Drawings of the command graph: text, DOT (Graphviz) and Mermaid.

use super::model::{CommandGraph, Node, Way};
use std::fmt::Write;

/// How wide command texts get before they are cut, characters.
const WIDTH: usize = 64;

/// The graph as text: every command with its line, loops drawn at the left, dependencies at the right.
pub fn text(graph: &CommandGraph) -> String {
    let mut out = String::new();
    let gutters = gutters(graph);
    let width = gutters.iter().map(|g| g.chars().count()).max().unwrap_or(0);
    let mut file = usize::MAX;
    for (i, node) in graph.nodes.iter().enumerate() {
        if node.file != file {
            file = node.file;
            let _ = writeln!(
                out,
                "{}{}",
                if i == 0 { "" } else { "\n" },
                graph.files[file]
            );
        }
        let indent = if node.parent.is_some() {
            "    └ "
        } else {
            ""
        };
        let text = clip(&node.text, WIDTH - indent.chars().count());
        let line = if node.parent.is_some() {
            String::new()
        } else {
            node.line.to_string()
        };
        let left = format!("{:<width$} {line:>5}  {indent}{text}", gutters[i]);
        let notes = notes(graph, i);
        if notes.is_empty() {
            let _ = writeln!(out, "{}", left.trim_end());
        } else {
            let column = width + 10 + WIDTH / 2;
            let _ = writeln!(out, "{left:<column$}  {}", notes.join("; "));
        }
    }
    let _ = writeln!(
        out,
        "\n{} commands, {} jumps, {} dependencies",
        graph.nodes.len(),
        graph.flow.iter().filter(|e| e.way == Way::Jump).count(),
        graph.dependencies.len()
    );
    out
}

/// What is said at the right of a command.
fn notes(graph: &CommandGraph, i: usize) -> Vec<String> {
    let node = &graph.nodes[i];
    let mut notes: Vec<String> = Vec::new();
    let defines: Vec<String> = node
        .links
        .defines
        .iter()
        .filter(|(_, d)| d.kind != "label")
        .map(|(_, d)| d.to_string())
        .collect();
    if !defines.is_empty() {
        notes.push(format!("→ {}", defines.join(", ")));
    }
    let uses: Vec<String> = graph
        .dependencies
        .iter()
        .filter(|d| d.user == i)
        .map(|d| format!("{} ({})", d.item, place(graph, d.definer, node.file)))
        .collect();
    if !uses.is_empty() {
        notes.push(format!("← {}", uses.join(", ")));
    }
    let missing: Vec<String> = graph
        .undefined
        .iter()
        .filter(|u| u.node == i)
        .map(|u| u.item.to_string())
        .collect();
    if !missing.is_empty() {
        notes.push(format!("⚠ {} not defined here", missing.join(", ")));
    }
    if !node.known {
        notes.push("⚠ unknown command".into());
    }
    notes.extend(
        graph
            .missing_labels
            .iter()
            .filter(|m| m.0 == i)
            .map(|m| format!("⚠ no label {}", m.1)),
    );
    notes.extend(
        graph
            .missing_files
            .iter()
            .filter(|m| m.0 == i)
            .map(|m| format!("⚠ {}", m.1)),
    );
    notes
}

/// `12`, or `other.file:12` from another file.
fn place(graph: &CommandGraph, node: usize, file: usize) -> String {
    let n = &graph.nodes[node];
    if n.file == file {
        n.line.to_string()
    } else {
        format!("{}:{}", graph.files[n.file], n.line)
    }
}

/// One lane per jump at the left of the commands: `╭▶` at the target, `╰─` at the jump of a loop.
fn gutters(graph: &CommandGraph) -> Vec<String> {
    let n = graph.nodes.len();
    let mut jumps: Vec<(usize, usize)> = graph
        .flow
        .iter()
        .filter(|e| e.way == Way::Jump)
        .map(|e| (e.from, e.to))
        .collect();
    // Short jumps lie inside, next to the commands
    jumps.sort_by_key(|&(a, b)| a.abs_diff(b));
    let mut lanes: Vec<Vec<(usize, usize)>> = Vec::new();
    const MAX_LANES: usize = 8;
    for (from, to) in jumps {
        let span = |&(a, b): &(usize, usize)| (a.min(b), a.max(b));
        let (lo, hi) = span(&(from, to));
        let free = lanes.iter().position(|l| {
            l.iter().all(|j| {
                let (a, b) = span(j);
                b < lo || hi < a
            })
        });
        match free {
            Some(lane) => lanes[lane].push((from, to)),
            None if lanes.len() < MAX_LANES => lanes.push(vec![(from, to)]),
            None => {}
        }
    }
    let mut rows = vec![vec![' '; 2 * lanes.len()]; n];
    for (k, lane) in lanes.iter().enumerate() {
        let column = 2 * (lanes.len() - 1 - k);
        for &(from, to) in lane {
            draw_lane(&mut rows, column, from, to);
        }
    }
    rows.into_iter().map(|r| r.into_iter().collect()).collect()
}

fn draw_lane(rows: &mut [Vec<char>], column: usize, from: usize, to: usize) {
    let (lo, hi) = (from.min(to), from.max(to));
    for row in rows.iter_mut().take(hi).skip(lo + 1) {
        if row[column] == ' ' || row[column] == '─' {
            row[column] = '│';
        }
    }
    for (row, corner) in [(lo, '╭'), (hi, '╰')] {
        let cells = &mut rows[row];
        cells[column] = if lo == hi { '↻' } else { corner };
        for c in cells.iter_mut().skip(column + 1) {
            if *c == ' ' {
                *c = '─';
            }
        }
        if row == to
            && let Some(last) = cells.last_mut()
        {
            *last = '▶';
        }
    }
}

fn clip(text: &str, width: usize) -> String {
    if text.chars().count() <= width {
        return text.to_string();
    }
    let head: String = text.chars().take(width.saturating_sub(1)).collect();
    format!("{head}…")
}

/// A colour per kind of command.
fn colour(node: &Node) -> &'static str {
    match node.name.as_str() {
        "run" | "minimize" => "#fff1b8",
        "jump" | "label" | "next" | "if" | "include" | "quit" => "#e0e7ff",
        "variable" => "#e6f4ea",
        "fix" | "compute" | "dump" => "#fde2e4",
        "pair_style" | "pair_coeff" => "#fce8d5",
        _ if !node.known => "#ff9b9b",
        _ => "#f6f6f6",
    }
}

/// The graph for Graphviz.
pub fn dot(graph: &CommandGraph) -> String {
    let quote = |s: &str| format!("\"{}\"", s.replace('\\', "\\\\").replace('"', "\\\""));
    let mut out = String::from(
        "digraph script {\n  rankdir=TB;\n  node [shape=box, style=\"filled,rounded\", fontname=\"monospace\", fontsize=10];\n",
    );
    for (f, name) in graph.files.iter().enumerate() {
        let _ = writeln!(
            out,
            "  subgraph cluster_{f} {{\n    label={};\n    color=\"#bbbbbb\";",
            quote(name)
        );
        for (i, n) in graph.nodes.iter().enumerate().filter(|(_, n)| n.file == f) {
            let label = format!("{}: {}", n.line, clip(&n.text, WIDTH));
            let _ = writeln!(
                out,
                "    n{i} [label={}, fillcolor=\"{}\"];",
                quote(&label),
                colour(n)
            );
        }
        out.push_str("  }\n");
    }
    for e in &graph.flow {
        let style = match e.way {
            Way::Next => "",
            Way::Jump => " [color=\"#3b5bdb\", label=\"jump\"]",
            Way::Include => " [color=\"#3b5bdb\", label=\"include\"]",
            Way::Return => " [color=\"#3b5bdb\", style=dotted]",
            Way::Then(true) => " [color=\"#3b5bdb\", label=\"then\"]",
            Way::Then(false) => " [color=\"#3b5bdb\", label=\"else\"]",
        };
        let _ = writeln!(out, "  n{} -> n{}{style};", e.from, e.to);
    }
    for d in &graph.dependencies {
        let _ = writeln!(
            out,
            "  n{} -> n{} [style=dashed, color=\"#999999\", constraint=false, fontsize=8, label={}];",
            d.definer,
            d.user,
            quote(&d.item.to_string())
        );
    }
    out.push_str("}\n");
    out
}

/// The graph for Mermaid.
pub fn mermaid(graph: &CommandGraph) -> String {
    let safe = |s: &str| {
        let mut t = String::new();
        for c in s.chars() {
            match c {
                '"' => t.push_str("#quot;"),
                '#' => t.push_str("#35;"),
                '<' => t.push_str("#lt;"),
                '>' => t.push_str("#gt;"),
                c => t.push(c),
            }
        }
        t
    };
    let mut out = String::from("flowchart TD\n");
    for (f, name) in graph.files.iter().enumerate() {
        let _ = writeln!(out, "  subgraph f{f}[\"{}\"]", safe(name));
        for (i, n) in graph.nodes.iter().enumerate().filter(|(_, n)| n.file == f) {
            let _ = writeln!(
                out,
                "    n{i}[\"{}: {}\"]",
                n.line,
                safe(&clip(&n.text, WIDTH))
            );
        }
        out.push_str("  end\n");
    }
    for e in &graph.flow {
        let arrow = match e.way {
            Way::Next => "-->",
            Way::Jump => "-->|jump|",
            Way::Include => "-->|include|",
            Way::Return => "-.->|back|",
            Way::Then(true) => "-->|then|",
            Way::Then(false) => "-->|else|",
        };
        let _ = writeln!(out, "  n{} {arrow} n{}", e.from, e.to);
    }
    for d in &graph.dependencies {
        let _ = writeln!(
            out,
            "  n{} -. \"{}\" .-> n{}",
            d.definer,
            safe(&d.item.to_string()),
            d.user
        );
    }
    for (i, n) in graph.nodes.iter().enumerate() {
        let _ = writeln!(out, "  style n{i} fill:{}", colour(n));
    }
    out
}
