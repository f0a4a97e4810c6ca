#include "services/intake/http_files.h"

#include <assert.h>
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/http_form.h"
#include "common/http_json.h"
#include "services/intake/admission.h"
#include "services/intake/credential.h"
#include "services/intake/file_type.h"
#include "services/intake/files.h"
#include "services/intake/uploads.h"

#define LIST_BYTES_MAX ((FILE_HEX_BYTES + 1) * HTTP_FORM_FILES_MAX)

static void refuse_database(struct http_request *request) {
    http_refuse_field(request, 503, "", "the database does not answer; try again");
}

static void put_ask(struct intake *intake, struct http_request *request, struct ask *take_ask) {
    if (!asks_put(intake->asks, ASK_QUICK, take_ask))
        refuse_database(request);
}

/* ---- POST /files ------------------------------------------------------------------------------------------------------- */

static json_t *file_json(const PGresult *result, int row) {
    json_t *json = json_pack("{s:s, s:s, s:I}", "file", db_text(result, row, 0), "type", db_text(result, row, 1),
                             "bytes", (json_int_t)db_int8(result, row, 2));
    if (!db_null(result, row, 3)) {
        json_object_set_new(json, "width", json_integer(db_int4(result, row, 3)));
        json_object_set_new(json, "height", json_integer(db_int4(result, row, 4)));
    }
    return json;
}

/* What stood in the copy that came, and not what is known of the file from somebody else's: a published photo is without it. */
static void add_note(const struct http_request *request, json_t *json) {
    struct upload_note note;
    const char *file = json_string_value(json_object_get(json, "file"));
    for (size_t i = 0; i < http_form_count(request); i++) {
        const struct http_form_field *field = http_form_at(request, i);
        if (field->file == NULL || strcmp(field->file, file) != 0)
            continue;
        memcpy(&note, field->note, sizeof note);
        if (!isnan(note.lat))
            json_object_set_new(json, "position", json_pack("{s:f, s:f}", "lat", note.lat, "long", note.lon));
        if (note.taken_at != 0)
            json_object_set_new(json, "taken_at", json_integer(note.taken_at));
    }
}

static void told(void *context, const struct ask *ask) {
    struct http_request *request = context;
    const PGresult *result = ask_result(ask, 0);
    if (result == NULL || PQntuples(result) == 0) {
        refuse_database(request);
        return;
    }
    json_t *files = json_array();
    for (int row = 0; row < PQntuples(result); row++) {
        json_t *file = file_json(result, row);
        add_note(request, file);
        json_array_append_new(files, file);
    }
    json_t *json = json_array_size(files) == 1 ? json_incref(json_array_get(files, 0))
                                               : json_pack("{s:O}", "files", files);
    http_answer_json(request, 201, json);
    json_decref(files);
}

void intake_post_file(struct http_request *request, void *context) {
    char list[LIST_BYTES_MAX + 1];
    size_t size = 0;
    struct intake *intake = intake_of(context);
    if (admission_check(intake, request, source_of_key(intake, api_key_of(request))) != 0)
        return;
    for (size_t i = 0; i < http_form_count(request); i++) {
        const struct http_form_field *field = http_form_at(request, i);
        if (field->file != NULL)
            size += (size_t)snprintf(list + size, sizeof list - size, "%s%s", size > 0 ? " " : "", field->file);
    }
    if (size == 0) {
        http_refuse_field(request, 400, "file", "is missing: send a file part, or the file as the body");
        return;
    }
    struct ask *ask = ask_make(told, request);
    ask_step(ask, "intake_files_told", (const char *[]){list}, 1);
    put_ask(intake_of(context), request, ask);
}

/* ---- GET /files/HASH and its thumbnail ------------------------------------------------------------------------------------ */

struct look {
    struct http_request *request;
    struct intake *intake;
    bool small;
};

static void refuse_unknown(struct http_request *request) {
    http_refuse_field(request, 404, "file", "there is no such file, or it is not published");
}

static void send_published(const struct look *look, enum file_type type) {
    struct file_answer answer = {.request = look->request,
                                 .store = look->intake->files->store,
                                 .type = file_type_mime(look->small ? FILE_JPEG : type),
                                 .ending = file_type_ending(look->small ? FILE_JPEG : type),
                                 .shown = look->small || file_type_is_picture(type),
                                 .cache_control = "public, max-age=600"}; /* it may be withdrawn */
    snprintf(answer.name, sizeof answer.name, "%s%s", http_path_part(look->request, 0),
             look->small ? FILE_THUMBNAIL : "");
    file_answer_send(look->intake->files->reading, &answer);
}

static void looked(void *context, const struct ask *ask) {
    struct look *look = context;
    const PGresult *result = ask_result(ask, 0);
    int type = result == NULL || PQntuples(result) == 0 ? -1 : file_type_named(db_text(result, 0, 0));
    if (result == NULL)
        refuse_database(look->request);
    else if (type < 0 || look->intake->files->store == NULL)
        refuse_unknown(look->request);
    else
        send_published(look, (enum file_type)type);
    free(look);
}

static void get(struct http_request *request, void *context, bool small) {
    const char *hash = http_path_part(request, 0);
    struct intake *intake = intake_of(context);
    if (!file_hash_is_valid(hash)) {
        refuse_unknown(request);
        return;
    }
    struct look *look = malloc(sizeof *look);
    assert(look != NULL);
    *look = (struct look){request, intake, small};
    struct ask *ask = ask_make(looked, look);
    ask_step(ask, "intake_file_published", (const char *[]){hash}, 1);
    if (asks_put(intake->asks, ASK_QUICK, ask))
        return;
    refuse_database(request);
    free(look);
}

void intake_get_file(struct http_request *request, void *context) {
    get(request, context, false);
}

void intake_get_thumbnail(struct http_request *request, void *context) {
    get(request, context, true);
}
