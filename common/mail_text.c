#include "common/mail_text.h"

#include <stdbool.h>
#include <stdint.h>
#include <string.h>
#include <strings.h>

/* ---- characters ------------------------------------------------------------------------------------------------------- */

/* The bytes of the character at `at`; 0: broken (RFC 3629: no overlong forms, no surrogates, up to U+10FFFF). */
static size_t utf8_size(const unsigned char *at, size_t left) {
    static const struct {
        unsigned char first_min, first_max, second_min, second_max;
        size_t size;
    } forms[] = {{0x00, 0x7f, 0, 0, 1},       {0xc2, 0xdf, 0x80, 0xbf, 2}, {0xe0, 0xe0, 0xa0, 0xbf, 3},
                 {0xe1, 0xec, 0x80, 0xbf, 3}, {0xed, 0xed, 0x80, 0x9f, 3}, {0xee, 0xef, 0x80, 0xbf, 3},
                 {0xf0, 0xf0, 0x90, 0xbf, 4}, {0xf1, 0xf3, 0x80, 0xbf, 4}, {0xf4, 0xf4, 0x80, 0x8f, 4}};
    for (size_t i = 0; i < sizeof forms / sizeof forms[0]; i++) {
        if (at[0] < forms[i].first_min || at[0] > forms[i].first_max)
            continue;
        if (forms[i].size > left || (forms[i].size > 1 && (at[1] < forms[i].second_min || at[1] > forms[i].second_max)))
            return 0;
        for (size_t k = 2; k < forms[i].size; k++)
            if (at[k] < 0x80 || at[k] > 0xbf)
                return 0;
        return forms[i].size;
    }
    return 0;
}

static size_t utf8_put(char out[4], uint32_t code) {
    if (code < 0x80) {
        out[0] = (char)code;
        return 1;
    }
    if (code < 0x800) {
        out[0] = (char)(0xc0 | code >> 6);
        out[1] = (char)(0x80 | (code & 0x3f));
        return 2;
    }
    if (code < 0x10000) {
        out[0] = (char)(0xe0 | code >> 12);
        out[1] = (char)(0x80 | (code >> 6 & 0x3f));
        out[2] = (char)(0x80 | (code & 0x3f));
        return 3;
    }
    out[0] = (char)(0xf0 | code >> 18);
    out[1] = (char)(0x80 | (code >> 12 & 0x3f));
    out[2] = (char)(0x80 | (code >> 6 & 0x3f));
    out[3] = (char)(0x80 | (code & 0x3f));
    return 4;
}

void mail_text_cut(char *text, size_t size_max) {
    if (strlen(text) <= size_max)
        return;
    while (size_max > 0 && ((unsigned char)text[size_max] & 0xc0) == 0x80)
        size_max--;
    text[size_max] = '\0';
}

/* ---- HTML --------------------------------------------------------------------------------------------------------------- */

struct writer {
    char *out;
    size_t size, room;
};

static void put(struct writer *writer, const char *bytes, size_t size) {
    if (size > writer->room - 1 - writer->size)
        return;
    memmove(writer->out + writer->size, bytes, size);
    writer->size += size;
}

static bool is_named(const char *tag, size_t size, const char *names) {
    while (*names != '\0') {
        size_t length = strcspn(names, " ");
        if (length == size && strncasecmp(names, tag, size) == 0)
            return true;
        names += length;
        names += strspn(names, " ");
    }
    return false;
}

/* The end of the tag that begins at html[at] == '<': after its >, quotes heeded; or `size`. */
static size_t tag_end(const char *html, size_t at, size_t size) {
    char quote = '\0';
    if (size - at >= 4 && memcmp(html + at, "<!--", 4) == 0) {
        const char *end = memmem(html + at + 4, size - at - 4, "-->", 3);
        return end != NULL ? (size_t)(end - html) + 3 : size;
    }
    for (at++; at < size; at++) {
        if (quote != '\0')
            quote = html[at] == quote ? '\0' : quote;
        else if (html[at] == '"' || html[at] == '\'')
            quote = html[at];
        else if (html[at] == '>')
            return at + 1;
    }
    return size;
}

