//! Files that are written whole or not at all. Imports nothing of argyro but errors.
//!
//! The new text goes to a temporary file in the same folder, is synced, and takes the place of the old file by
//! one rename; the folder is synced too, so that the name survives a power failure.

use anyhow::{Context, Result};
use std::fs::{self, File};
use std::io::Write;
use std::path::{Path, PathBuf};

/// Writes `bytes` to `path`; with `keep_previous` an existing file stays as `path.prev`.
///
/// # Errors
/// The folder cannot be written to or the disk is full; the old file is untouched then.
pub fn write(path: &Path, bytes: &[u8], keep_previous: bool) -> Result<()> {
    let context = || format!("writing {}", path.display());
    let folder = folder_of(path);
    let mut file = tempfile::Builder::new()
        .prefix(".argyro-")
        .suffix(".tmp")
        .tempfile_in(folder)
        .with_context(context)?;
    file.write_all(bytes).with_context(context)?;
    file.as_file().sync_all().with_context(context)?;
    allow_reading(file.as_file());
    if keep_previous && path.exists() {
        keep(path).with_context(context)?;
    }
    file.persist(path)
        .map_err(|e| e.error)
        .with_context(context)?;
    sync_folder(folder);
    Ok(())
}

/// Keeps the old file under its second name while the first one stays in place.
fn keep(path: &Path) -> std::io::Result<()> {
    let old = previous(path);
    match fs::remove_file(&old) {
        Err(e) if e.kind() != std::io::ErrorKind::NotFound => return Err(e),
        _ => {}
    }
    // File systems without hard links get a moment in which only the old name exists.
    fs::hard_link(path, &old).or_else(|_| fs::rename(path, &old))
}

/// Name under which the previous file is kept.
pub fn previous(path: &Path) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(".prev");
    name.into()
}

fn folder_of(path: &Path) -> &Path {
    match path.parent() {
        Some(p) if !p.as_os_str().is_empty() => p,
        _ => Path::new("."),
    }
}

/// Temporary files are private; what they become should be as readable as other output.
fn allow_reading(file: &File) {
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        // A file system without permissions is no reason to fail.
        let _ = file.set_permissions(fs::Permissions::from_mode(0o644));
    }
    #[cfg(not(unix))]
    let _ = file;
}

/// Not every file system can sync folders; the file itself is safe already.
fn sync_folder(folder: &Path) {
    if let Ok(f) = File::open(folder) {
        let _ = f.sync_all();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_previous_file_is_kept() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("a.restart");
        write(&path, b"one", true).unwrap();
        write(&path, b"two", true).unwrap();
        assert_eq!(fs::read(&path).unwrap(), b"two");
        assert_eq!(fs::read(previous(&path)).unwrap(), b"one");
        assert_eq!(fs::read_dir(dir.path()).unwrap().count(), 2);
    }

    #[test]
    fn a_folder_that_does_not_exist_is_named() {
        let e = write(Path::new("no/such/folder/x"), b"", false).unwrap_err();
        assert!(format!("{e:#}").contains("no/such/folder/x"));
    }
}
