#include "common/loop.h"

const struct setting common_settings[] = {
    {"ZHITONG_DATABASE_URL", SETTING_SECRET, "", NULL, 1, 2000,
     "libpq connection string of the service's own role; of several hosts (host=a,b or //a,b/) the first that takes writes "
     "is used, and looked for again when it stops"},
    {"ZHITONG_LISTEN_HOST", SETTING_ADDRESS, "", "127.0.0.1", 1, 100,
     "address on which the other services (and the public, where there is a public port) connect; 0.0.0.0 for all"},
    {"ZHITONG_ADVERTISE_HOST", SETTING_HOST, "", "", 0, 100,
     "host name that others use to reach this replica; empty: the listen address, unless that means all"},
    {"ZHITONG_MESH_PORT", SETTING_NUMBER, "port", "0", 0, 65535,
     "TCP port for the other services; 0 takes any free one, they find it through the mesh"},
    {"ZHITONG_OPERATIONS_PORT", SETTING_NUMBER, "port", "0", 0, 65535,
     "HTTP port of /healthz, /readyz and /metrics; 0 takes any free one and logs it"},
    {"ZHITONG_LANES", SETTING_NUMBER, "lanes", "1", 1, LANES_MAX,
     "threads that decide and save, each with a database connection"},
    {"ZHITONG_BATCH_INPUTS", SETTING_NUMBER, "inputs", "500", 1, BATCH_INPUTS_MAX, "most inputs of one transaction"},
    {"ZHITONG_FOLLOW_WINDOW", SETTING_NUMBER, "entries", "1000", 2, 10000,
     "most entries of one shard that may be under way from an upstream"},
    {"ZHITONG_TAIL_BYTES", SETTING_NUMBER, "bytes", "16777216", 0, 1073741824,
     "memory for the newest log entries, served to followers without reading the table"},
    {"ZHITONG_LOG_KEEP_DAYS", SETTING_NUMBER, "days", "400", 1, 3650,
     "how long log entries are kept; older day partitions are dropped"},
    {"ZHITONG_HUNG_MS", SETTING_NUMBER, "ms", "5000", 1000, 600000,
     "after this silence a replica counts as hung: its peers end its database sessions and take its shards over"},
    {"ZHITONG_LOG_LEVEL", SETTING_WORD, "debug info warning error", "info", 0, 0, "least level of journal lines"},
};
const size_t common_setting_count = sizeof common_settings / sizeof common_settings[0];
