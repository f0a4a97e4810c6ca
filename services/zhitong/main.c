/* zhitong: the operator's command. Each command is one row. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "services/zhitong/audit.h"
#include "services/zhitong/block.h"
#include "services/zhitong/case.h"
#include "services/zhitong/city_check.h"
#include "services/zhitong/city_diff.h"
#include "services/zhitong/city_load.h"
#include "services/zhitong/city_versions.h"
#include "services/zhitong/classify.h"
#include "services/zhitong/deliveries.h"
#include "services/zhitong/doctor.h"
#include "services/zhitong/due.h"
#include "services/zhitong/endpoints.h"
#include "services/zhitong/endpoints_people.h"
#include "services/zhitong/exporter.h"
#include "services/zhitong/follow.h"
#include "services/zhitong/health.h"
#include "services/zhitong/import.h"
#include "services/zhitong/keys.h"
#include "services/zhitong/keys_secret.h"
#include "services/zhitong/keys_source.h"
#include "services/zhitong/mail.h"
#include "services/zhitong/migrate.h"
#include "services/zhitong/options.h"
#include "services/zhitong/parked.h"
#include "services/zhitong/password.h"
#include "services/zhitong/privacy.h"
#include "services/zhitong/replay.h"
#include "services/zhitong/report.h"
#include "services/zhitong/staff.h"
#include "services/zhitong/status.h"
#include "services/zhitong/time.h"

#define ARGUMENTS_MAX 64
#define URL_BYTES_MAX 2000

enum need { NO_DATABASE, MAY_HAVE_DATABASE, DATABASE };

struct command_row {
    const char *name; /* one or two words */
    int (*run)(int argc, char **argv);
    const char *usage; /* what follows the name */
    const char *purpose;
    enum need database; /* gets --database URL, from the command line or the environment */
};

