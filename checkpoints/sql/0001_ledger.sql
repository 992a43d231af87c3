-- The ledger: the one record. Instants are UTC text on the ledger clock; claims hold microseconds.
-- Text columns named body, data, params, position, reads, result, deltas and balances hold canonical JSON.
CREATE TABLE meta (name TEXT PRIMARY KEY, value TEXT NOT NULL) STRICT, WITHOUT ROWID;

CREATE TABLE inbox (
  seq INTEGER PRIMARY KEY,
  source TEXT NOT NULL,
  source_id TEXT NOT NULL,
  kind TEXT NOT NULL,
  body TEXT NOT NULL,
  UNIQUE (source, source_id)
) STRICT;

CREATE TABLE cases (
  id TEXT PRIMARY KEY,
  seq INTEGER NOT NULL UNIQUE REFERENCES inbox (seq),
  origin TEXT NOT NULL CHECK (origin IN ('text', 'fact', 'event', 'feed')),
  source TEXT NOT NULL,
  source_id TEXT NOT NULL,
  opened_at TEXT NOT NULL,
  session TEXT,
  person TEXT,
  text TEXT,
  event TEXT,
  cause TEXT,
  depth INTEGER NOT NULL CHECK (depth >= 0),
  status TEXT NOT NULL CHECK (status IN ('open', 'waiting', 'done', 'refused', 'failed')),
  runnable INTEGER NOT NULL CHECK (runnable IN (0, 1)),
  position TEXT NOT NULL,
  passes INTEGER NOT NULL CHECK (passes >= 0),
  rounds INTEGER NOT NULL CHECK (rounds >= 0),
  reply TEXT NOT NULL,
  code TEXT,
  clarify INTEGER NOT NULL CHECK (clarify IN (0, 1)),
  ended_at TEXT,
  fingerprint TEXT NOT NULL,
  duration_ms INTEGER CHECK (duration_ms >= 0)
) STRICT;
CREATE UNIQUE INDEX cases_source ON cases (source, source_id);
CREATE INDEX cases_runnable ON cases (seq) WHERE runnable = 1;
CREATE INDEX cases_session ON cases (session, seq) WHERE session IS NOT NULL;
CREATE INDEX cases_cause ON cases (cause, seq) WHERE cause IS NOT NULL;
CREATE INDEX cases_status ON cases (status, seq);

CREATE TABLE turns (
  case_id TEXT NOT NULL,
  round INTEGER NOT NULL CHECK (round >= 0),
  agent TEXT NOT NULL,
  body TEXT NOT NULL,
  PRIMARY KEY (case_id, round, agent)
) STRICT, WITHOUT ROWID;

CREATE TABLE resources (
  type TEXT NOT NULL,
  key TEXT NOT NULL,
  version INTEGER NOT NULL CHECK (version >= 0),
  body TEXT NOT NULL,
  row_hash TEXT NOT NULL,
  PRIMARY KEY (type, key)
) STRICT, WITHOUT ROWID;

CREATE TABLE balances (
  type TEXT NOT NULL,
  key TEXT NOT NULL,
  field TEXT NOT NULL,
  value INTEGER NOT NULL CHECK (typeof(value) = 'integer'),
  PRIMARY KEY (type, key, field),
  FOREIGN KEY (type, key) REFERENCES resources (type, key)
) STRICT, WITHOUT ROWID;

-- Values of indexed fields as canonical JSON, so that finding records by them is a look-up.
CREATE TABLE lookups (
  type TEXT NOT NULL,
  field TEXT NOT NULL,
  value TEXT NOT NULL,
  key TEXT NOT NULL,
  PRIMARY KEY (type, field, value, key)
) STRICT, WITHOUT ROWID;

-- seq is the order of taking; cause is what the taker worked for: an action's key, a fact, the seed.
CREATE TABLE claims (
  seq INTEGER PRIMARY KEY,
  resource TEXT NOT NULL,
  start_us INTEGER NOT NULL,
  end_us INTEGER NOT NULL,
  holder_type TEXT NOT NULL,
  holder_key TEXT NOT NULL,
  shared INTEGER NOT NULL CHECK (shared IN (0, 1)),
  cause TEXT NOT NULL,
  CHECK (end_us > start_us)
) STRICT;
-- By end, since schedulers ask about what is ahead and most claims lie behind.
CREATE INDEX claims_resource ON claims (resource, end_us, start_us);
CREATE UNIQUE INDEX claims_holder ON claims (holder_type, holder_key, resource, start_us, end_us);

