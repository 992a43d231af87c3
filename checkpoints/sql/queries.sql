-- What the ledger asks of its database, in the SQL that both know. One block per name; parameters stand in the order of the caller.
-- A block named ..._columns is put in where {..._columns} stands.

-- name: case_columns
id, seq, origin, source, source_id, opened_at, session, person, text, event, cause, depth, status,
  runnable, position, passes, rounds, reply, code, clarify, ended_at, fingerprint, duration_ms
-- name: commit_columns
key, case_id, agent, kind, params, params_hash, result, level, at, approval
-- name: verdict_columns
key, case_id, pass_no, round, agent, kind, params, resource, verdict, code, reason, at,
  params_hash
-- name: event_columns
id, type, source, source_id, occurred, recorded, subject, data, case_id, agent, lane, cause, depth
-- name: decision_columns
escalation, person, name, role, meaning, decision, at, action_hash, reason, option, text,
  channel, spent
-- name: breaker_columns
name, state, failures, outcomes, since_s, opened_s, probe_call, probe_until_s, cause, tripped_by, version

-- name: pull_columns
scope, pulled_by, role, reason, at, released_by, released_at, release_reason
-- name: alert_columns
name, figure, most, raised_at, cleared_at, cleared_figure

-- name: meta
SELECT value FROM meta WHERE name = ?
-- name: set_meta
INSERT INTO meta (name, value) VALUES (?, ?) ON CONFLICT (name) DO UPDATE SET value = excluded.value

-- name: get
SELECT r.version, r.body, b.field, b.value FROM resources r
LEFT JOIN balances b ON b.type = r.type AND b.key = r.key WHERE r.type = ? AND r.key = ?
-- name: get_plain
SELECT version, body FROM resources WHERE type = ? AND key = ?
-- name: find
SELECT r.key, r.version, r.body, b.field, b.value FROM resources r
LEFT JOIN balances b ON b.type = r.type AND b.key = r.key
-- name: find_keys
SELECT key FROM lookups WHERE type = ? AND field = ? AND value = ?
-- name: put_lookup
INSERT INTO lookups (type, field, value, key) VALUES (?, ?, ?, ?)
-- name: drop_lookup
DELETE FROM lookups WHERE type = ? AND field = ? AND value = ? AND key = ?

-- name: claims
SELECT resource, start_us, end_us, holder_type, holder_key, shared FROM claims
WHERE resource = ? AND end_us > ? AND start_us < ? ORDER BY start_us, holder_type, holder_key
-- name: claim
INSERT INTO claims (resource, start_us, end_us, holder_type, holder_key, shared, cause) VALUES (?, ?, ?, ?, ?, ?, ?)
ON CONFLICT (holder_type, holder_key, resource, start_us, end_us) DO UPDATE
SET shared = CASE WHEN excluded.shared < claims.shared THEN excluded.shared ELSE claims.shared END
-- name: release_all
DELETE FROM claims WHERE holder_type = ? AND holder_key = ?
-- name: release_one
DELETE FROM claims WHERE holder_type = ? AND holder_key = ? AND resource = ?

-- name: create_resource
INSERT INTO resources (type, key, version, body, row_hash) VALUES (?, ?, 0, ?, ?) ON CONFLICT DO NOTHING
-- name: change_resource
UPDATE resources SET version = version + 1, body = ?, row_hash = ? WHERE type = ? AND key = ? AND version = ?
-- name: set_balance
INSERT INTO balances (type, key, field, value) VALUES (?, ?, ?, ?)
ON CONFLICT (type, key, field) DO UPDATE SET value = excluded.value
-- name: put_write
INSERT INTO writes (type, key, version, body, balances, deltas, author, cause, row_hash)
VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)
-- name: writes
SELECT type, key, version, body, balances, author, cause, row_hash, seq FROM writes
WHERE type = ? AND key = ? ORDER BY version

-- name: accept
INSERT INTO inbox (source, source_id, kind, body) VALUES (?, ?, ?, ?) ON CONFLICT (source, source_id) DO NOTHING
RETURNING seq

