#include "services/desk/http_files.h"

#include <assert.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "services/desk/visit.h"

static const struct {
    const char *type, *ending;
    bool shown; /* in a page; else offered for saving */
} types[] = {
    {"image/jpeg", "jpg", true}, {"image/png", "png", true},        {"image/webp", "webp", true},
    {"video/mp4", "mp4", false}, {"application/pdf", "pdf", false}, {"application/octet-stream", "bin", false},
};

struct file_visit { /* a visit's own */
    char name[FILE_NAME_BYTES_MAX + 1];
    bool small, publish;
    size_t type; /* place in `types` */
};

static void refuse_unseen(struct visit *visit) {
    visit_refuse(visit, 404, "file", "there is no such file of this case, or the case is none of yours");
}

static void set_type(struct file_visit *file, const char *type) {
    size_t last = sizeof types / sizeof types[0] - 1;
    file->type = file->small ? 0 : last;
    for (size_t i = 0; i < last && !file->small; i++)
        if (strcmp(types[i].type, type) == 0)
            file->type = i;
}

/* Case and hash of the path into the visit; answers and returns false where they are none. */
static bool read_path(struct visit *visit, bool small) {
    const char *hash = http_path_part(visit->request, 1);
    if (!visit_case(visit))
        return false;
    if (!file_hash_is_valid(hash)) {
        refuse_unseen(visit);
        return false;
    }
    struct file_visit *file = visit->own = calloc(1, sizeof *file);
    assert(file != NULL);
    snprintf(file->name, sizeof file->name, "%s%s", hash, small ? FILE_THUMBNAIL : "");
    file->small = small;
    return true;
}

static void put(struct visit *visit, ask_done *done, const char *query) {
    const struct file_visit *file = visit->own;
    char id[24], hash[FILE_HEX_BYTES + 1];
    bool reads = strcmp(query, "desk_case_file") == 0;
    struct ask *ask = visit_ask(visit, done);
    snprintf(id, sizeof id, "%" PRIu64, visit->case_id);
    snprintf(hash, sizeof hash, "%.*s", FILE_HEX_BYTES, file->name);
    ask_step(ask, query, (const char *[]){id, hash, visit->person.login, file->publish ? "true" : "false"},
             reads ? 2 : 4);
    visit_put(visit, reads ? ASK_QUICK : ASK_WRITE, ask);
}

/* ---- GET /cases/CASE/files/HASH and its thumbnail ------------------------------------------------------------------------- */

static void sent(void *context) {
    visit_end(context);
}

static void send_file(struct visit *visit) {
    const struct file_visit *file = visit->own;
    struct file_answer answer = {.request = visit->request,
                                 .store = visit->desk->files,
                                 .type = types[file->type].type,
                                 .ending = types[file->type].ending,
                                 .shown = types[file->type].shown,
                                 .cache_control = "private, no-store",
                                 .then = sent,
                                 .context = visit};
    memcpy(answer.name, file->name, sizeof answer.name);
    file_answer_send(visit->desk->reading, &answer);
}

static void look_written(void *context, bool written) {
    struct visit *visit = context;
    if (written)
        send_file(visit);
    else
        visit_refuse(visit, 503, "",
                     "who looks at a restricted case is written down, and that cannot be done now; try again");
}

static void found(void *context, const struct ask *ask) {
    struct visit *visit = context;
    const PGresult *result = visit_result(visit, ask, 1);
    if (result == NULL)
        return;
    if (PQntuples(result) == 0) {
        refuse_unseen(visit);
        return;
    }
    if (visit->desk->files == NULL) {
        visit_refuse(visit, 503, "file", "files cannot be read here: ZHITONG_FILES_FOLDER is not set");
        return;
    }
    set_type(visit->own, db_text(result, 0, 1));
    const struct channel *channel = city_channel(desk_city(visit->desk), db_text(result, 0, 0));
    if (channel == NULL || strcmp(channel->privacy, "restricted") != 0) {
        send_file(visit);
        return;
    }
    struct audit_row row;
    visit_row(visit, "file", &row);
    snprintf(row.outcome, sizeof row.outcome, "shown");
    audit_write(visit->desk->audit, &row, look_written, visit);
}

static void show_file(struct visit *visit) {
    if (read_path(visit, false))
        put(visit, found, "desk_case_file");
}

static void show_thumbnail(struct visit *visit) {
    if (read_path(visit, true))
        put(visit, found, "desk_case_file");
}

void desk_get_file(struct http_request *request, void *context) {
    visit_begin(context, request, show_file);
}

void desk_get_thumbnail(struct http_request *request, void *context) {
    visit_begin(context, request, show_thumbnail);
}

/* ---- POST /cases/CASE/files/HASH/publish and /withdraw --------------------------------------------------------------------- */

static void changed(void *context, const struct ask *ask) {
    struct visit *visit = context;
    const PGresult *result = visit_result(visit, ask, 1);
    if (result == NULL)
        return;
    if (PQntuples(result) == 0 || !db_bool(result, 0, 0)) {
        refuse_unseen(visit);
        return;
    }
    const struct file_visit *file = visit->own;
    struct audit_row row;
    visit_row(visit, file->publish ? "publish" : "withdraw_file", &row);
    snprintf(row.outcome, sizeof row.outcome, "done %s", file->name);
    visit_answer_written(visit, 200, json_pack("{s:s, s:b}", "file", file->name, "published", file->publish), &row);
}

static void change(struct visit *visit, bool publish) {
    if (!read_path(visit, false))
        return;
    ((struct file_visit *)visit->own)->publish = publish;
    put(visit, changed, "desk_publish_file");
}

static void publish_file(struct visit *visit) {
    change(visit, true);
}

static void withdraw_file(struct visit *visit) {
    change(visit, false);
}

void desk_publish_file(struct http_request *request, void *context) {
    visit_begin(context, request, publish_file);
}

void desk_withdraw_file(struct http_request *request, void *context) {
    visit_begin(context, request, withdraw_file);
}
