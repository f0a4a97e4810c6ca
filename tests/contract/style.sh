#!/usr/bin/env bash
# The house rules that a machine can check, on every file that git knows or would add. One result a rule; a rule that
# does not bite on a tree made to break it fails too.
set -euo pipefail
. "$(dirname "$0")/../lib/help.sh"
cd "${ZHITONG_ROOT:-$(dirname "$0")/../..}"

file_lines_max=350
function_lines_max=70
parameters_max=5

# Each rule_NAME prints the places that break it: FILE:LINE: what.

files() { # patterns of git ls-files
    local name
    git ls-files -co --exclude-standard -- "$@" 2>/dev/null | while IFS= read -r name; do
        if [[ -f $name ]]; then printf '%s\n' "$name"; fi
    done
}

# Programs without a suffix, by their first line.
scripts() {
    files | grep -E '\.sh$|(^|/)[^.]+$' | while IFS= read -r name; do
        if head -c 20 "$name" | head -n 1 | grep -aq '^#!.*sh$'; then printf '%s\n' "$name"; fi
    done
}

rule_files_are_short() {
    { files '*.c' '*.h' '*.def' '*.sql' '*.awk' '*.py' '*.js' '*.cmake' && scripts; } | sort -u |
        while IFS= read -r name; do
            awk -v max=$file_lines_max 'END { if (NR > max) printf "%s:%d: %d lines, at most %d\n", FILENAME, NR, NR, max }' "$name"
        done
}

# A function begins at a line in the first column and has its brace at the end of a line; it ends at } in the first
# column. `signature` gathers from the first to the brace.
each_function() { # awk action, run at the end of each function
    files '*.c' '*.h' | while IFS= read -r name; do
        awk -v lines_max=$function_lines_max -v parameters_max=$parameters_max '
            /^[A-Za-z_]/ && !within { signature = ""; began = FNR }
            !within { signature = signature " " $0 }
            !within && /\) \{$/ && signature !~ /^ *(struct|enum|union|switch|#)[^(]*\{/ { within = 1 }
            !within && /[;}]$/ { signature = "" }
            /^}/ && within { within = 0; '"$1"'; signature = "" }' "$name"
    done
}

rule_functions_are_short() {
    # shellcheck disable=SC2016 # for awk
    each_function 'if (FNR - began + 1 > lines_max)
        printf "%s:%d: %d lines in a function, at most %d\n", FILENAME, began, FNR - began + 1, lines_max'
}

rule_parameters_are_few() {
    # shellcheck disable=SC2016
    # MHD_Connection: a callback whose shape is libmicrohttpd's choice.
    each_function 'sub(/^[^(]*\(/, "", signature); sub(/\) \{$/, "", signature); gsub(/\([^()]*\)/, "", signature)
        if (signature !~ /MHD_/ && gsub(/,/, ",", signature) + 1 > parameters_max)
            printf "%s:%d: more than %d parameters\n", FILENAME, began, parameters_max'
}

search() { # extended regular expression, sentence; reads file names
    local name
    while IFS= read -r name; do
        grep -aEn -- "$1" "$name" | sed -E "s|^([0-9]+):.*|$name:\\1: $2|" || true
    done
}

rule_headers_hide_no_types() {
    # A function type has no other name; structs and enums are written as such.
    files '*.h' | search '^[[:space:]]*typedef\b[^(]*$' 'typedef in a header: say struct or enum'
}

rule_names_say_what_things_are() {
    files '*.c' '*.h' '*.def' | grep -Ei 'manager|util' | sed 's/$/:1: a name that says nothing/' || true
    files '*.c' '*.h' '*.def' '*.sql' | search '[Mm]anager|\b[Uu]tils?(_|\b)|_utils?\b' 'a name that says nothing'
}

rule_no_path_of_one_machine() {
    files | grep -Ev '\.(png|jpg|woff2?|ico|gz)$' |
        search '(^|[^A-Za-z0-9_.$}-])/(work|root|home)/[A-Za-z0-9_.]' 'a path of one machine'
}