-- Every version of every resource as it was written, with the change of its balances.
CREATE TABLE writes (
  seq INTEGER PRIMARY KEY,
  type TEXT NOT NULL,
  key TEXT NOT NULL,
  version INTEGER NOT NULL CHECK (version >= 0),
  body TEXT NOT NULL,
  balances TEXT NOT NULL,
  deltas TEXT NOT NULL,
  author TEXT NOT NULL,
  cause TEXT NOT NULL,
  row_hash TEXT NOT NULL,
  UNIQUE (type, key, version)
) STRICT;
CREATE INDEX writes_cause ON writes (cause);

CREATE TABLE verdicts (
  seq INTEGER PRIMARY KEY,
  key TEXT NOT NULL,
  case_id TEXT NOT NULL,
  pass_no INTEGER NOT NULL CHECK (pass_no >= 0),
  round INTEGER NOT NULL CHECK (round >= 0),
  agent TEXT NOT NULL,
  kind TEXT NOT NULL,
  params TEXT NOT NULL,
  resource TEXT NOT NULL,
  verdict TEXT NOT NULL,
  code TEXT,
  reason TEXT NOT NULL,
  at TEXT NOT NULL,
  params_hash TEXT NOT NULL
) STRICT;
CREATE INDEX verdicts_case ON verdicts (case_id, seq);

CREATE TABLE commits (
  seq INTEGER PRIMARY KEY,
  key TEXT NOT NULL UNIQUE,
  case_id TEXT NOT NULL,
  agent TEXT NOT NULL,
  kind TEXT NOT NULL,
  params TEXT NOT NULL,
  params_hash TEXT NOT NULL,
  result TEXT NOT NULL,
  level INTEGER NOT NULL CHECK (level BETWEEN 1 AND 5),
  at TEXT NOT NULL,
  approval TEXT UNIQUE
) STRICT;
CREATE INDEX commits_case ON commits (case_id, seq);

CREATE TABLE events (
  seq INTEGER PRIMARY KEY,
  id TEXT NOT NULL UNIQUE,
  type TEXT NOT NULL,
  source TEXT NOT NULL,
  source_id TEXT NOT NULL,
  occurred TEXT NOT NULL,
  recorded TEXT NOT NULL,
  subject TEXT NOT NULL,
  data TEXT NOT NULL,
  case_id TEXT,
  agent TEXT,
  lane TEXT,
  cause TEXT,
  depth INTEGER NOT NULL CHECK (depth >= 0)
) STRICT;
CREATE INDEX events_case ON events (case_id, seq) WHERE case_id IS NOT NULL;
CREATE INDEX events_type ON events (type, seq);

-- One row per event, in the event's transaction; whoever delivers it sets delivered_at.
CREATE TABLE outbox (
  event_seq INTEGER PRIMARY KEY REFERENCES events (seq),
  delivered_at TEXT
) STRICT;

-- body holds what the other columns do not.
CREATE TABLE escalations (
  seq INTEGER PRIMARY KEY,
  id TEXT NOT NULL UNIQUE,
  case_id TEXT NOT NULL,
  type TEXT NOT NULL CHECK (type IN ('approval', 'question')),
  state TEXT NOT NULL,
  version INTEGER NOT NULL CHECK (version >= 0),
  kind TEXT,
  action_hash TEXT NOT NULL,
  requested_at TEXT NOT NULL,
  due_at TEXT NOT NULL,
  body TEXT NOT NULL
) STRICT;
CREATE INDEX escalations_case ON escalations (case_id, requested_at, id);
CREATE INDEX escalations_open ON escalations (due_at, id) WHERE state = 'pending';
CREATE INDEX escalations_action ON escalations (kind, action_hash) WHERE kind IS NOT NULL;

CREATE TABLE decisions (
  seq INTEGER PRIMARY KEY,
  escalation TEXT NOT NULL REFERENCES escalations (id),
  person TEXT NOT NULL,
  name TEXT NOT NULL,
  role TEXT NOT NULL,
  meaning TEXT NOT NULL,
  decision TEXT NOT NULL,
  at TEXT NOT NULL,
  action_hash TEXT NOT NULL,
  reason TEXT NOT NULL,
  option INTEGER CHECK (option >= 0),
  text TEXT NOT NULL,
  channel TEXT NOT NULL,
  spent INTEGER NOT NULL CHECK (spent IN (0, 1)),
  UNIQUE (escalation, person)
) STRICT;

