-- What city_read asks: every table of the city as text, with the columns of its file (common/city_tables.def) in their
-- order, so that rows from the database pass the same checks and the same builder as rows from the folder. What the city
-- in memory does not keep (coordinates) is left empty.

-- name: city_read_lock
-- Waits out a load, so that all tables below are of one version; falls with the transaction.
SELECT pg_advisory_xact_lock_shared(hashtext('city'), 0)::text;

-- name: city_read_version
SELECT version, calendar_version FROM city.city;

-- name: city_read_city
SELECT pair.key, pair.value
FROM city.city,
     LATERAL (VALUES ('code', code), ('name_en', name_en), ('name_zh', name_zh), ('timezone', timezone),
                     ('attribution', attribution)) AS pair (key, value)
WHERE pair.value IS NOT NULL;

-- name: city_read_channels
SELECT code, name_en, name_zh, CASE WHEN enabled THEN 'yes' ELSE 'no' END, CASE WHEN auto_accept THEN 'yes' ELSE 'no' END,
       severity, privacy, duplicate_hours::text, CASE WHEN callback THEN 'yes' ELSE 'no' END,
       CASE WHEN proactive THEN 'yes' WHEN NOT proactive THEN 'no' END, keep_days::text
FROM city.channel ORDER BY position;

-- name: city_read_areas
SELECT code, name_en, name_zh, parent, tier::text, stat_code, code_year::text, lat::text, long::text, also
FROM city.area ORDER BY position;

-- name: city_read_units
SELECT code, name_en, name_zh, kind, tier::text, area, above, calendar, stream_days::text
FROM city.unit ORDER BY position;

-- name: city_read_items
SELECT code, name_en, name_zh, parent, matter, severity, tier::text, unit_kind, unit, limit_amount::text, limit_unit
FROM city.item ORDER BY position;

-- name: city_read_ladder
SELECT tier::text, severity, clock, limit_amount::text, limit_unit, grace_amount::text, grace_unit,
       CASE WHEN moves_up THEN 'yes' WHEN NOT moves_up THEN 'no' END
FROM city.ladder ORDER BY position;

-- name: city_read_calendar
SELECT to_char(date, 'YYYY-MM-DD'), kind, name, calendar
FROM city.calendar ORDER BY position;

-- name: city_read_hours
SELECT weekday::text, to_char(opens, 'HH24:MI'), CASE WHEN closes = '24:00' THEN '24:00' ELSE to_char(closes, 'HH24:MI') END,
       calendar, to_char(valid_from, 'YYYY-MM-DD'), to_char(valid_to, 'YYYY-MM-DD')
FROM city.hours ORDER BY position;

-- name: city_read_rules
SELECT key, value::text, unit
FROM city.rule ORDER BY position;

-- name: city_read_reasons
SELECT move, code, name_en, name_zh
FROM city.reason ORDER BY position;

-- name: city_read_templates
SELECT code, name_en, name_zh, party
FROM city.template ORDER BY position;

-- name: city_read_slots
SELECT code, title_en, title_zh
FROM city.slot ORDER BY position;

-- name: city_read_sources
SELECT code, channel, name_en, name_zh, adapter, item, area, datum, per_minute
FROM city.source ORDER BY position;

-- name: city_read_source_fields
SELECT source, field, at, needed, fallback, format
FROM city.source_field ORDER BY position;

-- name: city_read_source_values
SELECT source, field, theirs, ours
FROM city.source_value ORDER BY position;

-- name: city_read_questions
SELECT item, code, datatype, needed, text_en, text_zh, hint_en, hint_zh
FROM city.question ORDER BY position;

-- name: city_read_choices
SELECT item, question, code, name_en, name_zh
FROM city.choice ORDER BY position;

-- name: city_read_door
SELECT item, text_least, photo, place, happened_days, duplicate_metres, duplicate_hours, link_percent, suggest_percent
FROM city.door ORDER BY position;

-- name: city_read_warnings
SELECT item, severity, category, urgency, certainty, event_en, event_zh, instruction_en, instruction_zh, hours, metres
FROM city.warning ORDER BY position;

-- name: city_read_item_texts
SELECT item, language, description, keywords, filing, closing, basis, answer
FROM city.item_text ORDER BY position;

-- name: city_read_notices
SELECT event, audience, language, subject, text, sms FROM city.notice ORDER BY position;

-- name: city_read_fences
SELECT area, part, hole, ring
FROM city.fence ORDER BY position;

-- name: city_read_policies
-- $1 version of the city, $2 how many at most: the newest. With how many items each has.
SELECT p.version, p.valid_from, (SELECT count(*) FROM city.policy_item i WHERE i.version = p.version)
FROM (SELECT version, valid_from FROM city.policy WHERE version <= $1::bigint ORDER BY version DESC LIMIT $2::bigint) p
ORDER BY p.valid_from, p.version;

-- name: city_read_policy_ladder
-- $1 the oldest of them, $2 the newest. After the version the columns of ladder.csv.
SELECT version, tier::text, severity, clock, limit_amount::text, limit_unit, grace_amount::text, grace_unit,
       CASE WHEN moves_up THEN 'yes' WHEN NOT moves_up THEN 'no' END
FROM city.policy_ladder WHERE version BETWEEN $1::bigint AND $2::bigint;

-- name: city_read_policy_rules
-- The same for rules.csv.
SELECT version, key, value::text, unit
FROM city.policy_rule WHERE version BETWEEN $1::bigint AND $2::bigint;

-- name: city_read_policy_items
-- The same for what a case keeps of items.csv.
SELECT version, code, tier::text, limit_amount::text, limit_unit
FROM city.policy_item WHERE version BETWEEN $1::bigint AND $2::bigint;
