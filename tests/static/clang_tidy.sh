#!/usr/bin/env bash
# clang-tidy 14 with the checks of .clang-tidy. See tests/static/clang_tidy.sh --help.
set -euo pipefail
cd "${ZHITONG_ROOT:-$(dirname "$0")/../..}"

usage() {
    cat <<'TEXT'
tests/static/clang_tidy.sh [--all]

The checks of .clang-tidy over every C file, and the warnings of clang with them. The analyzer, which follows each path through a
function and takes ten times as long, over the files that decide (tests/static/decisions) and those that read bytes from outside
(tests/fuzz/parsers); --all (or STATIC_ALL=1): over every file, some 5 minutes on two processors.
TEXT
}

all=${STATIC_ALL:-}
case ${1:-} in
--all) all=1 ;;
-h | --help) usage && exit ;;
'') ;;
*) usage >&2 && exit 2 ;;
esac

build=${ZHITONG_TEST_BUILD:-build/release}
files_at_once=8
deploy/install-packages develop >/dev/null
if [[ ! -f $build/compile_commands.json ]]; then
    echo "not ok clang_tidy: no $build/compile_commands.json; cmake --preset release && cmake --build --preset release"
    exit 1
fi

status=0
tidy() { # name [options of clang-tidy]; files on stdin, one a line
    local name=$1 start=$SECONDS files log found
    shift
    files=$(cat)
    log=$(mktemp)
    echo "$name: $(wc -l <<<"$files") files"
    # What it cannot compile it says on standard output, too.
    xargs -P "$(nproc)" -n $files_at_once clang-tidy-14 --quiet -p "$build" "$@" <<<"$files" >"$log" 2>/dev/null || true
    found=$(grep -E '(warning|error): ' "$log" | sort -u || true)
    if [[ -z $found ]]; then
        echo "ok clang_tidy_$name ($((SECONDS - start)) s)"
    else
        echo "not ok clang_tidy_$name"
        head -n 60 <<<"$found"
        status=1
    fi
    rm -f "$log"
}

sources() { find proto common services clients -name '*.c' | sort; }

chosen() {
    local pattern
    grep -Ev '^(#|$)' tests/static/decisions | while read -r pattern; do compgen -G "$pattern"; done
    grep -Ev '^(#|$)| - ' tests/fuzz/parsers | cut -d' ' -f1
}

# A file with a fault of each kind: a checker that finds nothing in it is none.
bites() {
    local folder found
    folder=$(mktemp -d)
    cat >"$folder/bad.c" <<'C'
#include <stdlib.h>
#include <string.h>
int bad(const char *a, const char *b);
int bad(const char *a, const char *b) {
    char *copy = malloc(8);
    if (memcmp(a, b, 4) == -1)
        return a[0];
    copy[0] = b[0];
    return a == a;
}
C
    found=$(clang-tidy-14 --quiet --config-file=.clang-tidy "$folder/bad.c" -- -std=c17 2>/dev/null || true)
    rm -rf "$folder"
    for check in bugprone-suspicious-string-compare misc-redundant-expression clang-analyzer-unix.Malloc; do
        if ! grep -q "$check" <<<"$found"; then echo "$check finds nothing in a file made for it"; fi
    done
}

dull=$(bites)
if [[ -n $dull ]]; then
    printf 'not ok clang_tidy_bites\n%s\n' "$dull"
    status=1
else
    echo 'ok clang_tidy_bites'
fi
# What is not built here (tests/bench/peers.c, where the brokers' clients are missing) cannot be read either.
built() { sed -n "s|^ *\"file\": \"$PWD/\(.*\)\",*\$|\1|p" "$build/compile_commands.json" | sort -u; }

# tests/simulation puts functions of its own in the place of ours.
{ sources && find tests -name '*.c' ! -path 'tests/fuzz/*' ! -path 'tests/simulation/*'; } | sort | comm -12 - <(built) | tidy checks -checks='-clang-analyzer-*'
{ if [[ -n $all ]]; then sources; else chosen; fi; } | sort -u | tidy analyzer -checks='-*,clang-analyzer-*,-clang-analyzer-optin.performance.Padding,-clang-analyzer-security.insecureAPI.*,-clang-analyzer-valist.Uninitialized'
exit $status
