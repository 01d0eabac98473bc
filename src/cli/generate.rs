//! What is made from the command-line tables: shell completions, the man page, the version.

use clap::Command;
use clap_complete::Shell;
use std::io::Write;

/// Arguments of `argyro completions`.
#[derive(Debug, clap::Args)]
pub struct CompletionsArgs {
    /// Shell
    #[arg(value_enum)]
    shell: Shell,
}

/// Writes completions for a shell.
pub fn completions(args: &CompletionsArgs, command: &mut Command) -> i32 {
    let mut out = Vec::new();
    clap_complete::generate(args.shell, command, "argyro", &mut out);
    print_bytes(&out)
}

/// Writes the man page.
pub fn man(command: Command) -> i32 {
    let mut out = Vec::new();
    match clap_mangen::Man::new(command).render(&mut out) {
        Ok(()) => print_bytes(&out),
        Err(_) => 2,
    }
}

/// Writes the version and what decides the speed.
pub fn version() -> i32 {
    let text = format!(
        "argyro {}\nscript language: LAMMPS 22 Jul 2025\nthreads: {}\n",
        env!("CARGO_PKG_VERSION"),
        std::thread::available_parallelism().map_or(1, usize::from)
    );
    print_bytes(text.as_bytes())
}

/// Writes to standard output; a closed pipe is no failure.
pub fn print_bytes(bytes: &[u8]) -> i32 {
    let mut out = std::io::stdout().lock();
    match out.write_all(bytes).and_then(|()| out.flush()) {
        Ok(()) => 0,
        Err(e) if e.kind() == std::io::ErrorKind::BrokenPipe => 0,
        Err(_) => 2,
    }
}