-- name: case
SELECT {case_columns} FROM cases WHERE id = ?
-- name: case_by_source
SELECT {case_columns} FROM cases WHERE source = ? AND source_id = ?
-- name: cases
SELECT {case_columns} FROM cases ORDER BY seq DESC LIMIT ?
-- name: cases_by_status
SELECT {case_columns} FROM cases WHERE status = ? ORDER BY seq DESC LIMIT ?
-- name: runnable
SELECT id FROM cases WHERE runnable = 1 ORDER BY seq
-- name: of_other_versions
SELECT id FROM cases WHERE status IN ('open', 'waiting') AND fingerprint <> ? ORDER BY seq
-- name: session_cases
SELECT * FROM (SELECT {case_columns} FROM cases WHERE session = ? ORDER BY seq DESC LIMIT ?) AS last ORDER BY seq
-- name: children
SELECT {case_columns} FROM cases WHERE cause = ? ORDER BY seq
-- name: open_case
INSERT INTO cases ({case_columns})
VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
-- name: save_case
UPDATE cases SET source = ?, source_id = ?, opened_at = ?, session = ?, person = ?, text = ?, event = ?, cause = ?,
  depth = ?, status = ?, runnable = ?, position = ?, passes = ?, rounds = ?, reply = ?, code = ?, clarify = ?,
  ended_at = ?, fingerprint = ?, duration_ms = ? WHERE id = ?

-- name: turn
SELECT body FROM turns WHERE case_id = ? AND round = ? AND agent = ?
-- name: turns
SELECT round, body FROM turns WHERE case_id = ? ORDER BY round, agent
-- name: turns_of_round
SELECT round, body FROM turns WHERE case_id = ? AND round = ? ORDER BY agent
-- name: put_turn
INSERT INTO turns (case_id, round, agent, body) VALUES (?, ?, ?, ?) ON CONFLICT DO NOTHING

-- name: commit_of
SELECT {commit_columns} FROM commits WHERE key = ?
-- name: commits
SELECT {commit_columns} FROM commits
WHERE case_id = ? ORDER BY seq
-- name: put_commit
INSERT INTO commits ({commit_columns})
SELECT ?, ?, ?, ?, ?, ?, ?, ?, ?, ?
WHERE NOT EXISTS (SELECT 1 FROM verdicts WHERE case_id = ? AND key = ? AND verdict = 'shadowed')
-- name: verdicts
SELECT {verdict_columns} FROM verdicts WHERE case_id = ? ORDER BY seq
-- name: written_for
SELECT key FROM writes WHERE cause = ? UNION ALL SELECT key FROM commits WHERE key = ? LIMIT 1
-- name: put_verdict
INSERT INTO verdicts ({verdict_columns}) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)

-- name: event
SELECT {event_columns}, seq
FROM events WHERE id = ?
-- name: events
SELECT {event_columns}, seq
FROM events ORDER BY seq
-- name: events_of_case
SELECT {event_columns}, seq
FROM events WHERE case_id = ? ORDER BY seq
-- name: events_of_type
SELECT {event_columns}, seq
FROM events WHERE type = ? ORDER BY seq
-- name: events_of_both
SELECT {event_columns}, seq
FROM events WHERE case_id = ? AND type = ? ORDER BY seq
-- name: put_event
INSERT INTO events ({event_columns})
VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) RETURNING seq
-- name: outbox_event
INSERT INTO outbox (event_seq) SELECT seq FROM events WHERE id = ?

-- name: escalation
SELECT body, state, version FROM escalations WHERE id = ?
-- name: escalations
SELECT body, state, version FROM escalations ORDER BY requested_at, id
-- name: escalations_open
SELECT body, state, version FROM escalations WHERE state = 'pending' ORDER BY requested_at, id
-- name: escalations_of_case
SELECT body, state, version FROM escalations WHERE case_id = ? ORDER BY requested_at, id
-- name: escalations_open_of_case
SELECT body, state, version FROM escalations WHERE case_id = ? AND state = 'pending' ORDER BY requested_at, id
-- name: due
SELECT body, state, version FROM escalations WHERE state = 'pending' AND due_at <= ? ORDER BY due_at, id
-- name: actions_like
SELECT body, state, version FROM escalations WHERE kind = ? AND action_hash = ? ORDER BY requested_at DESC, seq DESC
-- name: put_escalation
INSERT INTO escalations (id, case_id, type, state, version, kind, action_hash, requested_at, due_at, body)
VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
-- name: save_escalation
UPDATE escalations SET state = ?, version = version + 1, due_at = ?, body = ? WHERE id = ? AND version = ?

-- name: decisions
SELECT {decision_columns}, seq FROM decisions WHERE escalation = ? ORDER BY seq
-- name: unspent
SELECT {decision_columns}, seq FROM decisions
WHERE spent = 0 AND escalation IN (SELECT id FROM escalations WHERE case_id = ?) ORDER BY seq
-- name: put_decision
INSERT INTO decisions ({decision_columns}) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
-- name: spend
UPDATE decisions SET spent = 1 WHERE escalation = ? AND person = ? AND spent = 0

