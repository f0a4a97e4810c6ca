/* q and a query string, or f and a form's fields, one a line as name=value: what Open311 and the staff's lists make of them. What is taken
 * passes message_check and keeps its bounds. */
#include <math.h>

#include "services/desk/list_page.h"
#include "services/intake/open311_query.h"
#include "services/intake/open311_update.h"
#include "tests/fuzz/fuzz_input.h"

#define FIELDS_MAX 64
#define NOW INT64_C(1795595400000)

struct fields {
    struct open311_field at[FIELDS_MAX];
    size_t count;
};

static void cut(struct fields *fields, char *text, const char *between) {
    char *rest = NULL;
    fields->count = 0;
    for (char *one = strtok_r(text, between, &rest); one != NULL && fields->count < FIELDS_MAX;
         one = strtok_r(NULL, between, &rest)) {
        char *value = strchr(one, '=');
        if (value != NULL)
            *value++ = '\0';
        fields->at[fields->count++] = (struct open311_field){one, value != NULL ? value : "", NULL};
    }
}

static const char *parameter(void *context, const char *name) {
    const struct fields *fields = context;
    for (size_t i = 0; i < fields->count; i++)
        if (strcmp(fields->at[i].name, name) == 0)
            return fields->at[i].value;
    return NULL;
}

static void check_errors(const struct open311_errors *errors) {
    assert(errors->count > 0 && errors->count <= OPEN311_ERRORS_MAX);
    for (int i = 0; i < errors->count; i++)
        fuzz_check_reason(&errors->at[i].why);
}

static void query(struct fields *fields, const struct city *city, const struct zone *zone) {
    static struct open311_query read;
    static struct list_page page;
    const struct open311_asked asked = {parameter, fields, city, zone};
    struct open311_errors errors = {.count = 0}, window = {.count = 0};
    struct reason why = {.text = ""};
    if (open311_query_read(&read, &asked, &errors)) {
        assert(errors.count == 0 && read.most >= 1 && read.most <= OPEN311_ROWS_MAX && read.skip >= 0);
        assert(read.by_id || read.open || read.closed);
        assert(!read.is_near ||
               (fabs(read.lat) <= 90 && fabs(read.lon) <= 180 && read.radius_m <= OPEN311_RADIUS_M_MAX));
    } else {
        check_errors(&errors);
    }
    if (!open311_window_read(&read, &asked, &window))
        check_errors(&window);
    if (list_page_read(&page, parameter, fields, &why) == 0)
        assert(page.limit >= 1 && page.limit <= PAGE_LIMIT_MAX);
    else
        fuzz_check_reason(&why);
}

static void form(const struct fields *fields, const struct city *city, const struct zone *zone) {
    static const struct source source = {.code = "app", .channel = "hotline", .datum = "gcj02"};
    static struct submit submit;
    static struct open311_update update;
    const struct open311_form read = {fields->at, fields->count, city, &source};
    struct open311_errors errors = {.count = 0}, others = {.count = 0};
    struct reason why;
    memset(&submit, 0, sizeof submit);
    if (open311_form_read(&read, &submit, &errors)) {
        strcpy(submit.key, "key");
        if (message_check(MESSAGE_submit, &submit, &why) != 0)
            abort();
    } else {
        check_errors(&errors);
    }
    if (!open311_update_read(&read, zone, NOW, &update, &others))
        check_errors(&others);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    const struct city *city = fuzz_city();
    const struct zone *zone = city_zone(city);
    struct fields fields;
    if (size == 0)
        return 0;
    char *text = fuzz_text(data + 1, size - 1);
    if (text_clean(text, strlen(text)) ==
        strlen(text)) { /* of others nothing reaches these two: http_form.c and http.c refuse them */
        cut(&fields, text, data[0] == 'f' ? "\n" : "&");
        if (data[0] == 'f')
            form(&fields, city, zone);
        else
            query(&fields, city, zone);
    }
    free(text);
    return 0;
}
