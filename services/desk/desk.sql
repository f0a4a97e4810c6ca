-- name: desk_scope
-- $1 post: what the rest of this transaction may see
SELECT set_config('zhitong.post', $1::text, true);

-- name: desk_login
-- $1 login. A row for each post that has not ended; one without a post when there is none.
SELECT s.staff, s.name, coalesce(s.password, ''), s.enabled, p.post, coalesce(p.role, ''), coalesce(p.unit, '')
FROM desk.staff s LEFT JOIN desk.post p ON p.staff = s.staff AND p.ended_at IS NULL
WHERE s.login = $1::text ORDER BY p.post;

-- name: desk_session_open
-- $1 digest in hex, $2 post, $3 seconds that it lasts at most. Sessions that ended are cleared away with it.
WITH swept AS (DELETE FROM desk.session WHERE expires_at < clock_timestamp())
INSERT INTO desk.session (digest, staff, post, expires_at)
SELECT decode($1::text, 'hex'), p.staff, p.post, clock_timestamp() + $3::bigint * interval '1 second'
FROM desk.post p WHERE p.post = $2::integer
RETURNING expires_at;

-- name: desk_session
-- $1 digest in hex, $2 seconds without a request after which it ends
WITH touched AS (
  UPDATE desk.session SET seen_at = clock_timestamp()
  WHERE digest = decode($1::text, 'hex') AND seen_at < clock_timestamp() - $2::bigint * interval '0.1 second'
    AND seen_at > clock_timestamp() - $2::bigint * interval '1 second')
SELECT s.staff, s.login, s.name, p.post, p.role, p.unit, p.privacy::text, n.expires_at
FROM desk.session n JOIN desk.staff s USING (staff) JOIN desk.post p ON p.post = n.post
WHERE n.digest = decode($1::text, 'hex') AND n.expires_at > clock_timestamp()
  AND n.seen_at > clock_timestamp() - $2::bigint * interval '1 second' AND s.enabled AND p.ended_at IS NULL;

-- name: desk_session_end
-- $1 digest in hex
DELETE FROM desk.session WHERE digest = decode($1::text, 'hex');

-- name: desk_live_sessions
-- $1 digests in hex, $2 as in desk_session: a row for each in their order, empty for those that have ended. Listening is no request,
-- it does not keep a session.
SELECT o.unit, o.privacy
FROM unnest($1::text[]) WITH ORDINALITY AS d (digest, nth) LEFT JOIN LATERAL (
  SELECT p.unit, p.privacy::text
  FROM desk.session n JOIN desk.staff s USING (staff) JOIN desk.post p ON p.post = n.post
  WHERE n.digest = decode(d.digest, 'hex') AND n.expires_at > clock_timestamp()
    AND n.seen_at > clock_timestamp() - $2::bigint * interval '1 second' AND s.enabled AND p.ended_at IS NULL) o ON true
ORDER BY d.nth;

-- name: desk_audit
-- $1 logins, $2 posts, $3 what, $4 cases (0: none), $5 outcomes
INSERT INTO desk.audit (login, post, what, case_id, outcome)
SELECT n.login, nullif(n.post, 0), n.what, nullif(n.case_id, 0), n.outcome
FROM unnest($1::text[], $2::integer[], $3::text[], $4::bigint[], $5::text[]) AS n (login, post, what, case_id, outcome);

-- name: desk_cases
-- $1 area, $2 open, $3 state, $4 channel, $5 item, $6 severity, $7 tier, $8 unit, $9 supervised, $10 overdue, $11 oldest and
-- $12 newest in unix ms, $13 newest case, $14 limit. A row with only the first two columns when nothing was found.
SELECT cardinality(l.places), l.examined_to, r.*
FROM desk.cases($1::text, $2::boolean, $3::text, $4::text, $5::text, $6::text, $7::smallint, $8::text, $9::boolean,
                CASE WHEN $10::boolean THEN mesh.now() END, to_timestamp($11::bigint / 1000.0), to_timestamp($12::bigint / 1000.0),
                $13::bigint, $14::integer) l
  LEFT JOIN LATERAL desk.rows(ARRAY(SELECT p.case_id FROM unnest(l.places) p)) r ON true;

