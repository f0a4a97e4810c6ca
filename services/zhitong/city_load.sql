-- What `zhitong city load` does, in one transaction: everything out, everything in, one version on. Arrays are the columns
-- of the file, as text; an empty field is NULL. A service that reads meanwhile waits for the lock (common/city.sql).

-- name: city_load_lock
SELECT pg_advisory_xact_lock(hashtext('city'), 0)::text;

-- name: city_load_clear_items
DELETE FROM city.item;

-- name: city_load_clear_units
DELETE FROM city.unit;

-- name: city_load_clear_areas
DELETE FROM city.area;

-- name: city_load_clear_channels
DELETE FROM city.channel;

-- name: city_load_clear_ladder
DELETE FROM city.ladder;

-- name: city_load_clear_calendar
DELETE FROM city.calendar;

-- name: city_load_clear_hours
DELETE FROM city.hours;

-- name: city_load_clear_rules
DELETE FROM city.rule;

-- name: city_load_clear_reasons
DELETE FROM city.reason;

-- name: city_load_clear_templates
DELETE FROM city.template;

-- name: city_load_clear_slots
DELETE FROM city.slot;

-- name: city_load_clear_sources
DELETE FROM city.source;

-- name: city_load_clear_source_fields
DELETE FROM city.source_field;

-- name: city_load_clear_source_values
DELETE FROM city.source_value;

-- name: city_load_clear_questions
DELETE FROM city.question;

-- name: city_load_clear_choices
DELETE FROM city.choice;

-- name: city_load_clear_door
DELETE FROM city.door;

-- name: city_load_clear_warnings
DELETE FROM city.warning;

-- name: city_load_clear_item_texts
DELETE FROM city.item_text;

-- name: city_load_clear_notices
DELETE FROM city.notice;

-- name: city_load_clear_fences
DELETE FROM city.fence;

-- name: city_load_channels
INSERT INTO city.channel (code, name_en, name_zh, enabled, auto_accept, severity, privacy, duplicate_hours, callback,
                          proactive, keep_days, position)
SELECT code, name_en, name_zh, enabled::boolean, auto_accept::boolean, severity, privacy, duplicate_hours::integer,
       callback::boolean, proactive::boolean, keep_days::integer, position
FROM unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::text[], $6::text[], $7::text[], $8::text[], $9::text[],
            $10::text[], $11::text[])
     WITH ORDINALITY AS n (code, name_en, name_zh, enabled, auto_accept, severity, privacy, duplicate_hours, callback,
                           proactive, keep_days, position);

-- name: city_load_areas
INSERT INTO city.area (code, name_en, name_zh, parent, tier, stat_code, code_year, lat, long, also, position)
SELECT code, name_en, name_zh, parent, tier::smallint, stat_code, code_year::integer, lat::double precision,
       long::double precision, also, position
FROM unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::text[], $6::text[], $7::text[], $8::text[], $9::text[],
            $10::text[])
     WITH ORDINALITY AS n (code, name_en, name_zh, parent, tier, stat_code, code_year, lat, long, also, position);

-- name: city_load_units
INSERT INTO city.unit (code, name_en, name_zh, kind, tier, area, above, calendar, stream_days, position)
SELECT code, name_en, name_zh, kind, tier::smallint, area, above, calendar, stream_days::integer, position
FROM unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::text[], $6::text[], $7::text[], $8::text[], $9::text[])
     WITH ORDINALITY AS n (code, name_en, name_zh, kind, tier, area, above, calendar, stream_days, position);

-- name: city_load_items
INSERT INTO city.item (code, name_en, name_zh, parent, matter, severity, tier, unit_kind, unit, limit_amount, limit_unit, position)
SELECT code, name_en, name_zh, parent, matter, severity, tier::smallint, unit_kind, unit, limit_amount::integer, limit_unit,
       position
FROM unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::text[], $6::text[], $7::text[], $8::text[], $9::text[],
            $10::text[], $11::text[])
     WITH ORDINALITY AS n (code, name_en, name_zh, parent, matter, severity, tier, unit_kind, unit, limit_amount, limit_unit,
                           position);

-- name: city_load_ladder
INSERT INTO city.ladder (tier, severity, clock, limit_amount, limit_unit, grace_amount, grace_unit, moves_up, position)
SELECT tier::smallint, severity, clock, limit_amount::integer, limit_unit, grace_amount::integer, grace_unit,
       moves_up::boolean, position
