#include "services/intake/open311_form.h"
#include "services/intake/open311_query.h"
#include "services/intake/open311_update.h"
#include "tests/unit/small_city.h"

#include <math.h>

#include "common/calendar.h"
#include "proto/text.h"

static struct city *city;
static const struct zone *zone;
static const struct source source = {.code = "app", .channel = "hotline", .datum = "gcj02"};

static int open_city(void **state) {
    struct city_draft *draft;
    if (make_folder(state) != 0)
        return -1;
    write_file("questions.csv", "item,code,datatype,needed,text_en,text_zh,hint_en,hint_zh\n"
                                "noise,how,string,no,How loud?,,,\nnoise,when,multivaluelist,no,When?,,,\n");
    write_file("choices.csv",
               "item,question,code,name_en,name_zh\nnoise,when,day,By day,\nnoise,when,night,At night,\n");
    if (city_folder_open(&city, &draft, folder) != 0)
        return -1;
    city_draft_close(&draft);
    zone = calendar_zone(city_calendar(city, NULL));
    return 0;
}

static int close_city(void **state) {
    city_close(&city);
    return remove_folder(state);
}

/* ---- instants ------------------------------------------------------------------------------------------------------------- */

static void an_instant_is_read_in_the_forms_that_clients_write(void **state) {
    static const struct {
        const char *text;
        int64_t at; /* -1: refused */
    } cases[] = {
        {"2026-09-01T08:30:00+08:00", 1788222600000},
        {"2026-09-01T00:30:00Z", 1788222600000},
        {"2026-09-01T00:30:00z", 1788222600000},
        {"2026-09-01t00:30:00.5Z", 1788222600500},
        {"2026-08-31T20:30:00-04:00", 1788222600000},
        {"2026-09-01T08:30:00 08:00", 1788222600000}, /* a form makes a blank of the plus sign */
        {"2026-09-01T08:30:00+0800", 1788222600000},
        {"2026-09-01T08:30:00+08", 1788222600000},
        {"2026-09-01T08:30:00", 1788222600000}, /* on the city's clock */
        {"2026-09-01T08:30", 1788222600000},
        {"2026-09-01 08:30:00", 1788222600000},
        {"2026-09-01", 1788192000000},
        {"2028-02-29", 1835366400000},
        {"2026-02-29", -1},
        {"2026-13-01", -1},
        {"2026-00-10", -1},
        {"1999-12-31T23:59:59Z", -1},
        {"2100-01-01T00:00:00Z", -1},
        {"2026-09-01T24:00:00Z", -1},
        {"2026-09-01T08:60:00Z", -1},
        {"2026-09-01T08:30:61Z", -1},
        {"2026-09-01T08:30:00.Z", -1},
        {"2026-09-01T08:30:00+15:00", -1},
        {"2026-09-01T08:30:00+08:60", -1},
        {"2026-09-01T08:30:00+8", -1},
        {"2026-09-01T08:30:00Zx", -1},
        {"2026-9-1", -1},
        {"1788222600", -1},
        {"yesterday", -1},
        {"", -1},
    };
    (void)state;
    for (size_t i = 0; i < LENGTH(cases); i++) {
        int64_t at = -1;
        struct reason why = {.field = ""};
        int status = open311_time_read(zone, "start_date", cases[i].text, &at, &why);
        if (at != cases[i].at)
            print_error("%s is %lld\n", cases[i].text, (long long)at);
        assert_true(at == cases[i].at);
        assert_int_equal(status, cases[i].at == -1 ? -1 : 0);
        assert_string_equal(why.field, status == 0 ? "" : "start_date");
    }
}

static void an_instant_is_written_with_the_zones_offset_and_read_back(void **state) {
    char text[OPEN311_TIME_SIZE];
    struct reason why;
    int64_t back;
    (void)state;
    open311_time_write(zone, 1788222600000, text);
    assert_string_equal(text, "2026-09-01T08:30:00+08:00");
    open311_time_write(zone, 0, text);
    assert_string_equal(text, "");
    for (int64_t at = 946684800000; at < 4102444800000; at += 86399 * 1000 * INT64_C(7)) {
        open311_time_write(zone, at, text);
        assert_int_equal(open311_time_read(zone, "at", text, &back, &why), 0);
        assert_true(back == at);
    }
}

/* ---- queries ---------------------------------------------------------------------------------------------------------------- */

struct pair {
    const char *name, *value;
};

static const char *parameter(void *context, const char *name) {
    for (const struct pair *pair = context; pair->name != NULL; pair++)
        if (strcmp(pair->name, name) == 0)
            return pair->value;
    return NULL;
}

static bool read_query(struct open311_query *query, const struct pair *pairs, struct open311_errors *errors) {
    const struct open311_asked asked = {parameter, (void *)(uintptr_t)pairs, city, zone};
    *errors = (struct open311_errors){.count = 0};
    return open311_query_read(query, &asked, errors);
}

