#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "services/zhitong/doctor.h"

#define HOUR INT64_C(3600000)
#define DAY (24 * HOUR)
#define NOW INT64_C(1767225600000)

static struct doctor_facts facts;
static struct findings findings;

static void make_sound(void) {
    facts = (struct doctor_facts){.host_now = NOW, .round_trip_ms = 3, .zone = "Asia/Shanghai", .zone_known = true};
    facts.database = (struct database_facts){.version = "15.4",
                                             .version_number = 150004,
                                             .encoding = "UTF8",
                                             .ctype = "C.UTF-8",
                                             .fsync = "on",
                                             .synchronous_commit = "on",
                                             .full_page_writes = "on",
                                             .checksums = "on",
                                             .archive_mode = "on",
                                             .now = NOW - 2,
                                             .connections = 30,
                                             .connections_max = 97,
                                             .transaction_ids_used = 1000,
                                             .archive_last_at = NOW - HOUR / 2,
                                             .standbys = 1,
                                             .standbys_synchronous = 1};
    facts.status.city = (struct status_city){"town", "Town", 3, NOW, false, 1, 0};
    facts.status.disk.free_bytes = facts.status.disk.total_bytes = -1;
    facts.member_count = 2;
    for (size_t i = 0; i < 2; i++) {
        facts.members[i] = (struct doctor_member){.ring = "aa"};
        strcpy(facts.members[i].version, ZHITONG_VERSION);
        strcpy(facts.members[i].service, i == 0 ? "intake" : "desk");
    }
    facts.path_count = 3;
    facts.paths[0] = (struct doctor_path){PATH_KEYS, "ZHITONG_SECRET_KEYS", "/ring", .mode = 0640};
    facts.paths[1] = (struct doctor_path){PATH_FOLDER,      "ZHITONG_FILES_FOLDER", "/files",
                                          .free_bytes = 50, .total_bytes = 100,     .writable = true};
    facts.paths[2] = (struct doctor_path){PATH_BACKUP, "--backup", "/backup", .newest_at = NOW - HOUR};
    facts.service_count = 1;
    facts.services[0] = (struct doctor_service){"intake", 0, "zt-intake: settings and queries are good"};
}

static void no_database(void) {
    strcpy(facts.no_database, "connection refused");
}
static void old_postgres(void) {
    facts.database.version_number = 140010;
}
static void standby(void) {
    facts.database.standby = true;
}
static void locale_c(void) {
    strcpy(facts.database.ctype, "C");
}
static void latin1(void) {
    strcpy(facts.database.encoding, "LATIN1");
}
static void no_fsync(void) {
    strcpy(facts.database.fsync, "off");
}
static void no_full_pages(void) {
    strcpy(facts.database.full_page_writes, "off");
}
static void asynchronous(void) {
    strcpy(facts.database.synchronous_commit, "off");
}
static void local_commit(void) {
    strcpy(facts.database.synchronous_commit, "local");
}
static void remote_apply(void) {
    strcpy(facts.database.synchronous_commit, "remote_apply");
}
static void weak_role(void) {
    strcpy(facts.database.weakened, "zhitong_intake");
}
static void no_checksums(void) {
    strcpy(facts.database.checksums, "off");
}
static void few_connections(void) {
    facts.database.connections = 90;
}
static void old_transaction(void) {
    facts.database.oldest_transaction_ms = HOUR;
}
static void wraparound(void) {
    facts.database.transaction_ids_used = 1500000000;
}
static void asynchronous_standby(void) {
    facts.database.standbys_synchronous = 0;
}
static void no_standby(void) {
    facts.database.standbys = facts.database.standbys_synchronous = 0;
}
static void no_archive(void) {
    strcpy(facts.database.archive_mode, "off");
}
static void failing_archive(void) {
    facts.database.archive_failed_at = NOW;
}
static void quiet_archive(void) {
    facts.database.archive_last_at = NOW - 2 * HOUR;
}
static void clock_a_little_off(void) {
    facts.host_now = NOW + 3000;
}
static void clock_off(void) {
    facts.host_now = NOW - 60000;
}
static void slow_answer(void) {
    facts.host_now = NOW + 3000;
    facts.round_trip_ms = 2900;
}
static void no_zone_data(void) {
    facts.zone_known = false;
}
static void other_member_version(void) {
    strcpy(facts.members[1].version, "0.0.9");
}
static void other_ring(void) {
    strcpy(facts.members[1].ring, "bb");
}
static void one_without_ring(void) {
    facts.members[1].ring[0] = '\0';
}
static void driven(void) {
    facts.status.city.driven = true;
}
static void migrations(void) {
    facts.status.city.migrations_missing = 1;
}
static void readable_keys(void) {
    facts.paths[0].mode = 0644;
}
static void missing_keys(void) {
    strcpy(facts.paths[0].trouble, "No such file or directory");
}
static void full_folder(void) {
    facts.paths[1].free_bytes = 9;
}
static void filling_folder(void) {
    facts.paths[1].free_bytes = 15;
}
static void closed_folder(void) {
    facts.paths[1].writable = false;
}
static void old_backup(void) {
    facts.paths[2].newest_at = NOW - 2 * DAY;
}
static void very_old_backup(void) {
    facts.paths[2].newest_at = NOW - 9 * DAY;
}
static void no_backup(void) {
    facts.paths[2].newest_at = 0;
}
static void bad_settings(void) {
    facts.services[0].code = 1;
}
static void no_program(void) {
    facts.services[0].code = 127;
}
static void hung_database(void) {
    facts.database_hung = true;
}
static void hung_folder(void) {
    facts.paths[1].hung = true;
}
static void hung_check(void) {
    facts.services[0].hung = true;
}
static void nothing(void) {}

