-- The city that `zhitong city load` stored: its folder's tables, readable by every service. The files are the truth:
-- rows are only ever replaced as a whole, in one transaction, by the next load (services/zhitong/city_load.sql).
-- position: number of the row in the file, the order in which a clerk wrote them.

CREATE SCHEMA city;

CREATE TABLE city.city (
    one_row     boolean PRIMARY KEY DEFAULT true CHECK (one_row),
    code        text NOT NULL,
    name_en     text NOT NULL,
    name_zh     text,
    timezone    text NOT NULL,
    attribution text,
    version     bigint NOT NULL CHECK (version > 0),
    loaded_at   timestamptz NOT NULL DEFAULT clock_timestamp()
);

CREATE TABLE city.channel (
    code            text PRIMARY KEY,
    position        integer NOT NULL,
    name_en         text NOT NULL,
    name_zh         text,
    enabled         boolean NOT NULL,
    auto_accept     boolean NOT NULL,
    severity        text CHECK (severity IN ('blue', 'yellow', 'orange', 'red')),
    privacy         text NOT NULL CHECK (privacy IN ('public', 'internal', 'restricted')),
    duplicate_hours integer CHECK (duplicate_hours >= 0),
    callback        boolean NOT NULL
);

CREATE TABLE city.area (
    code      text PRIMARY KEY,
    position  integer NOT NULL,
    name_en   text NOT NULL,
    name_zh   text,
    parent    text REFERENCES city.area DEFERRABLE INITIALLY DEFERRED,
    tier      smallint NOT NULL CHECK (tier BETWEEN 1 AND 4),
    stat_code text,
    code_year integer,
    lat       double precision CHECK (lat BETWEEN -90 AND 90),
    long      double precision CHECK (long BETWEEN -180 AND 180)
);
CREATE UNIQUE INDEX area_one_city ON city.area ((true)) WHERE parent IS NULL;
CREATE INDEX area_parent ON city.area (parent);

CREATE TABLE city.unit (
    code     text PRIMARY KEY,
    position integer NOT NULL,
    name_en  text NOT NULL,
    name_zh  text,
    kind     text NOT NULL,
    tier     smallint NOT NULL CHECK (tier BETWEEN 1 AND 4),
    area     text NOT NULL REFERENCES city.area DEFERRABLE INITIALLY DEFERRED,
    above    text REFERENCES city.unit DEFERRABLE INITIALLY DEFERRED
);
CREATE INDEX unit_area ON city.unit (area);
CREATE INDEX unit_above ON city.unit (above);

CREATE TABLE city.item (
    code         text PRIMARY KEY,
    position     integer NOT NULL,
    name_en      text NOT NULL,
    name_zh      text,
    parent       text REFERENCES city.item DEFERRABLE INITIALLY DEFERRED,
    matter       text NOT NULL CHECK (matter IN ('organisation', 'risk', 'service', 'development')),
    severity     text NOT NULL CHECK (severity IN ('blue', 'yellow', 'orange', 'red')),
    tier         smallint NOT NULL CHECK (tier BETWEEN 1 AND 4),
    unit_kind    text,
    unit         text REFERENCES city.unit DEFERRABLE INITIALLY DEFERRED,
    limit_amount integer CHECK (limit_amount > 0),
    limit_unit   text CHECK ((limit_unit IS NULL) = (limit_amount IS NULL)),
    CHECK (unit_kind IS NOT NULL OR unit IS NOT NULL)
);
CREATE INDEX item_parent ON city.item (parent);
CREATE INDEX item_unit ON city.item (unit);

CREATE TABLE city.ladder (
    tier         smallint NOT NULL CHECK (tier BETWEEN 1 AND 4),
    severity     text NOT NULL CHECK (severity IN ('blue', 'yellow', 'orange', 'red')),
    clock        text NOT NULL CHECK (clock IN ('sign', 'contact', 'resolve')),
    position     integer NOT NULL,
    limit_amount integer NOT NULL CHECK (limit_amount > 0),
    limit_unit   text NOT NULL,
    grace_amount integer CHECK (grace_amount >= 0),
    grace_unit   text CHECK ((grace_unit IS NULL) = (grace_amount IS NULL)),
    PRIMARY KEY (tier, severity, clock)
);

CREATE TABLE city.calendar (
    date     date PRIMARY KEY,
    position integer NOT NULL,
    kind     text NOT NULL CHECK (kind IN ('off', 'work')),
    name     text
);

CREATE TABLE city.hours (
    weekday  smallint NOT NULL CHECK (weekday BETWEEN 1 AND 7),
    opens    time NOT NULL,
    closes   time NOT NULL CHECK (closes > opens),
    position integer NOT NULL,
    PRIMARY KEY (weekday, opens)
);

GRANT USAGE ON SCHEMA city TO PUBLIC;
GRANT SELECT ON ALL TABLES IN SCHEMA city TO PUBLIC;
