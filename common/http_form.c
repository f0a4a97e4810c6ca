#include "common/http_form.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "common/http_inner.h"
#include "proto/text.h"

#define FIELDS_FIRST 8 /* room for so many to begin with */

struct kept { /* a field while the form is read; texts are places in the form's text */
    size_t name, value, file_name, content_type;
    size_t size;
    bool is_file, typed;
    void *upload; /* NULL: not opened, or its end is known */
    struct http_form *form;
    struct http_stored stored;
};

struct http_form {
    struct http_request *request;
    struct form *parser; /* NULL: the body is one file */
    const struct http_upload *upload;
    char *text;
    size_t text_size, text_room;
    struct kept **kept; /* each by itself: uploads keep its address */
    size_t count, room;
    size_t files, storing; /* files whose end is not known yet */
    struct http_form_field *fields;
    bool handed_over; /* also when it is refused: the handler says so */
    int status;       /* of the refusal to come; 0: none */
    struct reason why;
};

/* ---- texts -------------------------------------------------------------------------------------------------------------- */

static int keep_bytes(struct http_form *form, const void *data, size_t size, struct reason *why) {
    if (size > HTTP_FORM_ALL_BYTES_MAX - form->text_size)
        return refuse(why, "body", "its texts are longer than %d bytes together", HTTP_FORM_ALL_BYTES_MAX);
    if (form->text_size + size > form->text_room) {
        size_t room = (form->text_size + size) * 2;
        if (!http_hold(form->request, room - form->text_room, why)) {
            form->status = MHD_HTTP_SERVICE_UNAVAILABLE;
            return -1;
        }
        char *text = realloc(form->text, room);
        assert(text != NULL);
        form->text = text;
        form->text_room = room;
    }
    memcpy(form->text + form->text_size, data, size);
    form->text_size += size;
    return 0;
}

static int keep_text(struct http_form *form, const char *text, size_t *place, struct reason *why) {
    *place = form->text_size;
    return text == NULL ? 0 : keep_bytes(form, text, strlen(text) + 1, why);
}

/* Line ends as newlines; a carriage return elsewhere stays and is refused. */
static size_t join_lines(char *text, size_t size) {
    size_t out = 0;
    for (size_t i = 0; i < size; i++)
        if (text[i] != '\r' || i + 1 == size || text[i + 1] != '\n')
            text[out++] = text[i];
    return out;
}

static int end_text(struct http_form *form, struct kept *kept, struct reason *why) {
    char *value = form->text + kept->value;
    size_t size = join_lines(value, kept->size);
    if (text_clean(value, size) != size)
        return refuse(why, form->text + kept->name, "holds a control byte or what is not UTF-8");
    form->text_size = kept->value + size;
    kept->size = size;
    return keep_bytes(form, "", 1, why);
}

/* ---- files -------------------------------------------------------------------------------------------------------------- */

static int refuse_with(struct http_form *form, int status) {
    if (status > 0)
        form->status = status;
    return status == 0 ? 0 : -1;
}

static struct http_form_field field_of(const struct http_form *form, const struct kept *kept) {
    const char *text = form->text;
    struct http_form_field field = {.name = text + kept->name, .value = "", .size = kept->size};
    if (!kept->is_file) {
        field.value = text + kept->value;
        return field;
    }
    field.size = 0;
    field.file_name = text + kept->file_name;
    field.content_type = kept->typed ? text + kept->content_type : NULL;
    field.file = kept->stored.file;
    field.file_bytes = kept->stored.bytes;
    field.note = kept->stored.note;
    return field;
}

static int open_file(struct http_form *form, struct kept *kept, struct reason *why) {
    const struct http_form_field field = field_of(form, kept);
    if (form->upload == NULL) {
        form->status = MHD_HTTP_UNSUPPORTED_MEDIA_TYPE;
        return refuse(why, field.name, "files are not taken here");
    }
    if (++form->files > HTTP_FORM_FILES_MAX)
        return refuse(why, field.name, "there are more than %d files", HTTP_FORM_FILES_MAX);
    return refuse_with(form,
                       form->upload->open(form->request, form->request->http->context, &field, &kept->upload, why));
}

static void refuse_later(struct http_form *form, int status, const struct reason *why);

static void file_stored(void *waits, const struct http_stored *stored) {
    struct kept *kept = waits;
    struct http_form *form = kept->form;
    struct http_request *request = form->request;
    kept->stored = *stored;
    kept->upload = NULL;
    form->storing--;
    if (stored->status != 0 && form->status == 0)
        refuse_later(form, stored->status, &stored->why);
    if (form->storing == 0 && request->state == HTTP_WAITING && http_form_complete(request))
        http_hand_over(request);
}

/* ---- what the parser finds ------------------------------------------------------------------------------------------------- */

static int on_begin(void *context, const struct form_part *part, struct reason *why) {
    struct http_form *form = context;
    if (form->count == form->room) {
        form->room = form->room == 0 ? FIELDS_FIRST : form->room * 2;
        struct kept **grown = realloc(form->kept, form->room * sizeof *grown);
        assert(grown != NULL);
        form->kept = grown;
    }
    struct kept *kept = calloc(1, sizeof *kept);
    assert(kept != NULL);
    form->kept[form->count++] = kept;
    kept->form = form;
    kept->is_file = part->file_name != NULL;
    kept->typed = part->content_type != NULL;
    if (keep_text(form, part->name, &kept->name, why) != 0 ||
        keep_text(form, part->file_name, &kept->file_name, why) != 0 ||
        keep_text(form, part->content_type, &kept->content_type, why) != 0)
        return -1;
    kept->value = form->text_size;
    return kept->is_file && part->file_name[0] != '\0' ? open_file(form, kept, why) : 0;
}

