-- One record per user. A removed record leaves its row with the version and no body, so that versions never restart.
-- COLLATE "C": ids are compared and ordered byte by byte, as everywhere else.
CREATE TABLE countersign_records (
    user_id TEXT COLLATE "C" NOT NULL PRIMARY KEY,
    version BIGINT NOT NULL CHECK (version > 0),
    body BYTEA,
    save_id BYTEA CHECK (length(save_id) = 16),
    enabled BOOLEAN NOT NULL,
    locked_until BIGINT,
    updated_at BIGINT NOT NULL,
    CHECK ((body IS NULL) = (save_id IS NULL))
) WITH (fillfactor = 70, toast_tuple_target = 8160);

-- A body of some kilobytes stays in its row: sealed text does not compress, and a look-up elsewhere costs more.
ALTER TABLE countersign_records ALTER COLUMN body SET STORAGE MAIN;

-- `chain` is 'u/' and a user id, or 'i/' and an instance id.
CREATE TABLE countersign_audit (
    chain TEXT COLLATE "C" NOT NULL,
    sequence BIGINT NOT NULL CHECK (sequence > 0),
    at BIGINT NOT NULL,
    kind TEXT NOT NULL,
    detail TEXT NOT NULL,
    key_id TEXT NOT NULL,
    mac BYTEA NOT NULL CHECK (length(mac) = 32),
    PRIMARY KEY (chain, sequence)
);

CREATE TABLE countersign_limits (
    bucket TEXT COLLATE "C" NOT NULL PRIMARY KEY,
    since BIGINT NOT NULL,
    used BIGINT NOT NULL,
    earlier BIGINT NOT NULL,
    expires_at BIGINT NOT NULL
) WITH (fillfactor = 70);

CREATE INDEX countersign_limits_expires_at ON countersign_limits (expires_at);
