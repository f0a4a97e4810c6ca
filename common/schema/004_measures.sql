-- What the measures need of a city: which channels find before somebody complains, and the city's own titles of the eight rules.
ALTER TABLE city.channel ADD COLUMN proactive boolean; -- NULL: no

CREATE TABLE city.slot (
    code     text PRIMARY KEY,
    position integer NOT NULL,
    title_en text NOT NULL,
    title_zh text
);
GRANT SELECT ON city.slot TO PUBLIC;
