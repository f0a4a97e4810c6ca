#include "services/desk/http_report.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "services/desk/scope.h"
#include "services/desk/visit.h"

static void reported(void *context, json_t *json, const struct reason *why) {
    struct visit *visit = context;
    if (json != NULL) {
        visit_json(visit, 200, json_incref(json));
        return;
    }
    bool asked_wrong = strcmp(why->field, "from") == 0 || strcmp(why->field, "to") == 0;
    visit_refuse_why(visit, asked_wrong ? 400 : 503, why);
}

static int read_date(const struct visit *visit, const char *field, char date[REPORT_DATE_MAX + 1], struct reason *why) {
    const char *text = http_query(visit->request, field);
    if (text != NULL && strlen(text) > REPORT_DATE_MAX)
        return refuse(why, field, "must be a date like 2026-01-31");
    snprintf(date, REPORT_DATE_MAX + 1, "%s", text != NULL ? text : "");
    return 0;
}

static int read_question(const struct visit *visit, struct report_question *question, struct reason *why) {
    const char *by = http_query(visit->request, "by");
    int found = sums_by_named(by != NULL ? by : "");
    if (found < 0)
        return refuse(why, "by", "must be unit, item, channel, source, tier, month or day");
    question->by = (enum sums_by)found;
    if (read_date(visit, "from", question->from, why) != 0)
        return -1;
    return read_date(visit, "to", question->to, why);
}

static void add(FILE *out, const char *code) {
    fprintf(out, "%s,", code);
}

/* The units that were asked for, all of which must be the person's; false: answered. */
static bool write_asked(struct visit *visit, const char *asked, FILE *out) {
    char *list = strdup(asked), *rest = NULL;
    bool good = true;
    assert(list != NULL);
    for (char *code = strtok_r(list, ",", &rest); good && code != NULL; code = strtok_r(NULL, ",", &rest)) {
        const struct unit *unit = city_unit(desk_city(visit->desk), code);
        good = unit != NULL && scope_covers(desk_city(visit->desk), &visit->person, unit->area->code);
        if (good)
            add(out, code);
        else
            visit_refuse(visit, 403, "unit", "%.48s is no unit in the area of %s", code, visit->person.unit);
    }
    free(list);
    return good;
}

/* Whoever has the whole city sees all, also what is charged to nobody or to a unit that is gone; others see their own units. */
static void write_own(const struct visit *visit, const struct unit *own, FILE *out) {
    size_t count;
    const struct unit *units = city_units(desk_city(visit->desk), &count);
    if (own->area->parent == NULL)
        return;
    for (size_t i = 0; i < count; i++)
        if (unit_covers(own, units[i].area))
            add(out, units[i].code);
}

/* The units that the report is about; NULL: answered. From malloc. */
static char *units_of(struct visit *visit, const struct unit *own) {
    const char *asked = http_query(visit->request, "unit");
    char *text = NULL;
    size_t size;
    bool good = true;
    FILE *out = open_memstream(&text, &size);
    assert(out != NULL);
    if (asked != NULL && asked[strspn(asked, ",")] != '\0')
        good = write_asked(visit, asked, out);
    else
        write_own(visit, own, out);
    fclose(out);
    if (good)
        return text;
    free(text);
    return NULL;
}

static void show(struct visit *visit) {
    struct report_question question;
    struct reason why;
    const struct unit *own = city_unit(desk_city(visit->desk), visit->person.unit);
    if (!scope_may_report(visit->person.role)) {
        visit_refuse(visit, 403, "role", "reports are for centres, leaders, supervisors, analysts and auditors");
        return;
    }
    if (own == NULL) {
        visit_refuse(visit, 403, "unit", "this post's unit is no longer one of the city's; ask for another post");
        return;
    }
    if (read_question(visit, &question, &why) != 0) {
        visit_refuse_why(visit, 400, &why);
        return;
    }
    question.units = units_of(visit, own);
    if (question.units == NULL)
        return;
    if (!reports_ask(visit->desk->reports, &question, reported, visit))
        visit_refuse(visit, 503, "", "too many reports are being made; try again");
    free(question.units);
}

void desk_get_report(struct http_request *request, void *context) {
    visit_begin(context, request, show);
}
