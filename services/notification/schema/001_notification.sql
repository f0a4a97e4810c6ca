SELECT mesh.make_service('notification', 'routing');

-- Each unit's stream: what concerns it, gap-free, in the order in which it was committed.
CREATE TABLE notification.stream (
  unit text PRIMARY KEY,
  head bigint NOT NULL DEFAULT 0
) WITH (fillfactor = 25);

CREATE TABLE notification.stream_entry (
  seq     bigint NOT NULL,
  case_id bigint NOT NULL,
  version integer NOT NULL,  -- of the case: with case and unit, what may be told only once
  day     date NOT NULL DEFAULT current_date,
  type    smallint NOT NULL,
  unit    text NOT NULL,
  body    bytea NOT NULL,
  PRIMARY KEY (unit, seq, day)
) PARTITION BY RANGE (day);
CREATE TABLE notification.stream_entry_default PARTITION OF notification.stream_entry DEFAULT;
SELECT mesh.tend_log('notification', 'stream_entry', 36500);
