//! The command line: LAMMPS' switches for running a script, and argyro's subcommands.
//!
//! May import everything below. [`main`] is the whole program; it never panics towards the user.

pub mod check;
pub mod convert;
pub mod diffusion;
pub mod explain;
pub mod generate;
pub mod graph;
pub mod manual;
pub mod model;
pub mod repair;
pub mod run;
pub mod switches;

use clap::{ArgMatches, Args, CommandFactory, FromArgMatches, Parser, Subcommand};

/// Runs LAMMPS input scripts with machine-learning force fields and measures ion diffusion.
#[derive(Debug, Parser)]
#[command(
    name = "argyro",
    version,
    args_conflicts_with_subcommands = true,
    subcommand_precedence_over_arg = true,
    disable_help_subcommand = true,
    after_help = "LAMMPS' switches work with one dash or two and in their short forms: -in -i, -log -l, -screen -sc,\n\
                  -var -v, -echo -e, -package -pk, ...\n\n\
                  Exit status: 0 done, 1 the script, its data or its model is wrong, 2 the simulation failed,\n\
                  3 stopped by a signal or a time limit with a restart file written."
)]
pub struct Cli {
    /// How to run a script.
    #[command(flatten)]
    pub run: RunArgs,
    /// What else to do.
    #[command(subcommand)]
    pub command: Option<Sub>,
}

/// LAMMPS' switches.
#[derive(Debug, Clone, Default, Args)]
pub struct RunArgs {
    /// Input script; without it the script is read from standard input
    #[arg(value_name = "FILE")]
    pub file: Option<String>,
    /// Input script
    #[arg(long = "in", value_name = "FILE", conflicts_with = "file")]
    pub input: Option<String>,
    /// Log file, or `none` [default: log.lammps]
    #[arg(long, value_name = "FILE")]
    pub log: Option<String>,
    /// File for what would be on the screen, or `none`
    #[arg(long, value_name = "FILE")]
    pub screen: Option<String>,
    /// Defines an index-style variable
    #[arg(long = "var", num_args = 2.., value_names = ["NAME", "VALUE"], allow_negative_numbers = true, action = clap::ArgAction::Append)]
    pub var: Vec<String>,
    /// Which input lines are shown: none, screen, log or both
    #[arg(long, value_name = "WHERE")]
    pub echo: Option<String>,
    /// Worlds, e.g. 300x1
    #[arg(long, num_args = 1.., value_name = "NxP")]
    pub partition: Vec<String>,
    /// Log files of the worlds
    #[arg(long, value_name = "FILE")]
    pub plog: Option<String>,
    /// Screen files of the worlds
    #[arg(long, value_name = "FILE")]
    pub pscreen: Option<String>,
    /// Accepted, there is nothing to switch off
    #[arg(long)]
    pub nocite: bool,
    /// Accepted, argyro writes no citation file
    #[arg(long, value_name = "WHERE", hide = true)]
    pub cite: Option<String>,
    /// Accepted, the log is flushed after every thermo line
    #[arg(long, hide = true)]
    pub nonbuf: bool,
    /// Sets everything up and skips the steps of all runs
    #[arg(long)]
    pub skiprun: bool,
    /// Accepted with a note: argyro always uses its fastest kernels
    #[arg(long, num_args = 1.., value_name = "STYLE")]
    pub suffix: Vec<String>,
    /// `argyro precision double|single|auto threads N radial exact|table`; other packages are ignored with a note
    #[arg(long, num_args = 1.., value_name = "STYLE", allow_negative_numbers = true, action = clap::ArgAction::Append)]
    pub package: Vec<String>,
    /// Accepted with a note: argyro always uses its fastest kernels
    #[arg(long, num_args = 1.., value_name = "ON")]
    pub kokkos: Vec<String>,
    /// Accepted: there is one process, whose order is what it is
    #[arg(long, num_args = 2, value_name = "WHAT", hide = true)]
    pub reorder: Vec<String>,
    /// Coupling to other codes, which argyro does not have
    #[arg(long, num_args = 1.., hide = true)]
    pub mdi: Option<Vec<String>>,
    /// Not here: a script does it
    #[arg(long = "restart2data", num_args = 1.., hide = true)]
    pub restart_to_data: Option<Vec<String>>,
    /// Not here: a script does it
    #[arg(long = "restart2dump", num_args = 1.., hide = true)]
    pub restart_to_dump: Option<Vec<String>>,
    /// Not here: a script does it
    #[arg(long = "restart2info", num_args = 1.., hide = true)]
    pub restart_to_info: Option<Vec<String>>,
    /// Words of every `-var`.
    #[arg(skip)]
    pub variables: Vec<Vec<String>>,
    /// Words of every `-package`.
    #[arg(skip)]
    pub packages: Vec<Vec<String>>,
}

