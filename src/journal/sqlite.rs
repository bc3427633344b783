//! The store: tables, settings, and the few statements that write.

use std::path::Path;
use std::time::Duration;

use rusqlite::config::DbConfig;
use rusqlite::types::{FromSql, FromSqlError, FromSqlResult, ToSqlOutput, ValueRef};
use rusqlite::{Connection, OpenFlags, OptionalExtension, Row, Statement, ToSql, params};

use super::Error;
use super::files::{shown, store};
use super::prepared::Prepared;
use super::quarantine::QuarantineState;
use super::record::{self, GENESIS, Hash, Link};
use crate::model::Time;

/// The format of the tables. A newer one is refused.
const FORMAT: i64 = 1;
/// "SWJL": tells our files from those of other programs (`PRAGMA application_id`).
const APPLICATION: i64 = 0x5357_4A4C;
/// How long a writer waits where a reader's checkpoint or backup is in its way.
const BUSY: Duration = Duration::from_secs(5);

/// One row holds a message with all its entries: they are accepted together, and one row costs a fifth of many.
/// `record` is JSON, so the view shows entries one by one to anybody with SQLite. It stands before the raw bytes because
/// SQLite walks a long row from its beginning. `quarantine.raw` is null where it is the whole message.
const TABLES: &str = "
CREATE TABLE message (
  id INTEGER PRIMARY KEY,
  accepted_at INTEGER NOT NULL,
  first INTEGER NOT NULL,
  events INTEGER NOT NULL,
  hash BLOB NOT NULL,
  rest BLOB NOT NULL,
  source TEXT NOT NULL,
  via TEXT NOT NULL,
  key BLOB,
  record TEXT,
  answer BLOB NOT NULL,
  raw BLOB NOT NULL
) STRICT;
CREATE UNIQUE INDEX message_key ON message (key) WHERE key IS NOT NULL;
CREATE VIEW entry AS
  SELECT m.first + e.key AS seq, m.accepted_at, m.id AS message, m.record -> e.fullkey AS event
  FROM message AS m, json_each(m.record, '$.events') AS e;
CREATE TABLE quarantine (
  number INTEGER PRIMARY KEY,
  id TEXT NOT NULL,
  message INTEGER NOT NULL,
  class TEXT NOT NULL,
  reason TEXT NOT NULL,
  place TEXT NOT NULL,
  patient TEXT,
  raw BLOB,
  state TEXT NOT NULL CHECK (state IN ('waiting', 'retried', 'resolved'))
) STRICT;
CREATE INDEX quarantine_id ON quarantine (id);
";

/// Opens the store for writing and makes its tables where they are absent.
pub(super) fn open_to_write(dir: &Path) -> Result<Connection, Error> {
    let flags =
        OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_CREATE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let problem = |reason: rusqlite::Error| Error::Directory { dir: shown(dir), reason: reason.to_string() };
    let mut connection = Connection::open_with_flags(store(dir), flags).map_err(problem)?;
    check_format(&connection, dir)?;
    // FULL: a commit returns after its sync. The writer itself decides when to checkpoint.
    // A log that holds more than it seems to must survive being looked at and refused: closing checkpoints nothing.
    connection
        .set_db_config(DbConfig::SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, true)
        .and_then(|_| {
            connection.execute_batch(
                "PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA wal_autocheckpoint = 0;
             PRAGMA journal_size_limit = 67108864; PRAGMA cache_size = -32768; PRAGMA temp_store = MEMORY;",
            )
        })
        .and_then(|()| connection.busy_timeout(BUSY))
        .and_then(|()| make_tables(&mut connection))
        .map_err(problem)?;
    Ok(connection)
}

/// A second connection beside the writer's, to checkpoint with.
pub(super) fn open_to_checkpoint(dir: &Path) -> rusqlite::Result<Connection> {
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let connection = Connection::open_with_flags(store(dir), flags)?;
    connection.execute_batch("PRAGMA synchronous = FULL; PRAGMA wal_autocheckpoint = 0;")?;
    Ok(connection)
}

/// Opens the store beside a writer, or without one.
pub(super) fn open_to_read(dir: &Path) -> Result<Connection, Error> {
    let file = store(dir);
    if !file.exists() {
        return Err(Error::Directory { dir: shown(dir), reason: "it holds no journal.db".into() });
    }
    let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let connection = Connection::open_with_flags(file, flags).map_err(unreadable)?;
    connection.busy_timeout(BUSY).map_err(unreadable)?;
    check_format(&connection, dir)?;
    Ok(connection)
}

/// A number that is never negative, for SQLite, whose integers have a sign.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Number(pub u64);

impl ToSql for Number {
    fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
        i64::try_from(self.0)
            .map(ToSqlOutput::from)
            .map_err(|_| rusqlite::Error::IntegralValueOutOfRange(0, i64::MAX))
    }
}

impl FromSql for Number {
    fn column_result(value: ValueRef<'_>) -> FromSqlResult<Number> {
        let signed = value.as_i64()?;
        u64::try_from(signed).map(Number).map_err(|_| FromSqlError::OutOfRange(signed))
    }
}

/// Column `index` of a row as a number that is never negative.
pub(super) fn number(row: &Row, index: usize) -> rusqlite::Result<u64> {
    row.get(index).map(|Number(number)| number)
}

pub(super) fn unreadable(reason: rusqlite::Error) -> Error {
    Error::Unreadable { reason: reason.to_string() }
}

