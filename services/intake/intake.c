#include "services/intake/intake.h"

#include <assert.h>
#include <sodium.h>
#include <stdlib.h>

#include "common/classifier_watch.h"
#include "common/journal.h"
#include "common/loop.h"
#include "services/intake/admission.h"
#include "services/intake/credential.h"
#include "services/intake/files.h"
#include "services/intake/open311_book.h"
#include "services/intake/warnings.h"

struct pending { /* a command under way; its address is the tag */
    intake_command_answered *answered;
    void *context;
};

struct intake *intake_of(void *context) {
    return ((struct service_loop *)context)->own;
}

const struct city *intake_city(const struct intake *intake) {
    return service_city(intake->loop);
}

void intake_refresh_keys(struct intake *intake) {
    struct reason why;
    if (intake->keys == NULL)
        return;
    bool bad = secret_keys_refresh(&intake->keys, &why) != 0;
    if (bad && !intake->keys_bad)
        journal_say(JOURNAL_WARNING, "keyring", "%s: %s", why.field, why.text);
    intake->keys_bad = bad;
}

static const struct member *owner(void *context, uint16_t shard) {
    const struct intake *intake = context;
    return intake->loop->view != NULL ? mesh_owner(intake->loop->view, "routing", shard) : NULL;
}

static void answered(void *context, const struct command_answer *answer) {
    struct pending *pending = (struct pending *)(uintptr_t)answer->tag;
    (void)context;
    pending->answered(pending->context, answer);
    free(pending);
}

bool intake_command(struct intake *intake, const struct command *command, intake_command_answered *then,
                    void *context) {
    if (command_calls_waiting(intake->calls) >= intake->commands_max)
        return false;
    struct pending *pending = malloc(sizeof *pending);
    assert(pending != NULL);
    *pending = (struct pending){then, context};
    command_calls_send(intake->calls, command, (uint64_t)(uintptr_t)pending);
    return true;
}

void intake_trace(struct intake *intake, const struct http_request *request, char traceparent[TRACEPARENT_SIZE + 1]) {
    traceparent_copy(traceparent, http_header(request, "traceparent"));
    if (traceparent[0] != '\0' || intake->trace_every == 0 || ++intake->untraced < intake->trace_every)
        return;
    intake->untraced = 0;
    traceparent_make(traceparent);
}

static void *intake_open(struct service_loop *loop, struct reason *why) {
    const struct settings *settings = loop->settings;
    if (sodium_init() < 0) {
        (void)refuse(why, "libsodium", "does not start");
        return NULL;
    }
    struct secret_keys *keys;
    if (secret_keys_of_settings(&keys, settings, why) != 0)
        return NULL;
    struct intake_files *files = intake_files_open(settings, loop->in, why);
    if (files == NULL) {
        secret_keys_close(&keys);
        return NULL;
    }
    struct intake *intake = calloc(1, sizeof *intake);
    assert(intake != NULL);
    intake->keys = keys;
    intake->files = files;
    intake->loop = loop;
    intake->credentials = credentials_open();
    intake->admission = admission_open(settings);
    const struct asks_options asks = {loop->service, settings_text(settings, "ZHITONG_DATABASE_URL"),
                                      (size_t)settings_number(settings, "ZHITONG_CONNECTIONS"), loop->in};
    const struct command_calls_options calls = {.zmq = loop->zmq,
                                                .keys = &loop->keys,
                                                .context = intake,
                                                .owner = owner,
                                                .answered = answered,
                                                .patience_ms = settings_number(settings, "ZHITONG_COMMAND_MS"),
                                                .busy_ends = true};
    intake->tries = receipt_tries_open(settings);
    intake->asks = asks_open(&asks);
    intake->erasure = erasure_open(intake->asks, settings_number(settings, "ZHITONG_ERASE_SECONDS") * 1000);
    intake->calls = command_calls_open(&calls);
    intake->warnings = warnings_open(intake);
    intake->classifier = classifier_watch_open(settings_text(settings, "ZHITONG_CLASSIFIER"));
    intake->trace_every = (uint64_t)settings_number(settings, "ZHITONG_TRACE_EVERY");
    intake->commands_max = (size_t)settings_number(settings, "ZHITONG_COMMANDS_WAITING");
    return intake;
}

static void intake_turn(void *own) {
    struct intake *intake = own;
    command_calls_turn(intake->calls);
    intake_files_turn(intake);
    credentials_turn(intake);
    erasure_turn(intake->erasure);
    admission_turn(intake);
}

static size_t intake_sockets(void *own, void **sockets, size_t room) {
    return command_calls_sockets(((struct intake *)own)->calls, sockets, room);
}

static int intake_wait_ms(void *own) {
    const struct intake *intake = own;
    const int waits[] = {command_calls_wait_ms(intake->calls), erasure_wait_ms(intake->erasure),
                         admission_wait_ms(intake->admission)};
    int least = -1;
    for (size_t i = 0; i < sizeof waits / sizeof waits[0]; i++)
        if (waits[i] >= 0 && (least < 0 || waits[i] < least))
            least = waits[i];
    return least;
}

static const char *intake_missing(void *own) {
    return credentials_known(own) ? NULL : "its sources' keys are not read yet\n";
}

static bool intake_idle(void *own) {
    const struct intake *intake = own;
    return command_calls_waiting(intake->calls) == 0 && asks_under_way(intake->asks) == 0 &&
           intake_files_idle(intake->files);
}

static void intake_stop(void *own) {
    intake_files_stop(((struct intake *)own)->files);
    asks_stop(((struct intake *)own)->asks);
}

static void intake_close(void *own) {
    struct intake *intake = own;
    command_calls_close(&intake->calls);
    asks_close(&intake->asks);
    classifier_watch_close(&intake->classifier);
    admission_close(&intake->admission);
    open311_book_close(&intake->book);
    intake_files_close(&intake->files);
    credentials_close(&intake->credentials);
    erasure_close(&intake->erasure);
    warnings_close(&intake->warnings);
    secret_keys_close(&intake->keys);
    receipt_tries_close(&intake->tries);
    free(intake);
}

const struct service_extra intake_extra = {.open = intake_open,
                                           .turn = intake_turn,
                                           .sockets = intake_sockets,
                                           .wait_ms = intake_wait_ms,
                                           .missing = intake_missing,
                                           .idle = intake_idle,
                                           .stop = intake_stop,
                                           .close = intake_close};
