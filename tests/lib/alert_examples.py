"""For every rule of deploy/prometheus/alerts.yml series that make it fire. All begin with a city in which all is well and no rule
fires; each changes some of its series, in promtool's notation: `FROM+STEPxTIMES`, a minute a step."""

MINUTES = 180  # longer than any rule waits


def always(value):
    return f"{value}+0x{MINUTES}"


def rising(a_minute):
    return f"0+{a_minute}x{MINUTES}"


def at_the_end(before, value, minutes):
    """`value` in the last minutes, after `before`."""
    return f"{before}+0x{MINUTES - minutes} {value}+0x{minutes - 1}"


ROUTING = '{job="zhitong",instance="a:9101",service="routing"}'


def histogram(name, quick, slow):
    """So many a minute within 10 ms, and so many that take longer than 10 s."""
    inner = ROUTING[1:-1]
    return {f'{name}_bucket{{{inner},le="0.01"}}': rising(quick), f'{name}_bucket{{{inner},le="10"}}': rising(quick),
            f'{name}_bucket{{{inner},le="+Inf"}}': rising(quick + slow)}


HEALTHY = {
    'up{job="zhitong",instance="a:9101"}': always(1),
    f"process_start_time_seconds{ROUTING}": always(1000),
    f"process_open_fds{ROUTING}": always(60),
    f"process_max_fds{ROUTING}": always(1024),
    'zhitong_build_info{job="zhitong",instance="a:9101",service="routing",version="1.0.0"}': always(1),
    'zhitong_build_info{job="zhitong",instance="b:9101",service="intake",version="1.0.0"}': always(1),
    f"zhitong_loaded_city_version{ROUTING}": always(3),
    'zhitong_loaded_city_version{job="zhitong",instance="b:9101",service="intake"}': always(3),
    f"zhitong_database_up{ROUTING}": always(1),
    f"zhitong_behind_seconds{ROUTING}": always(0.02),
    f"zhitong_busy_total{ROUTING}": always(7),
    f"zhitong_retries_total{ROUTING}": always(1),
    f"zhitong_clock_jumps_total{ROUTING}": always(0),
    f"zhitong_http_requests_total{ROUTING}": rising(600),
    f"zhitong_http_failed_total{ROUTING}": rising(1),
    f"zhitong_access_refused_total{ROUTING}": always(3),
    f"zhitong_refused_total{ROUTING}": rising(2),
    'zhitong_stream_lag_entries{service="notification",unit="fire"}': always(12),
    'zhitong_delivery_first_seconds{service="notification"}': always(0.05),
    "zhitong_city_up": always(1),
    "zhitong_city_needs_a_person": always(0),
    "zhitong_city_time_driven": always(0),
    "zhitong_city_migrations_missing": always(0),
    'zhitong_city_used{of="routing"}': always(1),
    'zhitong_city_used{of="desk"}': always(0),
    'zhitong_city_replicas{of="routing"}': always(2),
    'zhitong_city_replicas{of="desk"}': always(0),  # never started, and nobody misses it
    'zhitong_city_shards_owned{of="routing"}': always(128),
    'zhitong_city_log_entries_total{of="intake"}': rising(3),
    'zhitong_city_behind_seconds{of="routing",upstream="intake"}': always(0.1),
    'zhitong_city_parked{of="routing"}': always(0),
    "zhitong_city_clocks_late_seconds": always(0.1),
    "zhitong_city_dead_letters": always(0),
    "zhitong_city_endpoints_disabled": always(0),
    "zhitong_city_deliveries_waiting": always(20),
    "zhitong_city_database_disk_free_bytes": always(400e9),
    "zhitong_city_database_disk_bytes": always(500e9),
    "zhitong_city_logs_without_tomorrow": always(0),
    "zhitong_city_database_connections": always(40),
    "zhitong_city_database_connections_max": always(97),
    "zhitong_city_database_oldest_transaction_seconds": always(0.2),
    "zhitong_city_database_transaction_ids_used": always(150e6),
    "zhitong_city_database_standbys_synchronous": always(1),
    "zhitong_city_database_standby_lag_bytes": always(16384),
    "zhitong_city_database_archive_failures_total": always(2),
    'zhitong_city_key_ends_timestamp_seconds{name="police",kind="hmac"}': always(20 * 86400),
    **histogram("zhitong_commit_seconds", 6000, 0),
    **histogram("zhitong_http_request_seconds", 600, 0),
}

