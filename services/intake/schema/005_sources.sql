-- Who may hand reports in over HTTP: keys of sources. CURVE keys of sources stand in mesh.access like those of all clients.
-- Times are real ones: they are about machines, not about driven time.
CREATE TABLE intake.credential (
  credential text PRIMARY KEY,          -- random; tells the keys of one source apart, and is no secret
  source     text NOT NULL,             -- code; sources come and go with the city's folder
  kind       text NOT NULL CHECK (kind IN ('key', 'hmac', 'hmac-body')),
  digest     bytea,                     -- of an API key: BLAKE2b-256; nobody keeps the key itself
  sealed     bytea,                     -- an HMAC secret, which is needed to check: sealed with a key of the keyring
  added_at   timestamptz NOT NULL DEFAULT clock_timestamp(),
  expires_at timestamptz,               -- after a rotation: until when it still works
  revoked_at timestamptz,
  used_on    date,                      -- the last day
  CHECK ((kind = 'key') = (digest IS NOT NULL) AND (kind = 'key') <> (sealed IS NOT NULL))
);
CREATE UNIQUE INDEX credential_digest ON intake.credential (digest);
CREATE INDEX credential_source ON intake.credential (source);
REVOKE INSERT, UPDATE, DELETE ON intake.credential FROM zhitong_intake;
GRANT UPDATE (used_on) ON intake.credential TO zhitong_intake;
