-- Back to how it was after the city was loaded; simulation.kept names the tables that held something then.
-- Only what holds something is emptied: truncating everything takes a hundred times as long.
CREATE SCHEMA IF NOT EXISTS simulation;
CREATE TABLE IF NOT EXISTS simulation.kept (name text PRIMARY KEY);

CREATE OR REPLACE FUNCTION simulation.tables() RETURNS SETOF oid STABLE LANGUAGE sql AS $$
  SELECT c.oid FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
  WHERE c.relkind = 'r' AND n.nspname IN ('mesh', 'intake', 'routing', 'escalation', 'notification', 'desk')
$$;

CREATE OR REPLACE FUNCTION simulation.reset() RETURNS void LANGUAGE plpgsql AS $$
DECLARE
  used text;
  service text;
BEGIN
  SELECT string_agg(t::regclass::text, ', ' ORDER BY t) INTO used FROM simulation.tables() t
  WHERE pg_relation_size(t) > 0 AND t::regclass::text NOT IN (SELECT name FROM simulation.kept);
  IF used IS NOT NULL THEN
    EXECUTE 'TRUNCATE ' || used || ' RESTART IDENTITY';
  END IF;
  ALTER SEQUENCE notification.stream_number RESTART;
  FOR service IN SELECT s.service FROM mesh.service s WHERE to_regclass(s.service || '.shard') IS NOT NULL ORDER BY 1 LOOP
    EXECUTE format('TRUNCATE %1$I.shard', service);
    EXECUTE format('INSERT INTO %1$I.shard (shard) SELECT generate_series(0, 127)', service);
  END LOOP;
  -- Whoever sends commands must be a member. The database would count very long to get to this number.
  INSERT INTO mesh.member (member, service, endpoint, curve_key) OVERRIDING SYSTEM VALUE
  VALUES (1000000, 'desk', '', 'staff' || lpad('1', 35, '0'));
END $$;

-- Who may connect: the keys of tests/simulation/bus.c.
INSERT INTO mesh.access (name, kind, curve_key, unit)
SELECT 'reporters', 'client', 'client' || lpad('1', 34, '0'), NULL
UNION ALL SELECT u, 'department', u || lpad('1', 40 - length(u), '0'), u
          FROM unnest('{town_hall,north_office,works,mill_office}'::text[]) u
ON CONFLICT DO NOTHING;

DO $$
BEGIN
  IF NOT EXISTS (SELECT FROM simulation.kept) THEN
    INSERT INTO simulation.kept SELECT t::regclass::text FROM simulation.tables() t WHERE pg_relation_size(t) > 0;
  END IF;
END $$;