FROM unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::text[], $6::text[], $7::text[], $8::text[])
     WITH ORDINALITY AS n (tier, severity, clock, limit_amount, limit_unit, grace_amount, grace_unit, moves_up, position);

-- name: city_load_calendar
INSERT INTO city.calendar (date, kind, name, calendar, position)
SELECT date::date, kind, name, calendar, position
FROM unnest($1::text[], $2::text[], $3::text[], $4::text[]) WITH ORDINALITY AS n (date, kind, name, calendar, position);

-- name: city_load_hours
INSERT INTO city.hours (weekday, opens, closes, calendar, valid_from, valid_to, position)
SELECT weekday::smallint, opens::time, closes::time, calendar, valid_from::date, valid_to::date, position
FROM unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::text[], $6::text[])
     WITH ORDINALITY AS n (weekday, opens, closes, calendar, valid_from, valid_to, position);

-- name: city_load_rules
INSERT INTO city.rule (key, value, unit, position)
SELECT key, value::integer, unit, position
FROM unnest($1::text[], $2::text[], $3::text[]) WITH ORDINALITY AS n (key, value, unit, position);

-- name: city_load_reasons
INSERT INTO city.reason (move, code, name_en, name_zh, position)
SELECT move, code, name_en, name_zh, position
FROM unnest($1::text[], $2::text[], $3::text[], $4::text[]) WITH ORDINALITY AS n (move, code, name_en, name_zh, position);

-- name: city_load_templates
INSERT INTO city.template (code, name_en, name_zh, party, position)
SELECT code, name_en, name_zh, party, position
FROM unnest($1::text[], $2::text[], $3::text[], $4::text[]) WITH ORDINALITY AS n (code, name_en, name_zh, party, position);

-- name: city_load_slots
INSERT INTO city.slot (code, title_en, title_zh, position)
SELECT code, title_en, title_zh, position
FROM unnest($1::text[], $2::text[], $3::text[]) WITH ORDINALITY AS n (code, title_en, title_zh, position);

-- name: city_load_sources
INSERT INTO city.source (code, channel, name_en, name_zh, adapter, item, area, datum, per_minute, position)
SELECT code, channel, name_en, name_zh, adapter, item, area, datum, per_minute, position
FROM unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::text[], $6::text[], $7::text[], $8::text[], $9::text[])
     WITH ORDINALITY AS n (code, channel, name_en, name_zh, adapter, item, area, datum, per_minute, position);

-- name: city_load_source_fields
INSERT INTO city.source_field (source, field, at, needed, fallback, format, position)
SELECT source, field, at, needed, fallback, format, position
FROM unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::text[], $6::text[])
     WITH ORDINALITY AS n (source, field, at, needed, fallback, format, position);

-- name: city_load_source_values
INSERT INTO city.source_value (source, field, theirs, ours, position)
SELECT source, field, theirs, ours, position
FROM unnest($1::text[], $2::text[], $3::text[], $4::text[])
     WITH ORDINALITY AS n (source, field, theirs, ours, position);

-- name: city_load_questions
INSERT INTO city.question (item, code, datatype, needed, text_en, text_zh, hint_en, hint_zh, position)
SELECT item, code, datatype, needed, text_en, text_zh, hint_en, hint_zh, position
FROM unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::text[], $6::text[], $7::text[], $8::text[])
     WITH ORDINALITY AS n (item, code, datatype, needed, text_en, text_zh, hint_en, hint_zh, position);

-- name: city_load_choices
INSERT INTO city.choice (item, question, code, name_en, name_zh, position)
SELECT item, question, code, name_en, name_zh, position
FROM unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::text[])
     WITH ORDINALITY AS n (item, question, code, name_en, name_zh, position);

-- name: city_load_door
INSERT INTO city.door (item, text_least, photo, place, happened_days, duplicate_metres, duplicate_hours, link_percent, suggest_percent, position)
SELECT item, text_least, photo, place, happened_days, duplicate_metres, duplicate_hours, link_percent, suggest_percent, position
FROM unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::text[], $6::text[], $7::text[], $8::text[], $9::text[])
     WITH ORDINALITY AS n (item, text_least, photo, place, happened_days, duplicate_metres, duplicate_hours, link_percent, suggest_percent, position);

