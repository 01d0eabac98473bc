//! The program; everything is in the library.

fn main() {
    std::process::exit(argyro::cli::main(
        std::env::args_os()
            .skip(1)
            .map(|w| w.to_string_lossy().into_owned()),
    ));
}