/// Subcommands.
#[derive(Debug, Subcommand)]
pub enum Sub {
    /// All findings about a script at once; nothing is run
    Check(Box<RunArgs>),
    /// The command graph of a script as text, DOT or Mermaid
    Graph(graph::GraphArgs),
    /// Manual page of a command or style; without arguments a list of all
    Explain(explain::ExplainArgs),
    /// Diffusion coefficient, conductivity and Arrhenius fit from trajectories
    Diffusion(diffusion::DiffusionArgs),
    /// A trajectory from one format to another
    Convert(convert::ConvertArgs),
    /// Makes the trajectory of a killed run whole
    Repair(repair::RepairArgs),
    /// What a model file is: architecture, elements, cutoff, precision, hash
    Model(model::ModelArgs),
    /// Version, kernels and threads
    Version,
    /// Shell completions on standard output
    Completions(generate::CompletionsArgs),
    /// Man page on standard output
    Man,
}

/// The whole program: arguments (without the program's name) to exit status.
pub fn main(words: impl IntoIterator<Item = String>) -> i32 {
    let words = std::iter::once("argyro".to_string()).chain(switches::normalize(words));
    let parsed = Cli::command()
        .try_get_matches_from(words)
        .and_then(|m| Cli::from_arg_matches(&m).map(|cli| (cli, m)));
    let (mut cli, matches) = match parsed {
        Ok(p) => p,
        Err(e) => {
            let _ = e.print();
            return i32::from(e.use_stderr());
        }
    };
    match &mut cli.command {
        None => {
            cli.run.take_occurrences(&matches);
            run::run(&cli.run)
        }
        Some(Sub::Diffusion(a)) => diffusion::run(a),
        Some(Sub::Convert(a)) => convert::run(a),
        Some(Sub::Repair(a)) => repair::run(a),
        Some(Sub::Check(a)) => {
            if let Some((_, m)) = matches.subcommand() {
                a.take_occurrences(m);
            }
            check::run(a)
        }
        Some(Sub::Graph(a)) => graph::run(a),
        Some(Sub::Explain(a)) => explain::run(a),
        Some(Sub::Model(a)) => model::run(a),
        Some(Sub::Version) => generate::version(),
        Some(Sub::Completions(a)) => generate::completions(a, &mut Cli::command()),
        Some(Sub::Man) => generate::man(Cli::command()),
    }
}

impl RunArgs {
    /// Takes the words of every `-var` and `-package`, which parsing has run together.
    fn take_occurrences(&mut self, matches: &ArgMatches) {
        self.variables = occurrences(matches, "var");
        self.packages = occurrences(matches, "package");
    }
}

/// The words of each occurrence of an option.
fn occurrences(matches: &ArgMatches, id: &str) -> Vec<Vec<String>> {
    let all = matches.get_occurrences::<String>(id);
    all.map_or_else(Vec::new, |o| {
        o.map(|words| words.cloned().collect()).collect()
    })
}
