-- The mesh: which replica lives where, which shards it owns, who may connect, and what time it is.
-- One small schema that every service reads; all other tables belong to one service each.
CREATE SCHEMA mesh;

-- Every service has a role of its own; what all may do, they may as members of zhitong_service. Roles belong to the
-- whole server, so another database may have made them already.
DO $$
BEGIN
  IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'zhitong_service') THEN
    CREATE ROLE zhitong_service NOLOGIN;
  END IF;
END $$;
GRANT USAGE ON SCHEMA mesh TO zhitong_service;

CREATE TABLE mesh.member (
  member          integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  service         text NOT NULL,
  endpoint        text NOT NULL,             -- where the other services connect
  public_endpoint text NOT NULL DEFAULT '',  -- where clients or departments connect
  curve_key       text NOT NULL,             -- public CURVE key, Z85
  started_at      timestamptz NOT NULL DEFAULT now()
);
COMMENT ON TABLE mesh.member IS 'Live replicas. Each holds the advisory lock (mesh.lock_class(), member); who gets it from another one has found it dead.';

CREATE FUNCTION mesh.lock_class() RETURNS integer IMMUTABLE PARALLEL SAFE LANGUAGE sql AS 'SELECT 23124';

CREATE TABLE mesh.placement (
  service text NOT NULL,
  shard   smallint NOT NULL CHECK (shard BETWEEN 0 AND 127),
  member  integer NOT NULL,
  PRIMARY KEY (service, shard)
) WITH (fillfactor = 50);
COMMENT ON TABLE mesh.placement IS 'Where to ask for a shard: a hint. Whether a replica really owns it says the epoch in the service''s own shard table.';

CREATE TABLE mesh.access (
  name       text PRIMARY KEY,
  kind       text NOT NULL CHECK (kind IN ('department', 'client')),
  curve_key  text NOT NULL UNIQUE,           -- public CURVE key, Z85
  unit       text,                           -- a department: the one unit whose stream it may follow
  added_at   timestamptz NOT NULL DEFAULT now(),
  revoked_at timestamptz,
  CHECK ((kind = 'department') = (unit IS NOT NULL))
);

-- Time is PostgreSQL's. shown = shown_at + (real now - real_at) * speed; speed 3600 makes an hour pass in a second.
CREATE TABLE mesh.clock (
  only_one bool PRIMARY KEY DEFAULT true CHECK (only_one),
  real_at  timestamptz NOT NULL,
  shown_at timestamptz NOT NULL,
  speed    double precision NOT NULL CHECK (speed > 0 AND speed <= 1000000)
);

CREATE FUNCTION mesh.now() RETURNS timestamptz STABLE LANGUAGE sql AS $$
  SELECT coalesce((SELECT shown_at + (clock_timestamp() - real_at) * speed FROM mesh.clock), clock_timestamp())
$$;

-- Fails a batch whose shard rows were not all as expected: another replica owns one, or its cursor moved.
CREATE FUNCTION mesh.fence(got bigint, want bigint) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
  IF got <> want THEN
    RAISE EXCEPTION 'fenced: % of % shards are still ours', got, want USING ERRCODE = 'ZT001';
  END IF;
END $$;

-- Day partitions of a log: today and the days ahead exist; those older than keep_days are dropped whole.
-- Days are real days: they are about disk, not about driven time. SECURITY DEFINER: the services own no tables.
CREATE FUNCTION mesh.tend_log(schema_name text, log_name text, keep_days integer) RETURNS integer
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog AS $$
DECLARE
  day date;
  part record;
  changed integer := 0;
BEGIN
  IF schema_name NOT IN (SELECT DISTINCT service FROM mesh.service)
     OR log_name NOT IN ('log', 'stream_entry') OR keep_days < 1 THEN
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

CREATE TABLE mesh.service (
  service    text PRIMARY KEY,
  upstream_1 text,  -- the service whose log in_seq_1 counts
  upstream_2 text
);

-- What every service has: a role, a schema, its shards with fence, cursors and sequencer, and a place for parked entries.
CREATE FUNCTION mesh.make_service(name text, upstream_1 text DEFAULT NULL, upstream_2 text DEFAULT NULL)
RETURNS void LANGUAGE plpgsql AS $make$
DECLARE
  setting text;
