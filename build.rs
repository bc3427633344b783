//! Makes a build notice that the web part was built: without this, a binary built before it would stay without pages.

#[allow(clippy::print_stdout)] // That is how a build script speaks to cargo.
fn main() {
    // Cargo runs this again at every build while a watched folder is absent, so an empty one is made. Where that is not
    // possible (read-only sources) every build looks again, which is slow and right.
    let _ = std::fs::create_dir_all("web/dist");
    println!("cargo:rerun-if-changed=web/dist");
    println!("cargo:rerun-if-changed=build.rs");
}
