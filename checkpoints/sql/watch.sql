-- What the watch for anomalies looks at every second: each is a look-up or a bounded walk from an index's end.

-- name: events_since
SELECT count(*) FROM events WHERE case_id IS NOT NULL AND recorded > ? AND seq >= ?
-- The same where the clock stands: all of a ledger may lie within that minute, so what bounds the walk is seq.
-- name: events_since_line
SELECT count(*) FROM events WHERE case_id IS NOT NULL AND recorded || '' > ? AND seq >= ?
-- name: last_line
SELECT coalesce(min(seq), 0) FROM events
WHERE case_id = (SELECT id FROM cases WHERE seq = (SELECT max(seq) FROM inbox WHERE kind = 'text'))
-- name: deepest
SELECT coalesce(max(depth), 0) FROM (SELECT depth FROM events ORDER BY seq DESC LIMIT ?) AS last
-- name: turns
SELECT coalesce(sum(json_array_length(data, '$.asked_by') > 0), 0),
  coalesce(sum((json_extract(data, '$.attempts') - 1) * (json_array_length(data, '$.asked_by') > 0)), 0),
  coalesce(min(seq), 0)
FROM (
  SELECT * FROM (SELECT seq, data FROM events WHERE type = 'turn.taken' ORDER BY seq DESC LIMIT ?1)
  UNION ALL
  SELECT * FROM (SELECT seq, data FROM events WHERE type = 'turn.failed' ORDER BY seq DESC LIMIT ?1)
  ORDER BY seq DESC LIMIT ?1)
-- name: loops_since
SELECT count(*) FROM events WHERE type = 'loop.cut' AND seq >= ?
-- name: not_closed
SELECT count(*) FROM breakers WHERE state <> 'closed'
-- name: oldest_open
SELECT min(opened_at) FROM (
  SELECT * FROM (SELECT opened_at FROM cases WHERE status = 'open' ORDER BY seq LIMIT 1) AS opened
  UNION ALL
  SELECT * FROM (SELECT opened_at FROM cases WHERE status = 'waiting' ORDER BY seq LIMIT 1) AS waiting) AS oldest
