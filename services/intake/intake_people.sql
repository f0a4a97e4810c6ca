-- name: intake_reporters
-- $1 blind indexes. Their rows are held to the end of the batch, in one order for all.
SELECT person, reporter FROM reporter WHERE person = ANY($1::uuid[]) ORDER BY person FOR UPDATE;

-- name: intake_add_reporters
-- $1 numbers, $2 to $5 blind indexes of all, phone, email, account (zero: none), $6 keys, $7 sealed, $8 languages, $9 channels,
-- $10 when their period ends, $11 now. Another lane may have been first with the same person: 23505, and the batch loads again.
INSERT INTO reporter (reporter, person, phone, email, account, key, sealed, language, channel, erase_at, first_at, last_at)
SELECT n.reporter, n.person, nullif(n.phone, z.none), nullif(n.email, z.none), nullif(n.account, z.none), n.key, n.sealed,
       n.language, n.channel, n.erase_at, $11::timestamptz, $11::timestamptz
FROM (SELECT '00000000-0000-0000-0000-000000000000'::uuid AS none) z,
     unnest($1::bigint[], $2::uuid[], $3::uuid[], $4::uuid[], $5::uuid[], $6::bigint[], $7::bytea[], $8::text[], $9::text[],
            $10::timestamptz[]) AS n (reporter, person, phone, email, account, key, sealed, language, channel, erase_at);

-- name: intake_touch_reporters
-- $1 numbers, $2 when their period ends, $3 now
UPDATE reporter r SET last_at = greatest(r.last_at, $3::timestamptz), erase_at = greatest(r.erase_at, n.erase_at)
FROM unnest($1::bigint[], $2::timestamptz[]) AS n (reporter, erase_at) WHERE r.reporter = n.reporter;

-- name: intake_erase
-- $1 most rows
SELECT intake.erase_due($1::integer);

-- name: intake_receipt_report
-- $1 case: the report as it came, and whether something is kept of who sent it
SELECT r.body, p.reporter IS NOT NULL AND p.erased_at IS NULL, p.erase_at, p.erased_at
FROM report r LEFT JOIN reporter p ON p.reporter = r.reporter
WHERE r.shard = ($1::bigint & 127)::smallint AND r.case_id = $1::bigint;

-- name: intake_receipt_cases
-- $1 case
SELECT * FROM intake.receipt_cases($1::bigint);

-- name: intake_receipt_history
-- $1 case, $2 most entries
SELECT body FROM intake.receipt_history($1::bigint, $2::integer);

-- name: intake_receipt_look
-- $1 case
SELECT * FROM intake.receipt_look($1::bigint);

-- name: intake_receipt_forget
-- $1 case
SELECT intake.forget($1::bigint);

-- ---- the link that ends messages -----------------------------------------------------------------------------------------------

-- name: intake_unsubscribe_look
-- $1 token → in which language, and whether it is ended; no row: nobody's
SELECT language, ended FROM notification.unsubscribe_look($1);

-- name: intake_unsubscribe
-- $1 token
SELECT language, ended FROM notification.unsubscribe($1);

-- name: intake_reporter_ended
-- $1 case
SELECT language, ended FROM notification.reporter_ended_look($1::text::bigint);

-- name: intake_end_reporter
-- $1 case, $2 all reports of its reporter
SELECT language, ended FROM notification.end_reporter($1::text::bigint, $2::text::boolean);
