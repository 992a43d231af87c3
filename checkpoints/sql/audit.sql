-- What an audit reads. Orders are those in which the checks walk.

-- name: balances
SELECT type, key, field, value, typeof(value) FROM balances ORDER BY type, key, field
-- name: resources
SELECT type, key, version, body, row_hash FROM resources ORDER BY type, key
-- name: writes
SELECT type, key, version, body, balances, deltas, row_hash FROM writes ORDER BY type, key, version
-- name: lookups
SELECT type, field, value, key FROM lookups ORDER BY type, field, value, key
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
SELECT seq, scope, pulled_by, reason, at, released_by, release_reason, released_at FROM pulls ORDER BY seq
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
