#include <stdio.h>
#include <string.h>

#include "common/form_inner.h"

/* RFC 2046 5.1.1 bchars; a space may stand inside. Never CR: that lets the delimiter be found without looking back. */
static bool is_boundary(const char *text) {
    size_t size = strlen(text);
    return size > 0 && size <= FORM_BOUNDARY_BYTES_MAX && text[size - 1] != ' ' &&
           strspn(text, "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ'()+_,-./:=? ") == size;
}

int form_boundary(struct form *form, const char *content_type, struct reason *why) {
    char boundary[FORM_NAME_BYTES_MAX + 1];
    if (form_parameter(content_type, "boundary", boundary) != 1 || !is_boundary(boundary))
        return refuse(why, "Content-Type", "needs a boundary of 1 to %d bytes", FORM_BOUNDARY_BYTES_MAX);
    form->delimiter_size = (size_t)snprintf(form->delimiter, sizeof form->delimiter, "\r\n--%.*s",
                                            FORM_BOUNDARY_BYTES_MAX, boundary);
    form->matched = 2; /* the first boundary needs no line before it */
    return 0;
}

static void begin_headers(struct form *form) {
    form->state = FORM_HEADERS;
    form->line_size = form->lines = form->name_size = 0;
    form->returned = form->has_name = form->has_file_name = form->has_type = false;
}

/* Behind a boundary come two dashes, which end the form, or blanks and the end of the line. */
static int take_behind(struct form *form, char byte, struct reason *why) {
    if (form->dashes == 2) { /* what follows the last boundary is nobody's */
        form->state = FORM_EPILOGUE;
        return 0;
    }
    if (byte == '-' && !form->returned && form->line_size == 0) {
        form->dashes++;
        return 0;
    }
    if (form->dashes == 0 && !form->returned && (byte == ' ' || byte == '\t') &&
        form->line_size < FORM_LINE_BYTES_MAX) {
        form->line_size++;
        return 0;
    }
    if (form->dashes == 0 && !form->returned && byte == '\r') {
        form->returned = true;
        return 0;
    }
    if (form->dashes == 0 && form->returned && byte == '\n') {
        begin_headers(form);
        return 0;
    }
    return refuse(why, "body", "a boundary is followed by something else than the end of its line");
}

static int end_headers(struct form *form, struct reason *why) {
    if (!form->has_name)
        return refuse(why, "body", "a part has no Content-Disposition: form-data with a name");
    form->state = FORM_CONTENT;
    form->matched = 2; /* an empty part: the boundary's line end is the one that ends the headers */
    return form_begin(form, why);
}

static int end_line(struct form *form, struct reason *why) {
    size_t size = form->line_size;
    form->line[size] = '\0';
    form->line_size = 0;
    form->returned = false;
    if (size == 0)
        return end_headers(form, why);
    if (++form->lines > FORM_LINES_MAX)
        return refuse(why, "body", "a part has more than %d headers", FORM_LINES_MAX);
    return form_take_header(form, why);
}

static int take_header_byte(struct form *form, char byte, struct reason *why) {
    if (form->returned)
        return byte == '\n' ? end_line(form, why) : refuse(why, "body", "a part's header holds a lone carriage return");
    if (byte == '\r') {
        form->returned = true;
        return 0;
    }
    if (((unsigned char)byte < 0x20 && byte != '\t') || byte == 0x7f)
        return refuse(why, "body", "a part's header holds a control byte");
    if (form->line_size == FORM_LINE_BYTES_MAX)
        return refuse(why, "body", "a part's header is longer than %d bytes", FORM_LINE_BYTES_MAX);
    form->line[form->line_size++] = byte;
    return 0;
}

static int give(struct form *form, const void *data, size_t size, struct reason *why) {
    return form->state == FORM_PREAMBLE || size == 0 ? 0 : form->events->data(form->context, data, size, why);
}

static int end_content(struct form *form, struct reason *why) {
    int status = form->state == FORM_CONTENT ? form->events->end(form->context, why) : 0;
    form->state = FORM_BOUNDARY;
    form->matched = form->line_size = 0;
    form->dashes = 0;
    form->returned = false;
    return status;
}

/* What looked like the start of a delimiter was content. The first two bytes of one that follows the headers at once were theirs. */
static int give_back(struct form *form, struct reason *why) {
    size_t from = form->lines > 0 ? 2 : 0, size = form->matched;
    form->matched = form->lines = 0;
    return size > from ? give(form, form->delimiter + from, size - from, why) : 0;
}

/* Takes content up to the end of a delimiter or of the data; *taken: how many bytes that was. */
static int take_content(struct form *form, const uint8_t *data, size_t size, size_t *taken, struct reason *why) {
    int status = 0;
    size_t at = 0;
    while (at < size && status == 0) {
        if (form->matched == 0) {
            const uint8_t *found = memchr(data + at, '\r', size - at);
            size_t run = found == NULL ? size - at : (size_t)(found - data) - at;
            status = give(form, data + at, run, why);
            at += run;
            form->matched = found != NULL;
            at += found != NULL;
        } else if (data[at] == (uint8_t)form->delimiter[form->matched]) {
            at++;
            if (++form->matched < form->delimiter_size)
                continue;
            *taken = at;
            return end_content(form, why);
        } else {
            status = give_back(form, why);
        }
    }
    *taken = at;
    return status;
}

int form_feed_multipart(struct form *form, const uint8_t *data, size_t size, struct reason *why) {
    int status = 0;
    for (size_t at = 0, taken; at < size && status == 0; at += taken) {
        taken = 1;
        if (form->state == FORM_PREAMBLE || form->state == FORM_CONTENT)
            status = take_content(form, data + at, size - at, &taken, why);
        else if (form->state == FORM_BOUNDARY)
            status = take_behind(form, (char)data[at], why);
        else if (form->state == FORM_HEADERS)
            status = take_header_byte(form, (char)data[at], why);
        else
            return 0;
    }
    return status;
}
