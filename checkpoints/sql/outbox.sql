-- Deliveries to receivers outside (checkpoints/sql_outbox.py). What was sent is never walked (a test sees to it).

-- name: delivery_columns
d.receiver, d.event_seq, d.subject, d.subject_seq, d.state, d.attempts, d.claims, d.next_s, d.sent_s, d.error
-- name: event_columns
e.id, e.type, e.source, e.source_id, e.occurred, e.recorded, e.subject, e.data, e.case_id, e.agent, e.lane, e.cause,
  e.depth

-- name: last_event
SELECT coalesce(max(seq), 0) FROM events
-- name: receivers
SELECT name, since_seq, spread_seq, wanted, wanted_seq, acknowledged, stopped FROM receivers ORDER BY name
-- name: receiver
SELECT name, since_seq, spread_seq, wanted, wanted_seq, acknowledged, stopped FROM receivers WHERE name = ?
-- name: meet
INSERT INTO receivers (name, since_seq, spread_seq, wanted, wanted_seq, acknowledged) VALUES (?, ?, ?, '[]', ?, 0) ON CONFLICT (name) DO NOTHING
-- name: stop
UPDATE receivers SET stopped = ? WHERE name = ?
-- name: start
UPDATE receivers SET stopped = NULL WHERE name = ? AND stopped IS NOT NULL
-- name: count_acknowledged
UPDATE receivers SET acknowledged = acknowledged + 1 WHERE name = ?

-- name: new_events
SELECT seq, type, subject FROM events WHERE seq > ? ORDER BY seq LIMIT ?
-- name: last_of_subject
SELECT max(subject_seq) FROM deliveries WHERE receiver = ? AND subject = ?
-- name: put
INSERT INTO deliveries (receiver, event_seq, subject, subject_seq, state, attempts, claims)
VALUES (?, ?, ?, ?, 'pending', 0, 0)
-- name: want
UPDATE receivers SET wanted = ?, wanted_seq = spread_seq WHERE name = ? AND wanted <> ?
-- name: spread_to
UPDATE receivers SET spread_seq = ? WHERE name = ?

-- name: next_due
SELECT min(next_s) FROM deliveries WHERE receiver = ? AND next_s IS NOT NULL
-- name: due
SELECT {delivery_columns}, {event_columns} FROM deliveries d JOIN events e ON e.seq = d.event_seq
WHERE d.receiver = ? AND d.next_s IS NOT NULL AND d.next_s <= ? ORDER BY d.next_s, d.event_seq LIMIT ?
-- name: claim
UPDATE deliveries SET attempts = attempts + 1, claims = claims + 1, next_s = ? WHERE receiver = ? AND event_seq = ?
-- name: conclude
UPDATE deliveries SET state = ?, next_s = ?, sent_s = ?, error = ?
WHERE receiver = ? AND event_seq = ? AND claims = ? AND state = 'pending' AND next_s IS NOT NULL
-- name: delivery
SELECT {delivery_columns} FROM deliveries d WHERE d.receiver = ? AND d.event_seq = ?

-- name: first_open
SELECT event_seq, state, next_s FROM deliveries WHERE receiver = ? AND event_seq = (SELECT min(seq) FROM (
  SELECT min(event_seq) AS seq FROM deliveries WHERE receiver = ? AND state = 'pending' AND subject = ?
  UNION ALL
  SELECT min(event_seq) AS seq FROM deliveries WHERE receiver = ? AND state = 'dead' AND subject = ?) AS firsts)
-- name: make_due
UPDATE deliveries SET next_s = ? WHERE receiver = ? AND event_seq = ? AND state = 'pending'
-- name: behind
UPDATE deliveries SET next_s = NULL WHERE receiver = ? AND subject = ? AND event_seq > ? AND state = 'pending'
-- name: skip
UPDATE deliveries SET state = 'skipped', next_s = NULL
WHERE receiver = ? AND event_seq = ? AND state IN ('pending', 'dead')

-- name: dead_of
SELECT event_seq, subject FROM deliveries WHERE receiver = ? AND state = 'dead' ORDER BY subject, event_seq
-- name: done_since
SELECT event_seq, subject FROM deliveries WHERE receiver = ? AND event_seq >= ? AND state <> 'pending' ORDER BY event_seq
-- name: reopen
UPDATE deliveries SET state = 'pending', attempts = 0, next_s = NULL WHERE receiver = ? AND event_seq = ?

-- name: count
SELECT count(*) FROM deliveries WHERE receiver = ? AND state = ?
-- name: dead
SELECT {delivery_columns}, {event_columns} FROM deliveries d JOIN events e ON e.seq = d.event_seq
WHERE d.receiver = ? AND d.state = 'dead' ORDER BY d.subject, d.event_seq
-- name: deliveries
SELECT {delivery_columns} FROM deliveries d JOIN events e ON e.seq = d.event_seq WHERE e.id = ? ORDER BY d.receiver