static int on_data(void *context, const uint8_t *data, size_t size, struct reason *why) {
    struct http_form *form = context;
    struct kept *kept = form->kept[form->count - 1];
    kept->size += size;
    if (!kept->is_file && kept->size > HTTP_FORM_TEXT_BYTES_MAX)
        return refuse(why, form->text + kept->name, "is longer than %d bytes", HTTP_FORM_TEXT_BYTES_MAX);
    if (!kept->is_file)
        return keep_bytes(form, data, size, why);
    if (kept->upload == NULL && open_file(form, kept, why) != 0)
        return -1;
    return refuse_with(form, form->upload->write(kept->upload, data, size, why));
}

static int on_end(void *context, struct reason *why) {
    struct http_form *form = context;
    struct kept *kept = form->kept[form->count - 1];
    if (!kept->is_file)
        return end_text(form, kept, why);
    if (kept->upload == NULL) { /* a file field of a browser that nobody filled in */
        free(kept);
        form->count--;
        return 0;
    }
    form->storing++;
    form->upload->finish(kept->upload, file_stored, kept);
    return form->status == 0 ? 0 : -1;
}

static const struct form_events events = {on_begin, on_data, on_end};

/* ---- from the headers to the handler ---------------------------------------------------------------------------------------- */

static void abandon_all(struct http_form *form) {
    for (size_t i = 0; i < form->count; i++) {
        if (form->kept[i]->upload != NULL)
            form->upload->abandon(form->kept[i]->upload);
        form->kept[i]->upload = NULL;
    }
    form->storing = 0;
}

static void refuse_later(struct http_form *form, int status, const struct reason *why) {
    form->status = status;
    form->why = *why;
}

/* What the parser or one of its events says: a refusal without a status is the client's fault. */
static void settle(struct http_form *form, int result, const struct reason *why) {
    if (result == 0 || (form->status != 0 && form->why.text[0] != '\0'))
        return;
    refuse_later(form, form->status != 0 ? form->status : MHD_HTTP_BAD_REQUEST, why);
}

void http_form_begin(struct http_request *request, const struct http_route *route) {
    const char *type = http_header(request, "Content-Type");
    struct reason why;
    bool is_form = form_kind_of(type) != FORM_NONE;
    if (!is_form && route->body == HTTP_BODY_ANY)
        return;
    struct http_form *form = calloc(1, sizeof *form);
    assert(form != NULL);
    form->request = request;
    form->upload = request->http->options.upload;
    form->handed_over = route->body == HTTP_BODY_ANY;
    request->form = form;
    if (is_form || route->body == HTTP_BODY_FORM) {
        if (form_open(&form->parser, type, &events, form, &why) != 0)
            refuse_later(form, MHD_HTTP_UNSUPPORTED_MEDIA_TYPE, &why);
        return;
    }
    const struct form_part part = {.name = "file", .file_name = "", .content_type = type};
    settle(form, on_begin(form, &part, &why), &why);
}

void http_form_take(struct http_request *request, const uint8_t *data, size_t size) {
    struct http_form *form = request->form;
    struct reason why;
    if (form->status != 0)
        return;
    settle(form, form->parser != NULL ? form_feed(form->parser, data, size, &why) : on_data(form, data, size, &why),
           &why);
    if (form->status != 0)
        abandon_all(form);
}

static void make_fields(struct http_form *form) {
    form->fields = calloc(form->count + 1, sizeof *form->fields);
    assert(form->fields != NULL);
    for (size_t i = 0; i < form->count; i++)
        form->fields[i] = field_of(form, form->kept[i]);
}

static void finish(struct http_form *form) {
    struct reason why;
    settle(form, form->parser != NULL ? form_finish(form->parser, &why) : on_end(form, &why), &why);
    if (form->status == 0 && form->parser == NULL && form->count == 0) {
        (void)refuse(&why, "body", "is empty");
        refuse_later(form, MHD_HTTP_BAD_REQUEST, &why);
    }
    form_close(&form->parser);
}

bool http_form_complete(struct http_request *request) {
    struct http_form *form = request->form;
    if (form->status == 0 && request->state == HTTP_HANDLING)
        finish(form);
    if (form->status != 0) {
        abandon_all(form);
        if (!form->handed_over)
            http_refuse(request, form->status, &form->why);
        return form->handed_over;
    }
    if (form->storing > 0)
        return false;
    make_fields(form);
    return true;
}

void http_form_drop(struct http_request *request) {
    struct http_form *form = request->form;
    if (form == NULL)
        return;
    abandon_all(form);
    form_close(&form->parser);
    for (size_t i = 0; i < form->count; i++)
        free(form->kept[i]);
    free(form->kept);
    free(form->fields);
    free(form->text);
    free(form);
    request->form = NULL;
}

size_t http_form_count(const struct http_request *request) {
    return request->form != NULL && request->form->fields != NULL ? request->form->count : 0;
}

const struct http_form_field *http_form_at(const struct http_request *request, size_t at) {
    assert(at < http_form_count(request));
    return &request->form->fields[at];
}

const char *http_form_value(const struct http_request *request, const char *name) {
    for (size_t i = 0; i < http_form_count(request); i++) {
        const struct http_form_field *field = http_form_at(request, i);
        if (field->file == NULL && strcmp(field->name, name) == 0)
            return field->value;
    }
    return NULL;
}

int http_form_fault(const struct http_request *request, const struct reason **why) {
    if (request->form == NULL || request->form->status == 0)
        return 0;
    *why = &request->form->why;
    return request->form->status;
}

bool http_is_form(const struct http_request *request) {
    return request->form != NULL && form_kind_of(http_header(request, "Content-Type")) != FORM_NONE;
}
