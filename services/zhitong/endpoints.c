/* Endpoints are added, and their secrets changed. Addresses and secrets go sealed into the database. */
#include "services/zhitong/endpoints.h"

#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "common/city.h"
#include "common/filter.h"
#include "common/ids.h"
#include "common/queries.h"
#include "services/notification/destination.h"
#include "services/notification/endpoint.h"
#include "services/zhitong/endpoints_people.h"
#include "services/zhitong/key_file.h"
#include "services/zhitong/options.h"

extern const struct db_query endpoints_queries[];

static const char carrier_names[] =
#define CARRIER(name, for_people, meaning) " " #name
#include "services/notification/carriers.def"
#undef CARRIER
    ;

static int complain(const struct reason *why) {
    fprintf(stderr, "%s: %s\n", why->field, why->text);
    return EXIT_REFUSED;
}

/* ---- what both have in common ------------------------------------------------------------------------------------------ */

struct endpoint_giving {
    const char *name, *url, *ring, *secret_out, *secret_file;
    struct db *db;
    struct secret_keys *keys;
    struct key_file file; /* of a new secret */
    char secret[CARRIER_SECRET_MAX + 1];
    struct destination destination;
    struct bytes sealed;
};

static int open_ring(struct endpoint_giving *giving, struct reason *why) {
    if (giving->ring == NULL || giving->ring[0] == '\0')
        return refuse(
            why, "--secret-keys",
            "is missing: addresses and secrets are kept sealed with notification's keyring; or set ZHITONG_SECRET_KEYS");
    return secret_keys_open(&giving->keys, giving->ring, why);
}

static int open_all(struct endpoint_giving *giving, struct reason *why) {
    const struct db_query *const tables[] = {endpoints_queries, city_queries, NULL};
    if (sodium_init() < 0)
        return refuse(why, "libsodium", "does not start");
    if (open_ring(giving, why) != 0)
        return -1;
    return db_open(&giving->db, giving->url, "notification", tables, why);
}

static void close_all(struct endpoint_giving *giving) {
    key_file_drop(&giving->file);
    sodium_memzero(giving->secret, sizeof giving->secret);
    sodium_memzero(&giving->destination, sizeof giving->destination);
    bytes_close(&giving->sealed);
    secret_keys_close(&giving->keys);
    db_close(&giving->db);
}

static int read_secret(struct endpoint_giving *giving, struct reason *why) {
    char line[CARRIER_SECRET_MAX + 3];
    FILE *file = fopen(giving->secret_file, "re");
    bool read = file != NULL && fgets(line, sizeof line, file) != NULL;
    if (file != NULL)
        fclose(file);
    if (!read)
        return refuse(why, giving->secret_file, "cannot be read, or is empty");
    line[strcspn(line, "\r\n")] = '\0';
    if (line[0] == '\0' || strlen(line) > CARRIER_SECRET_MAX)
        return refuse(why, giving->secret_file, "its first line must have 1 to %d bytes", CARRIER_SECRET_MAX);
    strcpy(giving->secret, line);
    return 0;
}

/* A new secret lies in its file, under a temporary name, before anything is committed. */
static int make_secret(struct endpoint_giving *giving, struct reason *why) {
    char text[CARRIER_SECRET_MAX + 2];
    if (giving->secret_file != NULL)
        return read_secret(giving, why);
    if (giving->secret_out == NULL)
        return 0;
    if (strlen(giving->secret_out) >= sizeof giving->file.path)
        return refuse(why, "--secret-out", "is too long");
    strcpy(giving->file.path, giving->secret_out);
    destination_make_secret(giving->secret);
    snprintf(text, sizeof text, "%s\n", giving->secret);
    int status = key_file_write_text(&giving->file, text, why);
    sodium_memzero(text, sizeof text);
    return status;
}

/* Runs the query that writes it; it must give one row. The file gets its name before the commit. */
static int write_row(struct endpoint_giving *giving, const char *query, const struct params *params,
                     struct reason *why) {
    SCOPED_RESULT
    *result = db_send(giving->db, query, params) == 0 ? db_take(giving->db) : NULL;
    int status = result == NULL ? -1 : 0;
    if (status == 0 && PQntuples(result) != 1)
        status = refuse(why, "endpoint", "somebody else changed it at the same moment; try again");
    else if (status != 0)
        *why = *db_reason(giving->db);
    if (status == 0 && giving->file.path[0] != '\0')
        status = key_file_keep(&giving->file, why);
    if (status != 0) {
        db_give_up(giving->db, "not wanted");
        (void)!db_sync(giving->db);
        return -1;
    }
    if (db_sync(giving->db) == 0)
        return 0;
    *why = *db_reason(giving->db);
    if (giving->file.path[0] != '\0')
        unlink(giving->file.path);
    return -1;
}

/* ---- add ----------------------------------------------------------------------------------------------------------------- */