/* An entity at html[at] == '&' into the writer; returns what follows it. */
static size_t put_entity(struct writer *writer, const char *html, size_t at, size_t size) {
    static const struct {
        const char *name, *text;
    } named[] = {{"amp;", "&"},  {"lt;", "<"},    {"gt;", ">"},     {"quot;", "\""},  {"apos;", "'"},  {"nbsp;", " "},
                 {"ensp;", " "}, {"emsp;", " "},  {"middot;", "·"}, {"hellip;", "…"}, {"mdash;", "—"}, {"ndash;", "–"},
                 {"copy;", "©"}, {"ldquo;", "“"}, {"rdquo;", "”"},  {"lsquo;", "‘"},  {"rsquo;", "’"}, {"deg;", "°"}};
    const char *text = html + at + 1;
    size_t left = size - at - 1, used = 0;
    for (size_t i = 0; i < sizeof named / sizeof named[0]; i++)
        if (left >= strlen(named[i].name) && memcmp(text, named[i].name, strlen(named[i].name)) == 0) {
            put(writer, named[i].text, strlen(named[i].text));
            return at + 1 + strlen(named[i].name);
        }
    uint32_t code = 0;
    bool hex = left > 1 && text[0] == '#' && (text[1] == 'x' || text[1] == 'X');
    size_t from = hex ? 2 : 1;
    for (used = from; left > 0 && text[0] == '#' && used < left && used < from + 7; used++) {
        const char *digits = "0123456789abcdef", *digit = memchr(digits, text[used] | (hex ? 0x20 : 0), hex ? 16 : 10);
        if (digit == NULL)
            break;
        code = code * (hex ? 16 : 10) + (uint32_t)(digit - digits);
    }
    char bytes[4];
    if (used <= from || used >= left || text[used] != ';' || code == 0 || code > 0x10ffff ||
        (code >= 0xd800 && code <= 0xdfff)) {
        put(writer, "&", 1);
        return at + 1;
    }
    put(writer, bytes, utf8_put(bytes, code));
    return at + 1 + used + 1;
}

#define HIDDEN "head script style title blockquote"
#define BLOCKS "p div br tr li ul ol table h1 h2 h3 h4 h5 h6 hr pre section article dd dt"
#define HIDDEN_DEPTH_MAX 1000 /* deeper ones are not counted: what follows stays hidden */

struct tag {
    const char *name;
    size_t size;
    bool closes;
};

static struct tag tag_of(const char *html, size_t at, size_t end) {
    struct tag tag = {.name = html + at + 1};
    tag.closes = at + 1 < end && *tag.name == '/';
    tag.name += tag.closes;
    while (tag.name + tag.size < html + end && strchr(" \t\r\n/>", tag.name[tag.size]) == NULL)
        tag.size++;
    return tag;
}

size_t mail_text_of_html(const char *html, size_t size, char *out, size_t room) {
    struct writer writer = {.out = out, .room = room};
    size_t hidden = 0;
    for (size_t at = 0; at < size;) {
        char c = html[at];
        if (c == '<' && at + 1 < size && strchr("/!?", html[at + 1]) == NULL &&
            strchr("=<> \t", html[at + 1]) != NULL) {
            put(&writer, "<", hidden == 0); /* no tag: a < b */
            at++;
        } else if (c == '<') {
            size_t end = tag_end(html, at, size);
            struct tag tag = tag_of(html, at, end);
            if (is_named(tag.name, tag.size, HIDDEN)) {
                if (tag.closes)
                    hidden -= hidden > 0;
                else
                    hidden += hidden < HIDDEN_DEPTH_MAX;
            }
            put(&writer, "\n", hidden == 0 && is_named(tag.name, tag.size, BLOCKS));
            put(&writer, "\t", hidden == 0 && !tag.closes && is_named(tag.name, tag.size, "td th"));
            at = end;
        } else if (hidden > 0) {
            at++;
        } else if (c == '&') {
            at = put_entity(&writer, html, at, size);
        } else {
            put(&writer, c == '\r' || c == '\n' ? " " : &html[at], 1);
            at++;
        }
    }
    out[writer.size] = '\0';
    return writer.size;
}

/* ---- lines -------------------------------------------------------------------------------------------------------------- */

