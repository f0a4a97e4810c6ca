/* What is said to people, in the languages of the city's folder: notices, and names of what they speak of. Immutable like the city;
 * every text handed out lives as long as it, and is never NULL. */
#ifndef ZHITONG_CITY_NOTICES_H
#define ZHITONG_CITY_NOTICES_H

#include "common/city.h"

enum notice_event {
    NOTICE_NONE = 0, /* nobody is told */
#define NOTICE(code, audience, meaning) NOTICE_##code,
#define NOTICE_FACT(...)
#include "common/notices.def"
#undef NOTICE
#undef NOTICE_FACT
    NOTICE_COUNT
};

enum notice_audience { AUDIENCE_reporter = 1, AUDIENCE_unit = 2, AUDIENCE_both = 3 }; /* bits */

enum notice_fact {
#define NOTICE(...)
#define NOTICE_FACT(name, listed, en, zh, meaning) FACT_##name,
#include "common/notices.def"
#undef NOTICE
#undef NOTICE_FACT
    FACT_COUNT
};

struct notice_spec {
    const char *code;
    enum notice_audience audience;
    const char *meaning;
};
const struct notice_spec *notice_spec(enum notice_event event);
enum notice_event notice_named(const char *code); /* NOTICE_NONE: there is none */

struct fact_spec {
    const char *name;
    bool listed;
    const char *en, *zh, *meaning;
};
const struct fact_spec *fact_spec(enum notice_fact fact);
/* The placeholder at the start of a text, "{name}", with its bytes in *size; FACT_COUNT: none is there, or it is unknown. */
enum notice_fact notice_placeholder(const char *text, size_t *size);

struct notice_text { /* a row of notices.csv */
    enum notice_event event;
    enum notice_audience audience; /* one of them */
    const char *language, *subject, *text, *sms;
};

/* The words for this audience: in this language, else its first part, else another form of it, else the city's first language, else
 * the first row. NULL: the city does not tell this. */
const struct notice_text *city_notice(const struct city *city, enum notice_audience audience, enum notice_event event,
                                      const char *language);
/* The languages in which the city tells something: the nth, NULL past the last. */
const char *city_notice_language(const struct city *city, size_t nth);

/* Names in a language (zh for every zh-…, else en); the code itself where the city does not know it. */
const char *city_unit_name(const struct city *city, const char *code, const char *language);
const char *city_area_name(const struct city *city, const char *code, const char *language);
const char *city_item_name(const struct city *city, const char *code, const char *language);
const char *city_channel_name(const struct city *city, const char *code, const char *language);
const char *city_reason_name(const struct city *city, const char *move, const char *code, const char *language);
const char *city_name_in(const struct city *city, const char *language);

/* ---- for city_build.c and city_rules.c ---------------------------------------------------------------------------- */

struct city_draft;
void city_build_notices(struct city *city, const struct city_draft *draft); /* last */
void city_close_notices(struct city *city);
/* Events, audiences and placeholders that exist, braces that close, each row once. */
void city_check_notices(struct city_draft *draft);

#endif
