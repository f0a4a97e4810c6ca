-- Who may not report for a while, because of spam or abuse. A block ends by itself; it and what was said against it stay as the record
-- of who did what. It is about a way in, never a score of a person: nothing is counted or derived from it.
CREATE TABLE intake.block (
  block     bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  kind      text NOT NULL CHECK (kind IN ('source', 'address', 'phone', 'email')),
  subject   text NOT NULL,  -- code of a source; else the blind index in hex (common/secret_keys.h): addresses are not kept
  reason    text NOT NULL CHECK (reason <> '' AND octet_length(reason) <= 200),  -- whoever is blocked reads it
  added_by  text NOT NULL,
  added_at  timestamptz NOT NULL DEFAULT clock_timestamp(),  -- real time: it is about people, not about driven time
  ends_at   timestamptz NOT NULL,
  lifted_by text,
  lifted_at timestamptz,
  CHECK (ends_at > added_at AND ends_at <= added_at + interval '1 year'),
  CHECK ((lifted_by IS NULL) = (lifted_at IS NULL))
);
CREATE INDEX block_ends ON intake.block (ends_at) WHERE lifted_at IS NULL;

CREATE TABLE intake.appeal (  -- what whoever is blocked says against it
  appeal     bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  block      bigint NOT NULL REFERENCES intake.block,
  text       text NOT NULL CHECK (text <> '' AND octet_length(text) <= 2000),
  at         timestamptz NOT NULL DEFAULT clock_timestamp(),
  answer     text,
  answered_by text,
  answered_at timestamptz,
  CHECK (num_nulls(answer, answered_by, answered_at) IN (0, 3))
);
CREATE INDEX appeal_block ON intake.appeal (block);

-- The service reads blocks and takes appeals; it makes, lifts and answers none.
REVOKE INSERT, UPDATE, DELETE ON intake.block FROM zhitong_intake;
REVOKE UPDATE, DELETE ON intake.appeal FROM zhitong_intake;
