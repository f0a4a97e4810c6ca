#include "common/form_inner.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "proto/text.h"

#define URLENCODED "application/x-www-form-urlencoded"
#define MULTIPART "multipart/form-data"
#define RUN_BYTES_MAX 512 /* decoded bytes that are handed on together */

static bool is_type(const char *content_type, const char *type) {
    size_t size = strlen(type);
    return strncasecmp(content_type, type, size) == 0 && strchr("; \t", content_type[size]) != NULL;
}

enum form_kind form_kind_of(const char *content_type) {
    if (content_type == NULL)
        return FORM_NONE;
    if (is_type(content_type, URLENCODED))
        return FORM_URLENCODED;
    return is_type(content_type, MULTIPART) ? FORM_MULTIPART : FORM_NONE;
}

int form_open(struct form **out, const char *content_type, const struct form_events *events, void *context,
              struct reason *why) {
    enum form_kind kind = form_kind_of(content_type);
    if (kind == FORM_NONE)
        return refuse(why, "Content-Type", "must be " MULTIPART " or " URLENCODED);
    struct form *form = calloc(1, sizeof *form);
    assert(form != NULL);
    form->kind = kind;
    form->events = events;
    form->context = context;
    form->state = kind == FORM_MULTIPART ? FORM_PREAMBLE : FORM_NAME;
    if (kind == FORM_MULTIPART && form_boundary(form, content_type, why) != 0) {
        free(form);
        return -1;
    }
    *out = form;
    return 0;
}

void form_close(struct form **form) {
    free(*form);
    *form = NULL;
}

int form_begin(struct form *form, struct reason *why) {
    if (++form->fields > FORM_FIELDS_MAX)
        return refuse(why, "body", "has more than %d fields", FORM_FIELDS_MAX);
    form->name[form->name_size] = '\0';
    if (form->name_size == 0)
        return refuse(why, "body", "a field has no name");
    if (text_clean(form->name, form->name_size) != form->name_size || strpbrk(form->name, "\t\n") != NULL)
        return refuse(why, "body", "a field's name holds a control byte or what is not UTF-8");
    const struct form_part part = {.name = form->name,
                                   .file_name = form->has_file_name ? form->file_name : NULL,
                                   .content_type = form->has_type ? form->content_type : NULL};
    return form->events->begin(form->context, &part, why);
}

/* ---- urlencoded ----------------------------------------------------------------------------------------------------- */

struct run { /* decoded bytes of a value, not yet handed on */
    uint8_t bytes[RUN_BYTES_MAX];
    size_t size;
};

static int flush(struct form *form, struct run *run, struct reason *why) {
    size_t size = run->size;
    run->size = 0;
    return size == 0 ? 0 : form->events->data(form->context, run->bytes, size, why);
}

static int take_decoded(struct form *form, struct run *run, char byte, struct reason *why) {
    if (byte == '\0')
        return refuse(why, form->state == FORM_VALUE ? form->name : "body", "holds a NUL byte");
    if (form->state == FORM_NAME) {
        if (form->name_size == FORM_NAME_BYTES_MAX)
            return refuse(why, "body", "a field's name is longer than %d bytes", FORM_NAME_BYTES_MAX);
        form->name[form->name_size++] = byte;
        form->named = true;
        return 0;
    }
    run->bytes[run->size++] = (uint8_t)byte;
    return run->size == RUN_BYTES_MAX ? flush(form, run, why) : 0;
}

static int end_pair(struct form *form, struct run *run, struct reason *why) {
    int status = 0;
    if (form->state == FORM_NAME && !form->named) /* "a=1&&b=2" */
        return 0;
    if (form->state == FORM_NAME)
        status = form_begin(form, why);
    if (status == 0)
        status = flush(form, run, why);
    if (status == 0)
        status = form->events->end(form->context, why);
    form->state = FORM_NAME;
    form->name_size = 0;
    form->named = false;
    return status;
}

static int refuse_escape(const struct form *form, struct reason *why) {
    return refuse(why, form->state == FORM_VALUE ? form->name : "body", "holds a broken percent escape");
}

static int take_escaped(struct form *form, struct run *run, char byte, struct reason *why) {
    int digit = text_hex_digit(byte);
    if (digit < 0)
        return refuse_escape(form, why);
    form->escape[form->escaping++ - 1] = (char)digit;
    if (form->escaping < 3)
        return 0;
    form->escaping = 0;
    return take_decoded(form, run, (char)(form->escape[0] * 16 + form->escape[1]), why);
}

static int take_byte(struct form *form, struct run *run, char byte, struct reason *why) {
    if (form->escaping > 0)
        return take_escaped(form, run, byte, why);
    if (byte == '&')
        return end_pair(form, run, why);
    if (byte == '=' && form->state == FORM_NAME) {
        int status = form_begin(form, why);
        form->state = FORM_VALUE;
        return status;
    }
    if (byte == '%') {
        form->escaping = 1;
        return 0;
    }
    return take_decoded(form, run, byte == '+' ? ' ' : byte, why);
}

static int feed_urlencoded(struct form *form, const uint8_t *data, size_t size, struct reason *why) {
    struct run run = {.size = 0};
    for (size_t i = 0; i < size; i++) {
        int status = take_byte(form, &run, (char)data[i], why);
        if (status != 0)
            return status;
    }
    return flush(form, &run, why);
}

int form_feed(struct form *form, const uint8_t *data, size_t size, struct reason *why) {
    return form->kind == FORM_MULTIPART ? form_feed_multipart(form, data, size, why)
                                        : feed_urlencoded(form, data, size, why);
}

int form_finish(struct form *form, struct reason *why) {
    struct run run = {.size = 0};
    if (form->kind == FORM_URLENCODED)
        return form->escaping > 0 ? refuse_escape(form, why) : end_pair(form, &run, why);
    if (form->state == FORM_EPILOGUE || (form->state == FORM_BOUNDARY && form->dashes == 2))
        return 0;
    return refuse(why, "body", "ends before its last boundary");
}
