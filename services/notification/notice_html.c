#include "services/notification/notice_html.h"

#include <string.h>

#include "services/notification/carrier_text.h"

#define URL_BYTES_MAX 600

static void add_escaped(struct bytes *out, const char *text, size_t size) {
    struct bytes part = {0};
    bytes_append(&part, text, size);
    bytes_append(&part, "", 1);
    text_add_xml(out, (const char *)part.data);
    bytes_close(&part);
}

/* Bytes of a URL at the start of the text; 0: there is none. */
static size_t url_size(const char *text) {
    if (strncmp(text, "https://", 8) != 0 && strncmp(text, "http://", 7) != 0)
        return 0;
    size_t size = 0;
    while (text[size] > ' ' && text[size] <= '~' && strchr("<>\"'", text[size]) == NULL)
        size++;
    while (size > 0 && strchr(".,;:!?)", text[size - 1]) != NULL)
        size--;
    return size <= URL_BYTES_MAX ? size : 0;
}

static void add_line(struct bytes *out, const char *line, size_t size) {
    size_t plain = 0;
    for (size_t at = 0; at < size; at++) {
        size_t url = url_size(line + at);
        if (url == 0)
            continue;
        add_escaped(out, line + plain, at - plain);
        text_add(out, "<a href=\"");
        add_escaped(out, line + at, url);
        text_add(out, "\">");
        add_escaped(out, line + at, url);
        text_add(out, "</a>");
        at += url - 1;
        plain = at + 1;
    }
    add_escaped(out, line + plain, size - plain);
}

/* Lines are lines, an empty one ends a paragraph. */
static void add_paragraphs(struct bytes *out, const char *text) {
    bool open = false;
    while (*text != '\0') {
        size_t size = strcspn(text, "\n");
        if (size > 0) {
            text_add(out, open ? "<br>\n" : "<p>");
            add_line(out, text, size);
        } else if (open) {
            text_add(out, "</p>\n");
        }
        open = size > 0;
        text += size + (text[size] == '\n');
    }
    if (open)
        text_add(out, "</p>\n");
}

static void add_facts(const struct notice_about *about, const struct case_moved *moved, struct bytes *out) {
    bool chinese = strncmp(about->language, "zh", 2) == 0;
    text_add(out, "<table cellpadding=\"4\">\n");
    for (enum notice_fact fact = 0; fact < FACT_COUNT; fact++) {
        const struct fact_spec *spec = fact_spec(fact);
        struct bytes value = {0};
        if (spec->listed)
            notice_add_fact(about, moved, fact, &value);
        if (value.size > 0) {
            text_add(out, "<tr><th align=\"left\" scope=\"row\">");
            text_add_xml(out, chinese ? spec->zh : spec->en);
            text_add(out, "</th><td>");
            add_escaped(out, (const char *)value.data, value.size);
            text_add(out, "</td></tr>\n");
        }
        bytes_close(&value);
    }
    text_add(out, "</table>\n");
}

void notice_html(const struct notice_about *about, const struct notice_html *page, struct bytes *out) {
    text_add(out, "<!doctype html>\n<html lang=\"");
    text_add_xml(out, about->language);
    text_add(out, "\"><head><meta charset=\"utf-8\"><title>");
    text_add_xml(out, page->subject);
    text_add(out, "</title></head><body>\n<h1 style=\"font-size:1.2em\">");
    text_add_xml(out, page->subject);
    text_add(out, "</h1>\n");
    add_paragraphs(out, page->text);
    if (page->moved != NULL)
        add_facts(about, page->moved, out);
    if (page->ending[0] != '\0') {
        text_add(out, "<hr>\n");
        add_paragraphs(out, page->ending);
    }
    text_add(out, "</body></html>\n");
}
