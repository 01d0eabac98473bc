//! `fix print`: prints a text with variables every N steps.

use super::{Control, Fix, FixEntry, FixId};
use crate::domain::host::{Host, Reference, Source};
use crate::error::{Error, Result};
use crate::signature::{Args, Kind, Signature, arg, keyword};
use std::fs::File;
use std::io::Write;

const SIGNATURE: Signature = Signature {
    name: "print",
    summary: "prints a text every N steps",
    args: &[
        arg(
            "N",
            Kind::Word,
            "every this many steps, or v_name: the next step",
        ),
        arg(
            "text",
            Kind::Text,
            "text in quotes; variables are substituted when it is printed",
        ),
    ],
    keywords: &[
        keyword(
            "file",
            &[arg("name", Kind::FileOut, "file")],
            "also write to a new file",
        ),
        keyword(
            "append",
            &[arg("name", Kind::FileOut, "file")],
            "also write to the end of a file",
        ),
        keyword(
            "screen",
            &[arg("value", Kind::YesNo, "yes by default")],
            "write to screen and log",
        ),
        keyword(
            "title",
            &[arg("text", Kind::Text, "first line of the file")],
            "replaces `# Fix print output for fix ID`",
        ),
    ],
    description: "Prints at the start of a run too, if its step is a multiple of N.",
    examples: &["fix pr all print 100 \"step $(step) T $(temp:%.2f)\" file t.txt screen no"],
};

/// The line of the table.
pub const STYLE: FixEntry = FixEntry {
    signature: &SIGNATURE,
    build,
};

enum Every {
    Steps(i64),
    Variable(Reference, Option<i64>),
}

struct Print {
    every: Every,
    text: String,
    file: Option<(String, File)>,
    screen: bool,
}

fn build(id: &FixId, args: &Args, host: &mut dyn Host) -> Result<Box<dyn Fix>> {
    let n = args.str("N");
    let at = args.word("N");
    let every = match (Reference::parse(n), n.parse::<i64>()) {
        (Some(r), _) if r.source == Source::Variable => Every::Variable(r, None),
        (_, Ok(n)) if n > 0 => Every::Steps(n),
        _ => {
            return Err(
                Error::input(format!("Illegal fix print nevery value {n}; must be > 0")).at(at),
            );
        }
    };
    let title = args.keyword("title").map_or_else(
        || format!("# Fix print output for fix {}", id.id),
        |k| k.str("text").into(),
    );
    let mut file = None;
    for (word, append) in [("file", false), ("append", true)] {
        if let Some(k) = args.keyword(word)
            && !host.dry()
        {
            let name = k.str("name").to_string();
            let opened = open(&name, append, &title).map_err(|e| {
                Error::input(format!("Cannot open fix print file {name}: {e}")).at(k.word("name"))
            })?;
            file = Some((name, opened));
        }
    }
    Ok(Box::new(Print {
        every,
        text: args.str("text").into(),
        file,
        screen: args
            .keyword("screen")
            .map_or(Ok(true), |k| k.yes_no("value"))?,
    }))
}

fn open(name: &str, append: bool, title: &str) -> std::io::Result<File> {
    let mut f = File::options()
        .create(true)
        .write(true)
        .append(append)
        .truncate(!append)
        .open(name)?;
    writeln!(f, "{title}")?;
    Ok(f)
}

impl Print {
    fn due(&mut self, host: &mut dyn Host) -> Result<bool> {
        let step = host.state().step;
        match &mut self.every {
            Every::Steps(n) => Ok(step % *n == 0),
            Every::Variable(r, next) => {
                let due = next.is_some_and(|n| n == step);
                if next.is_none_or(|n| n <= step) {
                    let value = host.scalar(r)? as i64;
                    if value <= step {
                        return Err(Error::run(format!(
                            "Fix print timestep variable {} returned a bad timestep {value} at step {step}",
                            r.id
                        )));
                    }
                    *next = Some(value);
                }
                Ok(due)
            }
        }
    }

    fn print(&mut self, host: &mut dyn Host) -> Result<()> {
        if !self.due(host)? {
            return Ok(());
        }
        let line = host.substitute(&self.text)?;
        if self.screen {
            host.print(true, true, &line);
        }
        if let Some((name, f)) = &mut self.file {
            writeln!(f, "{line}").map_err(|e| Error::run(format!("writing {name}: {e}")))?;
        }
        Ok(())
    }
}

impl Fix for Print {
    fn setup(&mut self, host: &mut dyn Host) -> Result<()> {
        self.print(host)
    }

    fn end_of_step(&mut self, host: &mut dyn Host) -> Result<Control> {
        self.print(host)?;
        Ok(Control::Continue)
    }
}
