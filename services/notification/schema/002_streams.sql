-- Streams in which a body lies once. An entry stands with its body in the stream of the first unit that it concerns (stream_body);
-- all other streams hold references to it, those of one stream and one batch in one row (stream_run). What reads a stream reads it
-- through read_stream. See docs/decisions/0017-a-body-lies-once.md.

CREATE OR REPLACE FUNCTION mesh.tend_log(schema_name text, log_name text, keep_days integer) RETURNS integer
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog AS $$
DECLARE
  day date;
  part record;
  changed integer := 0;
BEGIN
  IF schema_name NOT IN (SELECT DISTINCT service FROM mesh.service)
     OR log_name NOT IN ('log', 'stream_body', 'stream_run', 'attempt') OR keep_days < 1 THEN
    RAISE EXCEPTION 'not a log: %.% kept % days', schema_name, log_name, keep_days;
  END IF;
  PERFORM pg_advisory_xact_lock(mesh.lock_class(), 0);
  FOR day IN SELECT current_date + n FROM generate_series(0, 2) n LOOP
    IF to_regclass(format('%I.%I', schema_name, log_name || to_char(day, '_YYYYMMDD'))) IS NULL THEN
      EXECUTE format('CREATE TABLE %I.%I PARTITION OF %I.%I FOR VALUES FROM (%L) TO (%L)', schema_name,
                     log_name || to_char(day, '_YYYYMMDD'), schema_name, log_name, day, day + 1);
      changed := changed + 1;
    END IF;
  END LOOP;
  FOR part IN
    SELECT c.relname FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid
    WHERE i.inhparent = to_regclass(format('%I.%I', schema_name, log_name))
      AND c.relname ~ '_[0-9]{8}$' AND right(c.relname, 8) < to_char(current_date - keep_days, 'YYYYMMDD')
  LOOP
    EXECUTE format('DROP TABLE %I.%I', schema_name, part.relname);
    changed := changed + 1;
  END LOOP;
  RETURN changed;
END $$;

-- ---- tables ----

ALTER TABLE notification.stream RENAME TO stream_before;
ALTER TABLE notification.stream_entry RENAME TO stream_entry_before;

CREATE SEQUENCE notification.stream_number AS integer;
CREATE TABLE notification.stream (
  number    integer NOT NULL DEFAULT nextval('notification.stream_number'), -- what refers to it: shorter than the unit's code
  head      bigint NOT NULL DEFAULT 0,
  at        timestamptz NOT NULL DEFAULT '-infinity', -- the latest instant of its entries, on the city's clock
  at_before timestamptz NOT NULL DEFAULT '-infinity', -- the same, before the last batch
  unit      text COLLATE "C" NOT NULL,                -- or @reporters
  CONSTRAINT stream_unit PRIMARY KEY (unit)
) WITH (fillfactor = 25);
CREATE UNIQUE INDEX stream_numbered ON notification.stream (number);

CREATE TABLE notification.stream_body (
  seq     bigint NOT NULL,
  case_id bigint NOT NULL,
  at      timestamptz NOT NULL,      -- of the entry; where one before it in the stream is later, that one's: it never goes back
  stream  integer NOT NULL,          -- stream.number
  day     date NOT NULL DEFAULT current_date,
  version integer NOT NULL,          -- of the case: with case and stream, what may be told only once
  type    smallint NOT NULL,
  body    bytea NOT NULL,
  PRIMARY KEY (stream, seq, day)
) PARTITION BY RANGE (day);
CREATE TABLE notification.stream_body_default PARTITION OF notification.stream_body DEFAULT;

-- One stream's entries of one batch from its first reference to its last one. Each element belongs to one seq: a reference to
-- the body of the same day in another stream, or NULL where the entry stands in stream_body itself.
CREATE TABLE notification.stream_run (
  last_seq   bigint NOT NULL,
  at         timestamptz NOT NULL,   -- the latest instant of the stream's entries up to last_seq
  stream     integer NOT NULL,
  day        date NOT NULL DEFAULT current_date,
  of_streams integer[] NOT NULL,
  of_seqs    bigint[] NOT NULL CHECK (cardinality(of_seqs) BETWEEN 1 AND 500), -- BATCH_INPUTS_MAX
  PRIMARY KEY (stream, last_seq, day)
) PARTITION BY RANGE (day);
CREATE TABLE notification.stream_run_default PARTITION OF notification.stream_run DEFAULT;

