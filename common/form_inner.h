/* What form.c (fields and urlencoded forms) and form_multipart.c share. Nobody else includes it. */
#ifndef ZHITONG_FORM_INNER_H
#define ZHITONG_FORM_INNER_H

#include "common/form.h"

#define FORM_DELIMITER_BYTES_MAX (FORM_BOUNDARY_BYTES_MAX + 4)

enum form_state {
    FORM_NAME,     /* urlencoded: in a name */
    FORM_VALUE,    /* urlencoded: in a value */
    FORM_PREAMBLE, /* multipart: before the first boundary, or in text after the last */
    FORM_BOUNDARY, /* behind a boundary, in the rest of its line */
    FORM_HEADERS,  /* in the headers of a part */
    FORM_CONTENT,  /* in a part */
    FORM_EPILOGUE  /* behind the last boundary */
};

struct form {
    enum form_kind kind;
    enum form_state state;
    const struct form_events *events;
    void *context;
    size_t fields;
    char name[FORM_NAME_BYTES_MAX + 1];
    size_t name_size;

    /* urlencoded */
    char escape[2]; /* digits of a percent escape so far */
    int escaping;   /* 0: not in one; else 1 + digits that are here */
    bool named;     /* the pair at hand has a name or an equals sign */

    /* multipart */
    char delimiter[FORM_DELIMITER_BYTES_MAX + 1]; /* CR LF -- boundary */
    size_t delimiter_size, matched;
    char line[FORM_LINE_BYTES_MAX + 1];
    size_t line_size, lines;
    int dashes;    /* behind a boundary */
    bool returned; /* a CR is here, its LF is not */
    bool has_name, has_file_name, has_type;
    char file_name[FORM_NAME_BYTES_MAX + 1];
    char content_type[FORM_NAME_BYTES_MAX + 1];
};

/* form.c: a field begins; its name is in form->name. */
MUST_CHECK int form_begin(struct form *form, struct reason *why);

/* form_multipart.c */
MUST_CHECK int form_boundary(struct form *form, const char *content_type, struct reason *why);
MUST_CHECK int form_feed_multipart(struct form *form, const uint8_t *data, size_t size, struct reason *why);

/* form_disposition.c: takes a part's header line, which is NUL-ended and holds no control byte but tabs. */
MUST_CHECK int form_take_header(struct form *form, struct reason *why);
/* The value of a parameter (name="value" or name=value) of a header's value; -1: it is broken or longer than
 * FORM_NAME_BYTES_MAX; 0: it is not there; 1: it is in `value`. */
int form_parameter(const char *header, const char *name, char value[FORM_NAME_BYTES_MAX + 1]);

#endif
