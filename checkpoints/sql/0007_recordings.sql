-- What a case read and was told while it ran, part by part, each in the transaction it belongs to: enough to
-- run it again. It carries no business, so that parts may be dropped; body is compressed JSON.
-- drive: the fencing token under which the part was made, 0 for what happened between drives.
CREATE TABLE recordings (
  seq INTEGER PRIMARY KEY,
  case_id TEXT NOT NULL,
  drive INTEGER NOT NULL CHECK (drive >= 0),
  strand TEXT NOT NULL,
  at TEXT NOT NULL,
  body BLOB NOT NULL
) STRICT;
CREATE INDEX recordings_case ON recordings (case_id, seq);
CREATE INDEX recordings_at ON recordings (at);