/* One character of the text, cleaned, to out; the number of bytes it had. */
static size_t clean_one(const unsigned char *at, size_t left, struct writer *writer) {
    size_t size = utf8_size(at, left);
    if (size == 0) {
        put(writer, "\xef\xbf\xbd", 3);
        return 1;
    }
    bool c1 = size == 2 && at[0] == 0xc2 && at[1] < 0xa0;
    bool mark = size == 3 && at[0] == 0xef && at[1] == 0xbb && at[2] == 0xbf; /* a byte order mark says nothing here */
    if (mark || (size == 1 && at[0] == '\r'))
        return size;
    if ((size == 1 && at[0] < ' ' && at[0] != '\n' && at[0] != '\t') || at[0] == 0x7f || c1)
        put(writer, " ", 1);
    else
        put(writer, (const char *)at, size);
    return size;
}

static bool is_blank(char c) {
    return c == ' ' || c == '\t';
}

/* Without blanks at the ends of lines, and with at most one empty line together. */
static size_t tidy(char *text, size_t size) {
    size_t out = 0, newlines = 2; /* none at the start */
    for (size_t i = 0; i < size; i++) {
        if (text[i] != '\n') {
            newlines = 0;
            text[out++] = text[i];
            continue;
        }
        while (out > 0 && is_blank(text[out - 1]))
            out--;
        if (out > 0 && text[out - 1] == '\n' && newlines < 2)
            newlines = out > 1 && text[out - 2] == '\n' ? 2 : 1;
        if (out == 0 || newlines >= 2)
            continue;
        newlines++;
        text[out++] = '\n';
    }
    while (out > 0 && (is_blank(text[out - 1]) || text[out - 1] == '\n'))
        out--;
    text[out] = '\0';
    return out;
}

size_t mail_text_clean(char *text, size_t size, size_t room) {
    /* From a copy at the end of the room, so that what is broken can become longer. */
    size_t shift = room - size;
    unsigned char *from = (unsigned char *)text + shift;
    struct writer writer = {.out = text, .room = room};
    memmove(from, text, size);
    for (size_t at = 0; at < size;) {
        size_t read = utf8_size(from + at, size - at), end = shift + at + (read > 0 ? read : 1) + 1;
        writer.room = end < room ? end : room; /* never over what is not read yet */
        at += clean_one(from + at, size - at, &writer);
    }
    text[writer.size] = '\0';
    return tidy(text, writer.size);
}

enum how { IS, STARTS, ENDS };

static bool is_mark(const char *line, size_t size) {
    static const struct {
        enum how how;
        const char *text;
    } marks[] = {
#define MARK(how, text) {how, text},
#include "common/mail_marks.def"
#undef MARK
    };
    for (size_t i = 0; i < sizeof marks / sizeof marks[0]; i++) {
        size_t length = strlen(marks[i].text);
        bool fits = marks[i].how == IS ? length == size : length <= size;
        const char *from = marks[i].how == ENDS ? line + size - length : line;
        if (fits && memcmp(from, marks[i].text, length) == 0)
            return true;
    }
    return false;
}

/* What the writer says himself, into own; its size. */
static size_t take_own(const char *text, char *own) {
    size_t size = 0;
    while (*text != '\0') {
        size_t length = strcspn(text, "\n"), shown = length;
        while (shown > 0 && is_blank(text[shown - 1]))
            shown--;
        if (is_mark(text, shown))
            break;
        bool ends = text[length] == '\n'; /* own may be text: nothing is written where it was not read */
        if (text[0] != '>') {
            memmove(own + size, text, length);
            size += length;
            if (ends)
                own[size++] = '\n';
        }
        text += length + ends;
    }
    return size;
}

static bool says_something(const char *text) {
    while (*text != '\0') {
        size_t length = strcspn(text, "\n"), shown = length;
        while (shown > 0 && is_blank(text[shown - 1]))
            shown--;
        if (is_mark(text, shown))
            return false;
        if (text[0] != '>' && shown > 0)
            return true;
        text += length + (text[length] == '\n');
    }
    return false;
}

void mail_text_own(char *text) {
    if (!says_something(text))
        return;
    size_t size = take_own(text, text);
    text[size] = '\0';
    (void)tidy(text, size);
}
