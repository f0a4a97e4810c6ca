#include "services/zhitong/sender_child.h"

#include <assert.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <sodium.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "common/report_digest.h"
#include "common/source_map.h"
#include "services/zhitong/sender_forms.h"

#define ARGUMENTS_MAX 16

struct waiting_row {
    struct submit report;
    uint64_t tag;
};

struct sender_child {
    struct sender_child_options options;
    struct waiting_row *rows;
    size_t count, room, sent; /* the first `sent` are in the command's hands */
    pid_t process;            /* 0: none runs */
    char given[PATH_MAX], said[PATH_MAX];
    char form[SENDER_FORM_MAX];
};

struct sender_child *sender_child_open(const struct sender_child_options *options) {
    struct sender_child *child = calloc(1, sizeof *child);
    assert(child != NULL);
    child->options = *options;
    bool is_file = options->source->adapter == ADAPTER_FILE;
    snprintf(child->given, sizeof child->given, "%s/%s.%s", options->folder, options->source->code,
             is_file ? "csv" : "eml");
    snprintf(child->said, sizeof child->said, "%s/%s.out", options->folder, options->source->code);
    return child;
}

void sender_child_close(struct sender_child **child) {
    if (*child == NULL)
        return;
    if ((*child)->process > 0) {
        kill((*child)->process, SIGTERM);
        waitpid((*child)->process, NULL, 0);
    }
    free((*child)->rows);
    free(*child);
    *child = NULL;
}

void sender_child_add(struct sender_child *child, const struct submit *report, uint64_t tag) {
    if (child->count == child->room) {
        child->room = child->room * 2 + 16;
        child->rows = realloc(child->rows, child->room * sizeof *child->rows);
        assert(child->rows != NULL);
    }
    child->rows[child->count++] = (struct waiting_row){*report, tag};
}

/* ---- starting ----------------------------------------------------------------------------------------------------------------- */

/* One mail, or a file with one header and many rows. */
static void write_given(struct sender_child *child) {
    const struct sender_child_options *options = &child->options;
    bool is_file = options->source->adapter == ADAPTER_FILE;
    size_t most = is_file ? SENDER_ROWS_MAX : 1;
    FILE *file = fopen(child->given, "we");
    assert(file != NULL);
    for (child->sent = 0; child->sent < child->count && child->sent < most; child->sent++) {
        const struct submit *report = &child->rows[child->sent].report;
        size_t size = is_file ? sender_table(options->source, report, options->city, child->form)
                              : sender_mail(report, options->city, child->form);
        const char *from = child->form;
        if (is_file && child->sent > 0)
            from = strchr(from, '\n') + 1;
        fwrite(from, 1, size - (size_t)(from - child->form), file);
    }
    fclose(file);
}

static void run(const struct sender_child *child, char *const *arguments) {
    int in = open(child->options.source->adapter == ADAPTER_MAIL ? child->given : "/dev/null", O_RDONLY | O_CLOEXEC);
    int out = open(child->said, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    if (in < 0 || out < 0 || dup2(in, STDIN_FILENO) < 0 || dup2(out, STDOUT_FILENO) < 0 || dup2(out, STDERR_FILENO) < 0)
        _exit(127);
    execv("/proc/self/exe", arguments);
    _exit(127);
}

static void start(struct sender_child *child) {
    const struct sender_child_options *options = &child->options;
    const char *code = options->source->code;
    char key[PATH_MAX], rejects[PATH_MAX];
    const char *arguments[ARGUMENTS_MAX] = {"zhitong"};
    write_given(child);
    snprintf(rejects, sizeof rejects, "%s/%s.rejects", options->folder, code);
    if (options->source->adapter == ADAPTER_FILE) {
        snprintf(key, sizeof key, "%s/%s.curve", options->folder, code);
        const char *import[] = {"import",       child->given,
                                "--source",     code,
                                "--endpoint",   options->endpoints,
                                "--server-key", options->server_key_file,
                                "--key",        key,
                                "--rejects",    rejects};
        memcpy(arguments + 1, import, sizeof import);
    } else {
        snprintf(key, sizeof key, "%s/%s.key", options->folder, code);
        const char *mail[] = {"mail", "--intake", options->intake, "--key-file", key};
        memcpy(arguments + 1, mail, sizeof mail);
    }
    child->process = fork();
    assert(child->process >= 0);
    if (child->process == 0)
        run(child, (char *const *)arguments);
}

/* ---- its end ------------------------------------------------------------------------------------------------------------------ */

static void said_last(const struct sender_child *child, char *text, size_t room) {
    FILE *file = fopen(child->said, "re");
    text[0] = '\0';
    while (file != NULL && fgets(text, (int)room, file) != NULL) {
    }
    if (file != NULL)
        fclose(file);
    text[strcspn(text, "\n")] = '\0';
}

/* The case of a row that went in by a file: found by what makes the report one. */
static uint64_t case_of(const struct sender_child *child, const struct submit *report) {
    char key[65], digest[2 * REPORT_DIGEST_BYTES + 1];
    uint8_t bytes[REPORT_DIGEST_BYTES];
    struct params params = {0};
    source_key(key, report->source_id);
    report_digest(child->options.source->code, key, bytes);
    sodium_bin2hex(digest, sizeof digest, bytes, sizeof bytes);
    params_text(&params, digest);
    SCOPED_RESULT
    *result = db_ask(child->options.db, "sender_case", &params);
    return result != NULL && PQntuples(result) == 1 ? (uint64_t)db_int8(result, 0, 0) : 0;
}

static void tell(struct sender_child *child, const struct waiting_row *row, int status) {
    char said[200];
    struct submit_answer given = {.tag = row->tag};
    said_last(child, said, sizeof said);
    if (child->options.source->adapter == ADAPTER_FILE) {
        given.case_id = case_of(child, &row->report);
    } else {
        const char *number = strstr(said, "case ");
        given.case_id = number != NULL ? strtoull(number + strlen("case "), NULL, 10) : 0;
    }
    given.accepted = given.case_id != 0;
    if (!given.accepted)
        (void)refuse(&given.why, child->options.source->code, "ended with %d: %s", status, said);
    child->options.answered(child->options.context, &given);
}

void sender_child_turn(struct sender_child *child) {
    int status;
    if (child->process == 0 && child->count > 0)
        start(child);
    if (child->process == 0 || waitpid(child->process, &status, WNOHANG) != child->process)
        return;
    child->process = 0;
    size_t sent = child->sent, left = child->count - sent;
    struct waiting_row *rows = child->rows; /* an answer may add more */
    child->rows = NULL;
    child->room = child->count = 0;
    for (size_t i = sent; i < sent + left; i++)
        sender_child_add(child, &rows[i].report, rows[i].tag);
    for (size_t i = 0; i < sent; i++)
        tell(child, &rows[i], WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status));
    free(rows);
}
