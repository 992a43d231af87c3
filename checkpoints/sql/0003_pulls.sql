-- The andon cord: where agents are stopped. A pull is released once and then stays as it is.
CREATE TABLE pulls (
  seq INTEGER PRIMARY KEY,
  scope TEXT NOT NULL,
  pulled_by TEXT NOT NULL,
  role TEXT NOT NULL,
  reason TEXT NOT NULL,
  at TEXT NOT NULL,
  released_by TEXT,
  released_at TEXT,
  release_reason TEXT,
  CHECK ((released_by IS NULL) = (released_at IS NULL) AND (released_by IS NULL) = (release_reason IS NULL))
) STRICT;
CREATE UNIQUE INDEX pulls_standing ON pulls (scope) WHERE released_at IS NULL;

-- What the watch for anomalies raised. Figures and limits are in words, as a person was told them.
CREATE TABLE alerts (
  seq INTEGER PRIMARY KEY,
  name TEXT NOT NULL,
  figure TEXT NOT NULL,
  most TEXT NOT NULL,
  raised_at TEXT NOT NULL,
  cleared_at TEXT,
  cleared_figure TEXT,
  CHECK ((cleared_at IS NULL) = (cleared_figure IS NULL))
) STRICT;
CREATE UNIQUE INDEX alerts_standing ON alerts (name) WHERE cleared_at IS NULL;

-- For the watch, which looks every second: the last minute, and the last line of a person.
CREATE INDEX events_recorded ON events (recorded) WHERE case_id IS NOT NULL;
CREATE INDEX inbox_texts ON inbox (seq) WHERE kind = 'text';

CREATE TRIGGER pulls_no_delete BEFORE DELETE ON pulls BEGIN SELECT RAISE(ABORT, 'pulls are append-only'); END;
CREATE TRIGGER pulls_released_only BEFORE UPDATE ON pulls
WHEN NOT (OLD.released_at IS NULL AND NEW.released_at IS NOT NULL AND OLD.seq = NEW.seq AND OLD.scope = NEW.scope
  AND OLD.pulled_by = NEW.pulled_by AND OLD.role = NEW.role AND OLD.reason = NEW.reason AND OLD.at = NEW.at)
  BEGIN SELECT RAISE(ABORT, 'a pull can only be released, once'); END;
CREATE TRIGGER alerts_no_delete BEFORE DELETE ON alerts BEGIN SELECT RAISE(ABORT, 'alerts are append-only'); END;
CREATE TRIGGER alerts_cleared_only BEFORE UPDATE ON alerts
WHEN NOT (OLD.cleared_at IS NULL AND NEW.cleared_at IS NOT NULL AND OLD.seq = NEW.seq AND OLD.name = NEW.name
  AND OLD.figure = NEW.figure AND OLD.most = NEW.most AND OLD.raised_at = NEW.raised_at)
  BEGIN SELECT RAISE(ABORT, 'an alert can only be cleared, once'); END;