static void a_query_without_parameters_wants_the_newest_thousand(void **state) {
    static const struct pair none[] = {{NULL, NULL}};
    struct open311_query query;
    struct open311_errors errors;
    (void)state;
    assert_true(read_query(&query, none, &errors));
    assert_true(query.open && query.closed && !query.or_moved && !query.is_near && !query.extensions && !query.by_id);
    assert_int_equal(query.most, OPEN311_ROWS_MAX);
    assert_true(query.skip == 0 && query.since == 0 && query.until == 0 && query.items[0] == '\0');
}

static void a_query_is_read(void **state) {
    static const struct pair pairs[] = {{"service_code", "noise, leak"},
                                        {"start_date", "2026-09-01"},
                                        {"status", "OPEN"},
                                        {"page", "3"},
                                        {"page_size", "20"},
                                        {"extensions", "true"},
                                        {"lat", "33.5"},
                                        {"long", "114"},
                                        {"radius", "50"},
                                        {NULL, NULL}};
    struct open311_query query;
    struct open311_errors errors;
    (void)state;
    assert_true(read_query(&query, pairs, &errors));
    assert_string_equal(query.items, "noise leak");
    assert_true(query.or_moved && query.until - query.since == OPEN311_WINDOW_DAYS * DAY_MS);
    assert_true(query.open && !query.closed && query.extensions && query.is_near);
    assert_true(query.skip == 40 && query.most == 20);
    assert_true(open311_is_near(&query, 33.5, 114.0005) && !open311_is_near(&query, 33.5, 114.001));
    assert_false(open311_is_near(&query, NAN, NAN));
}

static void a_wrong_parameter_is_told_with_its_name(void **state) {
    static const struct {
        struct pair pair;
        int status;
        const char *field;
    } cases[] = {
        {{"service_code", "noise,none"}, 404, "service_code"},
        {{"start_date", "x"}, 400, "start_date"},
        {{"updated_before", "x"}, 400, "updated_before"},
        {{"status", "open,"}, 400, "status"},
        {{"status", "opened"}, 400, "status"},
        {{"page", "0"}, 400, "page"},
        {{"page", "1e7"}, 400, "page"},
        {{"page", "2.5"}, 400, "page"},
        {{"page_size", "1001"}, 400, "page_size"},
        {{"page_size", "nan"}, 400, "page_size"},
        {{"lat", "90.1"}, 400, "lat"},
        {{"lat", "33"}, 400, "long"},
        {{"long", "33"}, 400, "lat"},
        {{"radius", "10"}, 400, "radius"},
        {{"extensions", "yes"}, 400, "extensions"},
    };
    (void)state;
    for (size_t i = 0; i < LENGTH(cases); i++) {
        const struct pair pairs[] = {cases[i].pair, {NULL, NULL}};
        struct open311_query query;
        struct open311_errors errors;
        assert_false(read_query(&query, pairs, &errors));
        assert_int_equal(errors.count, 1);
        assert_int_equal(errors.at[0].status, cases[i].status);
        assert_string_equal(errors.at[0].why.field, cases[i].field);
    }
}

static void numbers_of_requests_are_picked_out_of_what_is_sent(void **state) {
    static const struct pair pairs[] = {
        {"service_request_id", "12, 5,x,1234567890123456789,-3,,7"}, {"page", "x"}, {NULL, NULL}};
    struct open311_query query;
    struct open311_errors errors;
    (void)state;
    assert_true(read_query(&query, pairs, &errors));
    assert_true(query.by_id);
    assert_string_equal(query.ids, "12 5 7");
}

/* ---- posts ------------------------------------------------------------------------------------------------------------------- */

#define FORM(...) \
    { {__VA_ARGS__}, sizeof((struct open311_field[]){__VA_ARGS__}) / sizeof(struct open311_field) }
struct form_case {
    struct open311_field fields[16];
    size_t count;
};

static bool read_form(const struct form_case *form, struct submit *submit, struct open311_errors *errors) {
    const struct open311_form given = {form->fields, form->count, city, &source};
    *errors = (struct open311_errors){.count = 0};
    return open311_form_read(&given, submit, errors);
}

static void a_form_becomes_a_report(void **state) {
    static const char file[] = "aa";
    static const struct form_case form = FORM(
        {"service_code", "noise", NULL}, {"lat", "33.6", NULL}, {"long", "114", NULL}, {"description", "loud", NULL},
        {"first_name", "Li", NULL}, {"last_name", "Hua", NULL}, {"account_id", "a-1", NULL}, {"device_id", "d-1", NULL},
        {"attribute[how]", "very", NULL}, {"attribute[when][]", "day", NULL}, {"attribute[when][]", "night", NULL},
        {"attribute[external_id]", "77", NULL}, {"attribute[easting]", "5", NULL}, {"media[]", "", file},
        {"media[]", "", "bb"}, {"email", "", NULL});
    static struct submit submit;
    struct open311_errors errors;
    struct reason why;
    (void)state;
    assert_true(read_form(&form, &submit, &errors));
    assert_string_equal(submit.item, "noise");
    assert_string_equal(submit.channel, "hotline");
    assert_string_equal(submit.datum, "gcj02");
    assert_string_equal(submit.area, "s"); /* nothing narrower is named */
    assert_true(submit.lat == 33.6 && submit.lon == 114);
    assert_string_equal(submit.reporter_name, "Li Hua");
    assert_string_equal(submit.reporter_account, "a-1");
    /* easting is no answer: nobody asked */
    assert_string_equal(submit.attributes, "{\"how\":\"very\",\"when\":[\"day\",\"night\"]}");
    assert_string_equal(submit.source_id, "77");
    assert_string_equal(submit.files, "aa bb");
    open311_form_key(submit.source_id, submit.key);
    assert_string_equal(submit.key, "id:77");
    assert_int_equal(message_check(MESSAGE_submit, &submit, &why), 0);
}

