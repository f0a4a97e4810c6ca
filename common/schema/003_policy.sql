-- Policy as data: more clocks on the ladder, amounts, reasons, templates for joint handling, calendars of units; and what a
-- case is promised (ladder, items' limits, amounts), kept for every version, because a case keeps the one that it was opened under.

ALTER TABLE city.city ADD COLUMN calendar_version bigint NOT NULL DEFAULT 1; -- version whose load changed working time last

ALTER TABLE city.ladder DROP CONSTRAINT ladder_clock_check;
ALTER TABLE city.ladder
    ADD CONSTRAINT ladder_clock_check
        CHECK (clock IN ('accept', 'sign', 'contact', 'progress', 'resolve', 'review', 'arrive')),
    ADD COLUMN moves_up boolean; -- NULL: yes

ALTER TABLE city.unit ADD COLUMN calendar text;

-- calendar NULL: the city's.
ALTER TABLE city.calendar DROP CONSTRAINT calendar_pkey, ADD COLUMN calendar text;
CREATE UNIQUE INDEX calendar_day ON city.calendar (calendar, date) NULLS NOT DISTINCT;

ALTER TABLE city.hours
    DROP CONSTRAINT hours_pkey,
    ADD COLUMN calendar   text,
    ADD COLUMN valid_from date,
    ADD COLUMN valid_to   date CHECK (valid_to >= valid_from);
CREATE UNIQUE INDEX hours_window ON city.hours (calendar, weekday, opens, valid_from) NULLS NOT DISTINCT;

CREATE TABLE city.rule (
    key      text PRIMARY KEY,
    position integer NOT NULL,
    value    integer NOT NULL CHECK (value >= 0),
    unit     text
);

CREATE TABLE city.reason (
    move     text NOT NULL,
    code     text NOT NULL,
    position integer NOT NULL,
    name_en  text NOT NULL,
    name_zh  text,
    PRIMARY KEY (move, code)
);

CREATE TABLE city.template (
    code     text NOT NULL,
    party    text NOT NULL,
    position integer NOT NULL,
    name_en  text NOT NULL,
    name_zh  text,
    PRIMARY KEY (code, party)
);

-- One row for each load that changed ladder, items' limits or amounts. Never changed afterwards.
CREATE TABLE city.policy (
    version    bigint PRIMARY KEY CHECK (version > 0),
    valid_from timestamptz NOT NULL,
    loaded_at  timestamptz NOT NULL DEFAULT clock_timestamp()
);

CREATE TABLE city.policy_ladder (
    version      bigint NOT NULL REFERENCES city.policy,
    tier         smallint NOT NULL,
    severity     text NOT NULL,
    clock        text NOT NULL,
    limit_amount integer NOT NULL,
    limit_unit   text NOT NULL,
    grace_amount integer,
    grace_unit   text,
    moves_up     boolean,
    PRIMARY KEY (version, tier, severity, clock)
);

CREATE TABLE city.policy_item (
    version      bigint NOT NULL REFERENCES city.policy,
    code         text NOT NULL,
    severity     text NOT NULL,
    tier         smallint NOT NULL,
    limit_amount integer,
    limit_unit   text,
    PRIMARY KEY (version, code)
);

CREATE TABLE city.policy_rule (
    version bigint NOT NULL REFERENCES city.policy,
    key     text NOT NULL,
    value   integer NOT NULL,
    unit    text,
    PRIMARY KEY (version, key)
);

-- The city that is loaded already is the first version: it holds for everything before, too.
INSERT INTO city.policy (version, valid_from, loaded_at) SELECT version, 'epoch', loaded_at FROM city.city;
INSERT INTO city.policy_ladder
SELECT c.version, l.tier, l.severity, l.clock, l.limit_amount, l.limit_unit, l.grace_amount, l.grace_unit, l.moves_up
FROM city.ladder l, city.city c;
INSERT INTO city.policy_item
SELECT c.version, i.code, i.severity, i.tier, i.limit_amount, i.limit_unit FROM city.item i, city.city c;

GRANT SELECT ON ALL TABLES IN SCHEMA city TO PUBLIC;