static const struct command_row commands[] = {
    {"migrate", migrate_command, "[--dry-run]", "bring the database to the shape that this version expects", DATABASE},
    {"password", password_command, "ROLE --password-file FILE",
     "give a service's database role (zhitong_intake …) the password that is the first line of the file", DATABASE},
    {"health", health_command, "[--port PORT]",
     "can the service on this machine take work? Asks /readyz of its operations port (that of ZHITONG_OPERATIONS_PORT)",
     NO_DATABASE},
    {"city check", city_check_command, "FOLDER",
     "check a city's folder as a whole; every error with file, line, column", NO_DATABASE},
    {"city diff", city_diff_command, "FOLDER", "what a load of this folder would add, remove and change", DATABASE},
    {"city load", city_load_command, "FOLDER [--valid-from DATE|INSTANT]",
     "check it and make it the city, in one transaction; new limits hold for cases that open from then on", DATABASE},
    {"city versions", city_versions_command, "", "what cases are promised: each version, and from when on it holds",
     DATABASE},
    {"due", due_command, "--city FOLDER [--item ITEM --from INSTANT [--severity SEVERITY] [--tier TIER] [--unit UNIT]]",
     "when is this due, and why; or the same for CSV on standard input with the columns item and from", NO_DATABASE},
    {"keys service", keys_service_command, "FILE [--force]", "make the CURVE key pair of the services", NO_DATABASE},
    {"keys department", keys_department_command,
     "add NAME --unit UNIT --out FILE [--force] | rotate NAME --out FILE [--overlap SECONDS] [--force] | revoke NAME",
     "a department's key pair, with which it may follow that unit's stream; rotate: a second one, the older ends when the overlap "
     "(a day) is over; revoke: all of them, within 5 seconds",
     DATABASE},
    {"keys client", keys_client_command, "NAME --out FILE [--force]",
     "make the key pair of a client, who may submit reports", DATABASE},
    {"keys source", keys_source_command,
     "add CODE --out FILE [--kind key|hmac|hmac-body|curve] [--secret-keys FILE] [--force] | rotate CODE --out FILE [--kind KIND] "
     "[--overlap SECONDS] [--secret-keys FILE] [--force] | revoke CODE [--credential ID] | list [CODE]",
     "what a source of the city proves with who it is: an API key, a secret that signs, or a CURVE key pair", DATABASE},
    {"keys secret", keys_secret_command, "FILE [--add]",
     "make the keyring with which personal data is encrypted; --add puts a new key in front of those it holds",
     NO_DATABASE},
    {"keys list", keys_list_command, "", "who may use the public endpoints, and who no longer may", DATABASE},
    {"keys revoke", keys_revoke_command, "NAME", "close the door to a department or client", DATABASE},
    {"endpoints add", endpoints_add_command, ENDPOINTS_ADD_USAGE,
     "tell somebody of what comes in a unit's stream, from the end of it on or from a seq: a webhook, or people",
     DATABASE},
    {"endpoints set", endpoints_set_command, "NAME " ENDPOINTS_PEOPLE_USAGE,
     "what people want of it: events, quiet hours, digest, how many an hour; none takes one away", DATABASE},
    {"endpoints list", endpoints_list_command, "", "who is told, how far, and what waits", DATABASE},
    {"endpoints show", endpoints_show_command, "NAME", "all about one of them", DATABASE},
    {"endpoints test", endpoints_test_command, "NAME", "send it a test delivery and show the answer", DATABASE},
    {"endpoints rotate", endpoints_rotate_command,
     "NAME (--secret-out FILE | --secret-file FILE) [--secret-keys FILE] [--force]",
     "sign with another secret too, so that its receiver can change over", DATABASE},
    {"endpoints remove-secret", endpoints_remove_secret_command, "NAME [--secret-keys FILE]",
     "sign with the newest secret only", DATABASE},
    {"endpoints enable", endpoints_enable_command, "NAME", "it goes on where it stopped", DATABASE},
    {"endpoints disable", endpoints_disable_command, "NAME", "it gets nothing until it is enabled again", DATABASE},
    {"endpoints remove", endpoints_remove_command, "NAME", "forget it, and what waits for it", DATABASE},
    {"deliveries list", deliveries_list_command, "[--endpoint NAME] [--dead] [--case CASE]",
     "what waits for another attempt and what was given up; of a case also every attempt", DATABASE},
    {"deliveries show", deliveries_show_command, "ENDPOINT SEQ", "every attempt to tell an entry, with the answers",
     DATABASE},
    {"deliveries retry", deliveries_retry_command, "ENDPOINT (SEQ | --dead)",
     "try a delivery, or all dead letters of an endpoint, again at once", DATABASE},
    {"deliveries replay", deliveries_replay_command, "ENDPOINT --from SEQ|INSTANT --to SEQ|INSTANT",
     "tell an endpoint again what it was told before, with the same ids", DATABASE},
    {"block add", block_add_command, BLOCK_ADD_USAGE,
     "somebody may not report over HTTP for some days (30), because of spam or abuse; he reads the reason and may appeal",
     DATABASE},
    {"block list", block_list_command, "[--all]", "who may not report now; --all: also blocks that have ended",
     DATABASE},
    {"block appeals", block_appeals_command, "", "what those who are blocked say against it", DATABASE},
    {"block keep", block_keep_command, "BLOCK --text TEXT [--by NAME]", "answer its appeals: it stays, and why",
     DATABASE},
    {"block remove", block_remove_command, "BLOCK [--text TEXT] [--by NAME]", "lift it, and answer its appeals",
     DATABASE},
    {"people rekey", people_rekey_command, "[--secret-keys FILE]",
     "seal the personal data of reporters, sources' secrets and endpoints with the newest key, while everything runs; it can be broken off and go on",
     DATABASE},
    {"people erase", people_erase_command, "",
     "erase the personal data whose period is over; intake does so by itself, once a minute", DATABASE},
    {"people forget", people_forget_command, "(--phone NUMBER | --email ADDRESS) [--secret-keys FILE]",
     "erase the personal data of somebody who asks for it, and of whom that is known", DATABASE},
    {"people looks", people_looks_command, "[--case CASE] [--most ROWS]",
     "who looked at personal data, when and why, the newest first", DATABASE},
    {"staff add", staff_add_command, "LOGIN --name NAME [--password-file FILE]",
     "add somebody who may sign in at desk; the password is the first line of the file, or of standard input",
     DATABASE},
    {"staff password", staff_password_command, "LOGIN [--password-file FILE]", "give somebody another password",
     DATABASE},
    {"staff post", staff_post_command, "LOGIN --role ROLE --unit UNIT [--privacy public,internal,restricted] [--end]",
     "what somebody is employed as, and which classes of cases he may see (public)", DATABASE},
    {"staff disable", staff_disable_command, "LOGIN", "somebody may not sign in any more", DATABASE},
    {"staff enable", staff_enable_command, "LOGIN", "somebody may sign in again", DATABASE},
    {"staff list", staff_list_command, "", "who may sign in, and as what", DATABASE},
    {"parked list", parked_list_command, "[--service SERVICE]", "entries that a service could not apply, and why",
     DATABASE},
    {"parked replay", parked_replay_command, "SERVICE SHARD UPSTREAM SEQ | --service SERVICE --all",
     "have them tried again", DATABASE},
    {"parked discard", parked_discard_command, "(SERVICE SHARD UPSTREAM SEQ | --service SERVICE --all) [--yes]",
     "show what would be lost; with --yes delete them for good", DATABASE},
    {"replay", replay_command,
     "RECORDS.csv [--courses COURSES.csv] [--records N] --endpoint TCP[,TCP] --server-key FILE (--key FILE | --through FOLDER "
     "--intake URL [--desk URL --login NAME --password-file FILE]) [--until INSTANT] [--quiet]",
     "let the records of a city's past happen again, in the city's driven time; --through: each as a source of its channel sends "
     "it, with the keys in the folder (SOURCE.key, .hmac or .curve)",
     DATABASE},
    {"time show", time_show_command, "", "what time it is in the city", DATABASE},
    {"time drive", time_drive_command, "[--from INSTANT] --speed FACTOR",
     "drive time for a demo or test: --from 2011-07-01T00:00:00Z --speed 3600 makes an hour pass in a second",
     DATABASE},
    {"time real", time_real_command, "", "back to real time", DATABASE},
    {"status", status_command, "[--json] [--watch SECONDS]",
     "how everything stands, on one screen; exit 1 when something needs a person, with the command that helps",
     DATABASE},
    {"case", case_command, "CASE",
     "the way of a case: what each service wrote of it, when, how long after the entry before, and its trace",
     DATABASE},
    {"doctor", doctor_command, "[SERVICE.env …] [--backup FOLDER] [--json]",
     "is it well set up, and well: database, clock, locale, versions, keyrings, what status finds; of each file of settings what it says, "
     "its keys and folders; of a folder of deploy/backup how old it is. Exit 1 when something is bad, with advice",
     DATABASE},
    {"exporter", exporter_command, "[--listen ADDRESS] [--port PORT] [--once | --markdown]",
     "the whole city's state for Prometheus at http://ADDRESS:PORT/metrics (127.0.0.1:9110); --once: print it, and exit 1 where the database "
     "cannot be read; --markdown: what it tells",
     MAY_HAVE_DATABASE},
    {"audit", audit_command, "[--wait SECONDS] [--moves]", "prove the invariants; exit 1 and a list when one is broken",
     DATABASE},
    {"report", report_command,
     "[--from DATE] [--to DATE] [--by unit|item|channel|source|tier|month|day] [--unit CODE[,CODE]] [--slots] [--lang zh|en] "
     "[--format table|csv|json] [--exclude FILE.csv] [--kept] [--quiet] | --definitions",
     "rates and rule slots from routing's log; --kept: from facts that are kept between reports; --definitions: what is measured, as docs/measures.md",
     MAY_HAVE_DATABASE},
    {"classify train", classify_train_command,
     "(--texts FILE.csv | --from-database [--until DATE]) [--out MODEL] [--folds N] [--grams LENGTHS] [--cost COST] "
     "[--learner svm|logistic|crammer] [--balanced] [--seed N] [--confusion] [--quiet]",
     "make the model that suggests an item for a text, from texts with labels or from the city's own reports; "
     "--folds: how good it is on texts that it has not seen",
     MAY_HAVE_DATABASE},
    {"classify try", classify_try_command, "MODEL TEXT", "what a model makes of a text", NO_DATABASE},
    {"import", import_command,
     "FILE.csv --endpoint URL --server-key FILE --key FILE [--channel CODE | --source CODE] [--encoding NAME] [--rejects FILE] [--window REPORTS] "
     "[--rate PER_SECOND] [--resume] [--paced]",
     "hand in the records of a CSV file as reports, each once, however often it is run", MAY_HAVE_DATABASE},
    {"mail", mail_command, MAIL_USAGE,
     "an e-mail on standard input as a report of the source whose API key is in the file; or those of a mailbox, again and again",
     NO_DATABASE},
    {"follow", follow_command,
     "--unit UNIT --endpoint URL --server-key FILE --key FILE [--from SEQ|INSTANT|end] [--filter FILTER] [--group NAME] "
     "[--cursor FILE] [--count ENTRIES]",
     "a department's stream, one CloudEvent in JSON a line, from its beginning, or from the cursor file if it is there; INSTANT as 2026-09-01T08:30:00+08:00, FILTER as in PROTOCOL.md "
     "('area=CODE kind!=progress,contact'), members of a group share the stream",
     NO_DATABASE},
};
#define COMMAND_COUNT (sizeof commands / sizeof commands[0])

