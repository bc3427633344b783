//! Who may look and who may act: users, tokens and sessions in `access.db`, a file of its own beside the journal.
//!
//! Secrets are kept as hashes only. Another process (`stormwatch user …`) may change the file while the service runs;
//! every request asks it anew, so a revocation counts from the next request on.

pub mod audit;
pub mod secret;
pub mod session;

use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use rusqlite::{Connection, OptionalExtension, params};

use crate::model::{Role, Time};
use secret::Hash;

/// The file's name inside the data folder.
pub const FILE: &str = "access.db";

/// How much of a person a screen may show. The server leaves out what is above it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Identity {
    /// The bed only: the wall, which families and visitors can see.
    P0,
    /// The bed and an initial.
    P1,
    /// The full name: inside the station.
    P2,
    /// Everything, with the patient's identifier: a person who has signed in.
    P3,
}

impl Identity {
    pub const ALL: [Identity; 4] = [Identity::P0, Identity::P1, Identity::P2, Identity::P3];

    pub fn name(self) -> &'static str {
        match self {
            Identity::P0 => "P0",
            Identity::P1 => "P1",
            Identity::P2 => "P2",
            Identity::P3 => "P3",
        }
    }
    pub fn parse(name: &str) -> Option<Identity> {
        Identity::ALL.into_iter().find(|level| level.name() == name)
    }
}

#[derive(Debug, thiserror::Error)]
pub enum Error {
    #[error("access file {path}: {cause}; it must lie in the data folder and be writable by the service")]
    Open { path: PathBuf, cause: String },
    #[error("access file: {0}")]
    Store(#[from] rusqlite::Error),
    #[error("user {0} exists already; revoke it first or choose another name")]
    Exists(String),
    #[error("user name {0:?} is not usable; use 1 to 64 letters, digits, `.`, `-`, `_` or `@`")]
    Name(String),
    #[error("role {0} is bound to wards; name at least one with --ward, or --ward '*' for every ward")]
    WardMissing(&'static str),
    #[error("the password has {0} characters; use at least {least}, at most {most}", least = secret::PASSWORD_LEAST, most = secret::PASSWORD_MOST)]
    Password(usize),
}

/// The wards an account may see.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Wards {
    Every,
    Only(Vec<String>),
}

impl Wards {
    pub fn hold(&self, ward: &str) -> bool {
        match self {
            Wards::Every => true,
            Wards::Only(names) => names.iter().any(|name| name == ward),
        }
    }
    fn stored(&self) -> String {
        match self {
            Wards::Every => "*".to_owned(),
            Wards::Only(names) => names.join("\n"),
        }
    }
    fn read(text: &str) -> Wards {
        match text {
            "*" => Wards::Every,
            "" => Wards::Only(Vec::new()),
            names => Wards::Only(names.lines().map(str::to_owned).collect()),
        }
    }
}

/// A user as it is asked for.
#[derive(Clone, Debug)]
pub struct NewUser {
    pub name: String,
    pub role: Role,
    pub wards: Wards,
    pub identity: Identity,
}

/// An account whose credential was good.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Account {
    pub name: String,
    pub role: Role,
    pub wards: Wards,
    pub identity: Identity,
}

/// A row of `stormwatch user list`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Listed {
    pub account: Account,
    pub has_password: bool,
    /// Tokens neither revoked nor expired.
    pub tokens: u32,
    pub created_at: Time,
    pub revoked_at: Option<Time>,
}

/// The open file. Clones share one connection; each question takes microseconds.
#[derive(Clone)]
pub struct Access {
    inner: Arc<Inner>,
}

struct Inner {
    path: PathBuf,
    connection: Mutex<Connection>,
    key: [u8; 32],
}

const SCHEMA: &str = "
CREATE TABLE IF NOT EXISTS users (
  name TEXT PRIMARY KEY, role TEXT NOT NULL, wards TEXT NOT NULL, identity TEXT NOT NULL,
  password TEXT, created_at INTEGER NOT NULL, revoked_at INTEGER);
CREATE TABLE IF NOT EXISTS tokens (
  hash BLOB PRIMARY KEY, user TEXT NOT NULL REFERENCES users(name), role TEXT NOT NULL, wards TEXT NOT NULL,
  created_at INTEGER NOT NULL, expires_at INTEGER, revoked_at INTEGER);
CREATE TABLE IF NOT EXISTS sessions (
  hash BLOB PRIMARY KEY, user TEXT NOT NULL REFERENCES users(name), address TEXT NOT NULL,
  created_at INTEGER NOT NULL, seen_at INTEGER NOT NULL);
