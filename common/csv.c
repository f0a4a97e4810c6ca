#include "common/csv.h"

#include <assert.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "proto/text.h"

#define BYTE_ORDER_MARK "\xEF\xBB\xBF"

enum place { FIELD_START, PLAIN, QUOTED, QUOTE_CLOSED };

struct csv {
    FILE *file;
    const char *name;
    char separator;
    size_t line;      /* on which the current record starts */
    size_t next_line; /* on which the next one starts */
    bool skip_line;   /* the rest of a line without end is thrown away */
    size_t columns;   /* of the header; 0 while it is read */

    size_t start, size; /* what is not consumed yet lies in input[start .. size) */
    const char *raw;
    size_t fields;
    size_t field_at[CSV_COLUMNS_MAX]; /* offsets into text */
    size_t name_at[CSV_COLUMNS_MAX];  /* offsets into names */
    char input[CSV_RECORD_MAX + 3];   /* one record with its line end, and a NUL */
    char text[CSV_RECORD_MAX + 3];    /* its fields without quotes, each NUL-terminated */
    char names[CSV_RECORD_MAX + 3];
};

/* Where the scan of one record stands; offsets are relative to csv->start, which moves when the input is refilled. */
struct scan {
    size_t at;   /* next byte to look at */
    size_t text; /* bytes of text written */
    enum place place;
    size_t lines; /* line feeds inside quotes */
};

/* More input behind what is there; false at the end of the file or when a record fills the whole room. */
static bool fill(struct csv *csv) {
    size_t room = sizeof csv->input - 1;

    if (csv->start > 0) {
        memmove(csv->input, csv->input + csv->start, csv->size - csv->start);
        csv->size -= csv->start;
        csv->start = 0;
    }
    if (csv->size == room)
        return false;
    size_t got = fread(csv->input + csv->size, 1, room - csv->size, csv->file);
    csv->size += got;
    return got > 0;
}

/* The next byte of the record, -1 when there is none. */
static int peek(struct csv *csv, const struct scan *scan) {
    if (csv->start + scan->at == csv->size && !fill(csv))
        return -1;
    return (unsigned char)csv->input[csv->start + scan->at];
}

/* Where the current line ends; NULL when it is the last one, or longer than the room. */
static const char *line_end(struct csv *csv) {
    const char *end;

    do {
        end = memchr(csv->input + csv->start, '\n', csv->size - csv->start);
    } while (end == NULL && fill(csv));
    return end;
}

/* Refuses the record: throws away its first line only, so that a missing quote does not swallow what follows. */
static int refuse_line(struct csv *csv, struct reason *why, const char *what) {
    const char *end = line_end(csv);
    const char *from = csv->input + csv->start;
    size_t column = csv->fields + 1;
    const char *field = column <= csv->columns ? csv->names + csv->name_at[column - 1] : "";

    csv->raw = from;
    if (end == NULL) { /* too long, or the last line */
        csv->skip_line = true;
        csv->input[csv->size] = '\0';
        csv->start = csv->size;
    } else {
        size_t length = (size_t)(end - from);
        csv->start += length + 1;
        csv->input[csv->start - (length > 0 && end[-1] == '\r' ? 2 : 1)] = '\0';
        csv->next_line++;
    }
    csv->fields = 0;
    return refuse(why, field, "%s:%zu:%zu: %s", csv->name, csv->line, column, what);
}

/* Closes the field that ends here; NULL, or what is wrong with it. */
static const char *end_field(struct csv *csv, struct scan *scan) {
    size_t from = csv->field_at[csv->fields];

    if (text_clean(csv->text + from, scan->text - from) != scan->text - from)
        return "not UTF-8, or a control character: save the file as UTF-8";
    csv->text[scan->text++] = '\0';
    if (csv->fields + 1 < CSV_COLUMNS_MAX)
        csv->field_at[csv->fields + 1] = scan->text;
    csv->fields++;
    scan->place = FIELD_START;
    return NULL;
}

