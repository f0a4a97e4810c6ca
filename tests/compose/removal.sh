#!/usr/bin/env bash
# What OPERATIONS.md says to remove a city with removes the volumes of every overlay, also of those that nobody names then. Without an engine:
# docker-compose says which volumes the command would know.
set -euo pipefail
. "$(dirname "$0")/../lib/help.sh"
cd "${ZHITONG_ROOT:-$(dirname "$0")/../..}"

deploy/install-packages compose >/dev/null
result() { # name, what is wrong
    if [[ -z $2 ]]; then echo "ok $1"; else printf 'not ok %s\n%s\n' "$1" "$2" && status=1; fi
}

# Each declared volume that this command would leave.
left_by() { # command
    local known
    known=$(env -u COMPOSE_FILE bash -c "${1/down*/config --volumes}" 2>/dev/null | sort)
    comm -23 <(sed -sn '/^volumes:/,$s/^  \([a-z_0-9]*\):$/\1/p' docker-compose.yml deploy/compose.*.yml | sort) <(printf '%s\n' "$known")
}

status=0
for page in deploy/OPERATIONS.md docs/OPERATIONS.zh-CN.md; do
    command=$(grep -m 1 'docker-compose down --volumes' "$page" || true)
    result "removal_of_${page//[^A-Za-z]/_}_takes_every_volume" "$([[ -n $command ]] && left_by "$command" || echo 'no command')"
done
result removal_rule_bites "$([[ $(left_by 'docker-compose down --volumes --remove-orphans') == *mail* ]] || echo 'the mail volume was not missed')"
exit $status
