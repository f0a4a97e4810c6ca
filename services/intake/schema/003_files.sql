-- Photos and files that came in: what is kept of each, beside its bytes in the store. Private until staff publish it.
CREATE TABLE intake.file (
  sha256       bytea NOT NULL PRIMARY KEY CHECK (octet_length(sha256) = 32),  -- of what is stored: without what the camera wrote into it
  type         text NOT NULL,             -- media type, by content
  bytes        bigint NOT NULL,
  width        integer,                   -- pixels, as stored; NULL: no picture
  height       integer,
  lat          double precision,          -- WGS-84, from the picture; NULL: it had none
  long         double precision,
  taken_at     timestamptz,               -- by the camera's clock, in the city's time where the camera names no zone
  stored_at    timestamptz NOT NULL DEFAULT clock_timestamp(),  -- the last time: the same content may come again
  published_at timestamptz,               -- NULL: private
  published_by text
);
CREATE INDEX file_stored ON intake.file (stored_at);

-- Which case's reports name a file. A file that none names is removed after a day.
CREATE TABLE intake.file_use (
  sha256  bytea NOT NULL,
  shard   smallint NOT NULL,
  case_id bigint NOT NULL,
  PRIMARY KEY (shard, case_id, sha256)
);
CREATE INDEX file_use_file ON intake.file_use (sha256);