/* How many words of argv the row's name takes; 0 when it is another command. */
static int words_matched(const struct command_row *row, int argc, char **argv) {
    char two[64] = "";

    if (argc >= 1 && strcmp(row->name, argv[0]) == 0)
        return 1;
    if (argc >= 2)
        snprintf(two, sizeof two, "%s %s", argv[0], argv[1]);
    return strcmp(row->name, two) == 0 ? 2 : 0;
}

static void print_row(const struct command_row *row) {
    printf("  zhitong %s%s%s%s\n      %s\n", row->name, row->usage[0] != '\0' ? " " : "", row->usage,
           row->database != NO_DATABASE ? " [--database URL]" : "", row->purpose);
}

/* All commands, or those whose name begins with this word. False when there is none. */
static bool print_commands(const char *word) {
    bool found = false;

    for (size_t i = 0; i < COMMAND_COUNT; i++) {
        size_t size = word != NULL ? strlen(word) : 0;
        if (word != NULL && (strncmp(commands[i].name, word, size) != 0 || commands[i].name[size] > ' '))
            continue;
        print_row(&commands[i]);
        found = true;
    }
    return found;
}

static void print_help(void) {
    printf("zhitong COMMAND …: runs and looks after a city\n\n");
    print_commands(NULL);
    printf(
        "\nWithout --database the libpq connection string comes from ZHITONG_DATABASE_URL or from the file named by\n"
        "ZHITONG_DATABASE_URL_FILE. Exit code: 0 good, 1 refused or broken, 2 wrong use.\n");
}