-- name: desk_queue
-- $1 due after, in unix ms, $2 and with a greater number than this case, $3 limit
SELECT 0, NULL::timestamptz, r.*
FROM desk.rows(ARRAY(SELECT q.case_id FROM desk.queue(coalesce(to_timestamp($1::bigint / 1000.0), '-infinity'),
                                                      coalesce($2::bigint, 0), $3::integer) q)) r;

-- name: desk_case
-- $1 case
SELECT case_id, version, state, severity, tier, unit, support, channel, item, area, opened_at, due_at, supervised, opening, next_at,
       coalesce(parent, 0), policy, plan, kept, desk.merged(case_id)
FROM desk.case_seen WHERE shard = ($1::bigint & 127)::smallint AND case_id = $1::bigint;

-- name: desk_case_look
-- $1 case: whether it may be seen
SELECT channel, version FROM desk.case_seen WHERE shard = ($1::bigint & 127)::smallint AND case_id = $1::bigint;

-- name: desk_look
-- $1 case, $2 why: who reported it and what is merged into it. The look is written down by the same statement.
SELECT case_id, reporter, sealed, language, first_at, erase_at, erased_at FROM desk.look_at_reporters($1::bigint, $2::text);

-- name: desk_history
-- $1 case, $2 after this entry of the log, $3 limit
SELECT seq, body FROM desk.history($1::bigint, $2::bigint, $3::integer);

-- name: desk_council_add
-- $1 unit, $2 topic, $3 attendees, $4 resolution, $5 held, unix ms, $6 who, $7 key: the first of that key counts
WITH added AS (
  INSERT INTO desk.council (unit, topic, attendees, resolution, held_at, added_by, key)
  VALUES ($1::text, $2::text, $3::text, $4::text, to_timestamp($5::bigint / 1000.0), $6::text, $7::text)
  ON CONFLICT (added_by, key) DO NOTHING RETURNING council)
SELECT council, true FROM added
UNION ALL SELECT council, false FROM desk.council WHERE added_by = $6::text AND key = $7::text LIMIT 1;

-- name: desk_councils
-- $1 smaller than this number, $2 limit
SELECT council, unit, topic, attendees, resolution, held_at, added_by, '' FROM desk.council_seen
WHERE council < $1::bigint ORDER BY council DESC LIMIT $2::integer;

-- name: desk_council
-- $1 council
SELECT c.council, c.unit, c.topic, c.attendees, c.resolution, c.held_at, c.added_by,
       coalesce((SELECT string_agg(n.case_id::text, ' ' ORDER BY n.case_id) FROM desk.council_case n WHERE n.council = c.council), '')
FROM desk.council_seen c WHERE c.council = $1::bigint;

-- name: desk_council_case
-- $1 council, $2 case
INSERT INTO desk.council_case (council, case_id) VALUES ($1::bigint, $2::bigint) ON CONFLICT DO NOTHING;

-- name: desk_items
SELECT code AS item, name_en AS en, coalesce(name_zh, name_en) AS zh, parent, matter, severity, tier::text AS tier
FROM city.item ORDER BY position;

-- name: desk_channels
SELECT code AS channel, name_en AS en, coalesce(name_zh, name_en) AS zh, severity, privacy, enabled, callback
FROM city.channel ORDER BY position;

-- name: desk_units
-- Those below the post's unit, those that share its area, and those above: whom a case can be given to, passed up to, called from.
SELECT u.code AS unit, u.name_en AS en, coalesce(u.name_zh, u.name_en) AS zh, u.kind, u.tier::text AS tier, u.area, u.above
FROM desk.seen() s, city.unit u
WHERE EXISTS (SELECT FROM desk.area_within w WHERE w.area = u.area AND w.within = s.area OR w.area = s.area AND w.within = u.area)
ORDER BY u.position;

