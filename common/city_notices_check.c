/* Whether a city's notices can be said: every fault is a complaint with its line and column. */
#include <string.h>

#include "common/city_notices.h"
#include "common/city_private.h"

static const struct {
    enum notice_fact fact;
    enum notice_event event; /* only there; NOTICE_NONE: in all */
    enum notice_audience audience;
} bound[] = {
    {FACT_receipt, NOTICE_NONE, AUDIENCE_reporter}, {FACT_receipt_url, NOTICE_NONE, AUDIENCE_reporter},
    {FACT_count, NOTICE_bundle, AUDIENCE_both},     {FACT_endpoint, NOTICE_disabled, AUDIENCE_both},
    {FACT_trouble, NOTICE_disabled, AUDIENCE_both},
};

/* Whether a placeholder is ever filled in this row: pages of the unsubscribe link are shown as they stand. */
static bool is_filled(enum notice_fact fact, enum notice_event event, const char *audience) {
    if (event == NOTICE_end_ask || event == NOTICE_end_good || event == NOTICE_end_done)
        return false;
    for (size_t i = 0; i < sizeof bound / sizeof *bound; i++) {
        if (bound[i].fact != fact)
            continue;
        bool heard = bound[i].audience == AUDIENCE_both || strcmp(audience, "reporter") == 0;
        return heard && (bound[i].event == NOTICE_NONE || bound[i].event == event);
    }
    return true;
}

static void check_text(struct city_draft *draft, struct draft_place place) {
    const char *event = FIELD(draft, notices, place.row, event), *audience = FIELD(draft, notices, place.row, audience);
    const char *text = draft_field(draft, place.table, place.row, place.column);
    while (*(text += strcspn(text, "{}")) != '\0') {
        size_t size = 0;
        enum notice_fact fact = notice_placeholder(text, &size);
        if (size == 0) {
            draft_complain(draft, place, "a brace stands alone: a placeholder is written {name}");
            return;
        }
        if (fact == FACT_COUNT)
            draft_complain(draft, place, "%.*s is no placeholder, see docs/messages.md", size > 60 ? 60 : (int)size,
                           text);
        else if (!is_filled(fact, notice_named(event), audience))
            draft_complain(draft, place, "%.*s is always empty in a notice \"%s\" for audience \"%s\"", (int)size, text,
                           event, audience);
        text += size;
    }
}

static bool is_same(const struct city_draft *draft, size_t row, size_t other) {
    return strcmp(FIELD(draft, notices, row, event), FIELD(draft, notices, other, event)) == 0 &&
           strcmp(FIELD(draft, notices, row, audience), FIELD(draft, notices, other, audience)) == 0 &&
           strcmp(FIELD(draft, notices, row, language), FIELD(draft, notices, other, language)) == 0;
}

/* A tag of BCP 47: its first part has two or three letters. */
static void check_language(struct city_draft *draft, size_t row) {
    const char *language = FIELD(draft, notices, row, language);
    size_t letters = strspn(language, "abcdefghijklmnopqrstuvwxyz");
    if (*language != '\0' && (letters < 2 || letters > 3 || (language[letters] != '\0' && language[letters] != '-')))
        draft_complain(draft, PLACE(notices, row, language), "must be a language such as en, zh or pt-br, not \"%s\"",
                       language);
}

static void check_row(struct city_draft *draft, size_t row) {
    const char *code = FIELD(draft, notices, row, event), *audience = FIELD(draft, notices, row, audience);
    enum notice_event event = notice_named(code);
    bool reporter = strcmp(audience, "reporter") == 0, unit = strcmp(audience, "unit") == 0;
    if (event == NOTICE_NONE && *code != '\0')
        draft_complain(draft, PLACE(notices, row, event), "\"%s\" is no event, see docs/messages.md", code);
    if (!reporter && !unit && *audience != '\0')
        draft_complain(draft, PLACE(notices, row, audience), "must be reporter or unit");
    else if (event != NOTICE_NONE && *audience != '\0' &&
             !(notice_spec(event)->audience & (reporter ? AUDIENCE_reporter : AUDIENCE_unit)))
        draft_complain(draft, PLACE(notices, row, audience), "\"%s\" is never told to a %s", code, audience);
    check_language(draft, row);
    check_text(draft, PLACE(notices, row, subject));
    check_text(draft, PLACE(notices, row, text));
    check_text(draft, PLACE(notices, row, sms));
    for (size_t other = 0; other < row; other++)
        if (is_same(draft, row, other)) {
            draft_complain(draft, PLACE(notices, row, language), "\"%s\" for %s in %s stands on line %zu already", code,
                           audience, FIELD(draft, notices, row, language),
                           draft->tables[CITY_notices].rows[other].line);
            break;
        }
}

void city_check_notices(struct city_draft *draft) {
    for (size_t row = 0; row < COUNT(draft, notices); row++)
        check_row(draft, row);
}
