/* GET /feeds/TOKEN/cases.atom */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/atom.h"
#include "services/desk/http_feeds.h"

#define ENTRIES_MAX 100
#define LOOKED_AT "400"         /* entries of the stream: some are of channels that the post may not see */
#define TAGS_SINCE "2026-11-25" /* when the names of these feeds were made (RFC 4151) */
enum { STEP_ENTRIES = 1, STEP_ITEMS };

struct writing {
    struct emit emit;
    struct feed_reader reader;
    const struct city *city;
    const PGresult *items; /* rows of desk_items */
};

static const char *item_name(const struct writing *writing, const char *item) {
    for (int row = 0; row < PQntuples(writing->items); row++)
        if (strcmp(db_text(writing->items, row, 0), item) == 0)
            return db_text(writing->items, row, writing->reader.chinese ? 2 : 1);
    return item;
}

/* The entry in this row; false: it cannot be read, or the post may not see its channel. */
static bool read_entry(const struct writing *writing, const PGresult *result, int row, struct case_moved *moved) {
    size_t size;
    const uint8_t *body = db_bytea(result, row, 1, &size);
    if (message_decode(MESSAGE_case_moved, body, size, moved, NULL) != 0)
        return false;
    const struct channel *channel = city_channel(writing->city, moved->channel);
    return channel != NULL && (privacy_named(channel->privacy) & writing->reader.privacy) != 0;
}

/* A move of a case has one name, in every stream and for ever. */
static void add_entry(struct writing *writing, const struct case_moved *moved) {
    char id[200], title[640], link[FEED_URL_SIZE + 40], summary[600];
    const struct move_spec *move = case_move(moved->move, case_state_named(moved->from));
    const char *did = move == NULL ? moved->move : writing->reader.chinese ? move->zh : move->meaning;
    const char *between = moved->title[0] != '\0' && moved->note[0] != '\0' ? " – " : "";
    snprintf(id, sizeof id, "tag:%s.zhitong.invalid," TAGS_SINCE ":case/%" PRIu64 "/%" PRIu64, city_code(writing->city),
             moved->case_id, moved->version);
    snprintf(title, sizeof title, "%" PRIu64 " %s: %s", moved->case_id, item_name(writing, moved->item), did);
    snprintf(link, sizeof link, "%s/cases/%" PRIu64, writing->reader.url, moved->case_id);
    snprintf(summary, sizeof summary, "%s%s%s", moved->title, between, moved->note);
    const struct atom_entry entry = {.id = id,
                                     .title = title,
                                     .link = link,
                                     .link_type = "application/json",
                                     .summary = summary,
                                     .category = moved->move,
                                     .updated_at = moved->at};
    atom_add(&writing->emit, &entry);
}

/* Without an entry the feed is as old as time, so that it does not change. */
static void begin_feed(struct writing *writing, const struct visit *visit, int64_t updated_at) {
    char id[200], self[FEED_URL_SIZE + 80];
    snprintf(id, sizeof id, "tag:%s.zhitong.invalid," TAGS_SINCE ":unit/%s", city_code(writing->city),
             writing->reader.unit);
    snprintf(self, sizeof self, "%s/feeds/%s/cases.atom", writing->reader.url, http_path_part(visit->request, 0));
    atom_begin(&writing->emit, &(struct atom_feed){.id = id,
                                                   .title = writing->reader.name,
                                                   .author = city_name(writing->city),
                                                   .self = self,
                                                   .updated_at = updated_at});
}

static void found(void *context, const struct ask *ask) {
    struct visit *visit = context;
    struct writing writing = {.emit = {.format = EMIT_XML}, .city = desk_city(visit->desk)};
    struct case_moved moved;
    int written = 0;
    if (!feed_read(visit, ask, &writing.reader))
        return;
    const PGresult *entries = visit_result(visit, ask, STEP_ENTRIES);
    if (entries == NULL)
        return;
    writing.items = visit_result(visit, ask, STEP_ITEMS);
    if (writing.items == NULL)
        return;
    for (int row = PQntuples(entries) - 1; row >= 0 && written < ENTRIES_MAX; row--) {
        if (!read_entry(&writing, entries, row, &moved))
            continue;
        if (written++ == 0)
            begin_feed(&writing, visit, moved.at);
        add_entry(&writing, &moved);
    }
    if (written == 0)
        begin_feed(&writing, visit, 0);
    atom_end(&writing.emit);
    feed_answer(visit, ATOM_TYPE, &writing.emit.out);
    bytes_close(&writing.emit.out);
}

static void ask_entries(struct visit *visit) {
    struct ask *ask = feed_ask(visit, found);
    ask_step(ask, "desk_feed_entries", (const char *[]){LOOKED_AT}, 1);
    ask_step(ask, "desk_items", NULL, 0);
    visit_put(visit, ASK_LIST, ask);
}

void desk_get_atom(struct http_request *request, void *context) {
    visit_begin_open(context, request, ask_entries);
}
