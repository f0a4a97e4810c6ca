/* What one replica of intake has beside the skeleton: connections for what HTTP callers ask, and commands on their way to routing
 * (what a reporter does with a report: supplement, rate, reopen, withdraw). One thread, the loop. */
#ifndef ZHITONG_INTAKE_INTAKE_H
#define ZHITONG_INTAKE_INTAKE_H

#include "common/asks.h"
#include "common/command_calls.h"
#include "common/secret_keys.h"
#include "common/service.h"
#include "services/intake/erasure.h"
#include "services/intake/receipts.h"

struct admission;
struct open311_book;
struct warnings;
struct intake {
    struct service_loop *loop;
    struct asks *asks;
    struct command_calls *calls;
    struct classifier_watch *classifier;
    struct admission *admission;
    struct credentials *credentials; /* of sources, see credential.h */
    struct open311_book *book;       /* NULL: not read yet; see open311_with_book */
    struct intake_files *files;
    size_t commands_max;      /* under way at once */
    struct secret_keys *keys; /* of the loop, for all that it does; NULL: none are set. Each lane has its own */
    bool keys_bad;            /* the file was changed and cannot be read: the old ones hold */
    struct receipt_tries *tries;
    struct erasure *erasure;
    struct warnings *warnings;
    uint64_t trace_every, untraced; /* untraced: requests since the last that got one; trace_every 0: none gets one */
};

extern const struct service_extra intake_extra;

/* The traceparent of a request that brings a report or a move; without one every trace_every-th gets one of ours, the others "". */
void intake_trace(struct intake *intake, const struct http_request *request, char traceparent[TRACEPARENT_SIZE + 1]);

struct intake *intake_of(void *context);                     /* of an HTTP handler's context */
const struct city *intake_city(const struct intake *intake); /* NULL while none is loaded */

/* Reads the keyring again where its file was replaced since; what is wrong with it is told once in the journal, and the old keys
 * hold. A key added by `zhitong keys secret` so works here before anything sealed or coded with it comes back. */
void intake_refresh_keys(struct intake *intake);

/* Hands a command to the owner of its case's shard in routing. `answered` is called once, from the loop. False: too many are
 * under way, and it will not be called. The outcome COMMAND_UNKNOWN: nobody knows whether it was done; the same key asked again
 * tells. */
typedef void intake_command_answered(void *context, const struct command_answer *answer);
MUST_CHECK bool intake_command(struct intake *intake, const struct command *command, intake_command_answered *answered,
                               void *context);

#endif
