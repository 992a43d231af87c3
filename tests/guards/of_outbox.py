"""What keeps deliveries apart and in order, and what keeps reports from outside in order (F06, F37-F41)."""

from tests.guards.removal import Guard

_SCHEMA = "tests/checkpoints/test_schema.py::"
_CONTRACT = "tests/checkpoints/test_contract_outbox.py::"
_SENDING = "tests/graph/test_delivering.py::"

GUARDS = (
    Guard(
        "receiver begins somewhere",
        "sql/0005_outbox.sql",
        " CHECK (since_seq >= 0)",
        "",
        (f"{_SCHEMA}test_a_row_that_cannot_be_is_refused[receivers-since_seq0]",),
        "deliveries_complete",
    ),
    Guard(
        "receiver looks ahead",
        "sql/0005_outbox.sql",
        "  stopped TEXT,\n  CHECK (spread_seq >= since_seq)\n",
        "  stopped TEXT\n",
        (f"{_SCHEMA}test_a_row_that_cannot_be_is_refused[receivers-since_seq1]",),
        "deliveries_complete",
    ),
    Guard(
        "states of a delivery",
        "sql/0005_outbox.sql",
        " CHECK (state IN ('pending', 'sent', 'dead', 'skipped'))",
        "",
        (f"{_SCHEMA}test_a_row_that_cannot_be_is_refused[deliveries-state-next_s]",),
        "delivered_in_order",
    ),
    Guard(
        "only what is pending has an hour",
        "sql/0005_outbox.sql",
        "  UNIQUE (receiver, subject, subject_seq),\n  CHECK (next_s IS NULL OR state = 'pending')\n",
        "  UNIQUE (receiver, subject, subject_seq)\n",
        (f"{_SCHEMA}test_a_row_that_cannot_be_is_refused[deliveries-state]",),
        "delivered_in_order",
    ),
    Guard(
        "one delivery of an event",
        "sql/0005_outbox.sql",
        "  PRIMARY KEY (receiver, event_seq),\n  UNIQUE (receiver, subject, subject_seq),\n"
        "  CHECK (next_s IS NULL OR state = 'pending')\n) STRICT, WITHOUT ROWID;",
        "  UNIQUE (receiver, subject, subject_seq),\n"
        "  CHECK (next_s IS NULL OR state = 'pending')\n) STRICT;",
        (f"{_SCHEMA}test_what_there_is_once_is_not_written_twice[deliveries-subject_seq]",),
        "deliveries_complete",
    ),
    Guard(
        "one number of a subject",
        "sql/0005_outbox.sql",
        "  UNIQUE (receiver, subject, subject_seq),\n",
        "",
        (f"{_SCHEMA}test_what_there_is_once_is_not_written_twice[deliveries-event_seq]",),
        "delivered_in_order",
    ),
    Guard(
        "met once",
        "sql/outbox.sql",
        "VALUES (?, ?, ?, 0) ON CONFLICT (name) DO NOTHING",
        "VALUES (?, ?, ?, 0) ON CONFLICT (name) DO UPDATE SET since_seq = 0",
        (
            f"{_CONTRACT}test_only_what_is_wanted_becomes_a_delivery_and_is_numbered_without_a_gap[sqlite-inline]",
        ),
        "deliveries_complete",
    ),
    Guard(
        "claimed for a while",
        "checkpoints.sql_outbox:SqlOutbox.claim",
        'self._do(self._sql["claim"], (until_s, receiver, taken.row.event_seq))',
        "pass",
        (f"{_CONTRACT}test_first_of_each_subject_is_due_and_the_next_when_it_is_sent[sqlite-inline]",),
        "delivered_in_order",
    ),
    Guard(
        "stopped receiver",
        "checkpoints.sql_outbox:SqlOutbox.claim",
        "if not self.is_due(receiver, now_s):",
        "if False:",
        (f"{_CONTRACT}test_stopped_receiver_is_sent_nothing_until_it_is_started[sqlite-inline]",),
        "delivered_in_order",
    ),
    Guard(
        "taken up by another since",
        "sql/outbox.sql",
        " AND claims = ? AND state = 'pending' AND next_s IS NOT NULL",
        " AND claims >= ? AND state = 'pending' AND next_s IS NOT NULL",
        (f"{_CONTRACT}test_who_was_overtaken_writes_nothing[sqlite-inline]",),
        "delivered_in_order",
    ),
    Guard(
        "the dead hold their subject",
        "sql/outbox.sql",
        "AND subject = ? AND state IN ('pending', 'dead') ORDER BY event_seq LIMIT 1",
        "AND subject = ? AND state = 'pending' ORDER BY event_seq LIMIT 1",
        (f"{_CONTRACT}test_dead_one_holds_its_subject_until_it_is_retried_or_skipped[sqlite-inline]",),
        "delivered_in_order",
    ),
    Guard(
        "asked for again from the first on",
        "checkpoints.sql_outbox:SqlOutbox._reopen",
        'self._do(self._sql["behind"], (receiver, subject, first))',
        "pass",
        (
            (
                f"{_CONTRACT}test_attempt_under_way_is_not_counted_when_an_earlier_one_is_asked_for_again"
                "[sqlite-inline]"
            ),
        ),
        "delivered_in_order",
    ),
    Guard(
        "receiver that is known",
        "graph.outbox:record_move",
        "if wanted.receiver is not None and wanted.receiver not in names:",
        "if False:",
        (f"{_SENDING}test_only_people_with_a_role_decide_and_names_are_known",),
        "unknown_receiver",
    ),
    Guard(
        "who may decide about deliveries",
        "graph.outbox:record_move",
        "roles = sorted(world.config.roles_of(person, tx.now))",
        'roles = sorted(world.config.roles_of(person, tx.now)) or ["guest"]',
        (f"{_SENDING}test_only_people_with_a_role_decide_and_names_are_known",),
        "not_authorised",
    ),
    Guard(
        "skipped for a reason",
        "graph.outbox:check_move",
        'if wanted.move == "skip" and not wanted.reason.strip():',
        "if False:",
        (f"{_SENDING}test_skipped_event_lets_its_aggregate_go_on",),
        "reason_missing",
    ),
    Guard(
        "last attempt",
        "protocol.delivery:judge",
        "if status in WRONG_REQUEST or attempt >= most:",
        "if status in WRONG_REQUEST:",
        (f"{_SENDING}test_skipped_event_lets_its_aggregate_go_on",),
        "deliveries_complete",
    ),
    Guard(
        "no news of itself",
        "graph.delivering:_Round._wants",
        "return wants(self.receiver.events, event_type) and not about_itself",
        "return wants(self.receiver.events, event_type)",
        (f"{_SENDING}test_news_of_what_a_receiver_does_not_get_is_not_sent_to_it",),
        "deliveries_complete",
    ),
    Guard(
        "answers are bounded",
        "graph.webhook:_answer",
        "if read > MOST_READ:",
        "if False:",
        (f"{_SENDING}test_endless_answer_is_left_at_its_bound",),
        "deliveries_complete",
    ),
    Guard(
        "attempts are bounded",
        "graph.webhook:Webhook.send",
        "async with asyncio.timeout(letter.timeout_s):",
        "async with asyncio.timeout(None):",
        (f"{_SENDING}test_answer_that_drips_is_left_when_its_time_is_over",),
        "deliveries_complete",
    ),
    Guard(
        "wait that was asked for is bounded",
        "protocol.delivery:wait_s",
        "min(asked_s or 0.0, MOST_WAIT_S)",
        "asked_s or 0.0",
        (f"{_SENDING}test_retry_after_is_obeyed_up_to_an_hour[said1-3600.0]",),
        "deliveries_complete",
    ),
)