struct addition {
    struct endpoint_giving giving;
    const char *unit, *carrier, *address, *filter, *from, *announce;
    struct endpoint_people people;
    bool allow_private;
};

static int check_unit(struct db *db, const char *unit, struct reason *why) {
    struct params params = {0};
    params_text(&params, unit);
    SCOPED_RESULT
    *result = db_ask(db, "endpoint_unit", &params);
    if (result == NULL) {
        *why = *db_reason(db);
        return -1;
    }
    return PQntuples(result) > 0 ? 0 : refuse(why, "--unit", "the loaded city has no unit %s", unit);
}

static int check_filter(struct db *db, const char *text, struct reason *why) {
    struct city *city = NULL;
    struct filter filter;
    if (text == NULL)
        return 0;
    if (city_read(&city, db, why) != 0)
        return -1;
    int status = filter_parse(&filter, text, city, why);
    city_close(&city);
    return status;
}

static int check_address(const struct addition *addition, const struct carrier *carrier, struct reason *why) {
    const struct destination *to = &addition->giving.destination;
    const struct parcel parcel = {.id = "check", .at = 0, .to = to, .language = "", .json = "{}", .end_url = ""};
    struct transfer transfer = {0};
    if (carrier->for_people)
        return endpoint_people_address(carrier, to, why);
    int status = carrier->prepare(&parcel, NULL, &transfer, why);
    transfer_close(&transfer);
    return status;
}

static int check_addition(struct addition *addition, struct reason *why) {
    struct endpoint_giving *giving = &addition->giving;
    const struct carrier *carrier = carrier_named(addition->carrier);
    if (carrier == NULL)
        return refuse(why, "--carrier", "is %.24s, must be one of%s", addition->carrier, carrier_names);
    if (strlen(giving->name) > ENDPOINT_NAME_MAX)
        return refuse(why, "NAME", "must have at most %d bytes", ENDPOINT_NAME_MAX);
    if (strlen(addition->address) > CARRIER_ADDRESS_MAX)
        return refuse(why, "--address", "must have at most %d bytes", CARRIER_ADDRESS_MAX);
    if (strcmp(addition->carrier, "webhook") == 0 && giving->secret_out == NULL && giving->secret_file == NULL)
        return refuse(why, "--secret-out", "is missing: the file that gets the secret with which it is signed");
    if (strcmp(addition->from, "begin") != 0 && strcmp(addition->from, "end") != 0 && !is_id(addition->from))
        return refuse(why, "--from", "must be begin, end or a seq");
    if (endpoint_people_check(&addition->people, addition->unit, why) != 0 ||
        check_unit(giving->db, addition->unit, why) != 0 || check_filter(giving->db, addition->filter, why) != 0 ||
        make_secret(giving, why) != 0)
        return -1;
    snprintf(giving->destination.address, sizeof giving->destination.address, "%s", addition->address);
    if (giving->secret[0] != '\0')
        destination_add_secret(&giving->destination, giving->secret);
    return check_address(addition, carrier, why);
}

static int add(struct addition *addition, struct reason *why) {
    struct endpoint_giving *giving = &addition->giving;
    char shown[ENDPOINT_SHOWN_MAX + 1], from[24];
    struct params params = {0};
    destination_seal(giving->keys, giving->name, &giving->destination, &giving->sealed);
    destination_show(addition->address, shown, sizeof shown);
    /* --from SEQ is the first that it gets. */
    bool is_seq = is_id(addition->from);
    snprintf(from, sizeof from, "%lld", is_seq ? strtoll(addition->from, NULL, 10) - 1 : 0);
    params_text(&params, giving->name);
    params_text(&params, addition->unit);
    params_text(&params, addition->carrier);
    params_bytea(&params, giving->sealed.data, giving->sealed.size);
    params_text(&params, shown);
    params_int8(&params, secret_keys_id(giving->keys, 0));
    params_text(&params, addition->filter);
    params_text(&params, addition->people.language);
    params_text(&params, addition->announce);
    params_text(&params, addition->allow_private ? "yes" : "no");
    params_text(&params, is_seq ? from : addition->from);
    endpoint_people_params(&addition->people, &params);
    if (write_row(giving, "endpoint_add", &params, why) == 0)
        return 0;
    return db_failure(giving->db) == DB_CONFLICT ? refuse(why, "NAME", "there is an endpoint %s already", giving->name)
                                                 : -1;
}

