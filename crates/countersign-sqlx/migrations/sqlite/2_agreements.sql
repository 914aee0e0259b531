-- What every instance on this database must have in common, such as the fingerprint of the key ring. Written once.
CREATE TABLE countersign_agreements (
    name TEXT NOT NULL PRIMARY KEY,
    value BLOB NOT NULL
) STRICT, WITHOUT ROWID;
