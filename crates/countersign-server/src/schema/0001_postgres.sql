-- Moments are milliseconds since 1970 (UTC).
CREATE TABLE server_keys (
    key_id TEXT NOT NULL PRIMARY KEY,
    since BIGINT NOT NULL
);

CREATE TABLE server_accounts (
    id TEXT NOT NULL PRIMARY KEY,
    email TEXT NOT NULL UNIQUE,
    password TEXT NOT NULL,
    -- Whether a second factor was ever confirmed, or its confirmation begun.
    enrolled BOOLEAN NOT NULL,
    created_at BIGINT NOT NULL,
    last_login_at BIGINT
);

CREATE TABLE server_sessions (
    id TEXT NOT NULL PRIMARY KEY,
    account TEXT NOT NULL REFERENCES server_accounts (id) ON DELETE CASCADE,
    token BYTEA NOT NULL UNIQUE,
    epoch BIGINT NOT NULL,
    created_at BIGINT NOT NULL,
    authenticated_at BIGINT NOT NULL,
    second_factor_at BIGINT,
    last_seen_at BIGINT NOT NULL,
    device TEXT NOT NULL,
    device_name TEXT NOT NULL,
    network TEXT NOT NULL
);

CREATE INDEX server_sessions_account ON server_sessions (account);
CREATE INDEX server_sessions_last_seen ON server_sessions (last_seen_at);

CREATE TABLE server_refresh_tokens (
    hash BYTEA NOT NULL PRIMARY KEY,
    session TEXT NOT NULL REFERENCES server_sessions (id) ON DELETE CASCADE,
    spent_at BIGINT
);

CREATE INDEX server_refresh_tokens_session ON server_refresh_tokens (session);

CREATE TABLE server_devices (
    id TEXT NOT NULL PRIMARY KEY,
    account TEXT NOT NULL REFERENCES server_accounts (id) ON DELETE CASCADE,
    fingerprint BYTEA NOT NULL,
    name TEXT NOT NULL,
    network TEXT NOT NULL,
    address TEXT NOT NULL,
    first_seen_at BIGINT NOT NULL,
    last_seen_at BIGINT NOT NULL,
    UNIQUE (account, fingerprint)
);
