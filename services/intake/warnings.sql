-- name: warnings_give
-- Gives out the alerts that are due.
SELECT intake.warn();

-- name: warnings_read
-- $1 most
SELECT case_id, number, kind, sent_at, expires_at, severity, area, before, category, urgency, certainty, event_en, event_zh,
       instruction_en, instruction_zh, area_en, area_zh, metres, rings
FROM intake.warnings($1::integer);
