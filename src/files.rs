//! Floor 2. Rule and terminology folders as named texts, with the hash that is their version.

use std::path::Path;

use ring::digest::{Context, SHA256};

/// `(relative path, text)` of every `.toml` below a folder, in order of path.
pub type Files = Vec<(String, String)>;

/// Why a folder could not be read.
#[derive(Debug, thiserror::Error)]
#[error("{path}: {reason}")]
pub struct Unreadable {
    path: String,
    reason: String,
}

/// Every file with this ending below `folder`; `None` where there is no such folder.
pub fn read(folder: &Path, ending: &str) -> Result<Option<Files>, Unreadable> {
    if !folder.is_dir() {
        return Ok(None);
    }
    let mut files = Files::new();
    gather(folder, folder, ending, &mut files)?;
    files.sort();
    Ok(Some(files))
}

fn gather(root: &Path, folder: &Path, ending: &str, files: &mut Files) -> Result<(), Unreadable> {
    let unreadable = |path: &Path, error: std::io::Error| Unreadable {
        path: path.display().to_string(),
        reason: error.to_string(),
    };
    for found in std::fs::read_dir(folder).map_err(|error| unreadable(folder, error))? {
        let path = found.map_err(|error| unreadable(folder, error))?.path();
        if path.is_dir() {
            gather(root, &path, ending, files)?;
        } else if path.extension().is_some_and(|e| e == ending) {
            let text = std::fs::read_to_string(&path).map_err(|error| unreadable(&path, error))?;
            let name = path.strip_prefix(root).unwrap_or(&path).to_string_lossy().replace('\\', "/");
            files.push((name, text));
        }
    }
    Ok(())
}

/// The version of a set of files: the first 12 hex digits of SHA-256 over names and texts.
pub fn version(files: &Files) -> String {
    let mut context = Context::new(&SHA256);
    for (name, text) in files {
        for part in [name, text] {
            context.update(&(part.len() as u64).to_be_bytes());
            context.update(part.as_bytes());
        }
    }
    context.finish().as_ref()[..6].iter().map(|byte| format!("{byte:02x}")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_version_changes_with_any_name_or_text() {
        let files = vec![("a.toml".to_owned(), "x".to_owned())];
        let renamed = vec![("b.toml".to_owned(), "x".to_owned())];
        let shifted = vec![("a.tomlx".to_owned(), String::new())];
        assert_eq!(version(&files).len(), 12);
        assert_ne!(version(&files), version(&renamed));
        assert_ne!(version(&files), version(&shifted));
    }

    #[test]
    fn a_missing_folder_is_not_an_empty_one() {
        assert!(read(Path::new("/no/such/folder"), "toml").expect("no error").is_none());
    }
}
