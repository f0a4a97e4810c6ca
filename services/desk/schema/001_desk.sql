-- Desk: the staff, what they may see, and what they did. It owns no case: it reads cases through the views and functions below
-- and nothing else, and each of them shows only what the post that is named by the setting zhitong.post may see. The setting
-- is set in the transaction that reads; a query that forgets it sees nothing.
SELECT mesh.make_service('desk');
-- What desk may write is granted table by table.
ALTER DEFAULT PRIVILEGES IN SCHEMA desk REVOKE INSERT, UPDATE, DELETE ON TABLES FROM zhitong_desk;

CREATE TABLE desk.staff (
  staff         integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  login         text NOT NULL UNIQUE CHECK (login <> '' AND octet_length(login) <= 64),
  name          text NOT NULL,
  password      text,  -- argon2id as libsodium writes it; NULL: none is set, nobody gets in with one
  issuer        text,  -- OpenID Connect: who vouches for this person,
  subject       text,  -- and under which name; see docs/decisions/0011-what-the-staff-see.md
  enabled       boolean NOT NULL DEFAULT true,
  added_at      timestamptz NOT NULL DEFAULT clock_timestamp(),
  UNIQUE (issuer, subject),
  CHECK ((issuer IS NULL) = (subject IS NULL))
);

CREATE TABLE desk.post (  -- what somebody is employed as
  post     integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  staff    integer NOT NULL REFERENCES desk.staff,
  role     text NOT NULL,    -- of case_life.def
  unit     text NOT NULL,    -- code; units come and go with the city's folder
  privacy  text[] NOT NULL CHECK (privacy <@ ARRAY['public', 'internal', 'restricted'] AND privacy <> '{}'),
  added_at timestamptz NOT NULL DEFAULT clock_timestamp(),
  ended_at timestamptz,
  UNIQUE (staff, role, unit)
);

CREATE TABLE desk.session (  -- times are real ones: they are about people, not about driven time
  digest     bytea PRIMARY KEY,  -- SHA-256 of the token, which nobody keeps
  staff      integer NOT NULL REFERENCES desk.staff,
  post       integer NOT NULL REFERENCES desk.post,
  opened_at  timestamptz NOT NULL DEFAULT clock_timestamp(),
  seen_at    timestamptz NOT NULL DEFAULT clock_timestamp(),
  expires_at timestamptz NOT NULL
);
CREATE INDEX session_expires ON desk.session (expires_at);
GRANT INSERT, UPDATE, DELETE ON desk.session TO zhitong_desk;

CREATE TABLE desk.audit (  -- who did what, and who looked at what is restricted
  entry   bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  at      timestamptz NOT NULL DEFAULT clock_timestamp(),
  login   text NOT NULL,
  post    integer,
  what    text NOT NULL,  -- a move, or look, login, logout, council …
  case_id bigint,
  outcome text NOT NULL   -- done 7: moved to version 7 · refused FIELD · busy · unknown · shown
);
CREATE INDEX audit_case ON desk.audit (case_id, entry) WHERE case_id IS NOT NULL;
GRANT INSERT ON desk.audit TO zhitong_desk;

CREATE TABLE desk.council (  -- a council meeting: 民需我解议事会, 小板凳议事会
  council    bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  unit       text NOT NULL,
  topic      text NOT NULL,
  attendees  text NOT NULL,
  resolution text NOT NULL,
  held_at    timestamptz NOT NULL,
  added_by   text NOT NULL,
  key        text NOT NULL,  -- idempotency key of who added it
  added_at   timestamptz NOT NULL DEFAULT clock_timestamp(),
  UNIQUE (added_by, key)
);
CREATE INDEX council_unit ON desk.council (unit, council);
GRANT INSERT ON desk.council TO zhitong_desk;
REVOKE SELECT ON desk.council FROM zhitong_desk;  -- it reads desk.council_seen
GRANT SELECT (council, added_by, key) ON desk.council TO zhitong_desk;  -- a repeated key finds its first answer

CREATE TABLE desk.council_case (  -- the cases that a meeting spawned
  council bigint NOT NULL REFERENCES desk.council,
  case_id bigint NOT NULL,
  PRIMARY KEY (council, case_id)
);
GRANT INSERT ON desk.council_case TO zhitong_desk;

