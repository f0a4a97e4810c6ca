SELECT mesh.make_service('intake');
SELECT mesh.make_log('intake');

-- Reports as they came, for good: the log is dropped after its days, this is not.
CREATE TABLE intake.report (
  case_id     bigint NOT NULL,
  received_at timestamptz NOT NULL,
  digest      uuid NOT NULL,   -- BLAKE2b-128 of client and idempotency key: a retry gets the first answer
  shard       smallint NOT NULL,
  body        bytea NOT NULL,  -- report_received, as in the log
  PRIMARY KEY (shard, case_id)
);
CREATE UNIQUE INDEX report_digest ON intake.report (digest);
