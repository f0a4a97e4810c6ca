-- Who reports, apart from what is reported. What they said of themselves is sealed (common/secret_keys.h); they are found by blind
-- indexes, which nobody can make without the key. See docs/decisions/0013-what-is-kept-of-a-reporter.md.
CREATE TABLE intake.reporter (
  reporter  bigint PRIMARY KEY,   -- the case of the first report that came from them
  person    uuid UNIQUE,          -- blind index of all they said of themselves: the same again is the same reporter
  phone     uuid,                 -- blind indexes of these alone, by which somebody who calls is found
  email     uuid,
  account   uuid,
  key       bigint,               -- number of the key of sealed and of the indexes
  sealed    bytea,                -- name, telephone, e-mail, account
  language  text,                 -- in which they want to hear
  channel   text NOT NULL,        -- of the first report
  first_at  timestamptz NOT NULL,
  last_at   timestamptz NOT NULL,
  erase_at  timestamptz NOT NULL, -- the period of the last report's channel ends
  erased_at timestamptz,
  CONSTRAINT erased_is_empty CHECK (
    erased_at IS NULL OR num_nonnulls(person, phone, email, account, key, sealed, language) = 0),
  CONSTRAINT kept_is_sealed CHECK (erased_at IS NOT NULL OR num_nulls(person, key, sealed) = 0)
);
CREATE INDEX reporter_erase ON intake.reporter (erase_at) WHERE erased_at IS NULL;
CREATE INDEX reporter_phone ON intake.reporter (phone) WHERE phone IS NOT NULL;
CREATE INDEX reporter_email ON intake.reporter (email) WHERE email IS NOT NULL;
CREATE INDEX reporter_account ON intake.reporter (account) WHERE account IS NOT NULL;
CREATE INDEX reporter_key ON intake.reporter (key) WHERE key IS NOT NULL;
CREATE INDEX report_reporter ON intake.report (reporter) WHERE reporter IS NOT NULL;

-- Intake writes what is sealed, and can read it only through intake.look_at, which writes down that it did.
REVOKE ALL ON intake.reporter FROM zhitong_intake;
GRANT INSERT ON intake.reporter TO zhitong_intake;
GRANT SELECT (reporter, person, key, channel, language, first_at, last_at, erase_at, erased_at) ON intake.reporter TO zhitong_intake;
GRANT UPDATE (last_at, erase_at) ON intake.reporter TO zhitong_intake;

-- Every look at personal data. Nobody but the functions below writes here, and nothing changes or removes a row.
CREATE TABLE intake.look (
  look     bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  at       timestamptz NOT NULL DEFAULT clock_timestamp(),
  login    text NOT NULL,   -- of the staff; receipt: the reporter
  post     integer,         -- of the staff
  case_id  bigint NOT NULL, -- whose page was open
  of_case  bigint NOT NULL, -- whose reporter was shown: the case, or one that is merged into it
  reporter bigint NOT NULL,
  reason   text NOT NULL CHECK (reason <> '')
);
CREATE INDEX look_reporter ON intake.look (reporter, look);
CREATE INDEX look_case ON intake.look (case_id, look);
REVOKE ALL ON intake.look FROM zhitong_intake;

CREATE FUNCTION intake.look_is_for_good() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  RAISE EXCEPTION 'the look log is only added to';
END $$;
CREATE TRIGGER look_is_for_good BEFORE UPDATE OR DELETE OR TRUNCATE ON intake.look
  FOR EACH STATEMENT EXECUTE FUNCTION intake.look_is_for_good();

-- The reporters of some cases, each look written down in the statement that shows it. For functions that know who looks.
CREATE FUNCTION intake.look_at(looker text, looker_post integer, page bigint, cases bigint[], why text)
RETURNS TABLE (case_id bigint, reporter bigint, sealed bytea, language text, first_at timestamptz, erase_at timestamptz,
               erased_at timestamptz)
VOLATILE LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog AS $$
BEGIN
  RETURN QUERY
    WITH shown AS (
      SELECT r.case_id, p.* FROM unnest(cases) AS n (case_id)
        JOIN intake.report r ON r.shard = (n.case_id & 127)::smallint AND r.case_id = n.case_id
        JOIN intake.reporter p ON p.reporter = r.reporter),
    written AS (
      INSERT INTO intake.look (login, post, case_id, of_case, reporter, reason)
      SELECT looker, looker_post, page, s.case_id, s.reporter, why FROM shown s RETURNING of_case)
    SELECT s.case_id, s.reporter, s.sealed, s.language, s.first_at, s.erase_at, s.erased_at
    FROM shown s JOIN written w ON w.of_case = s.case_id ORDER BY s.case_id;
END $$;
REVOKE ALL ON FUNCTION intake.look_at FROM PUBLIC;

-- What the reporter of a case, who has its receipt, may see of himself.
CREATE FUNCTION intake.receipt_look(of_case bigint)
RETURNS TABLE (case_id bigint, reporter bigint, sealed bytea, language text, first_at timestamptz, erase_at timestamptz,
               erased_at timestamptz)
VOLATILE LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog AS $$
  SELECT * FROM intake.look_at('receipt', NULL, of_case, ARRAY[of_case], 'the reporter asked what is kept')
$$;
REVOKE ALL ON FUNCTION intake.receipt_look FROM PUBLIC;
GRANT EXECUTE ON FUNCTION intake.receipt_look TO zhitong_intake;