/* Takes one byte that ends neither record nor file; NULL, or what is wrong with it. */
static const char *take(struct csv *csv, struct scan *scan, int byte) {
    if (byte == '\0')
        return "a NUL byte: not a text file";
    if (scan->place == QUOTED) {
        if (byte == '"') {
            scan->place = QUOTE_CLOSED;
            return NULL;
        }
        if (byte == '\n') {
            scan->lines++;
            bool crlf = scan->text > csv->field_at[csv->fields] && csv->text[scan->text - 1] == '\r';
            scan->text -= crlf; /* a line end inside a field is one line feed, whatever wrote the file */
        }
        csv->text[scan->text++] = (char)byte;
        return NULL;
    }
    if (byte == csv->separator) {
        if (csv->fields + 1 >= CSV_COLUMNS_MAX)
            return "too many fields";
        return end_field(csv, scan);
    }
    if (byte == '"' && scan->place != PLAIN) { /* a doubled quote inside quotes stands for one */
        if (scan->place == QUOTE_CLOSED)
            csv->text[scan->text++] = '"';
        scan->place = QUOTED;
        return NULL;
    }
    if (scan->place == QUOTE_CLOSED)
        return "text after a closing quote: double the quotes inside a quoted field";
    if (byte == '"')
        return "a quote inside an unquoted field: put the whole field in quotes and double the quote";
    if (byte == '\r')
        return "a carriage return without line feed: end lines with LF or CRLF";
    csv->text[scan->text++] = (char)byte;
    scan->place = PLAIN;
    return NULL;
}

/* 1: the record ends here, and *ending is the size of its line end; 0: it does not; -1: nothing more can be read. */
static int record_ends(struct csv *csv, struct scan *scan, int byte, size_t *ending) {
    if (byte == -1) {
        *ending = 0;
        return csv->size == sizeof csv->input - 1 || scan->place == QUOTED ? -1 : 1;
    }
    if (scan->place == QUOTED)
        return 0;
    *ending = 1;
    if (byte == '\r') {
        struct scan after = *scan;
        after.at++;
        *ending = 2;
        return peek(csv, &after) == '\n';
    }
    return byte == '\n';
}

/* Reads one record into text: 1, or -1 refused. The caller knows that there is at least one byte. */
static int read_record(struct csv *csv, struct reason *why) {
    struct scan scan = {0};
    size_t ending = 0;
    int ends;

    csv->fields = 0;
    csv->field_at[0] = 0;
    for (;;) { /* at most CSV_RECORD_MAX + 1 turns: then peek has no room left */
        int byte = peek(csv, &scan);
        ends = record_ends(csv, &scan, byte, &ending);
        if (ends != 0)
            break;
        const char *fault = take(csv, &scan, byte);
        if (fault != NULL)
            return refuse_line(csv, why, fault);
        scan.at++;
    }
    if (ends < 0 || scan.at > CSV_RECORD_MAX) {
        return refuse_line(csv, why,
                           csv->size == sizeof csv->input - 1 ? "the record is too long: is a closing quote missing?"
                                                              : "the closing quote is missing");
    }
    const char *fault = end_field(csv, &scan);
    if (fault != NULL)
        return refuse_line(csv, why, fault);
    csv->raw = csv->input + csv->start;
    csv->input[csv->start + scan.at] = '\0';
    csv->start += scan.at + ending;
    csv->next_line += scan.lines + (ending > 0);
    return 1;
}

/* Throws away the rest of a line that was too long. */
static void skip_line(struct csv *csv) {
    while (csv->skip_line) {
        const char *end = line_end(csv);
        if (end != NULL) {
            csv->start = (size_t)(end - csv->input) + 1;
            csv->next_line++;
            csv->skip_line = false;
            return;
        }
        csv->start = csv->size;
        if (!fill(csv))
            return;
    }
}

/* Passes over empty lines; false at the end of the file. */
static bool find_record(struct csv *csv) {
    struct scan first = {0}, second = {.at = 1};

    skip_line(csv);
    for (;;) { /* consumes a byte each turn */
        int byte = peek(csv, &first);
        if (byte == -1)
            return false;
        size_t blank = byte == '\n' ? 1 : byte == '\r' && peek(csv, &second) == '\n' ? 2 : 0;
        if (blank == 0)
            return true;
        csv->start += blank;
        csv->next_line++;
    }
}