static const struct {
    void (*spoil)(void);
    enum health worst;
    const char *what, *advice; /* of the one finding that is not well; NULL: all are */
} examples[] = {
    {nothing, WELL, NULL, NULL},
    {no_database, ILL, "database", "connection string"},
    {hung_database, ILL, "database", "dmesg"},
    {hung_folder, ILL, "disk", "ZHITONG_FILES_FOLDER"},
    {hung_check, ILL, "settings", "by hand"},
    {old_postgres, ILL, "postgresql", "upgrade"},
    {standby, ILL, "postgresql", "target_session_attrs"},
    {locale_c, ILL, "locale", "C.UTF-8"},
    {latin1, ILL, "locale", "UTF8"},
    {no_fsync, ILL, "durability", "RESET"},
    {no_full_pages, ILL, "durability", "RESET"},
    {asynchronous, ILL, "durability", "can be lost"},
    {local_commit, ILL, "durability", "can be lost"},
    {remote_apply, WELL, NULL, NULL},
    {weak_role, ILL, "durability", "zhitong_intake"},
    {no_checksums, NOTE, "checksums", "pg_checksums"},
    {few_connections, NOTE, "connections", "max_connections"},
    {old_transaction, NOTE, "transactions", "pg_stat_activity"},
    {wraparound, ILL, "transactions", "ZhitongWraparound"},
    {asynchronous_standby, NOTE, "standbys", "synchronous_standby_names"},
    {no_standby, WELL, NULL, NULL},
    {no_archive, NOTE, "archive", "deploy/backup"},
    {failing_archive, ILL, "archive", "log"},
    {quiet_archive, NOTE, "archive", "archive_timeout"},
    {clock_a_little_off, NOTE, "clock", "NTP"},
    {clock_off, ILL, "clock", "NTP"},
    {slow_answer, WELL, NULL, NULL},
    {no_zone_data, ILL, "time zone", "tzdata"},
    {other_member_version, NOTE, "versions", "upgrade"},
    {other_ring, ILL, "keyrings", "copy"},
    {one_without_ring, WELL, NULL, NULL},
    {driven, NOTE, "status", "zhitong time real"},
    {migrations, ILL, "status", "zhitong migrate"},
    {readable_keys, ILL, "keys", "chmod"},
    {missing_keys, ILL, "keys", "ZHITONG_SECRET_KEYS"},
    {full_folder, ILL, "disk", "make room"},
    {filling_folder, NOTE, "disk", "make room"},
    {closed_folder, ILL, "disk", "chown"},
    {old_backup, NOTE, "backup", "deploy/backup base"},
    {very_old_backup, ILL, "backup", "deploy/backup base"},
    {no_backup, ILL, "backup", "deploy/backup base"},
    {bad_settings, ILL, "settings", "--check"},
    {no_program, NOTE, "settings", "not checked"},
};

static void each_fault_is_found_with_advice(void **state) {
    (void)state;
    for (size_t i = 0; i < sizeof examples / sizeof examples[0]; i++) {
        size_t unwell = 0;
        make_sound();
        examples[i].spoil();
        doctor_judge(&facts, &findings);
        assert_int_equal(findings.worst, examples[i].worst);
        for (size_t n = 0; n < findings.count; n++) {
            const struct finding *finding = &findings.at[n];
            assert_true(finding->found[0] != '\0');
            assert_int_equal(finding->health == WELL, finding->advice[0] == '\0');
            if (finding->health == WELL)
                continue;
            unwell++;
            assert_non_null(examples[i].what);
            assert_string_equal(finding->what, examples[i].what);
            assert_non_null(strstr(finding->advice, examples[i].advice));
        }
        assert_int_equal(unwell, examples[i].what != NULL);
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(each_fault_is_found_with_advice)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
