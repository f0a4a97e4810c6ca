/* Before a supplement is handed on: whether the file is stored and the answers fit, and how complete the report is with them. */
#include <stdio.h>
#include <string.h>

#include "common/file_store.h"
#include "services/intake/file_type.h"
#include "services/intake/receipt_visit.h"
#include "services/intake/supplement.h"

/* ---- the report as it is now --------------------------------------------------------------------------------------------- */

static void hear_all(struct submit *report, const PGresult *history, uint64_t own_case) {
    struct case_moved moved;
    for (int row = 0; row < PQntuples(history); row++) {
        struct reason why;
        size_t size;
        const uint8_t *body = db_bytea(history, row, 0, &size);
        if (message_decode(MESSAGE_case_moved, body, size, &moved, &why) == 0)
            supplement_hear(report, &moved, own_case);
    }
}

bool receipt_complete(const struct receipt_visit *visit, const PGresult *history,
                      const struct report_received *received, struct door_found *found) {
    struct submit report;
    if (received->score == 0)
        return false;
    supplement_begin(received, &report);
    hear_all(&report, history, visit->case_id);
    return supplement_look(intake_city(visit->intake), received->at, &report, found);
}

/* ---- the file ------------------------------------------------------------------------------------------------------------- */

/* "HASH" or "HASH NAME"; hash may be the command's own field. */
static int read_file(const struct command *command, char hash[FILE_HEX_BYTES + 1], struct reason *why) {
    char after = command->file[0] == '\0' ? '\0' : command->file[strnlen(command->file, FILE_HEX_BYTES)];
    snprintf(hash, FILE_HEX_BYTES + 1, "%.*s", FILE_HEX_BYTES, command->file);
    if (command->file[0] == '\0' || (file_hash_is_valid(hash) && (after == '\0' || after == ' ')))
        return 0;
    return refuse(why, "file", "must be the SHA-256 in hex that POST /files answered, and a name after a blank");
}

/* A move names a file with its type and size: as the store has them. */
static int describe_file(struct command *command, const PGresult *told, struct reason *why) {
    char full[sizeof command->file], own_name[FILE_HEX_BYTES];
    const char *name = command->file + strnlen(command->file, FILE_HEX_BYTES);
    if (PQntuples(told) == 0)
        return refuse(why, "file", "there is no file %.12s…; send it to /files first", command->file);
    int type = file_type_named(db_text(told, 0, 1));
    snprintf(own_name, sizeof own_name, "%.12s.%s", db_text(told, 0, 0),
             type < 0 ? "bin" : file_type_ending((enum file_type)type));
    name += strspn(name, " ");
    int size = snprintf(full, sizeof full, "%s %s %lld %s", db_text(told, 0, 0), db_text(told, 0, 1),
                        (long long)db_int8(told, 0, 2), *name != '\0' ? name : own_name);
    if (size < 0 || (size_t)size >= sizeof full)
        return refuse(why, "file", "its name is too long");
    memcpy(command->file, full, sizeof full);
    return 0;
}

/* ---- the visit ------------------------------------------------------------------------------------------------------------ */

static int check(struct receipt_visit *visit, const struct ask *ask, struct reason *why) {
    const PGresult *rows = ask_result(ask, 0);
    struct report_received received;
    struct submit report;
    size_t size;
    if (PQntuples(rows) == 0)
        return refuse(why, "case", "there is no such report");
    const uint8_t *body = db_bytea(rows, 0, 0, &size);
    if (message_decode(MESSAGE_report_received, body, size, &received, why) != 0)
        return -1;
    supplement_begin(&received, &report);
    hear_all(&report, ask_result(ask, 1), visit->case_id);
    if (visit->command.file[0] != '\0' && describe_file(&visit->command, ask_result(ask, 2), why) != 0)
        return -1;
    const struct city *city = intake_city(visit->intake);
    if (supplement_say(&report, city, &visit->command, why) != 0)
        return -1;
    if (received.score > 0)
        (void)supplement_look(city, received.at, &report, &visit->found);
    return 0;
}

static void checked(void *context, const struct ask *ask) {
    struct receipt_visit *visit = context;
    struct reason why;
    if (receipt_result(visit, ask, 0) == NULL)
        return;
    if (check(visit, ask, &why) != 0)
        receipt_refuse_why(visit, 422, &why);
    else
        visit->then(visit);
}

void receipt_supplement(struct receipt_visit *visit, receipt_handler *then) {
    char hash[FILE_HEX_BYTES + 1];
    struct reason why;
    if (read_file(&visit->command, hash, &why) != 0) {
        receipt_refuse_why(visit, 422, &why);
        return;
    }
    visit->then = then;
    struct ask *ask = receipt_ask(visit, checked);
    receipt_step(ask, visit, "intake_receipt_report", NULL);
    receipt_step(ask, visit, "intake_receipt_history", RECEIPT_ENTRIES_MAX);
    if (hash[0] != '\0')
        ask_step(ask, "intake_files_told", (const char *[]){hash}, 1);
    receipt_put(visit, ASK_LIST, ask);
}
