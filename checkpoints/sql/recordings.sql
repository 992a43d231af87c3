-- What a recording asks of its database. Parts are numbered as every other row is.

-- name: put_part
INSERT INTO recordings (case_id, drive, strand, at, body) VALUES (?, ?, ?, ?, ?)
-- name: parts
SELECT drive, strand, body FROM recordings WHERE case_id = ? ORDER BY seq
-- name: oldest
SELECT min(at) FROM recordings
-- name: drop_before
DELETE FROM recordings WHERE at < ?
