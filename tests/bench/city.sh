# A city that runs on a PostgreSQL of its own, and what its processes use while it is measured. Sourced from the project's root by
# tests/bench/run, peers and scale, which set: build, folder (may be empty), keep, replicas, duplicates.
# shellcheck shell=bash disable=SC2034,SC2154 # set there, used there
set -euo pipefail
build=$(realpath "$build")
folder=${folder:-$(mktemp -d /var/tmp/zhitong-bench.XXXXXX)}
mkdir -p "$folder"
folder=$(realpath "$folder")
chmod 755 "$folder"
cluster=$PWD/deploy/postgres/cluster
hertz=$(getconf CLK_TCK)
ready_seconds_max=60
settle_seconds_max=30
status=0
pids=()

say() { printf '%s\n' "$*" >&2; }
sql() { "$cluster" psql "$folder/pg" -Atqc "$1"; }
zhitong() { ZHITONG_DATABASE_URL=$("$cluster" url "$folder/pg") "$build/zhitong" "$@" >/dev/null; }

stop_all() { # what pids names
    local pid
    for pid in "${pids[@]}"; do kill -TERM "$pid" 2>/dev/null || true; done
    for pid in "${pids[@]}"; do
        timeout 10 tail --pid="$pid" -f /dev/null || kill -9 "$pid" 2>/dev/null || true
    done
    pids=()
}

clean_up() {
    trap - EXIT INT TERM
    stop_all
    "$cluster" remove "$folder/pg" || true
    if [[ $keep == no ]]; then rm -rf -- "$folder"; else say "left: $folder"; fi
}
trap clean_up EXIT
trap 'exit 130' INT TERM

# ---- a city that runs ---------------------------------------------------------------------------------------------------

port_free() { # a free TCP port below the range that outgoing connections use
    local port
    for ((port = 26000 + RANDOM % 5000; port < 32000; port++)); do
        if ! (exec 3<>"/dev/tcp/127.0.0.1/$port") 2>/dev/null && [[ " ${ports[*]} " != *" $port "* ]]; then
            ports+=("$port")
            free=$port
            return
        fi
    done
    return 1
}
ports=()

start_service() { # name, number of the replica
    local public='' operations environment
    port_free && operations=$free
    environment=("ZHITONG_DATABASE_URL=$("$cluster" url "$folder/pg" "zhitong_$1")" "ZHITONG_OPERATIONS_PORT=$operations")
    if [[ $1 == intake || $1 == notification ]]; then
        port_free && public=$free
        environment+=("ZHITONG_PUBLIC_PORT=$public" "ZHITONG_PUBLIC_KEYS=$folder/service.key")
        endpoints[$1]+="${endpoints[$1]:+,}tcp://127.0.0.1:$public"
    fi
    env "${environment[@]}" "$build/zt-$1" >"$folder/$1-$2.log" 2>&1 &
    pids+=($!)
    ready+=("$1-$2:$operations")
}

wait_ready() {
    local one until=$((SECONDS + ready_seconds_max))
    for one in "${ready[@]}"; do
        until curl -sf -o "$folder/ready" "http://127.0.0.1:${one#*:}/readyz"; do
            if ((SECONDS > until)); then
                say "${one%:*} does not become ready:" "$(tail -n 3 "$folder/${one%:*}.log")"
                exit 1
            fi
            sleep 0.1
        done
    done
}

start_city() {
    local unit
    say "starting PostgreSQL in $folder"
    "$cluster" start "$folder/pg"
    zhitong migrate
    tests/bench/make_city "$folder/city" "$duplicates"
    zhitong city load "$folder/city"
    zhitong keys service "$folder/service.key"
    zhitong keys client bench --out "$folder/client.key"
    for unit in $(units); do zhitong keys department add "$unit" --unit "$unit" --out "$folder/$unit.key"; done
}

start_services() {
    local service n
    declare -gA endpoints=([intake]='' [notification]='')
    ready=()
    for ((n = 1; n <= replicas; n++)); do
        for service in intake routing escalation notification; do start_service "$service" "$n"; done
    done
    wait_ready
}

units() { tail -n +2 "$folder/city/units.csv" | cut -d , -f 1; }

# Where each unit's stream goes on.
write_units() {
    local unit
    for unit in $(units); do
        echo "$unit $folder/$unit.key $(sql "SELECT coalesce(max(head), 0) + 1 FROM notification.stream WHERE unit = '$unit'")"
    done >"$folder/units"
}

# ---- measuring --------------------------------------------------------------------------------------------------------------

tree_of() { # pids: these and what descends from them; a broker may have been started by a script
    local pid
    for pid in "$@"; do
        echo "$pid"
        # shellcheck disable=SC2046 # a word each
        tree_of $(pgrep -P "$pid" || true)
    done
}

