-- What calls of models have taken, by scope: a case, an agent on a day, a day. What is reserved for calls that
-- are under way is in it. usd: US dollars as a decimal number. exhausted: why the scope makes no more calls.
CREATE TABLE spending (
  scope TEXT PRIMARY KEY,
  tokens INTEGER NOT NULL CHECK (tokens >= 0),
  usd TEXT NOT NULL,
  wall_ms INTEGER NOT NULL CHECK (wall_ms >= 0),
  exhausted TEXT
) STRICT, WITHOUT ROWID;

-- Calls under way. One whose process died stays: the call may have been made, and is paid for.
-- day: of the scopes it counts for; made_s: wall seconds.
CREATE TABLE reservations (
  id TEXT PRIMARY KEY,
  case_id TEXT NOT NULL,
  agent TEXT NOT NULL,
  day TEXT NOT NULL,
  tokens INTEGER NOT NULL CHECK (tokens >= 0),
  usd TEXT NOT NULL,
  made_s REAL NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX reservations_case ON reservations (case_id, id);
