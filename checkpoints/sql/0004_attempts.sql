-- Drives of a case that began and have not come to an orderly end, since its last finished pass.
-- The row is there while a case is driven; one that stays tells of a process that died on it.
CREATE TABLE attempts (
  case_id TEXT PRIMARY KEY,
  passes INTEGER NOT NULL CHECK (passes >= 0),
  tries INTEGER NOT NULL CHECK (tries > 0)
) STRICT, WITHOUT ROWID;
