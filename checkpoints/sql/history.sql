-- What a ledger held when a case began, as far as a recording does not tell (checkpoints/history.py).

-- name: written
SELECT seq FROM writes WHERE type = ? AND key = ? AND version = ?
-- name: records
SELECT w.type, w.key, w.version, w.body, w.balances FROM writes w
WHERE w.seq < ? AND w.version =
  (SELECT max(o.version) FROM writes o WHERE o.type = w.type AND o.key = w.key AND o.seq < ?)
-- name: claims
SELECT resource, start_us, end_us, holder_type, holder_key, shared, cause FROM claims