-- name: city_load_warnings
INSERT INTO city.warning (item, severity, category, urgency, certainty, event_en, event_zh, instruction_en, instruction_zh, hours, metres, position)
SELECT item, severity, category, urgency, certainty, event_en, event_zh, instruction_en, instruction_zh, hours, metres, position
FROM unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::text[], $6::text[], $7::text[],
            $8::text[], $9::text[], $10::text[], $11::text[])
     WITH ORDINALITY AS n (item, severity, category, urgency, certainty, event_en, event_zh, instruction_en, instruction_zh, hours, metres, position);

-- name: city_load_item_texts
INSERT INTO city.item_text (item, language, description, keywords, filing, closing, basis, answer, position)
SELECT item, language, description, keywords, filing, closing, basis, answer, position
FROM unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::text[], $6::text[], $7::text[], $8::text[])
     WITH ORDINALITY AS n (item, language, description, keywords, filing, closing, basis, answer, position);

-- name: city_load_notices
INSERT INTO city.notice (event, audience, language, subject, text, sms, position)
SELECT event, audience, language, subject, text, sms, position
FROM unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::text[], $6::text[])
     WITH ORDINALITY AS n (event, audience, language, subject, text, sms, position);

-- name: city_load_fences
INSERT INTO city.fence (area, part, hole, ring, position)
SELECT area, part, hole, ring, position
FROM unnest($1::text[], $2::text[], $3::text[], $4::text[])
     WITH ORDINALITY AS n (area, part, hole, ring, position);

-- name: city_load_version
-- $1 code, $2 name_en, $3 name_zh, $4 timezone, $5 attribution, $6 the version that this load was compared with, 0: none; $7 1: working
-- time changes. The version never goes back, whichever city comes. No row: somebody else has loaded meanwhile.
INSERT INTO city.city AS c (code, name_en, name_zh, timezone, attribution, version)
SELECT $1, $2, nullif($3, ''), $4, nullif($5, ''), 1
WHERE $6::bigint = coalesce((SELECT version FROM city.city), 0)
ON CONFLICT (one_row) DO UPDATE SET code = excluded.code, name_en = excluded.name_en, name_zh = excluded.name_zh,
    timezone = excluded.timezone, attribution = excluded.attribution, version = c.version + 1, loaded_at = clock_timestamp(),
    calendar_version = CASE WHEN $7::integer = 1 THEN c.version + 1 ELSE c.calendar_version END
RETURNING version;

-- name: city_load_policy
-- $1 from when on it holds, NULL: from the beginning. The policy has the number of the city's version that brings it.
INSERT INTO city.policy (version, valid_from) SELECT version, coalesce($1::timestamptz, 'epoch') FROM city.city;

-- name: city_load_policy_ladder
INSERT INTO city.policy_ladder (version, tier, severity, clock, limit_amount, limit_unit, grace_amount, grace_unit, moves_up)
SELECT c.version, l.tier, l.severity, l.clock, l.limit_amount, l.limit_unit, l.grace_amount, l.grace_unit, l.moves_up
FROM city.ladder l, city.city c;

-- name: city_load_policy_items
INSERT INTO city.policy_item (version, code, severity, tier, limit_amount, limit_unit)
SELECT c.version, i.code, i.severity, i.tier, i.limit_amount, i.limit_unit FROM city.item i, city.city c;

-- name: city_load_policy_rules
INSERT INTO city.policy_rule (version, key, value, unit)
SELECT c.version, r.key, r.value, r.unit FROM city.rule r, city.city c;

-- name: city_load_notify
-- Every service listens on mesh and reads the city again.
SELECT pg_notify('mesh', '')::text;

-- name: city_load_now
-- What time it is in the city, and from when on the newest policy holds; NULL when there is none.
SELECT mesh.now(), (SELECT valid_from FROM city.policy ORDER BY version DESC LIMIT 1);

-- name: city_versions
-- Every policy, the one that holds longest first. Time as the city has it.
SELECT p.version, p.valid_from, p.loaded_at, mesh.now(),
       (SELECT count(*) FROM city.policy_ladder l WHERE l.version = p.version),
       (SELECT count(*) FROM city.policy_item i WHERE i.version = p.version),
       (SELECT count(*) FROM city.policy_rule r WHERE r.version = p.version),
       (SELECT timezone FROM city.city), (SELECT name_en FROM city.city), (SELECT version FROM city.city)
FROM city.policy p ORDER BY p.valid_from, p.version;
