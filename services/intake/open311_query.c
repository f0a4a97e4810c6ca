#include "services/intake/open311_query.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#define EARTH_RADIUS_M 6371008.8 /* mean, IUGG */

struct look { /* at the parameters of one request */
    const struct open311_asked *asked;
    struct open311_errors *errors;
};

static const char *given(const struct look *look, const char *name) {
    const char *text = look->asked->parameter(look->asked->context, name);
    return text != NULL && *text != '\0' ? text : NULL;
}

static void wrong(const struct look *look, const char *name, const char *text) {
    struct reason why;
    (void)refuse(&why, name, "%s", text);
    open311_error(look->errors, 400, &why);
}

int open311_number_read(const char *field, const char *text, const double bounds[2], double *number,
                        struct reason *why) {
    char *end;
    double value = strtod(text, &end);
    if (text[strspn(text, "0123456789+-.eE")] != '\0' || *text == '\0' || *end != '\0' || !isfinite(value))
        return refuse(why, field, "must be a decimal number");
    if (value < bounds[0] || value > bounds[1])
        return refuse(why, field, "must be %.10g to %.10g", bounds[0], bounds[1]);
    *number = value;
    return 0;
}

/* Leaves *number where the parameter is not given. */
static void read_number(const struct look *look, const char *name, const double bounds[2], double *number) {
    const char *text = given(look, name);
    struct reason why;
    if (text != NULL && open311_number_read(name, text, bounds, number, &why) != 0)
        open311_error(look->errors, 400, &why);
}

static void read_time(const struct look *look, const char *name, int64_t *at) {
    const char *text = given(look, name);
    struct reason why;
    if (text != NULL && open311_time_read(look->asked->zone, name, text, at, &why) != 0)
        open311_error(look->errors, 400, &why);
}

/* ---- lists of codes ----------------------------------------------------------------------------------------------------- */

typedef bool code_wanted(const struct look *look, const char *code);

static bool is_request(const struct look *look, const char *code) {
    (void)look;
    return is_id(code);
}

static bool is_service(const struct look *look, const char *code) {
    struct reason why;
    if (city_item(look->asked->city, code) != NULL)
        return true;
    (void)refuse(&why, "service_code", "there is no service \"%.48s\"", code);
    open311_error(look->errors, 404, &why);
    return false;
}

/* The wanted ones of a list with commas, separated by spaces. */
static void read_codes(const struct look *look, const char *name, code_wanted *wanted,
                       char codes[OPEN311_CODES_BYTES_MAX + 1]) {
    const char *text = given(look, name);
    codes[0] = '\0';
    if (text == NULL)
        return;
    if (strlen(text) > OPEN311_CODES_BYTES_MAX) {
        wrong(look, name, "is longer than 4000 bytes; ask in several requests");
        return;
    }
    char copy[OPEN311_CODES_BYTES_MAX + 1], *save;
    strcpy(copy, text);
    size_t size = 0;
    for (char *code = strtok_r(copy, ", \t\n", &save); code != NULL; code = strtok_r(NULL, ", \t\n", &save)) {
        if (!wanted(look, code))
            continue;
        if (size > 0)
            codes[size++] = ' ';
        size = (size_t)(stpcpy(codes + size, code) - codes);
    }
}

/* ---- the rest --------------------------------------------------------------------------------------------------------------- */

static void read_dates(const struct look *look, struct open311_query *query) {
    const int64_t window_ms = OPEN311_WINDOW_DAYS * DAY_MS;
    read_time(look, "start_date", &query->since);
    read_time(look, "end_date", &query->until);
    query->or_moved = query->since != 0 || query->until != 0;
    if (query->or_moved && query->until == 0)
        query->until = query->since + window_ms;
    if (query->or_moved && query->since == 0)
        query->since = query->until - window_ms;
    if (query->since > query->until)
        wrong(look, "end_date", "must not be before start_date");
    else if (query->until - query->since > window_ms)
        wrong(look, "end_date", "must be at most 90 days after start_date; ask for several windows");
}

