"""Streams filled by hand, for tests and benchmarks of deliveries: entries as if they had come from routing."""

PACKED = """
CREATE FUNCTION pg_temp.text(value text) RETURNS bytea IMMUTABLE LANGUAGE sql AS $$
  SELECT decode('d9' || lpad(to_hex(octet_length(value)), 2, '0'), 'hex') || convert_to(value, 'UTF8') $$;
CREATE FUNCTION pg_temp.number(value bigint) RETURNS bytea IMMUTABLE LANGUAGE sql AS $$ SELECT '\\xcf'::bytea || int8send(value) $$;
CREATE FUNCTION pg_temp.pair(name text, value text) RETURNS bytea IMMUTABLE LANGUAGE sql AS $$
  SELECT pg_temp.text(name) || pg_temp.text(value) $$;
"""
TEXTS = (("move", "open"), ("from", "none"), ("state", "dispatched"), ("unit", "u"), ("severity", "blue"), ("actor", "bench"),
         ("channel", "hotline"), ("item", "lamp"), ("area", "n_mill_1"), ("address", "12 Long Street 长街"),
         ("title", "A street lamp is out, " + "x" * 120))
FIELDS = ["pg_temp.pair('t', 'case_moved')", "pg_temp.text('case') || pg_temp.number({case})",
          "pg_temp.text('version') || pg_temp.number({version})",
          "pg_temp.text('at') || pg_temp.number((extract(epoch FROM now()) * 1000)::bigint)",
          "pg_temp.text('tier') || '\\x01'"] + [f"pg_temp.pair('{name}', '{value}')" for name, value in TEXTS]


def fill(system, units, entries, versions=1):
    """Gives each of these units so many entries; a case has `versions` of them, one after the other."""
    case, version = f"(((n - 1) / {versions}) + 1) * 128 + 1", f"((n - 1) % {versions} + 1)"
    body = f"'\\xde{len(FIELDS):04x}'::bytea || " + " || ".join(FIELDS).format(case=case, version=version)
    names = ", ".join(f"('{unit}')" for unit in units)
    system.sql.rows(PACKED + f"""
        INSERT INTO notification.stream (unit, head) SELECT unit, {entries} FROM (VALUES {names}) AS u (unit);
        INSERT INTO notification.stream_body (seq, case_id, at, stream, day, version, type, body)
        SELECT n, {case}, now(), s.number, current_date, {version}, 33, {body}
        FROM (VALUES {names}) AS u (unit) JOIN notification.stream s USING (unit), generate_series(1, {entries}) n""")
    system.sql.rows("VACUUM ANALYZE")
