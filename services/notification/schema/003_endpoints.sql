-- Who is told besides the followers: endpoints, each on the stream of one unit, with a cursor of its own. What is delivered at once
-- leaves an attempt and moves the cursor; only what has to wait (tried again, behind another of its case, held for a quiet hour or a
-- digest) gets a row of its own.
CREATE TABLE notification.endpoint (
  endpoint      bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  name          text NOT NULL UNIQUE CHECK (name <> '' AND octet_length(name) <= 64),
  unit          text NOT NULL,          -- whose stream; @reporters: what concerns those who reported
  carrier       text NOT NULL,          -- services/notification/carriers.def
  sealed        bytea,                  -- address and secrets, with the keyring (common/secret_keys.h); NULL: found for each entry
  shown         text NOT NULL,          -- of the address, what lists may show
  key           bigint NOT NULL DEFAULT 0, -- number of the key of sealed
  filter        text NOT NULL DEFAULT '',  -- common/filter.h
  language      text NOT NULL DEFAULT '',  -- '': the city's first
  events        text NOT NULL DEFAULT '',  -- of people: codes of notices, separated by a space; '': all
  quiet_from    time,                   -- on the city's clock; between these two only what is urgent is sent
  quiet_to      time,
  digest_at     time,                   -- everything that is not urgent once a day, at this time
  per_hour      integer CHECK (per_hour > 0), -- more than that is sent together
  allow_private boolean NOT NULL DEFAULT false, -- its address may lie in a private range
  login         text,                   -- of the staff whose it is
  announce      text,                   -- name of the endpoint that hears when this one is disabled
  token         text UNIQUE,            -- of the link with which whoever gets it can end it
  added_at      timestamptz NOT NULL DEFAULT clock_timestamp(),
  changed       bigint NOT NULL DEFAULT 1, -- grows with each change by others than the courier
  from_seq      bigint NOT NULL DEFAULT 0, -- entries up to this one were before its time
  cursor        bigint NOT NULL DEFAULT 0, -- entries up to this one are dealt with: delivered, left out or in delivery
  failures      integer NOT NULL DEFAULT 0, -- attempts that failed since the last that succeeded
  succeeded_at  timestamptz,              -- when it last took something
  disabled_at   timestamptz,
  disabled_why  text,
  CHECK ((quiet_from IS NULL) = (quiet_to IS NULL))
) WITH (fillfactor = 50);
CREATE INDEX endpoint_unit ON notification.endpoint (unit);

-- The couriers look what changed when they hear of it; see services/notification/courier_book.c.
CREATE FUNCTION notification.endpoint_changed() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  PERFORM pg_notify('endpoints', '');
  RETURN NULL;
END $$;
CREATE TRIGGER endpoint_changed AFTER INSERT OR DELETE OR UPDATE OF changed ON notification.endpoint
  FOR EACH STATEMENT EXECUTE FUNCTION notification.endpoint_changed();

CREATE TABLE notification.announcement ( -- what endpoints are told that is no entry of a stream
  announcement bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  kind         text NOT NULL CHECK (kind IN ('test', 'disabled')),
  about        text NOT NULL,             -- name of the endpoint that it is about
  unit         text NOT NULL,             -- whose stream that one follows
  why          text NOT NULL,
  at           timestamptz NOT NULL DEFAULT clock_timestamp()
);

CREATE TABLE notification.delivery (  -- what waits, and what was given up
  endpoint bigint NOT NULL REFERENCES notification.endpoint ON DELETE CASCADE,
  seq      bigint NOT NULL,           -- of the entry, in the stream of the endpoint's unit; below 0: minus the announcement
  case_id  bigint NOT NULL,           -- 0: of an announcement
  state    text NOT NULL CHECK (state IN ('retry', 'behind', 'held', 'dead')),
  attempts smallint NOT NULL DEFAULT 0,
  next_at  timestamptz NOT NULL,      -- real time
  since    timestamptz NOT NULL DEFAULT clock_timestamp(), -- of its first attempt
  why      text NOT NULL DEFAULT '',
  PRIMARY KEY (endpoint, seq)
) WITH (fillfactor = 70);
CREATE INDEX delivery_due ON notification.delivery (endpoint, next_at) WHERE state IN ('retry', 'held');
CREATE INDEX delivery_case ON notification.delivery (endpoint, case_id, seq) WHERE state <> 'dead';
CREATE INDEX delivery_dead ON notification.delivery (endpoint, seq) WHERE state = 'dead';

CREATE TABLE notification.attempt (  -- every attempt to tell somebody: when, whom, and the answer
  endpoint bigint NOT NULL,
  seq      bigint NOT NULL,
  at       timestamptz NOT NULL DEFAULT clock_timestamp(),
  day      date NOT NULL DEFAULT current_date,
  case_id  bigint NOT NULL,
  version  integer NOT NULL,
  attempt  smallint NOT NULL,         -- from 1
  took_ms  integer NOT NULL,
  status   integer NOT NULL,          -- of HTTP or SMTP; 0: there was no answer
  outcome  text NOT NULL,             -- sent, again, dead, disabled; see courier_outcome.c
  told     text NOT NULL,             -- to whom: of the address, what may be shown
  answer   text NOT NULL              -- the first 200 bytes of it, or what went wrong
) PARTITION BY RANGE (day);
CREATE INDEX attempt_entry ON notification.attempt (endpoint, seq);
CREATE TABLE notification.attempt_default PARTITION OF notification.attempt DEFAULT;