-- From where on a stream is served. What is before may still be kept, because other streams refer to it.
CREATE TABLE notification.stream_kept (
  unit  text COLLATE "C" PRIMARY KEY,
  first bigint NOT NULL,
  day   date NOT NULL  -- what is older is not served; first follows from it
);

-- How far each stream had got on a day, noted once an hour: it tells a reader in which days, and so in which partitions, a seq can lie.
CREATE TABLE notification.stream_day (
  stream integer NOT NULL,
  head   bigint NOT NULL,
  since  date NOT NULL,  -- what is up to head was appended on this day or before
  day    date NOT NULL,  -- what comes after it, on the day before this one at the earliest: that may have begun before midnight
  PRIMARY KEY (stream, head)
) WITH (fillfactor = 70);

-- Consumers of one department that share its stream.
CREATE TABLE notification.stream_group (
  unit       text COLLATE "C" NOT NULL,
  name       text COLLATE "C" NOT NULL,
  applied    bigint NOT NULL DEFAULT 0,  -- everything up to it is finished
  changed_at timestamptz NOT NULL DEFAULT clock_timestamp(),
  PRIMARY KEY (unit, name)
) WITH (fillfactor = 50);

-- What is there already: every entry has its body, and its day for an instant.
INSERT INTO notification.stream (head, unit, at) SELECT head, unit, now() FROM notification.stream_before ORDER BY unit;
DO $$
DECLARE
  part record;
BEGIN
  FOR part IN
    SELECT c.relname, to_date(right(c.relname, 8), 'YYYYMMDD') AS day FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid
    WHERE i.inhparent = 'notification.stream_entry_before'::regclass AND c.relname ~ '_[0-9]{8}$'
  LOOP
    EXECUTE format('CREATE TABLE notification.stream_body%s PARTITION OF notification.stream_body FOR VALUES FROM (%L) TO (%L)',
                   right(part.relname, 9), part.day, part.day + 1);
  END LOOP;
END $$;
INSERT INTO notification.stream_body (seq, case_id, at, stream, day, version, type, body)
SELECT e.seq, e.case_id, e.day, s.number, e.day, e.version, e.type, e.body
FROM notification.stream_entry_before e JOIN notification.stream s ON s.unit = e.unit;
DROP TABLE notification.stream_entry_before, notification.stream_before;
GRANT USAGE ON SEQUENCE notification.stream_number TO zhitong_notification;
SELECT mesh.tend_log('notification', 'stream_body', 36500), mesh.tend_log('notification', 'stream_run', 36500);

-- Every stream's entries, however they are kept: for the audit and for people. It is slow.
CREATE VIEW notification.stream_entry AS
SELECT s.unit, b.seq, b.day, b.case_id, b.version, b.type, b.body
FROM notification.stream_body b JOIN notification.stream s ON s.number = b.stream
UNION ALL
SELECT s.unit, r.seq, r.day, b.case_id, b.version, b.type, b.body
FROM (SELECT stream, day, last_seq - cardinality(of_seqs) + generate_subscripts(of_seqs, 1) AS seq,  -- no lateral join: it could only
             unnest(of_streams) AS of_stream, unnest(of_seqs) AS of_seq                             -- be a loop, with a scan in it
      FROM notification.stream_run) r
  JOIN notification.stream s ON s.number = r.stream
  LEFT JOIN notification.stream_body b ON b.stream = r.of_stream AND b.seq = r.of_seq AND b.day = r.day
WHERE r.of_seq IS NOT NULL;

-- ---- reading ----

-- The first seq that is served.
CREATE FUNCTION notification.stream_first(of_unit text) RETURNS bigint STABLE LANGUAGE sql AS $$
  SELECT coalesce((SELECT k.first FROM notification.stream_kept k WHERE k.unit = of_unit), 1)
$$;

