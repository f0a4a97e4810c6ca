#!/usr/bin/env bash
# Every unit program under valgrind's memcheck: no wrong access, nothing lost. See tests/static/valgrind.sh --help.
set -euo pipefail
cd "${ZHITONG_ROOT:-$(dirname "$0")/../..}"

usage() {
    cat <<'TEXT'
tests/static/valgrind.sh [--all | PROGRAM…]

All unit programs of the release build but those that take minutes under valgrind (named in this script; AddressSanitizer runs them,
too); --all (or STATIC_ALL=1): those as well. PROGRAM is a name like test_csv.
TEXT
}

build=${ZHITONG_TEST_BUILD:-build/release}
program_seconds_max=240
# Computation (large models, millions of instants, pictures, every way of a case), and three that wait for answers within a time.
slow='test_(calendar_property|routing_any_way|routing_pairs|classifier|zhitong_classify|intake_thumbnail|client_follow|client_hostile|follow)'

all=${STATIC_ALL:-}
names=()
for word; do
    case $word in
    --all) all=1 ;;
    -h | --help) usage && exit ;;
    *) names+=("$word") ;;
    esac
done
deploy/install-packages develop >/dev/null
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

if ((${#names[@]} == 0)); then
    for path in tests/unit/test_*.c; do
        name=$(basename "$path" .c)
        if [[ -n $all || ! $name =~ ^$slow$ ]]; then names+=("$name"); fi
    done
fi

# What a library or cmocka keeps until the end is reachable and no leak. A test that is about time may fail where everything takes forty
# times as long, and cmocka then leaves what it had: of such a program only wrong accesses count.
one() { # name
    local name=$1 start=$SECONDS status=0
    timeout $program_seconds_max valgrind --quiet --error-exitcode=99 --leak-check=full --show-leak-kinds=definite,indirect \
        --errors-for-leak-kinds=definite,indirect --suppressions=tests/static/valgrind.supp --num-callers=20 \
        "$build/tests/$name" >"$work/$name.log" 2>&1 || status=$?
    if ((status == 0)); then
        echo "ok valgrind_$name ($((SECONDS - start)) s)"
    elif grep -q '\[  FAILED  \]' "$work/$name.log" && ! grep -qE '^==.*(Invalid|uninitialised|Mismatched|overlap)' "$work/$name.log"; then
        echo "skip valgrind_$name too slow for its own clock; no wrong access up to there"
    else
        echo "not ok valgrind_$name: exit code $status"
        grep -E '^==|FAILED|ERROR' "$work/$name.log" | head -n 40 | sed 's/^/    /'
    fi
}
export -f one
export build work program_seconds_max

echo "${#names[@]} programs"
printf '%s\n' "${names[@]}" | xargs -P "$(nproc)" -I NAME bash -c 'one NAME' | tee "$work/results"
! grep -q '^not ok ' "$work/results"
