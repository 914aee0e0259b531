use std::{fs::OpenOptions, io, path::Path, thread, time::Duration};

use rusqlite::{
    Connection, ErrorCode, OpenFlags,
    types::{ToSqlOutput, ValueRef},
};

use super::{SqliteOptions, log::Log};
use crate::{DbError, Outcome, Row, Statement, Value};

const BUSY: Duration = Duration::from_secs(5);
const STATEMENTS: usize = 128;
/// The writer knows its own pages and keeps them from one commit to the next. To a reader every commit is news, and makes it
/// forget all of its pages; the operating system has them at hand either way.
const WRITER_CACHE_KIB: i64 = 2048;
const READER_CACHE_KIB: i64 = 512;

/// The connection that writes. Creates the file, for its owner alone, if there is none.
pub(super) fn writer(path: &Path, options: SqliteOptions) -> Result<Connection, DbError> {
    create(path).map_err(|error| DbError::Open(error.into()))?;
    let open = || -> rusqlite::Result<Connection> {
        let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
        let connection = Connection::open_with_flags(path, flags)?;
        connection.busy_timeout(BUSY)?;
        to_wal(&connection)?;
        connection.pragma_update(None, "synchronous", if options.durable { "FULL" } else { "NORMAL" })?;
        connection.pragma_update(None, "foreign_keys", true)?;
        Log::watch(&connection);
        connection.pragma_update(None, "cache_size", -WRITER_CACHE_KIB)?;
        prepare(&connection)?;
        Ok(connection)
    };
    open().map_err(|error| DbError::Open(error.into()))
}

/// The connection that folds the log of the writer back. It flushes what it copies into the database before the log may
/// begin anew, as a connection does that is told nothing else; nothing here may read the file while others that start at
/// the same time still bring it to WAL.
pub(super) fn folder(path: &Path) -> Result<Connection, DbError> {
    let open = || -> rusqlite::Result<Connection> {
        let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
        let connection = Connection::open_with_flags(path, flags)?;
        connection.busy_timeout(BUSY)?;
        prepare(&connection)?;
        Ok(connection)
    };
    open().map_err(|error| DbError::Open(error.into()))
}

/// One of the connections that read; it cannot write.
pub(super) fn reader(path: &Path) -> Result<Connection, DbError> {
    let open = || -> rusqlite::Result<Connection> {
        let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
        let connection = Connection::open_with_flags(path, flags)?;
        connection.busy_timeout(BUSY)?;
        connection.pragma_update(None, "query_only", true)?;
        connection.pragma_update(None, "cache_size", -READER_CACHE_KIB)?;
        prepare(&connection)?;
        Ok(connection)
    };
    open().map_err(|error| DbError::Open(error.into()))
}

/// Runs one statement to its end.
pub(super) fn run(connection: &Connection, statement: &Statement) -> Result<Outcome, DbError> {
    query(connection, statement.sql, &statement.values).map_err(refused)
}

/// What a failed statement means. It took nothing with it: SQLite undoes a statement as a whole.
pub(super) fn refused(error: rusqlite::Error) -> DbError {
    match error.sqlite_error_code() {
        Some(ErrorCode::ConstraintViolation) => DbError::Constraint(error.into()),
        Some(
            ErrorCode::DatabaseBusy
            | ErrorCode::DatabaseLocked
            | ErrorCode::DiskFull
            | ErrorCode::SystemIoFailure
            | ErrorCode::CannotOpen
            | ErrorCode::OutOfMemory
            | ErrorCode::ReadOnly
            | ErrorCode::OperationInterrupted,
        ) => DbError::Unavailable(error.into()),
        _ => DbError::Statement(error.into()),
    }
}

/// Brings the file to WAL. Of several that do so at once with a new file SQLite turns some away at once, whatever the busy timeout
/// says, since each could be waiting for the other; they come again, for as long as they would have waited.
fn to_wal(connection: &Connection) -> rusqlite::Result<()> {
    const PAUSE: Duration = Duration::from_millis(10);
    let mut left = BUSY.as_millis() / PAUSE.as_millis();
    loop {
        let outcome = connection.pragma_update_and_check(None, "journal_mode", "WAL", |row| {
            let mode: String = row.get(0)?;
            if mode == "wal" { Ok(()) } else { Err(rusqlite::Error::InvalidQuery) }
        });
        match outcome {
            Err(error) if error.sqlite_error_code() == Some(ErrorCode::DatabaseBusy) && left > 0 => {
                left -= 1;
                thread::sleep(PAUSE);
            }
            other => return other,
        }
    }
}

fn prepare(connection: &Connection) -> rusqlite::Result<()> {
    connection.pragma_update(None, "trusted_schema", false)?;
    connection.set_prepared_statement_cache_capacity(STATEMENTS);
    Ok(())
}

fn query(connection: &Connection, sql: &'static str, values: &[Value]) -> rusqlite::Result<Outcome> {
    let mut statement = connection.prepare_cached(sql)?;
    for index in 1..=statement.parameter_count() {
        // To SQLite `$2` is a name, numbered by where it first stands.
        let place = statement.parameter_name(index).and_then(|name| name.strip_prefix('$')?.parse::<usize>().ok());
        let value = place.and_then(|place| values.get(place.checked_sub(1)?));
        let Some(value) = value else { return Err(rusqlite::Error::InvalidParameterCount(values.len(), index)) };
        statement.raw_bind_parameter(index, bound(value))?;
    }
    let columns = statement.column_count();
    if columns == 0 {
        return Ok(Outcome { affected: statement.raw_execute()? as u64, rows: Vec::new() });
    }
    let mut rows = Vec::new();
    let mut cursor = statement.raw_query();
    while let Some(row) = cursor.next()? {
        let values = (0..columns).map(|column| row.get_ref(column).map(read)).collect::<rusqlite::Result<_>>()?;
        rows.push(Row::new(values));
    }
    Ok(Outcome { affected: rows.len() as u64, rows })
}

fn bound(value: &Value) -> ToSqlOutput<'_> {
    ToSqlOutput::Borrowed(match value {
        Value::Null => ValueRef::Null,
        Value::Int(value) => ValueRef::Integer(*value),
        Value::Bool(value) => ValueRef::Integer((*value).into()),
        Value::Text(value) => ValueRef::Text(value.as_bytes()),
        Value::Bytes(value) => ValueRef::Blob(value),
    })
}

fn read(value: ValueRef<'_>) -> Value {
    match value {
        ValueRef::Integer(value) => Value::Int(value),
        ValueRef::Text(text) => match str::from_utf8(text) {
            Ok(text) => Value::Text(text.to_owned()),
            Err(_) => Value::Null,
        },
        ValueRef::Blob(bytes) => Value::Bytes(bytes.to_vec()),
        // STRICT tables without REAL columns hold none; as NULL it will not pass for what was asked.
        ValueRef::Null | ValueRef::Real(_) => Value::Null,
    }
}

/// SQLite gives its `-wal` and `-shm` files the mode of the database, so the mode is settled before SQLite sees it.
fn create(path: &Path) -> io::Result<()> {
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    match options.open(path) {
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => Ok(()),
        other => other.map(drop),
    }
}
