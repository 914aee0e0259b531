-- Under which key a keyed hash was made; empty where that was not written down yet.
ALTER TABLE server_sessions ADD COLUMN key_id TEXT NOT NULL DEFAULT '';
ALTER TABLE server_refresh_tokens ADD COLUMN key_id TEXT NOT NULL DEFAULT '';
ALTER TABLE server_devices ADD COLUMN key_id TEXT NOT NULL DEFAULT '';

-- How far a rotation of keys has come: one row, while there is one.
CREATE TABLE server_rotation (
    place BIGINT NOT NULL PRIMARY KEY CHECK (place = 1),
    progress TEXT NOT NULL
);
