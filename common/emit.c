#include "common/emit.h"

#include <assert.h>
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#define XML_DECLARATION "<?xml version=\"1.0\" encoding=\"utf-8\"?>\n"
#define REPLACEMENT "\xef\xbf\xbd" /* U+FFFD */

const char *emit_content_type(enum emit_format format) {
    return format == EMIT_JSON ? "application/json; charset=utf-8" : "text/xml; charset=utf-8";
}

static void put(struct emit *emit, const char *text) {
    bytes_append(&emit->out, text, strlen(text));
}

/* ---- text ------------------------------------------------------------------------------------------------------------- */

/* Bytes of the character at the start that both formats can hold; 0: there is none. */
static size_t character_size(const unsigned char *at, size_t size) {
    uint32_t code = at[0], least;
    size_t length;
    if (code < 0x80)
        return code >= 0x20 && code != 0x7f ? 1 : code == '\t' || code == '\n' || code == '\r';
    if (code >= 0xc2 && code <= 0xdf)
        length = 2, code &= 0x1f, least = 0xa0; /* U+0080 to U+009F are controls */
    else if ((code & 0xf0) == 0xe0)
        length = 3, code &= 0x0f, least = 0x800;
    else if (code >= 0xf0 && code <= 0xf4)
        length = 4, code &= 0x07, least = 0x10000;
    else
        return 0;
    if (length > size)
        return 0;
    for (size_t i = 1; i < length; i++) {
        if ((at[i] & 0xc0) != 0x80)
            return 0;
        code = code << 6 | (at[i] & 0x3fu);
    }
    bool surrogate = code >= 0xd800 && code <= 0xdfff;
    return code < least || code > 0x10ffff || surrogate || code == 0xfffe || code == 0xffff ? 0 : length;
}

/* What stands for this character; NULL: itself. */
static const char *escape_of(enum emit_format format, char c) {
    if (format == EMIT_JSON)
        return c == '"'    ? "\\\""
               : c == '\\' ? "\\\\"
               : c == '\n' ? "\\n"
               : c == '\r' ? "\\r"
               : c == '\t' ? "\\t"
                           : NULL;
    return c == '&'    ? "&amp;"
           : c == '<'  ? "&lt;"
           : c == '>'  ? "&gt;"
           : c == '"'  ? "&quot;"
           : c == '\r' ? "&#13;"
                       : NULL;
}

static void put_escaped(struct emit *emit, const char *text) {
    size_t size = strlen(text), plain = 0, at = 0; /* from plain to at nothing needs an escape */
    while (at < size) {
        size_t step = character_size((const unsigned char *)text + at, size - at);
        const char *escape = step == 0 ? REPLACEMENT : step == 1 ? escape_of(emit->format, text[at]) : NULL;
        if (escape != NULL) {
            bytes_append(&emit->out, text + plain, at - plain);
            put(emit, escape);
            plain = at + (step == 0 ? 1 : step);
        }
        at += step == 0 ? 1 : step;
    }
    bytes_append(&emit->out, text + plain, size - plain);
}

/* ---- structure ---------------------------------------------------------------------------------------------------------- */

static struct emit_level *open_level(struct emit *emit) {
    return emit->depth > 0 ? &emit->levels[emit->depth - 1] : NULL;
}

/* What comes before a value: a comma and its name, or its start tag. Returns the element's name. */
static const char *begin(struct emit *emit, const char *name) {
    struct emit_level *level = open_level(emit);
    if (level != NULL && level->entry != NULL)
        name = level->entry;
    if (emit->format == EMIT_XML) {
        put(emit, level == NULL ? XML_DECLARATION "<" : "<");
        put(emit, name);
        put(emit, ">");
        return name;
    }
    if (level != NULL && level->filled)
        put(emit, ",");
    if (level != NULL)
        level->filled = true;
    if (level != NULL && level->entry == NULL) {
        put(emit, "\"");
        put(emit, name);
        put(emit, "\":");
    }
    return name;
}

static void finish(struct emit *emit, const char *name) {
    if (emit->format == EMIT_JSON)
        return;
    put(emit, "</");
    put(emit, name);
    put(emit, ">");
}

static void descend(struct emit *emit, const char *name, const char *entry) {
    assert(emit->depth < EMIT_DEPTH_MAX);
    name = begin(emit, name);
    emit->levels[emit->depth++] = (struct emit_level){.name = name, .entry = entry};
    if (emit->format == EMIT_JSON)
        put(emit, entry != NULL ? "[" : "{");
}

void emit_list(struct emit *emit, const char *name, const char *entry) {
    descend(emit, name, entry);
}

void emit_record(struct emit *emit, const char *name) {
    descend(emit, name, NULL);
}

void emit_end(struct emit *emit) {
    assert(emit->depth > 0);
    const struct emit_level *level = &emit->levels[--emit->depth];
    if (emit->format == EMIT_JSON)
        put(emit, level->entry != NULL ? "]" : "}");
    finish(emit, level->name);
    if (emit->depth == 0)
        put(emit, "\n");
}

void emit_attribute(struct emit *emit, const char *name, const char *value) {
    if (emit->format == EMIT_JSON)
        return;
    assert(emit->depth > 0 && emit->out.data[emit->out.size - 1] == '>');
    emit->out.size--;
    put(emit, " ");
    put(emit, name);
    put(emit, "=\"");
    put_escaped(emit, value);
    put(emit, "\">");
}

/* ---- values ------------------------------------------------------------------------------------------------------------- */

/* Plain text that needs no escape: a number or a word. */
static void put_bare(struct emit *emit, const char *name, const char *text) {
    name = begin(emit, name);
    put(emit, text);
    finish(emit, name);
}

static void put_nothing(struct emit *emit, const char *name) {
    put_bare(emit, name, emit->format == EMIT_JSON ? "null" : "");
}

void emit_text(struct emit *emit, const char *name, const char *text) {
    if (text == NULL || *text == '\0') {
        put_nothing(emit, name);
        return;
    }
    const char *quote = emit->format == EMIT_JSON ? "\"" : "";
    name = begin(emit, name);
    put(emit, quote);
    put_escaped(emit, text);
    put(emit, quote);
    finish(emit, name);
}

void emit_id(struct emit *emit, const char *name, uint64_t id) {
    char text[24];
    snprintf(text, sizeof text, "%" PRIu64, id);
    emit_text(emit, name, text);
}

void emit_int(struct emit *emit, const char *name, int64_t number) {
    char text[24];
    snprintf(text, sizeof text, "%" PRId64, number);
    put_bare(emit, name, text);
}

void emit_degrees(struct emit *emit, const char *name, double degrees) {
    char text[32];
    if (!isfinite(degrees)) {
        put_nothing(emit, name);
        return;
    }
    int size = snprintf(text, sizeof text, "%.7f", degrees);
    while (text[size - 1] == '0' && text[size - 2] != '.')
        text[--size] = '\0';
    put_bare(emit, name, text);
}

void emit_flag(struct emit *emit, const char *name, bool flag) {
    put_bare(emit, name, flag ? "true" : "false");
}
