-- Which cases the public is warned of. All as text, as the file has it.
CREATE TABLE city.warning (
    position integer PRIMARY KEY,
    item text NOT NULL,
    severity text,
    category text NOT NULL,
    urgency text NOT NULL,
    certainty text NOT NULL,
    event_en text NOT NULL,
    event_zh text,
    instruction_en text,
    instruction_zh text,
    hours text,
    metres text
);
GRANT SELECT ON city.warning TO PUBLIC;
