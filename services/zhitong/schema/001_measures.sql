-- What is measured (DOMAIN.md section 8) comes from routing's log alone. Here stand the facts of each case as far as its log has
-- been folded, so that a report folds only what is new. All of it can be thrown away: it is folded again from the log, as far back as
-- that is kept.
CREATE SCHEMA measures;

CREATE TABLE measures.cursor (
  shard  smallint PRIMARY KEY CHECK (shard BETWEEN 0 AND 127),
  format smallint NOT NULL DEFAULT 0,  -- FACTS_FORMAT of common/facts_bytes.h; another one: folded anew
  seq    bigint NOT NULL DEFAULT 0     -- last entry of routing's log that has been folded
);
INSERT INTO measures.cursor (shard) SELECT generate_series(0, 127);

CREATE TABLE measures.case_facts (
  case_id   bigint NOT NULL,
  opened_at timestamptz NOT NULL,
  closed_at timestamptz,
  shard     smallint NOT NULL,
  facts     bytea NOT NULL,  -- common/facts_bytes.h
  PRIMARY KEY (shard, case_id)
) WITH (fillfactor = 80);
CREATE INDEX case_facts_opened ON measures.case_facts (shard, opened_at);
CREATE INDEX case_facts_closed ON measures.case_facts (shard, closed_at);

-- All that is read of the other schemas.
CREATE VIEW measures.entry AS SELECT shard, seq, case_id, type, body FROM routing.log;
CREATE VIEW measures.head AS SELECT shard, out_seq AS seq FROM routing.shard;
CREATE VIEW measures.kept AS
  SELECT s.shard, first.seq, first.at
  FROM routing.shard s, LATERAL (SELECT l.seq, l.at FROM routing.log l WHERE l.shard = s.shard ORDER BY l.seq LIMIT 1) first;

-- Whoever reports, may: the desk, where there is one.
DO $$
BEGIN
  IF EXISTS (SELECT FROM pg_roles WHERE rolname = 'zhitong_desk') THEN
    GRANT USAGE ON SCHEMA measures TO zhitong_desk;
    GRANT SELECT ON ALL TABLES IN SCHEMA measures TO zhitong_desk;
    GRANT UPDATE ON measures.cursor TO zhitong_desk;
    GRANT INSERT, UPDATE, DELETE ON measures.case_facts TO zhitong_desk;
  END IF;
END $$;
