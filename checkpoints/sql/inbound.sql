-- Reports from outside that came too early, or could not be recorded (checkpoints/sql_inbound.py).

-- name: applied
SELECT applied FROM arrivals WHERE source = ? AND aggregate = ?
-- name: set_applied
INSERT INTO arrivals (source, aggregate, applied) VALUES (?, ?, ?)
ON CONFLICT (source, aggregate) DO UPDATE SET applied = excluded.applied
-- name: parked
SELECT source, aggregate, number, source_id, body, parked_s FROM parked ORDER BY source, aggregate, number
-- name: parked_of_source
SELECT source, aggregate, number, source_id, body, parked_s FROM parked WHERE source = ?
ORDER BY source, aggregate, number
-- name: parked_of_aggregate
SELECT source, aggregate, number, source_id, body, parked_s FROM parked WHERE source = ? AND aggregate = ?
ORDER BY source, aggregate, number
-- name: park
INSERT INTO parked (source, aggregate, number, source_id, body, parked_s) VALUES (?, ?, ?, ?, ?, ?)
ON CONFLICT (source, aggregate, number) DO NOTHING
-- name: unpark
DELETE FROM parked WHERE source = ? AND aggregate = ? AND number = ?
-- name: letters
SELECT source, source_id, code, message, body, at FROM dead_letters ORDER BY source, source_id
-- name: put_letter
INSERT INTO dead_letters (source, source_id, code, message, body, at) VALUES (?, ?, ?, ?, ?, ?)
ON CONFLICT (source, source_id) DO UPDATE SET code = excluded.code, message = excluded.message,
  body = excluded.body, at = excluded.at
-- name: drop_letter
DELETE FROM dead_letters WHERE source = ? AND source_id = ?