CREATE TABLE IF NOT EXISTS audit (
  id INTEGER PRIMARY KEY, at INTEGER NOT NULL, who TEXT NOT NULL, role TEXT NOT NULL, action TEXT NOT NULL,
  patient TEXT, subject TEXT, address TEXT NOT NULL, outcome TEXT NOT NULL);
CREATE INDEX IF NOT EXISTS audit_patient ON audit (patient, at);
CREATE INDEX IF NOT EXISTS audit_who ON audit (who, at);
CREATE TABLE IF NOT EXISTS secrets (name TEXT PRIMARY KEY, value BLOB NOT NULL);
";

impl Access {
    /// Opens or makes `access.db` in the data folder, readable by its owner only.
    pub fn open(data: &Path) -> Result<Access, Error> {
        let path = data.join(FILE);
        let connection = connect(&path)?;
        connection.execute_batch(SCHEMA)?;
        let key = server_key(&connection)?;
        Ok(Access { inner: Arc::new(Inner { path, connection: Mutex::new(connection), key }) })
    }

    /// A second connection, for the audit's writer.
    fn connect_again(&self) -> Result<Connection, Error> {
        connect(&self.inner.path)
    }

    fn connection(&self) -> MutexGuard<'_, Connection> {
        self.inner.connection.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Names patients for displays that may not know their identifier; random, made once for each data folder.
    pub fn server_key(&self) -> &[u8; 32] {
        &self.inner.key
    }

    /// Whether any user was ever added. A revoked user counts: revoking the last one must not open the doors.
    pub fn has_users(&self) -> Result<bool, Error> {
        Ok(self
            .connection()
            .prepare_cached("SELECT EXISTS (SELECT 1 FROM users)")?
            .query_row([], |r| r.get(0))?)
    }

    /// Adds a user, or takes a revoked name into use again with nothing of what it had before. No ward means every
    /// ward, except for a display, which must name its own.
    pub fn add_user(&self, user: &NewUser, password: Option<&str>, now: Time) -> Result<(), Error> {
        let name_good = (1..=64).contains(&user.name.len())
            && user.name.bytes().all(|b| b.is_ascii_alphanumeric() || b".-_@".contains(&b));
        if !name_good {
            return Err(Error::Name(user.name.clone()));
        }
        let nowhere = user.wards == Wards::Only(Vec::new());
        if nowhere && user.role == Role::Display {
            return Err(Error::WardMissing(user.role.name()));
        }
        let wards = if nowhere { &Wards::Every } else { &user.wards };
        let hash = match password {
            None => None,
            Some(text) => {
                let length = text.chars().count();
                if length < secret::PASSWORD_LEAST || text.len() > secret::PASSWORD_MOST {
                    return Err(Error::Password(length));
                }
                Some(secret::password_hash(text))
            }
        };
        let added = self.connection().execute(
            "INSERT INTO users (name, role, wards, identity, password, created_at) VALUES (?1,?2,?3,?4,?5,?6)
             ON CONFLICT (name) DO UPDATE SET role=?2, wards=?3, identity=?4, password=?5, created_at=?6,
             revoked_at=NULL WHERE revoked_at IS NOT NULL",
            params![user.name, user.role.name(), wards.stored(), user.identity.name(), hash, now.0],
        )?;
        if added == 0 { Err(Error::Exists(user.name.clone())) } else { Ok(()) }
    }

    /// A new token of a user, with the role and wards the user has now. Shown once; only its hash is kept.
    pub fn add_token(&self, name: &str, expires_at: Option<Time>, now: Time) -> Result<String, Error> {
        let token = secret::token();
        self.connection().execute(
            "INSERT INTO tokens (hash, user, role, wards, created_at, expires_at)
             SELECT ?1, name, role, wards, ?3, ?4 FROM users WHERE name = ?2 AND revoked_at IS NULL",
            params![secret::hash(&token), name, now.0, expires_at.map(|t| t.0)],
        )?;
        Ok(token)
    }

    /// Revokes a user with every token and session. `false`: there is no such user in use.
    pub fn revoke(&self, name: &str, now: Time) -> Result<bool, Error> {
        let mut connection = self.connection();
        let all = connection.transaction()?;
        let found = all.execute(
            "UPDATE users SET revoked_at=?2 WHERE name=?1 AND revoked_at IS NULL",
            params![name, now.0],
        )?;
        all.execute(
            "UPDATE tokens SET revoked_at=?2 WHERE user=?1 AND revoked_at IS NULL",
            params![name, now.0],
        )?;
        all.execute("DELETE FROM sessions WHERE user=?1", params![name])?;
        all.commit()?;
        Ok(found > 0)
    }