-- name: pulls
SELECT {pull_columns}, seq FROM pulls ORDER BY seq
-- name: pulls_standing
SELECT {pull_columns}, seq FROM pulls WHERE released_at IS NULL ORDER BY seq
-- name: put_pull
INSERT INTO pulls (scope, pulled_by, role, reason, at) VALUES (?, ?, ?, ?, ?) ON CONFLICT DO NOTHING
-- name: release_pull
UPDATE pulls SET released_by = ?, released_at = ?, release_reason = ? WHERE scope = ? AND released_at IS NULL
-- name: alerts
SELECT {alert_columns}, seq FROM alerts ORDER BY seq
-- name: alerts_standing
SELECT {alert_columns}, seq FROM alerts WHERE cleared_at IS NULL ORDER BY seq
-- name: put_alert
INSERT INTO alerts (name, figure, most, raised_at) VALUES (?, ?, ?, ?) ON CONFLICT DO NOTHING
-- name: clear_alert
UPDATE alerts SET cleared_at = ?, cleared_figure = ? WHERE name = ? AND cleared_at IS NULL

-- name: passes
SELECT case_id, pass_no, round, at, reads, route, clock_s FROM passes WHERE case_id = ? ORDER BY pass_no
-- name: put_pass
INSERT INTO passes (case_id, pass_no, round, at, reads, route, clock_s, token) VALUES (?, ?, ?, ?, ?, ?, ?, ?)

-- name: breaker
SELECT {breaker_columns} FROM breakers WHERE name = ?
-- name: breakers
SELECT {breaker_columns} FROM breakers ORDER BY name
-- name: new_breaker
INSERT INTO breakers ({breaker_columns}) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, 1) ON CONFLICT (name) DO NOTHING
-- name: save_breaker
UPDATE breakers SET state = ?, failures = ?, outcomes = ?, since_s = ?, opened_s = ?, probe_call = ?,
  probe_until_s = ?, cause = ?, tripped_by = ?, version = version + 1 WHERE name = ? AND version = ?
-- name: good_answer
SELECT caller, callee, request, params_hash, data, at FROM good_answers
WHERE caller = ? AND callee = ? AND request = ? AND params_hash = ?
-- name: put_good_answer
INSERT INTO good_answers (caller, callee, request, params_hash, data, at) VALUES (?, ?, ?, ?, ?, ?)
ON CONFLICT (caller, callee, request, params_hash) DO UPDATE SET data = excluded.data, at = excluded.at
-- name: drop_good_answers
DELETE FROM good_answers WHERE caller = ? AND callee = ? AND at < ?
-- name: turn_slots
SELECT at_s FROM turn_slots WHERE agent = ? AND at_s > ? ORDER BY at_s
-- name: put_turn_slot
INSERT INTO turn_slots (agent, at_s) VALUES (?, ?)
-- name: drop_turn_slots
DELETE FROM turn_slots WHERE agent = ? AND at_s <= ?

-- name: lease
SELECT case_id, token, host, pid, started, expires FROM leases WHERE case_id = ?
-- name: put_lease
INSERT INTO leases (case_id, token, host, pid, started, expires) VALUES (?, ?, ?, ?, ?, ?)
ON CONFLICT (case_id) DO UPDATE SET token = excluded.token, host = excluded.host, pid = excluded.pid,
  started = excluded.started, expires = excluded.expires WHERE leases.token < excluded.token
-- name: renew_lease
UPDATE leases SET expires = ? WHERE case_id = ? AND token = ? AND host IS NOT NULL
-- name: drop_lease
UPDATE leases SET host = NULL, pid = NULL, started = NULL, expires = 0 WHERE case_id = ? AND token = ?

-- name: undone
SELECT c.id, l.case_id, l.token, l.host, l.pid, l.started, l.expires
FROM cases c LEFT JOIN leases l ON l.case_id = c.id WHERE c.runnable = 1 ORDER BY c.seq
-- name: tries
SELECT tries FROM attempts WHERE case_id = ?
-- name: begin_try
INSERT INTO attempts (case_id, passes, tries) VALUES (?, ?, 1)
ON CONFLICT (case_id) DO UPDATE SET passes = excluded.passes,
  tries = CASE WHEN attempts.passes = excluded.passes THEN attempts.tries + 1 ELSE 1 END
RETURNING tries
-- name: end_tries
DELETE FROM attempts WHERE case_id = ?

-- name: audit_head
SELECT seq, hash FROM audit ORDER BY seq DESC LIMIT 1
-- name: put_audit
INSERT INTO audit (seq, prev_hash, hash, body) VALUES (?, ?, ?, ?)
-- name: counts
SELECT (SELECT count(*) FROM cases), (SELECT count(*) FROM commits), (SELECT count(*) FROM events),
  (SELECT count(*) FROM decisions), (SELECT count(*) FROM audit)
