#!/usr/bin/env bash
# Every reader of outside bytes has a fuzz target or says why not (tests/fuzz/parsers), and every target a corpus and a reader.
set -euo pipefail
. "$(dirname "$0")/../lib/help.sh"
cd "${ZHITONG_ROOT:-$(dirname "$0")/../..}"

table=tests/fuzz/parsers
# The functions with which a program takes bytes apart; what calls one is a parser until the table says otherwise.
reading='sscanf|fscanf|strto(d|l|ul|ll|ull)\(|strtok_r|json_load[a-z]*\(|cursor_next\(|base642bin|hex2bin|XML_Parse|g_mime_parser'
reading+='|jpeg_read_header|png_read_info|WebPDecode|inet_pton|curl_url_set|strptime|guard_object_size'
reasons='column|checked|argument|own|list|kernel|message'

status=0
result() { # name, places
    if [[ -z $2 ]]; then
        echo "ok fuzz_$1"
    else
        printf 'not ok fuzz_%s\n%s\n' "$1" "$2"
        status=1
    fi
}

rows=$(grep -Ev '^(#|$)' "$table")
targets() { for path in tests/fuzz/fuzz_*.c; do basename "$path" .c | sed 's/^fuzz_//'; done; }

readers() { # the files among these that read
    grep -lE "$reading" "$@" || true
}

missing() { # files that read and have no line
    local file
    readers "$@" | while IFS= read -r file; do
        if ! grep -q "^$file " <<<"$rows"; then echo "$file: reads bytes and has no line in $table"; fi
    done
}

wrong_rows() {
    local file rest target
    while read -r file rest; do
        if [[ ! -f $file ]]; then echo "$table: $file does not exist"; fi
        if [[ $rest == -* ]]; then
            if ! [[ $rest =~ ^-\ ($reasons)$ ]]; then echo "$table: $file: $rest is no reason"; fi
            continue
        fi
        for target in $rest; do
            if [[ ! -f tests/fuzz/fuzz_$target.c ]]; then echo "$table: $file: there is no target $target"; fi
        done
    done <<<"$rows"
    cut -d' ' -f1 <<<"$rows" | sort | uniq -d | sed "s|^|$table: twice: |"
}

idle_targets() {
    local target
    targets | while IFS= read -r target; do
        if ! grep -qE "^[^ ]+( [a-z_0-9]+)* $target( |\$)" <<<"$rows"; then echo "fuzz_$target: feeds nobody in $table"; fi
        if [[ -z $(find "tests/fuzz/corpus/$target" -type f 2>/dev/null) ]]; then
            echo "fuzz_$target: no corpus in tests/fuzz/corpus/$target"
        fi
    done
}

checker_bites() {
    local file
    file=$(mktemp --suffix=.c)
    # shellcheck disable=SC2016
    echo 'int f(const char *text) { int n; return sscanf(text, "%d", &n); }' >"$file"
    if [[ -z $(missing "$file") ]]; then echo "a new reader is not seen"; fi
    rm -f "$file"
}

mapfile -t sources < <(find proto common services clients/c -name '*.c' | sort)
result checker_bites "$(checker_bites)"
result every_reader_has_a_target_or_a_reason "$(missing "${sources[@]}")"
result rows_name_what_there_is "$(wrong_rows)"
result every_target_has_a_reader_and_a_corpus "$(idle_targets)"
exit $status