# Alert → what is different. No other alert may fire with it.
EXAMPLES = {
    "ZhitongTargetDown": {'up{job="zhitong",instance="a:9101"}': at_the_end(1, 0, 10)},
    "ZhitongServiceGone": {'zhitong_city_replicas{of="routing"}': at_the_end(2, 0, 10)},
    "ZhitongShardsUnowned": {'zhitong_city_shards_owned{of="routing"}': at_the_end(128, 64, 10)},
    "ZhitongReplicaMissing": {'zhitong_city_replicas{of="routing"}': at_the_end(2, 1, 25)},
    "ZhitongRestartsOften": {f"process_start_time_seconds{ROUTING}": rising(60)},
    "ZhitongVersionsMixed": {'zhitong_build_info{job="zhitong",instance="b:9101",service="intake",version="1.1.0"}': always(1)},
    "ZhitongCitiesDiffer": {f"zhitong_loaded_city_version{ROUTING}": always(4)},
    "ZhitongFewDescriptors": {f"process_open_fds{ROUTING}": always(900)},
    "ZhitongDatabaseDown": {f"zhitong_database_up{ROUTING}": at_the_end(1, 0, 10)},
    "ZhitongBehind": {f"zhitong_behind_seconds{ROUTING}": at_the_end(0.1, 3, 10)},
    "ZhitongFarBehind": {'zhitong_city_behind_seconds{of="routing",upstream="intake"}': at_the_end(0.1, 40, 10)},
    "ZhitongBusy": {f"zhitong_busy_total{ROUTING}": rising(120)},
    "ZhitongSlowCommits": histogram("zhitong_commit_seconds", 6000, 100),
    "ZhitongRetries": {f"zhitong_retries_total{ROUTING}": rising(12)},
    "ZhitongParked": {'zhitong_city_parked{of="routing"}': always(1)},
    "ZhitongClocksLate": {"zhitong_city_clocks_late_seconds": at_the_end(0.1, 30, 10)},
    "ZhitongClockJumped": {f"zhitong_clock_jumps_total{ROUTING}": at_the_end(0, 1, 30)},
    "ZhitongTimeDriven": {"zhitong_city_time_driven": always(1)},
    "ZhitongPersonNeeded": {"zhitong_city_needs_a_person": at_the_end(0, 2, 30)},
    "ZhitongHttpFailing": {f"zhitong_http_failed_total{ROUTING}": rising(60)},
    "ZhitongHttpSlow": histogram("zhitong_http_request_seconds", 600, 12),
    "ZhitongNoReports": {'zhitong_city_log_entries_total{of="intake"}': always(5000)},
    "ZhitongKeysTried": {f"zhitong_access_refused_total{ROUTING}": rising(60)},
    "ZhitongHostile": {f"zhitong_refused_total{ROUTING}": rising(1200)},
    "ZhitongStreamLag": {'zhitong_stream_lag_entries{service="notification",unit="fire"}': always(20000)},
    "ZhitongDeadLetters": {"zhitong_city_dead_letters": always(3)},
    "ZhitongEndpointDisabled": {"zhitong_city_endpoints_disabled": always(1)},
    "ZhitongDeliveriesWaiting": {"zhitong_city_deliveries_waiting": always(1001)},
    "ZhitongDeliveriesSlow": {'zhitong_delivery_first_seconds{service="notification"}': always(2)},
    "ZhitongExporterBlind": {"zhitong_city_up": None},
    "ZhitongDiskFull": {"zhitong_city_database_disk_free_bytes": always(49e9)},
    "ZhitongDiskFullSoon": {"zhitong_city_database_disk_free_bytes": f"190e9-150e6x{MINUTES}"},
    "ZhitongNoPartition": {"zhitong_city_logs_without_tomorrow": always(4)},
    "ZhitongFewConnections": {"zhitong_city_database_connections": always(90)},
    "ZhitongOldTransaction": {"zhitong_city_database_oldest_transaction_seconds": always(4000)},
    "ZhitongWraparound": {"zhitong_city_database_transaction_ids_used": always(12e8)},
    "ZhitongStandbyGone": {"zhitong_city_database_standbys_synchronous": at_the_end(1, 0, 10)},
    "ZhitongStandbyLag": {"zhitong_city_database_standby_lag_bytes": always(300e6)},
    "ZhitongArchiveFailing": {"zhitong_city_database_archive_failures_total": rising(2)},
    "ZhitongKeyEnds": {'zhitong_city_key_ends_timestamp_seconds{name="police",kind="hmac"}': always(2 * 86400)},
    "ZhitongMigrationMissing": {"zhitong_city_migrations_missing": always(2)},
}