    pub fn users(&self, now: Time) -> Result<Vec<Listed>, Error> {
        let connection = self.connection();
        let mut rows = connection.prepare_cached(
            "SELECT name, role, wards, identity, password IS NOT NULL, created_at, revoked_at,
             (SELECT count(*) FROM tokens t WHERE t.user = u.name AND t.revoked_at IS NULL
              AND (t.expires_at IS NULL OR t.expires_at > ?1))
             FROM users u ORDER BY name",
        )?;
        let listed = rows.query_map(params![now.0], |row| {
            Ok(Listed {
                account: account(row)?,
                has_password: row.get(4)?,
                created_at: Time(row.get(5)?),
                revoked_at: row.get::<_, Option<i64>>(6)?.map(Time),
                tokens: row.get(7)?,
            })
        })?;
        Ok(listed.collect::<Result<_, _>>()?)
    }

    /// The account behind a bearer token; `None` where it is unknown, revoked or expired, all alike.
    pub fn account_of_token(&self, token: &Hash, now: Time) -> Result<Option<Account>, Error> {
        let connection = self.connection();
        let mut question = connection.prepare_cached(
            "SELECT u.name, t.role, t.wards, u.identity FROM tokens t JOIN users u ON u.name = t.user
             WHERE t.hash = ?1 AND t.revoked_at IS NULL AND u.revoked_at IS NULL
             AND (t.expires_at IS NULL OR t.expires_at > ?2)",
        )?;
        Ok(question.query_row(params![token, now.0], account).optional()?)
    }

    /// The account behind a name and password. Takes tens of milliseconds by design; call it off the event loop.
    pub fn account_of_password(&self, name: &str, password: &str) -> Result<Option<Account>, Error> {
        let found = self
            .connection()
            .prepare_cached(
                "SELECT name, role, wards, identity, password FROM users
                 WHERE name = ?1 AND revoked_at IS NULL AND password IS NOT NULL",
            )?
            .query_row(params![name], |row| Ok((account(row)?, row.get::<_, String>(4)?)))
            .optional()?;
        if password.len() > secret::PASSWORD_MOST {
            return Ok(None);
        }
        let fits = secret::password_fits(password, found.as_ref().map(|(_, hash)| hash.as_str()));
        Ok(found.filter(|_| fits).map(|(account, _)| account))
    }
}

/// Columns: name, role, wards, identity.
fn account(row: &rusqlite::Row<'_>) -> rusqlite::Result<Account> {
    let (role, wards, identity): (String, String, String) = (row.get(1)?, row.get(2)?, row.get(3)?);
    Ok(Account {
        name: row.get(0)?,
        // A role or level this version does not know gets the least, not an error that locks everybody out.
        role: Role::parse(&role).unwrap_or(Role::Display),
        wards: Wards::read(&wards),
        identity: Identity::parse(&identity).unwrap_or(Identity::P0),
    })
}

fn connect(path: &Path) -> Result<Connection, Error> {
    use std::os::unix::fs::OpenOptionsExt;
    let refused = |cause: String| Error::Open { path: path.to_owned(), cause };
    // Made before SQLite opens it, because SQLite would make it readable by everybody.
    std::fs::OpenOptions::new()
        .create(true)
        .append(true)
        .mode(0o600)
        .open(path)
        .map_err(|cause| refused(cause.to_string()))?;
    let connection = Connection::open(path).map_err(|cause| refused(cause.to_string()))?;
    connection.busy_timeout(std::time::Duration::from_secs(2))?;
    connection.pragma_update(None, "journal_mode", "WAL")?;
    connection.pragma_update(None, "synchronous", "FULL")?;
    connection.pragma_update(None, "foreign_keys", true)?;
    Ok(connection)
}

fn server_key(connection: &Connection) -> Result<[u8; 32], Error> {
    connection.execute(
        "INSERT OR IGNORE INTO secrets (name, value) VALUES ('server', ?1)",
        params![secret::random()],
    )?;
    Ok(connection.query_row("SELECT value FROM secrets WHERE name = 'server'", [], |row| row.get(0))?)
}

#[cfg(test)]
mod tests;