static const char *url_from_file(const char *path) {
    static char url[URL_BYTES_MAX + 1];
    FILE *file = fopen(path, "re");
    size_t size = file != NULL ? fread(url, 1, URL_BYTES_MAX, file) : 0;

    if (file != NULL)
        fclose(file);
    url[size] = '\0';
    url[strcspn(url, "\r\n")] = '\0';
    if (url[0] != '\0')
        return url;
    fprintf(stderr, "ZHITONG_DATABASE_URL_FILE: no connection string can be read from %s\n", path);
    return NULL;
}

static const char *url_from_environment(void) {
    const char *url = getenv("ZHITONG_DATABASE_URL"), *path = getenv("ZHITONG_DATABASE_URL_FILE");

    if (url != NULL && url[0] != '\0')
        return url;
    if (path != NULL && path[0] != '\0')
        return url_from_file(path);
    return NULL;
}

static bool has_word(int argc, char **argv, const char *word) {
    for (int i = 0; i < argc; i++)
        if (strcmp(argv[i], word) == 0)
            return true;
    return false;
}

static int run(const struct command_row *row, int argc, char **argv) {
    static char option[] = "--database";
    char *all[ARGUMENTS_MAX + 3];

    if (argc > ARGUMENTS_MAX)
        return wrong_use(row->name, "more than %d words", ARGUMENTS_MAX);
    if (row->database == NO_DATABASE || has_word(argc, argv, option))
        return row->run(argc, argv);
    const char *url = url_from_environment();
    if (url == NULL && row->database == DATABASE) {
        fprintf(stderr, "no database: give --database URL, or set ZHITONG_DATABASE_URL or ZHITONG_DATABASE_URL_FILE\n");
        return EXIT_WRONG_USE;
    }
    if (url == NULL)
        return row->run(argc, argv);
    memcpy(all, argv, (size_t)argc * sizeof *all);
    all[argc] = option;
    all[argc + 1] = (char *)(uintptr_t)url; /* commands do not write into their words */
    all[argc + 2] = NULL;
    return row->run(argc + 2, all);
}

int main(int argc, char **argv) {
    setvbuf(stdout, NULL, _IOLBF, 0);
    if (argc < 2 || strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "-h") == 0 || strcmp(argv[1], "help") == 0) {
        print_help();
        return argc < 2 ? EXIT_WRONG_USE : EXIT_GOOD;
    }
    if (strcmp(argv[1], "--version") == 0) {
        puts("zhitong " ZHITONG_VERSION);
        return EXIT_GOOD;
    }
    for (size_t i = 0; i < COMMAND_COUNT; i++) {
        int words = words_matched(&commands[i], argc - 1, argv + 1);
        if (words == 0)
            continue;
        if (!has_word(argc - words, argv + words, "--help"))
            return run(&commands[i], argc - words, argv + words);
        print_row(&commands[i]);
        return EXIT_GOOD;
    }
    if (print_commands(argv[1]))
        return has_word(argc, argv, "--help") ? EXIT_GOOD : EXIT_WRONG_USE;
    fprintf(stderr, "zhitong: there is no command %s; zhitong --help lists them\n", argv[1]);
    return EXIT_WRONG_USE;
}
