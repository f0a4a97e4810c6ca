SELECT mesh.make_service('routing', 'intake', 'escalation');
SELECT mesh.make_log('routing');

-- The case as it stands. Every open case has exactly one responsible unit and one due instant: the constraint.
CREATE TABLE routing.case_file (
  case_id   bigint NOT NULL,
  opened_at timestamptz NOT NULL,
  due_at    timestamptz,
  version   integer NOT NULL CHECK (version > 0),
  shard     smallint NOT NULL,
  tier      smallint NOT NULL CHECK (tier BETWEEN 1 AND 4),
  state     text NOT NULL,
  severity  text NOT NULL,
  unit      text NOT NULL,
  support   text NOT NULL DEFAULT '',  -- codes, separated by a space
  channel   text NOT NULL,
  item      text NOT NULL,
  area      text NOT NULL,
  opening   bytea NOT NULL,  -- case_moved as it opened: the facts for a unit that becomes responsible later
  PRIMARY KEY (shard, case_id),
  CHECK ((state = 'closed') = (due_at IS NULL))
) WITH (fillfactor = 80);

-- Commands that were carried out: a retry with the same key gets the first answer.
CREATE TABLE routing.command (
  case_id bigint NOT NULL,
  key     text NOT NULL,
  version integer NOT NULL,
  shard   smallint NOT NULL,
  state   text NOT NULL,
  PRIMARY KEY (shard, case_id, key)
);
