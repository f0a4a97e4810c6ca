#include "services/zhitong/endpoints_people.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "services/notification/carrier_settings.h"
#include "services/notification/notice.h"
#include "services/zhitong/options.h"

extern const struct db_query endpoints_queries[];

static bool is_none(const char *text) {
    return strcmp(text, "none") == 0;
}

static bool is_time(const char *text, size_t size) {
    return size == 5 && text[2] == ':' && strspn(text, "012") >= 1 && text[1] >= '0' && text[1] <= '9' &&
           text[3] >= '0' && text[3] <= '5' && text[4] >= '0' && text[4] <= '9' && (text[0] != '2' || text[1] <= '3');
}

static int check_quiet(struct endpoint_people *people, struct reason *why) {
    if (people->quiet == NULL || is_none(people->quiet))
        return 0;
    if (strlen(people->quiet) != 11 || people->quiet[5] != '-' || !is_time(people->quiet, 5) ||
        !is_time(people->quiet + 6, 5))
        return refuse(why, "--quiet", "must be two times of the day, as 22:00-07:00, or none");
    snprintf(people->quiet_from, sizeof people->quiet_from, "%.5s", people->quiet);
    snprintf(people->quiet_to, sizeof people->quiet_to, "%.5s", people->quiet + 6);
    return 0;
}

int endpoint_people_check(struct endpoint_people *people, const char *unit, struct reason *why) {
    const char *digest = people->digest, *per_hour = people->per_hour;
    if (people->events != NULL && notice_list_check(people->events, notice_audience_of(unit), why) != 0)
        return -1;
    if (digest != NULL && !is_none(digest) && !is_time(digest, strlen(digest)))
        return refuse(why, "--digest", "must be a time of the day, as 08:00, or none");
    if (per_hour != NULL && !is_none(per_hour) &&
        (strspn(per_hour, "0123456789") != strlen(per_hour) || strlen(per_hour) > 4 || atoi(per_hour) == 0))
        return refuse(why, "--per-hour", "must be 1 to 9999, or none");
    return check_quiet(people, why);
}

void endpoint_people_params(const struct endpoint_people *people, struct params *params) {
    bool hours = people->quiet != NULL && !is_none(people->quiet);
    params_text(params, people->events);
    params_text(params, hours ? people->quiet_from : people->quiet);
    params_text(params, hours ? people->quiet_to : people->quiet);
    params_text(params, people->digest);
    params_text(params, people->per_hour);
    params_text(params, people->login);
}

static PGresult *write_people(struct db *db, const char *name, const struct endpoint_people *people) {
    struct params params = {0};
    params_text(&params, name);
    params_text(&params, people->language);
    endpoint_people_params(people, &params);
    return db_ask(db, "endpoint_people", &params);
}

int endpoint_people_address(const struct carrier *carrier, const struct destination *to, struct reason *why) {
    /* Enough of a house for every carrier to look at the address. */
    const struct carrier_settings house = {
        .smtp_url = "smtp://check", .mail_from = "check@check", .sms_url = "http://check", .sms_type = "text/plain"};
    const struct parcel parcel = {
        .id = "check", .to = to, .language = "", .subject = "", .text = "", .html = "", .end_url = ""};
    struct transfer transfer = {0};
    int status = carrier->prepare(&parcel, &house, &transfer, why);
    transfer_close(&transfer);
    return status;
}

static int unit_of(struct db *db, const char *name, char unit[CODE_MAX + 1], struct reason *why) {
    struct params params = {0};
    params_text(&params, name);
    SCOPED_RESULT
    *row = db_ask(db, "endpoint_show", &params);
    if (row == NULL)
        return refuse(why, "database", "%s", db_reason(db)->text);
    if (PQntuples(row) == 0)
        return refuse(why, "NAME", "there is no endpoint %s", name);
    snprintf(unit, CODE_MAX + 1, "%s", db_text(row, 0, 1));
    return 0;
}

int endpoints_set_command(int argc, char **argv) {
    struct endpoint_people people = {0};
    const struct option_row rows[] = {ENDPOINT_PEOPLE_OPTIONS(people), {NULL, NULL, NULL}};
    struct words words = {.max = 1};
    const char *url = NULL;
    char unit[CODE_MAX + 1];
    struct reason why;
    if (options_read(argc, argv, rows, &words, &url) != 0)
        return EXIT_WRONG_USE;
    if (words.count < 1)
        return wrong_use(argv[0], "NAME is needed");
    struct db *db = database_open(url, "notification", endpoints_queries);
    if (db == NULL)
        return EXIT_WRONG_USE;
    int status = unit_of(db, words.at[0], unit, &why);
    if (status == 0)
        status = endpoint_people_check(&people, unit, &why);
    SCOPED_RESULT
    *done = status == 0 ? write_people(db, words.at[0], &people) : NULL;
    if (status == 0 && done == NULL)
        status = refuse(&why, "database", "%s", db_reason(db)->text);
    db_close(&db);
    if (status == 0)
        printf("%s: set\n", words.at[0]);
    else
        fprintf(stderr, "%s: %s\n", why.field, why.text);
    return status == 0 ? EXIT_GOOD : EXIT_REFUSED;
}
