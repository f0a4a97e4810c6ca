-- What the door needs of a city: who hands in, what is asked, when two reports are one, and where the borders lie.
-- All as text, as the files have it: every reader checks and builds it in the same way (common/city_rules_door.c).

CREATE TABLE city.source (
    position integer PRIMARY KEY,
    code text NOT NULL,
    channel text NOT NULL,
    name_en text NOT NULL,
    name_zh text,
    adapter text NOT NULL,
    item text,
    area text,
    datum text,
    per_minute text
);

CREATE TABLE city.source_field (
    position integer PRIMARY KEY,
    source text NOT NULL,
    field text NOT NULL,
    at text,
    needed text,
    fallback text,
    format text
);

CREATE TABLE city.source_value (
    position integer PRIMARY KEY,
    source text NOT NULL,
    field text NOT NULL,
    theirs text NOT NULL,
    ours text NOT NULL
);

CREATE TABLE city.question (
    position integer PRIMARY KEY,
    item text NOT NULL,
    code text NOT NULL,
    datatype text NOT NULL,
    needed text NOT NULL,
    text_en text NOT NULL,
    text_zh text,
    hint_en text,
    hint_zh text
);

CREATE TABLE city.choice (
    position integer PRIMARY KEY,
    item text NOT NULL,
    question text NOT NULL,
    code text NOT NULL,
    name_en text NOT NULL,
    name_zh text
);

CREATE TABLE city.door (
    position integer PRIMARY KEY,
    item text,
    text_least text,
    photo text,
    place text,
    happened_days text,
    duplicate_metres text,
    duplicate_hours text,
    link_percent text,
    suggest_percent text
);

CREATE TABLE city.item_text (
    position integer PRIMARY KEY,
    item text NOT NULL,
    language text NOT NULL,
    description text,
    keywords text,
    filing text,
    closing text,
    basis text,
    answer text
);

CREATE TABLE city.fence (
    position integer PRIMARY KEY,
    area text NOT NULL,
    part text NOT NULL,
    hole text NOT NULL,
    ring text NOT NULL
);

GRANT SELECT ON ALL TABLES IN SCHEMA city TO PUBLIC;
