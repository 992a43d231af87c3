-- Where PostgreSQL says it differently. The rest is in watch.sql.

-- name: turns
WITH most (n) AS (VALUES (?::bigint))
SELECT coalesce(sum((json_array_length(data::json -> 'asked_by') > 0)::int), 0)::bigint,
  coalesce(sum(((data::json ->> 'attempts')::bigint - 1) * (json_array_length(data::json -> 'asked_by') > 0)::int),
    0)::bigint,
  coalesce(min(seq), 0)
FROM (
  SELECT * FROM (SELECT seq, data FROM events WHERE type = 'turn.taken' ORDER BY seq DESC LIMIT (SELECT n FROM most)) AS taken
  UNION ALL
  SELECT * FROM (SELECT seq, data FROM events WHERE type = 'turn.failed' ORDER BY seq DESC LIMIT (SELECT n FROM most)) AS failed
  ORDER BY seq DESC LIMIT (SELECT n FROM most)) AS last