-- name: desk_reasons
SELECT move, code AS reason, name_en AS en, coalesce(name_zh, name_en) AS zh FROM city.reason ORDER BY move, position;

-- name: desk_templates
SELECT code AS template, (array_agg(name_en ORDER BY position))[1] AS en,
       (array_agg(coalesce(name_zh, name_en) ORDER BY position))[1] AS zh, string_agg(party, ' ' ORDER BY position) AS parties
FROM city.template GROUP BY code ORDER BY min(position);

-- name: desk_case_file
-- $1 case, $2 SHA-256
SELECT channel, type FROM desk.case_file
WHERE shard = ($1::bigint & 127)::smallint AND case_id = $1::bigint AND sha256 = decode($2::text, 'hex');

-- name: desk_publish_file
-- $1 case, $2 SHA-256, $3 who, $4 true or false
SELECT desk.publish_file($1::bigint, decode($2::text, 'hex'), $3::text, $4::boolean);

-- name: desk_block
-- $1 kind, $2 subject, $3 reason, $4 days
SELECT block, ends_at FROM desk.block_add($1::text, $2::text, $3::text, $4::integer);

-- name: desk_block_answer
-- $1 block, $2 what those who appealed read, $3 whether it is lifted
SELECT appeals FROM desk.block_answer($1::bigint, $2::text, $3::boolean);

-- name: desk_block_appeals
-- $1 most
SELECT appeal, block, kind, reason, ends_at, at, words FROM desk.block_appeals($1::integer);

-- name: desk_feed_add
-- $1 digest in hex, $2 post, $3 name, $4 how many a post may have. No row: it has them.
INSERT INTO desk.feed (digest, post, name)
SELECT decode($1::text, 'hex'), $2::integer, $3::text
WHERE (SELECT count(*) FROM desk.feed WHERE post = $2::integer) < $4::integer RETURNING feed, added_at;

-- name: desk_feeds
-- $1 post
SELECT feed, name, added_at FROM desk.feed WHERE post = $1::integer ORDER BY feed;

-- name: desk_feed_end
-- $1 feed, $2 post
DELETE FROM desk.feed WHERE feed = $1::bigint AND post = $2::integer RETURNING feed;

-- name: desk_feed_scope
-- $1 digest in hex of a feed's token: whose it is, and what the rest of this transaction may see
SELECT p.unit, p.privacy::text, u.name_en, coalesce(u.name_zh, u.name_en), set_config('zhitong.post', p.post::text, true)
FROM desk.feed f JOIN desk.post p USING (post) JOIN desk.staff s USING (staff) JOIN city.unit u ON u.code = p.unit
WHERE f.digest = decode($1::text, 'hex') AND s.enabled AND p.ended_at IS NULL;

-- name: desk_feed_entries
-- $1 how many are looked at
SELECT seq, body FROM desk.feed_entries($1::integer);

-- name: desk_feed_deadlines
-- $1 most: open cases of the post's unit, what is due next first
SELECT r.case_id, r.version, r.state, r.severity, r.due_at, r.opening, i.name_en, coalesce(i.name_zh, i.name_en), r.item
FROM desk.rows(ARRAY(SELECT q.case_id FROM desk.queue('-infinity', 0, $1::integer) q)) r LEFT JOIN city.item i ON i.code = r.item;

-- name: desk_notices
-- The endpoints of the login.
SELECT * FROM desk.notices();

-- name: desk_notice_set
-- $1 endpoint, $2 language, $3 events, $4 and $5 quiet hours, $6 digest, $7 how many an hour, $8 off; NULL: as it is, none: without
SELECT endpoint FROM desk.notice_set($1::text::bigint, $2, $3, $4, $5, $6, $7, $8);