int endpoints_add_command(int argc, char **argv) {
    struct addition addition = {.giving.ring = getenv("ZHITONG_SECRET_KEYS"), .from = "end"};
    struct endpoint_giving *giving = &addition.giving;
    const struct option_row rows[] = {{"--unit", &addition.unit, NULL},
                                      {"--carrier", &addition.carrier, NULL},
                                      {"--address", &addition.address, NULL},
                                      {"--filter", &addition.filter, NULL},
                                      {"--from", &addition.from, NULL},
                                      ENDPOINT_PEOPLE_OPTIONS(addition.people),
                                      {"--announce", &addition.announce, NULL},
                                      {"--secret-out", &giving->secret_out, NULL},
                                      {"--secret-file", &giving->secret_file, NULL},
                                      {"--secret-keys", &giving->ring, NULL},
                                      {"--allow-private", NULL, &addition.allow_private},
                                      {"--force", NULL, &giving->file.force},
                                      {NULL, NULL, NULL}};
    struct words words = {.max = 1};
    struct reason why;
    if (options_read(argc, argv, rows, &words, &giving->url) != 0)
        return EXIT_WRONG_USE;
    if (words.count < 1 || addition.unit == NULL || addition.carrier == NULL || addition.address == NULL)
        return wrong_use(argv[0], "NAME, --unit, --carrier and --address are needed");
    giving->name = words.at[0];
    int status = open_all(giving, &why);
    if (status == 0)
        status = check_addition(&addition, &why);
    if (status == 0)
        status = add(&addition, &why);
    close_all(giving);
    if (status != 0)
        return complain(&why);
    printf("%s: %s of %s added%s%s\n", giving->name, addition.carrier, addition.unit,
           giving->secret_out != NULL ? ", its secret is in " : "",
           giving->secret_out != NULL ? giving->secret_out : "");
    return EXIT_GOOD;
}

/* ---- secrets --------------------------------------------------------------------------------------------------------------- */

static int read_sealed(struct endpoint_giving *giving, struct bytes *before, struct reason *why) {
    struct params params = {0};
    params_text(&params, giving->name);
    SCOPED_RESULT
    *result = db_ask(giving->db, "endpoint_show", &params);
    if (result == NULL) {
        *why = *db_reason(giving->db);
        return -1;
    }
    if (PQntuples(result) == 0)
        return refuse(why, "NAME", "there is no endpoint %s", giving->name);
    size_t size;
    const uint8_t *sealed = db_bytea(result, 0, 18, &size);
    bytes_append(before, sealed, size);
    return destination_open(giving->keys, giving->name, before, &giving->destination, why);
}

static int reseal(struct endpoint_giving *giving, const struct bytes *before, struct reason *why) {
    struct params params = {0};
    destination_seal(giving->keys, giving->name, &giving->destination, &giving->sealed);
    params_text(&params, giving->name);
    params_bytea(&params, giving->sealed.data, giving->sealed.size);
    params_int8(&params, secret_keys_id(giving->keys, 0));
    params_bytea(&params, before->data, before->size);
    return write_row(giving, "endpoint_seal", &params, why);
}

static int change_secrets(struct endpoint_giving *giving, struct reason *why) {
    struct bytes before = {0};
    int status = open_all(giving, why);
    if (status == 0)
        status = read_sealed(giving, &before, why);
    if (status == 0)
        status = make_secret(giving, why);
    if (status == 0 && giving->secret[0] != '\0')
        destination_add_secret(&giving->destination, giving->secret);
    else if (status == 0 && giving->destination.secret_count < 2)
        status = refuse(why, "secret", "there is only one, which must stay; `zhitong endpoints rotate` adds another");
    else if (status == 0)
        giving->destination.secret_count = 1;
    if (status == 0)
        status = reseal(giving, &before, why);
    bytes_close(&before);
    return status;
}

static int secrets_command(int argc, char **argv, bool rotates) {
    struct endpoint_giving giving = {.ring = getenv("ZHITONG_SECRET_KEYS")};
    const struct option_row rows[] = {{"--secret-keys", &giving.ring, NULL},
                                      {rotates ? "--secret-out" : NULL, &giving.secret_out, NULL},
                                      {"--secret-file", &giving.secret_file, NULL},
                                      {"--force", NULL, &giving.file.force},
                                      {NULL, NULL, NULL}};
    struct words words = {.max = 1};
    struct reason why;
    if (options_read(argc, argv, rows, &words, &giving.url) != 0)
        return EXIT_WRONG_USE;
    if (words.count < 1)
        return wrong_use(argv[0], "NAME is needed");
    if (rotates && giving.secret_out == NULL && giving.secret_file == NULL)
        return wrong_use(argv[0], "--secret-out FILE or --secret-file FILE is needed");
    giving.name = words.at[0];
    int status = change_secrets(&giving, &why);
    int secrets = giving.destination.secret_count;
    close_all(&giving);
    if (status != 0)
        return complain(&why);
    printf("%s: signed with %d secret%s\n", giving.name, secrets, secrets == 1 ? "" : "s, the newest first");
    return EXIT_GOOD;
}

int endpoints_rotate_command(int argc, char **argv) {
    return secrets_command(argc, argv, true);
}

int endpoints_remove_secret_command(int argc, char **argv) {
    return secrets_command(argc, argv, false);
}
