//! SIGTERM, SIGINT and SIGUSR1: the step is finished, a restart file written, and the program ends with status 3.
//! A second signal ends the program at once.

use crate::error::{Error, Result};
use std::sync::Arc;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

struct Flags {
    which: Arc<AtomicUsize>,
}

static FLAGS: OnceLock<Flags> = OnceLock::new();

#[cfg(unix)]
const SIGNALS: [(i32, &str); 3] = [
    (signal_hook::consts::SIGTERM, "SIGTERM"),
    (signal_hook::consts::SIGINT, "SIGINT"),
    (signal_hook::consts::SIGUSR1, "SIGUSR1"),
];

/// Starts to catch signals; done at the first run, so that scripts without one end at once as usual.
///
/// # Errors
/// The system refuses.
#[cfg(unix)]
pub fn install() -> Result<()> {
    if FLAGS.get().is_some() {
        return Ok(());
    }
    let failed = |e: std::io::Error| Error::run(format!("signals cannot be caught: {e}"));
    let which = Arc::new(AtomicUsize::new(0));
    for (signal, _) in SIGNALS {
        let again = Arc::new(AtomicBool::new(false));
        // The order matters: the second signal finds the flag that the first one set.
        signal_hook::flag::register_conditional_shutdown(signal, 128 + signal, again.clone())
            .map_err(failed)?;
        signal_hook::flag::register(signal, again).map_err(failed)?;
        signal_hook::flag::register_usize(signal, which.clone(), signal as usize)
            .map_err(failed)?;
    }
    let _ = FLAGS.set(Flags { which });
    Ok(())
}

/// Signals are caught on Unix systems only.
#[cfg(not(unix))]
pub fn install() -> Result<()> {
    Ok(())
}

/// Name of the signal that has arrived, if any.
#[cfg(unix)]
pub fn pending() -> Option<&'static str> {
    let which = FLAGS.get()?.which.load(Ordering::Relaxed) as i32;
    SIGNALS.iter().find(|s| s.0 == which).map(|s| s.1)
}

/// Signals are caught on Unix systems only.
#[cfg(not(unix))]
pub fn pending() -> Option<&'static str> {
    None
}
