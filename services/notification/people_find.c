/* Who reported a case, for the message that goes there now. */
#include <sodium.h>
#include <stdio.h>
#include <string.h>

#include "common/reporter.h"
#include "services/notification/notice.h"
#include "services/notification/people.h"

/* What notification.reporter_of says where there is nobody. */
static const struct {
    const char *state, *nobody;
} states[] = {
    {"none", "forgotten: nobody is kept with the report"},
    {"erased", "forgotten: what was kept is erased"},
    {"ended", "ended: no more messages are wanted"},
};

static int open_reporter(const PGresult *row, const struct people_house *house, struct people_found *found,
                         struct reason *why) {
    struct reporter_details details = {{0}, {0}, {0}, {0}, {0}};
    struct bytes sealed = {0};
    sealed.data = (uint8_t *)(uintptr_t)db_bytea(row, 0, 2, &sealed.size);
    if (house->keys == NULL)
        return refuse(why, "ZHITONG_SECRET_KEYS", "no keyring is set, with which reporters' addresses are opened");
    if (reporter_open(house->keys, (uint64_t)db_int8(row, 0, 1), &sealed, &details, why) != 0)
        return -1;
    people_choose(house->settings, &details, found);
    sodium_memzero(&details, sizeof details);
    snprintf(found->language, sizeof found->language, "%s", db_null(row, 0, 3) ? "" : db_text(row, 0, 3));
    return 0;
}

int people_find(struct db *db, const struct people_house *house, const struct case_moved *moved,
                struct people_found *found, struct reason *why) {
    struct params params = {0};
    *found = (struct people_found){.nobody = ""};
    params_int8(&params, (int64_t)moved->case_id);
    params_text(&params, notice_spec(notice_of_reporter(moved))->code);
    SCOPED_RESULT
    *row = db_ask(db, "people_reporter", &params);
    if (row == NULL)
        return refuse(why, "database", "%s", db_reason(db)->text);
    if (PQntuples(row) == 0)
        return refuse(why, "case", "is not known");
    for (size_t i = 0; i < sizeof states / sizeof *states; i++)
        if (strcmp(db_text(row, 0, 0), states[i].state) == 0) {
            found->nobody = states[i].nobody;
            return 0;
        }
    return open_reporter(row, house, found, why);
}
