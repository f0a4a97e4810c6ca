-- Endpoints: who is told besides the followers. The couriers hear of every change of `changed`.

-- name: endpoint_add
-- $1 name, $2 unit, $3 carrier, $4 sealed, $5 shown, $6 key, $7 filter, $8 language, $9 announce, $10 allow private,
-- $11 from: begin, end or the last seq that it shall not get, $12 on: as in endpoint_people
INSERT INTO endpoint (name, unit, carrier, sealed, shown, key, filter, language, announce, allow_private, from_seq, cursor,
                      events, quiet_from, quiet_to, digest_at, per_hour, login)
SELECT $1::text, $2::text, $3::text, $4::bytea, $5::text, $6::bigint, coalesce($7::text, ''), coalesce($8::text, ''), $9::text,
       $10::text = 'yes', f.seq, f.seq, coalesce($12::text, ''), nullif($13::text, 'none')::time, nullif($14::text, 'none')::time,
       nullif($15::text, 'none')::time, nullif($16::text, 'none')::integer, nullif($17::text, 'none')
FROM (SELECT CASE $11::text WHEN 'begin' THEN 0 WHEN 'end' THEN coalesce((SELECT head FROM stream WHERE unit = $2::text), 0)
             ELSE $11::text::bigint END AS seq) f
RETURNING endpoint, from_seq;

-- name: endpoint_unit
-- $1 unit
SELECT 1 FROM city.unit WHERE code = $1::text UNION ALL SELECT 1 WHERE $1::text = '@reporters';

-- name: endpoint_list
SELECT e.name, e.unit, e.carrier, e.shown,
       CASE WHEN e.disabled_at IS NOT NULL THEN 'disabled' WHEN e.failures > 0 THEN 'failing' WHEN e.succeeded_at IS NULL THEN 'new'
            ELSE 'good' END,
       coalesce(entries_between(s.unit, e.cursor, s.head), 0),
       (SELECT count(*) FROM delivery d WHERE d.endpoint = e.endpoint AND d.state <> 'dead'),
       (SELECT count(*) FROM delivery d WHERE d.endpoint = e.endpoint AND d.state = 'dead')
FROM endpoint e LEFT JOIN stream s USING (unit) ORDER BY e.name;

-- name: endpoint_show
-- $1 name
SELECT e.name, e.unit, e.carrier, e.shown, e.filter, e.language, coalesce(e.announce, ''), e.allow_private, e.added_at,
       e.from_seq, e.cursor, coalesce(s.head, 0), e.failures, e.succeeded_at, e.disabled_at, coalesce(e.disabled_why, ''),
       (SELECT count(*) FROM delivery d WHERE d.endpoint = e.endpoint AND d.state <> 'dead'),
       (SELECT count(*) FROM delivery d WHERE d.endpoint = e.endpoint AND d.state = 'dead'), e.sealed, e.endpoint
FROM endpoint e LEFT JOIN stream s USING (unit) WHERE e.name = $1::text;

-- name: endpoint_seal
-- $1 name, $2 sealed, $3 key, $4 what was sealed before
UPDATE endpoint SET sealed = $2::bytea, key = $3::bigint, changed = changed + 1
WHERE name = $1::text AND sealed = $4::bytea RETURNING name;

-- name: endpoint_enable
-- $1 name. What failed before is forgotten: it gets its first attempts at once.
UPDATE endpoint SET disabled_at = NULL, disabled_why = NULL, failures = 0, changed = changed + 1
WHERE name = $1::text RETURNING name;

-- name: endpoint_disable
-- $1 name
UPDATE endpoint SET disabled_at = clock_timestamp(), disabled_why = 'by an operator', changed = changed + 1
WHERE name = $1::text AND disabled_at IS NULL RETURNING name;

-- name: endpoint_remove
-- $1 name. Its attempts stay until their days are dropped. That of those who reported is part of every city: it can only be disabled.
DELETE FROM endpoint WHERE name = $1::text AND unit NOT LIKE '@%' RETURNING name;

-- name: endpoint_test
-- $1 name → the announcement, which the courier that serves it brings at once
WITH told AS (
  INSERT INTO announcement (kind, about, unit, why)
  SELECT 'test', name, unit, 'a test delivery, asked for by an operator' FROM endpoint
  WHERE name = $1::text AND unit NOT LIKE '@%' -- those who reported have no address before there is an entry
  RETURNING announcement, about),
sent AS (
  INSERT INTO delivery (endpoint, seq, case_id, state, next_at)
  SELECT e.endpoint, -t.announcement, 0, 'retry', clock_timestamp() FROM told t JOIN endpoint e ON e.name = t.about)
UPDATE endpoint e SET changed = changed + 1 FROM told t WHERE e.name = t.about RETURNING e.endpoint, t.announcement;

-- name: endpoint_tested
-- $1 endpoint, $2 announcement
SELECT status, outcome, answer, took_ms, told FROM attempt WHERE endpoint = $1::text::bigint AND seq = -$2::text::bigint
ORDER BY at DESC LIMIT 1;

-- name: endpoint_test_end
-- $1 endpoint, $2 announcement: nobody brought it
DELETE FROM delivery WHERE endpoint = $1::text::bigint AND seq = -$2::text::bigint;

-- name: endpoint_people
-- $1 name, $2 language, $3 events, $4 and $5 quiet hours, $6 digest, $7 how many an hour, $8 login; NULL: as it is, none: without
UPDATE endpoint e SET language = coalesce($2::text, e.language), events = coalesce($3::text, e.events),
  quiet_from = CASE WHEN $4::text IS NULL THEN e.quiet_from ELSE nullif($4::text, 'none')::time END,
  quiet_to = CASE WHEN $5::text IS NULL THEN e.quiet_to ELSE nullif($5::text, 'none')::time END,
  digest_at = CASE WHEN $6::text IS NULL THEN e.digest_at ELSE nullif($6::text, 'none')::time END,
  per_hour = CASE WHEN $7::text IS NULL THEN e.per_hour ELSE nullif($7::text, 'none')::integer END,
  login = CASE WHEN $8::text IS NULL THEN e.login ELSE nullif($8::text, 'none') END,
  wished_from = coalesce((SELECT s.head FROM stream s WHERE s.unit = e.unit), 0), changed = e.changed + 1
WHERE e.name = $1::text RETURNING e.name;

-- name: endpoint_wishes
-- $1 name → what people want of it, in words
SELECT coalesce(nullif(events, ''), 'all'), coalesce(to_char(quiet_from, 'HH24:MI') || '-' || to_char(quiet_to, 'HH24:MI'), 'none'),
       coalesce(to_char(digest_at, 'HH24:MI'), 'none'), coalesce(per_hour::text, 'none'), coalesce(login, '')
FROM endpoint WHERE name = $1::text;
