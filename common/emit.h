/* Writes one answer as XML 1.0 or as JSON from the same calls. The JSON is the Spark form of the XML: the root has no name, a list is
 * an array whose entries have none, and an element without content is null. Pure.
 *
 * Text that is not UTF-8 becomes U+FFFD, and so does what XML 1.0 cannot hold (control characters, U+FFFE, U+FFFF), in both formats,
 * so that they always say the same. Names are literals of the program: letters, digits, '_', ':' and '-'. */
#ifndef ZHITONG_EMIT_H
#define ZHITONG_EMIT_H

#include <stdbool.h>
#include <stdint.h>

#include "proto/codec.h"

enum emit_format { EMIT_XML, EMIT_JSON };

#define EMIT_DEPTH_MAX 8 /* lists and records inside one another */

struct emit_level {
    const char *name;  /* of the element that is open */
    const char *entry; /* of a list: name of each entry; NULL: a record */
    bool filled;       /* something stands in it: JSON needs a comma */
};

struct emit { /* zero but for the format; the bytes are the caller's to close */
    enum emit_format format;
    struct bytes out;
    struct emit_level levels[EMIT_DEPTH_MAX];
    int depth;
};

const char *emit_content_type(enum emit_format format); /* with charset=utf-8 */

/* Begins a list or a record: the root, an entry of the list that is open (`name` is then ignored), or a member of the record that is
 * open. Deeper than EMIT_DEPTH_MAX is our own bug: asserted. */
void emit_list(struct emit *emit, const char *name, const char *entry);
void emit_record(struct emit *emit, const char *name);
void emit_end(struct emit *emit); /* of whichever began last */
/* An attribute of the list or record that has just begun, before anything stands in it. JSON has none: nothing happens. */
void emit_attribute(struct emit *emit, const char *name, const char *value);

/* A member of the record, or an entry of the list, that is open. Text NULL or "" is an element without content, null in JSON. */
void emit_text(struct emit *emit, const char *name, const char *text);
/* Letters and digits as they are, a string in JSON. */
void emit_id(struct emit *emit, const char *name, uint64_t id);
void emit_int(struct emit *emit, const char *name, int64_t number);
/* With at most seven digits after the point (a centimetre); NaN: no content. */
void emit_degrees(struct emit *emit, const char *name, double degrees);
void emit_flag(struct emit *emit, const char *name, bool flag);

#endif