int csv_next(struct csv *csv, struct reason *why) {
    csv->raw = "";
    csv->fields = 0;
    if (!find_record(csv)) {
        csv->line = csv->next_line;
        return ferror(csv->file) ? refuse(why, "", "%s:%zu:1: the file cannot be read", csv->name, csv->line) : 0;
    }
    csv->line = csv->next_line;
    if (read_record(csv, why) < 0)
        return -1;
    if (csv->columns != 0 && csv->fields != csv->columns) {
        size_t got = csv->fields;
        csv->fields = 0;
        return refuse(why, "", "%s:%zu:%zu: %zu fields, but the header has %zu", csv->name, csv->line, got, got,
                      csv->columns);
    }
    return 1;
}

static void skip_byte_order_mark(struct csv *csv) {
    struct scan third = {0};

    for (; third.at < 3 && peek(csv, &third) != -1; third.at++) {
    }
    if (third.at == 3 && memcmp(csv->input + csv->start, BYTE_ORDER_MARK, 3) == 0)
        csv->start += 3;
}

static int read_header(struct csv *csv, struct reason *why) {
    int got = csv_next(csv, why);

    if (got == 0)
        return refuse(why, "", "%s:1:1: the file is empty: its first line must name the columns", csv->name);
    if (got < 0)
        return -1;
    memcpy(csv->names, csv->text, sizeof csv->names);
    memcpy(csv->name_at, csv->field_at, sizeof csv->name_at);
    csv->columns = csv->fields;
    for (size_t i = 0; i < csv->columns; i++) {
        const char *column = csv_column_name(csv, i);
        if (*column != '\0' && csv_column(csv, column) != (int)i)
            return refuse(why, column, "%s:%zu:%zu: two columns have the same name", csv->name, csv->line, i + 1);
    }
    return 0;
}

/* Of comma, semicolon and tab the one that the first line has most of. */
static char find_separator(struct csv *csv) {
    const char *end = line_end(csv), *from = csv->input + csv->start, *kinds = ",;\t";
    size_t length = end != NULL ? (size_t)(end - from) : csv->size - csv->start, counts[3] = {0};
    for (size_t i = 0; i < length; i++)
        for (size_t kind = 0; kind < 3; kind++)
            counts[kind] += from[i] == kinds[kind];
    return counts[1] > counts[0] && counts[1] >= counts[2] ? ';' : counts[2] > counts[0] ? '\t' : ',';
}

static int open_with(struct csv **out, FILE *file, const char *name, bool any_separator, struct reason *why) {
    struct csv *csv = calloc(1, sizeof *csv);

    if (csv == NULL)
        return refuse(why, "", "%s: out of memory", name);
    csv->file = file;
    csv->name = name;
    csv->next_line = 1;
    csv->raw = "";
    skip_byte_order_mark(csv);
    csv->separator = any_separator ? find_separator(csv) : ',';
    if (read_header(csv, why) != 0) {
        csv_close(&csv);
        return -1;
    }
    *out = csv;
    return 0;
}

int csv_open(struct csv **out, FILE *file, const char *name, struct reason *why) {
    return open_with(out, file, name, false, why);
}

int csv_open_any(struct csv **out, FILE *file, const char *name, struct reason *why) {
    return open_with(out, file, name, true, why);
}

void csv_close(struct csv **csv) {
    free(*csv);
    *csv = NULL;
}

size_t csv_line(const struct csv *csv) {
    return csv->line;
}

int csv_column(const struct csv *csv, const char *name) {
    for (size_t i = 0; i < csv->columns; i++) {
        if (strcmp(csv_column_name(csv, i), name) == 0)
            return (int)i;
    }
    return -1;
}

const char *csv_column_name(const struct csv *csv, size_t index) {
    assert(index < csv->columns);
    return csv->names + csv->name_at[index];
}

size_t csv_column_count(const struct csv *csv) {
    return csv->columns;
}

const char *csv_field(const struct csv *csv, int index) {
    return index >= 0 && (size_t)index < csv->fields ? csv->text + csv->field_at[index] : "";
}

const char *csv_raw(const struct csv *csv) {
    return csv->raw;
}
