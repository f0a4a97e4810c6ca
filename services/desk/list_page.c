#include "services/desk/list_page.h"

#include <errno.h>
#include <inttypes.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "proto/case_life.h"

#define INSTANT_MAX 253402300799999LL /* the end of the year 9999 */

static int read_number(const char *field, const char *text, const int64_t range[2], int64_t *number,
                       struct reason *why) {
    char *end;
    errno = 0;
    long long value = strtoll(text, &end, 10);
    if (errno != 0 || end == text || *end != '\0' || value < range[0] || value > range[1])
        return refuse(why, field, "must be a whole number from %" PRId64 " to %" PRId64, range[0], range[1]);
    *number = value;
    return 0;
}

/* ---- cursors --------------------------------------------------------------------------------------------------------- */

void cursor_write(enum cursor_kind kind, const struct cursor *cursor, char text[CURSOR_SIZE]) {
    char plain[48];
    int size = snprintf(plain, sizeof plain, "%c%" PRId64 ".%" PRIu64, kind, cursor->at, cursor->number);
    sodium_bin2base64(text, CURSOR_SIZE, (const unsigned char *)plain, (size_t)size,
                      sodium_base64_VARIANT_URLSAFE_NO_PADDING);
}

int cursor_read(enum cursor_kind kind, const char *text, struct cursor *cursor, struct reason *why) {
    char plain[48], again[CURSOR_SIZE];
    size_t size;
    struct cursor read;
    if (sodium_base642bin((unsigned char *)plain, sizeof plain - 1, text, strlen(text), NULL, &size, NULL,
                          sodium_base64_VARIANT_URLSAFE_NO_PADDING) != 0)
        return refuse(why, "after", "is not what a page of this list gave");
    plain[size] = '\0';
    if (plain[0] != (char)kind || sscanf(plain + 1, "%" SCNd64 ".%" SCNu64, &read.at, &read.number) != 2 ||
        read.number > INT64_MAX || read.at < 0 || read.at > INSTANT_MAX)
        return refuse(why, "after", "is not what a page of this list gave");
    cursor_write(kind, &read, again); /* scanf is lenient */
    if (strcmp(again, text) != 0)
        return refuse(why, "after", "is not what a page of this list gave");
    *cursor = read;
    return 0;
}

/* ---- what is asked for -------------------------------------------------------------------------------------------------- */

int list_limit_read(const char *text, int *limit, struct reason *why) {
    int64_t number = PAGE_LIMIT;
    if (text != NULL && read_number("limit", text, (const int64_t[]){1, PAGE_LIMIT_MAX}, &number, why) != 0)
        return -1;
    *limit = (int)number;
    return 0;
}

static bool is_state(const char *name) {
    return case_state_named(name) != CASE_STATE_COUNT;
}

static bool is_severity(const char *name) {
    return strcmp(name, "blue") == 0 || strcmp(name, "yellow") == 0 || strcmp(name, "orange") == 0 ||
           strcmp(name, "red") == 0;
}

static bool is_tier(const char *text) {
    return text[0] >= '1' && text[0] <= '4' && text[1] == '\0';
}

static bool is_code(const char *text) {
    return text[0] != '\0' && strlen(text) <= 48;
}

static bool is_yes_or_no(const char *text) {
    return strcmp(text, "yes") == 0 || strcmp(text, "no") == 0;
}

static bool is_yes(const char *text) {
    return strcmp(text, "yes") == 0;
}

static const struct filter {
    const char *name;
    bool (*fits)(const char *text);
    const char *must;
} filters[] = {
    /* in the order of the query's parameters, from the first */
    {"area", is_code, "must be the code of an area"},
    {"open", is_yes_or_no, "must be yes or no"},
    {"state", is_state, "must be a state; GET /states lists them"},
    {"channel", is_code, "must be the code of a channel"},
    {"item", is_code, "must be the code of an item"},
    {"severity", is_severity, "must be blue, yellow, orange or red"},
    {"tier", is_tier, "must be 1, 2, 3 or 4"},
    {"unit", is_code, "must be the code of a unit"},
    {"supervised", is_yes_or_no, "must be yes or no"},
    {"overdue", is_yes, "must be yes, or left out"},
};
#define FILTERS (sizeof filters / sizeof *filters)
enum { VALUE_OPEN = 1, VALUE_OVERDUE = 9, VALUE_OLDEST, VALUE_NEWEST, VALUE_NEWEST_CASE, VALUE_LIMIT };

/* Instants between which it was opened, and where the page before ended. */
static int read_span(struct list_page *page, list_parameter *parameter, void *context, struct reason *why) {
    static const char *const names[] = {"opened_from", "opened_to"};
    const char *after = parameter(context, "after");
    struct cursor cursor;
    for (int i = 0; i < 2; i++) {
        const char *text = parameter(context, names[i]);
        int64_t at;
        if (text == NULL)
            continue;
        if (read_number(names[i], text, (const int64_t[]){0, INSTANT_MAX}, &at, why) != 0)
            return -1;
        snprintf(page->numbers[i], sizeof page->numbers[i], "%" PRId64, at);
        page->values[VALUE_OLDEST + i] = page->numbers[i];
    }
    if (after == NULL)
        return 0;
    if (cursor_read(CURSOR_OPENED, after, &cursor, why) != 0)
        return -1;
    snprintf(page->numbers[1], sizeof page->numbers[1], "%" PRId64, cursor.at);
    page->values[VALUE_NEWEST] = page->numbers[1];
    snprintf(page->numbers[2], sizeof page->numbers[2], "%" PRIu64, cursor.number);
    page->values[VALUE_NEWEST_CASE] = cursor.number != 0 ? page->numbers[2] : NULL;
    return 0;
}

int list_page_read(struct list_page *page, list_parameter *parameter, void *context, struct reason *why) {
    *page = (struct list_page){0};
    for (size_t i = 0; i < FILTERS; i++) {
        const char *text = parameter(context, filters[i].name);
        if (text != NULL && !filters[i].fits(text))
            return refuse(why, filters[i].name, "%s", filters[i].must);
        page->values[i] = text;
    }
    if (page->values[VALUE_OVERDUE] != NULL && page->values[VALUE_OPEN] == NULL)
        page->values[VALUE_OPEN] = "yes"; /* what is finished is not overdue */
    if (list_limit_read(parameter(context, "limit"), &page->limit, why) != 0)
        return -1;
    snprintf(page->numbers[3], sizeof page->numbers[3], "%d",
             page->limit + 1); /* one more tells whether there is more */
    page->values[VALUE_LIMIT] = page->numbers[3];
    return read_span(page, parameter, context, why);
}
