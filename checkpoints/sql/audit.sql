-- What an audit reads. Orders are those in which the checks walk.

-- name: balances
SELECT type, key, field, value FROM balances ORDER BY type, key, field
-- name: resources
SELECT type, key, version, body, row_hash FROM resources ORDER BY type, key
-- name: writes
SELECT type, key, version, body, balances, deltas, row_hash FROM writes ORDER BY type, key, version
-- name: lookups
SELECT type, field, value, key FROM lookups ORDER BY type, field, value, key
-- name: registries
SELECT body FROM audit WHERE body LIKE ? ORDER BY seq
-- name: authors
SELECT type, author, count(*) FROM writes GROUP BY type, author ORDER BY type, author
-- name: last_writes
SELECT type, key, cause, max(version) FROM writes GROUP BY type, key, cause ORDER BY type, key, cause
-- name: first_write_for
SELECT min(seq) FROM writes WHERE cause = ?
-- name: version_before
SELECT max(version) FROM writes WHERE type = ? AND key = ? AND seq < ?
-- name: claims
SELECT resource, start_us, end_us, holder_type, holder_key, shared, cause, seq FROM claims
ORDER BY resource, start_us, seq
-- name: commits
SELECT key, kind, params, params_hash, at, approval FROM commits ORDER BY seq
-- name: repeated_commits
SELECT key, count(*) FROM commits GROUP BY key HAVING count(*) <> 1
-- name: repeated_turns
SELECT case_id, round, agent, count(*) FROM turns GROUP BY case_id, round, agent HAVING count(*) <> 1
-- name: repeated_approvals
SELECT approval, count(*) FROM commits WHERE approval IS NOT NULL GROUP BY approval HAVING count(*) <> 1
-- name: turns
SELECT case_id, round, agent, body FROM turns ORDER BY case_id, round, agent
-- name: committed_verdicts
SELECT key, params_hash FROM verdicts WHERE verdict = 'committed' ORDER BY seq
-- name: decisions
SELECT escalation, person, role, meaning, decision, action_hash, at FROM decisions ORDER BY seq
-- name: pulls
SELECT seq, scope, pulled_by, reason, at, role, released_by, release_reason, released_at FROM pulls ORDER BY seq
-- name: stuck_cases
SELECT id, status FROM cases WHERE status IN ('open', 'waiting') AND runnable = 0 AND NOT EXISTS
  (SELECT 1 FROM escalations e WHERE e.case_id = cases.id AND e.state = 'pending') ORDER BY seq
-- name: orphaned_escalations
SELECT e.id, e.case_id, c.status FROM escalations e LEFT JOIN cases c ON c.id = e.case_id
WHERE e.state = 'pending' AND (c.id IS NULL OR c.status NOT IN ('open', 'waiting')) ORDER BY e.seq
-- name: ended_at_work
SELECT id, status FROM cases WHERE status NOT IN ('open', 'waiting') AND runnable = 1 ORDER BY seq
-- name: events_without_outbox
SELECT e.id FROM events e LEFT JOIN outbox o ON o.event_seq = e.seq WHERE o.event_seq IS NULL ORDER BY e.seq
-- name: event_range
SELECT count(*), coalesce(min(seq), 1), coalesce(max(seq), 0) FROM events
-- name: commit_events
SELECT data FROM events WHERE type = ? ORDER BY seq
-- name: audit
SELECT seq, prev_hash, hash, body FROM audit ORDER BY seq
-- name: audit_head
SELECT hash FROM audit ORDER BY seq DESC LIMIT 1
-- name: passes
SELECT p.case_id, p.pass_no, p.token, l.token FROM passes p LEFT JOIN leases l ON l.case_id = p.case_id
ORDER BY p.case_id, p.pass_no
-- name: pass_counts
SELECT c.id, c.passes, count(p.pass_no), coalesce(max(p.pass_no), 0) FROM cases c
LEFT JOIN passes p ON p.case_id = c.id GROUP BY c.id ORDER BY c.seq

-- Rows as they are sealed in the log (checkpoints/sealing.py).
-- name: sealed_inbox
SELECT seq, source, source_id, kind, body FROM inbox ORDER BY seq
-- name: sealed_cases
SELECT id, seq, origin, source, source_id, opened_at, session, person, text, event, cause, depth, status,
  runnable, position, passes, rounds, reply, code, clarify, ended_at FROM cases ORDER BY seq
