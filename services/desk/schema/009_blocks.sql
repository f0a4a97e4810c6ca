-- Who blocks and answers appeals from desk (intake/009_blocks.sql). Each of these writes down who did it in the statement that does it;
-- who may, desk decides by role. Blocks hold in the whole city, so the post must be one of its top area.
CREATE FUNCTION desk.who_blocks(OUT login text, OUT post integer)
STABLE LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog AS $$
  SELECT s.login, p.post FROM desk.seen() n JOIN desk.post p ON p.post = n.post JOIN desk.staff s ON s.staff = p.staff
    JOIN city.area a ON a.code = n.area
  WHERE a.parent IS NULL OR a.parent = ''
$$;
REVOKE ALL ON FUNCTION desk.who_blocks FROM PUBLIC;

CREATE FUNCTION desk.block_add(of_kind text, of_subject text, why text, days integer)
RETURNS TABLE (block bigint, ends_at timestamptz)
VOLATILE LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog AS $$
  WITH who AS (SELECT w.login, w.post FROM desk.who_blocks() w WHERE w.login IS NOT NULL),
  added AS (
    INSERT INTO intake.block (kind, subject, reason, ends_at, added_by)
    SELECT of_kind, of_subject, why, clock_timestamp() + make_interval(days => days), who.login FROM who
    RETURNING block.block, block.ends_at),
  written AS (
    INSERT INTO desk.audit (login, post, what, outcome)
    SELECT who.login, who.post, 'block', format('added %s: %s', added.block, of_kind) FROM who, added)
  SELECT added.block, added.ends_at FROM added
$$;

-- Answers the appeals against a block, and lifts it or not. No row: it does not hold, or nobody waits for an answer.
CREATE FUNCTION desk.block_answer(of_block bigint, words text, lift boolean) RETURNS TABLE (appeals bigint)
VOLATILE LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog AS $$
  WITH who AS (SELECT w.login, w.post FROM desk.who_blocks() w WHERE w.login IS NOT NULL),
  lifted AS (
    UPDATE intake.block b SET lifted_at = clock_timestamp(), lifted_by = who.login FROM who
    WHERE lift AND b.block = of_block AND b.lifted_at IS NULL AND b.ends_at > clock_timestamp() RETURNING b.block),
  answered AS (
    UPDATE intake.appeal a SET answer = words, answered_by = who.login, answered_at = clock_timestamp() FROM who
    WHERE a.block = of_block AND a.answered_at IS NULL AND (NOT lift OR EXISTS (SELECT FROM lifted)) RETURNING a.appeal),
  done AS (
    SELECT (SELECT count(*) FROM answered) AS appeals
    WHERE EXISTS (SELECT FROM lifted) OR (NOT lift AND EXISTS (SELECT FROM answered))),
  written AS (
    INSERT INTO desk.audit (login, post, what, outcome)
    SELECT who.login, who.post, 'block', format('%s %s, %s appeals answered', CASE WHEN lift THEN 'lifted' ELSE 'kept' END, of_block,
                                                done.appeals) FROM who, done)
  SELECT done.appeals FROM done
$$;

-- Those that wait for an answer, the oldest first.
CREATE FUNCTION desk.block_appeals(most integer)
RETURNS TABLE (appeal bigint, block bigint, kind text, reason text, ends_at timestamptz, at timestamptz, words text)
STABLE LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog AS $$
  SELECT a.appeal, b.block, b.kind, b.reason, b.ends_at, a.at, a.text
  FROM desk.who_blocks() w, intake.appeal a JOIN intake.block b USING (block)
  WHERE w.login IS NOT NULL AND a.answered_at IS NULL ORDER BY a.appeal LIMIT most
$$;
REVOKE ALL ON FUNCTION desk.block_add, desk.block_answer, desk.block_appeals FROM PUBLIC;
GRANT EXECUTE ON FUNCTION desk.block_add, desk.block_answer, desk.block_appeals TO zhitong_desk;
