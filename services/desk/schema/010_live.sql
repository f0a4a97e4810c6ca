-- Feeds: addresses that a feed reader or a calendar asks for by itself. The token in the address is all that it has, so it opens only
-- what the post sees of its own unit's cases, and ends with the post.
CREATE TABLE desk.feed (
  feed     bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  digest   bytea NOT NULL UNIQUE,  -- SHA-256 of the token, which nobody keeps
  post     integer NOT NULL REFERENCES desk.post,
  name     text NOT NULL CHECK (octet_length(name) <= 120),  -- what its owner calls it: where it is used
  added_at timestamptz NOT NULL DEFAULT clock_timestamp()
);
CREATE INDEX feed_post ON desk.feed (post);
GRANT INSERT, DELETE ON desk.feed TO zhitong_desk;

-- The newest entries of the stream of the post's unit, the oldest first. Whoever asks leaves out the channels that the post may not
-- see; they stand within the body.
CREATE FUNCTION desk.feed_entries(most integer) RETURNS TABLE (seq bigint, body bytea)
STABLE LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog AS $$
BEGIN
  RETURN QUERY
    SELECT e.seq, e.body FROM desk.seen() s JOIN notification.stream h ON h.unit = s.unit,
      notification.read_stream(s.unit, greatest(h.head - most + 1, 1), most) e
    ORDER BY e.seq;
END $$;
REVOKE ALL ON FUNCTION desk.feed_entries FROM PUBLIC;
GRANT EXECUTE ON FUNCTION desk.feed_entries TO zhitong_desk;
