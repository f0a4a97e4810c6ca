#!/usr/bin/env bash
# cppcheck over every C file: warnings, performance, portability. What it gets wrong is named below, place by place.
set -euo pipefail
. "$(dirname "$0")/../lib/help.sh"
cd "${ZHITONG_ROOT:-$(dirname "$0")/../..}"

build=${ZHITONG_TEST_BUILD:-build/release}
deploy/install-packages develop >/dev/null
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

# ID:FILE, each with its reason.
cat >"$work/suppressions" <<'TEXT'
# the loops of sys/queue.h and of jansson assign what it takes for read before
uninitvar:services/notification/courier_pieces.c
uninitvar:services/notification/courier_read.c
# read_value writes it before anybody reads it
legacyUninitvar:common/form_disposition.c
# compare_codes looks at nothing but the code, which is set
uninitvar:common/measure_report.c
# strtok_r answers otherwise when it is asked again
incorrectLogicOperator:common/secret_keys.c
# an element of an array is never NULL
nullPointerRedundantCheck:common/city_place.c
# the sum has exp(0) in it, of the label with the most
invalidFunctionArg:services/zhitong/classify_fit.c
# glibc's readdir is safe for a stream of one's own; readdir_r is deprecated
readdirCalled
# a conditional whose middle is a compound literal: it cannot parse that
internalAstError:services/notification/handlers.c
TEXT

# jansson's loops, of which it knows nothing.
cat >"$work/jansson.cfg" <<'XML'
<?xml version="1.0"?>
<def format="2">
  <define name="json_array_foreach(array,index,value)" value="for(index=0;(value=json_array_get(array,index));index++)"/>
</def>
XML

check() { # files…
    cppcheck -j "$(nproc)" --quiet --enable=warning,performance,portability --std=c11 --library=posix,gnu --library="$work/jansson.cfg" -I. -I"$build/gen" \
        -D_GNU_SOURCE --suppressions-list="$work/suppressions" --template='{file}:{line}: {severity} {id}: {message}' "$@" 2>&1 | sort -u
}

status=0
result() { # name, places
    if [[ -z $2 ]]; then
        echo "ok cppcheck_$1"
    else
        printf 'not ok cppcheck_%s\n%s\n' "$1" "$2"
        status=1
    fi
}

cat >"$work/bad.c" <<'C'
#include <string.h>
int bad(int n) {
    char text[4];
    int a[2] = {0};
    memset(text, 0, 8);
    return a[n > 1 ? 2 : n] + text[0];
}
C
result bites "$([[ -n $(check "$work/bad.c") ]] || echo 'it finds nothing in a file made for it')"
find proto common services clients/c -name '*.c' | sort >"$work/files"
echo "$(wc -l <"$work/files") files"
result sources "$(check --file-list="$work/files")"
exit $status