-- The first and the last day on which a seq can have been appended.
CREATE FUNCTION notification.day_from(asked integer, of_seq bigint) RETURNS date STABLE LANGUAGE plpgsql AS $$
BEGIN
  RETURN coalesce((SELECT d.day - 1 FROM notification.stream_day d WHERE d.stream = asked AND d.head < of_seq
                   ORDER BY d.head DESC LIMIT 1), '-infinity');
END $$;
CREATE FUNCTION notification.day_to(asked integer, of_seq bigint) RETURNS date STABLE LANGUAGE plpgsql AS $$
BEGIN
  RETURN coalesce((SELECT d.since FROM notification.stream_day d WHERE d.stream = asked AND d.head >= of_seq
                   ORDER BY d.head LIMIT 1), 'infinity');
END $$;

-- The days are looked for first, so that each statement reaches few partitions, chosen before it starts. Parallel workers, which the
-- planner wants for hundreds of partitions, take longer to start than all the rest.
CREATE FUNCTION notification.stream_parts(of_unit text, from_seq bigint, most integer)
RETURNS TABLE (seq bigint, body bytea) STABLE LANGUAGE plpgsql ROWS 2000
SET max_parallel_workers_per_gather = 0 SET enable_memoize = off AS $$
DECLARE
  asked integer;
  first bigint := greatest(from_seq, notification.stream_first(of_unit));
  past bigint := first + most;
  from_day date;
  to_day date;
  of_day date;
BEGIN
  SELECT s.number, least(past, s.head + 1) INTO asked, past FROM notification.stream s WHERE s.unit = of_unit;
  IF asked IS NULL OR first >= past THEN
    RETURN;
  END IF;
  from_day := notification.day_from(asked, first);
  to_day := notification.day_to(asked, past - 1);
  RETURN QUERY
    SELECT b.seq, b.body FROM notification.stream_body b
    WHERE b.stream = asked AND b.seq >= first AND b.seq < past AND b.day BETWEEN from_day AND to_day;
  FOR of_day IN
    SELECT DISTINCT r.day FROM notification.stream_run r
    WHERE r.stream = asked AND r.last_seq >= first AND r.last_seq < past + 500 AND r.day BETWEEN from_day AND to_day
  LOOP
    RETURN QUERY
      SELECT n.seq, b.body
      FROM (SELECT r.last_seq - cardinality(r.of_seqs) + u.nth AS seq, u.of_stream, u.of_seq
            FROM notification.stream_run r CROSS JOIN unnest(r.of_streams, r.of_seqs) WITH ORDINALITY AS u (of_stream, of_seq, nth)
            WHERE r.day = of_day AND r.stream = asked AND r.last_seq >= first AND r.last_seq < past + 500) n
        JOIN notification.stream_body b ON b.day = of_day AND b.stream = n.of_stream AND b.seq = n.of_seq
      WHERE n.seq >= first AND n.seq < past;
  END LOOP;
END $$;

-- Reading a stream, in one place for followers and for deliveries: at most `most` entries from from_seq on, in order; where
-- that is before stream_first, from there on.
CREATE FUNCTION notification.read_stream(of_unit text, from_seq bigint, most integer)
RETURNS TABLE (seq bigint, body bytea) STABLE LANGUAGE sql AS $$
  SELECT p.seq, p.body FROM notification.stream_parts(of_unit, from_seq, most) p ORDER BY p.seq
$$;

-- Seq of the first entry of this instant or later, from stream_first on; head + 1 when there is none. Instants never go back along
-- stream_body nor along stream_run, so each is halved until one place is left.
CREATE FUNCTION notification.stream_at(of_unit text, instant timestamptz) RETURNS bigint STABLE LANGUAGE plpgsql
SET max_parallel_workers_per_gather = 0 AS $$
DECLARE
  asked integer;
  start bigint := notification.stream_first(of_unit);
  low bigint;
  high bigint;
  middle bigint;
  found record;
  answer bigint;
