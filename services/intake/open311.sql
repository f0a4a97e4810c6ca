-- name: open311_list
-- $1 came or moved from and $2 until, unix ms; $3 items, separated by spaces; $4 open; $5 skip; $6 how many
SELECT case_id, received_at, moved_at, due_at, state, is_open, item, unit, body,
       (SELECT p.file FROM published p WHERE p.shard = (l.case_id & 127)::smallint AND p.case_id = l.case_id LIMIT 1)
FROM intake.open311_list(to_timestamp($1::bigint / 1000.0), to_timestamp($2::bigint / 1000.0), string_to_array($3::text, ' '),
                         $4::boolean, $5::integer, $6::integer) l;

-- name: open311_newest
-- What came in the last 90 days.
-- $1 items, separated by spaces; $2 open; $3 skip; $4 how many
SELECT case_id, received_at, moved_at, due_at, state, is_open, item, unit, body,
       (SELECT p.file FROM published p WHERE p.shard = (l.case_id & 127)::smallint AND p.case_id = l.case_id LIMIT 1)
FROM intake.open311_window(false, mesh.now() - interval '90 days', 'infinity', 'infinity', NULL, NULL, string_to_array($1::text, ' '),
                           $2::boolean, $3::integer, $4::integer) l;

-- name: open311_moved
-- $1 moved from and $2 until, unix ms; $3 came from and $4 until; $5 items, separated by spaces; $6 open; $7 skip; $8 how many
SELECT case_id, received_at, moved_at, due_at, state, is_open, item, unit, body,
       (SELECT p.file FROM published p WHERE p.shard = (l.case_id & 127)::smallint AND p.case_id = l.case_id LIMIT 1)
FROM intake.open311_window($3::bigint IS NULL, to_timestamp(coalesce($3::bigint, $1::bigint) / 1000.0),
                           coalesce(to_timestamp(CASE WHEN $3::bigint IS NULL THEN $2::bigint ELSE $4::bigint END / 1000.0), 'infinity'),
                           'infinity', to_timestamp($1::bigint / 1000.0), to_timestamp($2::bigint / 1000.0),
                           string_to_array($5::text, ' '), $6::boolean, $7::integer, $8::integer) l;

-- name: open311_cases
-- $1 cases, separated by spaces
SELECT case_id, received_at, moved_at, due_at, state, is_open, item, unit, body,
       (SELECT p.file FROM published p WHERE p.shard = (l.case_id & 127)::smallint AND p.case_id = l.case_id LIMIT 1)
FROM intake.open311_cases(string_to_array($1::text, ' ')::bigint[]) l;

-- name: open311_known
-- $1 case: a report that anybody may see, and it says so itself: routing may not have heard of it
SELECT case_id, body FROM intake.open311_cases(ARRAY[$1::bigint]);

-- name: open311_moves
-- $1 from and $2 until, unix ms; $3 how many, and one more when there are more
SELECT body FROM intake.open311_moves(to_timestamp($1::bigint / 1000.0), to_timestamp($2::bigint / 1000.0), $3::integer);

-- name: open311_update_find
-- $1 source, $2 number of the update
SELECT case_id FROM open311_update WHERE source = $1::text AND update_id = $2::text;

-- name: open311_update_add
-- $1 source, $2 number of the update, $3 case. No row when it was there before.
INSERT INTO open311_update (source, update_id, case_id) VALUES ($1::text, $2::text, $3::bigint)
ON CONFLICT DO NOTHING RETURNING case_id;

-- name: open311_items
-- What can be reported, with the group it belongs to and what is said of it.
SELECT i.code, i.name_en, coalesce(i.name_zh, ''), coalesce(p.name_en, ''), coalesce(p.name_zh, ''),
       coalesce(e.description, ''), coalesce(z.description, ''), coalesce(e.keywords, ''), coalesce(z.keywords, '')
FROM city.item i LEFT JOIN city.item p ON p.code = i.parent
  LEFT JOIN LATERAL (SELECT t.description, t.keywords FROM city.item_text t WHERE t.item = i.code AND t.language = 'en' LIMIT 1) e ON true
  LEFT JOIN LATERAL (SELECT t.description, t.keywords FROM city.item_text t WHERE t.item = i.code AND t.language = 'zh' LIMIT 1) z ON true
ORDER BY i.position;

-- name: open311_units
SELECT code, name_en, coalesce(name_zh, '') FROM city.unit ORDER BY position;

-- name: open311_questions
-- A row for each answer of a list; one without an answer for every other question.
SELECT q.item, q.code, q.datatype, q.needed, q.text_en, coalesce(q.text_zh, ''), coalesce(q.hint_en, ''), coalesce(q.hint_zh, ''),
       c.code, coalesce(c.name_en, ''), coalesce(c.name_zh, '')
FROM city.question q LEFT JOIN city.choice c ON c.item = q.item AND c.question = q.code
ORDER BY q.position, c.position;
