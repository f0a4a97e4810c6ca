-- name: sender_case
-- $1 digest of a report, in hexadecimal
SELECT case_id FROM intake.report WHERE digest = $1::text::uuid;
