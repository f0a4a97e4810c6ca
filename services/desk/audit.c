#include "services/desk/audit.h"

#include <assert.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/journal.h"

#define TOGETHER_MAX 500 /* rows of one statement */

struct waiting_row {
    struct waiting_row *next;
    struct audit_row row;
    audit_done *done;
    void *context;
};

struct audit {
    struct asks *asks;
    struct waiting_row *first, **last; /* not sent yet */
    struct waiting_row *sent;          /* in the statement under way; NULL: none is */
    size_t waiting;
};

/* ---- the columns, as array literals ------------------------------------------------------------------------------------ */

struct literal {
    char *text;
    size_t size;
    FILE *out;
};

static void literal_begin(struct literal *literal) {
    literal->out = open_memstream(&literal->text, &literal->size);
    assert(literal->out != NULL);
    fputc('{', literal->out);
}

static void literal_next(struct literal *literal, bool first) {
    if (!first)
        fputc(',', literal->out);
}

static void literal_text(struct literal *literal, const char *text) {
    fputc('"', literal->out);
    for (; *text != '\0'; text++) {
        if (*text == '"' || *text == '\\')
            fputc('\\', literal->out);
        fputc(*text, literal->out);
    }
    fputc('"', literal->out);
}

static void literal_end(struct literal *literal) {
    fputc('}', literal->out);
    fclose(literal->out);
}

/* ---- sending ------------------------------------------------------------------------------------------------------------ */

static void send_next(struct audit *audit);

static void tell(struct audit *audit, bool written) {
    struct waiting_row *row = audit->sent;
    audit->sent = NULL;
    while (row != NULL) {
        struct waiting_row *next = row->next;
        audit->waiting--;
        row->done(row->context, written);
        free(row);
        row = next;
    }
}

static void written(void *context, const struct ask *ask) {
    struct audit *audit = context;
    bool good = ask_result(ask, 0) != NULL;
    if (!good)
        journal_say(JOURNAL_ERROR, "audit_failed", "what the staff did could not be written down: %s",
                    ask_reason(ask)->text);
    tell(audit, good);
    send_next(audit);
}

static struct ask *ask_of(struct audit *audit) {
    struct literal columns[5];
    for (int i = 0; i < 5; i++)
        literal_begin(&columns[i]);
    for (const struct waiting_row *row = audit->sent; row != NULL; row = row->next) {
        for (int i = 0; i < 5; i++)
            literal_next(&columns[i], row == audit->sent);
        literal_text(&columns[0], row->row.login);
        fprintf(columns[1].out, "%" PRId32, row->row.post);
        literal_text(&columns[2], row->row.what);
        fprintf(columns[3].out, "%" PRIu64, row->row.case_id);
        literal_text(&columns[4], row->row.outcome);
    }
    const char *values[5];
    for (int i = 0; i < 5; i++) {
        literal_end(&columns[i]);
        values[i] = columns[i].text;
    }
    struct ask *ask = ask_make(written, audit);
    ask_step(ask, "desk_audit", values, 5);
    for (int i = 0; i < 5; i++)
        free(columns[i].text);
    return ask;
}

static void send_next(struct audit *audit) {
    if (audit->sent != NULL || audit->first == NULL)
        return;
    audit->sent = audit->first;
    struct waiting_row *end = audit->first;
    for (int i = 1; i < TOGETHER_MAX && end->next != NULL; i++)
        end = end->next;
    audit->first = end->next;
    end->next = NULL;
    if (audit->first == NULL)
        audit->last = &audit->first;
    if (!asks_put(audit->asks, ASK_WRITE, ask_of(audit)))
        tell(audit, false);
}

void audit_write(struct audit *audit, const struct audit_row *row, audit_done *done, void *context) {
    struct waiting_row *added = calloc(1, sizeof *added);
    assert(added != NULL);
    added->row = *row;
    added->done = done;
    added->context = context;
    *audit->last = added;
    audit->last = &added->next;
    audit->waiting++;
    send_next(audit);
}

size_t audit_waiting(const struct audit *audit) {
    return audit->waiting;
}

struct audit *audit_open(struct asks *asks) {
    struct audit *audit = calloc(1, sizeof *audit);
    assert(audit != NULL);
    audit->asks = asks;
    audit->last = &audit->first;
    return audit;
}

void audit_close(struct audit **audit) {
    if (*audit == NULL)
        return;
    while ((*audit)->first != NULL) {
        struct waiting_row *next = (*audit)->first->next;
        free((*audit)->first);
        (*audit)->first = next;
    }
    free(*audit);
    *audit = NULL;
}
