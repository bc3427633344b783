//! Sessions of people who signed in on the page: a random cookie, of which only the hash is kept.

use rusqlite::{OptionalExtension, params};

use super::{Access, Account, Error, account, secret};
use crate::model::{Span, Time};

/// The cookie's name; the `__Host-` form is used where TLS is on.
pub const COOKIE: &str = "stormwatch";
pub const COOKIE_SECURE: &str = "__Host-stormwatch";
/// A session ends with the shift. [engineering]
pub const LONGEST: Span = Span::hours(12);
/// A session unused this long ends: wards share workstations. [engineering]
pub const IDLE: Span = Span::hours(1);
/// How often use is written down.
const SEEN_EVERY: Span = Span::minutes(1);

impl Access {
    /// A new session; the text is the cookie's value.
    pub fn start_session(&self, user: &str, address: &str, now: Time) -> Result<String, Error> {
        let token = secret::token();
        let connection = self.connection();
        connection.execute(
            "DELETE FROM sessions WHERE created_at <= ?1 OR seen_at <= ?2",
            params![(now - LONGEST).0, (now - IDLE).0],
        )?;
        connection.execute(
            "INSERT INTO sessions (hash, user, address, created_at, seen_at) VALUES (?1, ?2, ?3, ?4, ?4)",
            params![secret::hash(&token), user, address, now.0],
        )?;
        Ok(token)
    }

    /// The account behind a session; `None` where it is unknown, over, idle for too long, or its user revoked.
    pub fn account_of_session(&self, session: &secret::Hash, now: Time) -> Result<Option<Account>, Error> {
        let connection = self.connection();
        let found = connection
            .prepare_cached(
                "SELECT u.name, u.role, u.wards, u.identity, s.seen_at
                 FROM sessions s JOIN users u ON u.name = s.user
                 WHERE s.hash = ?1 AND u.revoked_at IS NULL AND s.created_at > ?2 AND s.seen_at > ?3",
            )?
            .query_row(params![session, (now - LONGEST).0, (now - IDLE).0], |row| {
                Ok((account(row)?, Time(row.get(4)?)))
            })
            .optional()?;
        let Some((account, seen_at)) = found else { return Ok(None) };
        if now - seen_at >= SEEN_EVERY {
            connection
                .execute("UPDATE sessions SET seen_at = ?2 WHERE hash = ?1", params![session, now.0])?;
        }
        Ok(Some(account))
    }

    pub fn end_session(&self, session: &secret::Hash) -> Result<(), Error> {
        self.connection().execute("DELETE FROM sessions WHERE hash = ?1", params![session])?;
        Ok(())
    }
}