BEGIN
  INSERT INTO mesh.service VALUES (name, upstream_1, upstream_2);
  EXECUTE format('CREATE SCHEMA %I', name);
  IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'zhitong_' || name) THEN
    EXECUTE format('CREATE ROLE %I LOGIN', 'zhitong_' || name);
  END IF;
  EXECUTE format('GRANT zhitong_service TO %I', 'zhitong_' || name);
  -- A service prepares its statements once, often while its tables are still empty, and every one of them reaches a few
  -- rows by key: plan them once, with the index, whatever the size. (A plan made on an empty table scanned it for ever.)
  FOREACH setting IN ARRAY ARRAY['plan_cache_mode = force_generic_plan', 'enable_seqscan = off', 'enable_hashjoin = off',
                                 'enable_mergejoin = off', 'jit = off'] LOOP
    EXECUTE format('ALTER ROLE %I IN DATABASE %I SET %s', 'zhitong_' || name, current_database(), setting);
  END LOOP;
  EXECUTE format('GRANT USAGE ON SCHEMA %I TO %I', name, 'zhitong_' || name);
  EXECUTE format('ALTER DEFAULT PRIVILEGES IN SCHEMA %I GRANT SELECT, INSERT, UPDATE, DELETE ON TABLES TO %I', name,
                 'zhitong_' || name);
  EXECUTE format($$
    CREATE TABLE %1$I.shard (
      shard    smallint PRIMARY KEY CHECK (shard BETWEEN 0 AND 127),
      owner    integer NOT NULL DEFAULT 0,  -- mesh.member; 0: nobody
      epoch    bigint NOT NULL DEFAULT 0,   -- grows with each change of owner: the fence
      in_seq_1 bigint NOT NULL DEFAULT 0,   -- last applied entry of upstream_1's log
      in_seq_2 bigint NOT NULL DEFAULT 0,
      out_seq  bigint NOT NULL DEFAULT 0    -- last entry of this service's own log
    ) WITH (fillfactor = 25)$$, name);
  EXECUTE format('INSERT INTO %I.shard (shard) SELECT generate_series(0, 127)', name);
  EXECUTE format($$
    CREATE TABLE %1$I.parked (
      shard     smallint NOT NULL,
      upstream  smallint NOT NULL,  -- 1 or 2, see mesh.service
      seq       bigint NOT NULL,
      case_id   bigint NOT NULL,
      type      smallint NOT NULL,
      field     text,
      reason    text,
      body      bytea NOT NULL,
      parked_at timestamptz NOT NULL DEFAULT clock_timestamp(),
      replay    boolean NOT NULL DEFAULT false,  -- the operator wants it tried again
      discarded_at timestamptz,                  -- the operator gave it up; kept for the audit
      PRIMARY KEY (shard, upstream, seq)
    )$$, name);
  EXECUTE format('CREATE INDEX parked_case ON %I.parked (case_id)', name);
END $make$;

-- A service's log: the message is the row. Appended in the transaction that makes the change; day is when the row was
-- written, for dropping whole partitions; rows of a day without a partition go to the default one and are not lost.
CREATE FUNCTION mesh.make_log(name text) RETURNS void LANGUAGE plpgsql AS $make$
BEGIN
  EXECUTE format($$
    CREATE TABLE %1$I.log (
      seq     bigint NOT NULL,
      case_id bigint NOT NULL,
      at      timestamptz NOT NULL,
      day     date NOT NULL DEFAULT current_date,
      shard   smallint NOT NULL,
      type    smallint NOT NULL,  -- number of the message in messages.def
      body    bytea NOT NULL,     -- the message as it goes over the wire
      PRIMARY KEY (shard, seq, day)
    ) PARTITION BY RANGE (day)$$, name);
  EXECUTE format('CREATE TABLE %1$I.log_default PARTITION OF %1$I.log DEFAULT', name);
  PERFORM mesh.tend_log(name, 'log', 36500);
END $make$;

GRANT SELECT ON ALL TABLES IN SCHEMA mesh TO zhitong_service;
GRANT INSERT, DELETE ON mesh.member TO zhitong_service;
GRANT INSERT, UPDATE ON mesh.placement TO zhitong_service;
REVOKE ALL ON FUNCTION mesh.make_service, mesh.make_log, mesh.tend_log FROM PUBLIC;
GRANT EXECUTE ON FUNCTION mesh.tend_log TO zhitong_service;