rule_arrows_point_one_way() {
    files 'proto/*.c' 'proto/*.h' | search '^#include "(common|services)/' 'proto includes nothing above it'
    files 'common/*.c' 'common/*.h' | search '^#include "services/' 'common includes no service'
    local service
    for service in intake routing escalation notification desk; do
        files "services/$service/*.c" "services/$service/*.h" | while IFS= read -r name; do
            grep -n '^#include "services/' "$name" | grep -v "\"services/$service/" |
                sed "s|^\([0-9]*\):.*|$name:\1: a service includes no other|" || true
        done
    done
}

rule_own_header_first() {
    local name own
    files 'proto/*.c' 'common/*.c' 'services/*.c' | while IFS= read -r name; do
        own=${name%.c}.h
        # A module in several files opens with its inner header, which is named after it.
        if [[ -f $own ]] && ! grep -m 1 '^#include' "$name" | grep -q "\"${own%.h}[a-z_]*\.h\""; then
            echo "$name:1: $own is not the first include"
        fi
    done
}

rule_lines_end_clean() {
    files '*.c' '*.h' '*.def' '*.sql' '*.awk' '*.cmake' '*.sh' '*.md' '*.txt' | grep -v '^LICENSE$' |
        search '[[:space:]]$' 'white space at the end of the line'
}

rule_shell_scripts_are_sound() {
    scripts | while IFS= read -r name; do
        if head -n 1 "$name" | grep -q bash && ! grep -q '^set -euo pipefail' "$name"; then
            echo "$name:1: no set -euo pipefail"
        fi
        shellcheck -S warning -f gcc "$name" || true
    done
}

rule_formatted() {
    # shellcheck disable=SC2046 # our names have no spaces
    clang-format-14 --dry-run $(files '*.c' '*.h') 2>&1 | sed -nE 's/^(\S+:[0-9]+):.*warning: .*/\1: clang-format-14 -i/p' |
        awk -F: '!seen[$1]++'
}

needed() { # the program that a rule needs
    case $1 in
    shell_scripts_are_sound) echo shellcheck ;;
    formatted) echo clang-format-14 ;;
    *) echo git ;;
    esac
}

rules=$(declare -F | sed -n 's/^declare -f rule_//p')

# A file for every rule that breaks it; without these a rule that finds nothing would look kept.
bad_tree() {
    local i n m=Mana # words in two pieces, so that this file keeps the rules
    mkdir -p common proto services/desk
    git init -q .
    for ((i = 0; i < 351; i++)); do echo "int x$i;"; done >common/long.c
    {
        echo 'int f(int a, int b, int c, int d, int e, int (*g)(int, int)) {'
        for ((i = 0; i < 70; i++)); do echo "    a++;"; done
        echo '}'
    } >common/function.c
    n='type'
    echo "${n}def int number;" >common/type.h
    echo "struct case_${m,}ger { int x; };" >common/names.h
    n=/wor
    echo "key = ${n}k/main" >settings.txt
    echo '#include "common/type.h"' >proto/up.c
    echo '#include "services/intake/store.h"' >services/desk/across.c
    printf '#include <stdio.h>\n#include "common/type.h"\nint  x; \n' >common/type.c
    printf '#!/usr/bin/env bash\nunused=1\n' >script.sh
}

checker_bites() {
    local tree rule
    tree=$(mktemp -d)
    (
        cd "$tree"
        bad_tree
        for rule in $rules; do
            command -v "$(needed "$rule")" >/dev/null || continue
            [[ -n $("rule_$rule") ]] || echo "$rule finds nothing in a tree that breaks it"
        done
    )
    rm -rf "$tree"
}

git rev-parse --git-dir >/dev/null 2>&1 || { echo 'skip style this is no git work tree' && exit; }
status=0
result() { # name, places
    if [[ -z $2 ]]; then
        echo "ok style_$1"
    else
        echo "not ok style_$1"
        printf '%s\n' "$2" | head -n 40
        status=1
    fi
}
result checker_bites "$(checker_bites)"
for rule in $rules; do
    if command -v "$(needed "$rule")" >/dev/null; then
        result "$rule" "$("rule_$rule")"
    else
        echo "skip style_$rule $(needed "$rule") is not installed"
    fi
done
exit $status
