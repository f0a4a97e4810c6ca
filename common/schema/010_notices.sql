-- What is said to people, in each language.
CREATE TABLE city.notice (
    position integer PRIMARY KEY,
    event    text NOT NULL,
    audience text NOT NULL,
    language text NOT NULL,
    subject  text NOT NULL,
    text     text NOT NULL,
    sms      text
);
GRANT SELECT ON city.notice TO PUBLIC;
