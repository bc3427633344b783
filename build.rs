//! Makes a build notice that the web part was built (without this, a binary built before it would stay without pages), and
//! tells it which sources its fold is made of.

use std::hash::{DefaultHasher, Hasher};
use std::path::{Path, PathBuf};

/// What the state of the fold depends on: a snapshot written by one build is read only by a build with the same.
const FOLD: [&str; 5] = ["src/engine", "src/model", "alert-rules/scores", "Cargo.toml", "Cargo.lock"];

#[allow(clippy::print_stdout)] // That is how a build script speaks to cargo.
fn main() {
    // Cargo runs this again at every build while a watched folder is absent, so an empty one is made. Where that is not
    // possible (read-only sources) every build looks again, which is slow and right.
    let _ = std::fs::create_dir_all("web/dist");
    println!("cargo:rerun-if-changed=web/dist");
    println!("cargo:rerun-if-changed=build.rs");
    let mut files = Vec::new();
    for part in FOLD {
        println!("cargo:rerun-if-changed={part}");
        gather(Path::new(part), &mut files);
    }
    files.sort();
    let mut hasher = DefaultHasher::new();
    for file in files {
        hasher.write(file.to_string_lossy().as_bytes());
        // A file that cannot be read is one that the compiler cannot read either.
        hasher.write(&std::fs::read(&file).unwrap_or_default());
    }
    println!("cargo:rustc-env=STORMWATCH_FOLD={:016x}", hasher.finish());
}

fn gather(path: &Path, files: &mut Vec<PathBuf>) {
    match std::fs::read_dir(path) {
        Ok(folder) => folder.flatten().for_each(|found| gather(&found.path(), files)),
        Err(_) => files.push(path.to_owned()),
    }
}