static void read_updated(const struct look *look, struct open311_query *query) {
    read_time(look, "updated_after", &query->moved_since);
    read_time(look, "updated_before", &query->moved_until);
    if (query->moved_until != 0 && query->moved_since == 0)
        query->moved_since = query->moved_until - OPEN311_WINDOW_DAYS * DAY_MS;
    if (query->moved_until != 0 && query->moved_since > query->moved_until)
        wrong(look, "updated_before", "must not be before updated_after");
    if (query->moved_since != 0) /* asked for by when it was updated: that alone counts */
        query->or_moved = false;
}

static void read_status(const struct look *look, struct open311_query *query) {
    const char *text = given(look, "status");
    if (text == NULL)
        query->open = query->closed = true;
    while (text != NULL) {
        size_t size = strcspn(text, ",");
        if (size == 4 && strncasecmp(text, "open", size) == 0)
            query->open = true;
        else if (size == 6 && strncasecmp(text, "closed", size) == 0)
            query->closed = true;
        else {
            wrong(look, "status", "must be open or closed");
            return;
        }
        text = text[size] == ',' ? text + size + 1 : NULL;
    }
}

static void read_page(const struct look *look, struct open311_query *query) {
    double page = 1, rows = given(look, "page") != NULL ? OPEN311_PAGE_ROWS : OPEN311_ROWS_MAX;
    read_number(look, "page", (const double[]){1, OPEN311_PAGE_MAX}, &page);
    read_number(look, "page_size", (const double[]){1, OPEN311_ROWS_MAX}, &rows);
    if (page != floor(page))
        wrong(look, "page", "must be a whole number");
    if (rows != floor(rows))
        wrong(look, "page_size", "must be a whole number");
    query->most = (int)rows;
    query->skip = (int64_t)(page - 1) * query->most;
}

static void read_place(const struct look *look, struct open311_query *query) {
    query->lat = query->lon = NAN;
    query->radius_m = OPEN311_RADIUS_M;
    int before = look->errors->count;
    read_number(look, "lat", (const double[]){-90, 90}, &query->lat);
    read_number(look, "long", (const double[]){-180, 180}, &query->lon);
    read_number(look, "radius", (const double[]){0, OPEN311_RADIUS_M_MAX}, &query->radius_m);
    if (look->errors->count > before)
        return;
    if (isnan(query->lat) != isnan(query->lon))
        wrong(look, isnan(query->lat) ? "lat" : "long", "lat and long come together");
    else if (isnan(query->lat) && given(look, "radius") != NULL)
        wrong(look, "radius", "comes with lat and long");
    query->is_near = !isnan(query->lat) && !isnan(query->lon);
}

static void read_extensions(const struct look *look, struct open311_query *query) {
    const char *text = given(look, "extensions");
    query->extensions = text != NULL && strcasecmp(text, "true") == 0;
    if (text != NULL && !query->extensions && strcasecmp(text, "false") != 0)
        wrong(look, "extensions", "must be true or false");
}

bool open311_query_read(struct open311_query *query, const struct open311_asked *asked, struct open311_errors *errors) {
    struct look look = {asked, errors};
    *query = (struct open311_query){.most = OPEN311_ROWS_MAX, .radius_m = OPEN311_RADIUS_M};
    read_extensions(&look, query);
    query->by_id = given(&look, "service_request_id") != NULL;
    if (query->by_id) {
        read_codes(&look, "service_request_id", is_request, query->ids);
        return errors->count == 0;
    }
    read_codes(&look, "service_code", is_service, query->items);
    read_dates(&look, query);
    read_updated(&look, query);
    read_status(&look, query);
    read_page(&look, query);
    read_place(&look, query);
    return errors->count == 0;
}

bool open311_window_read(struct open311_query *query, const struct open311_asked *asked,
                         struct open311_errors *errors) {
    struct look look = {asked, errors};
    *query = (struct open311_query){.since = 0};
    read_dates(&look, query);
    return errors->count == 0;
}

bool open311_is_near(const struct open311_query *query, double lat, double lon) {
    const double radian = M_PI / 180;
    if (isnan(lat) || isnan(lon))
        return false;
    double up = sin((lat - query->lat) * radian / 2), across = sin((lon - query->lon) * radian / 2);
    double half = up * up + cos(lat * radian) * cos(query->lat * radian) * across * across;
    return 2 * EARTH_RADIUS_M * asin(sqrt(fmin(1, half))) <= query->radius_m;
}
