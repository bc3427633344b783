//! Floor 4. `stormwatch user add|list|revoke`: who may look and who may act.

use std::fmt::Write as _;
use std::io::{BufRead, Write as _};
use std::path::Path;

use anyhow::{Context as _, bail};

use crate::cli::UserCommand;
use crate::clock::Clock;
use crate::display::access::{Access, Identity, Listed, NewUser, Wards};
use crate::model::{Role, Span, Time};

/// Runs one command; the exit code: 1 where there is no such user.
pub fn run(command: &UserCommand) -> anyhow::Result<u8> {
    let now = Clock::system().now();
    match command {
        UserCommand::Add { name, role, wards, identity, token, days, data } => {
            let user = new_user(name, role, wards, identity)?;
            if days.is_some() && !token {
                bail!("--days is for a token; add --token, or leave it out");
            }
            let access = open(data)?;
            let password = if *token { None } else { Some(password(&mut std::io::stdin().lock())?) };
            access.add_user(&user, password.as_deref(), now)?;
            if *token {
                let expires_at = days.map(|days| now + Span::days(i64::from(days)));
                say(&access.add_token(name, expires_at, now)?);
            } else {
                say(&format!("added {name}, {role}"));
            }
            Ok(0)
        }
        UserCommand::List { data } => {
            say(&table(&open(data)?.users(now)?));
            Ok(0)
        }
        UserCommand::Revoke { name, data } => {
            if open(data)?.revoke(name, now)? {
                say(&format!("revoked {name} with every token and session"));
                return Ok(0);
            }
            say(&format!("there is no user {name} in use; `stormwatch user list` shows who there is"));
            Ok(1)
        }
    }
}

#[allow(clippy::print_stdout)] // What a command answers is its standard output.
fn say(text: &str) {
    println!("{}", text.trim_end());
}

fn open(data: &Path) -> anyhow::Result<Access> {
    if !data.exists() {
        use std::os::unix::fs::DirBuilderExt;
        let made = std::fs::DirBuilder::new().recursive(true).mode(0o700).create(data);
        made.with_context(|| format!("making the data folder {}; name another with --data", data.display()))?;
    }
    Ok(Access::open(data)?)
}

fn new_user(name: &str, role: &str, wards: &[String], identity: &str) -> anyhow::Result<NewUser> {
    let Some(role) = Role::parse(role) else {
        bail!("{role:?} is not a role; use display, nurse, physician, engineer or admin");
    };
    let Some(level) = Identity::parse(identity) else {
        bail!("{identity:?} is not an identity level; use P0 (bed only), P1, P2 or P3");
    };
    // A person who signs in sees whom they treat; the level is a property of screens.
    let identity = match role {
        Role::Display if level == Identity::P3 => {
            bail!("a display shows at most P2; P3 is for a person who has signed in");
        }
        Role::Display => level,
        Role::Nurse | Role::Physician | Role::Engineer | Role::Admin => Identity::P3,
    };
    // Asked before the password is: nobody should type one in vain.
    if role == Role::Display && wards.is_empty() {
        bail!("a display shows its own wards; name at least one with --ward, or --ward '*' for every ward");
    }
    let wards = if wards.iter().any(|ward| ward == "*") { Wards::Every } else { Wards::Only(wards.to_vec()) };
    Ok(NewUser { name: name.to_owned(), role, wards, identity })
}

/// The first line of standard input.
fn password(input: &mut impl BufRead) -> anyhow::Result<String> {
    // Where it is typed, it shows: the hint is for the person at the keyboard and must not stand in the answer.
    let _ = writeln!(std::io::stderr(), "password (one line; at least 12 characters):");
    let mut line = String::new();
    input.read_line(&mut line).context("reading the password from standard input")?;
    let password = line.trim_end_matches(['\n', '\r']);
    if password.is_empty() {
        bail!("no password on standard input; pipe it in, or use --token");
    }
    Ok(password.to_owned())
}

fn table(users: &[Listed]) -> String {
    let mut text = format!(
        "{:<24}{:<11}{:<10}{:<10}{:<8}{:<22}{}\n",
        "name", "role", "identity", "password", "tokens", "added", "wards"
    );
    for user in users {
        let wards = match &user.account.wards {
            Wards::Every => "all".to_owned(),
            Wards::Only(names) => names.join(" "),
        };
        let state = match user.revoked_at {
            None => wards,
            Some(at) => format!("{wards}  revoked {}", second(at)),
        };
        // Writing into a string cannot fail.
        let _ = writeln!(
            text,
            "{:<24}{:<11}{:<10}{:<10}{:<8}{:<22}{state}",
            user.account.name,
            user.account.role.name(),
            user.account.identity.name(),
            if user.has_password { "yes" } else { "no" },
            user.tokens,
            second(user.created_at),
        );
    }
    text
}

fn second(at: Time) -> String {
    Time(at.0 / 1000 * 1000).rfc3339()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn add(data: &Path, name: &str, role: &str, wards: &[&str], days: Option<u32>) -> anyhow::Result<u8> {
        run(&UserCommand::Add {
            name: name.into(),
            role: role.into(),
            wards: wards.iter().map(|ward| (*ward).to_owned()).collect(),
            identity: "P0".into(),
            token: true,
            days,
            data: data.to_owned(),
        })
    }

    #[test]
    fn a_user_is_added_listed_and_revoked() {
        let folder = tempfile::tempdir().expect("a folder");
        let data = folder.path().join("new").join("data");
        assert_eq!(add(&data, "wall-6e", "display", &["6E"], Some(90)).expect("added"), 0);
        assert_eq!(add(&data, "sato", "physician", &[], None).expect("added"), 0);
        let users = Access::open(&data).expect("opens").users(Clock::system().now()).expect("answers");
        let listed = table(&users);
        assert!(
            listed.contains("wall-6e") && listed.contains("display") && listed.contains("6E"),
            "{listed}"
        );
        let sato = users.iter().find(|user| user.account.name == "sato").expect("listed");
        assert_eq!(
            (&sato.account.wards, sato.account.identity, sato.tokens),
            (&Wards::Every, Identity::P3, 1)
        );

        let revoke = |name: &str| run(&UserCommand::Revoke { name: name.into(), data: data.clone() });
        assert_eq!(revoke("sato").expect("answers"), 0);
        assert_eq!(revoke("sato").expect("answers"), 1);
    }

    #[test]
    fn what_makes_no_sense_is_refused_with_the_remedy() {
        let folder = tempfile::tempdir().expect("a folder");
        let refused = |role: &str, wards: &[&str]| {
            add(folder.path(), "x", role, wards, None).expect_err("refused").to_string()
        };
        assert!(refused("doctor", &[]).contains("physician"));
        assert!(refused("display", &[]).contains("--ward"));
        assert!(new_user("x", "display", &["6E".into()], "P3").is_err());
        assert!(new_user("x", "display", &["6E".into()], "P9").is_err());
        let mut nothing = std::io::Cursor::new(b"\n".to_vec());
        assert!(password(&mut nothing).is_err());
        let mut typed = std::io::Cursor::new(b"correct horse battery\r\nmore".to_vec());
        assert_eq!(password(&mut typed).expect("a line"), "correct horse battery");
    }
}