BEGIN
  SELECT s.number, s.head + 1 INTO asked, answer FROM notification.stream s WHERE s.unit = of_unit;
  IF asked IS NULL THEN
    RETURN 1;
  END IF;
  low := start;
  high := answer;
  WHILE low < high LOOP
    middle := (low + high) / 2;
    SELECT b.seq, b.at INTO found FROM notification.stream_body b
    WHERE b.stream = asked AND b.seq >= middle AND b.seq < high
      AND b.day BETWEEN notification.day_from(asked, middle) AND notification.day_to(asked, high - 1) ORDER BY b.seq LIMIT 1;
    IF found.seq IS NULL THEN
      high := middle;
    ELSIF found.at >= instant THEN
      answer := found.seq;
      high := middle;
    ELSE
      low := found.seq + 1;
    END IF;
  END LOOP;
  low := start;
  high := answer + 500;
  WHILE low < high LOOP
    middle := (low + high) / 2;
    SELECT r.last_seq, r.at, r.day INTO found FROM notification.stream_run r
    WHERE r.stream = asked AND r.last_seq >= middle AND r.last_seq < high
      AND r.day BETWEEN notification.day_from(asked, middle) AND notification.day_to(asked, high - 1) ORDER BY r.last_seq LIMIT 1;
    IF found.last_seq IS NULL OR found.at >= instant THEN
      high := middle;
    ELSE
      low := found.last_seq + 1;
    END IF;
  END LOOP;
  -- The first run from `low` on is the first one that can hold it.
  SELECT r.last_seq, r.day, r.of_streams, r.of_seqs INTO found FROM notification.stream_run r
  WHERE r.stream = asked AND r.last_seq >= low AND r.day BETWEEN notification.day_from(asked, low) AND notification.day_to(asked, low)
  ORDER BY r.last_seq LIMIT 1;
  RETURN least(answer, (
    SELECT n.seq
    FROM (SELECT found.last_seq - cardinality(found.of_seqs) + u.nth AS seq, u.of_stream, u.of_seq
          FROM unnest(found.of_streams, found.of_seqs) WITH ORDINALITY AS u (of_stream, of_seq, nth)) n
      JOIN notification.stream_body b ON b.day = found.day AND b.stream = n.of_stream AND b.seq = n.of_seq
    WHERE b.at >= instant AND n.seq >= start ORDER BY n.seq LIMIT 1));
END $$;

-- Day partitions; and from where on each stream is served: what is older than its unit's stream_days is not, nor what is dropped.
CREATE FUNCTION notification.tend(keep_days integer) RETURNS integer LANGUAGE plpgsql AS $$
BEGIN
  PERFORM pg_advisory_xact_lock(mesh.lock_class(), 0);
  INSERT INTO notification.stream_day AS d (stream, head, since, day)
  SELECT s.number, s.head, clock_timestamp()::date, clock_timestamp()::date FROM notification.stream s
  ON CONFLICT (stream, head) DO UPDATE SET day = excluded.day WHERE d.day < excluded.day;
  DELETE FROM notification.stream_day d WHERE d.day < current_date - keep_days - 1;
  INSERT INTO notification.stream_kept AS k (unit, first, day)
  SELECT s.unit, greatest(coalesce(b.seq, 0), coalesce(r.seq, 0), coalesce(s.first, 1) - 1) + 1, s.since
  FROM (SELECT s.unit, s.number, k.first, k.day, current_date - least(keep_days, u.stream_days) AS since
        FROM notification.stream s LEFT JOIN notification.stream_kept k ON k.unit = s.unit LEFT JOIN city.unit u ON u.code = s.unit) s
    CROSS JOIN LATERAL (SELECT max(b.seq) AS seq FROM notification.stream_body b WHERE b.stream = s.number AND b.day < s.since) b
    CROSS JOIN LATERAL (SELECT max(r.last_seq) AS seq FROM notification.stream_run r WHERE r.stream = s.number AND r.day < s.since) r
  WHERE s.day IS NULL OR s.day < s.since
  ON CONFLICT (unit) DO UPDATE SET first = excluded.first, day = excluded.day;
  DELETE FROM notification.stream_group WHERE changed_at < now() - make_interval(days => keep_days);
  RETURN mesh.tend_log('notification', 'stream_body', keep_days) + mesh.tend_log('notification', 'stream_run', keep_days);
END $$;
