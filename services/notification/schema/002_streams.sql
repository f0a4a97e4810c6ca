-- Reading a stream, in one place for followers and for deliveries.
CREATE FUNCTION notification.read_stream(of_unit text, from_seq bigint, most integer)
RETURNS TABLE (seq bigint, body bytea) STABLE LANGUAGE sql AS $$
  SELECT e.seq, e.body FROM notification.stream_entry e
  WHERE e.unit = of_unit AND e.seq >= from_seq ORDER BY e.seq LIMIT most
$$;