-- token: the fence that was checked in the pass's own transaction; null when nobody asked.
CREATE TABLE passes (
  case_id TEXT NOT NULL,
  pass_no INTEGER NOT NULL CHECK (pass_no >= 0),
  round INTEGER NOT NULL CHECK (round >= 0),
  at TEXT NOT NULL,
  reads TEXT NOT NULL,
  route TEXT NOT NULL,
  token INTEGER CHECK (token > 0),
  PRIMARY KEY (case_id, pass_no)
) STRICT, WITHOUT ROWID;

CREATE TABLE leases (
  case_id TEXT PRIMARY KEY,
  token INTEGER NOT NULL CHECK (token > 0),
  host TEXT,
  pid INTEGER,
  started TEXT,
  expires REAL NOT NULL,
  CHECK ((host IS NULL) = (pid IS NULL) AND (host IS NULL) = (started IS NULL))
) STRICT, WITHOUT ROWID;

-- prev_hash is unique, so that the chain cannot fork.
CREATE TABLE audit (
  seq INTEGER PRIMARY KEY,
  prev_hash TEXT NOT NULL UNIQUE,
  hash TEXT NOT NULL,
  body TEXT NOT NULL
) STRICT;

CREATE TRIGGER audit_no_update BEFORE UPDATE ON audit BEGIN SELECT RAISE(ABORT, 'the audit log is append-only'); END;
CREATE TRIGGER audit_no_delete BEFORE DELETE ON audit BEGIN SELECT RAISE(ABORT, 'the audit log is append-only'); END;
CREATE TRIGGER turns_no_update BEFORE UPDATE ON turns BEGIN SELECT RAISE(ABORT, 'turns are append-only'); END;
CREATE TRIGGER turns_no_delete BEFORE DELETE ON turns BEGIN SELECT RAISE(ABORT, 'turns are append-only'); END;
CREATE TRIGGER commits_no_update BEFORE UPDATE ON commits BEGIN SELECT RAISE(ABORT, 'commits are append-only'); END;
CREATE TRIGGER commits_no_delete BEFORE DELETE ON commits BEGIN SELECT RAISE(ABORT, 'commits are append-only'); END;
CREATE TRIGGER events_no_update BEFORE UPDATE ON events BEGIN SELECT RAISE(ABORT, 'events are append-only'); END;
CREATE TRIGGER events_no_delete BEFORE DELETE ON events BEGIN SELECT RAISE(ABORT, 'events are append-only'); END;
CREATE TRIGGER verdicts_no_update BEFORE UPDATE ON verdicts BEGIN SELECT RAISE(ABORT, 'verdicts are append-only'); END;
CREATE TRIGGER verdicts_no_delete BEFORE DELETE ON verdicts BEGIN SELECT RAISE(ABORT, 'verdicts are append-only'); END;
CREATE TRIGGER writes_no_update BEFORE UPDATE ON writes BEGIN SELECT RAISE(ABORT, 'writes are append-only'); END;
CREATE TRIGGER writes_no_delete BEFORE DELETE ON writes BEGIN SELECT RAISE(ABORT, 'writes are append-only'); END;
CREATE TRIGGER passes_no_update BEFORE UPDATE ON passes BEGIN SELECT RAISE(ABORT, 'passes are append-only'); END;
CREATE TRIGGER passes_no_delete BEFORE DELETE ON passes BEGIN SELECT RAISE(ABORT, 'passes are append-only'); END;
CREATE TRIGGER decisions_no_delete BEFORE DELETE ON decisions
  BEGIN SELECT RAISE(ABORT, 'decisions are append-only'); END;
CREATE TRIGGER decisions_spent_only BEFORE UPDATE ON decisions
WHEN NOT (OLD.spent = 0 AND NEW.spent = 1 AND OLD.seq = NEW.seq AND OLD.escalation = NEW.escalation
  AND OLD.person = NEW.person AND OLD.role = NEW.role AND OLD.decision = NEW.decision AND OLD.at = NEW.at
  AND OLD.action_hash = NEW.action_hash AND OLD.reason = NEW.reason AND OLD.option IS NEW.option
  AND OLD.text = NEW.text AND OLD.name = NEW.name AND OLD.meaning = NEW.meaning AND OLD.channel = NEW.channel)
  BEGIN SELECT RAISE(ABORT, 'a decision can only be spent, once'); END;
CREATE TRIGGER leases_token_grows BEFORE UPDATE ON leases WHEN NEW.token < OLD.token
  BEGIN SELECT RAISE(ABORT, 'a fencing token never goes back'); END;
