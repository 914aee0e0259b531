use std::{
    fs, io,
    os::unix::fs::{DirBuilderExt, OpenOptionsExt, PermissionsExt},
    path::Path,
};

/// Makes the folder for the server's data, for its owner alone, unless it is there.
///
/// # Errors
/// When it cannot be made, or is something else than a folder.
pub(crate) fn make(path: &Path) -> io::Result<()> {
    if !path.is_dir() {
        fs::DirBuilder::new().recursive(true).mode(0o700).create(path)?;
        // The umask can only take rights away, but a folder made by `recursive` on the way keeps the last word here.
        fs::set_permissions(path, fs::Permissions::from_mode(0o700))?;
    }
    Ok(())
}

/// Writes a new file for its owner alone (mode 0600), durably, and never over another.
///
/// # Errors
/// [`io::ErrorKind::AlreadyExists`] if there is one; when it cannot be written.
pub(crate) fn write_new(path: &Path, content: &[u8]) -> io::Result<()> {
    use io::Write as _;

    let mut file = fs::OpenOptions::new().write(true).create_new(true).mode(0o600).open(path)?;
    file.write_all(content)?;
    file.sync_all()?;
    sync_parent(path)
}

/// Puts new content in the place of a file, all of it or nothing, durably.
///
/// # Errors
/// When it cannot be written, or another such write was left unfinished.
pub(crate) fn replace(path: &Path, content: &[u8]) -> io::Result<()> {
    let mut beside = path.as_os_str().to_owned();
    beside.push(".new");
    let beside = Path::new(&beside);
    write_new(beside, content).map_err(|error| match error.kind() {
        io::ErrorKind::AlreadyExists => {
            let told =
                format!("{} is there: another such write is under way, or was left unfinished", beside.display());
            io::Error::new(error.kind(), told)
        }
        _ => error,
    })?;
    fs::rename(beside, path)?;
    sync_parent(path)
}

fn sync_parent(path: &Path) -> io::Result<()> {
    // The name has to be as durable as the content.
    match path.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => fs::File::open(parent)?.sync_all(),
        _ => fs::File::open(".")?.sync_all(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn folder_and_file_are_for_their_owner_alone() {
        let place = tempfile::tempdir().unwrap();
        let folder = place.path().join("a/b");
        make(&folder).unwrap();
        make(&folder).unwrap();
        assert_eq!(fs::metadata(&folder).unwrap().permissions().mode() & 0o777, 0o700);
        let file = folder.join("keys");
        write_new(&file, b"1").unwrap();
        assert_eq!(fs::metadata(&file).unwrap().permissions().mode() & 0o777, 0o600);
        assert_eq!(write_new(&file, b"2").unwrap_err().kind(), io::ErrorKind::AlreadyExists);
        assert_eq!(fs::read(&file).unwrap(), b"1");
        replace(&file, b"3").unwrap();
        assert_eq!(fs::read(&file).unwrap(), b"3");
        assert_eq!(fs::metadata(&file).unwrap().permissions().mode() & 0o777, 0o600);
        assert_eq!(fs::read_dir(&folder).unwrap().count(), 1);
        fs::write(folder.join("keys.new"), b"4").unwrap();
        assert!(replace(&file, b"5").unwrap_err().to_string().contains("keys.new"));
        assert_eq!(fs::read(&file).unwrap(), b"3");
    }
}
