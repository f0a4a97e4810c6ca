/* First byte: how large the pieces are. Then a Content-Type up to a newline, then a body. What is read in pieces must be what is
 * read at once, names are clean, and every field that begins and is not refused ends. */
#include <assert.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "common/form.h"
#include "proto/text.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

struct sum { /* of what was seen, whatever the pieces */
    uint64_t hash;
    size_t begun, ended;
    bool inside;
};

static void mix(struct sum *sum, const void *data, size_t size) {
    const uint8_t *bytes = data;
    for (size_t i = 0; i < size; i++)
        sum->hash = (sum->hash ^ bytes[i]) * 1099511628211u;
}

static int on_begin(void *context, const struct form_part *part, struct reason *why) {
    struct sum *sum = context;
    size_t size = strlen(part->name);
    (void)why;
    assert(!sum->inside && size > 0 && size <= FORM_NAME_BYTES_MAX && text_clean(part->name, size) == size);
    if (part->file_name != NULL)
        mix(sum, part->file_name, strlen(part->file_name) + 1);
    mix(sum, part->name, size + 1);
    sum->inside = true;
    sum->begun++;
    assert(sum->begun <= FORM_FIELDS_MAX);
    return 0;
}

static int on_data(void *context, const uint8_t *data, size_t size, struct reason *why) {
    struct sum *sum = context;
    (void)why;
    assert(sum->inside && size > 0);
    mix(sum, data, size);
    return 0;
}

static int on_end(void *context, struct reason *why) {
    struct sum *sum = context;
    (void)why;
    assert(sum->inside);
    sum->inside = false;
    sum->ended++;
    return 0;
}

static const struct form_events events = {on_begin, on_data, on_end};

static int read_form(const char *type, const uint8_t *body, size_t size, size_t piece, struct sum *sum) {
    struct form *form = NULL;
    struct reason why;
    *sum = (struct sum){.hash = 14695981039346656037u};
    if (form_open(&form, type, &events, sum, &why) != 0)
        return -1;
    int status = 0;
    for (size_t at = 0; at < size && status == 0; at += piece) {
        size_t length = at + piece > size ? size - at : piece;
        uint8_t *copy = malloc(length); /* of exactly its size, so that ASan sees a read past it */
        assert(copy != NULL);
        memcpy(copy, body + at, length);
        status = form_feed(form, copy, length, &why);
        free(copy);
    }
    if (status == 0)
        status = form_finish(form, &why);
    form_close(&form);
    assert(status != 0 || sum->begun == sum->ended);
    return status;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    const uint8_t *line = size > 1 ? memchr(data + 1, '\n', size - 1) : NULL;
    if (line == NULL || line - data > 300)
        return 0;
    char type[301];
    memcpy(type, data + 1, (size_t)(line - data) - 1);
    type[line - data - 1] = '\0';
    const uint8_t *body = line + 1;
    size_t body_size = size - (size_t)(body - data);
    struct sum whole, pieces;
    int first = read_form(type, body, body_size, body_size + 1, &whole);
    int second = read_form(type, body, body_size, (size_t)data[0] % 16 + 1, &pieces);
    assert(first == second);
    if (first == 0)
        assert(whole.hash == pieces.hash && whole.begun == pieces.begun);
    return 0;
}