-- Empties a reporter's row. The reports stay, and the number in them leads to nothing.
CREATE FUNCTION intake.empty_reporter(of_reporter bigint) RETURNS void
VOLATILE LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog AS $$
  UPDATE intake.reporter SET person = NULL, phone = NULL, email = NULL, account = NULL, key = NULL, sealed = NULL, language = NULL,
                             erased_at = mesh.now()
  WHERE reporter = of_reporter AND erased_at IS NULL
$$;
REVOKE ALL ON FUNCTION intake.empty_reporter FROM PUBLIC;

-- The reporter of one case wants to be forgotten. Whoever knows somebody's details could have sent a report in his name: the others
-- of that name stay his, and his row is emptied with the last of them. The row is locked first, so that no batch adds to it meanwhile.
CREATE FUNCTION intake.forget(of_case bigint) RETURNS boolean
VOLATILE LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog AS $$
DECLARE
  whose bigint := (SELECT r.reporter FROM intake.report r WHERE r.shard = (of_case & 127)::smallint AND r.case_id = of_case);
BEGIN
  PERFORM FROM intake.reporter p WHERE p.reporter = whose FOR UPDATE;
  UPDATE intake.report r SET reporter = NULL
  WHERE r.shard = (of_case & 127)::smallint AND r.case_id = of_case AND r.reporter = whose;
  IF whose IS NOT NULL AND NOT EXISTS (SELECT FROM intake.report r WHERE r.reporter = whose) THEN
    PERFORM intake.empty_reporter(whose);
  END IF;
  RETURN whose IS NOT NULL;
END $$;
REVOKE ALL ON FUNCTION intake.forget FROM PUBLIC;
GRANT EXECUTE ON FUNCTION intake.forget TO zhitong_intake;

-- Empties at most so many rows whose period is over and whose cases are all finished. In plpgsql, since routing is not there yet.
CREATE FUNCTION intake.erase_due(most integer) RETURNS integer
VOLATILE LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog AS $$
DECLARE
  due bigint[];
BEGIN
  due := ARRAY(
    SELECT p.reporter FROM intake.reporter p
    WHERE p.erased_at IS NULL AND p.erase_at <= mesh.now()
      AND NOT EXISTS (
        SELECT FROM intake.report r LEFT JOIN routing.case_file c ON c.shard = r.shard AND c.case_id = r.case_id
        WHERE r.reporter = p.reporter AND (c.state IS NULL OR c.state NOT IN ('declined', 'closed', 'archived')))
    ORDER BY p.erase_at LIMIT most FOR UPDATE OF p SKIP LOCKED);
  PERFORM intake.empty_reporter(d) FROM unnest(due) AS d;
  RETURN cardinality(due);
END $$;
REVOKE ALL ON FUNCTION intake.erase_due FROM PUBLIC;
GRANT EXECUTE ON FUNCTION intake.erase_due TO zhitong_intake;

-- ---- what a receipt opens --------------------------------------------------------------------------------------------------

-- The case as it stands, and the one it is part of: a merged report goes as that one goes.
CREATE FUNCTION intake.receipt_cases(of_case bigint)
RETURNS TABLE (case_id bigint, state text, tier smallint, unit text, unit_en text, unit_zh text, opened_at timestamptz,
               due_at timestamptz, plan text, parent bigint)
STABLE LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog AS $$
DECLARE
  merged_into bigint := (SELECT c.parent FROM routing.case_file c
                         WHERE c.shard = (of_case & 127)::smallint AND c.case_id = of_case AND c.state = 'merged');
BEGIN
  RETURN QUERY
    SELECT c.case_id, c.state, c.tier, c.unit, u.name_en, u.name_zh, c.opened_at, c.due_at, c.plan, c.parent
    FROM routing.case_file c LEFT JOIN city.unit u ON u.code = c.unit
    WHERE c.shard = (of_case & 127)::smallint AND c.case_id = of_case
    UNION ALL
    SELECT c.case_id, c.state, c.tier, c.unit, u.name_en, u.name_zh, c.opened_at, c.due_at, c.plan, c.parent
    FROM routing.case_file c LEFT JOIN city.unit u ON u.code = c.unit
    WHERE c.shard = (merged_into & 127)::smallint AND c.case_id = merged_into;
END $$;

-- What the log still holds of both, the oldest first.
CREATE FUNCTION intake.receipt_history(of_case bigint, most integer) RETURNS TABLE (body bytea)
STABLE LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog AS $$
DECLARE
  merged_into bigint := (SELECT c.parent FROM routing.case_file c
                         WHERE c.shard = (of_case & 127)::smallint AND c.case_id = of_case AND c.state = 'merged');
BEGIN
  RETURN QUERY
    SELECT n.body FROM (
      SELECT l.at, l.case_id, l.seq, l.body FROM routing.log l WHERE l.shard = (of_case & 127)::smallint AND l.case_id = of_case
      UNION ALL
      SELECT l.at, l.case_id, l.seq, l.body FROM routing.log l
      WHERE l.shard = (merged_into & 127)::smallint AND l.case_id = merged_into) n
    ORDER BY n.at, n.case_id, n.seq LIMIT most;
END $$;
REVOKE ALL ON FUNCTION intake.receipt_cases, intake.receipt_history FROM PUBLIC;
GRANT EXECUTE ON FUNCTION intake.receipt_cases, intake.receipt_history TO zhitong_intake;