ticks_of() { # pids: user and system time of each and of its children that ended, in clock ticks
    local pid sum=0 fields
    for pid in "$@"; do
        fields=$(sed 's/.*) //' "/proc/$pid/stat" 2>/dev/null) || continue
        # shellcheck disable=SC2086 # fields 14 to 17 of the line, counted after the name
        set -- $fields
        sum=$((sum + ${12} + ${13} + ${14} + ${15}))
    done
    echo $sum
}

postgres_ticks() {
    local postmaster
    postmaster=$("$cluster" psql "$folder/pg" -Atqc "SELECT pg_read_file('postmaster.pid')" | head -n 1)
    # shellcheck disable=SC2046 # a word each
    ticks_of $(tree_of "$postmaster")
}

written_by() { # pids: bytes that they had the kernel write to files
    local pid sum=0
    for pid in "$@"; do sum=$((sum + $(awk '$1 == "write_bytes:" { print $2 }' "/proc/$pid/io" 2>/dev/null || echo 0))); done
    echo $sum
}

# What an earlier run left to do is not this one's: dirty pages, tables to vacuum.
settle() {
    local until=$((SECONDS + settle_seconds_max))
    sql CHECKPOINT >/dev/null
    while [[ $(sql "SELECT count(*) FROM pg_stat_activity WHERE backend_type = 'autovacuum worker'") != 0 ]]; do
        if ((SECONDS > until)); then return; fi
        sleep 0.5
    done
}

# Ticks that the whole machine was busy since it started, steal among them.
machine_ticks() { awk '/^cpu / { print $2 + $3 + $4 + $7 + $8 + $9; exit }' /proc/stat; }

TIMEFORMAT='%U %S'
client_us() { awk '{ printf "%d\n", ($1 + $2) * 1000000 }' "$1"; }

others_percent() { # ours in µs, ticks of the machine, its wall time in µs
    echo $(((($2 * 1000000 / hertz) - $1) * 100 / ($3 * $(nproc) + 1)))
}

declare -A result
measure() { # name, command…: the command prints `name value` lines, accepted among them
    local name=$1 wal_before postgres_before services_before written_before machine_before began key value code=0 measured
    shift
    settle
    write_units
    wal_before=$(sql 'SELECT pg_current_wal_insert_lsn()')
    postgres_before=$(postgres_ticks)
    mapfile -t measured < <(tree_of "${pids[@]}")
    services_before=$(ticks_of "${measured[@]}") written_before=$(written_by "${measured[@]}")
    machine_before=$(machine_ticks) began=${EPOCHREALTIME/./}
    { time "$@" >"$folder/$name.out" 2>"$folder/$name.err" || code=$?; } 2>"$folder/$name.time"
    result[$name.written]=$(($(written_by "${measured[@]}") - written_before))
    result[$name.machine]=$(($(machine_ticks) - machine_before)) result[$name.wall]=$((${EPOCHREALTIME/./} - began))
    if ((code)); then
        say "$name: exit $code:" "$(head -c 1000 "$folder/$name.err")"
        status=1
    fi
    while read -r key value; do result[$name.$key]=$value; done <"$folder/$name.out"
    result[$name.wal]=$(sql "SELECT pg_wal_lsn_diff(pg_current_wal_insert_lsn(), '$wal_before')")
    result[$name.postgres_us]=$((($(postgres_ticks) - postgres_before) * 1000000 / hertz))
    result[$name.services_us]=$((($(ticks_of "${measured[@]}") - services_before) * 1000000 / hertz))
    result[$name.client_us]=$(client_us "$folder/$name.time")
    result[$name.others]=$(others_percent \
        $((result[$name.postgres_us] + result[$name.services_us] + result[$name.client_us])) \
        "${result[$name.machine]}" "${result[$name.wall]}")
    rows+=("$name")
}
rows=()

chain() { # name, seconds, rate, window
    say "$1: $2 s"
    measure "$1" "$build/zt-bench-chain" --city "$folder/city" --key "$folder/client.key" --units "$folder/units" \
        --intake-endpoints "${endpoints[intake]}" --notification-endpoints "${endpoints[notification]}" \
        --intake-server-key "$folder/service.key" --notification-server-key "$folder/service.key" \
        --seconds "$2" --rate "$3" --window "$4"
}

each() { # name, key: per accepted case
    local cases=${result[$1.accepted]:-0}
    if ((cases > 0)); then echo $((${result[$1.$2]%.*} / cases)); else echo -; fi
}

machine() {
    printf '%s cores, %s, %s, kernel %s' "$(nproc)" "$(sed -n 's/^model name[^:]*: //p' /proc/cpuinfo | head -n 1)" \
        "$(sql 'SHOW server_version' | sed 's/^/PostgreSQL /')" "$(uname -r)"
}
