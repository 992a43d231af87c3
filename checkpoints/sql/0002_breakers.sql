-- What processes must share about calls that go badly. Times are wall seconds: the one clock they share.
CREATE TABLE breakers (
  name TEXT PRIMARY KEY,
  state TEXT NOT NULL CHECK (state IN ('closed', 'open', 'half_open')),
  failures INTEGER NOT NULL CHECK (failures >= 0),
  outcomes TEXT NOT NULL,
  since_s REAL,
  opened_s REAL,
  probe_call TEXT,
  probe_until_s REAL,
  cause TEXT NOT NULL,
  tripped_by TEXT,
  version INTEGER NOT NULL CHECK (version > 0),
  CHECK ((state = 'closed') = (opened_s IS NULL)),
  CHECK ((state = 'half_open') = (probe_call IS NOT NULL)),
  CHECK ((probe_call IS NULL) = (probe_until_s IS NULL)),
  CHECK (tripped_by IS NULL OR state = 'open')
) STRICT, WITHOUT ROWID;

-- The last good answer to each request, for while the way to who gave it is closed. at: the ledger clock.
CREATE TABLE good_answers (
  caller TEXT NOT NULL,
  callee TEXT NOT NULL,
  request TEXT NOT NULL,
  params_hash TEXT NOT NULL,
  data TEXT NOT NULL,
  at TEXT NOT NULL,
  PRIMARY KEY (caller, callee, request, params_hash)
) STRICT, WITHOUT ROWID;
CREATE INDEX good_answers_age ON good_answers (caller, callee, at);

-- When the turns of agents with a rate were taken, or are to be taken.
CREATE TABLE turn_slots (
  seq INTEGER PRIMARY KEY,
  agent TEXT NOT NULL,
  at_s REAL NOT NULL
) STRICT;
CREATE INDEX turn_slots_agent ON turn_slots (agent, at_s);

-- The pass's reading of the clock that processes share; null for passes made before there was any.
ALTER TABLE passes ADD COLUMN clock_s REAL;