static void what_a_form_says_twice_is_told(void **state) {
    static const struct form_case form = FORM(
        {"service_code", "noise", NULL}, {"lat", "33.6", NULL}, {"lat", "33.6", NULL}, {"long", "114", NULL},
        {"description", "loud", NULL}, {"description", "", NULL}, {"media_url", "http://a/1", NULL},
        {"media_url", "http://a/2", NULL}, {"attribute[title]", "a", NULL}, {"attribute[title]", "b", NULL},
        {"attribute[how]", "a", NULL}, {"attribute[how]", "b", NULL}, {"email", "", "aa"}, {"utf8", "1", NULL},
        {"utf8", "1", NULL});
    static struct submit submit;
    struct open311_errors errors;
    (void)state;
    assert_false(read_form(&form, &submit, &errors));
    assert_int_equal(errors.count, 3);
    assert_string_equal(errors.at[0].why.field, "lat");
    assert_string_equal(errors.at[1].why.field, "description");
    assert_string_equal(errors.at[2].why.field, "attribute[title]");
}

static void a_long_number_is_hashed_into_the_key(void **state) {
    char long_one[65], key[OPEN311_KEY_SIZE], other[OPEN311_KEY_SIZE];
    (void)state;
    memset(long_one, 'x', 64);
    long_one[64] = '\0';
    open311_form_key(long_one, key);
    assert_int_equal(strlen(key), 51);
    long_one[63] = 'y';
    open311_form_key(long_one, other);
    assert_string_not_equal(key, other);
}

/* ---- updates ------------------------------------------------------------------------------------------------------------------ */

static void an_update_is_a_move_that_a_reporter_may_make(void **state) {
    static const struct {
        const char *state;
        bool open;
        const char *move; /* NULL: refused */
    } cases[] = {
        {"reported", true, "note"},  {"needs_info", true, "answer"},  {"dispatched", true, "note"},
        {"handling", false, "note"}, {"reported", false, "withdraw"}, {"needs_info", false, "withdraw"},
        {"closed", true, "reopen"},  {"declined", true, "appeal"},    {"closed", false, NULL},
        {"archived", true, NULL},    {"merged", true, NULL},          {"", true, NULL},
    };
    (void)state;
    for (size_t i = 0; i < LENGTH(cases); i++) {
        struct reason why;
        const char *move = open311_update_move(cases[i].state, cases[i].open, &why);
        assert_int_equal(move == NULL, cases[i].move == NULL);
        if (move != NULL)
            assert_string_equal(move, cases[i].move);
    }
}

static void a_long_update_goes_in_parts_that_end_between_characters(void **state) {
    static struct open311_update update;
    char part[OPEN311_NOTE_BYTES_MAX + 1], whole[sizeof update.text] = "";
    size_t at = 0;
    (void)state;
    strcpy(update.text, "x");
    for (int i = 0; i < 1333; i++)
        strcat(update.text, "灯");
    while (open311_update_part(&update, &at, part)) {
        assert_int_equal(text_clean(part, strlen(part)), strlen(part));
        assert_true(strlen(part) > OPEN311_NOTE_BYTES_MAX - 4 || at == strlen(update.text));
        strcat(whole, part);
    }
    assert_string_equal(whole, update.text);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_instant_is_read_in_the_forms_that_clients_write),
        cmocka_unit_test(an_instant_is_written_with_the_zones_offset_and_read_back),
        cmocka_unit_test(a_query_without_parameters_wants_the_newest_thousand),
        cmocka_unit_test(a_query_is_read),
        cmocka_unit_test(a_wrong_parameter_is_told_with_its_name),
        cmocka_unit_test(numbers_of_requests_are_picked_out_of_what_is_sent),
        cmocka_unit_test(a_form_becomes_a_report),
        cmocka_unit_test(what_a_form_says_twice_is_told),
        cmocka_unit_test(a_long_number_is_hashed_into_the_key),
        cmocka_unit_test(an_update_is_a_move_that_a_reporter_may_make),
        cmocka_unit_test(a_long_update_goes_in_parts_that_end_between_characters),
    };
    return cmocka_run_group_tests(tests, open_city, close_city);
}