fn check_format(connection: &Connection, dir: &Path) -> Result<(), Error> {
    let pragma = |name| connection.pragma_query_value(None, name, |row| row.get::<_, i64>(0));
    let tables =
        || connection.query_row("SELECT count(*) FROM sqlite_schema", [], |row| row.get::<_, i64>(0));
    let (application, format, tables) = pragma("application_id")
        .and_then(|application| Ok((application, pragma("user_version")?, tables()?)))
        .map_err(|reason| Error::Unreadable { reason: reason.to_string() })?;
    if tables > 0 && application != APPLICATION {
        return Err(Error::Foreign { file: store(dir).display().to_string() });
    }
    if format > FORMAT {
        return Err(Error::Newer { dir: shown(dir), found: format, known: FORMAT });
    }
    Ok(())
}

fn make_tables(connection: &mut Connection) -> rusqlite::Result<()> {
    let making = connection.transaction()?;
    let format: i64 = making.pragma_query_value(None, "user_version", |row| row.get(0))?;
    if format == 0 {
        making.execute_batch(TABLES)?;
        making.pragma_update(None, "application_id", APPLICATION)?;
        making.pragma_update(None, "user_version", FORMAT)?;
    }
    making.commit()
}

/// Where the chain ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Tip {
    /// Messages so far.
    pub message: u64,
    /// Entries so far.
    pub seq: u64,
    pub hash: Hash,
    /// The instant of the newest message; none later is ever earlier.
    pub at: Time,
}

impl Tip {
    pub(super) const START: Tip = Tip { message: 0, seq: 0, hash: GENESIS, at: Time(i64::MIN) };

    pub(super) fn read(connection: &Connection) -> rusqlite::Result<Tip> {
        let newest = "SELECT id, first + events - 1, hash, accepted_at FROM message ORDER BY id DESC LIMIT 1";
        let found = connection.query_row(newest, [], |row| {
            Ok(Tip {
                message: number(row, 0)?,
                seq: number(row, 1)?,
                hash: row.get(2)?,
                at: Time(row.get(3)?),
            })
        });
        found.optional().map(|tip| tip.unwrap_or(Tip::START))
    }
}

/// What became of one submission inside a transaction.
#[derive(Debug)]
pub(super) enum Stored {
    New { first: u64, last: u64 },
    Repeated { answer: Vec<u8> },
}

/// The prepared statements of the writer.
pub(super) struct Statements<'c> {
    begin: Statement<'c>,
    commit: Statement<'c>,
    rollback: Statement<'c>,
    message: Statement<'c>,
    known: Statement<'c>,
    quarantine: Statement<'c>,
    mark: Statement<'c>,
}

impl<'c> Statements<'c> {
    pub(super) fn prepare(connection: &'c Connection) -> rusqlite::Result<Statements<'c>> {
        Ok(Statements {
            begin: connection.prepare("BEGIN IMMEDIATE")?,
            commit: connection.prepare("COMMIT")?,
            rollback: connection.prepare("ROLLBACK")?,
            message: connection.prepare(
                "INSERT INTO message (id, accepted_at, first, events, hash, rest, source, via, key, record, answer, raw)
                 VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12)
                 ON CONFLICT (key) WHERE key IS NOT NULL DO NOTHING",
            )?,
            known: connection.prepare("SELECT answer FROM message WHERE key = ?1")?,
            quarantine: connection.prepare(
                "INSERT INTO quarantine (id, message, class, reason, place, patient, raw, state)
                 VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, 'waiting')",
            )?,
            mark: connection.prepare("UPDATE quarantine SET state = ?2 WHERE id = ?1")?,
        })
    }

    pub(super) fn begin(&mut self) -> rusqlite::Result<()> {
        self.begin.execute([]).map(drop)
    }

    pub(super) fn commit(&mut self) -> rusqlite::Result<()> {
        self.commit.execute([]).map(drop)
    }

    /// SQLite has already rolled back by itself after some errors; asking again then is a harmless error.
    pub(super) fn rollback(&mut self) {
        let _ = self.rollback.execute([]);
    }

    /// Writes one submission and moves the tip; within a transaction.
    pub(super) fn store(&mut self, tip: &mut Tip, at: Time, one: &Prepared) -> rusqlite::Result<Stored> {
        let (id, first, events) = (tip.message + 1, tip.seq + 1, one.events.len() as u64);
        let link = Link { id, accepted_at: at, first, events, record: one.record_hash, rest: one.rest };
        let hash = record::chain(&tip.hash, &link);
        let key = one.key.as_deref();
        let text = (!one.record.is_empty()).then_some(&one.record);
        let row = params![
            Number(id),
            at.0,
            Number(first),
            Number(events),
            &hash[..],
            &one.rest[..],
            one.source,
            one.via,
            key,
            text,
            one.answer,
            one.raw
        ];
        if self.message.execute(row)? == 0 {
            let answer = self.known.query_row([key], |row| row.get(0))?;
            return Ok(Stored::Repeated { answer });
        }
        *tip = Tip { message: id, seq: tip.seq + events, hash, at };
        for piece in &one.quarantined {
            let patient = piece.patient.as_ref().map(|patient| patient.as_str());
            let raw = (piece.raw != one.raw).then_some(&piece.raw);
            let row = params![piece.id, Number(id), piece.class, piece.reason, piece.place, patient, raw];
            self.quarantine.execute(row)?;
        }
        Ok(Stored::New { first, last: tip.seq })
    }

    /// How many rows carry `id`.
    pub(super) fn mark(&mut self, id: &str, state: QuarantineState) -> rusqlite::Result<usize> {
        self.mark.execute(params![id, state.name()])
    }
}

/// Copies the log into the store as far as readers allow. `true`: all of it, so the log starts afresh.
pub(super) fn checkpoint(connection: &Connection) -> rusqlite::Result<bool> {
    connection.query_row("PRAGMA wal_checkpoint(PASSIVE)", [], |row| {
        let (busy, log, copied): (i64, i64, i64) = (row.get(0)?, row.get(1)?, row.get(2)?);
        Ok(busy == 0 && log == copied)
    })
}