-- name: sealed_writes
SELECT type, key, version, body, balances, deltas, author, cause FROM writes ORDER BY seq
-- name: sealed_commits
SELECT key, case_id, agent, kind, params, params_hash, result, level, at, approval FROM commits ORDER BY seq
-- name: sealed_events
SELECT id, type, source, source_id, occurred, recorded, subject, data, case_id, agent, lane, cause, depth
FROM events ORDER BY seq
-- name: sealed_escalations
SELECT id, case_id, type, state, version, due_at, body FROM escalations ORDER BY seq
-- name: sealed_decisions
SELECT escalation, person, name, role, meaning, decision, at, action_hash, reason, option, text, channel
FROM decisions ORDER BY seq

-- name: commit_authority
SELECT agent, level, approval, kind FROM commits WHERE key = ?
-- name: approvals
SELECT id, body FROM escalations WHERE type = 'approval' ORDER BY seq
-- name: shadowed_and_committed
SELECT DISTINCT v.key FROM verdicts v JOIN commits c ON c.key = v.key WHERE v.verdict = 'shadowed' ORDER BY v.key
-- name: written_for
SELECT type, key FROM writes WHERE cause = ?
-- name: asked_in_case
SELECT count(*) FROM escalations WHERE case_id = ?
-- name: deep_cases
SELECT id, depth FROM cases WHERE depth > ? ORDER BY seq
-- name: inbox_without_case
SELECT i.seq, i.source, i.source_id, i.kind FROM inbox i LEFT JOIN cases c ON c.seq = i.seq
WHERE c.id IS NULL ORDER BY i.seq
-- name: has_event
SELECT 1 FROM events WHERE id = ?
-- name: cases_beside_inbox
SELECT c.id, c.origin, c.source, c.source_id, c.person, c.text, c.opened_at, i.source, i.source_id, i.body,
  e.recorded
FROM cases c JOIN inbox i ON i.seq = c.seq
LEFT JOIN events e ON e.case_id = c.id AND e.type = 'case.opened' ORDER BY c.seq
-- name: commit_keys
SELECT key FROM commits ORDER BY seq
-- name: accepted_facts
SELECT source, source_id FROM inbox WHERE kind = 'fact' ORDER BY seq
-- name: causes
SELECT DISTINCT cause FROM writes ORDER BY cause
-- name: newest_clock
SELECT max(clock_s) FROM passes
-- name: last_fact_write
SELECT max(w.seq) FROM writes w LEFT JOIN commits c ON c.key = w.cause WHERE c.key IS NULL
-- name: written_last
SELECT key, max(seq) FROM writes WHERE type = ? GROUP BY key ORDER BY max(seq) DESC LIMIT ?
-- name: large_events
SELECT id, length(data) FROM events WHERE length(data) > ? ORDER BY seq
-- name: large_entries
SELECT seq, length(body) FROM audit WHERE length(body) > ? ORDER BY seq
-- name: decided_and_asleep
SELECT DISTINCT c.id, c.seq FROM cases c JOIN escalations e ON e.case_id = c.id
JOIN decisions d ON d.escalation = e.id
WHERE c.status IN ('open', 'waiting') AND c.runnable = 0 AND d.spent = 0
  AND e.state IN ('approved', 'rejected', 'answered', 'edited') ORDER BY c.seq
-- name: shown_verdicts
SELECT case_id, pass_no, key, kind, verdict, code, params_hash, params, at FROM verdicts ORDER BY seq
-- name: spent_decisions
SELECT escalation, person, decision FROM decisions WHERE spent = 1 ORDER BY seq
-- name: audit_entry
SELECT hash FROM audit WHERE seq = ?
-- name: audit_end
SELECT seq, hash FROM audit ORDER BY seq DESC LIMIT 1
-- name: secrets_in_inbox
SELECT 'what was accepted from ' || source || ' as ' || source_id, body FROM inbox ORDER BY seq
-- name: secrets_in_events
SELECT 'event ' || id, data FROM events ORDER BY seq
-- name: secrets_in_turns
SELECT 'a turn of ' || case_id, body FROM turns ORDER BY case_id, round, agent
-- name: secrets_in_audit
SELECT 'audit entry ' || seq, body FROM audit ORDER BY seq
