SELECT mesh.make_service('escalation', 'routing');
SELECT mesh.make_log('escalation');

-- One row an open case: the instant by which it must be resolved at its tier. fired_at is set when it passed; the row
-- is armed anew by the move that follows, and deleted when the case is finished.
CREATE TABLE escalation.deadline (
  case_id  bigint NOT NULL,
  due_at   timestamptz NOT NULL,
  fired_at timestamptz,
  version  integer NOT NULL,  -- of the case, when it was armed
  shard    smallint NOT NULL,
  tier     smallint NOT NULL,
  PRIMARY KEY (shard, case_id)
) WITH (fillfactor = 80);
CREATE INDEX deadline_due ON escalation.deadline (shard, due_at) WHERE fired_at IS NULL;
