//! The only places that print. Standard output carries what a script reads; everything for people goes to
//! standard error.

/// A line for people: progress, warnings.
#[expect(clippy::print_stderr, reason = "progress of a command-line tool")]
pub fn progress(line: &str) {
    eprintln!("{line}");
}

/// A line for scripts: figures, addresses.
#[expect(clippy::print_stdout, reason = "the contract names these lines")]
pub fn answer(line: &str) {
    println!("{line}");
}
