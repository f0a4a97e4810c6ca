# Shared by queries.awk and migrations.awk: text as C string literals.

# One line of text as a C string literal that ends in a newline. `?` is escaped because `??(` is a trigraph in C17.
function c_line(text) {
    return "\"" c_escape(text) "\\n\""
}

# Character by character: replacement strings of gsub treat backslashes differently in mawk, gawk and busybox awk.
function c_escape(text,    out, i, c) {
    if (text !~ /["\\?\t\r]/) return text
    out = ""
    for (i = 1; i <= length(text); i++) {
        c = substr(text, i, 1)
        if (c == "\"" || c == "\\" || c == "?") c = "\\" c
        else if (c == "\t") c = "\\t"
        else if (c == "\r") c = "\\r"
        out = out c
    }
    return out
}

function fail(text) {
    printf "%s:%d: %s\n", FILENAME, FNR, text > "/dev/stderr"
    failed = 1
    exit 1
}
