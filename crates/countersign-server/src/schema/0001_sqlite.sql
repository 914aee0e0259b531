-- Moments are milliseconds since 1970 (UTC).
CREATE TABLE server_keys (
    key_id TEXT NOT NULL PRIMARY KEY,
    since INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE server_accounts (
    id TEXT NOT NULL PRIMARY KEY,
    email TEXT NOT NULL UNIQUE,
    password TEXT NOT NULL,
    -- Whether a second factor was ever confirmed, or its confirmation begun.
    enrolled INTEGER NOT NULL CHECK (enrolled IN (0, 1)),
    created_at INTEGER NOT NULL,
    last_login_at INTEGER
) STRICT, WITHOUT ROWID;

CREATE TABLE server_sessions (
    id TEXT NOT NULL PRIMARY KEY,
    account TEXT NOT NULL REFERENCES server_accounts (id) ON DELETE CASCADE,
    token BLOB NOT NULL UNIQUE,
    epoch INTEGER NOT NULL,
    created_at INTEGER NOT NULL,
    authenticated_at INTEGER NOT NULL,
    second_factor_at INTEGER,
    last_seen_at INTEGER NOT NULL,
    device TEXT NOT NULL,
    device_name TEXT NOT NULL,
    network TEXT NOT NULL
) STRICT, WITHOUT ROWID;

CREATE INDEX server_sessions_account ON server_sessions (account);
CREATE INDEX server_sessions_last_seen ON server_sessions (last_seen_at);

CREATE TABLE server_refresh_tokens (
    hash BLOB NOT NULL PRIMARY KEY,
    session TEXT NOT NULL REFERENCES server_sessions (id) ON DELETE CASCADE,
    spent_at INTEGER
) STRICT, WITHOUT ROWID;

CREATE INDEX server_refresh_tokens_session ON server_refresh_tokens (session);

CREATE TABLE server_devices (
    id TEXT NOT NULL PRIMARY KEY,
    account TEXT NOT NULL REFERENCES server_accounts (id) ON DELETE CASCADE,
    fingerprint BLOB NOT NULL,
    name TEXT NOT NULL,
    network TEXT NOT NULL,
    address TEXT NOT NULL,
    first_seen_at INTEGER NOT NULL,
    last_seen_at INTEGER NOT NULL,
    UNIQUE (account, fingerprint)
) STRICT, WITHOUT ROWID;
