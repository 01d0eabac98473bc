//! The program; everything is in the library.

use std::panic;
use std::process::exit;

fn main() {
    // Last resort: errors are values everywhere, so a panic is a mistake in argyro itself.
    panic::set_hook(Box::new(|info| {
        let place = info
            .location()
            .map_or(String::new(), |l| format!(" ({}:{})", l.file(), l.line()));
        eprintln!("argyro: internal error{place}; please report it with the script that shows it");
    }));
    let words = std::env::args_os()
        .skip(1)
        .map(|w| w.to_string_lossy().into_owned())
        .collect::<Vec<_>>();
    exit(panic::catch_unwind(|| argyro::cli::main(words)).unwrap_or(2));
}
