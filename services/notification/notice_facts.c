/* What a placeholder becomes. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "common/zone.h"
#include "proto/case_life.h"
#include "services/notification/carrier_text.h"
#include "services/notification/notice_words.h"

#define NOTE_BYTES_MAX 480

static const struct {
    const char *code, *en, *zh;
} severities[] = {
    {"blue", "blue", "蓝色"},
    {"yellow", "yellow", "黄色"},
    {"orange", "orange", "橙色"},
    {"red", "red", "红色"},
};

static bool is_chinese(const char *language) {
    return strncmp(language, "zh", 2) == 0 && (language[2] == '\0' || language[2] == '-');
}

static void add_number(struct bytes *out, uint64_t number) {
    char text[24];
    snprintf(text, sizeof text, "%" PRIu64, number);
    if (number != 0)
        text_add(out, text);
}

static void add_time(const struct notice_about *about, int64_t at, struct bytes *out) {
    if (at == 0)
        return;
    int64_t local = zone_local(city_zone(about->city), at);
    int32_t date = (int32_t)(local / DAY_MS);
    int year = date_year(date), month = 12, minute = (int)(local % DAY_MS / MINUTE_MS);
    char text[40];
    while (date_of(year, month, 1) > date)
        month--;
    snprintf(text, sizeof text, "%04d-%02d-%02d %02d:%02d", year, month, date - date_of(year, month, 1) + 1,
             minute / 60, minute % 60);
    text_add(out, text);
}

static void add_state(const struct notice_about *about, const char *state, struct bytes *out) {
    enum case_state known = case_state_named(state);
    if (is_chinese(about->language) && known != CASE_STATE_COUNT) {
        text_add(out, case_state_spec(known)->zh);
        return;
    }
    for (; *state != '\0'; state++)
        bytes_append(out, *state == '_' ? " " : state, 1);
}

static void add_severity(const struct notice_about *about, const char *severity, struct bytes *out) {
    for (size_t i = 0; i < sizeof severities / sizeof *severities; i++)
        if (strcmp(severities[i].code, severity) == 0)
            text_add(out, is_chinese(about->language) ? severities[i].zh : severities[i].en);
}

static void add_of_message(const struct notice_about *about, enum notice_fact fact, struct bytes *out) {
    const char *language = about->language;
    if (fact == FACT_city)
        text_add(out, city_name_in(about->city, language));
    else if (fact == FACT_count)
        add_number(out, (uint64_t)about->count);
    else if (fact == FACT_receipt)
        text_add(out, about->receipt);
    else if (fact == FACT_receipt_url)
        text_add(out, about->receipt_url);
    else if (fact == FACT_end_url)
        text_add(out, about->end_url);
    else if (fact == FACT_endpoint)
        text_add(out, about->endpoint);
    else if (fact == FACT_trouble)
        text_add(out, about->trouble);
}

/* Texts that somebody wrote, and what goes with one move. */
static void add_of_move(const struct notice_about *about, const struct case_moved *moved, enum notice_fact fact,
                        struct bytes *out) {
    const char *language = about->language;
    if (fact == FACT_reason && moved->reason[0] != '\0')
        text_add(out, city_reason_name(about->city, moved->move, moved->reason, language));
    else if (fact == FACT_note)
        text_add_cut(out, moved->note, NOTE_BYTES_MAX);
    else if (fact == FACT_plan)
        text_add_cut(out, moved->plan, NOTE_BYTES_MAX);
    else if (fact == FACT_reply)
        text_add_cut(out, moved->reply_done, NOTE_BYTES_MAX);
    else if (fact == FACT_until)
        add_time(about, moved->until_at, out);
    else if (fact == FACT_percent)
        add_number(out, moved->percent);
    else if (fact == FACT_parent)
        add_number(out, moved->parent);
    else if (fact == FACT_proposed && moved->proposed[0] != '\0')
        text_add(out, city_unit_name(about->city, moved->proposed, language));
    else if (fact == FACT_by && moved->actor_unit[0] != '\0')
        text_add(out, city_unit_name(about->city, moved->actor_unit, language));
}

void notice_add_fact(const struct notice_about *about, const struct case_moved *moved, enum notice_fact fact,
                     struct bytes *out) {
    const char *language = about->language;
    if (moved == NULL ||
        (notice_audience_of(about->stream) == AUDIENCE_reporter && !notice_reporter_reads(moved, fact))) {
        if (moved == NULL)
            add_of_message(about, fact, out);
        return;
    }
    add_of_message(about, fact, out);
    add_of_move(about, moved, fact, out);
    if (fact == FACT_case)
        add_number(out, moved->case_id);
    else if (fact == FACT_title)
        text_add(out, moved->title);
    else if (fact == FACT_address)
        text_add(out, moved->address);
    else if (fact == FACT_item)
        text_add(out, city_item_name(about->city, moved->item, language));
    else if (fact == FACT_area)
        text_add(out, city_area_name(about->city, moved->area, language));
    else if (fact == FACT_channel)
        text_add(out, city_channel_name(about->city, moved->channel, language));
    else if (fact == FACT_unit)
        text_add(out, city_unit_name(about->city, moved->unit, language));
    else if (fact == FACT_state)
        add_state(about, moved->state, out);
    else if (fact == FACT_severity)
        add_severity(about, moved->severity, out);
    else if (fact == FACT_due)
        add_time(about, moved->due_at, out);
    else if (fact == FACT_at)
        add_time(about, moved->at, out);
}
