-- What calls of models take, and what is reserved for those under way (checkpoints/sql_spending.py).

-- name: spent
SELECT tokens, usd, wall_ms, exhausted FROM spending WHERE scope = ?
-- name: put_spent
INSERT INTO spending (scope, tokens, usd, wall_ms, exhausted) VALUES (?, ?, ?, ?, ?)
ON CONFLICT (scope) DO UPDATE SET tokens = excluded.tokens, usd = excluded.usd, wall_ms = excluded.wall_ms,
  exhausted = excluded.exhausted
-- name: reservations
SELECT id, case_id, agent, day, tokens, usd, made_s FROM reservations WHERE case_id = ? ORDER BY id
-- name: reserve
INSERT INTO reservations (id, case_id, agent, day, tokens, usd, made_s) VALUES (?, ?, ?, ?, ?, ?, ?)
ON CONFLICT (id) DO NOTHING
-- name: take_reservation
DELETE FROM reservations WHERE id = ? RETURNING id, case_id, agent, day, tokens, usd, made_s
