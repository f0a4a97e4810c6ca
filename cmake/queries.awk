# Named queries of a .sql file as a C table of struct db_query.
#
#   awk -v table=routing -f c_string.awk -f queries.awk routing.sql > routing_queries.c
#
# A query starts with a line `-- name: its_name` and ends before the next such line. Its text begins with the comment
# /* its_name */, so that the name shows in pg_stat_activity. Other -- comments and the last `;` are left out.
# Quotes, dollar quotes and block comments are followed, so that -- inside them is kept.

BEGIN {
    printf "/* Generated from a .sql file by cmake/queries.awk. */\n#include \"common/db.h\"\n\n"
    printf "const struct db_query %s_queries[] = {\n", table
}

inside == "" && /^[ \t]*--[ \t]*name:/ {
    end_query()
    name = $0
    sub(/^[ \t]*--[ \t]*name:[ \t]*/, "", name)
    sub(/[ \t\r]+$/, "", name)
    if (name !~ /^[a-z][a-z0-9_]*$/) fail("a query's name is lower case letters, digits and _, not: " name)
    if (name in seen) fail("a second query named " name)
    seen[name] = 1
    next
}

{
    kept = without_comments($0)
    if (kept !~ /[^ \t\r]/ && inside == "") next
    if (name == "") fail("SQL before the first `-- name:` line")
    lines[++count] = kept
}

END {
    if (failed) exit 1
    if (inside != "") fail("query " name " ends inside " inside)
    end_query()
    if (failed) exit 1
    printf "    {NULL, NULL},\n};\n"
}

function end_query(    i) {
    if (name == "") return
    if (count == 0) fail("query " name " has no text")
    # Only the end of the last line: a `;` elsewhere makes PostgreSQL refuse the query at PREPARE, which is right.
    sub(/[ \t\r;]+$/, "", lines[count])
    printf "    {\"%s\",\n     \"/* %s */\\n\"", name, name
    for (i = 1; i <= count; i++) printf "\n     %s", c_line(lines[i])
    printf "},\n"
    count = 0
}

# The line without its -- comment; carries over in `inside` what is still open at its end:
# ', ", /*, a dollar quote such as $body$, or nothing.
function without_comments(line,    i, c, rest) {
    i = 1
    while (i <= length(line)) {
        rest = substr(line, i)
        c = substr(rest, 1, 1)
        if (inside != "") {
            i += step_inside(rest)
        } else if (substr(rest, 1, 2) == "--") {
            line = substr(line, 1, i - 1)
            sub(/[ \t]+$/, "", line)
            return line
        } else if (substr(rest, 1, 2) == "/*") {
            inside = "/*"
            i += 2
        } else if (c == "'" || c == "\"") {
            inside = c
            backslash = c == "'" && i > 1 && substr(line, i - 1, 1) ~ /[eE]/ && substr(" " line, i - 1, 1) !~ /[A-Za-z0-9_]/
            i++
        } else if (match(rest, /^\$([A-Za-z_][A-Za-z0-9_]*)?\$/)) {
            inside = substr(rest, 1, RLENGTH)
            i += RLENGTH
        } else {
            i++
        }
    }
    return line
}

# How many characters to move on within `inside`, which is emptied when it closes here. A doubled quote closes and
# opens again, which comes to the same.
function step_inside(rest) {
    if (backslash && substr(rest, 1, 1) == "\\") return 2
    if (inside == "/*") {
        if (substr(rest, 1, 2) != "*/") return 1
        inside = ""
        return 2
    }
    if (substr(rest, 1, length(inside)) != inside) return 1
    c_length = length(inside)
    inside = ""
    backslash = 0
    return c_length
}