-- ---- what a post may see ------------------------------------------------------------------------------------------------

-- Every area and all that lie around it, itself among them: whether a case is below a unit is one look.
CREATE TABLE desk.area_within (
  area   text NOT NULL,
  within text NOT NULL,
  PRIMARY KEY (area, within)
);
CREATE INDEX area_within_within ON desk.area_within (within, area);

CREATE FUNCTION desk.spread_areas() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog AS $$
BEGIN
  DELETE FROM desk.area_within;
  INSERT INTO desk.area_within (area, within)
  WITH RECURSIVE up AS (
    SELECT code AS area, code AS within FROM city.area
    UNION
    SELECT up.area, a.parent FROM up JOIN city.area a ON a.code = up.within WHERE a.parent IS NOT NULL)
  SELECT area, within FROM up;
  RETURN NULL;
END $$;
CREATE TRIGGER spread_areas AFTER INSERT OR UPDATE OR DELETE OR TRUNCATE ON city.area
  FOR EACH STATEMENT EXECUTE FUNCTION desk.spread_areas();
-- A city that is loaded already.
UPDATE city.area SET code = code WHERE parent IS NULL;

-- The post of this transaction; no row without one, for one that has ended, or for somebody who was disabled.
-- In plpgsql, which keeps its plan, and without a search path of its own, which takes as long as the rest: it is asked with every
-- move. All names in it are qualified, and desk's role can create nothing anywhere.
CREATE FUNCTION desk.seen(OUT post integer, OUT unit text, OUT area text, OUT channels text[])
RETURNS SETOF record ROWS 1 STABLE LANGUAGE plpgsql SECURITY DEFINER AS $$
BEGIN
  SELECT p.post, p.unit, u.area, ARRAY(SELECT c.code FROM city.channel c WHERE c.privacy = ANY (p.privacy))
  INTO seen.post, seen.unit, seen.area, seen.channels
  FROM desk.post p JOIN desk.staff s USING (staff) JOIN city.unit u ON u.code = p.unit
  WHERE p.post = nullif(pg_catalog.current_setting('zhitong.post', true), '')::integer AND s.enabled AND p.ended_at IS NULL;
  IF FOUND THEN
    RETURN NEXT;
  END IF;
END $$;

-- A case by its number. Its place lies below the post's unit, or the unit has it or supports it; and its channel may be seen.
CREATE VIEW desk.case_seen WITH (security_barrier) AS
SELECT c.case_id, c.shard, c.opened_at, c.due_at, c.next_at, c.version, c.tier, c.state, c.severity, c.unit, c.support, c.channel,
       c.item, c.area, c.parent, c.policy, c.supervised, c.plan, c.kept, c.opening
FROM desk.seen() s, routing.case_file c
WHERE c.channel = ANY (s.channels)
  AND (c.unit = s.unit OR s.unit = ANY (string_to_array(c.support, ' '))
       OR EXISTS (SELECT FROM desk.area_within w WHERE w.area = c.area AND w.within = s.area));

-- Meetings of units whose area lies below that of the post.
CREATE VIEW desk.council_seen WITH (security_barrier) AS
SELECT c.council, c.unit, c.topic, c.attendees, c.resolution, c.held_at, c.added_by, c.added_at
FROM desk.seen() s, desk.council c JOIN city.unit u ON u.code = c.unit
WHERE EXISTS (SELECT FROM desk.area_within w WHERE w.area = u.area AND w.within = s.area);

-- What the log still holds of a case that may be seen, from the entry after `after` on.
CREATE FUNCTION desk.history(of_case bigint, after bigint, most integer) RETURNS TABLE (seq bigint, body bytea)
STABLE LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog AS $$
BEGIN
  IF EXISTS (SELECT FROM desk.case_seen c WHERE c.shard = (of_case & 127)::smallint AND c.case_id = of_case) THEN
    RETURN QUERY SELECT l.seq, l.body FROM routing.log l
                 WHERE l.shard = (of_case & 127)::smallint AND l.case_id = of_case AND l.seq > after
                 ORDER BY l.seq LIMIT most;
  END IF;
END $$;
