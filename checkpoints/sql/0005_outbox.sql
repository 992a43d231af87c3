-- Delivery to receivers outside. A row of outbox says that an event may leave; what became of it at each receiver
-- stands here, so outbox.delivered_at stays empty. Times are wall seconds: the one clock that processes share.
-- wanted: the event types it asks for, and wanted_seq, since which event.
CREATE TABLE receivers (
  name TEXT PRIMARY KEY,
  since_seq INTEGER NOT NULL CHECK (since_seq >= 0),
  spread_seq INTEGER NOT NULL,
  wanted TEXT NOT NULL,
  wanted_seq INTEGER NOT NULL,
  acknowledged INTEGER NOT NULL,
  stopped TEXT,
  CHECK (spread_seq >= since_seq)
) STRICT, WITHOUT ROWID;

-- next_s: of a pending one that is the first of its subject; null for those behind it.
CREATE TABLE deliveries (
  receiver TEXT NOT NULL REFERENCES receivers (name),
  event_seq INTEGER NOT NULL REFERENCES events (seq),
  subject TEXT NOT NULL,
  subject_seq INTEGER NOT NULL,
  state TEXT NOT NULL CHECK (state IN ('pending', 'sent', 'dead', 'skipped')),
  attempts INTEGER NOT NULL,
  claims INTEGER NOT NULL,
  next_s REAL,
  sent_s REAL,
  error TEXT,
  PRIMARY KEY (receiver, event_seq),
  UNIQUE (receiver, subject, subject_seq),
  CHECK (next_s IS NULL OR state = 'pending')
) STRICT, WITHOUT ROWID;
-- What was sent stays. The first index has none of it, and whoever uses the second names the states they look for.
CREATE INDEX deliveries_due ON deliveries (receiver, next_s) WHERE next_s IS NOT NULL;
CREATE INDEX deliveries_open ON deliveries (receiver, state, subject, event_seq);

-- Reports from outside that carry a number: the last one applied of each aggregate, and those that came too early.
CREATE TABLE arrivals (
  source TEXT NOT NULL,
  aggregate TEXT NOT NULL,
  applied INTEGER NOT NULL,
  PRIMARY KEY (source, aggregate)
) STRICT, WITHOUT ROWID;

CREATE TABLE parked (
  source TEXT NOT NULL,
  aggregate TEXT NOT NULL,
  number INTEGER NOT NULL,
  source_id TEXT NOT NULL,
  body TEXT NOT NULL,
  parked_s REAL NOT NULL,
  PRIMARY KEY (source, aggregate, number)
) STRICT, WITHOUT ROWID;

-- Reports that could not be recorded, each with the reason, until one of that identity is.
CREATE TABLE dead_letters (
  source TEXT NOT NULL,
  source_id TEXT NOT NULL,
  code TEXT NOT NULL,
  message TEXT NOT NULL,
  body TEXT NOT NULL,
  at TEXT NOT NULL,
  PRIMARY KEY (source, source_id)
) STRICT, WITHOUT ROWID;
