-- What an audit of deliveries reads.

-- name: receivers
SELECT name, spread_seq, wanted, wanted_seq, (SELECT coalesce(max(seq), 0) FROM events) FROM receivers ORDER BY name
-- name: without_delivery
SELECT e.id, e.type, e.subject FROM events e LEFT JOIN deliveries d ON d.receiver = ? AND d.event_seq = e.seq
WHERE d.event_seq IS NULL AND e.seq > ? AND e.seq <= ? ORDER BY e.seq
-- name: of_other_subjects
SELECT d.receiver, d.event_seq, e.subject FROM deliveries d JOIN events e ON e.seq = d.event_seq
WHERE e.subject <> d.subject ORDER BY d.receiver, d.event_seq
-- name: numbered
SELECT receiver, subject, subject_seq, event_seq FROM deliveries ORDER BY receiver, subject, event_seq
-- name: open
SELECT receiver, subject, event_seq, state, next_s FROM deliveries WHERE state IN ('pending', 'dead')
ORDER BY receiver, subject, event_seq
-- name: sent_without_attempt
SELECT receiver, event_seq FROM deliveries WHERE state = 'sent' AND (claims = 0 OR sent_s IS NULL)
ORDER BY receiver, event_seq
