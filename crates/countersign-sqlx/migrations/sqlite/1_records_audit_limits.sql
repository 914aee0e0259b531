-- One record per user. A removed record leaves its row with the version and no body, so that versions never restart.
CREATE TABLE countersign_records (
    user_id TEXT NOT NULL PRIMARY KEY,
    version INTEGER NOT NULL CHECK (version > 0),
    body BLOB,
    save_id BLOB CHECK (length(save_id) = 16),
    enabled INTEGER NOT NULL CHECK (enabled IN (0, 1)),
    locked_until INTEGER,
    updated_at INTEGER NOT NULL,
    CHECK ((body IS NULL) = (save_id IS NULL))
) STRICT;

-- `chain` is 'u/' and a user id, or 'i/' and an instance id.
CREATE TABLE countersign_audit (
    chain TEXT NOT NULL,
    sequence INTEGER NOT NULL CHECK (sequence > 0),
    at INTEGER NOT NULL,
    kind TEXT NOT NULL,
    detail TEXT NOT NULL,
    key_id TEXT NOT NULL,
    mac BLOB NOT NULL CHECK (length(mac) = 32),
    PRIMARY KEY (chain, sequence)
) STRICT, WITHOUT ROWID;

CREATE TABLE countersign_limits (
    bucket TEXT NOT NULL PRIMARY KEY,
    since INTEGER NOT NULL,
    used INTEGER NOT NULL,
    earlier INTEGER NOT NULL,
    expires_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE INDEX countersign_limits_expires_at ON countersign_limits (expires_at);
